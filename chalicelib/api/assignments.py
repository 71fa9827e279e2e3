"""`/customers/{id}/assignments`, `/dids` and `/dids/{did}/assignments`"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from chalice.app import Blueprint

from ..domain.amending import FIRST_VALUES
from ..domain.assignment import Assignment
from ..domain.detail import Detail
from ..domain.errors import Fault, Invalid
from ..usecases import assigning, assignments, warnings
from ..usecases import finding_assignments as finding
from ..usecases.finding_assignments import AssignmentsAsked
from ..wire import answers, csv_out, field_values, fields, terms_views, views
from ..wire.assignment_bodies import AssignmentBody, TermsEdit, edited_assignment
from .access import WRITE_SCOPE
from .call import Answer, Call
from .formats import CSV
from .query import LIST, OFF, OPTIONAL_DAY, Parameter, flag
from .routing import delete, get, patch, put, step_route, tagged

blueprint = Blueprint(__name__)
_FOUND_BY: Final = {
    "package": Parameter(fields.identifier), "connexcs_package": Parameter(fields.connexcs_package), "did": Parameter(fields.known_did),
    "ends_from": OPTIONAL_DAY, "ends_to": OPTIONAL_DAY._replace(not_before="ends_from"), **LIST,
}  # fmt: skip
_DIDS_BY: Final = {
    "search": Parameter(fields.first_digits), "free": Parameter(flag), "customer": Parameter(fields.identifier), **LIST,
}  # fmt: skip
_LIST_PATH = "/customers/{customer_id}/assignments"
_ASSIGNMENT_PATH = _LIST_PATH + "/{assignment_id}"
_TERMS_PATH = _ASSIGNMENT_PATH + "/terms"


@step_route(blueprint, _LIST_PATH, WRITE_SCOPE)
def create_assignment(call: Call) -> Answer[answers.SavedAssignment | answers.TriedAssignment]:
    """Assign a package to a customer or to a DID."""
    body, customer_id = call.body(AssignmentBody), call.params["customer_id"]
    draft = body.draft(customer_id)
    if call.query["dry_run"]:
        return Answer(_tried_assignment(call, draft, body.minimum_days))
    made = assigning.create_assignment(call.services.db, call.context, draft, body.minimum_days, body.confirm_backlog)
    saved = tagged(_saved_assignment(call, made), 201, location=f"assignments/{made.assignment.assignment_id}")
    return Answer(saved.body, saved.status, saved.headers)


@get(blueprint, _LIST_PATH, {**LIST, "on": OPTIONAL_DAY}, forms={CSV: csv_out.assignments_csv})
def list_assignments(call: Call) -> Answer[answers.Page[answers.Assignment]]:
    """A customer's assignments, oldest first, with their packages; with `on` those that are valid on a day, as they are then."""
    db, customer_id, on = call.services.db, call.params["customer_id"], call.query.get("on")
    load, day = (assignments.valid_assignments, on) if on else (assignments.list_assignments, call.context.today)
    scope = f"assignments {customer_id}" + (f" on {on}" if on else "")
    return call.page(scope, lambda after, limit: load(db, day, customer_id, after, limit), views.assignment_view)


@get(blueprint, _ASSIGNMENT_PATH)
def read_assignment(call: Call) -> Answer[answers.Assignment]:
    """One assignment with its package."""
    return tagged(views.assignment_view(assignments.read_assignment(call.services.db, call.context.today, *_ids(call))))


@patch(blueprint, _ASSIGNMENT_PATH, WRITE_SCOPE)
def change_assignment(call: Call) -> Answer[answers.SavedAssignment]:
    """Change some fields of an assignment."""

    def edit(old: Assignment) -> Assignment:
        return edited_assignment(old, call.json)

    confirmed = isinstance(call.json, dict) and call.json.get("confirm_backlog") is True
    named = call.named(FIRST_VALUES)
    changed = assignments.change_assignment(call.services.db, call.context, _ids(call), call.version(), edit, confirmed, named)
    return tagged(_saved_assignment(call, changed))


@get(blueprint, _TERMS_PATH)
def read_terms(call: Call) -> Answer[answers.Terms]:
    """The terms of an assignment: its first values, and the entries that change them from a day on."""
    return tagged(terms_views.terms_view(assignments.read_terms(call.services.db, call.context, _ids(call))))


@put(blueprint, _TERMS_PATH + "/{from}", WRITE_SCOPE, {"correct": OFF})
def write_terms(call: Call) -> Answer[answers.SavedTerms]:
    """Enter terms from a day on, or change the entry that begins on that day."""
    body, correct = call.body(TermsEdit), call.query["correct"]
    if correct != (body.reason is not None):
        problem = "is required with correct=true" if correct else "is for corrections only (correct=true)"
        raise Invalid([Fault("/reason", problem)])
    entry = body.entry(call.day("from"))._replace(reason=body.reason or "")
    saved, created = assignments.write_terms(
        call.services.db, call.context, _ids(call), call.version(), entry, body.confirm_backlog, correct=correct
    )
    return tagged(terms_views.saved_terms_view(saved), 201 if created else 200, location=call.params["from"] if created else None)


