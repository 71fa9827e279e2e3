"""`POST /customers/{id}/assignments/{id}/replacement` and `POST /dids/{did}/transfer`"""

from __future__ import annotations

from chalice.app import Blueprint

from .. import ids
from ..domain.posting import TRANSACTION_ACTIONS_MAX
from ..wire import answers
from .access import WRITE_SCOPE
from .call import Answer, Call
from .routing import step_route

blueprint = Blueprint(__name__)


@step_route(blueprint, "/customers/{customer_id}/assignments/{assignment_id}/replacement", WRITE_SCOPE)
def replace_assignment(call: Call) -> Answer[answers.Replacement]:
    """End an assignment on the eve of a day and go on from it with a package, or other terms, in one step."""
    from ..usecases import replacements  # not in cold starts
    from ..wire.replacement_bodies import ReplacementBody
    from ..wire.replacement_views import handover_view

    body, dry_run = call.body(ReplacementBody), call.query["dry_run"]
    of = call.params["customer_id"], call.params["assignment_id"]
    successor = replacements.Successor(body.package_id, body.start, body.given)
    made = replacements.replace(call.services.db, call.context, of, call.version(), successor, dry_run=dry_run)
    shown: answers.Replacement = {**handover_view(made, dry_run=dry_run), "dry_run": dry_run}
    if dry_run:
        return Answer(shown)
    return Answer(shown, 201, {"Location": f"../{made.handover.new.assignment_id}"})


@step_route(blueprint, "/dids/{did}/transfer", WRITE_SCOPE)
def transfer_did(call: Call) -> Answer[answers.Transfer]:
    """Give a DID to another customer from a day on, with everything that is assigned to it."""
    from ..usecases import replacements  # not in cold starts
    from ..wire.replacement_bodies import TransferBody
    from ..wire.replacement_views import handover_view

    body, did, dry_run = call.body(TransferBody), call.params["did"], call.query["dry_run"]
    new_ids = ids.following(call.context.id, TRANSACTION_ACTIONS_MAX // 2)
    to = body.customer_id, body.start
    made = replacements.transfer(call.services.db, call.context, did, to, new_ids, dry_run=dry_run)
    items = [handover_view(one, dry_run=dry_run) for one in made]
    return Answer({"dry_run": dry_run, "did": did, "customer_id": body.customer_id, "items": items}, 200 if dry_run else 201)
