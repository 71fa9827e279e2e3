"""The daily evaluation, deployed: days missed, days repeated, assignments the sweep missed, held charges, and what is refused.

The stack is this module's own, and its days only go forward: every test takes the days after those of the tests before it.
"""

import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.api.support import (
    Json,
    a_customer,
    a_package,
    an_assignment,
    balance,
    charges,
    contents,
    day,
    due_dates,
    evaluate,
    ok,
    pages,
    path,
    pay,
    problem,
    queue_is_empty,
    run,
)
from tools.embedded import EmbeddedStack, FunctionError


class Days:
    """A calendar that only goes forward: `evaluated` is the last day that was evaluated."""

    def __init__(self, stack: EmbeddedStack, api: httpx.Client) -> None:
        self._stack, self._api = stack, api
        self.evaluated = date.fromisoformat(day(-1))

    def after(self, days: int) -> str:
        """The day so many days after the last evaluated one."""
        return (self.evaluated + timedelta(days=days)).isoformat()

    def evaluate(self, days: int = 1) -> Json:
        """Evaluate the day so many days on, in one go."""
        self.evaluated += timedelta(days=days)
        return evaluate(self._stack, self._api, self.evaluated.isoformat())


@pytest.fixture(scope="module")
def days(own_stack: EmbeddedStack, own_api: httpx.Client) -> Days:
    """The stack's calendar, with today evaluated."""
    calendar = Days(own_stack, own_api)
    calendar.evaluate()
    return calendar


def refusal(stack: EmbeddedStack, event: Any) -> Json:
    """What the function says to a bad event."""
    with pytest.raises(FunctionError) as failed:
        stack.invoke("evaluate_due_charges", event)
    assert "Traceback" not in failed.value.payload["errorMessage"]
    told: Json = json.loads(failed.value.payload["errorMessage"])
    return told


def test_each_day_is_charged_once_on_its_own_date(own_api: httpx.Client, days: Days) -> None:
    """rules 5: it posts every charge due in (last evaluated day, D]."""
    customer, package = a_customer(own_api), a_package(own_api, cost="1", retail="2", setup_retail="3", frequency="daily")
    an_assignment(own_api, customer, package, start_date=days.after(1), end_date=days.after(2))
    before = days.after(1)
    for _ in range(3):
        report = days.evaluate()
        assert (report["status"], report["failures_total"]) == ("finished", 0)
    found = [(entry["kind"], entry["date"], entry["run_id"]) for entry in charges(own_api, customer)]
    second = (date.fromisoformat(before) + timedelta(days=1)).isoformat()
    assert found == [
        ("setup", before, f"daily:{before}"), ("recurring", before, f"daily:{before}"), ("recurring", second, f"daily:{second}"),
    ]  # fmt: skip


def test_days_missed_are_charged_on_their_own_dates(own_api: httpx.Client, days: Days) -> None:
    """rules 5: days missed by an outage are caught up, each on its own due date."""
    customer = a_customer(own_api)
    daily, weekly = a_package(own_api, retail="2", frequency="daily"), a_package(own_api, retail="5", frequency="weekly")
    an_assignment(own_api, customer, daily, start_date=days.after(1), auto_decrement_credit=True)
    an_assignment(own_api, customer, weekly, start_date=days.after(2))
    missed = [days.after(n) for n in range(1, 11)]
    report = days.evaluate(10)
    found = charges(own_api, customer)
    assert due_dates(entry for entry in found if entry["retail"] == "2.00") == missed
    assert due_dates(entry for entry in found if entry["retail"] == "5.00") == [missed[1], missed[8]]
    assert {entry["run_id"] for entry in found} == {f"daily:{missed[-1]}"}
    assert balance(own_api, customer) == -20
    assert report["lines_posted"] >= 12
    lines = [line for line in pages(own_api, f"/runs/daily:{missed[-1]}/lines") if line["customer"] == customer]
    assert sorted(line["due_date"] for line in lines) == due_dates(found)


