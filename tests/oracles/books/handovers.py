"""Replacement and transfer as docs/rules.md has them, and how deleting what they made undoes them."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date
from typing import Any

from tests.oracles.dated import NOTHING, ONE_DAY, Terms
from tests.oracles.dated import Entry as TermsEntry

from .customers import Refused
from .rulebook import Assignment, Package
from .runs import Runs

MOST_MOVING = 24
"""Assignments that one transfer takes."""
STAYS_WITH_ITS_PACKAGE = {"retail", "cost"}


class Handovers(Runs):
    """Assignments that go on as others. The steps are numbered: what one step made is undone together."""

    def __init__(self, today: date) -> None:
        super().__init__(today)
        self._steps = 0

    def replace(self, old: Assignment, begins: date, package_id: str, given: Mapping[str, Any], new_id: str) -> None:
        """Another assignment takes the place of `old` from a day on, with the values that are given and otherwise the old one's.

        `given` has fields of the terms, `end`, `setup_cost` and `setup_retail`.
        """
        package = self.packages[package_id]
        new = _replaced(old, begins, package, given, new_id)
        reasons = self._open_faults(begins) | self._goes_on_faults(old, begins) | self._successor_faults(new)
        if reasons:
            raise Refused(*reasons)
        self._go_on([(old, new)], begins)

    def transfer(self, did: str, customer_id: str, begins: date, new_ids: Mapping[str, str]) -> None:
        """A DID goes to another customer from a day on, with all that is assigned to it then or later.

        `new_ids` are those of the new assignments, by the id of the one that each goes on from.
        """
        moving = [one for one in self._of_did(did) if one.customer_id != customer_id and not one.cancelled and one.last_day >= begins]
        reasons = self._open_faults(begins)
        if self._stays(moving, self.customers[customer_id].currency):
            reasons.add("not_transferable")
        if reasons:
            raise Refused(*reasons)
        self._go_on([(one, _transferred(one, begins, customer_id, new_ids[one.assignment_id])) for one in moving], begins)

    def _stays(self, moving: list[Assignment], currency: str) -> bool:
        one_holder = len({one.customer_id for one in moving}) == 1 and len(moving) <= MOST_MOVING
        return not one_holder or any(one.replaced_by or one.package.currency != currency for one in moving)

    def _open_faults(self, begins: date) -> set[str]:
        return {"not_open"} if begins < self.first_open_day else set()

    def _goes_on_faults(self, old: Assignment, begins: date) -> set[str]:
        """It has to be valid on the eve and on the day itself, and to go on as nothing else."""
        reasons = {"replaced"} if old.replaced_by else set()
        if old.cancelled or begins > old.last_day:
            reasons.add("ended")
        return reasons | ({"invalid"} if begins <= old.start else set())

    def _successor_faults(self, new: Assignment) -> set[str]:
        package, customer = new.package, self.customers[new.customer_id]
        reasons = set()
        if package.deleted or package.currency != customer.currency or new.last_day < new.start:
            reasons.add("invalid")
        if package.free_minutes != (new.first.free_minutes is not None):
            reasons.add("invalid")
        if new.minimum_days and new.last_day < new.earliest_end:
            reasons.add("minimum_days")
        return reasons | ({"did_in_use"} if new.did and self._taken(new) else set())

    def _go_on(self, pairs: Iterable[tuple[Assignment, Assignment]], begins: date) -> None:
        self._steps += 1
        for old, new in pairs:
            new.step, old.replaced_by = self._steps, new.assignment_id
            if old.start >= begins:
                old.cancelled = True
            else:
                old.former_end, old.end = old.end, begins - ONE_DAY
            new.package.assigned = True
            self.customers[new.customer_id].assignments[new.assignment_id] = new

    # Undoing

    def is_fixed(self, one: Assignment) -> bool:
        """Whether another assignment is to go on from this one on a day that is still open."""
        if not one.replaced_by:
            return False
        return (one.start if one.cancelled else one.last_day + ONE_DAY) >= self.first_open_day

    def _undo(self, one: Assignment) -> bool:
        """Undo the step that made an assignment, if it can still be undone."""
        if one.before is None or one.cancelled:
            return False
        made = [other for other in self.customers[one.customer_id].assignments.values() if other.step == one.step]
        begins = min(other.start for other in made)
        if begins < self.first_open_day or (begins <= self.today and any(other.touched for other in made)):
            return False
        if any(other.replaced_by for other in made):
            raise Refused("replaced")
        before = [other.before for other in made if other.before]
        if any(self._taken(_as_before(old), without=made) for old in before if old.did):
            raise Refused("did_in_use")
        for old in before:
            vars(old).update(vars(_as_before(old)))
        for other in made:
            self._take_away(other)
        return True

    def _take_away(self, made: Assignment) -> None:
        """Charges of coming days stay with what they are charges of."""
        if made.touched:
            made.cancelled = True
        else:
            del self.customers[made.customer_id].assignments[made.assignment_id]


def _as_before(old: Assignment) -> Assignment:
    """As if nothing went on from it."""
    if old.cancelled:
        return replace(old, replaced_by=None, cancelled=False)
    return replace(old, replaced_by=None, end=old.former_end, former_end=None)


def _replaced(old: Assignment, begins: date, package: Package, given: Mapping[str, Any], new_id: str) -> Assignment:
    """What takes the place of `old`. With its own package it counts its due dates from the same day, and goes on with its minutes."""
    same = package is old.package
    behind = given.keys() & vars(Terms()).keys()
    behind |= set() if same else STAYS_WITH_ITS_PACKAGE
    behind |= set() if package.free_minutes else {"free_minutes"}
    return replace(
        _successor(old, begins, new_id),
        package=package,
        first=replace(old.first, **{name: given.get(name, getattr(Terms(), name)) for name in behind}),
        entries=_coming(old.entries, begins, behind),
        end=given.get("end", old.end),
        minimum_days=max(package.minimum_days, _days_left(old, begins)),
        setup_cost=given.get("setup_cost"),
        setup_retail=given.get("setup_retail"),
        counted_from=old.counted_from or old.start if same else None,
        charge_from=old.charge_from if same or (old.charge_from or begins) > begins else None,
        shares_minutes=same,
    )


def _transferred(old: Assignment, begins: date, customer_id: str, new_id: str) -> Assignment:
    """The same with another customer. What has begun by then goes on without a setup; what begins later moves along as it is."""
    if old.start >= begins:
        return replace(_successor(old, old.start, new_id), customer_id=customer_id)
    return replace(
        _successor(old, begins, new_id),
        customer_id=customer_id,
        entries=_coming(old.entries, begins, set()),
        minimum_days=_days_left(old, begins),
        setup_cost=NOTHING,
        setup_retail=NOTHING,
        counted_from=old.counted_from or old.start,
    )


def _successor(old: Assignment, begins: date, new_id: str) -> Assignment:
    anew: dict[str, Any] = {"touched": False, "cancelled": False, "replaced_by": None, "former_end": None, "shares_minutes": False}
    new = replace(old, assignment_id=new_id, start=begins, before=old, **anew)
    return replace(new, open_from=new.first_day)


def _coming(entries: Iterable[TermsEntry], begins: date, behind: AbstractSet[str]) -> tuple[TermsEntry, ...]:
    """The entries that still count on a day or later, without the fields that stay behind."""
    covering = [one for one in entries if one.until is None or one.until >= begins]
    kept = [replace(one, values={name: value for name, value in one.values.items() if name not in behind}) for one in covering]
    return tuple(one for one in kept if one.values)


def _days_left(old: Assignment, begins: date) -> int:
    """What is left of the minimum days."""
    return max(0, (old.earliest_end - begins).days) if old.minimum_days else 0
