"""What a change makes of one assignment or one package: planned as a single request would, and written by the same functions."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from ...domain import amending
from ...domain.amending import DATED_FIELDS
from ...domain.assignment import Assignment, TermsEntry, has_ended
from ...domain.changing import Change, changed_prices, stepped_list
from ...domain.errors import Conflict, VersionMismatch, demand_open
from ...domain.history import ChangeType
from ...domain.package import PRICE_FIELDS, Package, PriceList
from ...domain.price_lists import find_list, with_list
from ...domain.replacing import PricedHandover
from ...storage import assignments
from ...storage.db import Db
from ...storage.retry import retry_on_contention
from .. import backlog, replacements, undoing
from ..edits import EditPlan, load, plan_edit, plan_terms, tenure_actions, write_edit
from ..packages import demand_fitting, demand_version, read_package
from ..prices import remove_price_list, write_price_list
from ..replacements import Successor
from ..request_context import RequestContext

Json = Any
Ids = tuple[str, str]
"""Customer id and assignment id."""


class PlannedChange(NamedTuple):
    """What becomes of an assignment: what it was, what it is then with what goes on from it, and what an undo puts back."""

    old: Assignment
    new: Sequence[Assignment]
    before: Json
    packages: Mapping[str, Package] = {}


class _Edit(NamedTuple):
    plan: EditPlan
    before: Json
    done: ChangeType


def unchanged() -> Conflict:
    """Why something is left as it is that is so already."""
    return Conflict("it is so already", code="unchanged")


def plan_change(db: Db, context: RequestContext, change: Change, ids: Ids) -> PlannedChange:
    """What becomes of an assignment; nothing is written. Raises what keeps it from being changed."""
    if change.what == "replace":
        handed = _replaced(db, context, change, ids, None, dry_run=True)
        packages = {one.package_id: one for one in (handed.old_package, handed.new_package)}
        return PlannedChange(handed.handover.before, [handed.handover.old, handed.handover.new], None, packages)
    edit = _planned_edit(db, context, change, ids, None)
    return PlannedChange(edit.plan.old, [edit.plan.new], edit.before)


def apply_change(db: Db, context: RequestContext, change: Change, ids: Ids, seen: int) -> Json:
    """Change an assignment of which the version `seen` was planned; what an undo has to know. What this work has changed before stays as
    it is. Raises what keeps it from being changed, `VersionMismatch` included."""
    if change.what == "replace":
        handed = _replaced(db, context, change, ids, seen, dry_run=False)
        return {"version": seen + 1, "new_id": handed.handover.new.assignment_id}

    def attempt() -> None:
        if not _is_own(db, context, ids, seen):
            edit = _planned_edit(db, context, change, ids, seen)
            write_edit(db, context, edit.plan, edit.done)

    retry_on_contention(attempt)
    return {"version": seen + 1}


def undo_change(db: Db, context: RequestContext, change: Change, ids: Ids, row: Mapping[str, Json]) -> None:
    """Put an assignment back as it was before a change, unless somebody has touched it since. Raises why that can't be."""
    if change.what == "replace":
        retry_on_contention(lambda: _undo_replacement(db, context, (ids[0], row["new_id"]), ids))
        return

    def attempt() -> None:
        if not _is_own(db, context, ids, row["version"]):
            plan = _planned_return(db, context, change, ids, row)
            write_edit(db, context, plan, "assignment.terms_removed" if change.what == "terms" else "assignment.changed")

    retry_on_contention(attempt)


def _is_own(db: Db, context: RequestContext, ids: Ids, seen: int) -> bool:
    """Whether this very work has changed it, which an earlier delivery of its message may have."""
    current = load(db, ids).assignments[0]
    return (current.version, current.updated_at, current.updated_by) == (seen + 1, context.timestamp, context.by)


def _planned_edit(db: Db, context: RequestContext, change: Change, ids: Ids, seen: int | None) -> _Edit:
    snapshot = load(db, ids)
    (old,) = snapshot.assignments
    demand_version(old.version, seen)
    if change.what == "end":
        plan = plan_edit(db, context, snapshot, None, lambda one: one._replace(end_date=change.begins), ("end_date",))
        before: Json = old.end_date and old.end_date.isoformat()
        tenure_actions(db, plan)
        edit = _Edit(plan, before, "assignment.ended")
    else:
        begins = max(change.begins, old.start_date)
        if has_ended(old, begins):
            raise Conflict("the assignment is cancelled" if old.cancelled else f"it ends on {old.end_date}", code="ended")
        demand_open(begins, snapshot.first_open_day(context.today))
        new = amending.with_entry(old, TermsEntry(begins, change.until, dict(change.values), context.timestamp))
        new = old if amending.same_terms(old, new) else new
        plan = plan_terms(db, context, snapshot, new, begins, correct=False)
        edit = _Edit(plan, json_of_entry(amending.entry_at(old, begins)), "assignment.terms_written")
    if edit.plan.new == old:
        raise unchanged()
    return edit


