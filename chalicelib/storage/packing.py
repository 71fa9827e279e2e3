"""Many lines in one item: compressed JSON, some 30 bytes a line. Amounts and dates are text, so nothing is rounded.

Names may be long and hardly compress, and an item takes 400 KB: what can be many is cut into parts by its bytes.
"""

import json
import zlib
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Generic, NamedTuple, TypeVar

from ..domain.charging import Line
from ..domain.history import NoticeLine
from ..domain.record import Failure, Result, Step
from ..domain.report import HeldBefore, NotDue, Summary, SummaryGroup, Totals
from ..domain.schedule import Period
from .rows import (
    FIRST,
    LATEST,
    Column,
    RowFormat,
    amount_column,
    by_key,
    date_column,
    dates_column,
    integer_column,
    numbers_column,
    plain_column,
    row_column,
    rows_column,
    word_column,
)

PART_LINES_MAX: Final = 1000
PART_BYTES_MAX: Final = 150_000
"""Of a part, compressed. An item has two of them at most."""


T = TypeVar("T")

_DATED: Final = 2
"""The format since which lines are priced by dated lists and terms."""
_NET: Final = 3
"""The format since which a recharge says which negative lines are in its sum, and totals count lines below cost."""
_PERIOD_ROW = RowFormat(
    Period, date_column("since"), date_column("until"), date_column("whole_until"), date_column("whole_since", absent=None, since=_DATED)
)
_KIND = Column("kind", format=lambda kind: _DATED if kind == "one_off" else FIRST)
"""A release that knows the first format only would take a one-off charge for one of an assignment."""
_LINE_ROW = RowFormat(
    Line,
    plain_column("customer_id"),
    plain_column("assignment_id"),
    plain_column("package_id"),
    plain_column("package_name"),
    plain_column("did"),
    _KIND,
    date_column("due_date"),
    plain_column("currency"),
    plain_column("quantity"),
    amount_column("unit_cost"),
    amount_column("unit_retail"),
    amount_column("cost"),
    amount_column("retail"),
    plain_column("auto_decrement_credit"),
    plain_column("frequency"),
    numbers_column("frequency_match"),
    date_column("start_date"),
    row_column("period", _PERIOD_ROW),
    amount_column("spend"),
    amount_column("discount", absent=Decimal(0), since=_DATED),
    amount_column("package_retail", absent=None, since=_DATED),
    plain_column("every", absent=1, since=_DATED),
    plain_column("unit_days", absent=0, since=_DATED),
    date_column("counted_from", absent=None, since=_DATED),
    plain_column("account_code", absent=None, since=_DATED),
    plain_column("tax_code", absent=None, since=_DATED),
    dates_column("net_of", absent=(), since=_NET),
)
_DECISIONS: Final = {"written_off": "leave", "not_over": "wait", "recharge": "revive"}
"""Decisions that are stored under the words of former releases, which carry them out alike."""
STEP_ROW = RowFormat(
    Step, row_column("line", _LINE_ROW), word_column("kind", _DECISIONS), plain_column("key"), plain_column("status"),
    unstored={"charged": None},
)  # fmt: skip
_NOT_DUE_ROW = RowFormat(
    NotDue,
    plain_column("assignment_id"),
    plain_column("package_name"),
    plain_column("reason"),
    amount_column("spend", absent=None),
    amount_column("missing", absent=None),
)
_TOTALS = RowFormat(
    Totals, amount_column("cost"), amount_column("retail"), amount_column("credit_debited"), amount_column("held"), plain_column("lines"),
    plain_column("below_cost", absent=0, since=_NET),
)  # fmt: skip
_FAILURE = RowFormat(
    Failure,
    plain_column("customer_id"),
    plain_column("assignment_id"),
    date_column("due_date"),
    plain_column("code"),
    plain_column("detail"),
)
_RESULT_ROW = RowFormat(Result, by_key("totals", _TOTALS), rows_column("failures", _FAILURE), plain_column("failed"))
_GROUP = RowFormat(SummaryGroup, plain_column("id"), plain_column("name"), plain_column("currency"), row_column("totals", _TOTALS))
_SUMMARY_ROW = RowFormat(
    Summary,
    date_column("date"),
    plain_column("generated_at"),
    by_key("totals", _TOTALS),
    rows_column("by_package", _GROUP, list),
    rows_column("by_customer", _GROUP, list),
    plain_column("packages_left_out"),
    plain_column("customers_left_out"),
    unstored={"parked_customers": (), "parked_left_out": 0},
)
_NOTICE_LINE = RowFormat(
    NoticeLine, plain_column("assignment_id"), plain_column("package_name"), plain_column("did"), plain_column("kind"),
    plain_column("quantity"), amount_column("retail"),
)  # fmt: skip
HELD_BEFORE: Final = RowFormat(HeldBefore, integer_column("charges"), amount_column("retail"), amount_column("credit_debited"))
"""Stands in a plan's item as it is."""


class LaterFormat(Exception):
    """Something that a later release packed, in a format that this one doesn't know."""


def pack(value: Any) -> bytes:
    """Anything that JSON can say, compressed. As UTF-8: escapes would double what most of the world's scripts take."""
    text = json.dumps(value, default=_as_text, separators=(",", ":"), ensure_ascii=False)
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 6)


