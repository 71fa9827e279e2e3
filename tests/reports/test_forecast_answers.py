"""Forecasts as callers ask for and read them: bodies, JSON and CSV."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.forecast import ForecastRequest, forecast
from chalicelib.domain.forecast_changes import Changes, DiscountChange, PriceChange, WhatIf, with_changes
from chalicelib.domain.prices import PriceList
from chalicelib.wire.bodies import parse
from chalicelib.wire.forecast_bodies import ForecastBody
from chalicelib.wire.forecast_views import forecast_csv, forecast_view
from tests.domain.build import account, assignment
from tests.domain.test_forecast import FIRST, MONTHLY, facts

ASKED = {"customer": "c", "to": "2031-12-31"}
KNOWN = facts(account(balance="15", debit_limit="0"), (assignment("2030-12-15", auto_decrement_credit=True), MONTHLY))


def requested(last: date, listed: int = 1000) -> ForecastRequest:
    return ForecastRequest(FIRST, last, FIRST, listed)


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"customer": "c"}, {"/to": "is required"}),
        (ASKED | {"from": "2032-01-01"}, {"/to": "lies before from, 2032-01-01"}),
        (ASKED | {"changes": {"prices": [{"package_id": "p", "from": "2031-02-01"}]}},
         {"/changes/prices/0": "has no price: give at least one of cost, retail, setup_cost, setup_retail"}),
        (ASKED | {"changes": {"discounts": [{"from": "2031-02-01", "until": "2031-01-01", "percent": "5"}]}},
         {"/changes/discounts/0/until": "lies before from, 2031-02-01"}),
        (ASKED | {"changes": {"discounts": [{"from": "2031-02-01", "percent": "100.5"}]}},
         {"/changes/discounts/0/percent": "must be a percentage from 0 to 100 with at most 4 decimals such as 12.5"}),
    ],
)  # fmt: skip
def test_bodies_that_are_not_right(body: dict[str, Any], faults: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        parse(ForecastBody, body)
    assert {fault.pointer: fault.detail for fault in refused.value.faults} == faults


def test_what_is_tried_is_read_whole() -> None:
    price = {"package_id": "p", "from": "2031-02-01", "retail": "12", "existing": False}
    discount = {"customer_id": "c", "from": "2031-03-01", "until": "2031-03-31", "percent": "12.5"}
    body = parse(ForecastBody, ASKED | {"changes": {"prices": [price], "discounts": [discount]}})
    assert body.changes
    assert body.changes.changes() == Changes(
        [PriceChange("p", PriceList(date(2031, 2, 1), existing=False, retail=Decimal(12)))],
        [DiscountChange(None, "c", date(2031, 3, 1), date(2031, 3, 31), Decimal("12.5"))],
    )


def test_a_shortage_is_told_with_what_pays_it() -> None:
    shown = forecast_view(forecast(KNOWN, requested(date(2031, 3, 31))))
    assert {name: shown[name] for name in ("short_on", "top_up", "top_up_by", "top_up_payable", "balance_after")} == {
        "short_on": "2031-02-01", "top_up": "15.00", "top_up_by": "2031-01-31", "top_up_payable": "15.00", "balance_after": "5.00",
    }  # fmt: skip
    assert [(one["due_date"], one["status"], one["posted_on"]) for one in shown["lines"]] == [
        ("2031-01-01", "posted", "2031-01-01"), ("2031-02-01", "held", None), ("2031-03-01", "held", None),
    ]  # fmt: skip
    assert shown["by_month"][1]["held"] == "10.00"
    assert "what_if" not in shown


def test_a_comparison_says_what_changes() -> None:
    asked = requested(date(2031, 3, 31))
    dearer = with_changes(KNOWN, Changes([PriceChange("p", PriceList(date(2031, 2, 1), retail=Decimal("3.5")))]))
    shown = forecast_view(WhatIf(forecast(KNOWN, asked), forecast(dearer, asked)))
    assert shown["totals"]["retail"] == shown["what_if"]["after"]["retail"] == "13.50"
    assert shown["what_if"]["difference"] == {
        "retail": "3.50", "cost": "4.00", "margin": "-0.50", "credit_debited": "3.50", "held": "-16.50", "lines": 1, "below_cost": 1,
    }  # fmt: skip
    assert shown["what_if"]["short_on_before"] == "2031-02-01"
    assert [one["package_id"] for one in shown["what_if"]["by_package"]] == ["p"]


def test_csv_has_every_line_or_none() -> None:
    rows = list(csv.DictReader(io.StringIO(forecast_csv({**forecast_view(forecast(KNOWN, requested(date(2031, 3, 31))))}))))
    assert [(row["due_date"], row["status"], row["retail"]) for row in rows] == [
        ("2031-01-01", "posted", "10.00"), ("2031-02-01", "held", "10.00"), ("2031-03-01", "held", "10.00"),
    ]  # fmt: skip
    with pytest.raises(Invalid, match="1 rows too many"):
        forecast_csv({**forecast_view(forecast(KNOWN, requested(date(2031, 3, 31), listed=2)))})
