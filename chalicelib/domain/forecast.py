"""What a customer will be charged, what will be held, and who runs short (rules: Forecast).

Sums of what the days to come bring, by the planner that posts. The same functions serve one customer and, customer by customer, all.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeVar

from . import charging, money
from .account import Credit, current_credit
from .charging import Line, Spend
from .forecast_account import PlannedAccount, PlannedLine
from .forecast_days import CustomerFacts, DueDays, spend_with_calls, spend_without_calls
from .posting import held_charges_before
from .pricing import ChargeKind, Due
from .record import Failure
from .report import HeldBefore, Totals, is_below_cost
from .schedule import DAY

FORECAST_LINES_MAX: Final = 2_000_000
"""Lines of a customer that a forecast plans."""
FORECAST_LINES_LISTED: Final = 1000


NO_SUMS: Final = Totals()


class ForecastLine(NamedTuple):
    """A charge that falls due, or is released, in the range. `evaluated_on` is the day on which it is tried first, `posted_on` that on
    which it is posted; None if it stays held. A minimum spend has the retail at which it comes if no call comes, `retail_max`."""

    line: Line
    evaluated_on: date
    posted_on: date | None
    retail_max: Decimal | None = None


class Shortage(NamedTuple):
    """From when on charges would be held, and the smallest payment, made before anything is charged, with which none is; by when it has
    to come, and the amount rounded up to what the currency can pay."""

    short_on: date
    top_up: Decimal
    top_up_by: date
    top_up_payable: Decimal


class ForecastRequest(NamedTuple):
    """The days asked for, both included, `today`, how many lines are listed, and the most that are planned; with `package_id` sums and
    lines are those of the package, but all the others are planned as well."""

    first: date
    last: date
    today: date
    listed: int = FORECAST_LINES_LISTED
    most: int = FORECAST_LINES_MAX
    package_id: str | None = None


class Forecast(NamedTuple):
    """What `first..last` bring to a customer. Groups are in order of their keys: months as `2031-01`, package ids.

    `parks_on` is the day on which more is due than the safety bound allows: nothing is planned from there on. Of a customer who is
    parked nothing is planned at all. `held_before` is what was held already.
    """

    request: ForecastRequest
    facts: CustomerFacts
    sums: Totals
    by_day: Mapping[date, Totals]
    by_month: Mapping[str, Totals]
    by_package: Mapping[str, Totals]
    by_kind: Mapping[ChargeKind, Totals]
    lines: Sequence[ForecastLine]
    lines_left_out: int
    balance_after: Decimal
    held_before: HeldBefore
    shortage: Shortage | None
    parks_on: date | None
    failures: Mapping[str, Failure]


SumsKey = tuple[date, str, ChargeKind]
"""What sums are kept by: day, package id, kind."""
K = TypeVar("K")


def forecast(facts: CustomerFacts, request: ForecastRequest) -> Forecast:
    """Plan the days through the last one asked for, as each will be evaluated. Raises `Invalid` too_many."""
    account = facts.account
    credit, without_calls = current_credit(account), spend_without_calls(facts)
    planned = PlannedAccount(facts, credit)
    before = held_charges_before(planned.held_on(facts.first), credit)
    tally = _Tally(request, lambda line: _priced_without_calls(facts, line, without_calls))
    if account.parked:
        return tally.forecast(facts, {}, account.balance, before)
    days = DueDays(facts, request.last, spend_with_calls(facts), request.most)
    for one in planned.evaluate_all(days, request.last):
        tally.add(one)
    made = tally.forecast(facts, days.failures, planned.credit.balance, before)
    return made._replace(shortage=_shortage(facts, request, planned), parks_on=planned.parks_on)


def difference(before: Totals, after: Totals) -> Totals:
    """What the sums have more, or less, after a change."""
    return Totals(
        money.minus(after.cost, before.cost), money.minus(after.retail, before.retail),
        money.minus(after.credit_debited, before.credit_debited), money.minus(after.held, before.held),
        after.lines - before.lines, after.below_cost - before.below_cost,
    )  # fmt: skip


def _shortage(facts: CustomerFacts, request: ForecastRequest, planned: PlannedAccount) -> Shortage | None:
    """Whether, from when, and how much is short if no call comes. `planned` was planned with calls going on.

    A payment that lets the balance fall to the floor, and no further, lets everything fit; with less, the debit that leaves it
    lowest does not.
    """
    credit, spend = current_credit(facts.account), spend_without_calls(facts)
    if credit.floor is None:
        return None
    if any(facts.packages[one.package_id].minimum_spend for one in facts.assignments if one.package_id in facts.packages):
        planned = _planned_through(facts, request, spend, credit)
    if planned.short_on is None:
        return None
    unlimited = _planned_through(facts, request, spend, Credit(credit.balance, None))
    top_up = money.minus(credit.floor, credit.floor if unlimited.lowest is None else unlimited.lowest)
    by = max(request.today, planned.short_on - DAY)
    return Shortage(planned.short_on, top_up, by, money.payable(top_up, facts.account.currency))


def _planned_through(facts: CustomerFacts, request: ForecastRequest, spend: Spend, credit: Credit) -> PlannedAccount:
    """The account after all days."""
    planned = PlannedAccount(facts, credit)
    for _ in planned.evaluate_all(DueDays(facts, request.last, spend, request.most), request.last):
        pass
    return planned


def _priced_without_calls(facts: CustomerFacts, line: Line, spend: Spend) -> Decimal | None:
    """What a minimum spend comes to if no call comes any more; None of other lines."""
    if line.kind != "minimum_spend" or line.period is None:
        return None
    one = next((one for one in facts.assignments if one.assignment_id == line.assignment_id), None)
    if one is None:
        return None
    priced = charging.priced_line(one, facts.packages[line.package_id], Due(line.kind, line.due_date, line.period), spend(one, line.period))
    return priced.retail if priced else money.ZERO


class _Tally:
    """Sums of planned lines within the days asked for, and the first of these lines."""

    def __init__(self, request: ForecastRequest, retail_max: Callable[[Line], Decimal | None]) -> None:
        self._request, self._retail_max = request, retail_max
        self._package_id, self._first, self._listed = request.package_id, request.first, request.listed
        self._sums: dict[SumsKey, _Sums] = defaultdict(_Sums)
        self._lines: list[ForecastLine] = []
        self._left_out = 0
        self._held: dict[str, tuple[SumsKey, int]] = {}

    def add(self, one: PlannedLine) -> None:
        """Add a line, unless it is of another package than the one asked for. One that is released is not held any more."""
        day, line, _, status, released = one
        if self._package_id not in (None, line.package_id):
            return
        held = self._held.pop(one.key, None) if released else None
        if held:
            self._sums[held[0]].add_held(-line.retail)
        if day < self._first:
            return
        place = day, line.package_id, line.kind
        if status == "held":
            self._held[one.key] = place, len(self._lines)
            self._sums[place].add_held(line.retail)
        else:
            self._sums[place].add_posted(line)
        self._list(one, held)

    def _list(self, one: PlannedLine, held: tuple[SumsKey, int] | None) -> None:
        if not (self._listed or held):
            self._left_out += 1
            return
        posted_on = one.day if one.status == "posted" else None
        if held:
            if held[1] < len(self._lines):
                self._lines[held[1]] = self._lines[held[1]]._replace(line=one.line, posted_on=posted_on)
        elif len(self._lines) < self._listed:
            self._lines.append(ForecastLine(one.line, one.day, posted_on, self._retail_max(one.line)))
        else:
            self._left_out += 1

    def forecast(self, facts: CustomerFacts, failures: Mapping[str, Failure], balance: Decimal, before: HeldBefore) -> Forecast:
        """What the lines come to."""
        days, packages, kinds = (_grouped((place[n], sums) for place, sums in self._sums.items()) for n in range(3))
        months = _grouped((day.isoformat()[:7], sums) for day, sums in days.items())
        total = _grouped(("", sums) for sums in kinds.values()).get("", _Sums())
        by_day, by_month, by_package, by_kind = map(_told, (days, months, packages, kinds))
        return Forecast(
            self._request, facts, total.totals, by_day, by_month, by_package, by_kind, self._lines, self._left_out, balance, before, None,
            None, failures,
        )  # fmt: skip


class _Sums:
    """Totals that grow line by line, which is all that most of the time of a forecast goes into."""

    __slots__ = ("below_cost", "cost", "debited", "held", "lines", "retail")

    def __init__(self) -> None:
        self.cost = self.retail = self.debited = self.held = money.ZERO
        self.lines = self.below_cost = 0

    def add_held(self, retail: Decimal) -> None:
        """Add a held line, or take one away."""
        self.held = money.plus(self.held, retail)

    def add_posted(self, line: Line) -> None:
        """Add a line that is posted."""
        self.cost, self.retail = money.plus(self.cost, line.cost), money.plus(self.retail, line.retail)
        if line.auto_decrement_credit:
            self.debited = money.plus(self.debited, line.retail)
        self.lines += 1
        if line.retail < line.cost:
            self.below_cost += is_below_cost(line)

    def add(self, other: "_Sums") -> None:
        """Add other sums."""
        self.cost, self.retail = money.plus(self.cost, other.cost), money.plus(self.retail, other.retail)
        self.debited, self.held = money.plus(self.debited, other.debited), money.plus(self.held, other.held)
        self.lines += other.lines
        self.below_cost += other.below_cost

    @property
    def totals(self) -> Totals:
        """The sums so far."""
        return Totals(self.cost, self.retail, self.debited, self.held, self.lines, self.below_cost)


def _grouped(found: Iterable[tuple[Any, _Sums]]) -> dict[Any, _Sums]:
    groups: dict[Any, _Sums] = defaultdict(_Sums)
    for key, sums in found:
        groups[key].add(sums)
    return groups


def _told(groups: Mapping[K, _Sums]) -> dict[K, Totals]:
    """In order of their keys."""
    return {key: groups[key].totals for key in sorted(groups)}  # type: ignore[type-var]
