"""The overview: what all customers come to, and lists of them."""

from typing import Literal

from typing_extensions import TypedDict

from ...domain.overview_kinds import WhatEnds
from ...domain.package import PackageType
from ...domain.schedule import Frequency
from .common import Count, Currency, Day, DayRange, Instant, Money
from .forecast import ForecastSums


class MonthlyFields(TypedDict):
    """What assignments bring in a month, at the terms of today."""

    assignments: Count
    monthly_value: Money
    monthly_cost: Money
    monthly_margin: Money


class OverviewCurrency(MonthlyFields):
    """What all customers with one currency come to. `totals` are of the days that were planned."""

    currency: Currency
    customers: Count
    parked: Count
    short: Count
    ending: Count
    balance: Money
    totals: ForecastSums


class OverviewPackageCurrency(MonthlyFields):
    """What all packages with one currency come to."""

    currency: Currency
    packages: Count
    unassigned: Count
    units: Count


class Overview(DayRange):
    """The overview of a daily run: what was planned, when, and what it came to."""

    work_id: str
    status: Literal["finished", "finished_with_failures"]
    date: Day
    created_at: Instant
    finished_at: Instant | None
    expires_at: Instant
    failures_total: Count
    by_currency: list[OverviewCurrency]
    packages_by_currency: list[OverviewPackageCurrency]


class OverviewCustomer(MonthlyFields):
    """A customer in the overview."""

    customer: str
    name: str
    currency: Currency
    balance: Money
    short_on: Day | None
    top_up: Money | None
    top_up_by: Day | None
    top_up_payable: Money | None
    parked: bool


class OverviewPackage(MonthlyFields):
    """A package in the overview."""

    package_id: str
    name: str
    currency: Currency
    type: PackageType
    frequency: Frequency
    units: Count


class EndingTerms(TypedDict):
    """The last day of an assignment, or of some of its terms."""

    last_day: Day
    customer: str
    name: str
    assignment_id: str
    package_id: str
    package_name: str
    did: str | None
    ends: WhatEnds
    fields: list[str]


class AnnouncedPrice(TypedDict):
    """A price list to come of a package that somebody has, with the prices before it."""

    begins: Day
    package_id: str
    package_name: str
    currency: Currency
    existing: bool
    retail_before: Money
    retail: Money
    cost_before: Money
    cost: Money
    setup_retail_before: Money
    setup_retail: Money
    setup_cost_before: Money
    setup_cost: Money