class PackedPart(NamedTuple, Generic[T]):
    """Some of many values, and those packed."""

    values: Sequence[T]
    packed: bytes


def in_parts(values: Sequence[T], packed: Callable[[Sequence[T]], bytes]) -> list[bytes]:
    """The values, packed, in parts of at most `PART_LINES_MAX` and `PART_BYTES_MAX`, in order; one empty part for no values."""
    return [part.packed for part in parts_of_values(values, packed)]


def parts_of_values(values: Sequence[T], packed: Callable[[Sequence[T]], bytes]) -> list[PackedPart[T]]:
    """The same parts with the values that they hold."""
    parts = []
    for start in range(0, len(values) or 1, PART_LINES_MAX):
        parts += _halved(values[start : start + PART_LINES_MAX], packed)
    return parts


def in_pieces(packed: bytes) -> list[bytes]:
    """Bytes that were packed as a whole, in pieces that items can hold; one piece for none."""
    return [packed[start : start + PART_BYTES_MAX] for start in range(0, len(packed) or 1, PART_BYTES_MAX)]


def _halved(values: Sequence[T], packed: Callable[[Sequence[T]], bytes]) -> list[PackedPart[T]]:
    part = packed(values)
    if len(part) <= PART_BYTES_MAX or len(values) < 2:
        return [PackedPart(values, part)]
    middle = len(values) // 2
    return _halved(values[:middle], packed) + _halved(values[middle:], packed)


def unpack(packed: bytes) -> Any:
    """What `pack` was given, with amounts and dates as text."""
    return json.loads(zlib.decompress(packed))


def pack_steps(steps: Sequence[Step]) -> bytes:
    """Decided lines."""
    return _in_format(STEP_ROW.format_of_all(steps), [*map(STEP_ROW.write, steps)])


def unpack_steps(packed: bytes) -> list[Step]:
    """The steps that `pack_steps` was given."""
    return [STEP_ROW.read(cells) for cells in _unpacked_content(packed)]


def pack_charged(steps: Sequence[Step]) -> bytes | None:
    """What stood for decided lines that were charged already: amounts by the place of the step; None where none was. It is kept beside
    the steps, where releases that don't know it can do without."""
    found = {str(place): step.charged for place, step in enumerate(steps) if step.charged is not None}
    return pack(found) if found else None


def with_charged(steps: Sequence[Step], packed: bytes | None) -> list[Step]:
    """The steps with what `pack_charged` was given."""
    found = unpack(packed) if packed else {}
    return [step._replace(charged=Decimal(found[str(n)])) if str(n) in found else step for n, step in enumerate(steps)]


def pack_not_due(found: Sequence[NotDue]) -> bytes:
    """Reasons why assignments have no line."""
    return _in_format(_NOT_DUE_ROW.format_of_all(found), [*map(_NOT_DUE_ROW.write, found)])


def unpack_not_due(packed: bytes) -> tuple[NotDue, ...]:
    """The reasons that `pack_not_due` was given."""
    return tuple(_NOT_DUE_ROW.read(cells) for cells in _unpacked_content(packed))


def pack_result(result: Result) -> bytes:
    """Totals and failures, of which fewer are listed when they take too many bytes."""
    packed = _in_format(_RESULT_ROW.format(result), _RESULT_ROW.write(result))
    if len(packed) <= PART_BYTES_MAX or not result.failures:
        return packed
    return pack_result(result._replace(failures=result.failures[: len(result.failures) // 2]))


def unpack_result(packed: bytes) -> Result:
    """The result that `pack_result` was given."""
    return _RESULT_ROW.read(_unpacked_content(packed))


def pack_summary(summary: Summary) -> bytes:
    """Sums of a run of all customers: 200 of each kind at most, so they fit into an item whatever their names are."""
    return _in_format(_SUMMARY_ROW.format(summary), _SUMMARY_ROW.write(summary))


def unpack_summary(packed: bytes) -> Summary:
    """The summary that `pack_summary` was given."""
    return _SUMMARY_ROW.read(_unpacked_content(packed))


def pack_notice_lines(lines: Sequence[NoticeLine]) -> bytes:
    """The charges that a notice lists."""
    return _in_format(_NOTICE_LINE.format_of_all(lines), [*map(_NOTICE_LINE.write, lines)])


def unpack_notice_lines(packed: bytes) -> tuple[NoticeLine, ...]:
    """The lines that `pack_notice_lines` was given."""
    return tuple(_NOTICE_LINE.read(cells) for cells in _unpacked_content(packed))


def _in_format(needed: int, content: list[Any]) -> bytes:
    """Content packed bare in the first format, beside its number in a later one, so that a release that doesn't know it refuses it."""
    return pack(content if needed == FIRST else {"format": needed, "content": content})


def _unpacked_content(packed: bytes) -> Any:
    """What was packed in any format up to the present one. Raises `LaterFormat`."""
    stored = unpack(packed)
    if isinstance(stored, list):
        return stored
    if stored["format"] > LATEST:
        raise LaterFormat(f"a later release packed this, in format {stored['format']}; this one reads formats up to {LATEST}")
    return stored["content"]


def _as_text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"can't pack {type(value).__name__}")
