"""JSON as exact text: numbers keep their digits, and whatever can't be kept exactly is refused."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

from ..domain.errors import Fault, Invalid, Malformed, TooLarge

BODY_BYTES_MAX = 262_144
FILE_BYTES_MAX = 4 * 1024 * 1024
"""Of a file of rows: what Lambda is handed, with what quoting adds."""
_INTEGER_DIGITS_MAX = 20
_REPLACEMENT = "\ufffd"


class Number(NamedTuple):
    """A JSON number that is no whole one of ordinary size, as it was written."""

    text: str


def read_json(raw: bytes) -> Any:
    """The value that `raw` spells. Raises `TooLarge`, `Malformed`, or `Invalid` for strings that the gateway has spoiled."""
    demand_size(raw)
    try:
        value = json.loads(raw.decode(), parse_float=Number, parse_int=_parse_integer, parse_constant=_refuse, object_pairs_hook=_object)
        found = Invalid(spoiled(value))
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Malformed(f"the body is not JSON that can be read exactly: {reason}") from None
    if found.faults:
        raise found
    return value


def json_line(row: Mapping[str, Any]) -> bytes:
    """A row as a line of a file."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def demand_size(raw: bytes, most: int = BODY_BYTES_MAX) -> None:
    """Raise `TooLarge` for more bytes than are read of a body."""
    if len(raw) > most:
        raise TooLarge(f"the body has {len(raw)} bytes; at most {most} are read")


def pointer(*parts: object) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _parse_integer(text: str) -> int | Number:
    """An int, unless that would lose the sign of -0 or be larger than any field takes."""
    return Number(text) if text == "-0" or len(text) > _INTEGER_DIGITS_MAX else int(text)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice in one object")
    return found


def spoiled(value: Any, *where: object) -> Iterator[Fault]:
    """Strings with lone surrogates or U+FFFD, which is what invalid UTF-8 becomes on its way here.

    A pointer is made for a fault only: the names on the way to a value may be as long as the body.
    """
    if isinstance(value, str) and (_REPLACEMENT in value or any("\ud800" <= c <= "\udfff" for c in value)):
        yield Fault(pointer(*where).encode("ascii", "replace").decode(), "is not valid text")
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from spoiled(name, *where, name)
            yield from spoiled(part, *where, name)
    elif isinstance(value, list):
        for n, part in enumerate(value):
            yield from spoiled(part, *where, n)
