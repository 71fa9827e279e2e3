"""Packages: create, read, change, delete, and their schedule."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from ..domain import assignment as assigned
from ..domain import money
from ..domain.assignment import MAX_QUANTITY, Assignment
from ..domain.errors import Conflict, Contention, Fault, Invalid, NotFound, VersionMismatch
from ..domain.package import Package, changed_fixed_fields
from ..domain.schedule import due_dates
from ..storage import accounts, assignments, packages, progress
from ..storage.db import Db
from ..storage.errors import ConditionFailed
from ..storage.keys import Key
from ..storage.retry import settle
from .act import Act

ANY_VERSION: Final = -1
"""What a caller has seen who only demands that there is one."""

Edit = Callable[[Package], Package]
LONGEST_SCHEDULE = timedelta(days=3660)


def create(db: Db, act: Act, package: Package) -> Package:
    """Write a new package. A retry of the same request finds it and answers the same."""
    new = stamped(act, package._replace(package_id=act.id))
    try:
        db.write(packages.creation(new))
    except ConditionFailed:
        return read(db, act.id)
    return new


def stamped(act: Act, package: Package) -> Package:
    """A new package with who made it, and when."""
    return package._replace(created_at=act.stamp, created_by=act.by, updated_at=act.stamp, updated_by=act.by)


def read(db: Db, package_id: str) -> Package:
    """The package. Raises `NotFound` for deleted ones too."""
    package = packages.find(db, package_id)
    if package is None or package.deleted:
        raise NotFound(f"there is no package {package_id}")
    return package


def listed(db: Db, after: Key | None, limit: int) -> tuple[list[Package], Key | None]:
    """A page of packages, oldest first."""
    return packages.listed(db, after, limit)


def change(db: Db, act: Act, package_id: str, version: int | None, edit: Edit) -> Package:
    """Apply `edit` to the package as it stands; `version` is the one the caller saw, if it said so.

    Raises `Conflict` package_in_use when it would alter what assignments in use are charged for.
    """

    def attempt() -> Package:
        old = read(db, package_id)
        demand_version(old.version, version)
        new = edit(old)
        if new == old:
            return old
        _check_edit(db, act, old, new)
        new = new._replace(version=old.version + 1, updated_at=act.stamp, updated_by=act.by)
        db.write(packages.replacement(old, new))
        return new

    return settle(attempt)


def delete(db: Db, act: Act, package_id: str, version: int | None) -> None:
    """Hide the package. Raises `Conflict` package_in_use, with how many assignments have not ended."""

    def attempt() -> None:
        old = read(db, package_id)
        demand_version(old.version, version)
        going_on = [a for a in _assignments(db, old) if not assigned.ended(a, act.today)]
        if going_on:
            raise Conflict(f"{len(going_on)} of its assignments have not ended", code="package_in_use", assignments=len(going_on))
        gone = old._replace(deleted=True, version=old.version + 1, updated_at=act.stamp, updated_by=act.by)
        db.write(packages.replacement(old, gone))

    settle(attempt)


def schedule(db: Db, package_id: str, start: date, since: date, until: date) -> tuple[date, ...]:
    """The due dates in `since..until` of an assignment that starts on `start`, whatever is charged on them."""
    package = read(db, package_id)
    demand_short(since, until)
    return due_dates(package.frequency, package.frequency_match, start, since, until)


def demand_short(since: date, until: date) -> None:
    """Raise `Invalid` for a range of due dates longer than 10 years."""
    if until - since > LONGEST_SCHEDULE:
        raise Invalid([Fault("/to", "lies more than 10 years after from")])


def demand_version(current: int, seen: int | None) -> None:
    """Raise `VersionMismatch` unless the caller saw the current version, takes any, or did not say. 0: there is none yet."""
    if seen is not None and not current:
        raise VersionMismatch("there is none yet")
    if seen not in (None, ANY_VERSION, current):
        raise VersionMismatch(f"the current version is {current}")


def amount_faults(package: Package, quantity: int, pointer: str) -> list[Fault]:
    """Unit price x quantity stays below 10^15."""
    highest = max(package.cost, package.retail, package.setup_cost, package.setup_retail)
    if money.times(highest, quantity) < money.EXTENDED_LIMIT:
        return []
    return [Fault(pointer, f"{quantity} x {money.text(highest)} is not below {money.text(money.EXTENDED_LIMIT)}")]


def _check_edit(db: Db, act: Act, old: Package, new: Package) -> None:
    fixed = changed_fixed_fields(old, new)
    if fixed:
        in_use = _in_use(db, act, old, new)
        if in_use:
            raise Conflict(
                f"{', '.join(fixed)} can't change while {len(in_use)} assignments are in use: what they were charged for would",
                code="package_in_use", fields=fixed, assignments=len(in_use),
            )  # fmt: skip
    if amount_faults(new, MAX_QUANTITY, ""):
        highest = max((a.quantity for a in _assignments(db, old)), default=1)
        faults = amount_faults(new, highest, "/retail")
        if faults:
            raise Invalid(faults)


def _in_use(db: Db, act: Act, old: Package, new: Package) -> list[Assignment]:
    """The assignments that a sweep may still plan something on, by the rules as they are or as they shall be: a closing
    line that only the new ones know must not fall due. Progress is read first: what it has passed is posted, or marked."""
    evaluated = progress.read(db).evaluated
    found = _assignments(db, old)
    owners = accounts.find_many(db, {one.customer_id for one in found})

    def settled(one: Assignment, package: Package) -> bool:
        return assigned.settled(one, owners[one.customer_id], package, today=act.today, evaluated=evaluated)

    return [one for one in found if not (settled(one, old) and settled(one, new))]


def _assignments(db: Db, package: Package) -> list[Assignment]:
    """All assignments of the package. The index may be behind; the package's own count tells."""
    found = assignments.of_package(db, package.package_id)
    if len(found) != package.assignments:
        raise Contention("the index of assignments is catching up")
    return found
