"""Packages: create, read, change, delete, and their schedule."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from ..domain import money
from ..domain.assignment import MAX_QUANTITY, ended
from ..domain.errors import Conflict, Contention, Fault, Invalid, NotFound, VersionMismatch
from ..domain.package import PRICES, Package, changed_fixed_fields
from ..domain.schedule import due_dates
from ..storage import assignments, packages
from ..storage.db import Db
from ..storage.errors import ConditionFailed
from ..storage.keys import Key
from ..storage.retry import settle
from .act import Act

ANY_VERSION: Final = -1
"""What a caller has seen who only demands that there is one."""

Edit = Callable[[Package], Package]
LONGEST_SCHEDULE = timedelta(days=3660)
PAGE: Final = 100
MOST_COUNTED: Final = 1000
"""Assignments that are counted exactly when some of them have not ended."""
MOST_LOOKED_AT: Final = 10_000
"""Assignments that one request looks through: what fits into its time."""
_TOO_HIGH: Final = f"must be below {money.EXTENDED_LIMIT / MAX_QUANTITY:f} once the package was assigned: a quantity may be {MAX_QUANTITY}"


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

    Raises `Conflict` package_in_use when it would alter what assignments are, or were, charged for.
    """

    def attempt() -> Package:
        old = read(db, package_id)
        demand_version(old.version, version)
        new = edit(old)
        if new == old:
            return old
        _check_edit(old, new)
        new = new._replace(version=old.version + 1, updated_at=act.stamp, updated_by=act.by)
        db.write(packages.replacement(old, new))
        return new

    return settle(attempt)


def delete(db: Db, act: Act, package_id: str, version: int | None) -> None:
    """Hide the package. Raises `Conflict` package_in_use, with how many assignments have not ended, or at least how many."""

    def attempt() -> None:
        old = read(db, package_id)
        demand_version(old.version, version)
        _demand_ended(db, act, old)
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
    if _fits(highest, quantity):
        return []
    return [Fault(pointer, f"{quantity} x {money.text(highest)} is not below {money.text(money.EXTENDED_LIMIT)}")]


def _fits(price: Decimal, quantity: int) -> bool:
    return money.times(price, quantity) < money.EXTENDED_LIMIT


def _check_edit(old: Package, new: Package) -> None:
    """Raise `Conflict` package_in_use, or `Invalid`, for what may not change once the package was assigned."""
    if not old.was_assigned:
        return
    fixed = changed_fixed_fields(old, new)
    if fixed:
        raise Conflict(
            f"{', '.join(fixed)} can't change any more, for the package was assigned; make a copy with other rules (copy_of)",
            code="package_in_use", fields=fixed, assignments=old.assignments,
        )  # fmt: skip
    changed = (name for name in PRICES if getattr(old, name) != getattr(new, name))
    faults = [Fault(f"/{name}", _TOO_HIGH) for name in changed if not _fits(getattr(new, name), MAX_QUANTITY)]
    if faults:
        raise Invalid(faults)


def _demand_ended(db: Db, act: Act, package: Package) -> None:
    """Raise `Conflict` package_in_use when an assignment has not ended, or when there are more than can be looked through.

    The newest are looked at first, for those have rarely ended. The index may be behind; the package's own count tells.
    """
    going_on = seen = 0
    after: Key | None = None
    while seen < (MOST_COUNTED if going_on else MOST_LOOKED_AT):
        found, after = assignments.listed_of_package(db, package.package_id, after, PAGE, newest_first=True)
        seen += len(found)
        going_on += sum(not ended(one, act.today) for one in found)
        if after is None:
            break
    if after is None and seen != package.assignments:
        raise Contention("the index of assignments is catching up")
    if going_on:
        number = f"at least {going_on}" if after else f"{going_on}"
        raise Conflict(f"{number} of its assignments have not ended", code="package_in_use", assignments=going_on)
    if after:
        detail = f"the newest {seen} of its assignments have ended, but there are more than one request can look through"
        raise Conflict(detail, code="package_in_use", assignments=going_on)
