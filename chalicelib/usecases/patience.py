"""How long a worker waits for a busy database, and when it hands on what is left."""

from collections.abc import Callable
from typing import Final

from ..domain.errors import Throttled
from ..storage.patient import PatientDb
from .act import Services

STOP_SECONDS: Final = 60.0
"""A worker with less time than this hands the rest of its segment on."""
LONGEST_WAIT_SECONDS: Final = 240.0
"""For a busy database, while there is time. What is throttled for so long, and again after the others of its round, has failed."""

SPARE_SECONDS: Final = 20.0
"""What a worker of short messages keeps of its time, to end what it is at."""


def patient(services: Services, seconds_left: Callable[[], float]) -> Services:
    """The services for work that nobody waits for: a busy database is waited for."""
    return services._replace(db=PatientDb(services.db, lambda: patience_seconds(seconds_left())))


def patient_while(services: Services, seconds_left: Callable[[], float]) -> Services:
    """The services for a short message: a busy database is waited for while there is time. Raises `Throttled` when there is none."""
    if seconds_left() < SPARE_SECONDS:
        raise Throttled("there is no time left for this message, which comes back")
    return services._replace(db=PatientDb(services.db, lambda: max(0.0, seconds_left() - SPARE_SECONDS)))


def patience_seconds(seconds_left: float) -> float:
    """How long a call may wait for a busy database when the function has so much time left: what follows needs time too."""
    return min(LONGEST_WAIT_SECONDS, max(STOP_SECONDS / 3, seconds_left - STOP_SECONDS / 2))
