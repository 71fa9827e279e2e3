"""What falls due of a customer on the days to come, day by day, as each day's evaluation will find it (rules: Forecast).

Pure: facts in, lines out. Lines come in windows of a bounded number, so that a forecast of years holds some thousands at a time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import chain, groupby
from operator import attrgetter
from types import MappingProxyType
from typing import Final, NamedTuple

from . import charging, money
from .account import Account
from .assignment import Assignment
from .charging import Line, Spend
from .errors import Fault, Invalid, code_and_detail
from .ledger import Entry, charge_key
from .package import Package
from .record import Failure
from .schedule import DAY, Period

FORECAST_DAYS_MAX: Final = 1100
WINDOW_LINES_MAX: Final = 20_000
"""Lines that are held at a time; a single day may have more."""
AVERAGE_DAYS: Final = 28
"""Evaluated days whose calls say how much a customer calls."""

Calls = Mapping[str | None, Mapping[date, Decimal]]
"""What calls cost by day: those of the customer, and those of each DID."""
DueDay = tuple[date, list[Line]]
"""A day with what its evaluation finds due, in the order in which it is tried."""


class CustomerFacts(NamedTuple):
    """A customer as a forecast finds it at the moment `at`. `first` is the first open day, on which everything is planned that is due
    before it and not charged: of an assignment, by id, from its day in `since` on, which may also be later.

    `charged` are the ledger keys of all charges from there on; `charges` the entries that negative lines may take from; `held` the held
    entries in the order in which they are tried. `lines_max` is the safety bound of an evaluation.
    """

    account: Account
    assignments: Sequence[Assignment]
    packages: Mapping[str, Package]
    first: date
    at: datetime
    since: Mapping[str, date] = MappingProxyType({})
    charged: frozenset[str] = frozenset()
    charges: Sequence[Entry] = ()
    held: Sequence[Entry] = ()
    calls: Calls = MappingProxyType({})
    lines_max: int = WINDOW_LINES_MAX


def spend_without_calls(facts: CustomerFacts) -> Spend:
    """What is spent in each period if no call comes any more: what is recorded."""

    @cache
    def recorded(did: str | None, since: date, until: date) -> Decimal:
        return money.total(charge for day, charge in facts.calls.get(did, {}).items() if since <= day < until)

    return lambda one, period: recorded(one.did, period.since, period.until)


def spend_with_calls(facts: CustomerFacts) -> Spend:
    """What is spent in each period if calls go on: on each day that is not evaluated the average of the last 28 evaluated days; not
    less than is recorded."""
    recorded, first = spend_without_calls(facts), facts.first

    def expected(one: Assignment, period: Period) -> Decimal:
        known = recorded(one, period)
        ahead = (period.until - max(period.since, first)).days
        if ahead <= 0:
            return known
        usual = recorded(one, Period.uncut(first - timedelta(days=AVERAGE_DAYS), first))
        before = recorded(one, period._replace(until=first)) if period.since < first else money.ZERO
        return max(known, money.plus(before, money.share(usual, ahead, AVERAGE_DAYS)))

    return expected


class DueDays:
    """The days from the first open one through `last` on which something is due, in order; the first one always.

    `failures` are the assignments, by id, that could not be planned; they are left out from there on. Raises `Invalid` too_many for
    more than `most` lines.
    """

    def __init__(self, facts: CustomerFacts, last: date, spend: Spend, most: int) -> None:
        self._facts, self._last, self._spend, self._most = facts, last, spend, most
        self._lines = 0
        self.failures: dict[str, Failure] = {}

    def __iter__(self) -> Iterator[DueDay]:
        first, since = self._facts.first, self._facts.since
        owed = (self._lines_of(one, since.get(one.assignment_id, first), first) for one in self._facts.assignments)
        yield first, self._counted(chain.from_iterable(owed))
        begun, days = first + DAY, max(1, WINDOW_LINES_MAX // max(1, len(self._facts.assignments)))
        while begun <= self._last:
            lines, end = self._window(begun, min(self._last, begun + timedelta(days=days - 1)))
            for day, some in groupby(self._counted(lines), attrgetter("due_date")):
                yield day, list(some)
            planned = (end - begun).days + 1
            days = 2 * planned if 2 * len(lines) <= WINDOW_LINES_MAX else planned
            begun = end + DAY

    def _window(self, begun: date, end: date) -> tuple[list[Line], date]:
        """What is due from `begun` through `end`, or through an earlier day if that is more than a window holds."""
        found: list[Line] = []
        for one in self._facts.assignments:
            found += self._lines_of(one, max(begun, self._facts.since.get(one.assignment_id, begun)), end)
            while len(found) > WINDOW_LINES_MAX and end > begun:
                end = begun + (end - begun) // 2
                found = [line for line in found if line.due_date <= end]
        return found, end

    def _counted(self, lines: Iterable[Line]) -> list[Line]:
        found = charging.in_order(lines)
        self._lines += len(found)
        if self._lines > self._most:
            raise Invalid([Fault("/to", f"more than {self._most} lines are due by then: ask for fewer days")], code="too_many")
        return found

    def _lines_of(self, one: Assignment, since: date, last: date) -> Iterable[Line]:
        """What is due of an assignment and not charged. One that fails stops no other."""
        if one.assignment_id in self.failures:
            return ()
        try:
            lines = charging.priced_lines(one, self._facts.packages[one.package_id], since, last, self._spend)
        except Exception as error:  # noqa: BLE001 - told, whatever it is
            self.failures[one.assignment_id] = Failure(one.customer_id, one.assignment_id, since, *code_and_detail(error))
            return ()
        charged = self._facts.charged
        return [line for line in lines if charge_key(line.identity) not in charged] if charged else lines
