"""`/customers/{id}/usage` and `/customers/{id}/minutes`"""

from typing import Any

from chalice.app import Blueprint

from .. import deployment
from ..usecases import usage
from ..wire import fields, views
from ..wire.bodies import UsageBody
from .access import WRITE
from .call import Answer, Call
from .query import DAY, LIST, Parameter
from .routing import route

blueprint = Blueprint(__name__)
_PATH = "/customers/{customer_id}/usage"
_RANGE = {"from": DAY, "to": DAY, "did": Parameter(fields.known_did), **LIST}


@route(blueprint, "POST", _PATH, scope=(WRITE,))
def record_usage(call: Call) -> Answer:
    """Record up to 100 calls, in order: what is free of each, and what the rest costs."""
    body, services, zone = call.body(UsageBody), call.services, deployment.settings().zone
    calls = [one.call(zone) for one in body.calls]
    rated = usage.record(services.db, call.act, call.params["customer_id"], calls, services.call_retention)
    return Answer({"calls": [views.rated(one) for one in rated]})


@route(blueprint, "GET", _PATH, parameters=_RANGE, ordered=(("from", "to"),))
def read_usage(call: Call) -> Answer:
    """Spend and seconds of each day with calls, of the customer or of one DID."""
    customer_id, (did, since, until) = call.params["customer_id"], (call.query.get(name) for name in ("did", "from", "to"))

    def load(after: Any, limit: int) -> Any:
        return usage.days(call.services.db, customer_id, did, since, until, after, limit)

    return call.page(f"usage {customer_id} {did} {since} {until}", load, lambda found: views.usage_day(found[0], did, found[1]))


@route(blueprint, "GET", "/customers/{customer_id}/minutes", parameters={"date": DAY})
def read_minutes(call: Call) -> Answer:
    """Each bucket of free minutes on a date."""
    day = call.query.get("date", call.act.today)
    found = usage.left(call.services.db, call.params["customer_id"], day)
    return Answer({"customer_id": call.params["customer_id"], "date": day.isoformat(), "items": [views.minutes(one) for one in found]})
