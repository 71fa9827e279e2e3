"""What must have been charged, counted a second time without the service: by looking at every single day.

The service computes due dates from rules; here each day is simply asked whether it is one. Slow and plain
on purpose, sharing no code with what it checks.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from demo.provider import Assignment, Customer, Package

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS_BETWEEN = {"quarterly": 3, "yearly": 12}
ONE_DAY = timedelta(days=1)
MICRO = Decimal("0.000001")

Spend = Callable[[str | None, date, date], Decimal]
"""What the calls of the customer, or of one DID, cost from a day up to another, that one left out."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One charge that must stand in the ledger once; `index` is the assignment's place in the file."""

    index: int
    kind: str
    day: date
    cost: Decimal
    retail: Decimal
    debits: bool
    spent: Decimal | None = None
    since: date | None = None


def no_calls(_did: str | None, _since: date, _until: date) -> Decimal:
    """The spend of a customer who doesn't telephone."""
    return Decimal(0)


def days(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def expected_charges(customer: Customer, *, first: date, last: date, spend: Spend = no_calls) -> list[Expected]:
    """Every charge of the customer due from `first` to `last`, in the order in which they fall due."""
    return [charge for day in days(first, last) for charge in _charges_on(customer, day, spend)]


def expected_held(customer: Customer, *, first: date, last: date) -> list[Expected]:
    """The charges still held after the evaluation of `last`, when nothing was paid since the prepaid amount.

    A charge that would take the balance below minus the debit limit waits; every day tries the waiting ones
    again before its own, each by itself.
    """
    if customer.debit_limit is None:
        return []
    balance, held = customer.prepaid, list[Expected]()
    for day in days(first, last):
        tried, held = held + [c for c in _charges_on(customer, day) if c.debits], []
        for charge in tried:
            if balance - charge.retail < -customer.debit_limit:
                held.append(charge)
            else:
                balance -= charge.retail
    return held


def _charges_on(customer: Customer, day: date, spend: Spend = no_calls) -> Iterator[Expected]:
    """The charges due on one day, setup first; a line that comes to nothing is none."""
    for kind in ("setup", "recurring", "minimum_spend"):
        for index, assignment in enumerate(customer.assignments):
            if kind == "minimum_spend":
                charge = _minimum(index, assignment, day, spend) if assignment.package.minimum_spend else None
            else:
                charge = _ordinary(index, assignment, kind, day)
            if charge and (charge.cost or charge.retail):
                yield charge


def _ordinary(index: int, assignment: Assignment, kind: str, day: date) -> Expected | None:
    if kind == "recurring" and assignment.package.minimum_spend:
        return None
    if not is_valid(assignment, day) or not (day == assignment.start_date if kind == "setup" else is_due(assignment, day)):
        return None
    cost, retail = (price * assignment.quantity for price in _unit_prices(assignment.package, kind))
    return Expected(index=index, kind=kind, day=day, cost=cost, retail=retail, debits=assignment.auto_decrement_credit)


def _minimum(index: int, assignment: Assignment, day: date, spend: Spend) -> Expected | None:
    """What is missing to the minimum of the period before `day`, when one ends there: at a due date, or after the last day."""
    start, end = assignment.start_date, assignment.end_date
    after_the_end = end is not None and day == end + ONE_DAY
    if day <= start or not (after_the_end or (is_valid(assignment, day) and is_due(assignment, day))):
        return None
    since = begin(assignment, day - ONE_DAY)
    if assignment.charge_from and since < assignment.charge_from:
        return None
    whole, spent = next_due(assignment, since) - since, spend(assignment.did, since, day)
    cost, least = (_part(price * assignment.quantity, day - since, whole) for price in _unit_prices(assignment.package, "recurring"))
    retail = max(Decimal(0), least - spent)
    debits = assignment.auto_decrement_credit
    return Expected(
        index=index, kind="minimum_spend", day=day, cost=cost, retail=retail, debits=debits, spent=spent, since=since
    )  # fmt: skip


def _part(amount: Decimal, days_of_it: timedelta, whole: timedelta) -> Decimal:
    if days_of_it == whole:
        return amount
    return (amount * days_of_it.days / whole.days).quantize(MICRO, ROUND_HALF_UP)


def begin(assignment: Assignment, day: date) -> date:
    """The due date on `day` or the last one before it; the start date when there is none."""
    while day > assignment.start_date and not is_due(assignment, day):
        day -= ONE_DAY
    return day


def next_due(assignment: Assignment, day: date) -> date:
    """The first due date after `day`, whether or not the assignment lasts so long; of packages that repeat."""
    day += ONE_DAY
    while not is_due(assignment, day):
        day += ONE_DAY
    return day


def _unit_prices(package: Package, kind: str) -> tuple[Decimal, Decimal]:
    return (package.setup_cost, package.setup_retail) if kind == "setup" else (package.cost, package.retail)


def is_valid(assignment: Assignment, day: date) -> bool:
    """Both ends of the validity count; what fell due before `charge_from` was charged elsewhere."""
    begins = max(assignment.start_date, assignment.charge_from or assignment.start_date)
    return begins <= day and (assignment.end_date is None or day <= assignment.end_date)


def is_due(assignment: Assignment, day: date) -> bool:
    """Whether the schedule has this day; the validity is not looked at."""
    start, matches = assignment.start_date, assignment.package.frequency_match
    match assignment.package.frequency:
        case "none":
            return day == start
        case "daily":
            return True
        case "weekly":
            return WEEKDAYS[day.weekday()] in (matches or (WEEKDAYS[start.weekday()],))
        case "monthly":
            return any(_falls_on(int(number), day) for number in matches or (str(start.day),))
        case "quarterly" | "yearly" as frequency:
            months = (day.year - start.year) * 12 + day.month - start.month
            return months % MONTHS_BETWEEN[frequency] == 0 and _falls_on(start.day, day)
    raise ValueError(f"no such frequency: {assignment.package.frequency}")


def _falls_on(number: int, day: date) -> bool:
    """Whether `number` means this day of its month: days that the month lacks mean its last day."""
    return day.day == min(number, monthrange(day.year, day.month)[1])
