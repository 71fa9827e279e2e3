"""docs/rules.md a second time: what an assignment is charged on one day, told without the product's code.

Everything is asked day by day, from the assignment's first day on. Amounts are fractions, so that nothing is rounded but
what the rules round. `books.py` puts these lines into ledgers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.domain.oracle import ONE_DAY, half_up, is_due

FAR = date(2999, 12, 31)
KINDS = ("setup", "recurring", "minimum_spend")
"""In the order in which charges of one date are tried."""


@dataclass
class Package:
    """What is sold. `assigned` is true once anything was assigned, for good."""

    package_id: str
    currency: str
    cost: Fraction
    retail: Fraction
    setup_cost: Fraction
    setup_retail: Fraction
    frequency: str
    match: tuple[int, ...]
    minimum_days: int
    free_minutes: bool
    prefixes: tuple[str, ...]
    minimum_spend: bool
    connexcs_package: str | None
    assigned: bool = False
    deleted: bool = False

    def is_due(self, start: date, day: date) -> bool:
        """Whether the rule names the day for something that starts on `start`."""
        return is_due(self.frequency, self.match, start, day)


@dataclass
class Assignment:
    """`open_from` is the first day that no evaluation and no backlog has looked at; `touched` says that something was charged or drawn."""

    assignment_id: str
    customer_id: str
    package: Package
    did: str | None
    quantity: int
    start: date
    end: date | None
    auto_decrement: bool
    minutes: int | None
    minimum_days: int
    charge_from: date | None
    open_from: date
    touched: bool = False
    cancelled: bool = False

    @property
    def first_day(self) -> date:
        """The first day that is charged here: what is due before `charge_from` was charged in another system."""
        return max(self.start, self.charge_from or self.start)

    @property
    def last_day(self) -> date:
        """The end date, or a day that never comes."""
        return self.end or FAR

    @property
    def earliest_end(self) -> date:
        """Minimum days count from the start date."""
        return self.start + self.minimum_days * ONE_DAY

    def valid_on(self, day: date) -> bool:
        """Both dates count."""
        return not self.cancelled and self.start <= day <= self.last_day


@dataclass(frozen=True)
class Call:
    """A call as the switch reports it."""

    call_id: str
    day: date
    destination: str
    seconds: int
    charge: Fraction
    did: str | None


@dataclass
class Rated:
    """A call that is recorded: seconds taken from each assignment's minutes, and what the rest costs."""

    call: Call
    drawn: dict[str, int]
    charge: Fraction


@dataclass(frozen=True)
class Line:
    """One priced charge of a date."""

    assignment: Assignment = field(compare=False)
    assignment_id: str
    kind: str
    day: date
    cost: Fraction
    retail: Fraction
    debit: bool

    @property
    def order(self) -> tuple[date, int, str]:
        """Charges are tried by due date, setup first, then by assignment id."""
        return self.day, KINDS.index(self.kind), self.assignment_id


def lines_of(one: Assignment, day: date, calls: Iterable[Rated]) -> list[Line]:
    """What the assignment is charged on `day`, by its package and its fields as they are now."""
    if one.cancelled:
        return []
    made = [(kind, cost, retail) for kind, cost, retail in _amounts(one, day, calls) if cost or retail]
    return [Line(one, one.assignment_id, kind, day, cost, retail, one.auto_decrement) for kind, cost, retail in made]


def _amounts(one: Assignment, day: date, calls: Iterable[Rated]) -> Iterator[tuple[str, Fraction, Fraction]]:
    package, lasts = one.package, one.first_day <= day <= one.last_day
    if lasts and day == one.start:
        yield "setup", package.setup_cost * one.quantity, package.setup_retail * one.quantity
    if package.minimum_spend:
        yield from _settlement(one, day, calls)
    elif lasts and package.is_due(one.start, day):
        yield "recurring", package.cost * one.quantity, package.retail * one.quantity


def _settlement(one: Assignment, day: date, calls: Iterable[Rated]) -> Iterator[tuple[str, Fraction, Fraction]]:
    """A due date settles the days since the due date before it; the day after the end settles what is left."""
    on_due_date = one.start < day <= one.last_day and one.package.is_due(one.start, day)
    if not on_due_date and day != one.last_day + ONE_DAY:
        return
    since = period_start(one, day - ONE_DAY)
    if since < one.first_day:
        return
    share = Fraction((day - since).days, (_next_due(one, day) - since).days)
    cost, least = (half_up(amount * one.quantity * share) for amount in (one.package.cost, one.package.retail))
    yield "minimum_spend", cost, max(Fraction(0), least - spend(one, since, day, calls))


def period_start(one: Assignment, day: date) -> date:
    """The last due date up to `day`, or the start date when none has come yet."""
    while day > one.start and not one.package.is_due(one.start, day):
        day -= ONE_DAY
    return max(day, one.start)


def _next_due(one: Assignment, day: date) -> date:
    while not one.package.is_due(one.start, day):
        day += ONE_DAY
    return day


def spend(one: Assignment, since: date, until: date, calls: Iterable[Rated]) -> Fraction:
    """What the customer's calls cost from `since` to the day before `until`; for a DID's assignment those of the DID."""
    counted = (rated for rated in calls if since <= rated.call.day < until and one.did in (None, rated.call.did))
    return sum((rated.charge for rated in counted), Fraction(0))


def refill(one: Assignment, day: date) -> date | None:
    """The day on which a bucket that is valid on `day` expires because the next one begins; None when none does."""
    if one.package.frequency == "none":
        return None
    following = _next_due(one, day + ONE_DAY)
    return following if following <= one.last_day else None


def expiry(one: Assignment, day: date) -> date:
    """The first day without the bucket that is valid on `day`."""
    return refill(one, day) or one.last_day + ONE_DAY
