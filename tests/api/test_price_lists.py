"""Price lists over HTTP: what may be entered when, what is shown, and what is charged by them in the end."""

from typing import Any

import httpx
import pytest

from tests.api.support import (
    Json,
    a_customer,
    a_package,
    an_assignment,
    charges,
    day,
    ok,
    pages,
    path,
    pointers,
    problem,
    run,
    unique,
    warned,
)

PRICES = ("cost", "retail", "setup_cost", "setup_retail")
FIRST: Json = {"from": None, "existing": True, "reason": "", "entered_at": None}


def where(package: Json, begins: str = "") -> str:
    return f"/packages/{package['package_id']}/prices" + (begins and f"/{begins}")


def enter(api: httpx.Client, package: Json, begins: str, status: int = 201, **fields: Any) -> Json:
    found: Json = ok(api.put(where(package, begins), json=fields), status)
    return found


def lists(api: httpx.Client, package: Json) -> list[Json]:
    found: list[Json] = ok(api.get(where(package)))["lists"]
    return found


def assigned(api: httpx.Client, **fields: Any) -> Json:
    package = a_package(api, **{"retail": "10", "frequency": "monthly", "frequency_match": [1]} | fields)
    an_assignment(api, a_customer(api), package, start_date=day(400))
    return package


def test_lists_are_entered_replaced_and_removed(api: httpx.Client) -> None:
    package = assigned(api)
    prices = {name: package[name] for name in PRICES}
    answer = api.put(where(package, day(30)), json={"retail": "12"})
    made = ok(answer, 201)
    assert (answer.headers["location"], answer.headers["etag"]) == (day(30), '"2"')
    entered = made["lists"][1].pop("entered_at")
    named = {"from": day(30), "existing": True, "cost": None, "retail": "12.00", "setup_cost": None, "setup_retail": None, "reason": ""}
    assert made == {
        "version": 2, "package_id": package["package_id"], "currency": "USD", "first_open_day": day(), "lists": [FIRST | prices, named],
        "superseded": [], "warnings": [],
    }  # fmt: skip
    replaced = enter(api, package, day(30), 200, cost="1", existing=False, reason="cheaper line")
    assert [(one["cost"], one["retail"], one["existing"], one["reason"]) for one in replaced["lists"][1:]] == [
        ("1.00", None, False, "cheaper line")
    ]
    assert [(one["from"], one["retail"], one["entered_at"]) for one in replaced["superseded"]] == [(day(30), "12.00", entered)]
    sent_back = replaced["lists"][1]
    assert ok(api.put(where(package, day(30)), json=sent_back))["version"] == replaced["version"]
    ok(api.delete(where(package, day(30))), 204)
    left = ok(api.get(where(package)))
    assert ([one["from"] for one in left["lists"]], len(left["superseded"]), left["version"]) == ([None], 2, 4)
    problem(api.delete(where(package, day(30))), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {""}), ({"existing": False}, {""}), ({"retail": None}, {""}), ({"retail": "-1"}, {"/retail"}),
        ({"retail": "1", "setup_price": "2", "existing": "yes"}, {"/setup_price", "/existing"}),
        ({"cost": "1", "reason": 5}, {"/reason"}), ({"cost": "1000000000"}, {"/cost"}),
    ],
)  # fmt: skip
def test_each_bad_field_is_named(api: httpx.Client, body: Json, expected: set[str]) -> None:
    assert pointers(api.put(where(assigned(api), day(30)), json=body)) == expected


def test_a_day_has_to_be_one_and_open(api: httpx.Client) -> None:
    package = assigned(api)
    for wrong in ("2031-02-30", "tomorrow", "1031-01-01"):
        assert pointers(api.put(where(package, wrong), json={"retail": "1"})) == {"/from"}
    enter(api, package, day(30), retail="12")
    refused = problem(api.put(where(package, day(-1)), json={"retail": "1"}), 422, "not_open")
    assert refused["first_open_day"] == day()
    assert day() in refused["errors"][0]["detail"]
    problem(api.get(f"/packages/{unique()}/prices"), 404, "not_found")
    problem(api.put(f"/packages/{unique()}/prices/{day(3)}", json={"retail": "1"}), 404, "not_found")


