"""The ledger over HTTP: every movement once, in order, by date or by posting date, and a balance that it explains."""

from csv import DictReader
from decimal import Decimal
from io import StringIO
from typing import Any

import httpx
import pytest

from tests.api.support import (
    a_customer,
    a_package,
    an_assignment,
    balance,
    charges,
    day,
    ledger,
    ok,
    pages,
    pay,
    pointers,
    problem,
    run,
    unique,
)

ENTRY = {"entry_id", "kind", "date", "posted_at", "retail", "cost", "credit_change", "status", "repeat", "run_id"}
COMPUTED_FROM = {"assignment_id", "package_name", "quantity", "unit_cost", "unit_retail", "period", "spend", "explanation"}


def test_entries_say_what_they_are(api: httpx.Client) -> None:
    """contract: charges, payments, reversals, each with ... and, for charges, what it was computed from."""
    customer, package = a_customer(api), a_package(api, cost="1", retail="2.50", frequency="daily")
    an_assignment(api, customer, package, quantity=2, auto_decrement_credit=True)
    pay(api, customer, "20")
    report = run(api, customer, day(), live=True)
    ok(api.post(f"/runs/{report['run_id']}/reversal"))
    charge, payment, reversal = ledger(api, customer)
    assert [entry["kind"] for entry in (charge, payment, reversal)] == ["recurring", "payment", "reversal"]
    assert all(entry.keys() >= ENTRY for entry in (charge, payment, reversal))
    assert charge.keys() >= COMPUTED_FROM
    assert (charge["retail"], charge["cost"], charge["credit_change"], charge["run_id"]) == ("5.00", "2.00", "-5.00", report["run_id"])
    assert (reversal["retail"], reversal["cost"], reversal["credit_change"]) == ("-5.00", "-2.00", "5.00")
    assert (reversal["reverses"], reversal["date"]) == (charge["entry_id"], day())
    assert balance(api, customer) == Decimal(20)


def test_a_charge_keeps_the_codes_of_its_package(api: httpx.Client) -> None:
    """rules 4: charges keep the codes that their package had; what undoes a charge is booked as the charge is."""
    customer, package = a_customer(api), a_package(api, retail="2.50", frequency="daily", account_code="4010", tax_code="S")
    an_assignment(api, customer, package)
    report = run(api, customer, day(), live=True)
    assert (report["lines"][0]["account_code"], report["lines"][0]["tax_code"]) == ("4010", "S")
    ok(api.patch(f"/packages/{package['package_id']}", json={"account_code": "4020", "tax_code": None}))
    ok(api.post(f"/runs/{report['run_id']}/reversal"))
    run(api, customer, day(1))
    pay(api, customer, "20")
    booked = {entry["kind"]: (entry["account_code"], entry["tax_code"]) for entry in ledger(api, customer)}
    assert booked == {"recurring": ("4010", "S"), "reversal": ("4010", "S"), "payment": (None, None)}
    assert run(api, customer, day(1))["lines"][0]["account_code"] == "4020"


def test_the_ledger_is_oldest_first_and_cut_by_date(api: httpx.Client) -> None:
    """contract: ?from=&to=, both included; date is the due date."""
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    an_assignment(api, customer, package, start_date=day(-3))
    where = f"/customers/{customer}/ledger"
    assert [entry["date"] for entry in ledger(api, customer)] == [day(-3), day(-2), day(-1)]

    def dates(**query: Any) -> list[str]:
        return [entry["date"] for entry in pages(api, where, **query)]

    assert dates(**{"from": day(-2), "to": day(-2)}) == [day(-2)]
    assert dates(**{"from": day(-2)}) == [day(-2), day(-1)]
    assert dates(to=day(-2)) == [day(-3), day(-2)]
    assert dates(**{"from": day(1)}) == []


def test_an_invoice_asks_by_posting_date(api: httpx.Client) -> None:
    """contract: ?posted_from=&posted_to=: what was posted then, whatever date it is for."""
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    an_assignment(api, customer, package, start_date=day(-3))
    run(api, customer, day(40), live=True)
    where = f"/customers/{customer}/ledger"
    posted = pages(api, where, posted_from=day(), posted_to=day())
    assert [entry["date"] for entry in posted] == [day(-3), day(-2), day(-1), day(40)]
    assert pages(api, where, posted_from=day(1)) == []
    assert pages(api, where, posted_to=day(-1)) == []


@pytest.mark.parametrize(
    ("query", "closed"),
    [
        ({"posted_from": day(-40), "posted_to": day(-2)}, True),
        ({"posted_to": day(-2)}, True),
        ({"posted_from": day(-40), "posted_to": day()}, False),
        ({"posted_from": day(-40)}, False),
        ({"posted_from": day(3), "posted_to": day(9)}, False),
        ({"from": day(-40), "to": day(-2)}, None),
        ({}, None),
    ],
    ids=lambda value: f"B7-{value}" if isinstance(value, dict) else "",
)
def test_a_list_by_posting_days_says_whether_they_are_closed(api: httpx.Client, query: dict[str, str], closed: bool | None) -> None:
    """rules 5: what is posted on a closed day never changes; other lists say nothing of it."""
    assert ok(api.get(f"/customers/{a_customer(api)}/ledger", params=query)).get("closed") is closed


def test_held_charges_are_not_posted_yet(api: httpx.Client) -> None:
    """contract: an invoice by posted_* never changes afterwards: a held charge belongs to no posting date."""
    customer, package = a_customer(api, debit_limit="0"), a_package(api, retail="1")
    an_assignment(api, customer, package, auto_decrement_credit=True)
    run(api, customer, day(), live=True)
    assert [(entry["status"], entry["posted_at"]) for entry in charges(api, customer)] == [("held", None)]
    assert pages(api, f"/customers/{customer}/ledger", posted_from=day(), posted_to=day()) == []


