"""Packages: create, read, change, delete, and their schedule."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from ..domain import money
from ..domain.assignment import QUANTITY_MAX, has_ended
from ..domain.errors import Conflict, Contention, Fault, Invalid, NotFound, VersionMismatch
from ..domain.history import ChangeType, package_change
from ..domain.package import PRICE_FIELDS, Package, changed_fixed_fields
from ..domain.price_lists import with_prices
from ..domain.prices import in_force
from ..storage import assignments, finding, packages, progress
from ..storage.db import Action, Db
from ..storage.errors import Cancelled
from ..storage.keys import Key
from ..storage.retry import retry_on_contention
from . import backlog
from .history import record_change
from .request_context import RequestContext

ANY_VERSION: Final = -1
"""What a caller has seen who only demands that there is one."""

PackageEdit = Callable[[Package], Package]
SCHEDULE_RANGE_MAX = timedelta(days=3660)
INSPECTED_AT_ONCE: Final = 100
COUNTED_ASSIGNMENTS_MAX: Final = 1000
"""Assignments that are counted exactly when some of them have not ended."""
INSPECTED_ASSIGNMENTS_MAX: Final = 10_000
"""Assignments that one request looks through: what fits into its time."""
_TOO_HIGH: Final = f"must be below {money.AMOUNT_MAX / QUANTITY_MAX:f} once the package was assigned: a quantity may be {QUANTITY_MAX}"


class ChangedPackage(NamedTuple):
    """A package as it was written, and the day from which its prices changed, if there is one."""

    package: Package
    effective_from: date | None


def create_package(db: Db, context: RequestContext, package: Package) -> Package:
    """Write a new package. A retry of the same request finds it and answers the same."""
    new = new_package(context, package._replace(package_id=context.id))

    def attempt() -> Package:
        try:
            db.transact(creation_of_package(context, new))
        except Cancelled as cancelled:
            if cancelled.failed(0):
                return read_package(db, context.id)
            raise
        return new

    return retry_on_contention(attempt)


def new_package(context: RequestContext, package: Package) -> Package:
    """A new package with who made it, and when."""
    return package._replace(created_at=context.timestamp, created_by=context.by, updated_at=context.timestamp, updated_by=context.by)


def read_package(db: Db, package_id: str) -> Package:
    """The package. Raises `NotFound` for deleted ones too."""
    package = packages.find_package(db, package_id)
    if package is None or package.deleted:
        raise NotFound(f"there is no package {package_id}")
    return package


def change_package(
    db: Db, context: RequestContext, package_id: str, version: int | None, edit: PackageEdit, named: Collection[str] = ()
) -> ChangedPackage:
    """Apply `edit` to the package as it is shown, with the prices of the first open day; `version` is the one the caller saw, if it
    said so. Prices that it changes, and those `named`, hold from that day on.

    Raises `Conflict` package_in_use when it would alter what assignments are, or were, charged for.
    """

    def attempt() -> ChangedPackage:
        old = read_package(db, package_id)
        demand_version(old.version, version)
        day = backlog.find_first_open_day(db, context.today)
        new = edited_package(old, edit, day, context.timestamp, named)
        written = old if new == old else write_change(db, context, old, new, while_open(old, new, day))
        return ChangedPackage(written, prices_changed_from(old, new, day))

    return retry_on_contention(attempt)


def edited_package(old: Package, edit: PackageEdit, day: date, at: str, named: Collection[str] = ()) -> Package:
    """The package with `edit` applied to what is shown of it, `day` being the first open one. Raises `Conflict` package_in_use,
    `Invalid`."""
    shown = in_force(old, day)
    new = edit(shown)
    prices = {name: getattr(new, name) for name in PRICE_FIELDS if name in named or getattr(new, name) != getattr(shown, name)}
    new = new._replace(**{name: getattr(old, name) for name in PRICE_FIELDS}, price_lists=old.price_lists)
    _check_edit(old, new)
    demand_fitting(old, prices)
    return with_prices(new, prices, day, at)


def prices_changed_from(old: Package, new: Package, day: date) -> date | None:
    """The first open day, if an edit changes dated prices, which it does from that day on."""
    return day if old.was_assigned and new.price_lists != old.price_lists else None


def while_open(old: Package, new: Package, day: date) -> list[Action]:
    """The condition on which price lists may change from `day` on: its evaluation has not begun."""
    return [] if new.price_lists == old.price_lists else [progress.not_begun(day)]


def write_change(
    db: Db, context: RequestContext, old: Package, new: Package, also: Sequence[Action] = (), done: ChangeType = "package.changed"
) -> Package:
    """Write a changed package, in one transaction with what was done and what else there is to write or to demand. Raises `Contention`."""
    new = next_version(context, old, new)
    db.transact([*change_actions(context, old, new, done), *also])
    return new


def next_version(context: RequestContext, old: Package, new: Package) -> Package:
    """The changed package with who changed it, and when."""
    return new._replace(**context.written(old.version + 1))


def change_actions(context: RequestContext, old: Package, new: Package, done: ChangeType = "package.changed") -> list[Action]:
    """Write a changed package, what it is found by, and what was done to it."""
    found_by = finding.rewritten(finding.package_items(old), finding.package_items(new))
    return [packages.update_package(old, new), *found_by, record_change(context, package_change(done, new, old))]


def creation_of_package(context: RequestContext, new: Package) -> list[Action]:
    """Write a new package, what it is found by, and that it was made."""
    found_by = finding.rewritten((), finding.package_items(new))
    return [packages.create_package(new), *found_by, record_change(context, package_change("package.created", new))]


def delete_package(db: Db, context: RequestContext, package_id: str, version: int | None) -> None:
    """Hide the package. Raises `Conflict` package_in_use, with how many assignments have not ended, or at least how many."""

    def attempt() -> None:
        old = read_package(db, package_id)
        demand_version(old.version, version)
        _demand_ended(db, context, old)
        write_change(db, context, old, old._replace(deleted=True), done="package.deleted")

    retry_on_contention(attempt)


def schedule(db: Db, package_id: str, start: date, first: date, last: date) -> tuple[date, ...]:
    """The due dates in `first..last` of an assignment that starts on `start`, whatever is charged on them."""
    package = read_package(db, package_id)
    demand_short(first, last)
    return package.schedule(start).dates(first, last)


def demand_short(first: date, last: date) -> None:
    """Raise `Invalid` for a range of due dates longer than 10 years."""
    if last - first > SCHEDULE_RANGE_MAX:
        raise Invalid([Fault("/to", "is more than 10 years after from")])


def demand_version(current: int, seen: int | None) -> None:
    """Raise `VersionMismatch` unless the caller saw the current version, takes any, or did not say. 0: there is none yet."""
    if seen is not None and not current:
        raise VersionMismatch("there is none yet")
    if seen not in (None, ANY_VERSION, current):
        raise VersionMismatch(f"the current version is {current}")


def _below_maximum(price: Decimal, quantity: int) -> bool:
    return money.times(price, quantity) < money.AMOUNT_MAX


def _check_edit(old: Package, new: Package) -> None:
    """Raise `Conflict` package_in_use for what may not change once the package was assigned."""
    fixed = changed_fixed_fields(old, new) if old.was_assigned else []
    if fixed:
        raise Conflict(
            f"{', '.join(fixed)} can't change any more because the package was assigned; make a copy with other rules (copy_of)",
            code="package_in_use", fields=fixed, assignments=old.assignments,
        )  # fmt: skip


def demand_fitting(package: Package, prices: Mapping[str, Decimal]) -> None:
    """Raise `Invalid` for prices that some quantity would make too large, once the package was assigned."""
    if not package.was_assigned:
        return
    faults = [Fault(f"/{name}", _TOO_HIGH) for name, price in prices.items() if not _below_maximum(price, QUANTITY_MAX)]
    if faults:
        raise Invalid(faults)


def _demand_ended(db: Db, context: RequestContext, package: Package) -> None:
    """Raise `Conflict` package_in_use when an assignment has not ended, or when there are more than can be looked through.

    The newest are looked at first, for those have rarely ended. The index may be behind; the package's own count tells.
    """
    going_on = seen = 0
    after: Key | None = None
    while seen < (COUNTED_ASSIGNMENTS_MAX if going_on else INSPECTED_ASSIGNMENTS_MAX):
        found, after = assignments.list_of_package(db, package.package_id, after, INSPECTED_AT_ONCE, newest_first=True)
        seen += len(found)
        going_on += sum(not has_ended(one, context.today) for one in found)
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
