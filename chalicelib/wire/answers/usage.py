"""Calls and the free minutes that they use."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from .common import Count, Day, Money, Seconds


class Minutes(TypedDict):
    """A bucket of free minutes; all but `free_minutes` in seconds."""

    assignment_id: str
    package_id: str
    package_name: str
    did: str | None
    destination: str | None
    free_minutes: Annotated[int, Field(ge=0)] | None
    unit: Literal["seconds"]
    total: Seconds
    used: Seconds
    remaining: Seconds
    began_on: Day
    refills_on: Day | None
    ends_on: Day | None
    waiting_for_payment: bool


class MinutesOfDay(TypedDict):
    """Each bucket of free minutes of a customer on a date."""

    customer_id: str
    date: Day
    items: list[Minutes]


class Draw(TypedDict):
    """Seconds that a call took from an assignment's free minutes."""

    assignment_id: str
    seconds: Seconds


class RatedCall(TypedDict):
    """A call as it was rated."""

    call_id: str
    free_seconds: Seconds
    billable_seconds: Seconds
    charge: Money
    drawn: list[Draw]


class RatedCalls(TypedDict):
    """The calls of a request, rated, in its order."""

    calls: list[RatedCall]


class UsageDay(TypedDict):
    """What the calls of a day come to."""

    date: Day
    did: str | None
    spend: Money
    seconds: Seconds
    free_seconds: Seconds
    calls: Count
