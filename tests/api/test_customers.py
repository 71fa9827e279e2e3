"""Customers over HTTP: their accounts, payments, features and what fixes a currency."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from chalicelib.wire import csv_out
from tests.api.support import (
    a_customer,
    a_package,
    an_assignment,
    assigning,
    balance,
    day,
    ledger,
    ok,
    path,
    pay,
    pointers,
    problem,
    run,
    saved,
    unique,
)

ODD_IDS = ["a b", "a%2Bb", "%F0%9F%98%80", "%00", "%0A", "a%0A", "x" * 65, "a~b", "%C3%A4", "%FF", "a%5Cb", "%27"]


def test_put_makes_a_customer_with_an_empty_balance(api: httpx.Client) -> None:
    """contract: {customer_id, name, currency, debit_limit?, balance}."""
    customer = unique()
    made = api.put(f"/customers/{customer}", json={"name": "Ünïcode Ltd", "currency": "EUR", "debit_limit": "5.5"})
    body = ok(made, 201)
    shown = {name: body[name] for name in ("customer_id", "name", "currency", "debit_limit", "balance", "version")}
    expected = {"customer_id": customer, "name": "Ünïcode Ltd", "currency": "EUR", "debit_limit": "5.50", "balance": "0.00", "version": 1}
    assert shown == expected
    assert made.headers["location"].endswith(customer)
    assert ok(api.get(f"/customers/{customer}")) == body


def test_put_replaces_and_leaves_the_balance_alone(api: httpx.Client) -> None:
    """contract: PUT ignores the read-only fields that GET answered."""
    customer = a_customer(api, name="Old", debit_limit="5")
    pay(api, customer, "12.34")
    shown = ok(api.get(f"/customers/{customer}"))
    changed = ok(api.put(f"/customers/{customer}", json=shown | {"name": "New", "balance": "99.00", "customer_id": "other"}))
    assert (changed["name"], changed["balance"], changed["customer_id"], changed["debit_limit"]) == ("New", "12.34", customer, "5.00")
    assert ok(api.put(f"/customers/{customer}", json={}))["debit_limit"] is None
    assert balance(api, customer) == Decimal("12.34")


def test_patch_merges_and_null_lifts_the_limit(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: absent means no limit."""
    customer = a_customer(api, name="Old", debit_limit="5")
    changed = ok(api.patch(f"/customers/{customer}", json={"debit_limit": None}))
    assert (changed["name"], changed["debit_limit"]) == ("Old", None)
    assert ok(api.patch(f"/customers/{customer}", json={"debit_limit": 0}))["debit_limit"] == "0.00"
    assert pointers(api.patch(f"/customers/{customer}", json={"balance": "3", "debit_limit": "-1"})) == {"/balance", "/debit_limit"}


def test_what_staff_note_of_a_customer_is_kept_and_told_in_the_history(api: httpx.Client) -> None:
    customer, noted = unique(), {"email": "a@b.example", "external_id": "CRM 7", "tags": ["north", "15"], "notes": "pays late\ncall first"}
    made = ok(api.put(f"/customers/{customer}", json=noted), 201)
    assert {name: made[name] for name in noted} == noted
    assert ok(api.patch(f"/customers/{customer}", json={"tags": ["south"], "notes": None}))["email"] == "a@b.example"
    changed = ok(api.get(f"/customers/{customer}/history"))["items"][0]["changes"]
    assert [(one["field"], one["before"], one["after"]) for one in changed] == [
        ("tags", ["north", "15"], ["south"]), ("notes", "pays late\ncall first", ""),
    ]  # fmt: skip
    bare = ok(api.put(f"/customers/{customer}", json={}))
    assert {name: bare[name] for name in noted} == {"email": None, "external_id": None, "tags": [], "notes": ""}


