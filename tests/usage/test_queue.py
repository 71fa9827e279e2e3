"""Calls by queue: what is good is recorded, whatever it came with; what stays bad ends among the dead letters (contract 3)."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.api.support import Json, a_customer, day, unique
from tools.embedded import EmbeddedStack

from .support import a_bundle, buckets, call, record, spend

pytestmark = pytest.mark.deploy

QUEUE, DEAD = "record_usage", "record_usage-dead-letters"
SECONDS = 60


@pytest.fixture(scope="module")
def impatient(stack: EmbeddedStack) -> Iterator[EmbeddedStack]:
    """The stack with a queue that hands failed messages out again after a second, not after half a minute."""
    queues, url = stack.client("sqs"), stack.queue_url(QUEUE)
    usual = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    queues.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    yield stack
    queues.set_queue_attributes(QueueUrl=url, Attributes=usual)


def push(stack: EmbeddedStack, *bodies: Any) -> None:
    """Queue messages; text is sent as it is."""
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    for start in range(0, len(texts), 10):
        entries = [{"Id": str(n), "MessageBody": text} for n, text in enumerate(texts[start : start + 10])]
        assert not stack.client("sqs").send_message_batch(QueueUrl=stack.queue_url(QUEUE), Entries=entries).get("Failed")


def message(customer: str, *calls: Json) -> Json:
    return {"customer": customer, "calls": list(calls)}


def wait_for(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline, f"{what} took more than {SECONDS} s"
        time.sleep(0.05)


def await_empty(stack: EmbeddedStack) -> None:
    """Wait until nothing is queued or worked at."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def empty() -> bool:
        found = stack.client("sqs").get_queue_attributes(QueueUrl=stack.queue_url(QUEUE), AttributeNames=names)["Attributes"]
        return not any(map(int, found.values()))

    wait_for(empty, "emptying the queue")


def dead(stack: EmbeddedStack) -> list[str]:
    """The bodies among the dead letters, taken out."""
    queues, url = stack.client("sqs"), stack.queue_url(DEAD)
    bodies = []
    while found := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        bodies += [one["Body"] for one in found]
        for one in found:
            queues.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return bodies


def test_calls_are_recorded_as_over_http(stack: EmbeddedStack, api: httpx.Client) -> None:
    customer = a_customer(api)
    bundle = a_bundle(api, customer, 1)
    push(stack, message(customer, call("1", 45, "0.45"), call("2", 45, "0.45")))
    await_empty(stack)
    assert spend(api, customer) == {day(): "0.30"}
    first, second = record(api, customer, call("1", 45, "0.45"), call("2", 45, "0.45"))
    assert (first["free_seconds"], second["free_seconds"]) == (45, 15)
    assert second["drawn"] == [{"assignment_id": bundle["assignment_id"], "seconds": 15}]


def test_messages_that_come_more_than_once_are_harmless(stack: EmbeddedStack, api: httpx.Client) -> None:
    """Pushed at least once, out of order, in bursts, over HTTP as well."""
    customer = a_customer(api)
    a_bundle(api, customer, 5)
    calls = [call(f"{n}", 20, "0.20") for n in range(30)]
    pushed = [message(customer, *calls[n : n + 10]) for n in (20, 0, 10, 5, 15, 0, 0, 20)]
    push(stack, *pushed, *pushed)
    record(api, customer, *calls[::-1])
    await_empty(stack)
    assert spend(api, customer) == {day(): "3.00"}
    assert [(one["used"], one["remaining"]) for one in buckets(api, customer)] == [(300, 0)]
    assert sum(one["free_seconds"] for one in record(api, customer, *calls)) == 300


def test_bad_messages_end_among_the_dead_letters(impatient: EmbeddedStack, api: httpx.Client) -> None:
    """Each by itself, after five tries; the good ones that came with them are recorded once and not handed out again."""
    stack, customer, nobody = impatient, a_customer(api), unique()
    record(api, customer, call("taken"))
    bad = [
        "no json",
        json.dumps(message(nobody, call("1"))),
        json.dumps(message(customer, call("1", -1))),
        json.dumps({"customer": customer}),
        json.dumps(message(customer, call("lost"), call("taken", 61))),
        json.dumps(message(customer, call("old", date=day(-500)))),
    ]
    push(stack, bad[0], bad[1], message(customer, call("good")), *bad[2:], message(customer, call("too")))
    found: list[str] = []

    def all_there() -> bool:
        found.extend(dead(stack))
        return len(found) >= len(bad)

    wait_for(all_there, "giving up")
    assert sorted(found) == sorted(bad)
    await_empty(stack)
    assert spend(api, customer) == {day(): "3.00"}


def test_a_message_for_a_customer_that_comes_later_is_not_lost(impatient: EmbeddedStack, api: httpx.Client) -> None:
    """It fails, comes back, and is recorded once the customer is there."""
    customer = unique()
    push(impatient, message(customer, call("1")))
    time.sleep(1.2)
    a_customer(api, customer)
    await_empty(impatient)
    assert spend(api, customer) == {day(): "1.00"}
    assert dead(impatient) == []


def test_b13_what_fails_is_tried_again_before_the_queue_would_give_it_out(stack: EmbeddedStack) -> None:
    """Five tries after 1, 2, 4 and 8 seconds here, where the queue's own time is 30 seconds a try."""
    stack.client("sqs").set_queue_attributes(QueueUrl=stack.queue_url(QUEUE), Attributes={"VisibilityTimeout": "30"})
    body = json.dumps({"customer": unique("nobody"), "calls": [call("1")]})
    push(stack, body)
    began = time.monotonic()
    found: list[str] = []
    while not found and time.monotonic() - began < SECONDS:
        found = dead(stack)
        time.sleep(0.2)
    assert found == [body]
    assert time.monotonic() - began < 45
