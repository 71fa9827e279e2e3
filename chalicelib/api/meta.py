"""`/health`"""

from chalice.app import Blueprint

from .. import deployment
from ..storage.settings import agree_on_time_zone
from .call import Answer, Call
from .routing import route

blueprint = Blueprint(__name__)


@route(blueprint, "GET", "/health", public=True)
def health(call: Call) -> Answer:
    """Whether the service reaches its tables."""
    agree_on_time_zone(call.services.db, deployment.settings().time_zone)
    return Answer({"status": "ok"})
