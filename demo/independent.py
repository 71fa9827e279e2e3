"""What must have been charged, counted a second time without the service: by looking at every single day.

The service computes due dates from rules; here each day is simply asked whether it is one. Slow and plain
on purpose, sharing no code with what it checks.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from demo.changes import Value, value_on
from demo.provider import Assignment, Customer

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS_BETWEEN = {"monthly": 1, "quarterly": 3, "yearly": 12}
ONE_DAY = timedelta(days=1)
MICRO = Decimal("0.000001")

Spend = Callable[[str | None, date, date], Decimal]
"""What the calls of the customer, or of one DID, cost from a day up to another, that one left out."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One line that must stand in the ledger once; `index` is the assignment's place in the file. A negative one gives back."""

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
    """The charges due on one day, what is given back before them; a line that comes to nothing is none."""
    found = [
        charge
        for make in (_setup, _recurring, _minimum, _proration)
        for index, assignment in enumerate(customer.assignments)
        if (charge := make(index, assignment, day, spend)) and (charge.cost or charge.retail)
    ]
    yield from sorted(found, key=lambda charge: min(charge.retail, charge.cost) >= 0)


def _setup(index: int, assignment: Assignment, day: date, _: Spend) -> Expected | None:
    if day != assignment.start_date or not is_valid(assignment, day):
        return None
    quantity = in_force(assignment, "quantity", day) or 0
    cost, retail = (_setup_price(assignment, name) * quantity for name in ("setup_cost", "setup_retail"))
    return Expected(index=index, kind="setup", day=day, cost=cost, retail=retail, debits=debits(assignment, day))


def _setup_price(assignment: Assignment, name: str) -> Decimal:
    own: Decimal | None = getattr(assignment, name)
    return price(assignment, name, assignment.start_date) if own is None else own


def _recurring(index: int, assignment: Assignment, day: date, _: Spend) -> Expected | None:
    """On a due date everything that is active, at the prices of the day."""
    active = active_quantity(assignment, day)
    if not active or assignment.package.minimum_spend or not is_due(assignment, day) or charged_elsewhere(assignment, day):
        return None
    cost, retail = _amounts(assignment, day, Fraction(active))
    return Expected(index=index, kind="recurring", day=day, cost=cost, retail=retail, debits=debits(assignment, day))


def _proration(index: int, assignment: Assignment, day: date, _: Spend) -> Expected | None:
    """Between due dates what is active more or less than the day before, for the days that are left of the period."""
    more = active_quantity(assignment, day) - active_quantity(assignment, day - ONE_DAY)
    package = assignment.package
    if not more or package.proration != "daily" or package.minimum_spend or is_due(assignment, day) or charged_elsewhere(assignment, day):
        return None
    since, until = period(assignment, day)
    priced = next(each for each in days(since, until) if active_quantity(assignment, each))
    cost, retail = _amounts(assignment, priced, Fraction(more * (until - day).days, (until - since).days))
    return Expected(index=index, kind="proration", day=day, cost=cost, retail=retail, debits=debits(assignment, day))


def _minimum(index: int, assignment: Assignment, day: date, spend: Spend) -> Expected | None:
    """What is missing to the minimum of the period before `day`, when one ends there: at a due date, or after the last day."""
    eve = day - ONE_DAY
    if not assignment.package.minimum_spend or not is_valid(assignment, eve):
        return None
    if not is_due(assignment, day) and eve != assignment.end_date:
        return None
    since, until = period(assignment, eve)
    ours = max(since, begins(assignment))
    active = {each: active_quantity(assignment, each) for each in days(ours, eve)}
    if not any(active.values()):
        return None
    priced = next(each for each, quantity in active.items() if quantity)
    cost, least = _amounts(assignment, priced, Fraction(sum(active.values()), (until - since).days))
    spent = spend(assignment.did, ours, day)
    retail = max(Decimal(0), least - spent)
    return Expected(
        index=index, kind="minimum_spend", day=day, cost=cost, retail=retail, debits=debits(assignment, priced), spent=spent, since=since
    )  # fmt: skip


