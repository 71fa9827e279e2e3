"""Kept simulations."""

from typing_extensions import TypedDict

from ...domain.deciding import IfCharged
from ...domain.digest import PlannedDecision
from ...domain.pricing import ChargeKind
from .common import Count, Day, Instant, Money
from .runs import CustomerSum, Summary
from .work import Work


class KeptSimulation(Work):
    """A kept simulation of all customers: how far it is, and what it comes to once it is finished, until it expires."""

    date: Day
    if_charged: IfCharged
    include_written_off: bool
    expires_at: Instant
    summary: Summary | None


class KeptCustomer(CustomerSum):
    """What a customer would be charged, by a kept simulation."""

    digest: str


class KeptCharge(TypedDict):
    """A charge of a kept simulation: what a live run would do with it."""

    customer: str
    assignment_id: str | None
    kind: ChargeKind
    due_date: Day
    decision: PlannedDecision
    quantity: Count
    cost: Money
    retail: Money
    credit_debited: Money
    fits: bool | None
