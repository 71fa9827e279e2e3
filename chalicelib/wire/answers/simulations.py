"""Kept simulations."""

from ...domain.deciding import IfCharged
from .common import Day, Instant
from .runs import Summary
from .work import Work


class KeptSimulation(Work):
    """A kept simulation of all customers: how far it is, and what it comes to once it is finished, until it expires."""

    date: Day
    if_charged: IfCharged
    include_written_off: bool
    expires_at: Instant
    summary: Summary | None
