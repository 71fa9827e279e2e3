"""One-off charges and adjustments over HTTP (rules 4): what may be sent, and what is answered."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.support import Json, a_customer, balance, day, ledger, ok, pay, pointers, problem


def charge(api: httpx.Client, customer: str, **fields: Any) -> Json:
    return ok(api.post(f"/customers/{customer}/charges", json={"description": "Visit", "retail": "60.00"} | fields), 201)


def test_a_charge_says_what_it_is_for(api: httpx.Client) -> None:
    customer = a_customer(api)
    made = charge(api, customer, cost="35", quantity=2, date=day(-40), auto_decrement_credit=True, account_code="4010", tax_code="S")
    told = ("kind", "description", "date", "quantity", "unit_retail", "unit_cost", "retail", "cost", "margin", "credit_change", "status")
    assert [made[name] for name in told] == [
        "one_off", "Visit", day(-40), 2, "60.00", "35.00", "120.00", "70.00", "50.00", "-120.00", "posted",
    ]  # fmt: skip
    assert [made[name] for name in ("assignment_id", "package_id", "package_name", "did", "period", "run_id")] == [None] * 6
    assert made["explanation"] == f'"Visit" on {day(-40)}: 2 x 60.00 = 120.00 USD.'
    assert (made["posted_at"][:10], made["account_code"], made["tax_code"], made["warnings"]) == (day(), "4010", "S", [])
    assert ledger(api, customer) == [{name: value for name, value in made.items() if name != "warnings"}]
    assert balance(api, customer) == -120


def test_what_is_left_out(api: httpx.Client) -> None:
    made = charge(api, a_customer(api, debit_limit="0"))
    told = ("date", "quantity", "cost", "auto_decrement_credit", "credit_change", "status", "account_code", "tax_code")
    assert [made[name] for name in told] == [day(), 1, "0.00", False, "0.00", "posted", None, None]


def test_it_is_held_and_listed_where_credit_is_short(api: httpx.Client) -> None:
    customer = a_customer(api, debit_limit="0")
    made = charge(api, customer, auto_decrement_credit=True)
    [held] = ok(api.get(f"/held?customer={customer}"))["items"]
    assert (made["status"], held["entry_id"], held["description"]) == ("held", made["entry_id"], "Visit")
    report = ok(api.post("/runs", json={"customer": customer, "date": day()}))
    assert [(one["kind"], one["description"], one["package_name"], one["status"]) for one in report["lines"]] == [
        ("one_off", "Visit", None, "held")
    ]
    page = api.get("/held", params={"customer": customer}, headers={"Accept": "text/csv"}).text
    assert ",Visit," in page
    assert ok(api.post(f"/held/{made['entry_id']}/cancellation"))["status"] == "cancelled"


def test_a_run_that_posts_it_shows_it_in_every_form(api: httpx.Client) -> None:
    customer = a_customer(api, debit_limit="0")
    charge(api, customer, auto_decrement_credit=True)
    pay(api, customer, "60")
    live = {"customer": customer, "date": day(), "simulate": False}
    run = ok(api.post("/runs", json=live))
    assert [one["status"] for one in run["lines"]] == ["posted"]
    for form in ("text/csv", "text/html"):
        assert "Visit" in api.get(f"/runs/{run['run_id']}", headers={"Accept": form}).text
    undone = ok(api.post(f"/runs/{run['run_id']}/reversal"))
    assert [(one["retail"], one["reference"]) for one in undone["reversals"]] == [("-60.00", "Visit")]
    assert balance(api, customer) == 60


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"description": ""}, "/description"),
        ({"description": "\u202e"}, "/description"),
        ({"description": "x" * 201}, "/description"),
        ({"retail": "-1"}, "/retail"),
        ({"retail": "0"}, "/retail"),
        ({"retail": None}, "/retail"),
        ({"retail": "0", "cost": "0.00", "quantity": 3}, "/retail"),
        ({"cost": "1e3"}, "/cost"),
        ({"quantity": 0}, "/quantity"),
        ({"quantity": 1_000_001}, "/quantity"),
        ({"retail": "999999999999", "quantity": 1001}, "/quantity"),
        ({"retail": "1", "cost": "999999999999", "quantity": 1001}, "/quantity"),
        ({"date": "2031-02-30"}, "/date"),
        ({"auto_decrement_credit": "yes"}, "/auto_decrement_credit"),
        ({"account_code": ""}, "/account_code"),
        ({"tax_code": "x" * 51}, "/tax_code"),
        ({"currency": "EUR"}, "/currency"),
    ],
)
def test_a_bad_field_is_named(api: httpx.Client, fields: Json, pointer: str) -> None:
    customer = a_customer(api)
    body = {"description": "Visit", "retail": "1"} | fields
    assert pointers(api.post(f"/customers/{customer}/charges", json=body)) == {pointer}
    assert ledger(api, customer) == []


def test_all_bad_fields_are_named_at_once(api: httpx.Client) -> None:
    answer = api.post(f"/customers/{a_customer(api)}/charges", json={"retial": "1", "quantity": "2"})
    assert pointers(answer) == {"/description", "/retail", "/retial", "/quantity"}


def test_a_cost_without_a_retail_is_a_charge(api: httpx.Client) -> None:
    made = charge(api, a_customer(api), retail="0", cost="5")
    assert (made["retail"], made["cost"], made["margin"]) == ("0.00", "5.00", "-5.00")
    assert [(one["code"], one["pointer"]) for one in made["warnings"]] == [("below_cost", "/retail")]


def test_an_adjustment_moves_the_balance(api: httpx.Client) -> None:
    customer = a_customer(api, debit_limit="0")
    for amount, stands in (("-12.345678", "-12.345678"), ("20", "7.654322")):
        made = ok(api.post(f"/customers/{customer}/adjustments", json={"amount": amount, "reason": "Rounding"}), 201)
        told = ("kind", "date", "retail", "cost", "status", "reason")
        assert [made[name] for name in told] == ["adjustment", day(), "0.00", "0.00", "posted", "Rounding"]
        assert f"{balance(api, customer)}" == stands


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"amount": "0", "reason": "x"}, "/amount"),
        ({"amount": "1.0000001", "reason": "x"}, "/amount"),
        ({"amount": "1"}, "/reason"),
        ({"amount": "1", "reason": ""}, "/reason"),
        ({"amount": "1", "reason": "x" * 501}, "/reason"),
        ({"amount": "1", "reason": "x", "reference": "y"}, "/reference"),
    ],
)
def test_a_bad_adjustment_is_named(api: httpx.Client, body: Json, pointer: str) -> None:
    assert pointers(api.post(f"/customers/{a_customer(api)}/adjustments", json=body)) == {pointer}


def test_nobody_is_charged_who_is_not_there(api: httpx.Client) -> None:
    problem(api.post("/customers/nobody/charges", json={"description": "Visit", "retail": "1"}), 404, "not_found")
    problem(api.post("/customers/nobody/adjustments", json={"amount": "1", "reason": "x"}), 404, "not_found")


def statement(api: httpx.Client, customer: str, read: Callable[[httpx.Response], Any], form: str) -> Any:
    asked = {"from": day(), "to": day(), "cost": "true"}
    return read(api.get(f"/customers/{customer}/statement", params=asked, headers={"Accept": form}))


def test_a_statement_lists_both_in_their_places(api: httpx.Client) -> None:
    """rules 9: one-off charges, credits, reversals, payments, adjustments."""
    customer = a_customer(api)
    made = charge(api, customer, cost="35", quantity=2, auto_decrement_credit=True)
    charge(api, customer, description="Porting", retail="15")
    pay(api, customer, "100")
    ok(api.post(f"/customers/{customer}/adjustments", json={"amount": "-3", "reason": "Rounding"}), 201)
    ok(api.post(f"/customers/{customer}/ledger/{made['entry_id']}/credit", json={"retail": "20", "reason": "Late"}), 201)
    told = statement(api, customer, ok, "application/json")
    assert (told["charges"], told["opening_balance"], told["closing_balance"], told["to_be_invoiced"]) == ([], "0.00", "-3.00", "15.00")
    listed = [(one["kind"], [entry["text"] for entry in one["entries"]], one["credit_change"]) for one in told["sections"]]
    assert listed == [
        ("one_off", ["Visit", "Porting"], "-120.00"), ("credit", ["Visit"], "20.00"), ("payment", [None], "100.00"),
        ("adjustment", ["Rounding"], "-3.00"),
    ]  # fmt: skip
    first = told["sections"][0]["entries"][0]
    assert (first["quantity"], first["unit_retail"], first["retail"], first["cost"]) == (2, "60.00", "120.00", "70.00")
    page = statement(api, customer, lambda answer: answer.text, "text/html")
    assert all(words in page for words in ("One-off charges", "Porting", "Adjustments", "Rounding"))
    rows = statement(api, customer, lambda answer: answer.text, "text/csv")
    assert sum(",one_off," in row for row in rows.splitlines()) == 2
