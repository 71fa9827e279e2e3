"""Sentences for people who read bills: why a line was charged, and why there is none."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from . import money
from .assignment import Assignment, first_day
from .charging import Line, next_charge
from .package import Package
from .run import HeldBefore
from .schedule import DAY, Frequency, Match, last_day

_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def explanation(charge: Line) -> str:
    """One sentence that says why this charge exists and how its amount came about."""
    return f"{_occasion(charge)}: {_arithmetic(charge)}."


def rule(frequency: Frequency, match: Match, start: date) -> str:
    """The schedule in words: `monthly on 15 and 31`."""
    if frequency == "none":
        return f"once, on the start date {start}"
    if frequency == "daily":
        return "every day"
    if frequency == "weekly":
        return f"weekly on {_listed([_DAY_NAMES[n] for n in match or (start.weekday(),)])}"
    if frequency == "monthly":
        return f"monthly on {_listed([f'{day}' for day in match or (start.day,)])}"
    months = "every 3 months" if frequency == "quarterly" else "every year"
    return f"{months} from {start}"


def clamped(frequency: Frequency, match: Match, start: date, due: date) -> list[int]:
    """The days of the rule that `due`'s month lacks and that `due` therefore stands for."""
    if frequency not in ("monthly", "quarterly", "yearly") or due.day != last_day(due.year, due.month):
        return []
    return [day for day in match or (start.day,) if day > due.day]


def clamping(frequency: Frequency, match: Match, start: date, due: date) -> str | None:
    """Why `due` is not a day of the rule: `February has no 31, so the 28th`; None when it is one."""
    missing = clamped(frequency, match, start, due)
    if not missing:
        return None
    return f"{_MONTH_NAMES[due.month - 1]} has no {_listed([f'{day}' for day in missing], 'or')}, so the {ordinal(due.day)}"


def _occasion(charge: Line) -> str:
    name = f'"{charge.package_name}"'
    if charge.kind == "setup":
        return f"Setup of {name}, once, on the start date {charge.start_date}"
    told = f"{name}, {rule(charge.frequency, charge.frequency_match, charge.start_date)}"
    if charge.period and charge.period.until < charge.period.whole_until:
        return f"Minimum spend of {told}; ended on {charge.due_date - DAY}, so the last period is settled on the day after"
    moved = clamping(charge.frequency, charge.frequency_match, charge.start_date, charge.due_date)
    told += f"; {moved}" if moved else ""
    return f"Minimum spend of {told}" if charge.kind == "minimum_spend" else told


def _arithmetic(charge: Line) -> str:
    currency = charge.currency
    unit, retail = money.shown(charge.unit_retail, currency), money.shown(charge.retail, currency)
    if charge.period is None:
        return f"{charge.quantity} x {unit} = {retail} {currency}"
    period = charge.period
    cut = f" x {period.days}/{period.whole_days} days" if period.until < period.whole_until else ""
    spent = money.shown(charge.spend or money.ZERO, currency)
    return (
        f"minimum {charge.quantity} x {unit}{cut}, spent {spent} from {period.since} through {period.until - DAY}, "
        f"to pay {retail} {currency}"
    )


def not_due(assignment: Assignment, package: Package, day: date) -> str:
    """Why an assignment has no line on `day`."""
    start, end = assignment.start_date, assignment.end_date
    if assignment.cancelled:
        return "cancelled before it began"
    if day < start:
        return f"starts on {start}"
    if end is not None and day > end:
        return f"ended on {end}"
    return _one_off(assignment) if package.frequency == "none" else _later(assignment, package, day)


def _one_off(assignment: Assignment) -> str:
    start = assignment.start_date
    return f"charged once, on {start}" if start >= first_day(assignment) else f"charged elsewhere, once, on {start}"


def _later(assignment: Assignment, package: Package, day: date) -> str:
    first, end = first_day(assignment), assignment.end_date
    if day < first and end is not None and end < first:
        return f"charged elsewhere until it ends, on {end}"
    if day < first:
        return f"charged elsewhere until {first - DAY}, here from {first}"
    upcoming = next_charge(assignment, package, day)
    if upcoming is None:
        return f"nothing more due, ends on {end}"
    closing = end is not None and upcoming.due_date > end
    return f"next due {upcoming.due_date}" + (", the day after it ends" if closing else "")


def nothing_to_charge(package: Package) -> str:
    """Why an assignment that is due makes no line."""
    return f"due, but {'nothing is left to pay' if package.minimum_spend else 'cost and retail are zero'}"


def spent_so_far(spent: Decimal, least: Decimal, currency: str, since: date) -> str:
    """How a running minimum-spend period stands."""
    missing = f"{money.shown(money.minus(least, spent), currency)} missing" if spent < least else "the minimum is reached"
    return f"spent {money.shown(spent, currency)} of {money.shown(least, currency)} {currency} since {since}, {missing}"


def held_before(value: HeldBefore, currency: str, balance: Decimal, *, simulated: bool) -> str | None:
    """What held charges of earlier dates mean for this report; None when there are none."""
    if not value.charges:
        return None
    one = value.charges == 1
    found = f"{'1 held charge of an earlier date waits' if one else f'{value.charges} held charges of earlier dates wait'}"
    them, told = "it" if one else "them", f"{found}, {money.shown(value.retail, currency)} {currency}" + ("" if one else " in all")
    if not simulated:
        return f"{told}. This run did not try {them}; the next daily evaluation does, before its own charges."
    left = money.shown(money.minus(balance, value.credit_debited), currency)
    debit = money.shown(value.credit_debited, currency)
    return (
        f"{told}. A Run Package does not try {them}; the next daily evaluation does, before its own charges: it would take {debit} "
        f"{currency} for {them}, and what is due on this date would be tried at a balance of {left} {currency}."
    )


def ordinal(day: int) -> str:
    """28 -> 28th."""
    suffix = "th" if 10 < day % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def _listed(words: Sequence[str], joiner: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joiner} {words[-1]}"
