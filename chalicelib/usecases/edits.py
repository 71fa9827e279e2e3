"""Edits of assignments in the making: what may change, from when it holds, what may be due by it, and how it is written."""

from collections.abc import Callable, Collection
from datetime import date
from typing import NamedTuple

from ..domain import amending, editing
from ..domain import assignment as rules
from ..domain.account import Account
from ..domain.amending import FIRST_VALUES
from ..domain.assigning import assignment_obstacles, demand_no_obstacle
from ..domain.assignment import Assignment, TermsEntry, first_day
from ..domain.errors import Conflict, NotFound
from ..domain.history import ChangeType, assignment_change
from ..domain.package import Package
from ..domain.schedule import DAY
from ..storage import assignments, finding, progress
from ..storage.db import Action, Db
from . import dids, loading
from .history import record_change
from .packages import demand_version
from .request_context import RequestContext
from .snapshot import CustomerSnapshot, load_customer
from .terms import TermsChange, plan_terms_change


class EditPlan(NamedTuple):
    """An edit in the making. `owes_from`: evaluated days may be due anew, from that one on. `moved`: its first day is
    another one. `terms` are those that change, if any do."""

    account: Account
    package: Package
    old: Assignment
    new: Assignment
    open_day: date
    owes_from: date | None = None
    moved: bool = False
    terms: TermsChange | None = None


def load(db: Db, ids: tuple[str, str]) -> CustomerSnapshot:
    """The customer with one assignment. Raises `NotFound`."""
    customer_id, assignment_id = ids
    snapshot = load_customer(db, customer_id, [assignment_id])
    if not snapshot.assignments:
        raise NotFound(f"customer {customer_id} has no assignment {assignment_id}")
    return snapshot


def plan_edit(
    db: Db,
    context: RequestContext,
    snapshot: CustomerSnapshot,
    version: int | None,
    edit: Callable[[Assignment], Assignment],
    named: Collection[str] = (),
) -> EditPlan:
    """Apply and check an edit; nothing is written."""
    account, (old,), catalog, _ = snapshot
    package, open_day = catalog[old.package_id], snapshot.first_open_day(context.today)
    shown = amending.as_shown(old, open_day)
    edited = edit(shown)
    demand_version(old.version, version)
    new = edited._replace(**{name: getattr(old, name) for name in FIRST_VALUES})
    values = {name: getattr(edited, name) for name in FIRST_VALUES if name in named or getattr(edited, name) != getattr(shown, name)}
    begins = max(open_day, new.start_date)
    amended = amending.with_entry(new, TermsEntry(begins, None, values, context.timestamp), keep_end=True) if values else new
    if amending.same_terms(amended, new):
        amended = new
    if amended == old:
        return EditPlan(account, package, old, old, open_day)
    editing.demand_changeable(old, new, context.today, open_day)
    _demand_no_obstacle(old, amended, package, account)
    change = None
    if amended != new:
        change = plan_terms_change(db, context, old, amended, package, begins, open_day, correct=False)
        amended = change.new
    moved = bool(editing.moved_fields(old, new))
    if moved:
        _demand_evaluated(db, account, package, old, new, open_day)
        amended = amended._replace(evaluate_from=first_day(new))
    owes_from = first_day(new) if moved else None
    return EditPlan(account, package, old, new_version(context, old, amended), open_day, owes_from, moved, change)


def plan_terms(db: Db, context: RequestContext, snapshot: CustomerSnapshot, new: Assignment, begins: date, *, correct: bool) -> EditPlan:
    account, (old,), catalog, _ = snapshot
    package, open_day = catalog[old.package_id], snapshot.first_open_day(context.today)
    if new == old:
        return EditPlan(account, package, old, old, open_day)
    change = plan_terms_change(db, context, old, new, package, begins, open_day, correct=correct)
    _demand_no_obstacle(old, change.new, package, account)
    changed, owes_from = change.new, change.owes_from
    if owes_from:
        # Its mark counts in place of the last evaluated day: what runs have missed before the mark is owed as well.
        owes_from = min(owes_from, max(first_day(changed), _unpassed_since(db, account, old)))
        changed = changed._replace(evaluate_from=owes_from)
    return EditPlan(account, package, old, new_version(context, old, changed), open_day, owes_from, terms=change)


