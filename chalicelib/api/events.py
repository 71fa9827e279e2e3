"""`/events/replay`; and `/events`, what was told lately, which only `make serve` has: on AWS, events are read where they are attached."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from .. import deployment
from ..domain.events import EVENT_TYPES, chosen_types
from ..wire import answers, fields
from ..wire.work_views import work_view
from .access import WRITE_SCOPE
from .call import Answer, Call
from .posting_days import posting_days
from .query import LIST, OneOf, Parameter
from .routing import get, post

blueprint = Blueprint(__name__)
_PARAMETERS = {"type": Parameter(OneOf(EVENT_TYPES)), "customer": Parameter(fields.identifier), **LIST}


@post(blueprint, "/events/replay", WRITE_SCOPE)
def request_replay(call: Call) -> Answer[answers.Work]:
    """Have the events of some days sent again."""
    from ..usecases import replays  # not in cold starts
    from ..wire.work_bodies import ReplayBody

    body = call.body(ReplayBody)
    types = body.types or chosen_types(deployment.configuration().event_types)
    made = replays.request_replay(call.services, call.context, posting_days(body.since, body.to), types)
    return Answer(work_view(made), 202, {"Location": f"work/{made.work_id}"})


if deployment.keeps_events():  # the packager asks, too: elsewhere there is no such route

    @get(blueprint, "/events", _PARAMETERS)
    def list_events(call: Call) -> Answer[answers.Page[Any]]:
        """The latest 10,000 events, newest first; those of a type, or of a customer."""
        asked = {"type": call.query.get("type"), "customer_id": call.query.get("customer")}
        asked = {name: value for name, value in asked.items() if value is not None}

        def wanted(one: dict[str, Any]) -> bool:
            return all(one[name] == value for name, value in asked.items())

        return call.page(f"events {asked}", lambda after, limit: deployment.event_file().newest(wanted, after, limit), dict)
