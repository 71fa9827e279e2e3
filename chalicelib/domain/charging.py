"""What assignments are charged for a range of days (rules: What a due date charges).

`dues` says what falls due, `priced_line` prices it. Between the two a caller looks up the spend of the periods that `dues` names,
so that this module needs no storage and the lines depend on nothing but their arguments.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, NamedTuple

from . import money, pricing
from .assignment import Assignment, first_day, last_due_day
from .dues import dues, running_period, schedule_of
from .package import Package
from .pricing import ChargeKind, Due
from .schedule import DAY, Frequency, Match, Period, Schedule
from .terms import change_days, terms_on

__all__: Final = (
    "FEW_DUES", "KIND_ORDER", "Identity", "Line", "Spend", "after_end", "as_tried", "dues", "in_order", "minimum", "next_charge",
    "priced_line", "priced_lines", "running_period", "schedule_of", "still_due",
)  # fmt: skip
KIND_ORDER: Final[dict[ChargeKind, int]] = {"setup": 0, "recurring": 1, "minimum_spend": 2, "proration": 5, "one_off": 7}
"""The numbers between are those of other ledger entries."""


class Identity(NamedTuple):
    """What makes a charge the same charge, from wherever it is evaluated."""

    due_date: date
    kind_order: int
    assignment_id: str


class Line(NamedTuple):
    """One charge with all that it is computed from; amounts in `currency`. `net_of` dates the negative lines that a recharge is less.

    `spend` is for minimum spend only, `period` for that and for proration, whose `quantity` is the difference and may be negative.
    `discount` is in percent of the retail, `package_retail` what an own price took the place of. `unit_days` is the sum of the
    quantities that were active on the days of a minimum-spend period; 0 of one that was kept by a former release.

    A one-off charge has neither assignment nor package: `assignment_id` is an id of its own, `package_id` is empty, and `package_name`
    is what it is for.
    """

    customer_id: str
    assignment_id: str
    package_id: str
    package_name: str
    did: str | None
    kind: ChargeKind
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
    discount: Decimal = money.ZERO
    package_retail: Decimal | None = None
    every: int = 1
    unit_days: int = 0
    counted_from: date | None = None
    account_code: str | None = None
    tax_code: str | None = None
    net_of: tuple[date, ...] = ()

    @property
    def own_price(self) -> bool:
        """Whether the unit retail is the assignment's own."""
        return self.package_retail is not None

    @property
    def is_one_off(self) -> bool:
        """Whether no assignment makes it."""
        return self.kind == "one_off"

    @property
    def made_by(self) -> str | None:
        """The id of the assignment that makes it; None of a one-off charge."""
        return None if self.is_one_off else self.assignment_id

    @property
    def takes_back(self) -> bool:
        """Whether it is negative: it takes back of the charges of its period."""
        return self.retail < 0 or self.cost < 0

    @property
    def order(self) -> tuple[date, bool, int, str]:
        """Sorts in the order in which charges are tried."""
        return self.due_date, not self.takes_back, KIND_ORDER[self.kind], self.assignment_id

    @property
    def identity(self) -> Identity:
        """The charge's identity."""
        return Identity(self.due_date, KIND_ORDER[self.kind], self.assignment_id)

    @property
    def covers(self) -> Period | None:
        """The days that the charge is for: its period; of a recurring one from its date to the next by the rule."""
        if self.kind != "recurring":
            return self.period
        following = self.schedule.next(self.due_date)
        return Period.uncut(self.due_date, following) if following else None

    @property
    def schedule(self) -> Schedule:
        """When the assignment is charged."""
        return Schedule(self.frequency, self.frequency_match, self.every, self.counted_from or self.start_date)

    @property
    def margin(self) -> Decimal:
        """What the provider earns."""
        return money.minus(self.retail, self.cost)

    @property
    def is_free(self) -> bool:
        """Whether it comes to nothing, so that there is nothing to post."""
        return not (self.cost or self.retail)

    @property
    def nominal_retail(self) -> Decimal:
        """The retail before negative lines are taken off, and before a negative line is cut to what is left."""
        if self.kind == "proration" and self.period:
            return pricing.amount_of(self.unit_retail, self.discount, self.quantity * self.period.days, self.period.whole_days)
        if self.kind == "recurring":
            return pricing.amount_of(self.unit_retail, self.discount, self.quantity, 1)
        return self.retail

    @property
    def debit(self) -> Decimal:
        """What the charge takes from the customer's balance when it is posted."""
        return self.retail if self.auto_decrement_credit else money.ZERO


_ORDER_OF_RECURRING: Final = attrgetter("due_date", "assignment_id")
_DUE_DATE: Final = Line._fields.index("due_date")
FEW_DUES: Final = 2
"""So many dues are priced one by one: in a sweep there are seldom more."""
Spend = Callable[[Assignment, Period], Decimal]
"""The usage charges of the assignment's customer, or of its DID alone, dated in the period."""


def minimum(assignment: Assignment, package: Package, period: Period) -> Decimal:
    """What the customer has to spend in a period."""
    priced = pricing.price(assignment, package, Due("minimum_spend", period.until, period))
    return priced.retail if priced else money.ZERO


