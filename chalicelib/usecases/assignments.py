"""Assignments: give a package to a customer or a DID, change it, end it; and post what was due before."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from typing import NamedTuple

from ..domain import assignment as rules
from ..domain.account import Account
from ..domain.assignment import Assignment, earliest_end, ended, first_day
from ..domain.errors import Conflict, Contention, Fault, Invalid, NotFound
from ..domain.package import Package
from ..domain.schedule import DAY
from ..storage import accounts, assignments, packages, progress
from ..storage.db import Action, Db
from ..storage.keys import Key
from ..storage.retry import settle
from . import backlog, customers, dids, planning
from .act import Act
from .backlog import Owed
from .packages import amount_faults, demand_version
from .packages import read as read_package
from .usage import Minutes, of_assignments


class Detail(NamedTuple):
    """An assignment with its package, and its bucket of free minutes today, if it has one."""

    assignment: Assignment
    package: Package
    minutes: Minutes | None = None


class _Edit(NamedTuple):
    """An edit in the making. `moved`: it is charged from another day on, so days that runs have passed may be due anew."""

    account: Account
    package: Package
    old: Assignment
    new: Assignment
    moved: bool = False


def read(db: Db, today: date, customer_id: str, assignment_id: str) -> Detail:
    """One assignment with its package. Raises `NotFound`."""
    assignment = assignments.find(db, customer_id, assignment_id)
    if assignment is None:
        raise NotFound(f"customer {customer_id} has no assignment {assignment_id}")
    return details(db, [assignment], today)[0]


def listed(db: Db, today: date, customer_id: str, after: Key | None, limit: int) -> tuple[list[Detail], Key | None]:
    """A page of a customer's assignments, oldest first."""
    customers.read(db, customer_id)
    found, last = assignments.listed(db, customer_id, after, limit)
    return details(db, found, today), last


def of_did(db: Db, today: date, did: str) -> list[Detail]:
    """All assignments that a DID has or had, oldest first."""
    held = assignments.holds(db, did).holds
    return details(db, assignments.find_many(db, [(hold.customer_id, hold.assignment_id) for hold in held]), today)


def of_package(db: Db, today: date, package_id: str, after: Key | None, limit: int) -> tuple[list[Detail], Key | None]:
    """A page of the assignments that a package has or had, oldest first. Raises `NotFound` for an unknown package."""
    read_package(db, package_id)
    found, last = assignments.listed_of_package(db, package_id, after, limit)
    return details(db, found, today), last


def details(db: Db, found: list[Assignment], today: date) -> list[Detail]:
    """Assignments with their packages and minutes."""
    catalog = planning.packages_of(db, found)
    buckets = {one.assignment.assignment_id: one for one in of_assignments(db, found, catalog, today)}
    return [Detail(one, catalog[one.package_id], buckets.get(one.assignment_id)) for one in found]


def create(db: Db, act: Act, draft: Assignment, given_minimum_days: int | None, confirm_backlog: bool) -> Detail:
    """Assign a package and post what was due before today. A retry of the same request completes it.

    Raises `Invalid`, `MayNotCharge`, or `Conflict` minimum_days, did_in_use, backlog, backlog_too_long, parked.
    """

    def attempt() -> tuple[Account, Detail]:
        account = customers.read(db, draft.customer_id)
        made = assignments.find(db, draft.customer_id, act.id)
        if made is not None:
            standing = details(db, [made], act.today)[0]
            if made.evaluate_from:
                backlog.demand_may_charge(db, act, made, standing.package, made.evaluate_from)
            return account, standing
        package = packages.find(db, draft.package_id)
        if package is None or package.deleted:
            raise Invalid([Fault("/package_id", f"there is no package {draft.package_id}")])
        new = complete(act, draft._replace(assignment_id=act.id), package, given_minimum_days)
        _demand_valid(new, package, account, rules.minimum_days_faults(given_minimum_days, package))
        held = dids.room(db, new)
        backlog.demand_confirmed(db, act, account, new, package, confirmed=confirm_backlog)
        actions = [assignments.creation(new), packages.count_assignment(package), accounts.count_assignments(account, [new])]
        db.transact(actions + dids.hold(held, new))
        return account, Detail(new, package)

    account, detail = settle(attempt)
    backlog.post_due(db, act, account, [Owed(detail.assignment, detail.package)])
    return read(db, act.today, draft.customer_id, act.id)


def complete(act: Act, draft: Assignment, package: Package, given_minimum_days: int | None) -> Assignment:
    """A new assignment with what it takes from its package and from the request."""
    return draft._replace(
        minimum_days=package.minimum_days or given_minimum_days or 0,
        evaluate_from=first_day(draft),
        package_version=package.version,
        created_at=act.stamp, created_by=act.by, updated_at=act.stamp, updated_by=act.by,
    )  # fmt: skip


def change(
    db: Db, act: Act, ids: tuple[str, str], version: int | None, edit: Callable[[Assignment], Assignment], confirm_backlog: bool
) -> Detail:
    """Apply `edit` to the assignment `ids` = (customer id, assignment id), and post what is due before today because of it."""

    def attempt() -> _Edit:
        planned = _planned_edit(db, act, ids, version, edit)
        if planned.new == planned.old:
            return planned
        if planned.moved:
            backlog.demand_confirmed(db, act, planned.account, planned.new, planned.package, confirmed=confirm_backlog)
        _write_edit(db, planned)
        return planned

    done = settle(attempt)
    if done.moved:
        backlog.post_due(db, act, done.account, [Owed(done.new, done.package)])
    return read(db, act.today, *ids)