def _demand_no_obstacle(old: Assignment, new: Assignment, package: Package, account: Account) -> None:
    """Raise what stands against the edit. Minimum days count where the dates change: a replacement may have ended it before them."""
    same_days = (new.start_date, new.end_date) == (old.start_date, old.end_date)
    obstacles = assignment_obstacles(new, package, account)
    demand_no_obstacle(one for one in obstacles if not (same_days and one.code == "minimum_days"))


def new_version(context: RequestContext, old: Assignment, new: Assignment) -> Assignment:
    return new._replace(**context.written(old.version + 1))


def write_edit(db: Db, context: RequestContext, planned: EditPlan, done: ChangeType) -> None:
    """Write it, and what was done, with what it depends on: that nothing is charged meanwhile where days before the first open one
    change, and that no evaluation has begun of a day that has to be open."""
    db.transact([*edit_actions(context, planned, done), *still_open(days_to_be_open(planned)), *tenure_actions(db, planned)])


def edit_actions(context: RequestContext, planned: EditPlan, done: ChangeType) -> list[Action]:
    """Write the assignment, what it is found by, and what was done to it."""
    old, new = planned.old, planned.new
    owing = planned.owes_from is not None
    uncharged = planned.moved or (owing and not old.charged)
    update = assignments.update_assignment(old, new, uncharged=uncharged, owing=owing)
    return [update, *finding.ends_rewritten(old, new), record_change(context, assignment_change(done, new, old))]


def days_to_be_open(planned: EditPlan) -> list[date]:
    """The days whose evaluation must not have begun when an edit is written."""
    days = [planned.terms.begins] if planned.terms and not planned.terms.owes_from else []
    return [*days, planned.new.start_date] if editing.changed_setup_prices(planned.old, planned.new) else days


def still_open(days: Collection[date]) -> list[Action]:
    """The condition that the evaluation of none of these days has begun: neither has that of a later day, if not of the first."""
    return [progress.not_begun(min(days))] if days else []


def tenure_actions(db: Db, planned: EditPlan) -> list[Action]:
    """Write from when to when the assignment has its DID, if that changes. Raises `Conflict` did_in_use."""
    old, new = planned.old, planned.new
    if new.cancelled and new.did:
        return dids.remove_tenure(db, new)
    if new.did and (new.start_date, new.end_date) != (old.start_date, old.end_date):
        return dids.change_tenures(dids.free_tenures(db, new), [new])
    return []


def _demand_evaluated(db: Db, account: Account, package: Package, old: Assignment, new: Assignment, open_day: date) -> None:
    """Raise `Conflict` not_evaluated when the first day moves forward past a charge before the first open day that nobody posted."""
    last = min(first_day(new), open_day) - DAY
    if first_day(old) > last:
        return
    left_out = loading.load_and_price(db, old, package, max(first_day(old), _unpassed_since(db, account, old)), last)
    if left_out:
        raise Conflict(
            f"{' and '.join(editing.moved_fields(old, new))} can't move past {left_out[0].due_date}: that day is due and not posted yet; "
            "the next daily run posts it",
            code="not_evaluated", fields=editing.moved_fields(old, new),
        )  # fmt: skip


def _unpassed_since(db: Db, account: Account, assignment: Assignment) -> date:
    """The first day that is not evaluated on it."""
    standing = progress.read_progress(db)
    since = standing.last_evaluated + DAY if standing.last_evaluated else date.min
    first = rules.uncharged_since(assignment, since, account.evaluate_from)
    return min(first, standing.corrected.get(assignment.package_id, first))
