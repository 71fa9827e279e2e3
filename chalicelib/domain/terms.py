"""What holds on a day of an assignment: quantity, own prices, discount, pause, debit and minutes (rules: What a due date charges).

The fields of the assignment itself are its first values. They hold on a day where no entry does.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from .assignment import Assignment, TermsEntry, valid_on
from .package import Package
from .schedule import DAY

__all__: Final = (
    "Terms",
    "TermsEntry",
    "active_quantity",
    "change_days",
    "features_on",
    "first_active_day",
    "paused_until",
    "same_terms",
    "terms_on",
    "unit_days",
)


class Terms(NamedTuple):
    """What is in force on a day. `retail` and `cost` are own unit prices, None: the package's; `discount` is in percent."""

    quantity: int
    retail: Decimal | None
    cost: Decimal | None
    discount: Decimal
    paused: bool
    auto_decrement_credit: bool
    free_minutes: int | None


def terms_on(assignment: Assignment, day: date) -> Terms:
    """Each field as the latest entry has it that covers the day and names it."""
    one = assignment
    terms = Terms(one.quantity, one.retail, one.cost, one.discount, False, one.auto_decrement_credit, one.free_minutes)
    covering = [entry for entry in one.terms if entry.begins <= day and (entry.until is None or day <= entry.until)]
    if len(covering) > 1:
        covering.sort(key=lambda each: each.begins)
    for entry in covering:
        terms = terms._replace(**entry.values)
    return terms


def same_terms(one: Assignment, other: Assignment, first: date, last: date) -> bool:
    """Whether two states of an assignment have the same terms on each of the days `first..last`."""
    days = (first + n * DAY for n in range((last - first).days + 1))
    return all(terms_on(one, day) == terms_on(other, day) for day in days)


def active_quantity(assignment: Assignment, day: date) -> int:
    """The quantity in force; 0 outside the assignment and on paused days."""
    if not valid_on(assignment, day):
        return 0
    if not assignment.terms:
        return assignment.quantity
    terms = terms_on(assignment, day)
    return 0 if terms.paused else terms.quantity


def features_on(found: Iterable[Assignment], packages: Mapping[str, Package], day: date) -> dict[str, list[str]]:
    """The packages of ConnexCS that assignments enable on a day, by name, each with the assignments that do."""
    enabled: dict[str, list[str]] = {}
    for one in found:
        package = packages.get(one.package_id)
        if package and package.connexcs_package and active_quantity(one, day):
            enabled.setdefault(package.connexcs_package, []).append(one.assignment_id)
    return dict(sorted(enabled.items()))


def change_days(assignment: Assignment, first: date, last: date) -> list[date]:
    """The days in `first..last` on which the terms, or the active quantity, may differ from the day before; oldest first."""
    ends = [assignment.end_date, *(entry.until for entry in assignment.terms)]
    days = {assignment.start_date, *(entry.begins for entry in assignment.terms)}
    days |= {end + DAY for end in ends if end and end < date.max}
    return sorted(day for day in days if first <= day <= last)


def unit_days(assignment: Assignment, since: date, until: date) -> int:
    """The sum of the active quantities of the days `since <= day < until`."""
    return sum(quantity * (end - begin).days for begin, end, quantity in _stretches(assignment, since, until))


def first_active_day(assignment: Assignment, since: date, until: date) -> date | None:
    """The first day in `since <= day < until` that has an active quantity."""
    return next((begin for begin, _, quantity in _stretches(assignment, since, until) if quantity), None)


def _stretches(assignment: Assignment, since: date, until: date) -> Iterator[tuple[date, date, int]]:
    """Days from one to another, the latter left out, on which the active quantity stays the same."""
    for begin, end in pairwise((since, *change_days(assignment, since + DAY, until - DAY), until)):
        yield begin, end, active_quantity(assignment, begin)


def paused_until(assignment: Assignment, day: date) -> date | None:
    """The last day of the pause that `day` lies in; None when it has no end, or goes on until the assignment ends."""
    changes = change_days(assignment, day + DAY, date.max)
    return next((change - DAY for change in changes if active_quantity(assignment, change)), None)
