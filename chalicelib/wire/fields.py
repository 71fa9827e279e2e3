"""The types of request fields: strict, exact, with their limits."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from unicodedata import bidirectional, category

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from ..domain import money, numbers
from ..domain.assignment import QUANTITY_MAX
from ..domain.currencies import DECIMALS
from ..domain.package import EVERY_MAX, MINIMUM_DAYS_MAX, destination_fault
from ..domain.record import DAILY
from ..domain.schedule import WEEKDAYS
from .jsontext import Number

FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)
DESTINATION_CHARACTERS_MAX: Final = 10_000
SIMULATIONS = "simulations"
"""No run's id: what is at its address is a route."""
DIGEST_PATTERN = re.compile(r"[0-9a-f]{64}", re.ASCII)
ID_PATTERN = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._:\-]{1,64}", re.ASCII)
_DIGITS_OF_DID: Final = range(3, 21)
_DIGITS_CALLED: Final = range(1, 33)
_NUMBER_CHARACTERS_MAX: Final = 64
_PERCENT_MAX: Final = 100
_PERCENT_DECIMALS_MAX: Final = 4
ID_RULE: Final = "must be 1 to 64 characters of A-Z a-z 0-9 . _ : -, and not . or .."
_DIRECTIONS: Final = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))
CONNEXCS_CHARACTERS_MAX: Final = 64
_UNSEEN: Final = frozenset(("Cc", "Cf", "Zs", "Zl", "Zp"))
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
"""Letters, marks and variants that show nothing by themselves, whatever their category."""
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_DATE_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def parse_date(value: Any) -> date:
    """A calendar date."""
    if not isinstance(value, str) or not _DATE_PATTERN.fullmatch(value):
        raise ValueError("must be a date such as 2026-11-30")
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        raise ValueError("there is no such date") from None
    if not FIRST_DAY <= parsed <= LAST_DAY:
        raise ValueError(f"must lie within {FIRST_DAY} and {LAST_DAY}")
    return parsed


def _decimal_text(value: Any, signed: bool) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Number):
        raise ValueError("must be an amount such as 10.50")
    return money.parse_amount(value.text if isinstance(value, Number) else str(value), signed=signed)


