"""`/imports`: files that are checked and applied in the background, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint

from ..wire import answers
from .access import READ, WRITE_SCOPE
from .call import Answer, Call
from .formats import CSV, imported_rows_as_csv
from .query import LIST, OFF, OneOf, Parameter
from .routing import action, get, post

if TYPE_CHECKING:
    from ..domain.importing import ImportOf
    from ..usecases.staged_imports import FoundImport, Wanted

blueprint = Blueprint(__name__)
_OUTCOMES: Final = ("made", "failed", "planned", "faults", "undone", "left")
_ROWS: Final[Mapping[str, Parameter]] = {"outcome": Parameter(OneOf(_OUTCOMES), default="made"), **LIST}
_APPLYING: Final[Mapping[str, Parameter]] = {"confirm_backlog": OFF, "again": OFF}


@post(blueprint, "/imports", WRITE_SCOPE)
def announce_import(call: Call) -> Answer[answers.Import]:
    """Get a link to put a large file to."""
    from ..usecases import staged_imports  # not in cold starts
    from ..wire.work_bodies import ImportBody

    made = staged_imports.announce(call.services, call.context, call.body(ImportBody).kind)
    return Answer(shown(made), 201, {"Location": f"imports/{made.record.import_id}"})


@action(blueprint, "/imports/{import_id}/check", READ)
def check_import(call: Call) -> Answer[answers.Import]:
    """Have the file of an import checked."""
    from ..usecases import staged_imports  # not in cold starts

    return _begun(staged_imports.check_file(call.services, call.context, call.params["import_id"]))


@action(blueprint, "/imports/{import_id}/application", WRITE_SCOPE, _APPLYING)
def apply_import(call: Call) -> Answer[answers.Import]:
    """Have the file of an import applied, if all its rows are right."""
    from ..usecases import staged_imports  # not in cold starts

    return _begun(staged_imports.apply_file(call.services, call.context, call.params["import_id"], wanted(call)))


@action(blueprint, "/imports/{import_id}/retry", WRITE_SCOPE, {"confirm_backlog": OFF})
def retry_import(call: Call) -> Answer[answers.Import]:
    """Have the rows of an import applied once more that failed."""
    from ..usecases import staged_imports  # not in cold starts

    return _begun(staged_imports.retry_failed(call.services, call.context, call.params["import_id"], wanted(call)))


@action(blueprint, "/imports/{import_id}/undo", WRITE_SCOPE, {"dry_run": OFF})
def undo_import(call: Call) -> Answer[answers.Import]:
    """Have an import undone, as far as nobody has touched what it did since; with `dry_run=true`, say how."""
    from ..usecases import staged_imports  # not in cold starts

    found = staged_imports.undo_import(call.services, call.context, call.params["import_id"], dry_run=call.query["dry_run"])
    return _begun(found)


@get(blueprint, "/imports/{import_id}")
def read_import(call: Call) -> Answer[answers.Import]:
    """An import: how far it is, and what its rows come to."""
    from ..usecases import staged_imports  # not in cold starts

    return Answer(shown(staged_imports.read_import(call.services, call.context, call.params["import_id"])))


@get(blueprint, "/imports/{import_id}/rows", _ROWS, forms={CSV: imported_rows_as_csv})
def list_imported_rows(call: Call) -> Answer[answers.Page[answers.ImportedRow]]:
    """The rows of an import that were made, with their ids; or that failed, are planned, or are faulty."""
    from ..usecases import staged_imports  # not in cold starts
    from ..wire.import_views import imported_row

    import_id, outcome = call.params["import_id"], call.query["outcome"]
    of = staged_imports.import_of(call.services.db, import_id)
    return call.page(
        f"import {import_id} {outcome}",
        lambda after, limit: staged_imports.rows_of_import(call.services, call.context, import_id, outcome, after, limit),
        lambda row: imported_row(of, row),
    )


def wanted(call: Call) -> Wanted:
    """How a file is to be applied."""
    from ..usecases.staged_imports import Wanted  # not in cold starts

    return Wanted(call.query.get("confirm_backlog", False), call.query.get("again", False))


def staged(call: Call, of: ImportOf, text: str, *, dry_run: bool) -> Answer[Any]:
    """Have a file that came in a request checked, or checked and applied, in the background. Raises `Malformed`, `InvalidRows`."""
    from ..domain.errors import InvalidRows
    from ..usecases import staged_imports  # not in cold starts
    from ..wire import import_rows

    _, malformed = import_rows.staged_rows(of, text)
    if malformed:
        raise InvalidRows(malformed)
    found = staged_imports.stage_file(call.services, call.context, of, text.encode(), dry_run=dry_run, wanted=wanted(call))
    return Answer(shown(found), 202, {"Location": f"../imports/{found.record.import_id}"})


def _begun(found: FoundImport) -> Answer[answers.Import]:
    return Answer(shown(found), 202, {"Location": f"../{found.record.import_id}"})


def shown(found: FoundImport) -> answers.Import:
    """An import as callers read it."""
    from ..wire.import_views import import_view  # not in cold starts

    return import_view(*found)