def test_a_low_balance_is_told_in_the_history_once_and_so_is_that_it_is_restored(api: httpx.Client) -> None:
    customer, notices = unique(), [{"below": "20", "restored_at": "50"}, {"below": "-5"}]
    made = ok(api.put(f"/customers/{customer}", json={"balance_notices": notices}), 201)
    assert made["balance_notices"] == [{"below": "20.00", "restored_at": "50.00"}, {"below": "-5.00", "restored_at": "-5.00"}]
    for amount in ("30", "-11", "10", "-5", "30"):
        pay(api, customer, amount)
    told = [one for one in ok(api.get(f"/customers/{customer}/history"))["items"] if one["type"].startswith("balance.")]
    assert [(one["type"], one["version"], {each["field"]: each["after"] for each in one["changes"]}["balance"]) for one in told] == [
        ("balance.restored", 2, "54.00"), ("balance.low", 1, "19.00"),
    ]  # fmt: skip
    ok(api.patch(f"/customers/{customer}", json={"balance_notices": [{"below": "60"}]}))
    newest = ok(api.get(f"/customers/{customer}/history"))["items"][:2]
    assert sorted(one["type"] for one in newest) == ["balance.low", "customer.changed"]
    assert ok(api.patch(f"/customers/{customer}", json={"balance_notices": None}))["balance_notices"] is None


def test_thresholds_go_out_and_come_in_as_csv(api: httpx.Client) -> None:
    customer = unique()
    text = f"customer_id,balance_notices\r\n{customer},20/50;'-5/-5\r\n"
    headers = {"Content-Type": "text/csv"}
    ok(api.post("/customers/import", params={"dry_run": "false"}, content=text, headers=headers), 201)
    expected = [{"below": "20.00", "restored_at": "50.00"}, {"below": "-5.00", "restored_at": "-5.00"}]
    assert ok(api.get(f"/customers/{customer}"))["balance_notices"] == expected
    assert csv_out.cell(expected) == "20.00/50.00;'-5.00/-5.00"
    wrong = api.post("/customers/import", content=f"customer_id,balance_notices\n{customer},20/50/60\n", headers=headers)
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("pointer", "body"),
    [
        ("/name", {"name": 1}),
        ("/name", {"name": "x" * 201}),
        ("/currency", {"currency": "usd"}),
        ("/debit_limit", {"debit_limit": "-0.01"}),
        ("/debit_limit", {"debit_limit": True}),
        ("/limit", {"limit": 3}),
        ("/email", {"email": "acme"}),
        ("/email", {"email": "a b@acme.example"}),
        ("/external_id", {"external_id": ""}),
        ("/tags", {"tags": ["a", "a"]}),
        ("/tags", {"tags": [f"{n}" for n in range(21)]}),
        ("/tags", {"tags": "a"}),
        ("/tags/1", {"tags": ["a", "b;c"]}),
        ("/tags/0", {"tags": [" a"]}),
        ("/notes", {"notes": "x" * 2001}),
        ("/balance_notices", {"balance_notices": [{"below": f"{n}"} for n in range(6)]}),
        ("/balance_notices/0/below", {"balance_notices": [{}]}),
        ("/balance_notices/1/restored_at", {"balance_notices": [{"below": "1"}, {"below": "20", "restored_at": "19.999999"}]}),
        ("/balance_notices/1/below", {"balance_notices": [{"below": "20"}, {"below": "20.00", "restored_at": "50"}]}),
        ("/balance_notices/0/above", {"balance_notices": [{"below": "20", "above": "50"}]}),
        ("", []),
    ],
)
def test_each_bad_field_is_named(api: httpx.Client, pointer: str, body: Any) -> None:
    """contract: validation names every bad field."""
    customer = unique()
    assert pointers(api.put(f"/customers/{customer}", json=body)) == {pointer}
    problem(api.get(f"/customers/{customer}"), 404, "not_found")


@pytest.mark.parametrize("odd", ODD_IDS)
def test_an_odd_id_is_nobodys(api: httpx.Client, odd: str) -> None:
    """contract: customer_id is 1..64 of A-Za-z0-9._:-"""
    problem(api.get(f"/customers/{odd}"), 404, "not_found")
    assert pointers(api.put(f"/customers/{odd}", json={})) == {"/customer_id"}


