"""Retries after contention: read again and decide again, with jitter."""

import random
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final, NamedTuple, TypeVar

from ..domain.errors import BillingError, Contention

RETRY_SECONDS_MAX = 20.0
ATTEMPTS_MIN = 3
"""However long one attempt took: a worker's may have waited for a busy database."""
_FIRST_PAUSE_SECONDS = 0.02
_PAUSE_SECONDS_MAX = 0.5

T = TypeVar("T")


def _sleep_a_part(seconds: float) -> None:
    time.sleep(seconds * random.uniform(0.3, 1.0))


class Waiting(NamedTuple):
    """How time passes: seconds that only grow, and a pause of a random part of the seconds given."""

    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = _sleep_a_part


_REAL: Final = Waiting()
WAITING: Final[ContextVar[Waiting]] = ContextVar("waiting", default=_REAL)
"""Simulations replace it."""


def retry_on_contention(attempt: Callable[[], T], *, seconds_max: float = RETRY_SECONDS_MAX, over: type[BillingError] = Contention) -> T:
    """The result of `attempt`, called anew whenever another writer came first, or `over` another error, for `seconds_max`.

    Raises the last of these errors when that time is over and it was called `ATTEMPTS_MIN` times, and every other error
    at once.
    """
    waiting = WAITING.get()
    deadline = waiting.now() + seconds_max
    pause = _FIRST_PAUSE_SECONDS
    attempts = 0
    while True:
        attempts += 1
        try:
            return attempt()
        except over:
            if waiting.now() > deadline and attempts >= ATTEMPTS_MIN:
                raise
        pause_between_writers(pause)
        pause = min(pause * 2, _PAUSE_SECONDS_MAX)


def pause_between_writers(seconds: float) -> None:
    """Sleep for a random part of `seconds`, so that writers that met once don't meet again."""
    WAITING.get().pause(seconds)
