"""What the deployed service logs and counts: every field where it belongs, nothing that must not be there."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.support import (
    JSON,
    a_customer,
    a_package,
    an_assignment,
    charges,
    day,
    evaluate,
    finished,
    ok,
    pages,
    problem,
    queue_is_empty,
    unique,
)
from tests.conftest import client_of
from tools.embedded import EmbeddedStack

from .log_lines import FUNCTIONS, Json, lines, lines_of, metrics

pytestmark = pytest.mark.deploy

CANARY = "canary7f3e91"
SECONDS = 180
EVENTS = Path(__file__).parent.parent / "events"
HEADER = "X-Correlation-Id"


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    """A stack of this module's own: it evaluates days, and has workers that are short of time."""
    with EmbeddedStack(env={"MAX_LINES_PER_CUSTOMER": "50"}) as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with client_of(stack) as client:
        yield client


@pytest.fixture(scope="module")
def worked(stack: EmbeddedStack, api: httpx.Client) -> EmbeddedStack:
    """The stack after each function has done some work, and failed at some."""
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, retail="1", frequency="daily"))
    stack.invoke("evaluate_due_charges", {"check": True})
    stack.invoke("evaluate_due_charges", {})
    stack.invoke("run_package", {"customer": customer, "simulate": "no"})
    assert api.get("/customers/nobody-there").status_code == 404
    for call in (a_call("a"), {"call_id": 1}):
        body = json.dumps({"customer": customer, "calls": [call]})
        sent = stack.client("sqs").send_message(QueueUrl=stack.queue_url("record_usage"), MessageBody=body)
        until(partial(of, stack, "record_usage", sent["MessageId"]))
    export = ok(api.post("/exports", json={"what": "customers", "format": "csv"}), 202)
    until(lambda: ok(api.get(f"/exports/{export['work_id']}"))["status"] == "finished")
    rows = "".join(f"Line {n}\n" for n in range(200))
    imported = api.post("/packages/import", params={"dry_run": "false"}, content=f"name\n{rows}", headers={"Content-Type": "text/csv"})
    until(lambda: ok(api.get(f"/imports/{ok(imported, 202)['import_id']}"))["work"]["status"] == "finished")
    queue_is_empty(stack)
    return stack


def of(stack: EmbeddedStack, function: str, correlation_id: str) -> list[Json]:
    """The lines of a function that belong together. A batch of messages has one line, with the ids of all of them."""
    return [line for line in lines(stack, function) if correlation_id in line["correlation_id"].split()]


def a_call(call_id: str) -> Json:
    return {"call_id": call_id, "started_at": f"{day()}T00:00:00Z", "destination": "44", "seconds": 1, "charge": "1"}


def until(found: Callable[[], Any]) -> Any:
    """What is found, once there is something."""
    deadline = time.monotonic() + SECONDS
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return result


