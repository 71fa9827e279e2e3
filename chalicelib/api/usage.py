"""`/customers/{id}/usage` and `/customers/{id}/minutes`"""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from .. import deployment
from ..usecases import usage
from ..wire import answers, fields, views
from ..wire.bodies import UsageBody
from .access import WRITE_SCOPE
from .call import Answer, Call
from .query import LIST, OPTIONAL_DAY, RANGE, Parameter
from .routing import get, post

blueprint = Blueprint(__name__)
_USAGE_PATH = "/customers/{customer_id}/usage"
_USAGE_PARAMETERS = {**RANGE, "did": Parameter(fields.known_did), **LIST}


@post(blueprint, _USAGE_PATH, WRITE_SCOPE)
def record_usage(call: Call) -> Answer[answers.RatedCalls]:
    """Record up to 100 calls, in order: what is free of each, and what the rest costs."""
    body, services, zone = call.body(UsageBody), call.services, deployment.configuration().zone
    calls = [one.call(zone) for one in body.calls]
    rated = usage.record_calls(services.db, call.context, call.params["customer_id"], calls, services.call_retention)
    return Answer({"calls": [views.rated_view(one) for one in rated]})


@get(blueprint, _USAGE_PATH, _USAGE_PARAMETERS)
def read_usage(call: Call) -> Answer[answers.Page[answers.UsageDay]]:
    """Spend and seconds of each day with calls, of the customer or of one DID."""
    customer_id, (did, since, until) = call.params["customer_id"], (call.query.get(name) for name in ("did", "from", "to"))

    def load(after: Any, limit: int) -> Any:
        return usage.list_days(call.services.db, customer_id, did, since, until, after, limit)

    return call.page(f"usage {customer_id} {did} {since} {until}", load, lambda found: views.usage_day_view(found[0], did, found[1]))


@get(blueprint, "/customers/{customer_id}/minutes", {"date": OPTIONAL_DAY})
def read_minutes(call: Call) -> Answer[answers.MinutesOfDay]:
    """Each bucket of free minutes on a date."""
    day = call.query.get("date", call.context.today)
    found = usage.read_minutes(call.services.db, call.params["customer_id"], day)
    return Answer({"customer_id": call.params["customer_id"], "date": day.isoformat(), "items": [views.minutes(one) for one in found]})
