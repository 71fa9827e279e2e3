"""Forecasts as callers read them."""

from __future__ import annotations

from typing import Any

from ..domain import money
from ..domain.forecast import NO_SUMS, Forecast, ForecastLine, Shortage, difference
from ..domain.forecast_changes import WhatIf
from ..domain.report import Totals
from . import answers
from .csv_out import columns, demand_whole, to_csv
from .field_values import fields_of, iso
from .views import computed_from, failure_view


def forecast_view(found: Forecast | WhatIf) -> answers.Forecast:
    """The forecast of one customer, with changes the days as they would be then."""
    if isinstance(found, Forecast):
        return _forecast_view(found)
    return {**_forecast_view(found.after), "what_if": _what_if_view(found)}


def _forecast_view(value: Forecast) -> answers.Forecast:
    facts, request, held = value.facts, value.request, value.held_before
    short: Shortage | None = value.shortage
    return {
        "from": request.first.isoformat(), "to": request.last.isoformat(), "customer": facts.account.customer_id,
        "package": request.package_id, "currency": facts.account.currency, "first_open_day": facts.first.isoformat(),
        "generated_at": facts.at.isoformat(),
        "totals": fields_of(answers.ForecastSums, value.sums),
        "by_month": [fields_of(answers.ForecastMonth, sums, month=month) for month, sums in value.by_month.items()],
        "by_day": [fields_of(answers.ForecastDay, sums, date=iso(day)) for day, sums in value.by_day.items()],
        "by_package": [fields_of(answers.ForecastPackage, sums, **_named(value, one)) for one, sums in value.by_package.items()],
        "by_kind": [{"kind": kind, **fields_of(answers.ForecastSums, sums)} for kind, sums in value.by_kind.items()],
        "lines": [forecast_line_view(one) for one in value.lines], "lines_left_out": value.lines_left_out,
        "balance_before": money.text(facts.account.balance), "balance_after": money.text(value.balance_after),
        "held_before": {"count": held.charges, "retail": money.text(held.retail), "credit_debited": money.text(held.credit_debited)},
        "short_on": iso(short.short_on) if short else None, "top_up": money.text(short.top_up) if short else None,
        "top_up_by": iso(short.top_up_by) if short else None, "top_up_payable": money.text(short.top_up_payable) if short else None,
        "parked": facts.account.parked, "parks_on": iso(value.parks_on),
        "failures": [failure_view(one) for one in value.failures.values()],
    }  # fmt: skip


def _named(value: Forecast, package_id: str) -> dict[str, str | None]:
    """A package by its id; one-off charges have none."""
    package = value.facts.packages.get(package_id)
    return {"package_id": package_id or None, "package_name": package.name if package else None}


def forecast_line_view(one: ForecastLine) -> answers.ForecastLine:
    """A line of a forecast."""
    line = one.line
    return {
        "customer": line.customer_id, "kind": line.kind, "due_date": line.due_date.isoformat(), "currency": line.currency,
        "cost": money.text(line.cost), "retail": money.text(line.retail),
        "retail_max": None if one.retail_max is None else money.text(one.retail_max),
        "status": "posted" if one.posted_on else "held", "evaluated_on": one.evaluated_on.isoformat(), "posted_on": iso(one.posted_on),
        **computed_from(line),
    }  # fmt: skip


def _what_if_view(found: WhatIf) -> answers.WhatIf:
    before, after = found
    ids = sorted(before.by_package.keys() | after.by_package.keys())
    pairs = [(one, before.by_package.get(one, NO_SUMS), after.by_package.get(one, NO_SUMS)) for one in ids]
    return {
        **compared(before.sums, after.sums), "short_on_before": iso(before.shortage.short_on) if before.shortage else None,
        "by_package": [_package_view(after, *pair) for pair in pairs],
    }  # fmt: skip


def _package_view(value: Forecast, package_id: str, before: Totals, after: Totals) -> answers.PackageWhatIf:
    name = _named(value, package_id)["package_name"]
    return {"package_id": package_id or None, "package_name": name, **compared(before, after)}


def compared(before: Totals, after: Totals) -> answers.Comparison:
    """Sums without and with changes."""
    return {
        "before": fields_of(answers.ForecastSums, before), "after": fields_of(answers.ForecastSums, after),
        "difference": fields_of(answers.ForecastDifference, difference(before, after)),
    }  # fmt: skip


def forecast_csv(body: dict[str, Any]) -> str:
    """The lines of a forecast. Raises `Invalid` too_many rather than leave some out."""
    demand_whole(body)
    return to_csv(columns(answers.ForecastLine), body["lines"])