def test_a_finished_day_evaluated_again_writes_nothing(own_stack: EmbeddedStack, own_api: httpx.Client, days: Days) -> None:
    """rules 5: a finished day evaluated again is recognised before anything is written."""
    customer, package = a_customer(own_api, debit_limit="1"), a_package(own_api, retail="1", frequency="daily")
    an_assignment(own_api, customer, package, start_date=days.after(1), auto_decrement_credit=True)
    days.evaluate(3)
    assert {entry["status"] for entry in charges(own_api, customer)} == {"posted", "held"}
    before = contents(own_stack)
    for again in (days.after(0), days.after(-1), days.after(0), day(-300)):
        summary = own_stack.invoke("evaluate_due_charges", {"date": again, "allow_future": True})
        assert summary["finished_before"] is True
        queue_is_empty(own_stack)
    assert contents(own_stack) == before


def test_an_assignment_made_after_the_sweep_is_charged_by_the_next_run(own_api: httpx.Client, days: Days) -> None:
    """rules 5: what the sweep may have missed keeps the date from which it is to be evaluated: nothing depends on one run."""
    customer, package = a_customer(own_api), a_package(own_api, retail="1", frequency="daily")
    days.evaluate(2)
    made = an_assignment(own_api, customer, package, start_date=days.after(0))
    assert due_dates(charges(own_api, customer)) == [days.after(0)]  # backlog goes through the last evaluated day
    tomorrow = an_assignment(own_api, customer, package, start_date=days.after(1))
    days.evaluate()
    by_assignment = {
        one["assignment_id"]: due_dates(e for e in charges(own_api, customer) if e["assignment_id"] == one["assignment_id"])
        for one in (made, tomorrow)
    }
    assert by_assignment == {made["assignment_id"]: [days.after(-1), days.after(0)], tomorrow["assignment_id"]: [days.after(0)]}


def test_a9_an_end_date_that_the_sweep_has_passed_is_fixed(own_api: httpx.Client, days: Days) -> None:
    """rules 4: Edits: an end date before the eve of the first open day can't be changed any more (ended)."""
    customer, package = a_customer(own_api), a_package(own_api, retail="1", frequency="daily")
    made = an_assignment(own_api, customer, package, start_date=days.after(1), end_date=days.after(2))
    days.evaluate(5)
    assert due_dates(charges(own_api, customer)) == [days.after(-4), days.after(-3)]
    problem(own_api.patch(path(made), json={"end_date": None}), 409, "ended")
    running = an_assignment(own_api, customer, package, start_date=days.after(-1))
    problem(own_api.patch(path(running), json={"end_date": days.after(-1)}), 409, "ended")
    ok(own_api.patch(path(running), json={"end_date": days.after(0)}))
    days.evaluate()
    assert due_dates(charges(own_api, customer)) == [days.after(n) for n in (-5, -4, -2, -1)]


def test_held_charges_are_tried_again_in_order(own_api: httpx.Client, days: Days) -> None:
    """rules 4: Auto Decrement Credit: tried again by every later daily run; held ones come before the day's own."""
    customer = a_customer(own_api, debit_limit="0")
    package = a_package(own_api, retail="4", setup_retail="1", frequency="daily")
    made = an_assignment(own_api, customer, package, start_date=days.after(1), end_date=days.after(3), auto_decrement_credit=True)
    days.evaluate(2)
    assert [entry["status"] for entry in charges(own_api, customer)] == ["held"] * 3
    pay(own_api, customer, "6")
    days.evaluate()
    found = charges(own_api, customer)
    assert [(e["kind"], e["date"], e["status"]) for e in found] == [
        ("setup", days.after(-2), "posted"), ("recurring", days.after(-2), "posted"),
        ("recurring", days.after(-1), "held"), ("recurring", days.after(0), "held"),
    ]  # fmt: skip
    assert balance(own_api, customer) == 1
    assert {entry["run_id"] for entry in found if entry["status"] == "posted"} == {f"daily:{days.after(0)}"}
    pay(own_api, customer, "4")
    days.evaluate()
    assert [entry["status"] for entry in charges(own_api, customer)] == ["posted", "posted", "posted", "held"]
    pay(own_api, customer, "3")  # the assignment has ended, its held charge is tried all the same
    assert ok(own_api.get(path(made)))["end_date"] < days.after(1)
    days.evaluate()
    assert {entry["status"] for entry in charges(own_api, customer)} == {"posted"}
    assert (balance(own_api, customer), len(charges(own_api, customer))) == (Decimal(0), 4)


