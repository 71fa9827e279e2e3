"""Takes back what single rows of an import did, as far as nobody has touched it since. Each step may be done twice.

An assignment is cancelled before its charges are credited, so that nothing more is due while they are; what a crash leaves of that, the
next delivery does, which knows the assignment by the mark of its row.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, Literal, NamedTuple

from ...domain.assignment import Assignment
from ...domain.crediting import CreditRequest
from ...domain.errors import BillingError, Conflict, InvalidRows, MayNotCharge, NotFound, Throttled, code_and_detail
from ...domain.history import HistoryItem
from ...domain.importing import AssignmentChange, FileOfAssignments, FileRow, ImportOf, ImportRow, MadeRow
from ...domain.ledger import Entry
from ...storage import accounts, history, ledger, packages
from ...storage.db import Db
from ...storage.keys import Key
from ...storage.retry import retry_on_contention
from .. import imports
from ..assignments import remove_unbegun
from ..crediting import give_credit
from ..customers import delete_customer, write_off
from ..edits import EditPlan, load, new_version, write_edit
from ..imports.rows import once
from ..packages import write_change
from ..request_context import RequestContext
from .kinds import ImportForms

CREDITS_A_ROW: Final = 1000
"""Ids that are kept apart for the credits of a row: more than backlog can have."""
Undone = Literal["removed", "cancelled", "restored", "unchanged"]


class UndoneRow(NamedTuple):
    """What was done, or would be, to take a row back, and what is credited for that."""

    made: MadeRow
    undone: Undone
    credited: tuple[Entry, ...] = ()


class LeftRow(NamedTuple):
    """A row that is left as it is, and why."""

    made: MadeRow
    code: str
    detail: str


class Undoing(NamedTuple):
    """The import, when it began, what is known of its files, and the work that takes it back, or with `dry_run` only says how."""

    db: Db
    forms: ImportForms
    of: ImportOf
    since: str
    import_id: str
    work_id: str
    default_currency: str
    dry_run: bool


def take_back(undoing: Undoing, context: RequestContext, made: MadeRow) -> UndoneRow | LeftRow:
    """Take a row back. Raises `Throttled`."""
    own = context._replace(import_row=ImportRow(undoing.work_id, made.row, made.version))
    try:
        if made.change == "unchanged":
            return UndoneRow(made, "unchanged")
        take = _restored if made.change == "changed" else _WITHOUT[undoing.of]
        return retry_on_contention(partial(take, undoing, own, made))
    except Throttled:
        raise
    except InvalidRows as error:
        return LeftRow(made, error.code, "; ".join(fault.detail for fault in error.faults))
    except BillingError as error:
        return LeftRow(made, *code_and_detail(error))


def _without_package(undoing: Undoing, context: RequestContext, made: MadeRow) -> UndoneRow:
    old = packages.find_package(undoing.db, made.thing_id)
    if old is None or old.deleted:
        return UndoneRow(made, "removed")
    once(context.import_row, old.version, old.imported)
    if old.assignments:
        raise Conflict(f"{old.assignments} assignments of it have been made since", code="package_in_use")
    if not undoing.dry_run:
        write_change(undoing.db, context, old, old._replace(deleted=True), done="package.deleted")
    return UndoneRow(made, "removed")


def _without_customer(undoing: Undoing, context: RequestContext, made: MadeRow) -> UndoneRow:
    account = accounts.find_account(undoing.db, made.customer_id)
    if account is None:
        return UndoneRow(made, "removed")
    if account.assignments or account.entries or account.calls:
        raise Conflict("the customer has assignments, ledger entries or usage by now", code="customer_in_use")
    once(context.import_row, account.version, None)
    if not undoing.dry_run:
        delete_customer(undoing.db, context, made.customer_id, made.version)
    return UndoneRow(made, "removed")


def _without_assignment(undoing: Undoing, context: RequestContext, made: MadeRow) -> UndoneRow:
    try:
        snapshot = load(undoing.db, (made.customer_id, made.thing_id))
    except NotFound:
        return UndoneRow(made, "removed")
    (old,) = snapshot.assignments
    was_cancelled = once(context.import_row, old.version, old.imported)
    charges = _charges(undoing.db, old) if old.charged else []
    if not was_cancelled:
        _demand_untouched(old, charges)
    if charges and not context.may_charge:
        raise MayNotCharge("its charges would be credited")
    if undoing.dry_run:
        return UndoneRow(made, "cancelled" if old.charged else "removed", tuple(_creditable(charges)))
    if not old.charged:
        remove_unbegun(undoing.db, context, snapshot.account, old)
        return UndoneRow(made, "removed")
    if not was_cancelled:
        open_day = snapshot.first_open_day(context.today)
        new = new_version(context, old, old._replace(cancelled=True))
        write_edit(
            undoing.db, context, EditPlan(snapshot.account, snapshot.packages[old.package_id], old, new, open_day), "assignment.cancelled"
        )
    return UndoneRow(made, "cancelled", tuple(_credited(undoing, context, made, charges)))


def _charges(db: Db, assignment: Assignment) -> list[Entry]:
    """The charges of an assignment, as its customer's ledger has them."""
    entries = ledger.each_dated_in(db, assignment.customer_id, assignment.start_date, date.max)
    return [one for one in entries if one.line and one.line.assignment_id == assignment.assignment_id]


