"""The overview as callers read it."""

from __future__ import annotations

from typing import Any

from ..domain import money
from ..domain.overview import AnnouncedPrice, Ending, FoundOverview, MonthlyValue, OverviewCustomer, OverviewPackage
from . import answers
from .csv_out import columns, to_csv
from .field_values import fields_of, iso


def overview_view(found: FoundOverview) -> answers.Overview:
    """The newest overview."""
    done: Any = found.work.state
    return {
        "work_id": found.work.work_id, "status": done, "date": found.run_date.isoformat(), "from": found.request.first.isoformat(),
        "to": found.request.last.isoformat(), "created_at": found.work.created_at, "finished_at": found.work.finished_at,
        "expires_at": found.expires_at.isoformat(), "failures_total": found.work.failed,
        "by_currency": [
            {
                "currency": currency, "customers": sums.customers, "parked": sums.parked, "short": sums.short, "ending": sums.ending,
                "balance": money.text(sums.balance), **monthly_view(sums.monthly), "totals": fields_of(answers.ForecastSums, sums.planned),
            }
            for currency, sums in found.sums.items()
        ],
        "packages_by_currency": [
            {
                "currency": currency, "packages": sums.packages, "unassigned": sums.unassigned, "units": sums.units,
                **monthly_view(sums.monthly),
            }
            for currency, sums in found.packages.items()
        ],
    }  # fmt: skip


def overview_customer_view(value: OverviewCustomer) -> answers.OverviewCustomer:
    """A customer in the overview."""
    short = value.shortage
    return {
        "customer": value.customer_id, "name": value.name, "currency": value.currency, "balance": money.text(value.balance),
        **monthly_view(value.monthly), "short_on": iso(short and short.short_on), "top_up": short and money.text(short.top_up),
        "top_up_by": iso(short and short.top_up_by), "top_up_payable": short and money.text(short.top_up_payable), "parked": value.parked,
    }  # fmt: skip


def overview_package_view(value: OverviewPackage) -> answers.OverviewPackage:
    """A package in the overview."""
    return fields_of(answers.OverviewPackage, value, **monthly_view(value.monthly))


def ending_view(value: Ending) -> answers.EndingTerms:
    """What ends."""
    return fields_of(answers.EndingTerms, value, customer=value.customer_id, fields=list(value.fields))


def announced_price_view(value: AnnouncedPrice) -> answers.AnnouncedPrice:
    """A price list to come."""
    before = {f"{name}_before": money.text(price) for name, price in value.before._asdict().items()}
    after = {name: money.text(price) for name, price in value.after._asdict().items()}
    return fields_of(answers.AnnouncedPrice, value, **before, **after)


def monthly_view(value: MonthlyValue) -> answers.MonthlyFields:
    """What assignments bring in a month."""
    return {
        "assignments": value.assignments, "monthly_value": money.text(value.retail), "monthly_cost": money.text(value.cost),
        "monthly_margin": money.text(value.margin),
    }  # fmt: skip


def overview_csv(body: dict[str, Any]) -> str:
    """The sums of the overview, one row for each currency."""
    return to_csv(columns(answers.OverviewCurrency), body["by_currency"])


def overview_customers_csv(body: dict[str, Any]) -> str:
    """Customers in the overview."""
    return to_csv(columns(answers.OverviewCustomer), body["items"])


def overview_packages_csv(body: dict[str, Any]) -> str:
    """Packages in the overview."""
    return to_csv(columns(answers.OverviewPackage), body["items"])


def endings_csv(body: dict[str, Any]) -> str:
    """What ends."""
    return to_csv(columns(answers.EndingTerms), body["items"])


def announced_prices_csv(body: dict[str, Any]) -> str:
    """Price lists to come."""
    return to_csv(columns(answers.AnnouncedPrice), body["items"])