def test_a_smaller_charge_after_a_held_one_is_tried(own_api: httpx.Client, days: Days) -> None:
    """rules 4: Auto Decrement Credit: one that doesn't fit is held, smaller ones after it are still tried."""
    customer = a_customer(own_api, debit_limit="5")
    for price in ("6", "5"):
        an_assignment(own_api, customer, a_package(own_api, retail=price), start_date=days.after(1), auto_decrement_credit=True)
    report = days.evaluate()
    assert sorted((entry["retail"], entry["status"]) for entry in charges(own_api, customer)) == [("5.00", "posted"), ("6.00", "held")]
    assert report["totals_by_currency"]["USD"]["held"] != "0.00"


def test_a_written_off_charge_is_not_tried_again(own_api: httpx.Client, days: Days) -> None:
    """rules 4: Auto Decrement Credit: cancelled, never tried again."""
    customer = a_customer(own_api, debit_limit="0")
    an_assignment(own_api, customer, a_package(own_api, retail="4"), start_date=days.after(1), auto_decrement_credit=True)
    days.evaluate()
    (entry,) = charges(own_api, customer)
    ok(own_api.post(f"/held/{entry['entry_id']}/cancellation"))
    pay(own_api, customer, "100")
    days.evaluate()
    assert [(e["status"], e["credit_change"]) for e in charges(own_api, customer)] == [("cancelled", "0.00")]
    assert balance(own_api, customer) == 100


def test_a_charge_posted_by_a_run_is_not_posted_again(own_api: httpx.Client, days: Days) -> None:
    """rules 6: a charge not yet posted takes its ordinary identity; a reversed charge stays charged for the daily evaluation."""
    customer, package = a_customer(own_api), a_package(own_api, retail="1", setup_retail="2", frequency="daily")
    an_assignment(own_api, customer, package, start_date=days.after(1), auto_decrement_credit=True)
    first = run(own_api, customer, days.after(1), live=True)
    second = run(own_api, customer, days.after(2), live=True)
    ok(own_api.post(f"/runs/{second['run_id']}/reversal"))
    days.evaluate(3)
    found = [(entry["kind"], entry["date"], entry["run_id"]) for entry in charges(own_api, customer)]
    assert found == [
        ("setup", days.after(-2), first["run_id"]), ("recurring", days.after(-2), first["run_id"]),
        ("recurring", days.after(-1), second["run_id"]), ("recurring", days.after(0), f"daily:{days.after(0)}"),
    ]  # fmt: skip
    assert balance(own_api, customer) == -4


def test_a_held_charge_of_a_deleted_package_is_still_tried(own_api: httpx.Client, days: Days) -> None:
    """rules 4: Deleting: a deleted package is hidden; Auto Decrement Credit: a held charge is never dropped."""
    customer, package = a_customer(own_api, debit_limit="0"), a_package(own_api, retail="1")
    an_assignment(own_api, customer, package, start_date=day(-2), end_date=day(-1), auto_decrement_credit=True)
    assert [entry["status"] for entry in charges(own_api, customer)] == ["held"]
    ok(own_api.delete(f"/packages/{package['package_id']}"), 204)
    pay(own_api, customer, "1")
    days.evaluate()
    assert [entry["status"] for entry in charges(own_api, customer)] == ["posted"]


def test_an_edit_counts_for_what_is_planned_afterwards(own_api: httpx.Client, days: Days) -> None:
    """rules 4: Edits: prices and quantity count for what is planned afterwards."""
    customer, package = a_customer(own_api), a_package(own_api, retail="1", frequency="daily")
    made = an_assignment(own_api, customer, package, start_date=days.after(1))
    days.evaluate()
    ok(own_api.patch(path(made), json={"quantity": 3}))
    days.evaluate()
    ok(own_api.patch(f"/packages/{package['package_id']}", json={"retail": "5", "name": "New"}))
    days.evaluate()
    found = [(entry["retail"], entry["package_name"]) for entry in charges(own_api, customer)]
    assert found == [("1.00", "Line"), ("3.00", "Line"), ("15.00", "New")]


