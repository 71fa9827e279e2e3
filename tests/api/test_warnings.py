"""Warnings: what is carried out all the same, but may not be what was meant."""

from typing import Any

import httpx
import pytest

from tests.api.support import (
    Json,
    a_customer,
    a_package,
    an_assignment,
    assigning,
    day,
    ledger,
    ok,
    path,
    run,
    unique,
    unique_did,
    warned,
)
from tests.api.test_imports import importing, row

CHARGED_ONCE = {"connexcs_package": "did-rental", "retail": "5"}
BELOW_COST = {"cost": "2", "retail": "1.999999", "frequency": "monthly"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"cost": "2", "retail": "2"}, []),
        (BELOW_COST, [("below_cost", "/retail")]),
        ({"setup_cost": "1", "cost": "1"}, [("below_cost", "/setup_retail"), ("below_cost", "/retail")]),
        (CHARGED_ONCE, [("charged_once", "/frequency")]),
        (CHARGED_ONCE | {"frequency": "monthly"}, []),
        (CHARGED_ONCE | {"retail": "0", "setup_retail": "5"}, []),
    ],
    ids=["plain", "at-cost", "below_cost", "below_cost-twice", "B25-charged_once", "B25-monthly", "B25-setup-alone"],
)
def test_a_package_is_saved_and_warned_of(api: httpx.Client, fields: Json, expected: list[tuple[str, str]]) -> None:
    def seen(answer: httpx.Response, status: int) -> list[tuple[str, str]]:
        return [(warning["code"], warning["pointer"]) for warning in ok(answer, status)["warnings"]]

    body = {"name": "Line"} | fields
    made = api.post("/packages", json=body)
    assert seen(made, 201) == expected
    where = f"/packages/{made.json()['package_id']}"
    assert seen(api.put(where, json=made.json()), 200) == expected
    assert seen(api.patch(where, json={"description": "x"}), 200) == expected
    assert "warnings" not in ok(api.get(where))


def test_rows_of_packages_are_warned_of_before_and_after_they_are_written(api: httpx.Client) -> None:
    rows = [{"name": "Line"}, {"name": "Cheap"} | BELOW_COST]
    for live in (False, True):
        items = ok(importing(api, "packages", rows, live=live), 201 if live else 200)["items"]
        assert [[warning["code"] for warning in item["warnings"]] for item in items] == [[], ["below_cost"]]


STANDING = {"start_date": day(), "end_date": day(30)}
ALIKE: dict[str, tuple[Json, list[str]]] = {
    "B4-the same": ({}, ["duplicate"]),
    "B4-one day in common": ({"start_date": day(30), "end_date": None}, ["duplicate"]),
    "B4-the day after": ({"start_date": day(31), "end_date": None}, []),
    "B4-another quantity": ({"quantity": 7}, ["duplicate"]),
}


@pytest.mark.parametrize("with_did", [True, False], ids=["did", "customer"])
@pytest.mark.parametrize(("fields", "expected"), ALIKE.values(), ids=ALIKE)
def test_an_assignment_like_a_standing_one_is_a_duplicate(api: httpx.Client, with_did: bool, fields: Json, expected: list[str]) -> None:
    customer, package = a_customer(api), a_package(api, frequency="monthly", retail="1")
    did = {"did": unique_did()} if with_did else {}
    first = assigning(api, customer, package, **STANDING, **did)
    assert warned(first) == []
    fields = STANDING | did | fields
    foreseen = ok(importing(api, "assignments", [row(customer, package, **fields)], live=False))["items"][0]["warnings"]
    second = assigning(api, customer, package, **fields)
    assert warned(second) == expected
    assert foreseen == second.json()["warnings"]
    assert [warning["ids"] for warning in foreseen] == [[first.json()["assignment_id"]] for _ in expected]
    assert warned(api.patch(path(second.json()), json={"quantity": 3}), 200) == expected


def test_b4_what_is_not_alike_is_no_duplicate(api: httpx.Client) -> None:
    customer, package, did = a_customer(api), a_package(api), unique_did()
    an_assignment(api, customer, package)
    gone = an_assignment(api, customer, a_package(api), start_date=day(5))
    ok(api.delete(path(gone)), 204)
    for other in (
        assigning(api, customer, package, did=did),
        assigning(api, customer, a_package(api)),
        assigning(api, customer, package, did=unique_did()),
        assigning(api, a_customer(api), package),
        assigning(api, customer, gone["package"], start_date=day(5)),
    ):
        assert warned(other) == []


