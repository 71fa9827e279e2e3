"""`GET /schedule`, who has a package, and customers by the beginning of their id."""

from typing import Any

import httpx
import pytest

from tests.api.support import a_customer, a_package, an_assignment, day, ok, pages, pointers, problem, unique

CLAMPED = "February has no 31, so the 28th"


@pytest.mark.parametrize(
    ("query", "rule", "dates", "clamped"),
    [
        pytest.param(
            {"frequency": "monthly", "frequency_match": "15,31", "start": "2031-01-20", "count": "4"},
            "monthly on 15 and 31", ["2031-01-31", "2031-02-15", "2031-02-28", "2031-03-15"], {"2031-02-28": CLAMPED}, id="15-and-31",
        ),
        pytest.param(
            {"frequency": "monthly", "start": "2031-01-31", "to": "2031-03-31"},
            "monthly on 31", ["2031-01-31", "2031-02-28", "2031-03-31"], {"2031-02-28": CLAMPED}, id="its-own-day",
        ),
        pytest.param(
            {"frequency": "monthly", "frequency_match": "29,30,31", "start": "2023-02-01", "to": "2023-03-29"},
            "monthly on 29, 30 and 31", ["2023-02-28", "2023-03-29"],
            {"2023-02-28": "February has no 29, 30 or 31, so the 28th"}, id="three-on-one",
        ),
        pytest.param(
            {"frequency": "weekly", "frequency_match": "thu,mon", "start": "2024-02-26", "from": "2024-02-27", "count": "3"},
            "weekly on Monday and Thursday", ["2024-02-29", "2024-03-04", "2024-03-07"], {}, id="weekly-from-later",
        ),
        pytest.param(
            {"frequency": "yearly", "start": "2024-02-29", "count": "2"},
            "every year from 2024-02-29", ["2024-02-29", "2025-02-28"], {"2025-02-28": "February has no 29, so the 28th"}, id="leap-day",
        ),
        pytest.param(
            {"frequency": "weekly", "every": "4", "start": "2031-01-01", "count": "3"},
            "every 4 weeks on Wednesday", ["2031-01-01", "2031-01-29", "2031-02-26"], {}, id="every-4-weeks",
        ),
        pytest.param(
            {"frequency": "none", "start": "2031-01-31", "count": "12"},
            "once, on the start date 2031-01-31", ["2031-01-31"], {}, id="once",
        ),
        pytest.param({"frequency": "daily", "start": "2999-12-30", "count": "12"}, "every day", None, {}, id="far-away"),
    ],
)  # fmt: skip
def test_a_rule_without_a_package_tells_its_dates(
    api: httpx.Client, query: dict[str, str], rule: str, dates: list[str] | None, clamped: dict[str, str]
) -> None:
    told = ok(api.get("/schedule", params=query))
    assert told["rule"] == rule
    assert dates is None or told["due_dates"] == dates
    assert {one["date"]: one["explanation"] for one in told["clamped"]} == clamped


@pytest.mark.parametrize("frequency", ["none", "daily", "weekly", "monthly", "quarterly", "yearly"])
def test_the_preview_says_what_the_package_then_does(api: httpx.Client, frequency: str) -> None:
    package = a_package(api, frequency=frequency)
    query = {"start": "2031-01-31", "from": "2030-06-01", "to": "2032-12-31"}
    preview = ok(api.get("/schedule", params=query | {"frequency": frequency}))
    assert preview["due_dates"] == ok(api.get(f"/packages/{package['package_id']}/schedule", params=query))["due_dates"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({}, {"/frequency", "/start"}),
        ({"frequency": "hourly", "start": "2031-01-01", "count": "0"}, {"/frequency", "/count"}),
        ({"frequency": "monthly", "start": "2031-01-01"}, {"/to"}),
        ({"frequency": "monthly", "start": "2031-01-01", "to": "2031-02-01", "count": "2"}, {"/to"}),
        ({"frequency": "monthly", "start": "2031-01-01", "to": "2051-02-01"}, {"/to"}),
        ({"frequency": "monthly", "frequency_match": "1,32,mon,1", "start": "2031-01-01", "count": "2"},
         {"/frequency_match/1", "/frequency_match/2", "/frequency_match/3"}),
        ({"frequency": "daily", "frequency_match": "1", "start": "2031-01-01", "count": "2"}, {"/frequency_match"}),
        ({"frequency": "monthly", "start": "2031-02-30", "count": "367"}, {"/start", "/count"}),
    ],
)  # fmt: skip
def test_a_preview_names_every_bad_parameter(api: httpx.Client, query: dict[str, Any], named: set[str]) -> None:
    assert pointers(api.get("/schedule", params=query)) == named


def test_a_package_tells_who_has_it(api: httpx.Client) -> None:
    package, other = a_package(api), a_package(api)
    customers = [a_customer(api) for _ in range(3)]
    made = [an_assignment(api, customer, package, start_date=day(1)) for customer in customers]
    an_assignment(api, customers[0], other, start_date=day(1))
    where = f"/packages/{package['package_id']}/assignments"
    found = pages(api, where)
    assert [one["assignment_id"] for one in found] == [one["assignment_id"] for one in made]
    assert pages(api, where, limit=1) == found
    assert found[0]["package"]["package_id"] == package["package_id"]
    problem(api.get("/packages/nothing/assignments"), 404, "not_found")


def test_customers_are_found_by_the_beginning_of_their_id(api: httpx.Client) -> None:
    prefix = unique("find")
    made = sorted(a_customer(api, f"{prefix}{n}") for n in range(3))
    assert [one["customer_id"] for one in pages(api, "/customers", prefix=prefix)] == made
    assert [one["customer_id"] for one in pages(api, "/customers", limit=1, prefix=prefix)] == made
    assert pages(api, "/customers", prefix=f"{prefix}2")[0]["customer_id"] == made[2]
    assert pages(api, "/customers", prefix=f"{prefix}x") == []
    assert pointers(api.get("/customers", params={"prefix": "a b"})) == {"/prefix"}
