"""Forecasts: what the days to come bring."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from ...domain.pricing import ChargeKind
from .common import Count, Currency, Day, DayRange, Instant, Money
from .ledger import ComputedFrom
from .runs import DueCharge, Failure, HeldAlready


class ForecastAmounts(TypedDict):
    """Amounts of what is posted; `held` is the retail of what stays held, which the others leave out."""

    retail: Money
    cost: Money
    margin: Money
    credit_debited: Money
    held: Money


class ForecastSums(ForecastAmounts):
    """What is posted in some days. `below_cost` counts the lines whose retail is below their cost."""

    lines: Count
    below_cost: Count


class ForecastDifference(ForecastAmounts):
    """What a change adds, or takes away."""

    lines: int
    below_cost: int


class ForecastMonth(ForecastSums):
    """What a month brings."""

    month: str


class ForecastDay(ForecastSums):
    """What a day's evaluation brings."""

    date: Day


class ForecastPackage(ForecastSums):
    """What a package brings, or, where there is none, one-off charges that were held."""

    package_id: str | None
    package_name: str | None


class ForecastKind(ForecastSums):
    """What lines of a kind bring."""

    kind: ChargeKind


class ForecastLineFields(DueCharge):
    """A charge that falls due, or is tried again and posted, and on which days."""

    retail_max: Money | None
    status: Literal["posted", "held"]
    evaluated_on: Day
    posted_on: Day | None


class ForecastLine(ForecastLineFields, ComputedFrom):
    """A line of a forecast: one charge, and what its evaluation will do with it."""


class Comparison(TypedDict):
    """Sums without and with changes."""

    before: ForecastSums
    after: ForecastSums
    difference: ForecastDifference


class PackageWhatIf(Comparison):
    """What changes do to what a package brings."""

    package_id: str | None
    package_name: str | None


class WhatIf(Comparison):
    """What changes do to the days asked for."""

    short_on_before: Day | None
    by_package: list[PackageWhatIf]


class Forecast(DayRange):
    """What some days to come bring to a customer; with changes, what they bring then. Nothing was written."""

    customer: str
    package: str | None
    currency: Currency
    first_open_day: Day
    generated_at: Instant
    totals: ForecastSums
    by_month: list[ForecastMonth]
    by_day: list[ForecastDay]
    by_package: list[ForecastPackage]
    by_kind: list[ForecastKind]
    lines: list[ForecastLine]
    lines_left_out: Count
    balance_before: Money
    balance_after: Money
    held_before: HeldAlready
    short_on: Day | None
    top_up: Money | None
    top_up_by: Day | None
    top_up_payable: Money | None
    parked: bool
    parks_on: Day | None
    failures: list[Failure]
    what_if: NotRequired[WhatIf]
