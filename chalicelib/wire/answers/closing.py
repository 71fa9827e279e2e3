"""Closing a customer: what becomes of each assignment, and what is still due."""

from typing import NotRequired

from typing_extensions import TypedDict

from ...domain.closing_kinds import Becomes
from .common import Count, Currency, Day
from .forecast import Forecast


class ClosingReason(TypedDict):
    """Why an assignment is left as it is."""

    code: str
    detail: str


class ClosingItem(TypedDict):
    """An assignment of a customer who leaves, and what becomes, or became, of it. `earliest_end_date`: its minimum days keep it until then,
    which is later than the day that was asked for."""

    assignment_id: str
    package_id: str
    package_name: str
    did: str | None
    quantity: Count
    version: Count
    start_date: Day
    becomes: Becomes
    last_day: Day | None
    earliest_end_date: Day | None
    why: ClosingReason | None


class Closing(TypedDict):
    """What ends when, or ended; what the days until then bring only with `billing:read`."""

    customer_id: str
    currency: Currency
    on: Day
    dry_run: bool
    closed_on: Day | None
    items: list[ClosingItem]
    still_due: NotRequired[Forecast]
