"""Reconciliations with the carrier: what was compared, and what differs."""

from typing_extensions import TypedDict

from ...domain.discrepancy_kinds import DiscrepancyKind
from .common import Count, Currency, Day, Instant, Money
from .work import Work


class Discrepancy(TypedDict):
    """A number that is not as the carrier lists it. Amounts are for a month."""

    discrepancy: DiscrepancyKind
    did: str
    row: Count | None
    carrier_customer_id: str | None
    carrier_cost: Money | None
    carrier_currency: Currency | None
    customer_id: str | None
    package_names: list[str]
    currency: Currency | None
    cost: Money | None
    retail: Money | None
    difference: Money | None
    paused: bool
    last_day: Day | None


class DiscrepancySums(TypedDict):
    """What the discrepancies of a kind are worth a month, in one currency."""

    currency: Currency
    numbers: Count
    carrier_cost: Money
    cost: Money
    retail: Money
    difference: Money


class DiscrepancyList(TypedDict):
    """The discrepancies of a kind: their sums, and the first of them."""

    discrepancy: DiscrepancyKind
    numbers: Count
    by_currency: list[DiscrepancySums]
    items: list[Discrepancy]
    items_left_out: Count


class ReconciliationCompared(TypedDict):
    """How many numbers were compared."""

    listed: Count
    billed: Count
    differing: Count
    cost_not_compared: Count


class Reconciliation(Work):
    """A reconciliation. What was compared and found is null until it is finished, and once it has expired."""

    date: Day
    expires_at: Instant
    compared: ReconciliationCompared | None
    lists: list[DiscrepancyList] | None
