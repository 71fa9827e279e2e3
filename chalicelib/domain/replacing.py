"""One assignment goes on from another: with another package or other terms, or with another customer (rules: Replacement and transfer).

The old one ends on the eve of the day on which the new one begins. Nothing here knows what was charged: both sides are
assignments like others, and what their lines come to is what an end and a beginning on these days come to.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from . import charging, money
from .amending import FIRST_VALUES
from .assignment import Assignment, TermsEntry, counted_from, earliest_end, first_day
from .charging import Line
from .minutes import bucket_key
from .package import Package
from .schedule import DAY

_OWN_PRICES: Final = frozenset(("retail", "cost"))
_ANEW: Final[dict[str, Any]] = {
    "charged": False, "marks": 0, "version": 1, "superseded_terms": (),
    "replaced_by": None, "replaced_end": None, "transferred_from": None, "transferred_to": None, "drawn_from": None,
}  # fmt: skip
"""What a new assignment has in place of what the one before it has."""


class Handover(NamedTuple):
    """The old assignment as it was and as it becomes, and the new one."""

    before: Assignment
    old: Assignment
    new: Assignment


class PricedHandover(NamedTuple):
    """A handover with the packages of both sides, and the lines that each gets around that day."""

    handover: Handover
    old_package: Package
    new_package: Package
    old_lines: Sequence[Line] = ()
    new_lines: Sequence[Line] = ()


def plan_replacement(old: Assignment, begins: date, package: Package, given: Mapping[str, Any], new_id: str) -> Handover:
    """`package` instead of the old one's from `begins` on, with the values `given`; what is left out is as it was.

    A field that is given is so from `begins` on: entries that name it stay behind.
    """
    same = package.package_id == old.package_id
    left = set(given) | (set() if same else _OWN_PRICES) | (set() if package.type == "free_minutes" else {"free_minutes"})
    first: dict[str, Any] = {name: given.get(name) for name in FIRST_VALUES if name in left}
    drawn_from = bucket_key(old, package, begins - DAY) if same and package.type == "free_minutes" else None
    new = _successor(old, begins, new_id)._replace(
        **first,
        package_id=package.package_id,
        package_version=package.version,
        end_date=given.get("end_date", old.end_date),
        minimum_days=_remaining_days(old, begins, package.minimum_days or given.get("minimum_days") or 0),
        setup_cost=given.get("setup_cost"),
        setup_retail=given.get("setup_retail"),
        terms=_carried(old.terms, drawn_from.begins if drawn_from else begins, left),
        counted_from=counted_from(old) if same else None,
        charge_from=old.charge_from if same or (old.charge_from and old.charge_from > begins) else None,
        drawn_from=drawn_from,
    )
    return Handover(old, _ended(old, begins, new_id), new)


def plan_transfer(old: Assignment, begins: date, customer_id: str, new_id: str) -> Handover:
    """The same with another customer from `begins` on. One that starts then or later moves along as it is; one that has begun goes on
    without setup, its minutes begin anew."""
    if old.start_date >= begins:
        new = _successor(old, old.start_date, new_id)
        gone = old._replace(cancelled=True, replaced_by=new_id, transferred_to=customer_id)
    else:
        new = _successor(old, begins, new_id)._replace(
            minimum_days=_remaining_days(old, begins, 0),
            setup_cost=money.ZERO,
            setup_retail=money.ZERO,
            terms=_carried(old.terms, begins, set()),
            counted_from=counted_from(old),
        )
        gone = _ended(old, begins, new_id)._replace(transferred_to=customer_id)
    return Handover(old, gone, new._replace(customer_id=customer_id, transferred_from=old.customer_id))


def undo_handover(old: Assignment) -> Assignment:
    """The old one as if nothing had come after it."""
    back = old._replace(replaced_by=None, replaced_end=None, transferred_to=None)
    return back._replace(cancelled=False) if old.cancelled else back._replace(end_date=old.replaced_end)


def _successor(old: Assignment, begins: date, new_id: str) -> Assignment:
    new = old._replace(assignment_id=new_id, start_date=begins, replaces=old.assignment_id, **_ANEW)
    return new._replace(evaluate_from=first_day(new))


def _ended(old: Assignment, begins: date, new_id: str) -> Assignment:
    return old._replace(end_date=begins - DAY, replaced_end=old.end_date, replaced_by=new_id)


def _carried(terms: tuple[TermsEntry, ...], since: date, left: set[str]) -> tuple[TermsEntry, ...]:
    """The entries of `since` and later, without the fields that are left behind."""
    covering = [one for one in terms if one.until is None or one.until >= since]
    kept = (one._replace(values={name: value for name, value in one.values.items() if name not in left}) for one in covering)
    return tuple(one for one in kept if one.values)


def _remaining_days(old: Assignment, begins: date, own: int) -> int:
    """Minimum days from `begins` on: the new one's own, or what is left of the old one's where that is more."""
    return max(own, (earliest_end(old) - begins).days if old.minimum_days else 0)


def shown_days(handover: Handover, old_package: Package, new_package: Package) -> tuple[date, date]:
    """From the period that the change falls into through the next due dates of both sides: the days whose lines tell what it does."""
    eve = handover.new.start_date - DAY
    period = charging.schedule_of(handover.before, old_package).period(eve) if handover.before.start_date <= eve else None
    sides = ((handover.old, old_package, eve), (handover.new, new_package, eve + DAY))
    due = [found.due_date for one, package, after in sides if (found := charging.next_charge(one, package, after))]
    return (period.since if period else eve + DAY), max([eve + DAY, *due])
