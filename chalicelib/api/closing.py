"""`POST /customers/{id}/closing`"""

from __future__ import annotations

from chalice.app import Blueprint

from ..domain.errors import Fault, Invalid
from ..wire import answers
from .access import WRITE_SCOPE
from .call import Answer, Call
from .routing import step_route

blueprint = Blueprint(__name__)


@step_route(blueprint, "/customers/{customer_id}/closing", WRITE_SCOPE)
def close_customer(call: Call) -> Answer[answers.Closing]:
    """End all assignments of a customer who leaves, exactly as a dry run has shown it."""
    from ..usecases import closing  # not in cold starts
    from ..wire.closing_bodies import ClosingBody
    from ..wire.closing_views import closing_view

    body, dry_run, customer_id = call.body(ClosingBody), call.query["dry_run"], call.params["customer_id"]
    if dry_run:
        found = closing.plan_closing(call.services, call.context, customer_id, body.on)
        return _told(call, closing_view(found, body.on, dry_run=True))
    if body.assignments is None:
        detail = "is required: the assignments that a dry run (?dry_run=true) has shown, each with its version"
        raise Invalid([Fault("/assignments", detail)])
    seen = {one.assignment_id: one.version for one in body.assignments}
    made = closing.close_customer(call.services, call.context, customer_id, body.on, seen)
    return _told(call, closing_view(made, body.on, dry_run=False))


def _told(call: Call, closing: answers.Closing) -> Answer[answers.Closing]:
    """What is still due, and the balance after it, only for those who may read."""
    if not call.may_read:
        del closing["still_due"]
    return Answer(closing)
