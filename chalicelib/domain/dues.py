"""What falls due of an assignment on a range of days (rules: What a due date charges). `charging` prices it."""

from collections.abc import Iterator, Sequence
from datetime import date

from .assignment import Assignment, counted_from, first_day, last_due_day
from .package import Package
from .pricing import Due
from .schedule import DAY, Period, Schedule, due_dates
from .terms import active_quantity, change_days, first_active_day


def schedule_of(assignment: Assignment, package: Package) -> Schedule:
    """When the assignment is charged."""
    return package.schedule(counted_from(assignment))


def dues(assignment: Assignment, package: Package, first: date, last: date) -> list[Due]:
    """What falls due in `first..last`, both included, in date order, setup first.

    A sweep asks it of every assignment, and most of them have neither an end nor a `charge_from`: nothing is called for these.
    """
    start, end = assignment.start_date, assignment.end_date
    if assignment.cancelled or (end is not None and first > last_due_day(assignment, package)):
        return []
    charged_from = start if assignment.charge_from is None else first_day(assignment)
    first = charged_from if first < charged_from else first  # noqa: FURB136 - as in due_dates
    valid = last if end is None else min(last, end)
    found = [Due("setup", start)] if first <= start <= valid else []
    if package.minimum_spend:
        return found + list(_settlements(assignment, package, first, last))
    days = due_dates(package.frequency, package.frequency_match, package.every, assignment.counted_from or start, first, valid)
    if days:
        active = _active(assignment, days) if assignment.terms else days
        found += [tuple.__new__(Due, ("recurring", day, None)) for day in active]  # a forecast makes millions
    if package.proration == "daily":
        found = sorted([*found, *_proration_dues(assignment, package, first, last)], key=lambda due: due.due_date)
    return found


def _active(assignment: Assignment, days: Sequence[date]) -> Iterator[date]:
    """Those of some days, oldest first, on which something is active: looked at once for days between which nothing changes."""
    changes = iter((*change_days(assignment, days[0] + DAY, days[-1]), date.max))
    until, active = date.min, 0
    for day in days:
        if day >= until:
            until, active = next(one for one in changes if one > day or one == date.max), active_quantity(assignment, day)
        if active:
            yield day


def _proration_dues(assignment: Assignment, package: Package, first: date, last: date) -> Iterator[Due]:
    """The days between two dates of the rule from which another quantity is active. A period that began before `charge_from` was
    charged in the other system."""
    schedule, counted = schedule_of(assignment, package), counted_from(assignment)
    taken_over = max(assignment.charge_from or counted, counted)
    for day in change_days(assignment, first, last):
        if active_quantity(assignment, day) == active_quantity(assignment, day - DAY):
            continue
        period = schedule.period(day)
        if period and period.since < day and (taken_over == counted or taken_over <= period.since):
            yield Due("proration", day, period.part(day, period.until))


def _settlements(assignment: Assignment, package: Package, first: date, last: date) -> Iterator[Due]:
    """The minimum-spend periods that end in the range, as far as something was active in them. Days before `charge_from` were not."""
    closing = assignment.end_date + DAY if assignment.end_date else date.max
    ends = schedule_of(assignment, package).dates(first, min(last, assignment.end_date or last))
    for day in (*ends, closing) if first <= closing <= last else ends:
        period = _minimum_spend_period(assignment, package, day - DAY)
        if period and first_active_day(assignment, period.since, period.until):
            yield Due("minimum_spend", day, period)


def _minimum_spend_period(assignment: Assignment, package: Package, day: date) -> Period | None:
    """The minimum-spend period in which `day` is settled; None when it is not, or not here."""
    if not first_day(assignment) <= day <= (assignment.end_date or day):
        return None
    whole = schedule_of(assignment, package).period(day)
    closing = assignment.end_date + DAY if assignment.end_date else date.max
    return whole and whole.part(max(whole.since, first_day(assignment)), min(closing, whole.until))


def running_period(assignment: Assignment, package: Package, day: date) -> Period | None:
    """The minimum-spend period that `day` lies in, as it will be settled; None when there is none, or not here."""
    return _minimum_spend_period(assignment, package, day) if package.minimum_spend and not assignment.cancelled else None
