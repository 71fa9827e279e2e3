"""`/customers/{id}/assignments` and `/dids/{did}/assignments`"""

from typing import Any

from chalice.app import Blueprint

from ..domain.assignment import Assignment
from ..domain.errors import Fault, Invalid
from ..usecases import assignments, warnings
from ..usecases.assignments import Detail
from ..wire import tables, views
from ..wire.bodies import AssignmentBody, AssignmentEdit, merged, parse
from .access import WRITE
from .call import Answer, Call
from .formats import CSV
from .query import LIST
from .routing import route, tagged

blueprint = Blueprint(__name__)
_LIST_PATH = "/customers/{customer_id}/assignments"
_PATH = _LIST_PATH + "/{assignment_id}"


@route(blueprint, "POST", _LIST_PATH, scope=(WRITE,))
def create_assignment(call: Call) -> Answer:
    """Assign a package to a customer or to a DID."""
    body, customer_id = call.body(AssignmentBody), call.params["customer_id"]
    draft = body.draft(customer_id)
    made = assignments.create(call.services.db, call.act, draft, body.minimum_days, body.confirm_backlog)
    return tagged(_saved(call, made), 201, location=f"assignments/{made.assignment.assignment_id}")


@route(blueprint, "GET", _LIST_PATH, parameters=LIST, forms={CSV: tables.assignments})
def list_assignments(call: Call) -> Answer:
    """A customer's assignments, oldest first, with their packages."""
    db, today, customer_id = call.services.db, call.act.today, call.params["customer_id"]
    load = assignments.listed
    return call.page(f"assignments {customer_id}", lambda after, limit: load(db, today, customer_id, after, limit), views.assignment)


@route(blueprint, "GET", _PATH)
def read_assignment(call: Call) -> Answer:
    """One assignment with its package."""
    return tagged(views.assignment(assignments.read(call.services.db, call.act.today, *_ids(call))))


@route(blueprint, "PATCH", _PATH, scope=(WRITE,))
def change_assignment(call: Call) -> Answer:
    """Change some fields of an assignment."""
    confirmed = [False]

    def edit(old: Assignment) -> Assignment:
        body = parse(AssignmentEdit, _patched(old, call.json))
        confirmed[0] = body.confirm_backlog
        _demand_same(old, body)
        return body.applied(old)

    edit(assignments.read(call.services.db, call.act.today, *_ids(call)).assignment)
    changed = assignments.change(call.services.db, call.act, _ids(call), call.version(), edit, confirmed[0])
    return tagged(_saved(call, changed))


@route(blueprint, "DELETE", _PATH, scope=(WRITE,))
def end_assignment(call: Call) -> Answer:
    """End an assignment today, or remove one that has not begun."""
    assignments.end(call.services.db, call.act, _ids(call), call.version())
    found = warnings.of_ended(call.services.db, *_ids(call))
    return Answer(views.warnings(found)) if found else Answer(None, 204)


@route(blueprint, "GET", "/dids/{did}/assignments", parameters=LIST, forms={CSV: tables.assignments})
def list_assignments_of_did(call: Call) -> Answer:
    """All assignments that a DID has or had, oldest first."""
    did = call.params["did"]

    def load(after: Any, limit: int) -> tuple[list[Detail], Any]:
        found = assignments.of_did(call.services.db, call.act.today, did)
        start = int(after or 0)
        return found[start : start + limit], start + limit if len(found) > start + limit else None

    return call.page(f"did {did}", load, views.assignment, skipping=True)


@route(blueprint, "GET", "/packages/{package_id}/assignments", parameters=LIST, forms={CSV: tables.assignments})
def list_assignments_of_package(call: Call) -> Answer:
    """All assignments that a package has or had, oldest first; one just made may be missing for a moment."""
    db, today, package_id = call.services.db, call.act.today, call.params["package_id"]
    load = assignments.of_package
    return call.page(f"package {package_id}", lambda after, limit: load(db, today, package_id, after, limit), views.assignment)


def _saved(call: Call, detail: Detail) -> dict[str, Any]:
    return views.assignment(detail) | views.warnings(warnings.of_assignment(call.services.db, detail))


def _ids(call: Call) -> tuple[str, str]:
    return call.params["customer_id"], call.params["assignment_id"]


def _patched(old: Assignment, patch: Any) -> dict[str, Any]:
    """The assignment as a body, with the patch in it. Its minimum days are the package's, so they are not said again."""
    current = {
        "package_id": old.package_id, "did": old.did, "quantity": old.quantity, "start_date": old.start_date.isoformat(),
        "end_date": old.end_date and old.end_date.isoformat(), "auto_decrement_credit": old.auto_decrement_credit,
        "free_minutes": old.free_minutes, "charge_from": old.charge_from and old.charge_from.isoformat(),
    }  # fmt: skip
    return merged(current, patch)


def _demand_same(old: Assignment, body: AssignmentBody) -> None:
    given: dict[str, object] = {"package_id": body.package_id, "did": body.did}
    given |= {} if body.minimum_days is None else {"minimum_days": body.minimum_days}
    moved = [name for name, value in given.items() if value != getattr(old, name)]
    faults = [Fault(f"/{name}", "never changes; end this assignment and make another") for name in moved]
    if faults:
        raise Invalid(faults)
