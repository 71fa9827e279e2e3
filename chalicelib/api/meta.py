"""`/health`"""

from __future__ import annotations

import time
from typing import Final

from chalice.app import Blueprint

from .. import __version__, deployment
from ..wire import answers
from .call import Answer, Call
from .routing import public

blueprint = Blueprint(__name__)
HEALTHY_SECONDS: Final = 5.0
"""How long a good answer is given again: the route is open to all, and each look reads the database."""


@public(blueprint, "/health")
def health(_call: Call) -> Answer[answers.Health]:
    """Whether the service reaches its tables, as known for at most 5 seconds, and its version."""
    deployment.reach_tables(int(time.monotonic() // HEALTHY_SECONDS))
    return Answer({"status": "ok", "version": __version__})
