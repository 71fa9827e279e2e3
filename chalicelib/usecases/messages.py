"""How messages of queues are written and read, whatever they say.

The release before the one that wrote a message may read it, and so may the one after it. So a reader leaves alone what it does
not know, a body gains a key one release after its reader, and the version stands in an attribute of the message, which
releases that know of none ignore.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, Generic, TypeVar

from ..domain.errors import Malformed
from ..storage.keys import Key

MESSAGE_VERSION: Final = 1
"""One more when a release that reads only former versions would do the wrong thing. Messages without a version have the first."""

MessageT = TypeVar("MessageT", bound=tuple[Any, ...])
Reader = Callable[[Any], object]


class MessageFormat(Generic[MessageT]):
    """The messages of a queue: named tuples by their `kind`, and by its name how each field is read, of whichever kind it is."""

    def __init__(self, types: Mapping[str, type[MessageT]], readers: Mapping[str, Reader]) -> None:
        self._types: Mapping[str, Any] = types
        self._kinds: Final = {type_: kind for kind, type_ in types.items()}
        self._readers: Final = readers

    def write(self, message: MessageT) -> dict[str, object]:
        """The message as JSON values."""
        fields: dict[str, Any] = message._asdict()  # type: ignore[attr-defined]
        return {"kind": self._kinds[type(message)], **{name: _json_of(value) for name, value in fields.items()}}

    def read(self, body: object, version: int = MESSAGE_VERSION) -> MessageT:
        """What a body, as JSON values, means. Raises `Malformed` for one of no kind or version known here, or that lacks a key."""
        if version > MESSAGE_VERSION:
            raise Malformed(f"the message has version {version}; this release reads versions up to {MESSAGE_VERSION}")
        kind = body.get("kind") if isinstance(body, Mapping) else None
        if not (isinstance(body, Mapping) and isinstance(kind, str) and kind in self._types):
            raise Malformed(f"the message has no kind that is known here: {', '.join(self._types)}")
        type_ = self._types[kind]
        missing = [name for name in type_._fields if name not in body and name not in type_._field_defaults]
        if missing:
            raise Malformed(f"the {kind} message lacks {', '.join(missing)}")
        read: MessageT = type_(**{name: self._read_field(kind, name, body[name]) for name in type_._fields if name in body})
        return read

    def _read_field(self, kind: str, name: str, value: Any) -> Any:
        try:
            return self._readers[name](value)
        except (AttributeError, TypeError, ValueError):
            raise Malformed(f"{name} of the {kind} message can't be {value!r}") from None


def _json_of(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def read_text(value: Any) -> str:
    """A text. Raises `TypeError`."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def read_count(value: Any) -> int:
    """A whole number from 0 on. Raises `ValueError`."""
    if not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value


def read_key(value: Any) -> Key | None:
    """A key of a table, or none. Raises `TypeError` and `AttributeError`."""
    return None if value is None else {read_text(name): read_text(part) for name, part in value.items()}
