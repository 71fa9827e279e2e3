"""A customer at a glance."""

from typing_extensions import TypedDict

from .common import Count, Currency, Day, Instant, Money
from .forecast import ForecastLine
from .overview import MonthlyFields


class NextCharge(TypedDict):
    """What falls due next: the first of its lines, and what all of them come to."""

    date: Day
    cost: Money
    retail: Money
    margin: Money
    lines: list[ForecastLine]
    lines_left_out: Count


class LastPayment(TypedDict):
    """The newest payment."""

    entry_id: str
    date: Day
    amount: Money
    reference: str | None


class Outlook(MonthlyFields):
    """A customer at a glance: a month's value, the next charge, how long the credit lasts, the last payment."""

    customer_id: str
    currency: Currency
    generated_at: Instant
    planned_to: Day
    features: list[str]
    next_charge: NextCharge | None
    short_on: Day | None
    last_payment: LastPayment | None
