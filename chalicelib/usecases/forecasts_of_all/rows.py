"""How the results of a forecast are written, as JSON: amounts as text, so that they stay exact."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from ...domain.forecast import Shortage
from ...domain.forecast_changes import Changes, DiscountChange, PriceChange
from ...domain.forecast_of_all import CustomerForecast, PlannedSums
from ...domain.package import PRICE_FIELDS, PriceList
from ..work.sums import Json, exact, json_of_totals, totals_of


def json_of_planned(one: PlannedSums) -> Json:
    """Sums, and those without the changes if there are any."""
    return [json_of_totals(sums) for sums in one if sums is not None]


def planned_of(value: Json) -> PlannedSums:
    """What was written."""
    return PlannedSums(*map(totals_of, value))


def json_of_customer(one: CustomerForecast) -> Json:
    """A customer's row."""
    return [
        one.customer_id, one.name, one.currency, json_of_planned(one.planned), exact(one.balance_before), exact(one.balance_after),
        json_of_shortage(one.shortage), *(day.isoformat() if day else None for day in (one.short_on_before, one.parks_on)),
    ]  # fmt: skip


def customer_of(value: Json) -> CustomerForecast:
    """What was written."""
    customer_id, name, currency, planned, before, after, short, *days = value
    return CustomerForecast(
        customer_id, name, currency, planned_of(planned), Decimal(before), Decimal(after), shortage_of(short),
        *(date.fromisoformat(day) if day else None for day in days),
    )  # fmt: skip


def json_of_shortage(one: Shortage | None) -> Json:
    """From when on a customer runs short, if it does."""
    return one and [one.short_on.isoformat(), exact(one.top_up), one.top_up_by.isoformat(), exact(one.top_up_payable)]


def shortage_of(value: Json) -> Shortage | None:
    """What was written."""
    if value is None:
        return None
    short_on, top_up, by, payable = value
    return Shortage(date.fromisoformat(short_on), Decimal(top_up), date.fromisoformat(by), Decimal(payable))


def text_of_changes(changes: Changes) -> str:
    """What is tried, as the record of the work has it."""
    prices = [{"package_id": one.package_id, **_json_of_prices(one.prices)} for one in changes.prices]
    discounts = [
        one._asdict() | {"begins": one.begins.isoformat(), "until": one.until and one.until.isoformat(), "percent": exact(one.percent)}
        for one in changes.discounts
    ]
    return json.dumps({"prices": prices, "discounts": discounts}, separators=(",", ":"))


def _json_of_prices(one: PriceList) -> Json:
    named = {name: getattr(one, name) for name in PRICE_FIELDS}
    amounts = {name: exact(amount) for name, amount in named.items() if amount is not None}
    return {"begins": one.begins.isoformat(), "existing": one.existing, **amounts}


def changes_of(text: str) -> Changes:
    """What was written."""
    said = json.loads(text)
    return Changes([_price_change(one) for one in said["prices"]], [_discount_change(one) for one in said["discounts"]])


def _price_change(said: Mapping[str, Any]) -> PriceChange:
    amounts: dict[str, Any] = {name: Decimal(said[name]) for name in PRICE_FIELDS if name in said}
    return PriceChange(said["package_id"], PriceList(date.fromisoformat(said["begins"]), said["existing"])._replace(**amounts))


def _discount_change(said: Mapping[str, Any]) -> DiscountChange:
    until = said["until"] and date.fromisoformat(said["until"])
    return DiscountChange(said["package_id"], said["customer_id"], date.fromisoformat(said["begins"]), until, Decimal(said["percent"]))


def line_of_row(row: Json) -> bytes:
    """A row as a line of a file."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