def _instant(value: Any) -> datetime:
    """An RFC 3339 instant with offset, in UTC."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("must be an instant with offset such as 2026-11-30T13:45:00Z")
    try:
        parsed = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such instant") from None
    if not FIRST_DAY <= parsed.date() <= LAST_DAY:
        raise ValueError(f"must lie within {FIRST_DAY} and {LAST_DAY}")
    return parsed


def _number(value: Any, lengths: range, rule: str) -> str:
    """The digits of a number as people write it. Raises `ValueError` with the rule for what is none, or has more or fewer of them."""
    known = numbers.digits(value) if isinstance(value, str) and len(value) <= _NUMBER_CHARACTERS_MAX else None
    if known is None or len(known) not in lengths:
        raise ValueError(rule)
    return known


def _destination_number(value: Any) -> str:
    return _number(value, _DIGITS_CALLED, "must be the number called: 1 to 32 digits, such as +44 20 7946 0901")


def _parsed_price(value: Any) -> Decimal:
    return _decimal_text(value, signed=False)


def _positive(value: Any) -> Decimal:
    amount = _parsed_price(value)
    if not amount:
        raise ValueError("must be above zero")
    return amount


def _percent(value: Any) -> Decimal:
    percent = _decimal_text(value, signed=False)
    if percent > _PERCENT_MAX or money.decimals(percent) > _PERCENT_DECIMALS_MAX:
        raise ValueError("must be a percentage from 0 to 100 with at most 4 decimals such as 12.5")
    return percent


def _nonzero(value: Any) -> Decimal:
    amount = _decimal_text(value, signed=True)
    if not amount:
        raise ValueError("must not be zero")
    return amount


def _signed_price(value: Any) -> Decimal:
    return _decimal_text(value, signed=True)


def currency(value: Any) -> str:
    """A currency that amounts can be in. Raises `ValueError`."""
    if not isinstance(value, str) or value not in DECIMALS:
        raise ValueError("must be an ISO 4217 code such as USD")
    return value


def _destination(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > DESTINATION_CHARACTERS_MAX:
        raise ValueError(f"must be prefixes such as ^44|^91, at most {DESTINATION_CHARACTERS_MAX} characters")
    fault = destination_fault(value)
    if fault:
        raise ValueError(fault)
    return value


def identifier(value: Any) -> str:
    """An id that callers choose."""
    if not isinstance(value, str) or not ID_PATTERN.fullmatch(value):
        raise ValueError(ID_RULE)
    return value


def beginning(value: str) -> str:
    """What ids begin with, to look for. Raises `ValueError`."""
    return value if value in (".", "..") else identifier(value)


def connexcs_package(value: str) -> str:
    """The name of a package of ConnexCS. Raises `ValueError`."""
    if not 1 <= len(value) <= CONNEXCS_CHARACTERS_MAX:
        raise ValueError(f"must have 1 to {CONNEXCS_CHARACTERS_MAX} characters")
    return legible(value)


def _multiline(value: str) -> str:
    """A text of several lines."""
    legible(value.replace("\r", "").replace("\n", ""))
    return value


def legible(value: str) -> str:
    """A text that shows all that it holds, and in the order in which it is written; it may be empty."""
    if any(category(one) == "Cc" for one in value):
        raise ValueError("must not have control characters")
    if any(bidirectional(one) in _DIRECTIONS for one in value):
        raise ValueError("must not have characters that change the direction of writing")
    if value and all(category(one) in _UNSEEN or one in _BLANK for one in value):
        raise ValueError("must have a visible character")
    return value


def _run_id(value: Any) -> str:
    if identifier(value).startswith(DAILY):
        raise ValueError(f"must not begin with {DAILY}, which the daily evaluation's runs do")
    if value == SIMULATIONS:
        raise ValueError(f"must not be {SIMULATIONS}: /runs/{SIMULATIONS} is a route of its own")
    return str(value)


def known_did(value: Any) -> str:
    """The digits of a telephone number, 3 to 20. One that begins with 0 may have been assigned before such were refused."""
    return _number(value, _DIGITS_OF_DID, "must be a telephone number of 3 to 20 digits with its country code, such as +44 20 7946 0901")


def first_digits(value: str) -> str:
    """The digits that a number begins with, as people write them. Raises `ValueError`."""
    return _number(value, _DIGITS_CALLED, "must be the first digits of a telephone number, such as +44 20")


def _did(value: Any) -> str:
    known = known_did(value)
    if known.startswith("0"):
        raise ValueError(numbers.NO_SUCH_DID)
    return known


def parse_simulate(value: Any) -> bool:
    """Whether a run is to be simulated: true, false, yes or no. Raises `ValueError`."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("yes", "no", "true", "false"):
        return value.lower() in ("yes", "true")
    raise ValueError("must be true, false, yes or no")


def _simulate_only(value: Any) -> bool:
    if not parse_simulate(value):
        raise ValueError("must be true, or left out: POST /runs runs live")
    return True


DAY_SCHEMA = {"type": "string", "format": "date", "pattern": "^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$"}
_YES_OR_NO = "^([Yy][Ee][Ss]|[Nn][Oo]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"
_SIMULATE_SCHEMA = {"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": _YES_OR_NO, "examples": ["yes", "no"]}]}
_YES_SCHEMA = {"anyOf": [{"type": "boolean", "const": True}, {"type": "string", "pattern": "^([Yy][Ee][Ss]|[Tt][Rr][Uu][Ee])$"}]}
_DESTINATION_SCHEMA = {"type": "string", "pattern": r"^(\^[0-9]+(\|\^[0-9]+)*)?$", "maxLength": DESTINATION_CHARACTERS_MAX}
_MATCH_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 31}, {"type": "string", "enum": list(WEEKDAYS)}]}


HIDDEN = r"\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069"
SHOWN: dict[str, Any] = {"pattern": rf"^[^{HIDDEN}]*[^{HIDDEN}\s\u00ad\u200b-\u200f\u2060-\u206f\ufeff][^{HIDDEN}]*$"}
SHOWN_OR_EMPTY: dict[str, Any] = {"pattern": f"^$|{SHOWN['pattern']}"}
_LINES: dict[str, Any] = {"pattern": SHOWN_OR_EMPTY["pattern"].replace(r"\u0000-\u001f", r"\u0000-\u0009\u000b\u000c\u000e-\u001f")}
"""As far as a pattern can say it; the rest is `legible`'s."""