def test_lists_change_the_version_and_honour_it(api: httpx.Client) -> None:
    package = assigned(api)
    stale, current = {"If-Match": '"1"'}, {"If-Match": '"2"'}
    enter(api, package, day(30), retail="12")
    problem(api.put(where(package, day(31)), json={"retail": "1"}, headers=stale), 412, "version_mismatch")
    problem(api.delete(where(package, day(30)), headers=stale), 412, "version_mismatch")
    problem(api.patch(f"/packages/{package['package_id']}", json={"name": "N"}, headers=stale), 412, "version_mismatch")
    assert ok(api.put(where(package, day(31)), json={"retail": "1"}, headers=current), 201)["version"] == 3


def test_a_package_shows_what_holds_and_what_comes(api: httpx.Client) -> None:
    package = assigned(api)
    enter(api, package, day(), retail="11", existing=False)
    enter(api, package, day(60), cost="2")
    enter(api, package, day(30), retail="12")
    where_it_is = f"/packages/{package['package_id']}"
    shown = ok(api.get(where_it_is))
    assert (shown["retail"], shown["next_prices"]["from"], shown["next_prices"]["retail"]) == ("11.00", day(30), "12.00")
    (listed,) = (one for one in pages(api, "/packages") if one["package_id"] == package["package_id"])
    assert listed == shown | {"assignments": 1}
    (held,) = ok(api.get(f"{where_it_is}/assignments"))["items"]
    assert held["package"] == shown
    assert "next_prices" not in api.get("/packages", headers={"Accept": "text/csv"}).text
    assert a_package(api)["next_prices"] is None
    copy = ok(api.post("/packages", json={"copy_of": package["package_id"]}), 201)
    assert (copy["retail"], copy["next_prices"]) == ("11.00", None)


def test_a_price_of_a_patch_goes_into_the_list_of_the_first_open_day(api: httpx.Client) -> None:
    package = assigned(api, cost="4")
    where_it_is = f"/packages/{package['package_id']}"
    changed = ok(api.patch(where_it_is, json={"retail": "12", "name": "New"}))
    assert (changed["retail"], changed["cost"], changed["name"], changed["version"]) == ("12.00", "4.00", "New", 2)
    assert [(one["from"], one["retail"], one["cost"]) for one in lists(api, package)] == [(None, "10.00", "4.00"), (day(), "12.00", None)]
    assert ok(api.patch(where_it_is, json={"retail": "12"}))["version"] == 2
    both = ok(api.patch(where_it_is, json={"cost": None}))
    assert (both["retail"], both["cost"], len(lists(api, package))) == ("12.00", "0.00", 2)


def test_a_put_prices_what_differs_from_what_is_shown(api: httpx.Client) -> None:
    package = assigned(api, cost="4")
    enter(api, package, day(), retail="11")
    shown = ok(api.get(f"/packages/{package['package_id']}"))
    same = ok(api.put(f"/packages/{package['package_id']}", json=shown | {"name": "Other"}))
    assert (same["name"], same["retail"], [one["cost"] for one in lists(api, package)]) == ("Other", "11.00", ["4.00", None])
    ok(api.put(f"/packages/{package['package_id']}", json=shown | {"cost": "5"}))
    assert [(one["retail"], one["cost"]) for one in lists(api, package)] == [("10.00", "4.00"), ("11.00", "5.00")]


def test_before_anybody_has_it_its_first_list_changes(api: httpx.Client) -> None:
    package = a_package(api, retail="10")
    ok(api.patch(f"/packages/{package['package_id']}", json={"retail": "12"}))
    assert [(one["from"], one["retail"]) for one in lists(api, package)] == [(None, "12.00")]


def test_at_most_a_hundred_lists(api: httpx.Client) -> None:
    package = a_package(api)
    for n in range(100):
        enter(api, package, day(n), retail=str(n))
    refused = problem(api.put(where(package, day(100)), json={"retail": "1"}), 422, "too_many")
    assert "at most 100 price lists" in refused["detail"]
    enter(api, package, day(99), 200, retail="1")


