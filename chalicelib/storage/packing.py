"""Many lines in one item: compressed JSON, some 30 bytes a line. Amounts and dates are text, so nothing is rounded.

Names may be long and hardly compress, and an item takes 400 KB: what can be many is cut into parts by its bytes.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from ..domain.charging import Line, Period
from ..domain.record import Failure, Result, Step
from ..domain.run import NotDue, Sum, Summary, Totals

LINES_PER_PART: Final = 1000
PART_BYTES: Final = 150_000
"""Of a part, compressed. An item has two of them at most."""

T = TypeVar("T")


def pack(value: Any) -> bytes:
    """Anything that JSON can say, compressed. As UTF-8: escapes would double what most of the world's scripts take."""
    text = json.dumps(value, default=_text, separators=(",", ":"), ensure_ascii=False)
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 6)


def in_parts(values: Sequence[T], packed: Callable[[Sequence[T]], bytes]) -> list[bytes]:
    """The values, packed, in parts of at most `LINES_PER_PART` and `PART_BYTES`, in order; one empty part for no values."""
    parts = []
    for start in range(0, len(values) or 1, LINES_PER_PART):
        parts += _halved(values[start : start + LINES_PER_PART], packed)
    return parts


def in_pieces(packed: bytes) -> list[bytes]:
    """Bytes that were packed as a whole, in pieces that items can hold; one piece for none."""
    return [packed[start : start + PART_BYTES] for start in range(0, len(packed) or 1, PART_BYTES)]


def _halved(values: Sequence[T], packed: Callable[[Sequence[T]], bytes]) -> list[bytes]:
    part = packed(values)
    if len(part) <= PART_BYTES or len(values) < 2:
        return [part]
    middle = len(values) // 2
    return _halved(values[:middle], packed) + _halved(values[middle:], packed)


def unpack(packed: bytes) -> Any:
    """What `pack` was given, with amounts and dates as text."""
    return json.loads(zlib.decompress(packed))


def pack_steps(steps: Iterable[Step]) -> bytes:
    """Decided lines."""
    return pack([[list(step.line), *step[1:]] for step in steps])


def unpack_steps(packed: bytes) -> list[Step]:
    """The steps that `pack_steps` was given."""
    return [Step(_line(line), *rest) for line, *rest in unpack(packed)]


def pack_not_due(found: Iterable[NotDue]) -> bytes:
    """Reasons why assignments have no line."""
    return pack([list(one) for one in found])


def unpack_not_due(packed: bytes) -> tuple[NotDue, ...]:
    """The reasons that `pack_not_due` was given."""
    found = (NotDue(*one) for one in unpack(packed))
    return tuple(one._replace(spend=_amount(one.spend), missing=_amount(one.missing)) for one in found)


def pack_result(result: Result) -> bytes:
    """Totals and failures, of which fewer are listed when they take too many bytes."""
    totals = {currency: list(totals) for currency, totals in result.totals.items()}
    packed = pack([totals, [list(failure) for failure in result.failures], result.failed])
    if len(packed) <= PART_BYTES or not result.failures:
        return packed
    return pack_result(result._replace(failures=result.failures[: len(result.failures) // 2]))


def unpack_result(packed: bytes) -> Result:
    """The result that `pack_result` was given."""
    totals, failures, failed = unpack(packed)
    return Result(
        {currency: _totals(*stored) for currency, stored in totals.items()},
        tuple(Failure(customer, assignment, date.fromisoformat(day), *rest) for customer, assignment, day, *rest in failures),
        failed,
    )


def pack_summary(summary: Summary) -> bytes:
    """Sums of a run of all customers: 200 of each kind at most, so they fit into an item whatever their names are."""
    totals = {currency: list(totals) for currency, totals in summary.totals.items()}
    sums = [[[*one[:-1], list(one.totals)] for one in listed] for listed in (summary.by_package, summary.by_customer)]
    return pack([summary.date, summary.generated_at, totals, *sums, summary.packages_left_out, summary.customers_left_out])


def unpack_summary(packed: bytes) -> Summary:
    """The summary that `pack_summary` was given."""
    day, at, totals, packages, customers, packages_left_out, customers_left_out = unpack(packed)
    by_currency = {currency: _totals(*stored) for currency, stored in totals.items()}
    return Summary(date.fromisoformat(day), at, by_currency, _sums(packages), _sums(customers), packages_left_out, customers_left_out)


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"can't pack {type(value).__name__}")


def _amount(stored: Any) -> Decimal | None:
    return None if stored is None else Decimal(stored)


def _totals(cost: str, retail: str, credit_debited: str, held: str, lines: int) -> Totals:
    return Totals(Decimal(cost), Decimal(retail), Decimal(credit_debited), Decimal(held), lines)


def _sums(stored: list[Any]) -> list[Sum]:
    return [Sum(id_, name, currency, _totals(*totals)) for id_, name, currency, totals in stored]


def _line(stored: list[Any]) -> Line:
    line = Line(*stored)
    period = line.period
    return line._replace(
        due_date=date.fromisoformat(str(line.due_date)),
        start_date=date.fromisoformat(str(line.start_date)),
        frequency_match=tuple(line.frequency_match),
        period=Period(*(date.fromisoformat(str(day)) for day in period)) if period else None,
        spend=_amount(line.spend),
        unit_cost=Decimal(line.unit_cost),
        unit_retail=Decimal(line.unit_retail),
        cost=Decimal(line.cost),
        retail=Decimal(line.retail),
    )