CALLS: dict[str, tuple[str, str, Json | str | None, int, Json]] = {
    "health": ("GET", "/health", None, 200, {}),
    "list": ("GET", "/packages", None, 200, {}),
    "console": ("GET", "/console/settings.json", None, 200, {}),
    "made": ("POST", "/packages", {"name": "Line"}, 201, {"package_id": ...}),
    "refused": ("POST", "/packages", {"name": "Line", "retail": "x"}, 422, {"code": "invalid"}),
    "unread": ("POST", "/packages", "{", 400, {"code": "malformed"}),
    "missing": ("GET", "/customers/nobody-there", None, 404, {"code": "not_found", "customer": "nobody-there"}),
    "assigned": ("POST", "/customers/{customer}/assignments", {"package_id": "{package}", "start_date": day()}, 201,
                 {"customer": "{customer}", "package_id": "{package}", "assignment_id": ...}),
    "simulated": ("POST", "/runs", {"customer": "{customer}", "date": day()}, 200, {"customer": "{customer}"}),
    "live": ("POST", "/runs", {"customer": "{customer}", "date": day(), "simulate": False}, 200,
             {"customer": "{customer}", "run_id": ..., "posted": 1, "held": 0, "failed": 0, "parked": 0}),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_call_has_one_line_with_its_fields(stack: EmbeddedStack, api: httpx.Client, name: str) -> None:
    method, path, body, status, fields = CALLS[name]
    package = a_package(api, retail="1", frequency="daily")
    ids = {"{customer}": a_customer(api), "{package}": package["package_id"]}
    if name != "assigned":
        an_assignment(api, ids["{customer}"], package)
    text = body if isinstance(body, str) else json.dumps(body)
    for placeholder, real in ids.items():
        path, text = path.replace(placeholder, real), text.replace(placeholder, real)
    correlation_id = unique("corr")
    answer = api.request(method, path, content=text if body else None, headers=JSON | {HEADER: correlation_id})
    assert (answer.status_code, answer.headers[HEADER]) == (status, correlation_id), answer.text
    (line,) = until(lambda: of(stack, "api_handler", correlation_id))
    expected = {
        "level": "INFO", "message": "request", "service": "packages-billing-local", "function": "packages-billing-local-api_handler",
        "correlation_id": correlation_id, "method": method, "status": status,
        "caller": "anonymous",
    } | {field: ids.get(value, value) for field, value in fields.items()}  # fmt: skip
    volatile = {"timestamp", "request_id", "function_request_id", "cold_start", "ms", "route"} | {
        field for field, value in fields.items() if value is ...
    }
    assert {field: value for field, value in line.items() if field not in volatile} == {
        field: value for field, value in expected.items() if value is not ...
    }
    assert volatile <= line.keys()
    assert ids["{customer}"] not in line["route"]


@pytest.mark.parametrize("given", [None, "x" * 65, f"{CANARY} b", "a,b"], ids=["none", "too long", "space", "comma"])
def test_an_id_that_can_not_be_one_is_replaced_by_the_request_s(stack: EmbeddedStack, api: httpx.Client, given: str | None) -> None:
    answer = api.get("/health", headers={HEADER: given} if given else {})
    (line,) = until(lambda: of(stack, "api_handler", answer.headers[HEADER]))
    assert line["request_id"] == line["correlation_id"] != given


def test_a_failure_is_one_line_with_the_callers_request_id(stack: EmbeddedStack, api: httpx.Client) -> None:
    damaged = unique("damaged")
    item = {"pk": {"S": damaged}, "sk": {"S": "ACCOUNT"}}
    stack.client("dynamodb").put_item(TableName=stack.table_name("accounts"), Item=item)
    try:
        answer = api.get(f"/customers/{damaged}")
    finally:
        stack.client("dynamodb").delete_item(TableName=stack.table_name("accounts"), Key=item)
    body = problem(answer, 500, "internal")
    (line,) = until(lambda: of(stack, "api_handler", answer.headers[HEADER]))
    assert (line["level"], line["status"], line["exception_name"]) == ("ERROR", 500, "TypeError")
    assert (line["request_id"], line["customer"]) == (body["request_id"], damaged)
    assert "Traceback" in line["exception"]
    assert not {"detail", "exception"} & body.keys()


def test_a_run_of_all_customers_is_found_by_one_id(stack: EmbeddedStack, api: httpx.Client) -> None:
    """From the gateway through the queue to the last continuation: workers short of time hand on after each customer."""
    package = a_package(api, retail="1", frequency="daily")
    for _ in range(4):
        an_assignment(api, a_customer(api), package)
    functions, name = stack.client("lambda"), stack.function_name("post_charges")
    usual = functions.get_function_configuration(FunctionName=name)["Timeout"]
    correlation_id = unique("all")
    functions.update_function_configuration(FunctionName=name, Timeout=30)
    try:
        asked = {"simulate": False, "date": day(), "if_charged": "skip"}
        run_id = ok(api.post("/runs", json=asked, headers={HEADER: correlation_id}), 202)["run_id"]
        assert finished(api, run_id)["status"] == "finished"
        queue_is_empty(stack)
    finally:
        functions.update_function_configuration(FunctionName=name, Timeout=usual)
    (asked_line,) = until(lambda: of(stack, "api_handler", correlation_id))
    pieces = of(stack, "post_charges", correlation_id)
    assert asked_line["run_id"] == run_id
    assert {line["run_id"] for line in pieces} == {run_id}
    found = Counter((line["segment"], line["piece"]) for line in pieces)
    assert {segment for segment, _ in found} == {0, 1}
    assert max(piece for _, piece in found) >= 1
    assert set(found.values()) == {1}
    assert min(line.get("segments_left", 9) for line in pieces) == 0


def test_a_schedules_event_names_all_that_follows(stack: EmbeddedStack, api: httpx.Client) -> None:
    event = json.loads((EVENTS / "evaluate_due_charges-schedule.json").read_text())
    started = stack.invoke("evaluate_due_charges", event)
    queue_is_empty(stack)
    (line,) = until(lambda: of(stack, "evaluate_due_charges", event["id"]))
    assert (line["run_id"], line["by"], line["days_late"]) == (started["run_id"], "schedule", 0)
    workers = until(lambda: of(stack, "post_charges", event["id"]))
    assert {worker["run_id"] for worker in workers} == {started["run_id"]}


def test_a_message_from_before_the_upgrade_belongs_to_itself(stack: EmbeddedStack) -> None:
    message = json.loads((EVENTS / "post_charges.json").read_text())["Records"][0]["body"]
    sent = stack.client("sqs").send_message(QueueUrl=stack.queue_url("post_charges"), MessageBody=message)
    (line,) = until(lambda: of(stack, "post_charges", sent["MessageId"]))
    assert (line["level"], line["messages"], line["messages_failed"]) == ("INFO", 1, 0)


def test_messages_that_come_together_are_found_each_by_its_own_id(stack: EmbeddedStack, api: httpx.Client) -> None:
    """A message that failed and comes back is in one batch, and in one line, with others that are there by then."""
    queues, url = stack.client("sqs"), stack.queue_url("record_usage")
    body = json.dumps({"customer": a_customer(api), "calls": [a_call("call-1")]})
    stack.set_consumers(enabled=False)
    sent = [queues.send_message(QueueUrl=url, MessageBody=body)["MessageId"] for _ in range(2)]
    stack.set_consumers(enabled=True)
    (first,), (second,) = (until(partial(of, stack, "record_usage", one)) for one in sent)
    assert first == second
    assert (first["messages"], first["messages_failed"], first["correlation_id"]) == (2, 0, " ".join(sent))


def test_a_batch_of_usage_has_one_line_and_one_for_each_message_that_failed(stack: EmbeddedStack, api: httpx.Client) -> None:
    customer, url = a_customer(api), stack.queue_url("record_usage")
    calls = [a_call("call-1"), a_call("call-2")]
    good = stack.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"customer": customer, "calls": calls}))
    (line,) = until(lambda: of(stack, "record_usage", good["MessageId"]))
    assert (line["message"], line["messages"], line["messages_failed"], line["calls"]) == ("usage", 1, 0, 2)
    bad = stack.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"customer": unique(), "calls": calls}))
    refused, line = until(lambda: of(stack, "record_usage", bad["MessageId"]))[:2]  # more once it has come back
    assert (refused["level"], refused["code"], refused["message_id"]) == ("ERROR", "not_found", bad["MessageId"])
    assert (line["message"], line["messages_failed"]) == ("usage", 1)


