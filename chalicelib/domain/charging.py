"""What assignments are charged for a range of days (rules: What a due date charges).

`dues` says what falls due, `line` prices it. Between the two a caller looks up the spend of the periods that `dues` names,
so that this module needs no storage and the lines depend on nothing but their arguments.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from . import money
from .assignment import Assignment, first_day, last_due_day, valid_on
from .package import Package
from .schedule import DAY, Frequency, Match, due_dates, longest_gap, next_due, previous_due, upcoming

Kind = Literal["setup", "recurring", "minimum_spend"]
KIND_ORDER: Final[dict[str, int]] = {"setup": 0, "recurring": 1, "minimum_spend": 2}


class Period(NamedTuple):
    """The days `since <= day < until` of a billing period that ends, uncut, before `whole_until`."""

    since: date
    until: date
    whole_until: date

    @property
    def days(self) -> int:
        """How many days are charged."""
        return (self.until - self.since).days

    @property
    def whole_days(self) -> int:
        """How many days the uncut period has."""
        return (self.whole_until - self.since).days


class Due(NamedTuple):
    """One thing to charge: its kind, its date, and for minimum spend its period."""

    kind: Kind
    due_date: date
    period: Period | None = None


class Identity(NamedTuple):
    """What makes a charge the same charge, from wherever it is evaluated. Sorts in the order in which charges are tried."""

    due_date: date
    kind_order: int
    assignment_id: str


class Line(NamedTuple):
    """One charge with all that it is computed from; amounts in `currency`. `spend` and `period` for minimum spend only."""

    customer_id: str
    assignment_id: str
    package_id: str
    package_name: str
    did: str | None
    kind: Kind
    due_date: date
    currency: str
    quantity: int
    unit_cost: Decimal
    unit_retail: Decimal
    cost: Decimal
    retail: Decimal
    auto_decrement_credit: bool
    frequency: Frequency
    frequency_match: Match
    start_date: date
    period: Period | None = None
    spend: Decimal | None = None

    @property
    def identity(self) -> Identity:
        """The charge's identity."""
        return Identity(self.due_date, KIND_ORDER[self.kind], self.assignment_id)

    @property
    def covers(self) -> Period | None:
        """The days that the charge is for: a minimum spend's period; of a recurring one from its date to the next by the rule."""
        if self.kind != "recurring":
            return self.period
        following = next_due(self.frequency, self.frequency_match, self.start_date, self.due_date)
        return Period(self.due_date, following, following) if following else None

    @property
    def margin(self) -> Decimal:
        """What the provider earns."""
        return money.minus(self.retail, self.cost)

    @property
    def debit(self) -> Decimal:
        """What the charge takes from the customer's balance when it is posted."""
        return self.retail if self.auto_decrement_credit else money.ZERO


Spend = Callable[[Assignment, Period], Decimal]
"""The usage charges of the assignment's customer, or of its DID alone, dated in the period."""


def dues(assignment: Assignment, package: Package, since: date, until: date) -> list[Due]:
    """What falls due in `since..until`, both included, in date order, setup first."""
    if assignment.cancelled or since > last_due_day(assignment, package):
        return []
    begun = first_day(assignment)
    since = begun if since < begun else since  # noqa: FURB136 - as in due_dates
    last = until if assignment.end_date is None else min(until, assignment.end_date)
    found = [Due("setup", assignment.start_date)] if since <= assignment.start_date <= last else []
    if package.minimum_spend:
        return found + list(_settlements(assignment, package, since, until))
    days = due_dates(package.frequency, package.frequency_match, assignment.start_date, since, last)
    return found + [Due("recurring", day) for day in days] if days else found


def _settlements(assignment: Assignment, package: Package, since: date, until: date) -> Iterator[Due]:
    """The minimum-spend periods that end in the range. One begun before `charge_from` was settled in the other system."""
    rule = (package.frequency, package.frequency_match, assignment.start_date)
    for day in due_dates(*rule, since, min(until, assignment.end_date or until)):
        period = Period(previous_due(*rule, day) or assignment.start_date, day, day)
        if first_day(assignment) <= period.since < day:
            yield Due("minimum_spend", day, period)
    closing = assignment.end_date + DAY if assignment.end_date else date.max
    if since <= closing <= until:
        begun = previous_due(*rule, closing) or assignment.start_date
        whole_until = next_due(*rule, begun) or closing
        if begun >= first_day(assignment):
            yield Due("minimum_spend", closing, Period(begun, closing, whole_until))


