"""The console test events of tests/events do what their functions are for, pasted as they are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.support import (
    Json,
    a_customer,
    a_package,
    an_assignment,
    charges,
    contents,
    day,
    finished,
    ok,
    pay,
    queue_is_empty,
    run,
)
from tools.embedded import EmbeddedStack, FunctionError

EVENTS = Path(__file__).parent.parent / "events"
CUSTOMER = "harbour-point-legal"
EVALUATED = {
    "evaluate_due_charges-schedule": day(),
    "evaluate_due_charges-date": "2024-01-31",
    "evaluate_due_charges-allow-future": "2031-04-01",
}


def event(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


def refusal(stack: EmbeddedStack, function: str, payload: Any) -> Json:
    """What a function says to a bad event."""
    with pytest.raises(FunctionError) as failed:
        stack.invoke(function, payload)
    assert "Traceback" not in failed.value.payload["errorMessage"]
    told: Json = json.loads(failed.value.payload["errorMessage"])
    return told


@pytest.fixture
def fresh() -> Iterator[tuple[EmbeddedStack, httpx.Client]]:
    """A service that has evaluated nothing yet."""
    with EmbeddedStack() as stack, httpx.Client(base_url=stack.base_url, timeout=60, trust_env=False) as api:
        yield stack, api


@pytest.fixture(scope="module")
def customer(api: httpx.Client) -> str:
    """The sample's customer, with something due on the events' date."""
    a_customer(api, CUSTOMER)
    package = a_package(api, retail="4", cost="1", frequency="monthly", frequency_match=[1])
    an_assignment(api, CUSTOMER, package, start_date="2031-01-15", auto_decrement_credit=True)
    pay(api, CUSTOMER, "10")
    return CUSTOMER


@pytest.mark.parametrize("name", EVALUATED)
def test_an_evaluation_begins_and_finishes(fresh: tuple[EmbeddedStack, httpx.Client], name: str) -> None:
    """contract: evaluate_due_charges: the schedule's event, or a date with allow_future -> a summary."""
    stack, api = fresh
    on = EVALUATED[name]
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, retail="2"), start_date=on, confirm_backlog=True)
    summary = stack.invoke("evaluate_due_charges", event(name))
    assert (summary["date"], summary["finished_before"]) == (on, False)
    report = finished(api, summary["run_id"])
    assert (report["status"], report["segments_done"]) == ("finished", report["segments"])
    assert [entry["date"] for entry in charges(api, customer)] == [on]


def test_a_morning_is_told_whether_the_day_is_finished(fresh: tuple[EmbeddedStack, httpx.Client]) -> None:
    """A check says how many days are not finished, from the first that began on, and writes nothing."""
    stack, api = fresh

    def late(**more: str) -> int:
        before = contents(stack)
        answer = stack.invoke("evaluate_due_charges", event("evaluate_due_charges-check") | more)
        assert contents(stack) == before
        assert answer == {"date": more.get("date", day()), "days_late": answer["days_late"]}
        return int(answer["days_late"])

    ok(api.get("/health"))  # the first request stores the time zone
    assert late() == 1
    finished(api, stack.invoke("evaluate_due_charges", event("evaluate_due_charges-schedule"))["run_id"])
    assert (late(), late(date=day(-1)), late(date=day(3))) == (0, 0, 3)


def test_a_piece_of_a_days_work_may_be_done_again(own_stack: EmbeddedStack, own_api: httpx.Client) -> None:
    """contract: post_charges: one message = a bounded piece of a day's work; rules 5: posted once however often."""
    customer = a_customer(own_api)
    an_assignment(own_api, customer, a_package(own_api, retail="2"), start_date="2024-01-31", confirm_backlog=True)
    evaluate_past(own_stack)
    before = contents(own_stack)
    for _ in range(2):
        assert own_stack.invoke("post_charges", event("post_charges")) == {"batchItemFailures": []}
    queue_is_empty(own_stack)
    assert contents(own_stack) == before
    assert len(charges(own_api, customer)) == 1


def test_a_broken_message_fails_alone(own_stack: EmbeddedStack) -> None:
    """contract: post_charges reports partial batch failures."""
    evaluate_past(own_stack)
    (good,) = event("post_charges")["Records"]
    bodies = ["", "[", "[]", "null", "5", "{}", '{"kind": "nothing"}', '{"kind": "daily"}', '{"kind": "customer_run", "run_id": "nobody"}']
    broken = [good | {"messageId": f"broken-{n}", "body": body} for n, body in enumerate(bodies)]
    answer = own_stack.invoke("post_charges", {"Records": [*broken[:4], good, *broken[4:]]})
    assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == [one["messageId"] for one in broken]


