"""Kept simulations of all customers: long work that keeps what a live run would post, to be posted later as it was seen.

`strategy` makes one, `reading` says what it came to. What a live run is held against is `usecases/runs/kept`.
"""

from ...domain.deciding import RunRequest
from ...domain.work import WorkRecord
from ..request_context import RequestContext, Services
from ..work import turns
from .reading import FoundSimulation, KeptCharge, KeptCustomer, kept_page, lines_page, plan_page, read_simulation
from .strategy import KeptSimulation

__all__ = [
    "FoundSimulation",
    "KeptCharge",
    "KeptCustomer",
    "KeptSimulation",
    "kept_page",
    "lines_page",
    "plan_page",
    "read_simulation",
    "request_simulation",
]


def request_simulation(services: Services, context: RequestContext, ask: RunRequest) -> WorkRecord:
    """Have a run of all customers simulated and kept. Raises `Conflict` too_much_work."""
    said = {
        "date": ask.date.isoformat(), "if_charged": ask.if_charged, "include_written_off": "yes" if ask.include_written_off else "no",
        "today": context.today.isoformat(),
    }  # fmt: skip
    return turns.begin_work(services, WorkRecord(context.id, "simulation", said, context.timestamp, context.by, services.segments))