def running_period(assignment: Assignment, package: Package, day: date) -> Period | None:
    """The minimum-spend period that `day` lies in, as it will be settled; None when there is none, or not here."""
    if not package.minimum_spend or not valid_on(assignment, day):
        return None
    rule = (package.frequency, package.frequency_match, assignment.start_date)
    begun = previous_due(*rule, day + DAY) or assignment.start_date
    whole_until = next_due(*rule, day)
    if whole_until is None or begun < first_day(assignment):
        return None
    closing = assignment.end_date + DAY if assignment.end_date else whole_until
    return Period(begun, min(closing, whole_until), whole_until)


def minimum(assignment: Assignment, package: Package, period: Period) -> Decimal:
    """What the customer has to spend in a period."""
    return money.share(money.times(package.retail, assignment.quantity), period.days, period.whole_days)


def next_charge(assignment: Assignment, package: Package, after: date) -> Due | None:
    """The first thing other than a setup that falls due later than `after`; None when nothing does."""
    since = max(after + DAY, first_day(assignment))
    if package.frequency == "none":
        found = dues(assignment, package, since, max(since, assignment.start_date))
    else:
        found = dues(assignment, package, since, since + 2 * longest_gap(package.frequency))
    return next((due for due in found if due.kind != "setup"), None)


def after_end(assignment: Assignment, package: Package, dates: int) -> list[Identity]:
    """What would be due after the end of an assignment that ends or is cancelled, on the first `dates` due dates."""
    endless = assignment._replace(end_date=None, cancelled=False)
    since = assignment.start_date if assignment.cancelled else last_due_day(assignment, package) + DAY
    days = upcoming(package.frequency, package.frequency_match, assignment.start_date, since, dates)
    found = dues(endless, package, since, days[-1]) if days else []
    return [Identity(due.due_date, KIND_ORDER[due.kind], assignment.assignment_id) for due in found]


def line(assignment: Assignment, package: Package, due: Due, spend: Decimal | None = None) -> Line | None:
    """The priced charge; None when both its cost and its retail are zero."""
    unit_cost, unit_retail = package.cost, package.retail
    if due.kind == "setup":
        unit_cost, unit_retail = package.setup_cost, package.setup_retail
    cost, retail = _amounts(due.period, assignment.quantity, unit_cost, unit_retail, spend)
    if not (cost or retail):
        return None
    return Line(
        assignment.customer_id,
        assignment.assignment_id,
        package.package_id,
        package.name,
        assignment.did,
        due.kind,
        due.due_date,
        package.currency,
        assignment.quantity,
        unit_cost,
        unit_retail,
        cost,
        retail,
        assignment.auto_decrement_credit,
        package.frequency,
        package.frequency_match,
        assignment.start_date,
        due.period,
        spend if due.period else None,
    )


def _amounts(
    period: Period | None, quantity: int, unit_cost: Decimal, unit_retail: Decimal, spend: Decimal | None
) -> tuple[Decimal, Decimal]:
    cost = money.times(unit_cost, quantity) if quantity != 1 else unit_cost
    retail = money.times(unit_retail, quantity) if quantity != 1 else unit_retail
    if period is None:
        return cost, retail
    minimum = money.share(retail, period.days, period.whole_days)
    missing = money.minus(minimum, spend or money.ZERO)
    return money.share(cost, period.days, period.whole_days), max(money.ZERO, missing)


def lines(assignment: Assignment, package: Package, since: date, until: date, spend: Spend) -> list[Line]:
    """The priced charges of one assignment in `since..until`."""
    found = dues(assignment, package, since, until)
    if not found:  # almost always, in a sweep
        return []
    priced = (line(assignment, package, due, spend(assignment, due.period) if due.period else None) for due in found)
    return [charge for charge in priced if charge is not None]


def still_due(charge: Line, assignment: Assignment) -> bool:
    """Whether a charge that was planned before an edit is due on the assignment as it stands now."""
    end = assignment.end_date or date.max
    last = end + DAY if charge.kind == "minimum_spend" and end < date.max else end
    kept = not assignment.cancelled and assignment.start_date == charge.start_date
    begun = charge.period.since if charge.period else charge.due_date
    return kept and first_day(assignment) <= begun and charge.due_date <= last


def as_tried(held: Line, assignment: Assignment | None) -> Line:
    """A held charge at its next try: debited if its assignment says so by now. Without one, or with a cancelled one, as it was held."""
    if assignment is None or assignment.cancelled:
        return held
    return held._replace(auto_decrement_credit=assignment.auto_decrement_credit)


def in_order(charges: Iterable[Line]) -> list[Line]:
    """The order in which charges are tried: due date, setup first, assignment id."""
    return sorted(charges, key=lambda charge: charge.identity)