@pytest.mark.parametrize("customer_id", ["a.b:c_d-e", "x" * 30, "UPPER", "0"])
def test_ids_may_use_their_whole_alphabet(api: httpx.Client, customer_id: str) -> None:
    """contract: customer_id is 1..64 of A-Za-z0-9._:-"""
    customer_id = unique(customer_id)
    a_customer(api, customer_id)
    assert ok(api.get(f"/customers/{customer_id}"))["customer_id"] == customer_id


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_stale_version_is_refused(api: httpx.Client, method: str) -> None:
    """contract: PUT, PATCH, DELETE honour If-Match (412)."""
    customer = a_customer(api)
    stale = api.get(f"/customers/{customer}").headers["etag"]
    fresh = api.patch(f"/customers/{customer}", json={"name": "Newer"}).headers["etag"]
    body = None if method == "DELETE" else {"name": "Mine"}
    for tag in (stale, '"nonsense"', "nonsense"):
        problem(api.request(method, f"/customers/{customer}", json=body, headers={"If-Match": tag}), 412, "version_mismatch")
    assert ok(api.get(f"/customers/{customer}"))["name"] == "Newer"
    assert api.request(method, f"/customers/{customer}", json=body, headers={"If-Match": fresh}).status_code in (200, 204)


@pytest.mark.parametrize("tag", ['"1"', '"0"', "*"])
def test_if_match_does_not_make_a_customer(api: httpx.Client, tag: str) -> None:
    """contract: If-Match on what is not there fails."""
    customer = unique()
    problem(api.put(f"/customers/{customer}", json={}, headers={"If-Match": tag}), 412, "version_mismatch")
    problem(api.get(f"/customers/{customer}"), 404)


@pytest.mark.parametrize("route", ["", "/ledger", "/features", "/assignments"])
def test_an_unknown_customer_is_not_found(api: httpx.Client, route: str) -> None:
    """contract: 404 not_found."""
    problem(api.get(f"/customers/{unique()}{route}"), 404, "not_found")


def test_an_unknown_customer_can_do_nothing(api: httpx.Client) -> None:
    """contract: 404 not_found."""
    customer = unique()
    problem(api.patch(f"/customers/{customer}", json={"name": "x"}), 404, "not_found")
    problem(api.delete(f"/customers/{customer}"), 404, "not_found")
    problem(api.post(f"/customers/{customer}/payments", json={"amount": "1"}), 404, "not_found")
    problem(api.post(f"/customers/{customer}/unpark"), 404, "not_found")
    problem(assigning(api, customer, a_package(api)), 404, "not_found")
    problem(api.get("/held", params={"customer": customer}), 404, "not_found")


def test_only_a_customer_without_history_is_deleted(api: httpx.Client) -> None:
    """contract: DELETE only without history."""
    empty, paid, assigned = (a_customer(api) for _ in range(3))
    pay(api, paid, "1")
    an_assignment(api, assigned, a_package(api))
    ok(api.delete(f"/customers/{empty}"), 204)
    problem(api.get(f"/customers/{empty}"), 404)
    for customer in (paid, assigned):
        problem(api.delete(f"/customers/{customer}"), 409, "customer_in_use")


def test_a_customer_whose_only_assignment_was_removed_is_without_history(api: httpx.Client) -> None:
    """rules 4: Deleting: an assignment that has not begun, with nothing charged, is removed."""
    customer = a_customer(api)
    ok(api.delete(path(an_assignment(api, customer, a_package(api), start_date=day(2)))), 204)
    ok(api.patch(f"/customers/{customer}", json={"currency": "EUR"}))
    ok(api.delete(f"/customers/{customer}"), 204)


