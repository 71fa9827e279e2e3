"""Many lines in one item: compressed JSON, some 30 bytes a line. Amounts and dates are text, so nothing is rounded."""

import json
import zlib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ..domain.charging import Line, Period
from ..domain.record import Failure, Result, Step
from ..domain.run import NotDue, Totals

LINES_PER_ITEM: Final = 1000


def pack(value: Any) -> bytes:
    """Anything that JSON can say, compressed."""
    return zlib.compress(json.dumps(value, default=_text, separators=(",", ":")).encode(), 6)


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
    """Totals and failures."""
    totals = {currency: list(totals) for currency, totals in result.totals.items()}
    return pack([totals, [list(failure) for failure in result.failures], result.failed])


def unpack_result(packed: bytes) -> Result:
    """The result that `pack_result` was given."""
    totals, failures, failed = unpack(packed)
    return Result(
        {currency: _totals(*stored) for currency, stored in totals.items()},
        tuple(Failure(customer, assignment, date.fromisoformat(day), *rest) for customer, assignment, day, *rest in failures),
        failed,
    )


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