def test_a_missed_day_is_charged_by_the_price_list_of_its_day(own_api: httpx.Client, days: Days) -> None:
    """rules 4: Price lists: 10 for the first day, although it is evaluated on the second, from which 12 holds."""
    customer, package = a_customer(own_api), a_package(own_api, retail="10", frequency="daily")
    an_assignment(own_api, customer, package, start_date=days.after(1))
    ok(own_api.put(f"/packages/{package['package_id']}/prices/{days.after(2)}", json={"retail": "12"}), 201)
    days.evaluate(2)
    assert [(entry["date"], entry["retail"]) for entry in charges(own_api, customer)] == [
        (days.after(-1), "10.00"), (days.after(0), "12.00"),
    ]  # fmt: skip
    refused = problem(own_api.delete(f"/packages/{package['package_id']}/prices/{days.after(0)}"), 422, "not_open")
    assert refused["first_open_day"] == days.after(1)


def test_a_daily_run_is_listed_and_not_reversible(own_api: httpx.Client, days: Days) -> None:
    """rules 6: reversal is of a live Run Package, not of a daily run."""
    report = days.evaluate()
    shown = ok(own_api.get(f"/runs/{report['run_id']}"))
    assert (shown["kind"], shown["date"], shown["status"], shown["created_by"]) == (
        "daily",
        days.after(0),
        "finished",
        "evaluate_due_charges",
    )
    assert shown["run_id"] in [one["run_id"] for one in pages(own_api, "/runs")]
    problem(own_api.post(f"/runs/{report['run_id']}/reversal"), 409, "not_reversible")


def test_a_caller_cannot_take_a_daily_runs_id(own_api: httpx.Client, days: Days) -> None:
    """rules 5: nothing a caller names stands in the way of a day's evaluation."""
    customer, package = a_customer(own_api), a_package(own_api, retail="1", frequency="daily")
    an_assignment(own_api, customer, package, start_date=days.after(1))
    body = {"customer": customer, "simulate": False, "date": days.after(1), "run_id": f"daily:{days.after(1)}"}
    assert own_api.post("/runs", json=body).status_code in (409, 422)
    days.evaluate()
    assert len(charges(own_api, customer)) == 1


def test_the_schedules_own_event_evaluates_today(own_stack: EmbeddedStack, own_api: httpx.Client, days: Days) -> None:
    """rules 5: runs for today's date."""
    event = {
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "123456789012", "time": "2026-11-30T02:30:00Z", "region": "us-east-1", "resources": ["rule"], "detail": {},
    }  # fmt: skip
    assert own_stack.invoke("evaluate_due_charges", event)["date"] == day()


def test_a_day_after_today_needs_to_be_meant(own_stack: EmbeddedStack, days: Days) -> None:
    """rules 5: one after today needs allow_future: true."""
    before = contents(own_stack)
    for event in ({"date": day(1)}, {"date": day(1), "allow_future": False}):
        told = refusal(own_stack, event)
        assert (told["code"], [error["pointer"] for error in told["errors"]]) == ("invalid", ["/date"])
    queue_is_empty(own_stack)
    assert contents(own_stack) == before


def test_more_than_400_days_are_refused(own_stack: EmbeddedStack, days: Days) -> None:
    """rules 5: more than 400 days in one go: a clear error, evaluate in steps."""
    before = contents(own_stack)
    told = refusal(own_stack, {"date": days.after(401), "allow_future": True})
    assert "400 days" in told["detail"]
    queue_is_empty(own_stack)
    assert contents(own_stack) == before


@pytest.mark.parametrize(
    ("event", "pointers"),
    [
        ({"date": "2026-02-30"}, ["/date"]),
        ({"date": 20260101}, ["/date"]),
        ({"date": True, "allow_future": "yes", "dat": 1}, ["/allow_future", "/dat", "/date"]),
        ({"source": "aws.events", "date": "x"}, ["/date", "/source"]),
    ],
)
def test_a_bad_event_is_refused_with_every_bad_field(own_stack: EmbeddedStack, event: Json, pointers: list[str]) -> None:
    """contract: bad input: an error with code and every bad field, not a traceback."""
    assert sorted(error["pointer"] for error in refusal(own_stack, event)["errors"]) == pointers


