"""What stands of a due date: its charge, or a repeat of it, unless they were voided or written off (rules: Run Package)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from . import money, taking_back
from .charging import Line, in_order
from .ledger import Entry, charge, charge_key

_ANY_TIME: Final = datetime.min.replace(tzinfo=UTC)
"""Entries that are only imagined need an instant."""


class Standing(NamedTuple):
    """What the ledger holds of a due date.

    `first` is its charge; `charge` the one that stands: the first, or else the earliest repeat that does. None stands if all were
    voided or written off; then `written_off` says what became of the latest. `is_held`: one of them waits to be posted. `voided` and
    `repeats` are how many there are of these. `taken_back` is a negative line with what all of its entries take back.
    """

    first: Entry
    charge: Entry | None = None
    is_held: bool = False
    written_off: bool = False
    voided: int = 0
    repeats: int = 0
    taken_back: Line | None = None

    @property
    def charged(self) -> Decimal | None:
        """The retail of the charge that stands, before credits and negative lines."""
        return self.charge.nominal_retail if self.charge else None


def standing_of(entries: Iterable[Entry]) -> Standing:
    """What stands of a due date, by its charge and the repeats of it, at least one."""
    made = sorted(entries, key=_order_made)
    return Standing(
        made[0],
        next((one for one in made if one.stands), None),
        any(one.status == "held" for one in made),
        made[-1].written_off,
        sum(one.voided for one in made),
        sum(one.repeat for one in made),
        _whole([one.line for one in made if one.line and one.takes_back]),
    )


def _whole(parts: Sequence[Line]) -> Line | None:
    retail, cost = money.total(one.retail for one in parts), money.total(one.cost for one in parts)
    return parts[0]._replace(retail=retail, cost=cost) if parts else None


def _order_made(entry: Entry) -> tuple[bool, str, str]:
    """The charge itself first, then its repeats as they were made."""
    return entry.repeat, entry.recorded_at, entry.key


def less_negative_lines(line: Line, period: Sequence[Line]) -> Line:
    """A line as one sum with what negative lines take of it. `period` are the lines of its assignment in its period, by the facts as
    they are now, as far as no later run makes them: what they come to does not depend on what was charged before."""
    made: dict[str, Entry] = {}
    for one in in_order(period):
        if one.takes_back:
            made |= {entry.key: entry for entry in taking_back.after_deductions(taking_back.parts(one, made.values()))}
        else:
            entry = charge(one, status="posted", run_id=None, repeat=False, at=_ANY_TIME, by="")
            made[entry.key] = entry
    own = made.get(charge_key(line.identity))
    net_of = tuple(sorted(one.due_date for one in period if one.takes_back))
    return line._replace(cost=own.left_cost, retail=own.left_retail, net_of=net_of) if own else line
