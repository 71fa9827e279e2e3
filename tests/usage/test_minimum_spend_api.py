"""Minimum spend over HTTP: what is missing of it is charged on due dates and after an end (rules 4: Minimum Spend)."""

import httpx
import pytest

from tests.api.support import Json, a_customer, balance, charges, day, ok, path, run, unique_did

from .support import a_bundle, a_commitment, call, on, record, told

DAILY: Json = {"frequency": "daily", "frequency_match": []}


@pytest.fixture
def customer(api: httpx.Client) -> str:
    return a_customer(api)


def line(report: Json) -> str:
    """`spend cost retail`, of the only line."""
    (one,) = report["lines"]
    assert one["kind"] == "minimum_spend"
    return f"{one['spend']} {one['cost']} {one['retail']}"


@pytest.mark.parametrize(
    ("spent", "expected"), [("25", "25.00 0.00 25.00"), ("0", "0.00 0.00 50.00"), ("49.999999", "49.999999 0.00 0.000001")]
)
def test_what_is_missing_is_charged(api: httpx.Client, customer: str, spent: str, expected: str) -> None:
    """rules 4: retail 50, spend 25: charge 25; its line says period and spend."""
    a_commitment(api, customer)
    record(api, customer, call("1", 600, spent, date=on("01-15")))
    report = run(api, customer, on("02-01"))
    assert line(report) == expected
    (one,) = report["lines"]
    assert one["period"] == {"from": on("01-01"), "to": on("02-01"), "through": on("01-31")}
    for told_ in ("minimum 1 x 50.00", f"spent {one['spend']} from {on('01-01')} through {on('01-31')}", f"to pay {one['retail']} USD"):
        assert told_ in one["explanation"]


@pytest.mark.parametrize("spent", ["50", "50.000001", "1000"])
def test_nothing_is_charged_when_nothing_is_missing(api: httpx.Client, customer: str, spent: str) -> None:
    """rules 4: spend 50: none."""
    assigned = a_commitment(api, customer)
    record(api, customer, call("1", 600, spent, date=on("01-31"), at="23:59:59Z"))
    report = run(api, customer, on("02-01"))
    assert report["lines"] == []
    (idle,) = report["not_due"]
    assert idle["assignment_id"] == assigned["assignment_id"]
    assert "nothing is left to pay" in idle["reason"]


def test_cost_remains_when_nothing_is_missing(api: httpx.Client, customer: str) -> None:
    a_commitment(api, customer, sold={"cost": "7"}, quantity=2)
    record(api, customer, call("1", 600, "100", date=on("01-10")))
    assert line(run(api, customer, on("02-01"))) == "100.00 14.00 0.00"


def test_each_day_counts_in_one_period(api: httpx.Client, customer: str) -> None:
    """rules 4: [P, D): the due date's own usage counts towards the next period."""
    a_commitment(api, customer)
    record(
        api, customer,
        call("before", 60, "1", date="2089-12-31"), call("first", 60, "2", date=on("01-01"), at="00:00:00Z"),
        call("last", 60, "3", date=on("01-31"), at="23:59:59Z"), call("due", 60, "4", date=on("02-01"), at="00:00:00Z"),
    )  # fmt: skip
    assert line(run(api, customer, on("02-01"))) == "5.00 0.00 45.00"
    assert line(run(api, customer, on("03-01"))) == "4.00 0.00 46.00"
    assert run(api, customer, on("01-01"))["lines"] == []


def test_spend_is_what_free_minutes_leave(api: httpx.Client, customer: str) -> None:
    """rules 4: a call counts with what it costs after free minutes."""
    a_commitment(api, customer)
    a_bundle(api, customer, 5, start_date=on("01-01"))
    assert told(record(api, customer, call("1", 600, "20", date=on("01-15")))[0]) == "300 300 10.00"
    assert line(run(api, customer, on("02-01"))) == "10.00 0.00 40.00"


def test_a_dids_spend_is_its_own(api: httpx.Client, customer: str) -> None:
    """rules 4: the customer's usage charges, or the DID's alone when the assignment is to a DID."""
    did, other = unique_did(), unique_did()
    one = a_commitment(api, customer, did=did)
    every = a_commitment(api, customer)
    record(
        api, customer,
        call("1", 60, "10", date=on("01-15"), did=did), call("2", 60, "20", date=on("01-15"), did=other),
        call("3", 60, "5", date=on("01-16")),
    )  # fmt: skip
    lines = {found["assignment_id"]: found for found in run(api, customer, on("02-01"))["lines"]}
    assert (lines[one["assignment_id"]]["spend"], lines[one["assignment_id"]]["retail"]) == ("10.00", "40.00")
    assert (lines[every["assignment_id"]]["spend"], lines[every["assignment_id"]]["retail"]) == ("35.00", "15.00")


def test_an_end_settles_on_the_day_after(api: httpx.Client, customer: str) -> None:
    """rules 4: minimum and cost x days P..E / days P..N, rounded half-up, less the spend of P..E."""
    a_commitment(api, customer, sold={"cost": "31"}, end_date=on("02-14"))
    record(
        api, customer,
        call("in", 60, "5", date=on("02-14"), at="23:59:59Z"), call("after", 60, "7", date=on("02-15"), at="00:00:00Z"),
    )  # fmt: skip
    assert run(api, customer, on("02-14"))["lines"] == []
    report = run(api, customer, on("02-15"))
    assert line(report) == "5.00 15.50 20.00"
    (one,) = report["lines"]
    assert (one["due_date"], one["period"]) == (on("02-15"), {"from": on("02-01"), "to": on("02-15"), "through": on("02-14")})
    assert "50.00 x 14/28 days" in one["explanation"]
    assert run(api, customer, on("03-01"))["lines"] == []
    live = run(api, customer, on("02-15"), live=True)
    assert (line(live), live["lines"][0]["status"], live["totals"]["retail"]) == (line(report), "not_over", "0.00")
    assert charges(api, customer) == []