def test_b4_the_same_file_twice_and_the_same_row_twice_in_it(api: httpx.Client) -> None:
    customer, package, did = a_customer(api), a_package(api), unique_did()
    rows = [row(customer, package), row(customer, package, did=did), row(customer, package), row(customer, package, did=did)]

    def told(live: bool) -> list[list[tuple[bool, int]]]:
        items = ok(importing(api, "assignments", rows, live=live), 201 if live else 200)["items"]
        return [[("row" in warning["detail"], len(warning.get("ids", ()))) for warning in item["warnings"]] for item in items]

    of_rows = [[], [], [(True, 0)], [(True, 0)]]
    assert told(live=False) == told(live=True) == of_rows
    rows.reverse()  # the very same file is refused
    assert told(live=False) == told(live=True) == [[(False, 2)], [(False, 2)], [(False, 2)], [(False, 2)]]


def test_a_request_sent_again_with_its_key_is_warned_of_as_the_first_time(api: httpx.Client) -> None:
    customer, package, keyed = a_customer(api), a_package(api), {"Idempotency-Key": unique("k")}
    an_assignment(api, customer, package)
    body = {"package_id": package["package_id"], "start_date": day()}
    first, second = (api.post(f"/customers/{customer}/assignments", json=body, headers=keyed) for _ in range(2))
    assert warned(first) == ["duplicate"]
    assert ok(second, 201) == first.json()


@pytest.mark.parametrize(
    ("currency", "amount", "expected"),
    [
        ("USD", "10.50", []), ("USD", "-0.005", ["not_payable"]), ("JPY", "100.00", []), ("JPY", "100.5", ["not_payable"]),
        ("KWD", "1.125", []), ("KWD", "1.1255", ["not_payable"]),
    ],
)  # fmt: skip
def test_c_a_payment_finer_than_its_currency(api: httpx.Client, currency: str, amount: str, expected: list[str]) -> None:
    customer = a_customer(api, currency=currency)
    assert warned(api.post(f"/customers/{customer}/payments", json={"amount": amount})) == expected
    assert [entry["credit_change"].rstrip("0") for entry in ledger(api, customer)] == [f"{float(amount):.6f}".rstrip("0")]


def ahead(api: httpx.Client, on: str, **fields: Any) -> tuple[str, Json, Json]:
    """A customer with an assignment that was charged by hand for a day that lies ahead, and the report."""
    customer = a_customer(api)
    package = a_package(api, retail="50", frequency="daily", setup_retail="20")
    assignment = an_assignment(api, customer, package, **fields)
    return customer, assignment, run(api, customer, on, live=True)


def entries_named(answer: httpx.Response) -> list[str]:
    (warning,) = ok(answer, 200)["warnings"]
    assert warning["code"] == "charged_ahead"
    named: list[str] = warning["ids"]
    return named


def test_b22_what_was_charged_ahead_of_an_assignment_that_never_begins(api: httpx.Client) -> None:
    customer, assignment, _ = ahead(api, day(10), start_date=day(10))
    run(api, customer, day(10), live=True)
    run(api, customer, day(12), live=True)
    standing = [entry["entry_id"] for entry in ledger(api, customer)]
    assert len(standing) == 5
    assert entries_named(api.delete(path(assignment))) == standing
    assert entries_named(api.delete(path(assignment))) == standing


def test_b22_what_was_charged_ahead_of_an_assignment_that_is_ended_before(api: httpx.Client) -> None:
    customer, assignment, _ = ahead(api, day(10), start_date=day())
    assert entries_named(api.patch(path(assignment), json={"end_date": day(9)})) == [entry["entry_id"] for entry in ledger(api, customer)]
    assert warned(api.patch(path(assignment), json={"end_date": day(10)}), 200) == []
    assert entries_named(api.delete(path(assignment))) == [entry["entry_id"] for entry in ledger(api, customer)]


def test_b22_nothing_is_said_of_what_was_given_back_or_never_charged(api: httpx.Client) -> None:
    customer, assignment, report = ahead(api, day(10), start_date=day(10))
    ok(api.post(f"/runs/{report['run_id']}/reversal"))
    assert ok(api.delete(path(assignment)), 204) is None
    assert ok(api.delete(path(an_assignment(api, customer, a_package(api)))), 204) is None
