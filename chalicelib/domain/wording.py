"""Sentences for people who read bills: why a line was charged, and why there is none."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from . import money
from .assignment import Assignment, first_day
from .charging import Line, next_charge
from .package import Package
from .pricing import Due
from .report import HeldBefore
from .schedule import DAY, Period, Schedule, days_in_month
from .terms import paused_until, terms_on

_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def explanation(line: Line) -> str:
    """One sentence that says why this charge exists and how its amount came about."""
    return f"{_occasion(line)}: {_arithmetic(line)}."


def rule(schedule: Schedule) -> str:
    """The schedule in words: `monthly on 15 and 31`."""
    frequency, match, every, start = schedule
    if frequency == "none":
        return f"once, on the start date {start}"
    if frequency == "daily":
        return f"every {every} days from {start}" if every > 1 else "every day"
    if frequency == "weekly":
        how_often = f"every {every} weeks" if every > 1 else "weekly"
        return f"{how_often} on {_enumerated([_DAY_NAMES[n] for n in match or (start.weekday(),)])}"
    if frequency == "monthly":
        how_often = f"every {every} months" if every > 1 else "monthly"
        return f"{how_often} on {_enumerated([f'{day}' for day in match or (start.day,)])}"
    months = "every 3 months" if frequency == "quarterly" else "every year"
    return f"{months} from {start}"


def clamped(schedule: Schedule, due: date) -> list[int]:
    """The days of the rule that `due`'s month lacks and that `due` therefore stands for."""
    if schedule.frequency not in ("monthly", "quarterly", "yearly") or due.day != days_in_month(due.year, due.month):
        return []
    return [day for day in schedule.match or (schedule.start.day,) if day > due.day]


def clamping(schedule: Schedule, due: date) -> str | None:
    """Why `due` is not a day of the rule: `February has no 31, so the 28th`; None when it is one."""
    missing = clamped(schedule, due)
    if not missing:
        return None
    return f"{_MONTH_NAMES[due.month - 1]} has no {_enumerated([f'{day}' for day in missing], 'or')}, so the {ordinal(due.day)}"


def _occasion(line: Line) -> str:
    name = f'"{line.package_name}"'
    if line.kind == "setup":
        return f"Setup of {name}, once, on the start date {line.start_date}"
    if line.is_one_off:
        return f"{name} on {line.due_date}"
    if line.kind == "proration" and line.period:
        return _rest_of_period(name, line.period)
    text = f"{name}, {rule(line.schedule)}"
    if line.period and line.period.until < line.period.whole_until:
        return f"Minimum spend of {text}; ended on {line.due_date - DAY}, so the last period is settled on the day after"
    moved = clamping(line.schedule, line.due_date)
    text += f"; {moved}" if moved else ""
    return f"Minimum spend of {text}" if line.kind == "minimum_spend" else text


def _rest_of_period(name: str, period: Period) -> str:
    """What a part of a period is for: `"Hosted phone" from 3 May through 14 May, 12 of 30 days`."""
    last = period.until - DAY
    year = "" if last.year == period.since.year else f" {last.year}"
    first = f"{_day_of_month(period.since)} {period.since.year}" if year else _day_of_month(period.since)
    return f"{name} from {first} through {_day_of_month(last)}{year}, {period.days} of {period.whole_days} days"


def _day_of_month(day: date) -> str:
    return f"{day.day} {_MONTH_NAMES[day.month - 1]}"


def _arithmetic(line: Line) -> str:
    currency, period = line.currency, line.period
    retail = money.shown(line.retail, currency)
    if line.kind == "proration" and period:
        return f"{_units(line, f' x {period.days}/{period.whole_days}')} = {_amount_words(line)}"
    if period is None:
        return f"{_units(line)} = {_amount_words(line)}"
    spent = money.shown(line.spend or money.ZERO, currency)
    days = f"from {period.since} through {period.until - DAY}"
    return f"minimum {_minimum_words(line, period)}, spent {spent} {days}, to pay {retail} {currency}"


