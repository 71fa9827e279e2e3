"""What a negative line takes back of the charges of its period (rules: Proration).

A negative line comes to less than its nominal amount where less is left of these charges. What it takes of a held charge is held
with that; so one line may make several entries, here called its parts.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from . import money
from .charging import Line
from .ledger import Entry, part_key
from .schedule import Period

KINDS: Final = ("recurring", "proration")
"""Of the charges that are taken from."""


class Deduction(NamedTuple):
    """What is taken of one charge; both amounts are zero or more."""

    charge: Entry
    retail: Decimal
    cost: Decimal


class Part(NamedTuple):
    """A part of a negative line, with its amounts and its ledger key: what it takes of charges that moved the balance, of others,
    or of one that is held."""

    line: Line
    key: str
    deductions: Sequence[Deduction]

    @property
    def held(self) -> bool:
        """Whether it is held with its charge."""
        return self.deductions[0].charge.status == "held"


def charges_of_period(line: Line, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The charges, repeats included, that a negative line may take from, among a customer's entries: not those that were made anew as
    one sum with it."""
    period = _whole_period(line)
    return tuple(one for one in entries if _is_of(one, line, period))


def _is_of(entry: Entry, negative: Line, period: Period) -> bool:
    charged = entry.line
    if charged is None or charged.assignment_id != negative.assignment_id or entry.kind not in KINDS or entry.takes_back:
        return False
    return period.since <= entry.date < period.until and negative.due_date not in charged.net_of


def _whole_period(line: Line) -> Period:
    if line.period is None:
        raise ValueError(f"a {line.kind} line takes nothing back")
    return line.period.whole


def deductions(line: Line, charges: Iterable[Entry]) -> list[Deduction]:
    """What a negative line takes of each of the charges of its period, the newest first; nothing where nothing is left."""
    retail, cost = -line.retail, -line.cost
    until = _whole_period(line).until
    found = []
    for charge in sorted(charges, key=_age, reverse=True):
        days = min((until - line.due_date).days, (until - charge.date).days), (until - charge.date).days
        deduction = Deduction(charge, _capped_by_share(retail, charge.left_retail, *days), _capped_by_share(cost, charge.left_cost, *days))
        if deduction.retail or deduction.cost:
            found.append(deduction)
            retail, cost = money.minus(retail, deduction.retail), money.minus(cost, deduction.cost)
    return found


def _age(charge: Entry) -> tuple[date, str, str]:
    """Sorts charges as they were made: by date, those of one date as they were recorded."""
    return charge.date, charge.recorded_at, charge.key


def _capped_by_share(wanted: Decimal, left: Decimal, part: int, whole: int) -> Decimal:
    """What is wanted, but no more than the share `part / whole` (days) of what is left of a charge."""
    return max(money.ZERO, min(wanted, money.share(max(money.ZERO, left), part, whole)))


def parts(line: Line, charges: Iterable[Entry]) -> list[Part]:
    """What a negative line comes to, by what its charges have done to the balance; no part where nothing is left."""
    groups: dict[object, list[Deduction]] = {}
    for deduction in deductions(line, charges):
        charge = deduction.charge
        group = charge.key if charge.status == "held" else charge.line is not None and charge.line.auto_decrement_credit
        groups.setdefault(group, []).append(deduction)
    return [_part_of(line, number, made) for number, made in enumerate(groups.values())]


def _part_of(line: Line, number: int, made: Sequence[Deduction]) -> Part:
    """It moves the balance as the charges that it takes from did, or will."""
    negative = line._replace(
        retail=money.minus(money.ZERO, money.total(one.retail for one in made)),
        cost=money.minus(money.ZERO, money.total(one.cost for one in made)),
        auto_decrement_credit=any(one.charge.line.auto_decrement_credit for one in made if one.charge.line),
    )
    return Part(negative, part_key(line.identity, number), made)


def after_deductions(made: Iterable[Part]) -> list[Entry]:
    """The charges once the parts have taken from them."""
    found = []
    for part in made:
        for charge, retail, cost in part.deductions:
            less = charge.after_credit(retail, cost)
            found.append(less._replace(parts=(*less.parts, part.key)) if part.held else less)
    return found