def test_a_list_below_cost_is_entered_with_a_warning(api: httpx.Client) -> None:
    package = assigned(api, cost="4")
    answer = api.put(where(package, day(30)), json={"cost": "11"})
    assert warned(answer) == ["below_cost"]
    assert answer.json()["warnings"][0]["detail"].startswith(f"from {day(30)}: 10.00 lies below the cost, 11.00 USD")
    assert warned(api.put(where(package, day(60)), json={"retail": "12"})) == []


def test_a_correction_needs_a_reason_and_what_becomes_due_is_confirmed(api: httpx.Client) -> None:
    package = assigned(api)
    correct = {"correct": "true"}
    assert pointers(api.put(where(package, day(-9)), json={"retail": "12"}, params=correct)) == {"/reason"}
    ok(api.put(where(package, day(-9)), json={"retail": "12", "reason": "typo"}, params=correct), 201)
    assert [(one["from"], one["reason"]) for one in lists(api, package)[1:]] == [(day(-9), "typo")]
    cost = {"cost": "1", "reason": "typo"}
    refused = problem(api.put(where(package, day(-40)), json=cost, params=correct), 409, "backlog")
    assert (refused["fields"], refused["assignments"], refused["due_dates"] in (1, 2)) == (["cost"], 1, True)
    ok(api.put(where(package, day(-40)), json=cost | {"confirm_backlog": True}, params=correct), 201)
    problem(api.delete(where(package, day(-9))), 422, "not_open")
    assert pointers(api.put(where(package, day(-9)), json={"retail": "1"}, params={"correct": "yes"})) == {"/correct"}


EXAMPLES = [
    (
        {"retail": "49.95"}, [("2018-05-01", {"retail": "59.95"}), ("2018-08-01", {"retail": "69.95"})], "2018-01-01",
        {f"2018-0{n}-01": price for n, price in enumerate(["49.95"] * 4 + ["59.95"] * 3 + ["69.95"] * 2, 1)}, None,
    ),
    (
        {"retail": "100"}, [("2026-07-15", {"retail": "50"}), ("2026-07-18", {"retail": "150"})], "2026-07-02",
        {"2026-08-01": "150.00", "2026-09-01": "150.00"}, None,
    ),
    ({"retail": "10"}, [("2031-03-02", {"retail": "12"})], "2031-01-01", {"2031-03-01": "10.00", "2031-04-01": "12.00"}, None),
    *(
        (
            {"retail": "10", "cost": "4"},
            [("2031-03-02", {"retail": "12", "existing": False}), ("2031-03-20", {"cost": "5"})],
            start, {"2031-04-01": retail}, "5.00",
        )
        for start, retail in (("2031-01-01", "10.00"), ("2031-03-05", "12.00"))
    ),
]  # fmt: skip


@pytest.mark.parametrize(("first", "later", "start", "expected", "cost"), EXAMPLES)
def test_examples(
    api: httpx.Client, first: Json, later: list[tuple[str, Json]], start: str, expected: dict[str, str], cost: str | None
) -> None:
    """rules 4: Price lists: what a run of each due date comes to, whenever it is asked."""
    customer, package = a_customer(api), a_package(api, frequency="monthly", frequency_match=[1], **first)
    for begins, prices in later:
        ok(api.put(where(package, begins), json=prices | {"reason": "test"}, params={"correct": "true"}), 201)
    an_assignment(api, customer, package, start_date=start, confirm_backlog=True)
    for on, retail in expected.items():
        (line,) = run(api, customer, on, if_charged="charge_again")["lines"]
        assert (line["unit_retail"], line["unit_cost"] if cost else None) == (retail, cost), on


def test_posted_charges_stay_and_what_is_charged_again_is_corrected(api: httpx.Client) -> None:
    customer, package = a_customer(api), a_package(api, retail="10", frequency="daily")
    an_assignment(api, customer, package, start_date=day(-2))
    before = charges(api, customer)
    ok(api.put(where(package, day(-1)), json={"retail": "12", "reason": "typo"}, params={"correct": "true"}), 201)
    assert charges(api, customer) == before
    again = [run(api, customer, day(n), if_charged="charge_again")["lines"][0]["retail"] for n in (-2, -1, 0)]
    assert again == ["10.00", "12.00", "12.00"]
    assert path(an_assignment(api, customer, package, start_date=day(5)))
