"""Query parameters: known to the route, each once, all faults at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from chalice.app import Request

from ..domain.errors import Fault, Invalid
from ..domain.finding import sought
from ..wire import fields

DEFAULT_LIMIT: Final = 50
PAGE_ITEMS_MAX: Final = 200
IDS_MAX: Final = 100
ENTRY_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9._:\-~]{1,300}", re.ASCII)


class Parameter(NamedTuple):
    """How a parameter is read; a `ValueError` says what is wrong with it. Its value may not lie before that of `not_before`.

    One that is left out has its `default`; without a default it has no value.
    """

    parse: Callable[[str], Any]
    required: bool = False
    not_before: str = ""
    default: Any = None


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= PAGE_ITEMS_MAX):
        raise ValueError(f"must be a whole number from 1 to {PAGE_ITEMS_MAX}")
    return int(text)


def flag(text: str) -> bool:
    """`true` or `false`. Raises `ValueError`."""
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


@dataclass(frozen=True)
class OneOf:
    """Reads one of some names. Raises `ValueError`."""

    names: tuple[str, ...]

    def __call__(self, text: str) -> str:
        if text not in self.names:
            raise ValueError(f"must be one of {', '.join(self.names)}")
        return text


def entry_id(text: str) -> str:
    """The id of a ledger entry. Raises `ValueError`."""
    if not ENTRY_ID_PATTERN.fullmatch(text):
        raise ValueError("must be the entry_id of an entry")
    return text


def identifiers(text: str) -> tuple[str, ...]:
    """Some ids, each once. Raises `ValueError`."""
    found = tuple(dict.fromkeys(map(fields.identifier, text.split(","))))
    if len(found) > IDS_MAX:
        raise ValueError(f"must be at most {IDS_MAX} ids")
    return found


OPTIONAL_DAY: Final = Parameter(fields.parse_date)
REQUIRED_DAY: Final = Parameter(fields.parse_date, required=True)
DAY_NOT_BEFORE_FROM: Final = Parameter(fields.parse_date, not_before="from")
RANGE: Final[Mapping[str, Parameter]] = {"from": OPTIONAL_DAY, "to": DAY_NOT_BEFORE_FROM}
TEXT: Final = Parameter(str)
SOUGHT: Final = Parameter(sought)
ON: Final = Parameter(flag, default=True)
OFF: Final = Parameter(flag, default=False)
LIST: Final[Mapping[str, Parameter]] = {"limit": Parameter(_limit), "cursor": TEXT}


def defaults(parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """What parameters are worth that a request leaves out, by name."""
    return {name: one.default for name, one in parameters.items() if one.default is not None}


def read_query(request: Request, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The parameters that are given or have a default, by name. Raises `Invalid`."""
    given = request.query_params
    names = list(given) if given is not None else []
    faults = [Fault(f"/{name}", "is not a parameter of this route") for name in names if name not in parameters]
    values = defaults(parameters)
    for name, parameter in parameters.items():
        try:
            values |= {name: _one(given, name, parameter)} if name in names else {}
        except ValueError as error:
            faults.append(Fault(f"/{name}", str(error)))
        if parameter.required and name not in names:
            faults.append(Fault(f"/{name}", "is required"))
    for name, parameter in parameters.items():
        first = parameter.not_before
        if name in values and first in values and values[name] < values[first]:
            faults.append(Fault(f"/{name}", f"lies before {first}, {values[first]}"))
    if faults:
        raise Invalid(faults)
    return values


def _one(given: Any, name: str, parameter: Parameter) -> Any:
    texts = given.getlist(name)
    if len(texts) > 1:
        raise ValueError("is given twice")
    return parameter.parse(texts[0])