def evaluate_past(stack: EmbeddedStack) -> None:
    stack.invoke("evaluate_due_charges", event("evaluate_due_charges-date"))
    queue_is_empty(stack)


def test_simulating_a_run(stack: EmbeddedStack, customer: str) -> None:
    """contract: run_package -> the report; rules 6: it writes nothing."""
    before = contents(stack)
    report = stack.invoke("run_package", event("run_package-simulate"))
    assert (report["simulate"], report["customer"], report["date"], report["run_id"]) == (True, customer, "2031-04-01", None)
    assert [(line["retail"], line["status"]) for line in report["lines"]] == [("4.00", "simulated")]
    assert (report["totals"]["margin"], report["balance_before"], report["balance_after"]) == ("3.00", "10.00", "6.00")
    assert contents(stack) == before


def test_running_live_and_again(stack: EmbeddedStack, api: httpx.Client, customer: str) -> None:
    """contract: a call resent has the same run_id; rules 6: it answers with the first report."""
    foretold = stack.invoke("run_package", event("run_package-simulate"))
    report = stack.invoke("run_package", event("run_package-live"))
    assert (report["simulate"], report["run_id"]) == (False, event("run_package-live")["run_id"])
    assert (report["totals"], report["balance_after"]) == (foretold["totals"], foretold["balance_after"])
    assert stack.invoke("run_package", event("run_package-live")) == report
    assert [(entry["date"], entry["run_id"]) for entry in charges(api, customer)] == [("2031-04-01", report["run_id"])]
    assert ok(api.get(f"/runs/{report['run_id']}"))["lines"] == report["lines"]


def test_a_live_run_without_run_id_has_the_invocations(stack: EmbeddedStack, api: httpx.Client) -> None:
    """contract: AWS's own retries of an asynchronous invocation have the same run_id (its request id)."""
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, retail="2"))
    payload = {"customer": customer, "simulate": "no", "date": day()}
    report = stack.invoke("run_package", payload)
    UUID(report["run_id"])  # raises for anything else
    again = stack.invoke("run_package", payload)
    assert again["run_id"] != report["run_id"]
    assert [line["status"] for line in again["lines"]] == ["repeat"]


def test_an_invocation_and_a_request_report_the_same(stack: EmbeddedStack, api: httpx.Client) -> None:
    """contract: the same report over HTTP and invoked."""
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, retail="2", setup_retail="0.5"))
    invoked = stack.invoke("run_package", {"customer": customer, "simulate": True, "date": day()})
    told = run(api, customer, day())
    assert {k: v for k, v in invoked.items() if k != "generated_at"} == {k: v for k, v in told.items() if k != "generated_at"}


@pytest.mark.parametrize(
    ("payload", "code", "pointers"),
    [
        ({"customer": "a b", "simulate": "perhaps", "date": "tomorrow", "dry": 1}, "invalid", ["/customer", "/date", "/dry", "/simulate"]),
        ({"simulate": "no"}, "invalid", ["/if_charged"]),
        ([], "invalid", [""]),
        (None, "invalid", [""]),
        ("yes", "invalid", [""]),
        ({"customer": 5.5, "date": 1e300}, "invalid", ["/customer", "/date"]),
        ({"customer": "nobody-has-this-id"}, "not_found", []),
        ({"customer": "\ud800"}, "invalid", ["/customer"]),
    ],
)
def test_bad_input_is_an_error_with_code_and_every_bad_field(stack: EmbeddedStack, payload: Any, code: str, pointers: list[str]) -> None:
    """contract: run_package: bad input: an error with code and every bad field, not a traceback."""
    told = refusal(stack, "run_package", payload)
    assert told["code"] == code
    assert sorted(error["pointer"] for error in told.get("errors", [])) == pointers


@pytest.mark.parametrize("payload", [{"dat": "2026-01-01"}, {"date": 5.5}, {"date": None, "allow_future": 1}])
def test_a_bad_evaluation_is_an_error_too(own_stack: EmbeddedStack, payload: Any) -> None:
    """contract: unknown fields are refused."""
    before = contents(own_stack)
    assert refusal(own_stack, "evaluate_due_charges", payload)["code"] == "invalid"
    assert contents(own_stack) == before


def test_a_batch_of_calls_is_recorded_once(stack: EmbeddedStack, api: httpx.Client, customer: str) -> None:
    """contract: record_usage: a customer's calls, as over HTTP; the same message again changes nothing."""
    for _ in range(2):
        assert stack.invoke("record_usage", event("record_usage")) == {"batchItemFailures": []}
    days = ok(api.get(f"/customers/{customer}/usage?from=2031-02-03&to=2031-02-03"))["items"]
    assert [(one["spend"], one["seconds"], one["calls"]) for one in days] == [("0.045", 90, 1)]
