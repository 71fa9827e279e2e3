"""Query parameters: known to the route, each once, all faults at once."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from chalice.app import Request

from ..domain.errors import Fault, Invalid
from ..wire import fields

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 200


class Parameter(NamedTuple):
    """How a parameter is read; a `ValueError` says what is wrong with it."""

    parse: Callable[[str], Any]
    required: bool = False


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= LARGEST_LIMIT):
        raise ValueError(f"must be a whole number from 1 to {LARGEST_LIMIT}")
    return int(text)


DAY: Final = Parameter(fields.day)
REQUIRED_DAY: Final = Parameter(fields.day, required=True)
TEXT: Final = Parameter(str)
LIST: Final[Mapping[str, Parameter]] = {"limit": Parameter(_limit), "cursor": TEXT}


def read(request: Request, parameters: Mapping[str, Parameter], *, ordered: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    """The parameters given, by name. `ordered` names pairs of which the second may not lie before the first. Raises `Invalid`."""
    given = request.query_params
    names = list(given) if given is not None else []
    faults = [Fault(f"/{name}", "is not a parameter of this route") for name in names if name not in parameters]
    values: dict[str, Any] = {}
    for name, parameter in parameters.items():
        try:
            values |= {name: _one(given, name, parameter)} if name in names else {}
        except ValueError as error:
            faults.append(Fault(f"/{name}", str(error)))
        if parameter.required and name not in names:
            faults.append(Fault(f"/{name}", "is required"))
    for first, second in ordered:
        if first in values and second in values and values[second] < values[first]:
            faults.append(Fault(f"/{second}", f"lies before {first}, {values[first]}"))
    if faults:
        raise Invalid(faults)
    return values


def _one(given: Any, name: str, parameter: Parameter) -> Any:
    texts = given.getlist(name)
    if len(texts) > 1:
        raise ValueError("is given twice")
    return parameter.parse(texts[0])