def next_charge(assignment: Assignment, package: Package, after: date) -> Due | None:
    """The first thing other than a setup that falls due later than `after`; None when nothing does."""
    first = max(after + DAY, first_day(assignment))
    gap = 2 * schedule_of(assignment, package).longest_gap
    # Where nothing changes, nothing is due later that is not due within two periods.
    found = (dues(assignment, package, day, day + gap) for day in (first, *change_days(assignment, first + DAY, date.max - gap)))
    return next((due for some in found for due in some if due.kind != "setup"), None)


def after_end(assignment: Assignment, package: Package, dates: int) -> list[Identity]:
    """What would be due after the end of an assignment that ends or is cancelled, on the first `dates` due dates; of a cancelled
    one the closing line of its end date, too."""
    endless = assignment._replace(end_date=None, cancelled=False)
    closing = last_due_day(assignment, package)
    first = assignment.start_date
    if not assignment.cancelled and assignment.end_date:
        first = (closing if package.minimum_spend else assignment.end_date) + DAY
    days = schedule_of(assignment, package).upcoming(first, dates)
    found = dues(endless, package, first, days[-1]) if days else []
    if assignment.cancelled and assignment.end_date:
        found += dues(assignment._replace(cancelled=False), package, closing, closing)
    return sorted({Identity(due.due_date, KIND_ORDER[due.kind], assignment.assignment_id) for due in found})


def priced_line(assignment: Assignment, package: Package, due: Due, spend: Decimal | None = None, *, free: bool = False) -> Line | None:
    """The priced charge; None when nothing is active in its period, or when both its cost and its retail are zero, unless `free` lines
    are asked for too."""
    priced = pricing.price(assignment, package, due, spend or money.ZERO)
    if priced is None or not (priced.cost or priced.retail or free):
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
        priced.quantity,
        priced.unit_cost,
        priced.unit_retail,
        priced.cost,
        priced.retail,
        priced.debits,
        package.frequency,
        package.frequency_match,
        assignment.start_date,
        due.period,
        spend if due.kind == "minimum_spend" else None,
        priced.discount,
        priced.package_retail,
        package.every,
        priced.unit_days,
        assignment.counted_from,
        package.account_code,
        package.tax_code,
    )


def priced_lines(assignment: Assignment, package: Package, first: date, last: date, spend: Spend, *, free: bool = False) -> list[Line]:
    """The priced charges of one assignment in `first..last`; those that come to nothing only if `free` ones are asked for."""
    found = dues(assignment, package, first, last)
    if not found:  # almost always, in a sweep
        return []
    if package.minimum_spend:
        priced = (priced_line(assignment, package, due, spend(assignment, due.period) if due.period else None, free=free) for due in found)
        return [line for line in priced if line is not None]
    if len(found) > FEW_DUES:
        return _priced_in_turn(assignment, package, found, free=free)
    return [line for due in found if (line := priced_line(assignment, package, due, free=free)) is not None]


def _priced_in_turn(assignment: Assignment, package: Package, found: Sequence[Due], *, free: bool) -> list[Line]:
    """Prices dues in date order: of recurring ones between which neither terms nor prices change only the first; the others are like it."""
    starts = (one.begins for one in package.price_lists)
    changes = iter(sorted({*change_days(assignment, found[0].due_date + DAY, found[-1].due_date), *starts, date.max}))
    until, priced = date.min, list[Line]()
    before: tuple[Any, ...] = ()
    behind: tuple[Any, ...] = ()
    for due in found:
        kind, day, _ = due
        if kind == "recurring" and day < until:
            if before:
                priced.append(tuple.__new__(Line, (*before, day, *behind)))
            continue
        line = priced_line(assignment, package, due, free=free)
        if line:
            priced.append(line)
        if kind == "recurring":
            until = next(one for one in changes if one > day or one == date.max)
            before, behind = (line[:_DUE_DATE], line[_DUE_DATE + 1 :]) if line else ((), ())
    return priced


def still_due(line: Line, assignment: Assignment) -> bool:
    """Whether a charge that was planned before an edit is due on the assignment as it stands now."""
    end = assignment.end_date or date.max
    last = end + DAY if line.kind in ("minimum_spend", "proration") and end < date.max else end
    kept = not assignment.cancelled and assignment.start_date == line.start_date
    if line.kind == "minimum_spend" and line.period:
        from_then = max(line.period.whole.since, first_day(assignment)) == line.period.since
    else:
        from_then = first_day(assignment) <= line.due_date
    return kept and from_then and line.due_date <= last


def as_tried(held: Line, assignment: Assignment | None, day: date) -> Line:
    """A held charge as it is tried on `day`: debited if its assignment says so then. Without one, or of a cancelled one, as it was held."""
    if assignment is None or assignment.cancelled:
        return held
    return held._replace(auto_decrement_credit=terms_on(assignment, day).auto_decrement_credit)


def in_order(charges: Iterable[Line]) -> list[Line]:
    """The order in which charges are tried: due date, what is negative first, then the setup, assignment id."""
    found = list(charges)
    # recurring charges are never negative; they are nearly all of a forecast's lines
    return sorted(found, key=_ORDER_OF_RECURRING if all(line.kind == "recurring" for line in found) else attrgetter("order"))