def value(line: Json, name: str) -> Decimal:
    return Decimal(str(sum(line.get(name, [0]))))


def total(found: list[Json], name: str) -> Decimal:
    return sum((value(line, name) for line in found), Decimal())


def test_the_metrics_of_a_day_are_the_ledgers_sums(stack: EmbeddedStack, api: httpx.Client) -> None:
    on = day(1)
    prices = {"USD": ("1.50", "0.123456"), "EUR": ("2.25",)}
    customers = []
    for currency, retails in prices.items():
        for retail in retails:
            customer = a_customer(api, currency=currency, debit_limit="1")
            package = a_package(api, currency=currency, retail=retail, frequency="daily")
            an_assignment(api, customer, package, start_date=on)
            an_assignment(api, customer, package, start_date=on, auto_decrement_credit=True)
            customers.append((currency, customer))
    queue_is_empty(stack)
    before, began = len(metrics(stack, "post_charges")), len(metrics(stack, "evaluate_due_charges"))
    assert evaluate(stack, api, on)["failures_total"] == 0
    queue_is_empty(stack)
    found = metrics(stack, "post_charges")[before:]
    entries = [(currency, entry) for currency, customer in customers for entry in charges(api, customer)]
    entries += others_of(api, on, {customer for _, customer in customers})
    posted = [(currency, entry) for currency, entry in entries if entry["status"] == "posted" and entry["date"] == on]
    assert total(found, "ChargesPosted") == len(posted)
    assert total(found, "ChargesHeld") == len([entry for _, entry in entries if entry["status"] == "held" and entry["date"] == on]) >= 2
    assert (total(found, "ChargesFailed"), total(found, "CustomersParked")) == (0, 0)
    for currency in prices:
        ledger_sum = sum((Decimal(entry["retail"]) for its, entry in posted if its == currency), Decimal())
        emitted = total([line for line in found if line.get("Currency") == currency], "Retail")
        assert abs(emitted - ledger_sum) < Decimal("1e-9")
        assert ledger_sum > 0
    assert min(value(line, "SegmentsLeft") for line in found if "SegmentsLeft" in line) == 0
    assert total(found, "AssignmentsSwept") >= 2 * len(customers)
    (late,) = metrics(stack, "evaluate_due_charges")[began:]
    assert late["DaysLate"] == [0.0]


