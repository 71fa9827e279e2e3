"""Assignments: read, change and end them, and post what was due before."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import partial

from ..domain import amending, editing
from ..domain.account import Account
from ..domain.assigning import demand_no_obstacle, minimum_days_obstacles
from ..domain.assignment import Assignment, TermsEntry, counted_from, has_ended, valid_on
from ..domain.detail import Detail
from ..domain.errors import Fault, Invalid, NotFound, demand_open
from ..domain.history import ChangeType, assignment_change
from ..domain.prices import as_paid
from ..storage import accounts, assignments, did_tenures, finding, packages
from ..storage.db import Db
from ..storage.keys import Key
from ..storage.retry import retry_on_contention
from . import backlog, customers, dids, loading, undoing
from .edits import EditPlan, load, plan_edit, plan_terms, write_edit
from .history import record_change
from .packages import demand_version, read_package
from .prices import shown_on
from .request_context import RequestContext
from .usage import minutes_of


def read_assignment(db: Db, today: date, customer_id: str, assignment_id: str) -> Detail:
    """One assignment with its package. Raises `NotFound`."""
    assignment = assignments.find_assignment(db, customer_id, assignment_id)
    if assignment is None:
        raise NotFound(f"customer {customer_id} has no assignment {assignment_id}")
    return details(db, [assignment], today)[0]


def list_assignments(db: Db, today: date, customer_id: str, after: Key | None, limit: int) -> tuple[list[Detail], Key | None]:
    """A page of a customer's assignments, oldest first."""
    customers.read_customer(db, customer_id)
    found, last = assignments.list_of_customer(db, customer_id, after, limit)
    return details(db, found, today), last


def valid_assignments(db: Db, day: date, customer_id: str, after: Key | None, limit: int) -> tuple[list[Detail], Key | None]:
    """The assignments of such a page that are valid on a day, as they are on that day: maybe fewer than `limit`, or none."""
    customers.read_customer(db, customer_id)
    found, last = assignments.list_of_customer(db, customer_id, after, limit)
    valid = [one for one in found if valid_on(one, day)]
    catalog = loading.packages_of(db, valid)
    shown = [Detail(one, as_paid(catalog[one.package_id], day, counted_from(one)), shown_on=day) for one in valid]
    return add_minutes(db, shown, day), last


def of_did(db: Db, today: date, did: str) -> list[Detail]:
    """All assignments that a DID has or had, oldest first."""
    tenures = did_tenures.find_tenures(db, did).all
    return details(db, assignments.find_assignments(db, [(tenure.customer_id, tenure.assignment_id) for tenure in tenures]), today)


def of_package(db: Db, today: date, package_id: str, after: Key | None, limit: int) -> tuple[list[Detail], Key | None]:
    """A page of the assignments that a package has or had, oldest first. Raises `NotFound` for an unknown package."""
    read_package(db, package_id)
    found, last = assignments.list_of_package(db, package_id, after, limit)
    return details(db, found, today), last


def details(db: Db, found: list[Assignment], today: date) -> list[Detail]:
    """Assignments with their packages and minutes."""
    catalog = loading.packages_of(db, found)
    day = shown_on(db, today, catalog.values(), found)
    return add_minutes(db, [Detail(one, catalog[one.package_id], shown_on=day) for one in found], today)


def add_minutes(db: Db, found: Sequence[Detail], today: date) -> list[Detail]:
    """The same with the free minutes that each has today."""
    catalog = {one.package.package_id: one.package for one in found}
    buckets = {one.assignment.assignment_id: one for one in minutes_of(db, (one.assignment for one in found), catalog, today)}
    return [one._replace(minutes=buckets.get(one.assignment.assignment_id)) for one in found]


def post_backlog(db: Db, context: RequestContext, owners: Mapping[str, Account], saved: Sequence[Detail]) -> list[Detail]:
    """Post what is due on assignments that were saved just now, customer by customer, and say what stands then.

    They are read again only if that may have changed them. What a crash leaves unposted, the next daily run posts.
    """
    owed: dict[str, list[Assignment]] = {}
    for one in saved:
        owed.setdefault(one.assignment.customer_id, []).append(one.assignment)
    changed = {customer_id for customer_id, own in owed.items() if backlog.post_due(db, context, owners[customer_id], own)}
    ids = [(one.assignment.customer_id, one.assignment.assignment_id) for one in saved]
    read = {one.assignment_id: one for one in assignments.find_assignments(db, [pair for pair in ids if pair[0] in changed])}
    return add_minutes(
        db, [one._replace(assignment=read.get(one.assignment.assignment_id, one.assignment)) for one in saved], context.today
    )


def change_assignment(
    db: Db,
    context: RequestContext,
    ids: tuple[str, str],
    version: int | None,
    edit: Callable[[Assignment], Assignment],
    confirm_backlog: bool,
    named: Collection[str] = (),
) -> Detail:
    """Apply `edit` to the assignment `ids` = (customer id, assignment id), and post what is due before the first open day because of it.

    `edit` gets it as it is shown. Of the terms, what it changes and what is `named` holds from the first open day on, or from the start
    date where that is later. Where the evaluation of that day begins first, it is the next one.
    """
    done: ChangeType = "assignment.changed"
    return _save(db, context, done, lambda: plan_edit(db, context, load(db, ids), version, edit, named), confirm_backlog)