def end(db: Db, act: Act, ids: tuple[str, str], version: int | None) -> None:
    """Delete an assignment: end it on the first day that an end date may lie on, or remove or cancel one that has not begun.

    One that has ended is left as it is.
    """

    def attempt() -> None:
        old = read(db, act.today, *ids).assignment
        demand_version(old.version, version)
        if old.start_date <= act.today:
            _demand_minimum_days(old, act.today)
        if old.start_date >= act.today and not old.charged:
            _remove(db, old)
            return
        earliest = _earliest_end_date(db, act)
        if not (ended(old, earliest) or old.end_date == earliest):
            _write_edit(db, _planned_edit(db, act, ids, version, partial(_ended, old, act.today, earliest)))

    settle(attempt)


def _ended(seen: Assignment, today: date, earliest: date, old: Assignment) -> Assignment:
    """The assignment ended, or cancelled, as was decided on what was `seen`. Raises `Contention` if it is another now."""
    if old.version != seen.version:
        raise Contention("another writer was at it")
    return old._replace(cancelled=True) if old.start_date > today else old._replace(end_date=earliest)


def _remove(db: Db, old: Assignment) -> None:
    account = customers.read(db, old.customer_id)
    actions = [
        assignments.removal(old), packages.uncount_assignment(old.package_id), accounts.count_assignments(account, [old], -1),
    ]  # fmt: skip
    db.transact(actions + (dids.release(db, old) if old.did else []))


def _planned_edit(db: Db, act: Act, ids: tuple[str, str], version: int | None, edit: Callable[[Assignment], Assignment]) -> _Edit:
    """Load, apply and check an edit; nothing is written."""
    old, package, _ = read(db, act.today, *ids)
    demand_version(old.version, version)
    new = edit(old)
    account = customers.read(db, old.customer_id)
    if new == old:
        return _Edit(account, package, old, new)
    _demand_changeable(db, act, old, new)
    _demand_valid(new, package, account)
    moved = bool(_moved(old, new))
    if moved:
        _demand_evaluated(db, act, account, package, old, new)
        new = new._replace(evaluate_from=first_day(new))
    new = new._replace(version=old.version + 1, updated_at=act.stamp, updated_by=act.by)
    return _Edit(account, package, old, new, moved)


def _write_edit(db: Db, planned: _Edit) -> None:
    old, new = planned.old, planned.new
    actions: list[Action] = [assignments.replacement(old, new, uncharged=planned.moved)]
    if new.cancelled and new.did:
        actions += dids.release(db, new)
    elif new.did and (new.start_date, new.end_date) != (old.start_date, old.end_date):
        actions += dids.hold(dids.room(db, new), new)
    db.transact(actions)


def _moved(old: Assignment, new: Assignment) -> list[str]:
    """The fields that say from when it is charged, as far as they differ."""
    return [name for name in ("start_date", "charge_from") if getattr(old, name) != getattr(new, name)]


def _demand_changeable(db: Db, act: Act, old: Assignment, new: Assignment) -> None:
    moved = _moved(old, new)
    if moved and old.charged:
        raise Conflict(f"{' and '.join(moved)} can't change once something is charged", code="charged", fields=moved)
    if new.end_date == old.end_date:
        return
    earliest = _earliest_end_date(db, act)
    if ended(old, earliest):
        detail = "the assignment is cancelled" if old.cancelled else f"it ended on {old.end_date}; later days are past, or evaluated"
        raise Conflict(detail, code="ended")
    if new.end_date is not None and new.end_date < earliest:
        raise Conflict(
            f"an end date can't be set before {earliest}: earlier days are past, or evaluated", code="ended", today=str(act.today)
        )


def _earliest_end_date(db: Db, act: Act) -> date:
    """No end date can be set before it: today, or the last day whose evaluation has begun where that is later."""
    return max(act.today, backlog.last_day(db, act))


def _demand_evaluated(db: Db, act: Act, account: Account, package: Package, old: Assignment, new: Assignment) -> None:
    """Raise `Conflict` not_evaluated when the first day moves forward past a charge before the first open day that nobody posted."""
    last = min(first_day(new) - DAY, backlog.last_day(db, act))
    if first_day(old) > last:
        return
    evaluated = progress.read(db).evaluated
    owing = filter(None, (old.evaluate_from, account.evaluate_from, evaluated + DAY if evaluated else date.min))
    left_out = planning.lines(db, old, package, max(first_day(old), min(owing)), last)
    if left_out:
        raise Conflict(
            f"{' and '.join(_moved(old, new))} can't move past {left_out[0].due_date}: that day is due and not posted yet; "
            "the next daily run posts it",
            code="not_evaluated", fields=_moved(old, new),
        )  # fmt: skip


def faults_of(new: Assignment, package: Package, account: Account) -> Iterator[Fault]:
    """What is wrong with an assignment of this package to this customer."""
    yield from rules.package_faults(new, package, account.currency)
    yield from amount_faults(package, new.quantity, "/quantity")
    yield from rules.cross_faults({"start_date": new.start_date, "end_date": new.end_date})


def _demand_valid(new: Assignment, package: Package, account: Account, more: Iterable[Fault] = ()) -> None:
    faults = [*faults_of(new, package, account), *more]
    if faults:
        raise Invalid(faults)
    if new.end_date is not None:
        _demand_minimum_days(new, new.end_date)


def _demand_minimum_days(assignment: Assignment, end_date: date) -> None:
    earliest = earliest_end(assignment)
    if assignment.minimum_days and end_date < earliest:
        raise Conflict(
            f"it runs for at least {assignment.minimum_days} days: its earliest end is {earliest}",
            code="minimum_days", earliest_end_date=earliest.isoformat(),
        )  # fmt: skip