@delete(blueprint, _TERMS_PATH + "/{from}", WRITE_SCOPE)
def remove_terms(call: Call) -> Answer[answers.SavedTerms]:
    """Remove the terms entry that begins on a day."""
    saved = assignments.remove_terms(call.services.db, call.context, _ids(call), call.version(), call.day("from"))
    return tagged(terms_views.saved_terms_view(saved))


@delete(blueprint, _ASSIGNMENT_PATH, WRITE_SCOPE)
def end_assignment(call: Call) -> Answer[answers.EndedAssignment | None]:
    """End an assignment today, or remove one that has not begun."""
    assignments.delete_assignment(call.services.db, call.context, _ids(call), call.version())
    found = warnings.end_warnings(call.services.db, *_ids(call))
    return Answer({"warnings": views.warnings_view(found)}) if found else Answer(None, 204)


@get(blueprint, "/assignments", _FOUND_BY, forms={CSV: csv_out.assignments_csv})
def find_assignments(call: Call) -> Answer[answers.Page[answers.Assignment]]:
    """Assignments of all customers: of a package, of one that enables a ConnexCS package, of a DID, or that end in a range of days."""
    asked = AssignmentsAsked(**{name: call.query[name] for name in AssignmentsAsked._fields if name in call.query})
    if asked == AssignmentsAsked():
        names = ", ".join(AssignmentsAsked._fields)
        raise Invalid([Fault("", f"say which assignments: give at least one of {names}; all of them are exported (POST /exports)")])
    load = partial(finding.find_assignments, call.services.db, call.context.today, asked)
    return call.page(f"assignments {asked}", load, views.assignment_view)


def _dids_csv(body: Any) -> str:
    from ..wire.did_views import dids_csv  # not in cold starts

    return dids_csv(body)


@get(blueprint, "/dids", _DIDS_BY, forms={CSV: _dids_csv})
def list_dids(call: Call) -> Answer[answers.Page[answers.DidSummary]]:
    """All DIDs that somebody has, had or will have, in the order of their digits: who has each today, and with what."""
    from ..usecases import listing_dids  # not in cold starts
    from ..wire.did_views import did_view

    asked = listing_dids.DidsAsked(**{name: call.query[name] for name in listing_dids.DidsAsked._fields if name in call.query})

    return call.page(f"dids {asked}", partial(listing_dids.list_dids, call.services.db, call.context.today, asked), did_view)


@get(blueprint, "/dids/{did}/assignments", LIST, forms={CSV: csv_out.assignments_csv})
def list_assignments_of_did(call: Call) -> Answer[answers.Page[answers.Assignment]]:
    """All assignments that a DID has or had, oldest first."""
    did = call.params["did"]

    def load(after: Any, limit: int) -> tuple[list[Detail], Any]:
        found = assignments.of_did(call.services.db, call.context.today, did)
        start = int(after or 0)
        return found[start : start + limit], start + limit if len(found) > start + limit else None

    return call.page(f"did {did}", load, views.assignment_view, skipping=True)


@get(blueprint, "/packages/{package_id}/assignments", LIST, forms={CSV: csv_out.assignments_csv})
def list_assignments_of_package(call: Call) -> Answer[answers.Page[answers.Assignment]]:
    """All assignments that a package has or had, oldest first; one just made may be missing for a moment."""
    db, today, package_id = call.services.db, call.context.today, call.params["package_id"]
    load = assignments.of_package
    return call.page(f"package {package_id}", lambda after, limit: load(db, today, package_id, after, limit), views.assignment_view)


def _tried_assignment(call: Call, draft: Assignment, minimum_days: int | None) -> answers.TriedAssignment:
    from ..wire.replacement_views import tried_assignment_view  # not in cold starts

    tried = assigning.try_assignment(call.services.db, call.context, draft, minimum_days)
    return tried_assignment_view(tried.lines, tried.currency, needs_confirmation=tried.needs_confirmation)


def _saved_assignment(call: Call, detail: Detail) -> answers.SavedAssignment:
    """The assignment as written; what calls make of its minutes is told only to those who may read."""
    found = warnings.assignment_warnings(call.services.db, detail)
    saved: answers.SavedAssignment = {
        **views.assignment_view(detail), "effective_from": field_values.iso(detail.effective_from), "warnings": views.warnings_view(found),
    }  # fmt: skip
    if not call.may_read:
        del saved["minutes"]
    return saved


def _ids(call: Call) -> tuple[str, str]:
    return call.params["customer_id"], call.params["assignment_id"]
