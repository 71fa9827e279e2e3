"""What must have been charged, counted a second time without the service: by looking at every single day.

The service computes due dates from rules; here each day is simply asked whether it is one. Slow and plain
on purpose, sharing no code with what it checks.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from demo.provider import Assignment, Customer, Package

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS_BETWEEN = {"quarterly": 3, "yearly": 12}


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One charge that must stand in the ledger once; `index` is the assignment's place in the file."""

    index: int
    kind: str
    day: date
    cost: Decimal
    retail: Decimal
    debits: bool


def days(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def expected_charges(customer: Customer, *, first: date, last: date) -> list[Expected]:
    """Every charge of the customer due from `first` to `last`, in the order in which they fall due."""
    return [charge for day in days(first, last) for charge in _charges_on(customer, day)]


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


def _charges_on(customer: Customer, day: date) -> Iterator[Expected]:
    """The charges due on one day, setup before recurring; a line that comes to nothing is none."""
    for kind in ("setup", "recurring"):
        for index, assignment in enumerate(customer.assignments):
            if not _is_valid(assignment, day) or not _is_due(assignment, kind, day):
                continue
            cost, retail = (price * assignment.quantity for price in _unit_prices(assignment.package, kind))
            if cost or retail:
                debits = assignment.auto_decrement_credit
                yield Expected(index=index, kind=kind, day=day, cost=cost, retail=retail, debits=debits)


def _unit_prices(package: Package, kind: str) -> tuple[Decimal, Decimal]:
    return (package.setup_cost, package.setup_retail) if kind == "setup" else (package.cost, package.retail)


def _is_valid(assignment: Assignment, day: date) -> bool:
    """Both ends of the validity count; what fell due before `charge_from` was charged elsewhere."""
    begins = max(assignment.start_date, assignment.charge_from or assignment.start_date)
    return begins <= day and (assignment.end_date is None or day <= assignment.end_date)


def _is_due(assignment: Assignment, kind: str, day: date) -> bool:
    if kind == "setup":
        return day == assignment.start_date
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