def others_of(api: httpx.Client, on: str, known: set[str]) -> list[tuple[str, Json]]:
    """What other tests' customers were charged on that day, with their currencies."""
    found = pages(api, "/customers")
    rest = [(one["currency"], one["customer_id"]) for one in found if one["customer_id"] not in known]
    return [(currency, entry) for currency, customer in rest for entry in charges(api, customer) if entry["date"] == on]


def test_simulations_count_nothing(stack: EmbeddedStack, api: httpx.Client) -> None:
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, retail="1", frequency="daily"))
    before = [len(metrics(stack, function)) for function in ("api_handler", "run_package")]
    for asked in ({"customer": customer, "date": day()}, {"date": day()}):
        assert ok(api.post("/runs", json=asked))["simulate"] is True
    assert stack.invoke("run_package", {"customer": customer, "simulate": "yes"})["simulate"] is True
    assert [len(metrics(stack, function)) for function in ("api_handler", "run_package")] == before
    assert stack.invoke("run_package", {"customer": customer, "simulate": "no"})["simulate"] is False
    assert len(metrics(stack, "run_package")) == before[1] + 2


def test_metrics_are_valid_and_few(worked: EmbeddedStack) -> None:
    """As CloudWatch demands: names of at most 1,024 characters, numbers, each dimension's value beside them."""
    found = [line for function in FUNCTIONS if function != "record_usage" for line in metrics(worked, function)]
    names = set()
    for line in found:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "PackagesBilling"
        assert isinstance(line["_aws"]["Timestamp"], int)
        (dimensions,) = directive["Dimensions"]
        assert set(dimensions) in ({"service"}, {"service", "Currency"})
        assert all(isinstance(line[dimension], str) for dimension in dimensions)
        assert all(isinstance(number, float) for metric in directive["Metrics"] for number in line[metric["Name"]])
        names |= {metric["Name"] for metric in directive["Metrics"]}
    assert len(names) == 10


def test_nothing_that_a_caller_sent_is_logged(worked: EmbeddedStack, api: httpx.Client) -> None:
    """Secrets in every place that a caller can fill; ids in paths are what lines are for."""
    stack = worked
    headers = {
        "Authorization": f"Bearer {CANARY}", "Cookie": f"session={CANARY}", "X-Api-Key": CANARY, "Idempotency-Key": f"key-{CANARY}",
        HEADER: f"{CANARY} {CANARY}", "User-Agent": CANARY,
    }  # fmt: skip
    bodies: list[Any] = [
        {"name": CANARY, "description": CANARY}, {"name": "Line", "retail": CANARY}, {CANARY: 1}, [CANARY], CANARY,
        {"name": "Line", "frequency": CANARY, "currency": CANARY},
    ]  # fmt: skip
    for body in bodies:
        api.post("/packages", json=body, headers=headers)
    api.post("/packages", content=f'{{"{CANARY}', headers=headers | JSON)
    api.post("/packages", content=CANARY, headers=headers | {"Content-Type": f"text/{CANARY}"})
    api.get("/packages", params={"limit": CANARY, CANARY: "1", "cursor": CANARY}, headers=headers)
    api.get(f"/customers/{CANARY}%20{CANARY}", headers=headers)
    customer = a_customer(api, name=CANARY)
    ok(api.post(f"/customers/{customer}/payments", json={"amount": "1", "reference": CANARY}, headers=headers), 201)
    api.post("/runs", json={"customer": f"{CANARY} {CANARY}", "simulate": CANARY}, headers=headers)
    for function in ("run_package", "evaluate_due_charges"):
        with pytest.raises(Exception, match="code"):
            stack.invoke(function, {"customer": f"{CANARY} {CANARY}", "date": CANARY})
    sent = [
        stack.client("sqs").send_message(QueueUrl=stack.queue_url("record_usage"), MessageBody=body)
        for body in (CANARY, json.dumps({"customer": customer, "calls": [{"call_id": "a b", "destination": CANARY}]}))
    ]
    for message in sent:
        until(partial(of, stack, "record_usage", message["MessageId"]))
    for function in FUNCTIONS:
        assert lines(stack, function)
        assert CANARY not in stack.function_log(function), function
    assert CANARY not in stack.log()


def test_each_invocation_has_one_line(worked: EmbeddedStack) -> None:
    """Over everything that was done to the stack."""
    queue_is_empty(worked)
    for function in FUNCTIONS:
        own = "function_request_id" if function == "api_handler" else "request_id"
        log = worked.function_log(function)  # read once: messages that failed may come back at any time
        found = Counter(line[own] for line in lines_of(log) if "message_id" not in line)
        ended = {text.split()[2] for text in log.splitlines() if text.startswith("END RequestId:")}
        assert {request: found[request] for request in ended} == dict.fromkeys(ended, 1), function
        assert len(ended) >= 2