def read_terms(db: Db, context: RequestContext, ids: tuple[str, str]) -> Detail:
    """An assignment with its terms, and the first open day. Raises `NotFound`."""
    snapshot = load(db, ids)
    ((one,), catalog) = snapshot.assignments, snapshot.packages
    return Detail(one, catalog[one.package_id], shown_on=snapshot.first_open_day(context.today))


def write_terms(
    db: Db, context: RequestContext, ids: tuple[str, str], version: int | None, entry: TermsEntry, confirm_backlog: bool, *, correct: bool
) -> tuple[Detail, bool]:
    """Enter terms from a day on. With `correct` that may be a day that is not open; what is due by that is posted.

    Raises `NotOpen`, `Invalid`, or `Conflict` backlog, backlog_too_long, parked. Returns also whether the entry is new.
    """
    created = False

    def plan() -> EditPlan:
        nonlocal created
        snapshot = load(db, ids)
        (old,) = snapshot.assignments
        demand_version(old.version, version)
        standing = amending.entry_at(old, entry.begins)
        created = standing is None
        if standing is None and not entry.values:
            raise Invalid([Fault("", "has no terms: give at least one field")])
        new = amending.with_entry(old, entry._replace(entered_at=context.timestamp))
        same = standing and amending.entry_at(new, entry.begins) == standing._replace(entered_at=context.timestamp, reason=entry.reason)
        return plan_terms(db, context, snapshot, old if same else new, entry.begins, correct=correct)

    return _save(db, context, "assignment.terms_written", plan, confirm_backlog), created


def remove_terms(db: Db, context: RequestContext, ids: tuple[str, str], version: int | None, begins: date) -> Detail:
    """Remove the entry of an open day, with its end. Raises `NotFound`, `NotOpen`."""

    def plan() -> EditPlan:
        snapshot = load(db, ids)
        (old,) = snapshot.assignments
        demand_version(old.version, version)
        if amending.entry_at(old, begins) is None:
            raise NotFound(f"assignment {old.assignment_id} has no terms entry that begins on {begins}")
        demand_open(begins, snapshot.first_open_day(context.today))
        return plan_terms(db, context, snapshot, amending.without_entry(old, begins), begins, correct=False)

    return _save(db, context, "assignment.terms_removed", plan, confirm_backlog=False)


def _save(db: Db, context: RequestContext, done: ChangeType, plan: Callable[[], EditPlan], confirm_backlog: bool) -> Detail:
    """Write what is planned, planned anew whenever another writer came first, and post what is due by it."""

    def attempt() -> EditPlan:
        planned = plan()
        if planned.new == planned.old:
            return planned
        if planned.owes_from:
            backlog.demand_confirmed(
                db, context, planned.account, planned.new, planned.package, planned.owes_from, confirmed=confirm_backlog
            )
        write_edit(db, context, planned, done)
        return planned

    edit = retry_on_contention(attempt)
    change = edit.terms
    saved = Detail(edit.new, edit.package, None, edit.open_day, change.begins if change else None, change.warnings if change else ())
    owners = {edit.account.customer_id: edit.account}
    (shown,) = post_backlog(db, context, owners, [saved]) if edit.owes_from else add_minutes(db, [saved], context.today)
    return shown


def delete_assignment(db: Db, context: RequestContext, ids: tuple[str, str], version: int | None) -> None:
    """Delete an assignment: end it on the first day that an end date may lie on, or remove or cancel one that has not begun.

    Of one that goes on from another, until it begins, that step is undone. Raises `Conflict` minimum_days, replaced, did_in_use.
    One that has ended, or ends on that day already, is left as it is.
    """

    def attempt() -> None:
        snapshot = load(db, ids)
        (old,) = snapshot.assignments
        demand_version(old.version, version)
        if undoing.undo(db, context, old):
            return
        open_day = snapshot.first_open_day(context.today)
        editing.demand_not_replaced(old, open_day)
        earliest, begun = editing.first_end_date(context.today, open_day), old.start_date <= context.today
        over = (has_ended(old, earliest) or old.end_date == earliest) if begun else old.cancelled
        if begun and not over:
            demand_no_obstacle(minimum_days_obstacles(old, earliest))
        if old.start_date >= context.today and not old.charged and not old.cancelled:
            remove_unbegun(db, context, snapshot.account, old)
            return
        if not over:
            planned = plan_edit(db, context, snapshot, version, partial(_as_ended, context.today, earliest))
            write_edit(db, context, planned, "assignment.cancelled" if planned.new.cancelled else "assignment.ended")

    retry_on_contention(attempt)


def _as_ended(today: date, earliest: date, old: Assignment) -> Assignment:
    """The assignment ended, or cancelled if it has not begun."""
    return old._replace(cancelled=True) if old.start_date > today else old._replace(end_date=earliest)


def remove_unbegun(db: Db, context: RequestContext, account: Account, old: Assignment) -> None:
    """Remove an assignment that nothing was charged on or drawn from."""
    actions = [
        assignments.remove_assignment(old), packages.uncount_assignment(old.package_id), accounts.count_assignments(account, [old], -1),
        *finding.ends_rewritten(old, None), record_change(context, assignment_change("assignment.removed", old)),
    ]  # fmt: skip
    db.transact(actions + (dids.remove_tenure(db, old) if old.did else []))