def _planned_return(db: Db, context: RequestContext, change: Change, ids: Ids, row: Mapping[str, Json]) -> EditPlan:
    snapshot = load(db, ids)
    (old,) = snapshot.assignments
    demand_version(old.version, row["version"])
    before = row["before"]
    if change.what == "end":
        end_date = before and date.fromisoformat(before)
        return plan_edit(db, context, snapshot, None, lambda one: one._replace(end_date=end_date), ("end_date",))
    begins = max(change.begins, old.start_date)
    demand_open(begins, snapshot.first_open_day(context.today))
    new, entry = amending.without_entry(old, begins), entry_of(before)
    return plan_terms(db, context, snapshot, amending.with_entry(new, entry) if entry else new, begins, correct=False)


def _replaced(db: Db, context: RequestContext, change: Change, ids: Ids, seen: int | None, *, dry_run: bool) -> PricedHandover:
    successor = Successor(change.package_id or "", change.begins, {})
    if not dry_run:
        return replacements.replace(db, context, ids, seen, successor, dry_run=False)
    old = load(db, ids).assignments[0]
    if old.package_id == change.package_id:
        raise unchanged()
    return replacements.replace(db, context, ids, seen, successor, dry_run=True)


def _undo_replacement(db: Db, context: RequestContext, new_ids: Ids, old_ids: Ids) -> None:
    new = assignments.find_assignment(db, *new_ids)
    if new is None or new.cancelled:
        if load(db, old_ids).assignments[0].replaced_by == new_ids[1]:
            raise Conflict("the new assignment is gone", code="ended")
        return
    if new.version != 1:
        raise VersionMismatch(f"the new assignment has been changed: its version is {new.version}")
    if not undoing.undo(db, context, new):
        raise Conflict(f"its day, {new.start_date}, has come", code="not_open")


def plan_prices(db: Db, context: RequestContext, change: Change, package: Package) -> PriceList:
    """The price list that a package is to get. Raises what keeps it from that."""
    if change.step is None:
        raise Conflict("no prices are to change", code="invalid")
    new = stepped_list(package, change.begins, change.step, context.timestamp)
    demand_open(change.begins, backlog.find_first_open_day(db, context.today))
    demand_fitting(package, new.named)
    if not changed_prices(package, new):
        raise unchanged()
    with_list(package, new)
    return new


def apply_prices(db: Db, context: RequestContext, change: Change, package_id: str, seen: int) -> Json:
    """Enter the price list of a package of which the version `seen` was planned; what an undo has to know."""

    def attempt() -> None:
        package = read_package(db, package_id)
        if not _is_own_version(context, package, seen):
            demand_version(package.version, seen)
            new = plan_prices(db, context, change, package)
            write_price_list(db, context, package_id, seen, new, correct=False)

    retry_on_contention(attempt)
    return {"version": seen + 1}


def undo_prices(db: Db, context: RequestContext, change: Change, package_id: str, row: Mapping[str, Json]) -> None:
    """Put the price lists of a package back as they were, unless somebody has changed the package since."""

    def attempt() -> None:
        package, former = read_package(db, package_id), list_of(row["before"])
        if _is_own_version(context, package, row["version"]):
            return
        demand_version(package.version, row["version"])
        if former:
            write_price_list(db, context, package_id, row["version"], former, correct=False)
        else:
            remove_price_list(db, context, package_id, row["version"], change.begins)

    retry_on_contention(attempt)


def _is_own_version(context: RequestContext, package: Package, seen: int) -> bool:
    return (package.version, package.updated_at, package.updated_by) == (seen + 1, context.timestamp, context.by)


def standing_list(package: Package, begins: date) -> Json:
    """The list that a package has on a day, for an undo."""
    one = find_list(package, begins)
    if one is None:
        return None
    prices = {name: format(price, "f") for name, price in one.named.items()}
    return {"begins": begins.isoformat(), "existing": one.existing, "reason": one.reason, **prices}


def list_of(value: Json) -> PriceList | None:
    """What was written."""
    if value is None:
        return None
    prices: dict[str, Any] = {name: Decimal(value[name]) for name in PRICE_FIELDS if name in value}
    return PriceList(date.fromisoformat(value["begins"]), value["existing"], reason=value["reason"], **prices)


def json_of_entry(entry: TermsEntry | None) -> Json:
    """An entry for an undo: amounts as text, so that they stay exact."""
    if entry is None:
        return None
    values = {name: format(value, "f") if isinstance(value, Decimal) else value for name, value in entry.values.items()}
    return [entry.begins.isoformat(), entry.until and entry.until.isoformat(), values, entry.entered_at, entry.reason]


def entry_of(value: Json) -> TermsEntry | None:
    """What was written."""
    if value is None:
        return None
    begins, until, values, entered_at, reason = value
    exact = {name: Decimal(one) if isinstance(one, str) else one for name, one in values.items() if name in DATED_FIELDS}
    return TermsEntry(date.fromisoformat(begins), until and date.fromisoformat(until), exact, entered_at, None, reason)
