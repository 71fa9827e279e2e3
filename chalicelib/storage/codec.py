"""Entities to items and back, by tables that name each field's attribute and say what its absence means.

The tables are storage's own: whatever the domain's fields are called, in which order they stand and what they default to,
what is stored keeps its meaning. A field without a place in storage is refused when the table is made.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

from ..domain.assignment import BucketKey
from .db import Item

T = TypeVar("T", bound=tuple[Any, ...])

REQUIRED: Final = object()
"""In place of a value for absence: every item has the attribute."""


class Attribute(NamedTuple):
    """Where a field is stored, and how its value is written and read.

    `absent` is what an item without the attribute means. That value is left out when an item is written, unless `always` says
    otherwise. None is never written.
    """

    name: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    absent: Any = REQUIRED
    always: bool = False


def _same(value: Any) -> Any:
    return value


def plain_attribute(name: str, absent: Any = REQUIRED) -> Attribute:
    """Text, flags and amounts: stored as they are."""
    return Attribute(name, _same, _same, absent)


def integer_attribute(name: str, absent: Any = REQUIRED) -> Attribute:
    """Whole numbers."""
    return Attribute(name, _same, int, absent)


def date_attribute(name: str, absent: Any = REQUIRED) -> Attribute:
    """Dates, as ISO text."""
    return Attribute(name, date.isoformat, date.fromisoformat, absent)


def dates_attribute(name: str, absent: Any = REQUIRED) -> Attribute:
    """Tuples of dates, as ISO texts."""
    return Attribute(name, lambda days: [day.isoformat() for day in days], lambda stored: tuple(map(date.fromisoformat, stored)), absent)


def numbers_attribute(name: str, absent: Any = REQUIRED) -> Attribute:
    """Tuples of whole numbers."""
    return Attribute(name, list, lambda stored: tuple(int(n) for n in stored), absent)


def bucket_attribute(name: str) -> Attribute:
    """The key of a bucket of minutes, as its assignment and its first day; absent when there is none."""

    def read(stored: list[str]) -> BucketKey:
        return BucketKey(stored[0], date.fromisoformat(stored[1]))

    return Attribute(name, lambda key: [key.assignment_id, key.begins.isoformat()], read, None)


def texts_attribute(name: str, absent: Any = REQUIRED) -> Attribute:
    """Tuples of texts."""
    return Attribute(name, list, tuple, absent)


def counts_attribute(name: str) -> Attribute:
    """Whole numbers by name; absent when there are none."""
    return Attribute(name, dict, lambda stored: {each: int(n) for each, n in stored.items()}, {})


def always(attribute: Attribute) -> Attribute:
    """An attribute that is written whatever its value, because conditions and updates refer to it, or released items have it."""
    return attribute._replace(always=True)


def demand_all_stored(kind: type[tuple[Any, ...]], stored: Iterable[str]) -> None:
    """Raise `TypeError` unless `stored` names each field of a named tuple once."""
    names, fields = sorted(stored), sorted(cast(Any, kind)._fields)
    if names != fields:
        differing = sorted({*names} ^ {*fields}) or sorted({name for name in names if names.count(name) > 1})
        raise TypeError(f"{kind.__name__} and what is stored of it differ in {', '.join(differing)}")


def records_attribute(name: str, kind: type[T], attributes: Mapping[str, Attribute]) -> Attribute:
    """Tuples of named tuples, as a list of maps; absent when there are none."""
    codec = Codec(kind, attributes)
    return Attribute(name, lambda values: [codec.item(one) for one in values], lambda stored: tuple(map(codec.entity, stored)), ())


class Codec(Generic[T]):
    """Writes and reads one kind of named tuple. `elsewhere` names the fields that keys or other attributes hold."""

    def __init__(self, kind: type[T], attributes: Mapping[str, Attribute], elsewhere: Iterable[str] = ()) -> None:
        demand_all_stored(kind, [*attributes, *elsewhere])
        self._kind = cast(Any, kind)
        self._attributes: Final = tuple(attributes.items())
        fields = self._kind._fields
        self._writers: Final = tuple(
            (fields.index(field), a.name, None if a.write is _same else a.write, REQUIRED if a.always else a.absent)
            for field, a in attributes.items()
        )
        self._readers: Final = tuple((fields.index(field), a.name, None if a.read is _same else a.read) for field, a in attributes.items())
        self._places: Final = {field: place for place, field in enumerate(fields)}
        self._absent: Final = [attributes[field].absent if field in attributes else REQUIRED for field in fields]
        self._is_written: Final = "updated_at" in attributes

    @property
    def names(self) -> dict[str, str]:
        """The attribute of each field."""
        return {field: attribute.name for field, attribute in self._attributes}

    def item(self, entity: T) -> Item:
        """The attributes of `entity`, keys not included."""
        item = {}
        for place, name, write, absent in self._writers:
            value = entity[place]
            if value is not None and value != absent:
                item[name] = write(value) if write else value
        if self._is_written and all(item.get(late) == item.get(early) for late, early in _SINCE_CREATION.items()):
            return {name: value for name, value in item.items() if name not in _SINCE_CREATION}
        return item

    def change(self, entity: T, fields: Iterable[str]) -> tuple[str, dict[str, Any]]:
        """The update that writes these fields of `entity`, and its values. What stands for absence is removed."""
        written, names = self.item(entity), self.names
        changed = [names[field] for field in fields]
        sets = ", ".join(f"#{name} = :{name}" for name in changed if name in written)
        removed = ", ".join(f"#{name}" for name in changed if name not in written)
        values = {name: written[name] for name in changed if name in written}
        return f"SET {sets}" + (f" REMOVE {removed}" if removed else ""), values

    def entity(self, item: Item, **others: Any) -> T:
        """The entity of `item`, with the fields that are held elsewhere. Raises `TypeError` when one is missing."""
        values, places = self._absent.copy(), self._places
        for place, name, read in self._readers:
            if name in item:
                values[place] = read(item[name]) if read else item[name]
        if self._is_written and "updated" not in item:
            values[places["updated_at"]], values[places["updated_by"]] = values[places["created_at"]], values[places["created_by"]]
        for field, value in others.items():
            values[places[field]] = value
        if REQUIRED in values:
            missing = ", ".join(field for field, place in places.items() if values[place] is REQUIRED)
            raise TypeError(f"an item of {self._kind.__name__} lacks {missing}")
        entity: T = self._kind._make(values)
        return entity


WRITTEN: Final = {
    "version": always(integer_attribute("version", 1)),
    "created_at": plain_attribute("created", ""),
    "created_by": plain_attribute("creator", ""),
    "updated_at": plain_attribute("updated", ""),
    "updated_by": plain_attribute("updater", ""),
}
"""Who made and who changed a resource, and when."""
_SINCE_CREATION: Final = {"updated": "created", "updater": "creator"}
"""Not stored until they differ: a quarter of what a sweep reads."""


def _terms_values(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {name: int(value) if name in ("quantity", "free_minutes") and value is not None else value for name, value in stored.items()}


TERMS_VALUES: Final = Attribute("values", dict, _terms_values)
"""The fields that a terms entry names."""
