"""How long a worker waits for a busy database, and when it hands on what is left."""

from collections.abc import Callable
from typing import Final

from ..domain.errors import Throttled
from ..storage.waiting_db import WaitingDb
from .request_context import Services

STOP_SECONDS: Final = 60.0
"""A worker with less time than this hands the rest of its segment on."""
WAIT_SECONDS_MAX: Final = 240.0
"""For a busy database, while there is time. What is throttled for so long, and once more after the others of its round, has failed."""

SPARE_SECONDS: Final = 20.0
"""What a worker of short messages keeps of its time, to end what it is at."""


def within_time_budget(services: Services, seconds_left: Callable[[], float]) -> Services:
    """The services for background work, which waits for a busy database."""
    return services._replace(db=WaitingDb(services.db, lambda: wait_seconds(seconds_left())))


def while_time_is_left(services: Services, seconds_left: Callable[[], float]) -> Services:
    """The services for a short message: a busy database is waited for while there is time. Raises `Throttled` when there is none."""
    if seconds_left() < SPARE_SECONDS:
        raise Throttled("there is no time left for this message; it will be delivered again")
    return services._replace(db=WaitingDb(services.db, lambda: max(0.0, seconds_left() - SPARE_SECONDS)))


def wait_seconds(seconds_left: float) -> float:
    """How long a call may wait for a busy database when the function has so much time left: what follows needs time too."""
    return min(WAIT_SECONDS_MAX, max(STOP_SECONDS / 3, seconds_left - STOP_SECONDS / 2))