def test_days_in_deep_future_are_refused_where_not_configured() -> None:
    """rules 5: allow_future is refused in deployed stages unless configured."""
    with EmbeddedStack(env={"ALLOW_FUTURE": "false"}) as stack:
        told = refusal(stack, {"date": day(1), "allow_future": True})
        assert [error["pointer"] for error in told["errors"]] == ["/date"]


@pytest.fixture(scope="module")
def bounded() -> Iterator[tuple[EmbeddedStack, httpx.Client]]:
    """A service that parks customers with more than 5 lines, and makes overviews."""
    with (
        EmbeddedStack(env={"MAX_LINES_PER_CUSTOMER": "5", "OVERVIEW": "true"}) as stack,
        httpx.Client(base_url=stack.base_url, timeout=60, trust_env=False) as api,
    ):
        yield stack, api


def test_an_oversize_customer_is_parked_until_unparked(bounded: tuple[EmbeddedStack, httpx.Client]) -> None:
    """rules 5: Safety bound: parked, with an alarm: nothing posted, nothing lost; unparked, the next run posts them."""
    stack, api = bounded
    big, small, package = a_customer(api), a_customer(api), a_package(api, retail="1", frequency="daily")
    for customer, quantity in ((big, 3), (small, 1)):
        for _ in range(quantity):
            an_assignment(api, customer, package, start_date=day(1), auto_decrement_credit=True)
    assert evaluate(stack, api, day(1))["failures_total"] == 0
    parked = evaluate(stack, api, day(3))
    assert [(failure["customer_id"], failure["code"]) for failure in parked["failures"]] == [(big, "parked")]
    assert parked["status"] == "finished_with_failures"
    assert ok(api.get(f"/customers/{big}"))["parked"] is True
    assert (len(charges(api, big)), len(charges(api, small))) == (3, 3)
    evaluate(stack, api, day(4))
    assert (len(charges(api, big)), len(charges(api, small))) == (3, 4)
    assert ok(api.post(f"/customers/{big}/unpark"))["parked"] is False
    evaluate(stack, api, day(5))
    assert due_dates(charges(api, big)) == sorted(day(n) for n in range(1, 6) for _ in range(3))
    assert balance(api, big) == -15


def test_a_run_package_is_not_bounded(bounded: tuple[EmbeddedStack, httpx.Client]) -> None:
    """rules 5: the safety bound parks customers of the daily evaluation; who runs a customer by hand means it."""
    _, api = bounded
    customer, package = a_customer(api), a_package(api, retail="1")
    for _ in range(6):
        an_assignment(api, customer, package, start_date=day(200))
    body = {"customer": customer, "simulate": False, "date": day(200), "run_id": customer}
    assert ok(api.post("/runs", json=body))["status"] == "finished"
    assert len(charges(api, customer)) == 6


def test_after_a_daily_run_there_is_an_overview(bounded: tuple[EmbeddedStack, httpx.Client]) -> None:
    """rules 11: Overview: one forecast of all customers after each daily run, with what they bring in a month."""
    stack, api = bounded
    customer, package = a_customer(api, name="Watched"), a_package(api, retail="7", cost="2", frequency="monthly")
    an_assignment(api, customer, package, start_date=day(6), quantity=3)
    evaluate(stack, api, day(6))
    while (found := api.get("/overview")).status_code == 404 or found.json()["date"] != day(6):
        time.sleep(0.2)
    (sums,) = ok(found)["by_currency"]
    listed = pages(api, "/overview/customers", limit=1, sort="value", order="desc")
    assert len(listed) == sums["customers"]
    (own,) = (one for one in listed if one["customer"] == customer)
    assert (own["name"], own["assignments"], own["monthly_value"], own["monthly_margin"]) == ("Watched", 1, "21.00", "15.00")
    assert Decimal(sums["monthly_value"]) == sum(Decimal(one["monthly_value"]) for one in listed)
    assert [Decimal(one["monthly_value"]) for one in listed] == sorted((Decimal(one["monthly_value"]) for one in listed), reverse=True)
