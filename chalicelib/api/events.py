"""`/events`: what was told lately. Only `make serve` has it; on AWS, events are read where they are attached."""

from typing import Any

from chalice.app import Blueprint

from .. import deployment
from ..domain.events import EVENT_TYPES
from ..wire import answers, fields
from .call import Answer, Call
from .query import LIST, OneOf, Parameter
from .routing import get

blueprint = Blueprint(__name__)
_PARAMETERS = {"type": Parameter(OneOf(EVENT_TYPES)), "customer": Parameter(fields.identifier), **LIST}


if deployment.keeps_events():  # the packager asks, too: elsewhere there is no such route

    @get(blueprint, "/events", _PARAMETERS)
    def list_events(call: Call) -> Answer[answers.Page[Any]]:
        """The latest 10,000 events, newest first; those of a type, or of a customer."""
        asked = {"type": call.query.get("type"), "customer_id": call.query.get("customer")}
        asked = {name: value for name, value in asked.items() if value is not None}

        def wanted(one: dict[str, Any]) -> bool:
            return all(one[name] == value for name, value in asked.items())

        return call.page(f"events {asked}", lambda after, limit: deployment.event_file().newest(wanted, after, limit), dict)
