"""Lists over HTTP: pages that together are complete and without repeats, and cursors that can't be made up."""

import base64
from collections.abc import Callable

import httpx
import pytest

from tests.api.support import (
    a_customer,
    a_package,
    an_assignment,
    assigning,
    day,
    ok,
    pages,
    pay,
    pointers,
    problem,
    run,
    unique,
    unique_did,
)

SIZE = 7
Made = tuple[str, str, set[str]]
"""Where the list is, the name of its items' id, and the ids that must be on it."""


def packages(api: httpx.Client) -> Made:
    return "/packages", "package_id", {a_package(api)["package_id"] for _ in range(SIZE)}


def customers(api: httpx.Client) -> Made:
    return "/customers", "customer_id", {a_customer(api) for _ in range(SIZE)}


def assignments(api: httpx.Client) -> Made:
    customer, package = a_customer(api), a_package(api)
    ids = {an_assignment(api, customer, package)["assignment_id"] for _ in range(SIZE)}
    return f"/customers/{customer}/assignments", "assignment_id", ids


def assignments_of_a_did(api: httpx.Client) -> Made:
    customer, package, did = a_customer(api), a_package(api), unique_did()
    ids = {an_assignment(api, customer, package, did=did)["assignment_id"] for _ in range(SIZE)}
    return f"/dids/{did}/assignments", "assignment_id", ids


def a_ledger(api: httpx.Client) -> Made:
    customer = a_customer(api)
    return f"/customers/{customer}/ledger", "entry_id", {pay(api, customer, f"{n + 1}")["entry_id"] for n in range(SIZE)}


def all_held(api: httpx.Client) -> Made:
    where, name, ids = held_of_a_customer(api)
    return where.split("?")[0], name, ids


def held_of_a_customer(api: httpx.Client) -> Made:
    customer, package = a_customer(api, debit_limit="0"), a_package(api, retail="1")
    for _ in range(SIZE):
        an_assignment(api, customer, package, auto_decrement_credit=True)
    run(api, customer, day(), live=True)
    ids = {entry["entry_id"] for entry in ok(api.get(f"/customers/{customer}/ledger"))["items"]}
    return f"/held?customer={customer}", "entry_id", ids


def runs(api: httpx.Client) -> Made:
    customer = a_customer(api)
    return "/runs", "run_id", {run(api, customer, day(n), live=True)["run_id"] for n in range(SIZE)}


def lines_of_a_run(api: httpx.Client) -> Made:
    customer, package = a_customer(api), a_package(api, retail="1")
    ids = {an_assignment(api, customer, package)["assignment_id"] for _ in range(SIZE)}
    return f"/runs/{run(api, customer, day(), live=True)['run_id']}/lines", "assignment_id", ids


LISTS = [packages, customers, assignments, assignments_of_a_did, a_ledger, all_held, held_of_a_customer, runs, lines_of_a_run]


def listed(api: httpx.Client, where: str, limit: int) -> list[dict[str, str]]:
    path, _, query = where.partition("?")
    return pages(api, path, limit, **dict([query.split("=")] if query else []))


@pytest.mark.parametrize("make", LISTS, ids=lambda make: make.__name__)
def test_pages_are_complete_and_repeat_nothing(api: httpx.Client, make: Callable[[httpx.Client], Made]) -> None:
    """contract: ?limit= and ?cursor=."""
    where, name, expected = make(api)
    whole = listed(api, where, 200)
    for limit in (3, SIZE):
        found = [item[name] for item in listed(api, where, limit)]
        assert len(found) == len(set(found))
        assert expected <= set(found)
        assert found == [item[name] for item in whole]


@pytest.mark.parametrize("make", LISTS, ids=lambda make: make.__name__)
def test_a_forged_cursor_is_refused(api: httpx.Client, make: Callable[[httpx.Client], Made]) -> None:
    """contract: cursors are opaque; a forged one is 400."""
    where, _, _ = make(api)
    real = ok(api.get(where, params={"limit": "2"} | query(where)))["next_cursor"]
    assert real
    plain = base64.urlsafe_b64decode(real + "=" * (-len(real) % 4))
    forged = base64.urlsafe_b64encode(plain.replace(b'"pk"', b'"pk2"').replace(b"2", b"3")).decode()
    for cursor in ("", "x", "AAAA", "ü", "%00", real[:-1], real + "A", real[1:], forged, "a" * 5000, "bnVsbA", "e30"):
        problem(api.get(where, params={"cursor": cursor} | query(where)), 400, "malformed")


