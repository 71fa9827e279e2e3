"""Forecasts of all customers."""

from typing import NotRequired

from typing_extensions import TypedDict

from .common import Count, Currency, Day, Instant, Money
from .forecast import Comparison, ForecastDay, ForecastKind, ForecastMonth, ForecastPackage, ForecastSums, PackageWhatIf
from .work import Work


class ForecastCustomer(TypedDict):
    """What the days bring to a customer; with changes, what they bring then."""

    customer: str
    name: str
    currency: Currency
    totals: ForecastSums
    balance_before: Money
    balance_after: Money
    short_on: Day | None
    top_up: Money | None
    top_up_by: Day | None
    top_up_payable: Money | None
    parks_on: Day | None
    what_if: NotRequired["CustomerWhatIf"]


class CustomerWhatIf(Comparison):
    """What changes do to what the days bring to a customer."""

    short_on_before: Day | None


class CurrencyWhatIf(Comparison):
    """What changes do to all customers with one currency."""

    pay_more: Count
    pay_less: Count
    fall_below_cost: Count
    by_package: list[PackageWhatIf]


class ForecastCurrency(TypedDict):
    """What the days bring to all customers with one currency; with changes, what they bring then."""

    currency: Currency
    customers: Count
    short: Count
    parks: Count
    totals: ForecastSums
    by_month: list[ForecastMonth]
    by_day: list[ForecastDay]
    by_package: list[ForecastPackage]
    by_package_left_out: Count
    by_kind: list[ForecastKind]
    what_if: NotRequired[CurrencyWhatIf]


_Asked = TypedDict("_Asked", {"from": Day, "to": Day})
_From = TypedDict("_From", {"from": Day})


class TriedPrices(_From):
    """Prices of a package that are tried from a day on; null are those that stay as they are."""

    package_id: str
    package_name: str | None
    existing: bool
    cost: Money | None
    retail: Money | None
    setup_cost: Money | None
    setup_retail: Money | None


class TriedDiscount(_From):
    """A discount that is tried, in percent, of a package or of all, for a customer or for all."""

    package_id: str | None
    package_name: str | None
    customer_id: str | None
    until: Day | None
    percent: str


class TriedChanges(TypedDict):
    """What is tried."""

    prices: list[TriedPrices]
    discounts: list[TriedDiscount]


class ForecastOfAll(Work, _Asked):
    """A forecast of all customers: how far it is, and its sums by currency once it is finished, until it expires."""

    package: str | None
    first_open_day: Day
    expires_at: Instant
    changes: TriedChanges | None
    by_currency: list[ForecastCurrency] | None
    parked_customers: list[str]
    parked_customers_left_out: Count
