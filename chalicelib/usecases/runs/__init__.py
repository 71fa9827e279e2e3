"""Runs: the daily evaluation and Run Package, simulated and live, what they report, and how a live one is undone.

`daily` begins an evaluation, `on_demand` simulates or begins a Run Package, `reports` reads runs, `reversal` undoes one. What
they leave to the queue are `messages`, which `work_off` works off; work on all customers goes through the loop in `usecases/segment`.
"""

from ...domain.record import WorkResult
from ..request_context import RequestContext, Services
from ..segment import SecondsLeft
from . import background, daily, on_demand, reports, reversal
from .messages import (
    CustomerMessage,
    KeptRunSegmentMessage,
    Message,
    ReversalMessage,
    RunPackageSegmentMessage,
    SegmentMessage,
    body_of,
    read_message,
)

__all__ = [
    "CustomerMessage",
    "KeptRunSegmentMessage",
    "Message",
    "ReversalMessage",
    "RunPackageSegmentMessage",
    "SegmentMessage",
    "body_of",
    "daily",
    "on_demand",
    "read_message",
    "reports",
    "reversal",
    "work_off",
]  # fmt: skip


def work_off(services: Services, context: RequestContext, message: Message, seconds_left: SecondsLeft) -> WorkResult | None:
    """Do what a message asks for, as often as it comes; what that brought, None when it was done before."""
    match message:
        case SegmentMessage():
            return daily.work_sweep(services, context, message, seconds_left)
        case RunPackageSegmentMessage() | KeptRunSegmentMessage():
            return background.work_segment(services, context, message, seconds_left)
        case CustomerMessage():
            return background.work_customer(services, context, message, seconds_left)
        case ReversalMessage():
            return reversal.work_reversal(services, context, message, seconds_left)