def _amounts(assignment: Assignment, day: date, units: Fraction) -> tuple[Decimal, Decimal]:
    """So many units at the cost and the retail of a day, the retail after its discount."""
    own_cost, own_retail = in_force(assignment, "cost", day), in_force(assignment, "retail", day)
    cost = Fraction(price(assignment, "cost", day) if own_cost is None else own_cost)
    retail = Fraction(price(assignment, "retail", day) if own_retail is None else own_retail)
    left = 1 - Fraction(in_force(assignment, "discount", day) or 0) / 100
    return _rounded(cost * units), _rounded(retail * units * left)


def _rounded(amount: Fraction) -> Decimal:
    """To 6 decimals, halves away from zero."""
    millionths = int(abs(amount) * 1_000_000 + Fraction(1, 2))
    return (Decimal(millionths) if amount >= 0 else -Decimal(millionths)).scaleb(-6)


def in_force(assignment: Assignment, name: str, day: date) -> Value:
    """The value of a field of the terms on a day."""
    first: Value = getattr(assignment, name)
    return value_on(assignment.terms, name, day, first)


def price(assignment: Assignment, name: str, day: date) -> Decimal:
    """The package's price on a day; a list for new assignments only doesn't reach those that started before it."""
    package, start = assignment.package, counted_from(assignment)
    first: Value = getattr(package, name)
    lists = [one for one in package.prices if one.existing or one.begins <= start]
    return Decimal(value_on(lists, name, day, first) or 0)


def debits(assignment: Assignment, day: date) -> bool:
    """Whether a charge takes its retail from the balance."""
    return bool(in_force(assignment, "auto_decrement_credit", day))


def active_quantity(assignment: Assignment, day: date) -> int:
    """How many are in use on a day, and count; none on paused days."""
    active = lasts(assignment, day) and not value_on(assignment.terms, "paused", day, False)
    return int(in_force(assignment, "quantity", day) or 0) if active else 0


def charged_elsewhere(assignment: Assignment, day: date) -> bool:
    """Whether the period of a day began before the assignment was taken over from another system."""
    start, taken_over = assignment.start_date, assignment.charge_from
    if taken_over is None or taken_over <= start:
        return False
    return (day if is_due(assignment, day) else period(assignment, day)[0]) < taken_over


def period(assignment: Assignment, day: date) -> tuple[date, date]:
    """The due dates around a day of a package that repeats: the last one up to it, also before the start, and the next."""
    since = day
    while not is_due(assignment, since):
        since -= ONE_DAY
    return since, next_due(assignment, day)


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


def begins(assignment: Assignment) -> date:
    """The first day that is charged here: what fell due before `charge_from` was charged elsewhere."""
    return max(assignment.start_date, assignment.charge_from or assignment.start_date)


def is_valid(assignment: Assignment, day: date) -> bool:
    """Whether the assignment lasts on a day, and is charged here; both ends count."""
    return lasts(assignment, day) and begins(assignment) <= day


def lasts(assignment: Assignment, day: date) -> bool:
    """Both ends count."""
    return assignment.start_date <= day and (assignment.end_date is None or day <= assignment.end_date)


def is_due(assignment: Assignment, day: date) -> bool:
    """Whether the schedule has this day; the validity is not looked at."""
    start, matches, every = counted_from(assignment), assignment.package.frequency_match, assignment.package.every
    match assignment.package.frequency:
        case "none":
            return day == start
        case "daily":
            return (day - start).days % every == 0
        case "weekly":
            weeks = (_monday(day) - _monday(start)).days // 7
            return weeks % every == 0 and WEEKDAYS[day.weekday()] in (matches or (WEEKDAYS[start.weekday()],))
        case "monthly" | "quarterly" | "yearly" as frequency:
            months = (day.year - start.year) * 12 + day.month - start.month
            numbers = map(int, matches or (start.day,))
            return months % (every * MONTHS_BETWEEN[frequency]) == 0 and any(_falls_on(number, day) for number in numbers)
    raise ValueError(f"no such frequency: {assignment.package.frequency}")


def counted_from(assignment: Assignment) -> date:
    """The start from which due dates are counted: its own, or that of the assignment that it goes on from."""
    return assignment.counted_from or assignment.start_date


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _falls_on(number: int, day: date) -> bool:
    """Whether `number` means this day of its month: days that the month lacks mean its last day."""
    return day.day == min(number, monthrange(day.year, day.month)[1])