def query(where: str) -> dict[str, str]:
    """The query that `where` already has: params given to httpx replace it."""
    return dict(part.split("=") for part in where.partition("?")[2].split("&") if part)


def test_a_cursor_belongs_to_its_list(api: httpx.Client) -> None:
    """contract: a forged cursor is 400: also one of another list, customer or range."""
    (one, _, _), (other, _, _) = a_ledger(api), a_ledger(api)
    cursor = ok(api.get(one, params={"limit": "2"}))["next_cursor"]
    problem(api.get(other, params={"cursor": cursor}), 400, "malformed")
    problem(api.get("/packages", params={"cursor": cursor}), 400, "malformed")
    problem(api.get(one, params={"cursor": cursor, "from": day()}), 400, "malformed")
    assert len(ok(api.get(one, params={"cursor": cursor, "limit": "200"}))["items"]) == SIZE - 2


@pytest.mark.parametrize("make", [packages, a_ledger, lines_of_a_run], ids=lambda make: make.__name__)
def test_limits_outside_1_to_200_are_refused(api: httpx.Client, make: Callable[[httpx.Client], Made]) -> None:
    """contract: limit 1..200, default 50."""
    where, _, _ = make(api)
    for limit in ("0", "201", "-1", "x", "", "1.5", "٣", "1e2", "99999999999999999999"):
        assert pointers(api.get(where, params={"limit": limit})) == {"/limit"}
    assert len(ok(api.get(where, params={"limit": "1"}))["items"]) == 1
    assert pointers(api.get(where + "?limit=1&limit=2")) == {"/limit"}
    assert pointers(api.get(where, params={"offset": "2", "limit": "0"})) >= {"/offset"}


def test_fifty_is_the_default(api: httpx.Client) -> None:
    """contract: default 50."""
    customer = a_customer(api)
    for n in range(51):
        pay(api, customer, f"{n + 1}")
    page = ok(api.get(f"/customers/{customer}/ledger"))
    assert (len(page["items"]), page["next_cursor"] is None) == (50, False)
    assert len(ok(api.get(f"/customers/{customer}/ledger", params={"cursor": page["next_cursor"]}))["items"]) == 1


def test_an_empty_list(api: httpx.Client) -> None:
    """contract: {"items": [...], "next_cursor": null}."""
    assert ok(api.get(f"/customers/{a_customer(api)}/ledger")) == {"items": [], "next_cursor": None}
    problem(api.get(f"/runs/{unique()}/lines"), 404, "not_found")


def test_runs_are_newest_first_and_packages_oldest_first(api: httpx.Client) -> None:
    """contract: ids are sortable."""
    customer = a_customer(api)
    made = [run(api, customer, day(), live=True)["run_id"] for _ in range(3)]
    assert [one["run_id"] for one in ok(api.get("/runs", params={"limit": "3"}))["items"]] == made[::-1]
    ids = [package["package_id"] for package in pages(api, "/packages")]
    assert ids == sorted(ids)
    assert assigning(api, customer, a_package(api)).json()["assignment_id"] > made[0]


def test_customers_are_read_by_their_ids(api: httpx.Client) -> None:
    one, other = a_customer(api), a_customer(api)
    found = ok(api.get("/customers", params={"ids": f"{other},{unique()},{one},{other}", "limit": 1}))
    assert ([each["customer_id"] for each in found["items"]], found["next_cursor"]) == ([other, one], None)
    assert pointers(api.get("/customers", params={"ids": "a b"})) == {"/ids"}
    assert pointers(api.get("/customers", params={"ids": ",".join(f"c{n}" for n in range(101))})) == {"/ids"}
