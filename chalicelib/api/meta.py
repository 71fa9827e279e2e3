"""`/health`"""

import time
from typing import Final

from chalice.app import Blueprint

from .. import deployment
from .call import Answer, Call
from .routing import route

blueprint = Blueprint(__name__)
HEALTHY_SECONDS: Final = 5.0
"""How long a good answer is given again: the route is open to all, and each look reads the database."""


@route(blueprint, "GET", "/health", public=True)
def health(_call: Call) -> Answer:
    """Whether the service reaches its tables, as known for at most 5 seconds."""
    deployment.reach_tables(int(time.monotonic() // HEALTHY_SECONDS))
    return Answer({"status": "ok"})
