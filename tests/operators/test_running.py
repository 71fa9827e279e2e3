"""What an operator sees of a deployed service and does about it, as docs/operations.md says.

One stack with a safety bound of 5 lines; its days only go forward.
"""

import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
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
    finished,
    ok,
    pages,
    queue_is_empty,
)
from tests.conftest import REQUEST_SECONDS
from tests.logs.log_lines import lines
from tools.embedded import EmbeddedStack

QUEUE, DEAD = "post_charges", "post_charges-dead-letters"
SECONDS = 60


class Service:
    """The stack, its API, and the last evaluated day."""

    def __init__(self, stack: EmbeddedStack, api: httpx.Client) -> None:
        self.stack, self.api = stack, api
        self.evaluated = date.fromisoformat(day(-1))

    def after(self, days: int) -> str:
        return (self.evaluated + timedelta(days=days)).isoformat()

    def evaluate(self, days: int = 1) -> Json:
        """The report of the evaluation of a later day, or of the last one again."""
        self.evaluated += timedelta(days=days)
        return evaluate(self.stack, self.api, self.after(0))

    def runs(self) -> dict[str, Json]:
        return {run["run_id"]: run for run in pages(self.api, "/runs")}

    def again(self) -> list[Json]:
        """The runs that came of evaluating the last day again."""
        before = self.runs()
        assert self.evaluate(0)["finished_before"] is True
        return [run for run_id, run in self.runs().items() if run_id not in before]

    def take(self, table: str, pk: str, sk: str) -> Any:
        """Remove an item from a table, past the service; the item."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        name = self.stack.table_name(table)
        return self.stack.client("dynamodb").delete_item(TableName=name, Key=key, ReturnValues="ALL_OLD").get("Attributes")

    def put(self, table: str, item: Any) -> None:
        self.stack.client("dynamodb").put_item(TableName=self.stack.table_name(table), Item=item)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with (
        EmbeddedStack(env={"MAX_LINES_PER_CUSTOMER": "5", "SWEEP_SEGMENTS": "2"}) as stack,
        httpx.Client(base_url=stack.base_url, timeout=REQUEST_SECONDS, trust_env=False) as api,
    ):
        queue = stack.queue_url(QUEUE)
        stack.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
        made = Service(stack, api)
        made.evaluate()
        yield made


def test_a_parked_customer_loses_nothing(service: Service) -> None:
    """rules 5: Safety bound: parked: nothing posted, nothing lost; unparked, the next run posts them, held ones included."""
    api = service.api
    big, small, package = a_customer(api, debit_limit="5"), a_customer(api), a_package(api, retail="1", frequency="daily")
    for _ in range(6):
        an_assignment(api, big, package, start_date=service.after(1), end_date=service.after(3), auto_decrement_credit=True)
    an_assignment(api, small, package, start_date=service.after(1))
    first = service.after(1)
    report = service.evaluate()
    assert report["status"] == "finished_with_failures"
    assert [(f["customer_id"], f["assignment_id"], f["due_date"], f["code"]) for f in report["failures"]] == [(big, None, first, "parked")]
    assert (ok(api.get(f"/customers/{big}"))["parked"], charges(api, big), len(charges(api, small))) == (True, [], 1)
    queue_is_empty(service.stack)  # a worker writes its line after the run is finished
    parked = [line for line in lines(service.stack, QUEUE) if line.get("parked")]
    assert [(f["customer_id"], f["code"]) for line in parked for f in line["failures"]] == [(big, "parked")]

    before = contents(service.stack)
    assert service.again() == []
    assert contents(service.stack) == before
    assert service.evaluate(2)["failures_total"] == 0
    assert (charges(api, big), len(charges(api, small))) == ([], 3)

    ok(api.post(f"/customers/{big}/unpark"))
    (run,) = service.again()
    assert (run["status"], run["run_id"].startswith(f"daily:{service.after(0)}:")) == ("finished", True)
    found = charges(api, big)
    assert due_dates(found) == sorted(service.after(n) for n in (-2, -1, 0) for _ in range(6))
    assert [entry["status"] for entry in found] == ["posted"] * 5 + ["held"] * 13
    assert balance(api, big) == -5

    before = contents(service.stack)
    assert service.again() == []
    assert contents(service.stack) == before
    assert [entry["entry_id"] for entry in pages(api, "/held", customer=big)] == [e["entry_id"] for e in found if e["status"] == "held"]


def test_a_failure_is_told_and_made_up_for(service: Service) -> None:
    """rules 5: a failure on one assignment stops no other; it is kept where an operator sees it, and tried by later runs."""
    api = service.api
    customer, other = a_customer(api), a_customer(api)
    broken, sound = (a_package(api, retail=retail, frequency="daily") for retail in ("2", "3"))
    failing = an_assignment(api, customer, broken, start_date=service.after(1))
    an_assignment(api, customer, sound, start_date=service.after(1))
    an_assignment(api, other, sound, start_date=service.after(1))
    item = service.take("catalog", "PACKAGE", broken["package_id"])
    first = service.after(1)

    report = service.evaluate()
    run = ok(api.get(f"/runs/daily:{first}"))
    assert run == report
    assert (run["status"], run["failures_total"], run["segments_done"]) == ("finished_with_failures", 1, 2)
    (failure,) = run["failures"]
    told = (failure["customer_id"], failure["assignment_id"], failure["due_date"], failure["code"])
    assert told == (customer, failing["assignment_id"], first, "internal")
    assert broken["package_id"] in failure["detail"]
    queue_is_empty(service.stack)  # a worker writes its line after the run is finished
    failed = [line for line in lines(service.stack, QUEUE) if line.get("failed") and line["run_id"] == run["run_id"]]
    assert [(f["customer_id"], f["assignment_id"]) for line in failed for f in line["failures"]] == [told[:2]]
    assert [(entry["retail"], entry["date"]) for entry in charges(api, customer) + charges(api, other)] == [("3.00", first)] * 2
    assert service.evaluate()["failures_total"] == 1

    service.put("catalog", item)
    (again,) = service.again()
    assert (again["status"], again["failures_total"]) == ("finished", 0)
    assert due_dates(entry for entry in charges(api, customer) if entry["retail"] == "2.00") == [first, service.after(0)]
    assert service.evaluate()["status"] == "finished"
    assert len(charges(api, customer)) == 6


def attributes(service: Service, queue: str) -> dict[str, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    sqs = service.stack.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=service.stack.queue_url(queue), AttributeNames=names)["Attributes"]
    return {name: int(value) for name, value in found.items()}


def await_dead(service: Service, count: int) -> None:
    deadline = time.monotonic() + SECONDS
    while attributes(service, DEAD)["ApproximateNumberOfMessages"] < count:
        assert time.monotonic() < deadline, "the message is not given up"
        time.sleep(0.1)


DAMAGE = "PROGRESS", "damaged"
"""No worker can read how far it is while this stands among the marks of the sweep."""


def evaluated_in_vain(service: Service) -> tuple[str, Json]:
    """The next day, and what its evaluation answered; both its messages are given up after five tries."""
    service.evaluated += timedelta(days=1)
    today = service.after(0)
    service.stack.set_consumers(enabled=False)
    started = service.stack.invoke("evaluate_due_charges", {"date": today, "allow_future": True})
    service.put("runs", dict(zip(("pk", "sk"), ({"S": name} for name in DAMAGE), strict=True)))
    service.stack.set_consumers(enabled=True)
    await_dead(service, 2)
    queue_is_empty(service.stack)
    return today, started


def redrive(service: Service) -> list[Json]:
    """Send dead letters again, one by one; the embedded SQS has no StartMessageMoveTask. A letter goes when it is sent."""
    sqs, dead, queue = service.stack.client("sqs"), service.stack.queue_url(DEAD), service.stack.queue_url(QUEUE)
    moved = []
    while found := sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=1).get("Messages"):
        for letter in found:
            sqs.send_message(QueueUrl=queue, MessageBody=letter["Body"])
            sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])
            moved.append(json.loads(letter["Body"]))
    return moved


def test_a_dead_letter_is_sent_again_and_the_day_finishes(service: Service) -> None:
    """rules 5: nothing is lost with a message that was given up after five tries, and the next day waits for nobody."""
    api = service.api
    package, customers = a_package(api, retail="1", frequency="daily"), [a_customer(api) for _ in range(12)]
    for customer in customers:
        an_assignment(api, customer, package, start_date=service.after(1), auto_decrement_credit=True)
    today, started = evaluated_in_vain(service)
    assert service.stack.function_log(QUEUE).count("Traceback") >= 10
    run = ok(api.get(f"/runs/{started['run_id']}"))
    assert (run["status"], run["segments"], run["segments_done"]) == ("running", 2, 0)

    service.take("runs", *DAMAGE)
    letters = redrive(service)
    assert [(letter["kind"], letter["run_id"], letter["date"]) for letter in letters] == [("daily", f"daily:{today}", today)] * 2
    run = finished(api, started["run_id"])
    assert (run["status"], run["segments_done"], run["failures_total"]) == ("finished", 2, 0)
    for customer in customers:
        assert (due_dates(charges(api, customer)), balance(api, customer)) == ([today], -1)
    assert attributes(service, DEAD) == {"ApproximateNumberOfMessages": 0, "ApproximateNumberOfMessagesNotVisible": 0}

    before = contents(service.stack)
    service.stack.client("sqs").send_message(QueueUrl=service.stack.queue_url(QUEUE), MessageBody=json.dumps(letters[0]))
    queue_is_empty(service.stack)
    assert contents(service.stack) == before


def test_a_later_day_makes_up_for_a_dead_letter(service: Service) -> None:
    """rules 5: it posts every charge due in (last evaluated day, D]: a letter that nobody sends again costs nothing but a day."""
    api = service.api
    package, customers = a_package(api, retail="1", frequency="daily"), [a_customer(api) for _ in range(12)]
    for customer in customers:
        an_assignment(api, customer, package, start_date=service.after(1))
    evaluated_in_vain(service)
    service.take("runs", *DAMAGE)
    missed = service.runs()[f"daily:{service.after(0)}"]
    assert service.evaluate()["status"] == "finished"
    for customer in customers:
        assert due_dates(charges(api, customer)) == [service.after(-1), service.after(0)]
    assert missed["status"] == "running"
    redrive(service)
    assert finished(api, missed["run_id"])["failures_total"] == 0
    assert sum(len(charges(api, customer)) for customer in customers) == 24
