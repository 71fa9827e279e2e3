"""What a deployment is set to, as far as billing people need to know it."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from ...domain.events import EventType
from .common import BalanceNotice, Count, Currency


class CurrencyNotices(TypedDict):
    """The thresholds of a low balance for customers with this currency who have none of their own."""

    currency: Currency
    balance_notices: list[BalanceNotice]


class Settings(TypedDict):
    """A deployment's settings. They are variables, set when it is packaged."""

    time_zone: str
    default_currency: Currency
    allow_future: bool
    max_lines_per_customer: Annotated[int, Field(ge=1)]
    call_retention_days: Count
    history_days: Count
    event_types: list[EventType]
    notice_days: list[int]
    term_notice_days: list[int]
    default_balance_notices: list[CurrencyNotices]