def test_a_ledger_is_asked_for_properly(api: httpx.Client) -> None:
    """contract: every bad parameter is named; by date or by posting date."""
    where = f"/customers/{a_customer(api)}/ledger"
    assert pointers(api.get(where, params={"from": "x", "to": "2026-02-30", "until": day()})) == {"/from", "/to", "/until"}
    assert pointers(api.get(where, params={"from": day(), "posted_to": day()}))
    for first, last in (("from", "to"), ("posted_from", "posted_to")):
        answer = api.get(where, params={first: day(1), last: day()})
        assert answer.status_code in (200, 422), answer.text
    problem(api.get(f"/customers/{unique()}/ledger"), 404, "not_found")


def test_entry_ids_are_unique_and_sums_agree(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: balance always equals the ledger's sum."""
    customer = a_customer(api)
    daily, once = a_package(api, retail="1.000001", frequency="daily"), a_package(api, retail="0.3", setup_retail="0.03")
    an_assignment(api, customer, daily, start_date=day(-3), auto_decrement_credit=True, quantity=3)
    an_assignment(api, customer, once, start_date=day(-1), auto_decrement_credit=True)
    an_assignment(api, customer, once, start_date=day(-1))
    pay(api, customer, "7.000003")
    run(api, customer, day(), live=True)
    run(api, customer, day(), live=True)
    entries = ledger(api, customer)
    assert len({entry["entry_id"] for entry in entries}) == len(entries)
    assert balance(api, customer) == Decimal("7.000003") - 5 * Decimal("3.000003") - Decimal("0.33")


def test_b2_a_recurring_charge_says_which_days_it_is_for(api: httpx.Client) -> None:
    """rules 4: in reports and in the ledger, as JSON, CSV and a page."""
    customer, package = a_customer(api), a_package(api, retail="1", setup_retail="2", frequency="monthly", frequency_match=[15])
    an_assignment(api, customer, package, start_date="2035-01-15")
    expected = {"from": "2035-01-15", "to": "2035-02-15", "through": "2035-02-14"}
    report = run(api, customer, "2035-01-15", live=True)
    assert [line["period"] for line in report["lines"]] == [None, expected]
    assert [entry["period"] for entry in charges(api, customer)] == [None, expected]
    for where in (f"/runs/{report['run_id']}", f"/customers/{customer}/ledger"):
        table = list(DictReader(StringIO(api.get(where, headers={"Accept": "text/csv"}).text)))
        assert [row["period_through"] for row in table] == ["", "2035-02-14"]
    page = api.get(f"/runs/{report['run_id']}", headers={"Accept": "text/html"}).text
    assert "2035-01-15 through 2035-02-14" in page


def test_a_ledger_reads_newest_first_with_balances_and_sums_of_all(api: httpx.Client) -> None:
    """rules: `order`, `sort` and filters give each entry the balance behind it, and count all pages."""
    customer, package, other = (
        a_customer(api),
        a_package(api, retail="2.50", frequency="daily"),
        a_package(api, retail="1", frequency="daily"),
    )
    for one in (package, other):
        an_assignment(api, customer, one, auto_decrement_credit=True)
    pay(api, customer, "20")
    report = run(api, customer, day(), live=True)
    page = ok(api.get(f"/customers/{customer}/ledger", params={"order": "desc", "limit": 1}))
    assert (page["count"], page["sums"]) == (
        3, [{"status": "posted", "entries": 3, "retail": "3.50", "cost": "0.00", "credit_change": "16.50"}],
    )  # fmt: skip
    rows = pages(api, f"/customers/{customer}/ledger", order="desc", limit=1)
    assert [one["entry_id"] for one in rows] == [one["entry_id"] for one in ledger(api, customer)][::-1]
    assert rows[0]["balance"] == "16.50"
    posted = pages(api, f"/customers/{customer}/ledger", sort="posted")
    assert posted[0]["balance"] == "20.00"
    mine = ok(api.get(f"/customers/{customer}/ledger", params={"package": package["package_id"], "kind": "recurring", "status": "posted"}))
    assert ([one["retail"] for one in mine["items"]], mine["count"]) == (["2.50"], 1)
    ok(api.post(f"/runs/{report['run_id']}/reversal"))
    taken = ok(api.get(f"/customers/{customer}/ledger", params={"of": mine["items"][0]["entry_id"]}))["items"]
    assert [(one["kind"], one["retail"]) for one in taken] == [("reversal", "-2.50")]
    text = api.get(f"/customers/{customer}/ledger", params={"order": "desc"}, headers={"Accept": "text/csv"}).text
    assert next(row["balance"] for row in DictReader(StringIO(text))) == "20.00"
    assert "balance" not in api.get(f"/customers/{customer}/ledger", headers={"Accept": "text/csv"}).text.splitlines()[0].split(",")


def test_a_ledger_in_an_order_refuses_what_it_does_not_know(api: httpx.Client) -> None:
    customer = a_customer(api)
    refused = api.get(f"/customers/{customer}/ledger", params={"sort": "name", "order": "up", "kind": "x", "status": "x", "of": "?"})
    assert pointers(refused) == {"/sort", "/order", "/kind", "/status", "/of"}
    problem(api.get(f"/customers/{customer}/ledger", params={"order": "desc", "cursor": "x"}), 400)
