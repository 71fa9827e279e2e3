"""Forecasts of all customers as callers read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..domain import money
from ..domain.forecast_changes import Changes, PriceChange
from ..domain.forecast_of_all import CurrencyForecast, CustomerForecast, FoundForecast, PlannedSums
from ..domain.package import PRICE_FIELDS, Package
from . import answers
from .csv_out import columns, to_csv
from .field_values import fields_of, iso
from .forecast_views import compared
from .work_views import work_view

_GROUPS: Final = {"by_month": "month", "by_day": "date", "by_package": "package_id", "by_kind": "kind"}
"""The lists of sums, and what says which sums they are."""


def forecast_of_all_view(found: FoundForecast) -> answers.ForecastOfAll:
    """A forecast of all customers, with its sums once they are there."""
    sums = None if found.currencies is None else [_currency_view(one, found.packages) for one in found.currencies]
    return {
        **work_view(found.work), "from": found.request.first.isoformat(), "to": found.request.last.isoformat(),
        "package": found.request.package_id, "first_open_day": found.first_open_day.isoformat(),
        "expires_at": found.expires_at.isoformat(), "changes": _changes_view(found.changes, found.packages) if found.changes else None,
        "by_currency": sums, "parked_customers": list(found.parked),
        "parked_customers_left_out": found.parked_left_out,
    }  # fmt: skip


def _changes_view(changes: Changes, packages: Mapping[str, Package]) -> answers.TriedChanges:
    """What is tried, as it was asked for, with the names of packages."""
    return {
        "prices": [_prices_view(one, packages) for one in changes.prices],
        "discounts": [
            {
                "package_id": one.package_id, "package_name": _name_of(one.package_id, packages), "customer_id": one.customer_id,
                "from": one.begins.isoformat(), "until": iso(one.until), "percent": money.text(one.percent),
            }
            for one in changes.discounts
        ],
    }  # fmt: skip


def _prices_view(one: PriceChange, packages: Mapping[str, Package]) -> answers.TriedPrices:
    prices = one.prices
    amounts = {name: money.text(amount) for name in PRICE_FIELDS if (amount := getattr(prices, name)) is not None}
    shown: answers.TriedPrices = {
        "package_id": one.package_id, "package_name": _name_of(one.package_id, packages), "from": prices.begins.isoformat(),
        "existing": prices.existing, "cost": amounts.get("cost"), "retail": amounts.get("retail"),
        "setup_cost": amounts.get("setup_cost"), "setup_retail": amounts.get("setup_retail"),
    }  # fmt: skip
    return shown


def customer_forecast_view(value: CustomerForecast) -> answers.ForecastCustomer:
    """A customer in a forecast of all."""
    short, (sums, before) = value.shortage, value.planned
    shown: answers.ForecastCustomer = {
        "customer": value.customer_id, "name": value.name, "currency": value.currency, "totals": fields_of(answers.ForecastSums, sums),
        "balance_before": money.text(value.balance_before), "balance_after": money.text(value.balance_after),
        "short_on": iso(short.short_on) if short else None, "top_up": money.text(short.top_up) if short else None,
        "top_up_by": iso(short.top_up_by) if short else None, "top_up_payable": money.text(short.top_up_payable) if short else None,
        "parks_on": iso(value.parks_on),
    }  # fmt: skip
    if before is None:
        return shown
    return {**shown, "what_if": {**compared(before, sums), "short_on_before": iso(value.short_on_before)}}


def _currency_view(value: CurrencyForecast, packages: Mapping[str, Package]) -> answers.ForecastCurrency:
    counts = value.counts
    shown: answers.ForecastCurrency = {
        "currency": value.currency, "customers": counts.customers, "short": counts.short, "parks": counts.parks,
        "totals": fields_of(answers.ForecastSums, value.total.sums),
        "by_month": [fields_of(answers.ForecastMonth, one.sums, month=month) for month, one in value.by_month.items()],
        "by_day": [fields_of(answers.ForecastDay, one.sums, date=day) for day, one in value.by_day.items()],
        "by_package": [fields_of(answers.ForecastPackage, one.sums, **_named(key, packages)) for key, one in value.by_package.items()],
        "by_package_left_out": value.packages_left_out,
        "by_kind": [{"kind": kind, **fields_of(answers.ForecastSums, one.sums)} for kind, one in value.by_kind.items()],
    }  # fmt: skip
    if value.total.before is None:
        return shown
    what_if: answers.CurrencyWhatIf = {
        **_compared(value.total), "pay_more": counts.pay_more, "pay_less": counts.pay_less, "fall_below_cost": counts.fall_below_cost,
        "by_package": [_package_view(key, one, packages) for key, one in value.by_package.items()],
    }  # fmt: skip
    return {**shown, "what_if": what_if}


def _named(package_id: str, packages: Mapping[str, Package]) -> dict[str, str | None]:
    """A package by its id; one-off charges have none."""
    return {"package_id": package_id or None, "package_name": _name_of(package_id, packages)}


def _name_of(package_id: str | None, packages: Mapping[str, Package]) -> str | None:
    package = packages.get(package_id or "")
    return package.name if package else None


def _package_view(package_id: str, one: PlannedSums, packages: Mapping[str, Package]) -> answers.PackageWhatIf:
    return {"package_id": package_id or None, "package_name": _name_of(package_id, packages), **_compared(one)}


def _compared(one: PlannedSums) -> answers.Comparison:
    return compared(one.before or one.sums, one.sums)


def forecast_sums_csv(body: dict[str, Any]) -> str:
    """The sums of a forecast of all, one row for each currency and each of its groups."""
    return to_csv(["currency", "group", "key", "package_name", *columns(answers.ForecastSums)], _sums_rows(body))


def _sums_rows(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for currency in body["by_currency"] or []:
        yield {"currency": currency["currency"], "group": "totals", **currency["totals"]}
        for group, key in _GROUPS.items():
            for one in currency[group]:
                yield {"currency": currency["currency"], "group": group, "key": one[key]} | {k: v for k, v in one.items() if k != key}


def forecast_customers_csv(body: dict[str, Any]) -> str:
    """Customers of a forecast of all."""
    names = columns(answers.ForecastCustomer)
    what_if = any("what_if" in one for one in body["items"])
    return to_csv([name for name in names if what_if or not name.startswith("what_if")], body["items"])