def _demand_untouched(assignment: Assignment, charges: list[Entry]) -> None:
    """Raise `Conflict` where something else than the import has charged it, or drawn on it."""
    by_run = next((one for one in charges if one.run_id), None)
    if by_run:
        raise Conflict(f"run {by_run.run_id} has charged it since: credit that, and end the assignment", code="charged")
    if assignment.charged and not charges:
        raise Conflict("calls have drawn on its minutes since: end the assignment", code="charged")


def _creditable(charges: list[Entry]) -> Iterator[Entry]:
    """Charges of which something is left, and those that are held."""
    yield from (one for one in charges if not one.takes_back and (one.left_retail or one.left_cost))


def _credited(undoing: Undoing, context: RequestContext, made: MadeRow, charges: list[Entry]) -> Iterator[Entry]:
    """Credit what is left of charges, and write off what is held."""
    asked = CreditRequest(f"import {undoing.import_id} was undone, row {made.row}")
    for n, one in enumerate(charges):
        if one not in [*_creditable([one])]:
            continue
        if one.status == "held":
            write_off(undoing.db, context, one.entry_id)
        else:
            own = context._replace(id=undoing.forms.new_id(undoing.work_id, made.row * CREDITS_A_ROW + n))
            give_credit(undoing.db, own, one.customer_id, one.entry_id, asked)
            yield one


def _restored(undoing: Undoing, context: RequestContext, made: MadeRow) -> UndoneRow:
    """What a row changed, with the values that it had before, by the rules of PATCH."""
    change = _change_made(undoing, made)
    patch = {one.field: one.before for one in change.change.fields}
    thing = FileRow(made.row, made.thing_id, patch)
    new_id: Callable[[int], str] = partial(undoing.forms.new_id, undoing.work_id)
    if undoing.of == "packages":
        imports.define(undoing.db, context, undoing.forms.packages([thing], new_id, undoing.default_currency), [], dry_run=undoing.dry_run)
    elif undoing.of == "customers":
        requested, _ = undoing.forms.customers([thing], undoing.default_currency)
        imports.write_customers(undoing.db, context, requested, [], dry_run=undoing.dry_run)
    else:
        _restore_assignment(undoing, context, made, patch)
    return UndoneRow(made, "restored")


def _restore_assignment(undoing: Undoing, context: RequestContext, made: MadeRow, patch: Mapping[str, Any]) -> None:
    row = FileRow(made.row, made.thing_id, {"customer_id": made.customer_id, **patch})
    file: FileOfAssignments = undoing.forms.assignments([row], partial(undoing.forms.new_id, undoing.work_id), imports.named_in(undoing.db))
    changes: list[AssignmentChange] = list(file.changes)
    imports.write_rows(undoing.db, context, FileOfAssignments([], changes), dry_run=undoing.dry_run, payable=0)


def _change_made(undoing: Undoing, made: MadeRow) -> HistoryItem:
    """What the history says of the change. Raises `Conflict` when it says nothing any more."""
    after: Key | None = None
    while True:
        if undoing.of == "packages":
            found, after = history.package_items(undoing.db, made.thing_id, after, 100)
        else:
            found, after = history.customer_items(undoing.db, made.customer_id, after, 100)
        for one in found:
            if (one.change.subject, one.change.version) == (made.thing_id, made.version):
                return one
        if after is None or (found and found[-1].at < undoing.since):
            raise Conflict("the history does not say what it was before", code="not_found")


_WITHOUT: Final[Mapping[ImportOf, Callable[[Undoing, RequestContext, MadeRow], UndoneRow]]] = {
    "packages": _without_package, "customers": _without_customer, "assignments": _without_assignment,
}  # fmt: skip