def test_the_currency_is_fixed_by_an_assignment_or_an_entry(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: currency is fixed once there is an assignment or a ledger entry (currency_fixed)."""
    free, paid, assigned = (a_customer(api) for _ in range(3))
    pay(api, paid, "1")
    an_assignment(api, assigned, a_package(api))
    assert ok(api.patch(f"/customers/{free}", json={"currency": "EUR"}))["currency"] == "EUR"
    for customer in (paid, assigned):
        problem(api.patch(f"/customers/{customer}", json={"currency": "EUR"}), 409, "currency_fixed")
        problem(api.put(f"/customers/{customer}", json={"currency": "EUR"}), 409, "currency_fixed")
        ok(api.put(f"/customers/{customer}", json={"currency": "USD"}))


def test_b6_the_currency_is_fixed_by_calls(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: 50 dollars of calls never count as 50 yen."""
    customer = a_customer(api)
    called = {"call_id": "1", "started_at": f"{day()}T09:00:00Z", "destination": "4420", "seconds": 60, "charge": "50"}
    ok(api.post(f"/customers/{customer}/usage", json={"calls": [called]}))
    problem(api.patch(f"/customers/{customer}", json={"currency": "JPY"}), 409, "currency_fixed")
    problem(api.put(f"/customers/{customer}", json={"currency": "JPY"}), 409, "currency_fixed")
    ok(api.patch(f"/customers/{customer}", json={"name": "Acme"}))


def test_payments_and_corrections_move_the_balance(api: httpx.Client) -> None:
    """contract: amount may be negative (a correction), not zero -> 201 the ledger entry."""
    customer = a_customer(api, debit_limit="1")
    entry = saved(api.post(f"/customers/{customer}/payments", json={"amount": "100.10", "reference": "Bank 7"}))
    assert (entry["kind"], entry["credit_change"], entry["reference"], entry["status"]) == ("payment", "100.10", "Bank 7", "posted")
    assert (entry["retail"], entry["cost"], entry["run_id"], entry["date"]) == ("0.00", "0.00", None, day())
    pay(api, customer, "-150.30")  # corrections may leave the balance below the limit
    assert balance(api, customer) == Decimal("-50.20")
    assert entry in ledger(api, customer)


@pytest.mark.parametrize(
    ("pointer", "body"),
    [
        ("/amount", {"amount": "0"}),
        ("/amount", {"amount": "-0.00"}),
        ("/amount", {"amount": 0}),
        ("/amount", {"amount": "1e2"}),
        ("/amount", {"amount": "+1"}),
        ("/amount", {"amount": "--1"}),
        ("/amount", {"amount": "1000000000000"}),
        ("/amount", {"amount": True}),
        ("/amount", {}),
        ("/reference", {"amount": "1", "reference": 5}),
        ("/currency", {"amount": "1", "currency": "USD"}),
    ],
)
def test_a_bad_payment_books_nothing(api: httpx.Client, pointer: str, body: dict[str, Any]) -> None:
    """rules 2: Money and dates."""
    customer = a_customer(api)
    assert pointers(api.post(f"/customers/{customer}/payments", json=body)) == {pointer}
    assert ledger(api, customer) == []


def test_all_faults_of_a_payment_are_told_at_once(api: httpx.Client) -> None:
    """contract: every bad field at once."""
    body = {"amount": 0, "reference": 5, "currency": "USD"}
    assert pointers(api.post(f"/customers/{a_customer(api)}/payments", json=body)) == {"/amount", "/reference", "/currency"}


def test_features_are_enabled_while_an_assignment_is_valid(api: httpx.Client) -> None:
    """rules 4: ConnexCS package: enabled on each date on which an assignment that carries it is valid."""
    customer, asr = a_customer(api), a_package(api, connexcs_package="asr")
    plain, rental = a_package(api), a_package(api, connexcs_package="did-rental")
    long = an_assignment(api, customer, asr, start_date=day(1))
    short = an_assignment(api, customer, asr, start_date=day(2), end_date=day(3))
    one_day = an_assignment(api, customer, rental, start_date=day(3), end_date=day(3))
    an_assignment(api, customer, plain)

    def enabled(offset: int) -> dict[str, list[str]]:
        answer = ok(api.get(f"/customers/{customer}/features", params={"date": day(offset)}))
        return {feature["connexcs_package"]: feature["assignments"] for feature in answer["features"]}

    assert enabled(0) == {}
    assert enabled(1) == {"asr": [long["assignment_id"]]}
    assert enabled(3) == {"asr": [long["assignment_id"], short["assignment_id"]], "did-rental": [one_day["assignment_id"]]}
    assert enabled(4) == {"asr": [long["assignment_id"]]}
    assert ok(api.get(f"/customers/{customer}/features"))["date"] == day()
    assert pointers(api.get(f"/customers/{customer}/features", params={"date": "today"})) == {"/date"}


def test_a_cancelled_assignment_enables_nothing(api: httpx.Client) -> None:
    """rules 4: Deleting: not begun but charged, it is cancelled."""
    customer, asr = a_customer(api), a_package(api, connexcs_package="asr", retail="1")
    planned = an_assignment(api, customer, asr, start_date=day(2))
    run(api, customer, day(2), live=True)
    ok(api.delete(path(planned)))
    assert ok(api.get(f"/customers/{customer}/features", params={"date": day(2)}))["features"] == []


def test_unparking_who_is_not_parked_is_refused(api: httpx.Client) -> None:
    """rules 5: Safety bound."""
    problem(api.post(f"/customers/{a_customer(api)}/unpark"), 409, "not_parked")
