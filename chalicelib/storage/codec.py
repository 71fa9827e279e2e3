"""Entities to items and back, by tables that name each field's attribute. What equals its default is not stored."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

from .db import Item

T = TypeVar("T", bound=tuple[Any, ...])


class Attribute(NamedTuple):
    """Where a field is stored, and how its value is written and read."""

    name: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def plain(name: str) -> Attribute:
    """Text, flags and amounts: stored as they are."""
    return Attribute(name, _same, _same)


def whole(name: str) -> Attribute:
    """Whole numbers."""
    return Attribute(name, _same, int)


def day(name: str) -> Attribute:
    """Dates, as ISO text."""
    return Attribute(name, date.isoformat, date.fromisoformat)


def numbers(name: str) -> Attribute:
    """Tuples of whole numbers."""
    return Attribute(name, list, lambda stored: tuple(int(n) for n in stored))


class Codec(Generic[T]):
    """Writes and reads one kind of named tuple."""

    def __init__(self, kind: type[T], attributes: Mapping[str, Attribute]) -> None:
        self._kind = cast(Any, kind)
        self._attributes: Final = tuple(attributes.items())
        fields, defaults = self._kind._fields, self._kind._field_defaults
        self._writers: Final = tuple(
            (fields.index(field), a.name, None if a.write is _same else a.write, defaults.get(field)) for field, a in attributes.items()
        )
        self._readers: Final = tuple((field, a.name, None if a.read is _same else a.read) for field, a in attributes.items())
        self._is_written: Final = "updated_at" in attributes

    @property
    def names(self) -> dict[str, str]:
        """The attribute of each field."""
        return {field: attribute.name for field, attribute in self._attributes}

    def item(self, entity: T) -> Item:
        """The attributes of `entity`, keys not included."""
        item = {}
        for place, name, write, default in self._writers:
            value = entity[place]
            if value is not None and value != default:
                item[name] = write(value) if write else value
        if self._is_written and all(item.get(late) == item.get(early) for late, early in _SINCE_CREATION.items()):
            return {name: value for name, value in item.items() if name not in _SINCE_CREATION}
        return item

    def fields(self, item: Item) -> dict[str, Any]:
        """The fields that `item` holds."""
        found = {}
        for field, name, read in self._readers:
            if name in item:
                found[field] = read(item[name]) if read else item[name]
        if self._is_written and "updated_at" not in found:
            found |= {"updated_at": found.get("created_at", ""), "updated_by": found.get("created_by", "")}
        return found

    def entity(self, item: Item, **keys: Any) -> T:
        """The entity of `item`, with the fields that its key holds."""
        entity: T = self._kind(**keys, **self.fields(item))
        return entity


WRITTEN: Final = {
    "version": whole("version"),
    "created_at": plain("created"),
    "created_by": plain("creator"),
    "updated_at": plain("updated"),
    "updated_by": plain("updater"),
}
"""Who made and who changed a resource, and when."""
_SINCE_CREATION: Final = {"updated": "created", "updater": "creator"}
"""Not stored until they differ: a quarter of what a sweep reads."""
