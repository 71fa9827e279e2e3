"""`POST /packages/import`, `/customers/import` and `/assignments/import`: files, checked first (`dry_run`, the default), written whole or
not at all. What doesn't fit into one transaction is staged, and applied row by row (`staged_imports`).

`/check` behind each is the dry run at a path of its own, so that a policy can allow it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint
from typing_extensions import TypedDict

from .. import ids
from ..domain.account import Account
from ..domain.package import Package, package_warnings
from ..wire import answers, views
from .access import WRITE_SCOPE
from .call import Answer, Call
from .customers import saved_customer
from .routing import check_route, file_route
from .staged_imports import staged

if TYPE_CHECKING:
    from ..domain.importing import ImportOf, MadeRow
    from ..storage.db import Action
    from ..usecases.imports import Made, Recording, RowOutcome

blueprint = Blueprint(__name__)


@file_route(blueprint, "/packages/import", WRITE_SCOPE)
def import_packages(call: Call) -> Answer[answers.ImportedPackages | answers.Import]:
    """Define or change the packages of a file, all or none; unless `dry_run=false`, say what would become of them."""
    return _at_once_or_staged(call, "packages", _packages)


def _packages(call: Call, recording: Recording) -> Answer[answers.ImportedPackages]:
    from ..usecases import imports  # not in cold starts
    from ..wire import import_rows

    dry_run, new_ids = _dry_run(call), partial(ids.following, call.context.id)
    rows, malformed = import_rows.requested_packages(call.csv or "", new_ids, call.services.default_currency)
    written = imports.define(call.services.db, call.context, rows, malformed, dry_run=dry_run, recording=recording)
    items = [_defined(one, dry_run) for one in written]
    return Answer({**_about(call, items), "rows": len(items), "items": items}, _status(dry_run))


@check_route(blueprint, "/packages/import/check")
def check_packages(call: Call) -> Answer[answers.ImportedPackages | answers.Import]:
    """Say which packages a file would define or change; nothing is written."""
    return import_packages(call)


@file_route(blueprint, "/customers/import", WRITE_SCOPE)
def import_customers(call: Call) -> Answer[answers.ImportedCustomers | answers.Import]:
    """Create or change the customers of a file, all or none; unless `dry_run=false`, say what would become of them."""
    return _at_once_or_staged(call, "customers", _customers)


def _customers(call: Call, recording: Recording) -> Answer[answers.ImportedCustomers]:
    from ..usecases import imports  # not in cold starts
    from ..wire import import_rows

    dry_run = _dry_run(call)
    rows, malformed = import_rows.requested_customers(call.csv or "", call.services.default_currency)
    written = imports.write_customers(call.services.db, call.context, rows, malformed, dry_run=dry_run, recording=recording)
    items = [_customer_item(call, one) for one in written]
    return Answer({**_about(call, items), "rows": len(items), "items": items}, _status(dry_run))


@check_route(blueprint, "/customers/import/check")
def check_customers(call: Call) -> Answer[answers.ImportedCustomers | answers.Import]:
    """Say which customers a file would create or change; nothing is written."""
    return import_customers(call)


@file_route(blueprint, "/assignments/import", WRITE_SCOPE)
def import_assignments(call: Call) -> Answer[answers.ImportedAssignments | answers.Import]:
    """Make or change the assignments of a file, all or none; unless `dry_run=false`, say what would become of them, and be charged at
    once."""
    return _at_once_or_staged(call, "assignments", _assignments)


def _assignments(call: Call, recording: Recording) -> Answer[answers.ImportedAssignments]:
    from ..usecases import imports  # not in cold starts
    from ..wire import import_rows

    dry_run, new_ids = _dry_run(call), partial(ids.following, call.context.id)
    named = imports.named_in(call.services.db)
    file = imports.confirmed(import_rows.requested_assignments(call.csv or "", new_ids, named), call.query.get("confirm_backlog", False))
    made = imports.assign(call.services.db, call.context, file, dry_run=dry_run, recording=recording)
    items = [_assigned_view(call, one, dry_run) for one in made]
    return Answer({**_about(call, items), "rows": len(items), "items": items}, _status(dry_run))


@check_route(blueprint, "/assignments/import/check")
def check_assignments(call: Call) -> Answer[answers.ImportedAssignments | answers.Import]:
    """Say which assignments a file would make or change, and what would be charged at once; nothing is written."""
    return import_assignments(call)


def _at_once_or_staged(call: Call, of: ImportOf, at_once: Callable[[Call, Recording], Answer[Any]]) -> Answer[Any]:
    """The answer to a file that is written in one transaction, or checked while the caller waits; a larger one is staged."""
    from ..domain.errors import InvalidRows
    from ..usecases.staged_imports import record_at_once  # not in cold starts

    text, again = call.csv or "", call.query.get("again", False)

    def recording(made: Sequence[MadeRow]) -> list[Action]:
        return record_at_once(call.services.db, call.context, of, text.encode(), again=again, made=made)

    try:
        return at_once(call, recording)
    except InvalidRows as error:
        if error.code != "too_many":
            raise
    return staged(call, of, text, dry_run=_dry_run(call))


def _about(call: Call, items: Sequence[Mapping[str, Any]]) -> _About:
    """What the answer says of the whole: a file that changes something is recorded as an import."""
    made = not _dry_run(call) and any(one["change"] != "unchanged" for one in items)
    return {"dry_run": _dry_run(call), "import_id": call.context.id if made else None}


class _About(TypedDict):
    dry_run: bool
    import_id: str | None


def _dry_run(call: Call) -> bool:
    found: bool = call.query.get("dry_run", True)
    return found


def _defined(written: RowOutcome[Package], dry_run: bool) -> answers.ImportedPackage:
    package = written.new
    made_id = None if dry_run and written.old is None else package.package_id
    shown: answers.PlannedPackage = {**views.package_view(package), "package_id": made_id}
    warned = views.warnings_view(package_warnings(package))
    return {"row": written.row, "change": written.change, "package": shown, "warnings": warned}


def _customer_item(call: Call, written: RowOutcome[Account]) -> answers.ImportedCustomer:
    return {"row": written.row, "change": written.change, "customer": saved_customer(call, written.new)}


def _assigned_view(call: Call, made: Made, dry_run: bool) -> answers.ImportedAssignment:
    """A row with its assignment; what calls make of its minutes is told only to those who may read."""
    detail = made.detail if call.may_read else made.detail._replace(minutes=None)
    made_id = None if dry_run and made.change == "created" else detail.assignment.assignment_id
    shown: answers.PlannedAssignment = {**views.assignment_view(detail), "assignment_id": made_id}
    due, warned = [views.due_before(line) for line in made.backlog], views.warnings_view(made.warnings)
    return {"row": made.row, "change": made.change, "assignment": shown, "backlog": due, "warnings": warned}


def _status(dry_run: bool) -> int:
    """What is not made yet has no id, and is no answer to a creation."""
    return 200 if dry_run else 201