def _number_schema(lengths: range, first: str = "0-9") -> dict[str, Any]:
    gap = f"[{numbers.NUMBER_SEPARATORS}]*"
    pattern = f"^{gap}(\\+{gap}|0{gap}0{gap})?[{first}]({gap}[0-9]){{{lengths[0] - 1},{lengths[-1] - 1}}}{gap}$"
    return {"type": "string", "pattern": pattern, "maxLength": _NUMBER_CHARACTERS_MAX, "examples": ["442079460901", "+44 20 7946 0901"]}


DID_SCHEMA = _number_schema(_DIGITS_OF_DID)
FIRST_DIGITS_SCHEMA = _number_schema(_DIGITS_CALLED)


_PERCENT_TEXT = r"^0*(100(\.0{1,6})?|[0-9]{1,2}(\.[0-9]{1,4}0{0,2})?)$"
_PERCENT_SCHEMA = {
    "anyOf": [{"type": "string", "pattern": _PERCENT_TEXT, "maxLength": 19}, {"type": "number", "minimum": 0, "maximum": _PERCENT_MAX}]
}


def _money_schema(sign: str, least: int) -> WithJsonSchema:
    text = {"type": "string", "pattern": f"^{sign}[0-9]{{1,12}}(\\.[0-9]{{1,6}})?$"}
    return WithJsonSchema({"anyOf": [text, {"type": "number", "minimum": least, "exclusiveMaximum": 10**12}]})


Price = Annotated[Decimal, PlainValidator(_parsed_price), _money_schema("", 0)]
PositivePrice = Annotated[Decimal, PlainValidator(_positive), _money_schema("", 0)]
SignedPrice = Annotated[Decimal, PlainValidator(_signed_price), _money_schema("-?", 1 - 10**12)]
Percent = Annotated[Decimal, PlainValidator(_percent), WithJsonSchema(_PERCENT_SCHEMA)]
Amount = Annotated[Decimal, PlainValidator(_nonzero), _money_schema("-?", 1 - 10**12)]
Day = Annotated[date, PlainValidator(parse_date), WithJsonSchema(DAY_SCHEMA)]
Instant = Annotated[datetime, PlainValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Called = Annotated[str, PlainValidator(_destination_number), WithJsonSchema(_number_schema(_DIGITS_CALLED))]
Currency = Annotated[str, PlainValidator(currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})]
Destination = Annotated[str, PlainValidator(_destination), WithJsonSchema({"anyOf": [_DESTINATION_SCHEMA, {"type": "null"}]})]
MatchDay = Annotated[Any, WithJsonSchema(_MATCH_SCHEMA)]
"""Checked across fields: whether it is a weekday or a day of the month depends on the frequency."""
Simulate = Annotated[bool, PlainValidator(parse_simulate), WithJsonSchema(_SIMULATE_SCHEMA)]
SimulateOnly = Annotated[bool, PlainValidator(_simulate_only), WithJsonSchema(_YES_SCHEMA)]
Id = Annotated[str, PlainValidator(identifier), WithJsonSchema({"type": "string", "pattern": f"^{ID_PATTERN.pattern}$"})]
RunId = Annotated[str, PlainValidator(_run_id), WithJsonSchema({"type": "string", "pattern": f"^{ID_PATTERN.pattern}$"})]
Did = Annotated[str, PlainValidator(_did), WithJsonSchema(_number_schema(_DIGITS_OF_DID, "1-9"))]
KnownDid = Annotated[str, PlainValidator(known_did), WithJsonSchema(DID_SCHEMA)]
Name = Annotated[str, Field(min_length=1, max_length=200, strict=True, json_schema_extra=SHOWN), AfterValidator(legible)]
ConnexcsPackage = Annotated[
    str, Field(min_length=1, max_length=CONNEXCS_CHARACTERS_MAX, strict=True, json_schema_extra=SHOWN), AfterValidator(legible)
]
AccountingCode = Annotated[str, Field(min_length=1, max_length=50, strict=True, json_schema_extra=SHOWN), AfterValidator(legible)]
Text = Annotated[str, Field(max_length=2000, strict=True, json_schema_extra=_LINES), AfterValidator(_multiline)]
Reason = Annotated[str, Field(min_length=1, max_length=500, strict=True, json_schema_extra=SHOWN), AfterValidator(legible)]
Flag = Annotated[bool, Field(strict=True)]
Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX, strict=True)]
Every = Annotated[int, Field(ge=1, le=max(EVERY_MAX.values()), strict=True)]
MinimumDays = Annotated[int, Field(ge=0, le=MINIMUM_DAYS_MAX, strict=True)]
FreeMinutes = Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)]
