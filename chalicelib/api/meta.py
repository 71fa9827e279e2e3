"""`/health`"""

import time
from functools import lru_cache
from typing import Final

from chalice.app import Blueprint

from .. import deployment
from ..storage.db import Db
from ..storage.settings import agree_on_time_zone
from .call import Answer, Call
from .routing import route

blueprint = Blueprint(__name__)
HEALTHY_SECONDS: Final = 5.0
"""How long a good answer is given again: the route is open to all, and each look reads the database."""


@route(blueprint, "GET", "/health", public=True)
def health(call: Call) -> Answer:
    """Whether the service reaches its tables, as known for at most 5 seconds."""
    _look(call.services.db, deployment.settings().time_zone, int(time.monotonic() // HEALTHY_SECONDS))
    return Answer({"status": "ok"})


@lru_cache(maxsize=1)
def _look(db: Db, time_zone: str, _moment: int) -> None:
    """Read the tables, once a moment; a failure is not kept."""
    agree_on_time_zone(db, time_zone)