def test_an_end_on_the_eve_of_a_due_date_settles_the_whole_period(api: httpx.Client, customer: str) -> None:
    a_commitment(api, customer, end_date=on("01-31"))
    assert line(run(api, customer, on("02-01"))) == "0.00 0.00 50.00"


def test_a_late_call_counts_on_its_own_day_and_the_settled_charge_stands(api: httpx.Client, customer: str) -> None:
    """rules 4: a report of that date shows the difference."""
    record(api, customer, call("1", 60, "20", date=day(-1)))
    a_commitment(api, customer, sold=DAILY, start_date=day(-1), auto_decrement_credit=True)
    assert line(run(api, customer, day(), live=True)) == "20.00 0.00 30.00"
    (settled,) = charges(api, customer)
    record(api, customer, call("late", 60, "10", date=day(-1)))
    assert charges(api, customer) == [settled]
    assert (settled["retail"], balance(api, customer)) == ("30.00", -30)
    report = run(api, customer, day())
    assert line(report) == "30.00 0.00 20.00"
    assert report["lines"][0]["already_charged"] is True
    skipped = run(api, customer, day(), live=True, if_charged="skip")
    assert [one["status"] for one in skipped["lines"]] == ["skipped"]
    assert line(run(api, customer, day(1))) == "0.00 0.00 50.00"


def test_a_running_period_says_how_it_stands(api: httpx.Client, customer: str) -> None:
    """rules 4: what is spent so far and what is missing; later days of the period don't count yet."""
    assigned = a_commitment(api, customer, quantity=2)
    record(api, customer, call("1", 60, "30.5", date=on("01-10")), call("2", 60, "9", date=on("01-21")))
    (idle,) = run(api, customer, on("01-20"))["not_due"]
    assert idle["assignment_id"] == assigned["assignment_id"]
    assert (idle["spend"], idle["missing"]) == ("30.50", "69.50")
    assert idle["reason"] == f"next due {on('02-01')}; spent 30.50 of 100.00 USD since {on('01-01')}, 69.50 missing"
    record(api, customer, call("3", 60, "100", date=on("01-20")))
    (idle,) = run(api, customer, on("01-20"))["not_due"]
    assert (idle["spend"], idle["missing"]) == ("130.50", "0.00")
    assert "the minimum is reached" in idle["reason"]
    (idle,) = run(api, customer, on("01-20"), live=True)["not_due"]
    assert idle["spend"] == "130.50"


def test_a_running_period_that_will_be_cut_short_misses_less(api: httpx.Client, customer: str) -> None:
    """rules 4: an end cuts the minimum: what a report says is missing is what the closing line will charge."""
    a_commitment(api, customer, end_date=on("02-14"))
    record(api, customer, call("1", 60, "5", date=on("02-03")))
    (idle,) = run(api, customer, on("02-10"))["not_due"]
    assert line(run(api, customer, on("02-15"))) == "5.00 0.00 20.00"
    assert (idle["spend"], idle["missing"]) == ("5.00", "20.00")


def test_a_simulation_is_what_the_live_run_posts(api: httpx.Client, customer: str) -> None:
    """rules 6: computed by the very code that posts."""
    did = unique_did()
    a_commitment(
        api, customer, "40.000001", sold=DAILY | {"cost": "3"}, start_date=day(-1), did=did, auto_decrement_credit=True
    )  # fmt: skip
    a_commitment(api, customer, "10", sold=DAILY, start_date=day(-1), quantity=3)
    record(api, customer, call("1", 61, "7.123457", date=day(-1), did=did), call("2", 61, "1", date=day(-1)))
    simulated, live = (run(api, customer, day(), live=live) for live in (False, True))
    assert [one["status"] for one in simulated["lines"]] == ["simulated"] * 2
    plain = [[{**one, "status": ""} for one in report["lines"]] for report in (simulated, live)]
    assert plain[0] == plain[1]
    assert (simulated["totals"], simulated["balance_after"]) == (live["totals"], live["balance_after"])
    names = ("assignment_id", "kind", "spend", "period", "retail", "cost", "explanation")
    entries = [{name: entry[name] for name in names} for entry in charges(api, customer)]
    assert entries == [{name: one[name] for name in names} for one in live["lines"]]


def test_the_backlog_of_a_commitment_takes_the_calls_into_account(api: httpx.Client, customer: str) -> None:
    """rules 5: what is due before today is posted at once, with the spend of each period."""
    record(api, customer, call("1", 60, "1.5", date=day(-2)), call("2", 60, "9", date=day(-1)), call("3", 60, "0.5", date=day(-3)))
    sold = {"frequency": "daily", "frequency_match": []}
    assigned = a_commitment(api, customer, "2", sold=sold, start_date=day(-3))
    posted = [(entry["date"], entry["spend"], entry["retail"]) for entry in charges(api, customer)]
    assert posted == [(day(-2), "0.50", "1.50"), (day(-1), "1.50", "0.50")]
    assert ok(api.get(path(assigned)))["evaluate_from"] == day()
    assert run(api, customer, day())["lines"] == []


@pytest.mark.parametrize("frequency", ["none", "daily", "weekly", "monthly", "quarterly", "yearly"])
def test_it_needs_a_frequency(api: httpx.Client, frequency: str) -> None:
    """rules 4: `minimum_spend` needs a frequency other than `none`."""
    answer = api.post("/packages", json={"name": "x", "minimum_spend": True, "frequency": frequency})
    assert answer.status_code == (422 if frequency == "none" else 201)
