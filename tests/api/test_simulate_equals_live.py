"""A property over random packages, customers and dates: a simulation reports what the live run made right after it charges."""

from datetime import date, timedelta
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.support import Json, a_customer, a_package, assigning, balance, ok, pay, run

AROUND = date(2040, 2, 27)
"""Dates lie around the end of a leap year's February, far after today: nothing is backlog."""
DIFFERS = ("status", "already_charged")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

amounts = st.sampled_from(["0", "0.000001", "0.5", "1", "3.333333", "10", "99.99"])
matches = {
    "weekly": st.lists(st.sampled_from(WEEKDAYS), unique=True, max_size=7),
    "monthly": st.lists(st.integers(1, 31), unique=True, max_size=31),
}


def near(days: int) -> st.SearchStrategy[date]:
    return st.integers(-days, days).map(lambda n: AROUND + timedelta(days=n))


@st.composite
def packages(draw: st.DrawFn) -> Json:
    frequency = draw(st.sampled_from(["none", "daily", "daily", "weekly", "monthly", "quarterly", "yearly"]))
    prices = {name: draw(amounts) for name in ("cost", "retail", "setup_cost", "setup_retail")}
    return prices | {"frequency": frequency, "frequency_match": draw(matches.get(frequency, st.just([])))}


@st.composite
def assignments(draw: st.DrawFn) -> Json:
    start = draw(near(40))
    end = draw(st.none() | st.integers(0, 60).map(lambda n: (start + timedelta(days=n)).isoformat()))
    charged_from = draw(st.none() | st.none() | near(20).map(date.isoformat))
    return {
        "start_date": start.isoformat(), "end_date": end, "charge_from": charged_from, "quantity": draw(st.sampled_from([1, 1, 2, 1000])),
        "auto_decrement_credit": draw(st.booleans()),
    }  # fmt: skip


given_out = st.lists(st.tuples(packages(), assignments()), min_size=1, max_size=5)
limits = st.none() | st.sampled_from(["0", "1", "10", "100", "5000"])
runs = st.lists(st.tuples(near(15), st.sampled_from(["charge_again", "skip"])), min_size=1, max_size=3)


@given(given_out=given_out, limit=limits, paid=amounts, runs=runs)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], print_blob=True)
def test_a_simulation_equals_the_live_run_made_right_after(
    api: httpx.Client, given_out: list[tuple[Json, Json]], limit: str | None, paid: str, runs: list[tuple[date, Any]]
) -> None:
    """rules 6: simulate yes: a report of what a live run charges, computed by the very code that posts."""
    customer = a_customer(api, debit_limit=limit)
    for package, assignment in given_out:
        ok(assigning(api, customer, a_package(api, **package), **assignment), 201)
    if paid != "0":
        pay(api, customer, paid)
    for on, if_charged in runs:
        for _ in range(2):
            compare(api, customer, on.isoformat(), if_charged)


def compare(api: httpx.Client, customer: str, on: str, if_charged: str) -> None:
    """Simulate and run one date, and hold the reports and the ledger against each other."""
    foretold = run(api, customer, on, if_charged=if_charged)
    before = balance(api, customer)
    posted = run(api, customer, on, if_charged=if_charged, live=True)
    assert [without(line) for line in foretold["lines"]] == [without(line) for line in posted["lines"]]
    assert [expected(line) for line in foretold["lines"]] == [line["status"] for line in posted["lines"]]
    for name in ("totals", "balance_before", "balance_after", "not_due"):
        assert foretold[name] == posted[name]
    after = ok(api.get(f"/customers/{customer}"))["balance"]
    assert after == foretold["balance_after"]
    assert str(before) == str(balance(api, customer)) or foretold["totals"]["credit_debited"] != "0.00"


def without(line: Json) -> Json:
    return {name: value for name, value in line.items() if name not in DIFFERS}


def expected(line: Json) -> str:
    """The live status of a simulated line."""
    if line["status"] != "simulated":
        return str(line["status"])
    return "repeat" if line["already_charged"] else "posted"
