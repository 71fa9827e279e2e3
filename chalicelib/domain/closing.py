"""What becomes of the assignments of a customer who leaves (rules: Closing a customer). Writes nothing."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from .assignment import Assignment, earliest_end, has_ended
from .closing_kinds import Becomes
from .editing import replaced_refusal
from .errors import BillingError, Conflict
from .forecast import Forecast
from .package import Package

CLOSING_ASSIGNMENTS_MAX: Final = 1000
"""Assignments that one closing ends: some 250 requests of the database."""


class ClosedAssignment(NamedTuple):
    """An assignment of a customer who leaves, what it becomes, and its last day, if it has one then. `why` it is left as it is."""

    assignment: Assignment
    becomes: Becomes
    last_day: date | None = None
    why: BillingError | None = None


class Closing(NamedTuple):
    """What becomes of the assignments of a customer who leaves, their packages, and what is still due through the last of these days."""

    items: Sequence[ClosedAssignment]
    packages: Mapping[str, Package]
    planned: Forecast


def closed(one: Assignment, on: date, today: date) -> ClosedAssignment | None:
    """What closing on a day makes of an assignment; None of one that is over before today. An end that stands is never put off."""
    if has_ended(one, today):
        return None
    last = max(on, earliest_end(one))
    if one.start_date > on:
        return _kept_from_beginning(one)
    if one.end_date and one.end_date <= last:
        return ClosedAssignment(one, "ends_already", one.end_date)
    if one.replaced_by:
        return refused(one, replaced_refusal(one))
    return ClosedAssignment(one, "ended", last)


def _kept_from_beginning(one: Assignment) -> ClosedAssignment:
    if one.replaces:
        why = f"it takes the place of assignment {one.replaces} on {one.start_date}: undo that first, by deleting this one"
        return refused(one, Conflict(why, code="replaced"))
    if one.replaced_by:
        return refused(one, replaced_refusal(one))
    return ClosedAssignment(one, "cancelled" if one.charged else "removed")


def refused(one: Assignment, why: BillingError) -> ClosedAssignment:
    """An assignment that stays as it is, and why."""
    return ClosedAssignment(one, "refused", one.end_date, why)


def carried_out(one: Assignment, becomes: ClosedAssignment | None, seen: int) -> ClosedAssignment | None:
    """What an earlier attempt, or somebody else, has made of an assignment of which the version `seen` was shown; None if it has yet to
    be carried out. `becomes` is what closing makes of it as it stands."""
    if one.cancelled:
        return ClosedAssignment(one, "cancelled")
    if becomes is None or becomes.becomes == "ends_already":
        return ClosedAssignment(one, "ended" if one.version == seen + 1 else "ends_already", one.end_date)
    return None