def _amount_words(line: Line) -> str:
    """The amount of a line; of a negative one also how much of it is taken back, where less is left or other entries take the rest, and
    of one that was charged anew what negative lines of its period take off."""
    nominal, currency = line.nominal_retail, line.currency
    text = f"{money.shown(nominal, currency)} {currency}"
    if nominal == line.retail:
        return text
    if line.takes_back:
        return f"{text}, of which this line takes back {money.shown(money.minus(money.ZERO, line.retail), currency)}"
    taken = money.shown(money.minus(nominal, line.retail), currency)
    return f"{text}, less {taken} given back for later days: {money.shown(line.retail, currency)} {currency}"


def _units(line: Line, part: str = "") -> str:
    """`4 x 9.99 (own price instead of 12.50) less 20 %`."""
    return f"{line.quantity} x {_unit_words(line)}{part}{_discount_words(line)}"


def _unit_words(line: Line) -> str:
    unit, own = money.shown(line.unit_retail, line.currency), line.package_retail
    return unit if own is None else f"{unit} (own price instead of {money.shown(own, line.currency)})"


def _discount_words(line: Line) -> str:
    return f" less {line.discount.normalize():f} %" if line.discount else ""


def _minimum_words(line: Line, period: Period) -> str:
    """How the minimum of a period comes about: units x price, in proportion to the days of a period that is cut short; where the
    quantity changes within the period, the quantities of its days are added up."""
    unit_days = line.unit_days or line.quantity * period.days
    if unit_days == line.quantity * period.days:
        return _units(line, f" x {period.days}/{period.whole_days} days" if period.days < period.whole_days else "")
    return f"{_unit_words(line)} x {unit_days}/{period.whole_days} (quantities of its days added up){_discount_words(line)}"


def not_due_reason(assignment: Assignment, package: Package, day: date) -> str:
    """Why an assignment has no line on `day`."""
    start, end = assignment.start_date, assignment.end_date
    if assignment.cancelled:
        return "cancelled before it began"
    if day < start:
        return f"starts on {start}"
    if end is not None and day > end:
        return f"ended on {end}"
    if terms_on(assignment, day).paused:
        until = paused_until(assignment, day)
        return f"paused until {until}" if until else "paused"
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


def nothing_to_charge(package: Package, due: Iterable[Due]) -> str:
    """Why an assignment of which this is due makes no line."""
    if package.minimum_spend:
        return "due, but nothing is left to pay"
    return "due, but nothing is left to take back" if any(one.kind == "proration" for one in due) else "due, but cost and retail are zero"


def spent_so_far(spent: Decimal, minimum: Decimal, currency: str, since: date) -> str:
    """How a running minimum-spend period stands."""
    missing = f"{money.shown(money.minus(minimum, spent), currency)} missing" if spent < minimum else "the minimum is reached"
    return f"spent {money.shown(spent, currency)} of {money.shown(minimum, currency)} {currency} since {since}, {missing}"


def held_before_explanation(value: HeldBefore, currency: str, balance: Decimal, *, simulated: bool) -> str | None:
    """What held charges of earlier dates mean for this report; None when there are none."""
    if not value.charges:
        return None
    one = value.charges == 1
    found = f"{'1 held charge of an earlier date waits' if one else f'{value.charges} held charges of earlier dates wait'}"
    them, text = "it" if one else "them", f"{found}, {money.shown(value.retail, currency)} {currency}" + ("" if one else " in all")
    if not simulated:
        return f"{text}. This run did not try {them}; the next daily evaluation does, before its own charges."
    left = money.shown(money.minus(balance, value.credit_debited), currency)
    debit = money.shown(value.credit_debited, currency)
    return (
        f"{text}. A Run Package does not try {them}; the next daily evaluation does, before its own charges: it would take {debit} "
        f"{currency} for {them}, and what is due on this date would be tried at a balance of {left} {currency}."
    )


def ordinal(day: int) -> str:
    """28 -> 28th."""
    suffix = "th" if 10 < day % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def _enumerated(words: Sequence[str], joiner: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joiner} {words[-1]}"
