"""What the tests of the deployed API share: things of their own to work on, and ways to look at what became of them."""

import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from tools.embedded import EmbeddedStack

Json = dict[str, Any]
T = TypeVar("T")

PROBLEM = "application/problem+json"
CONCURRENT = 24
_THREADS = 12
TABLES = ("catalog", "accounts", "ledger", "usage", "runs")
JSON = {"Content-Type": "application/json"}
_RUN_SECONDS = 180
_BUSY_SECONDS = 180
_numbers = count(int(time.time() * 1000))


def unique(prefix: str = "c") -> str:
    """An id that no other test has."""
    return f"{prefix}-{uuid4().hex[:12]}"


def unique_did() -> str:
    """A phone number that no other test has."""
    return f"99{next(_numbers)}"


def day(offset: int = 0) -> str:
    """Today in the stack's billing time zone (UTC), or `offset` days later."""
    return (datetime.now(UTC).date() + timedelta(days=offset)).isoformat()


def later(start: str, days: int) -> str:
    """The date `days` after `start`."""
    return (date.fromisoformat(start) + timedelta(days=days)).isoformat()


def ok(answer: httpx.Response, status: int = 200) -> Any:
    """The body of an answer that has this status."""
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:2000]}"
    return answer.json() if answer.content else None


def problem(answer: httpx.Response, status: int, code: str | None = None) -> Json:
    """The problem document of a refusal: its form, its status, its code."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:2000]}"
    assert answer.headers["content-type"] == PROBLEM
    body: Json = answer.json()
    assert {"type", "title", "status", "code"} <= body.keys()
    assert body["status"] == status
    assert "Traceback" not in answer.text
    if code is not None:
        assert body["code"] == code, body
    return body


def pointers(answer: httpx.Response, status: int = 422) -> set[str]:
    """What a refusal of fields names."""
    errors = problem(answer, status)["errors"]
    assert all(error["detail"] for error in errors)
    return {error["pointer"] for error in errors}


def saved(answer: httpx.Response, status: int = 201) -> Json:
    """What was written, as a GET answers it: without the warnings about it, and without the day from which it holds."""
    return {name: value for name, value in ok(answer, status).items() if name not in ("warnings", "effective_from")}


def warned(answer: httpx.Response, status: int = 201) -> list[str]:
    """The codes of an answer's warnings."""
    return [warning["code"] for warning in ok(answer, status)["warnings"]]


def a_package(api: httpx.Client, **fields: Any) -> Json:
    """A new package."""
    return saved(api.post("/packages", json={"name": "Line"} | fields))


def a_customer(api: httpx.Client, customer_id: str | None = None, **fields: Any) -> str:
    """A new customer's id."""
    customer_id = customer_id or unique()
    ok(api.put(f"/customers/{customer_id}", json=fields), 201)
    return customer_id


def assigning(api: httpx.Client, customer: str, package: Json, **fields: Any) -> httpx.Response:
    """The answer to giving a package to a customer, from today unless told otherwise."""
    body = {"package_id": package["package_id"], "start_date": day()} | fields
    return api.post(f"/customers/{customer}/assignments", json=body)


def an_assignment(api: httpx.Client, customer: str, package: Json, **fields: Any) -> Json:
    """A new assignment."""
    return saved(assigning(api, customer, package, **fields))


def multiply(stack: EmbeddedStack, assignment: Json, times: int) -> None:
    """Copies of an assignment, written past the service: so many would take it long."""
    table = stack.table_name("accounts")
    key = {"pk": {"S": assignment["customer_id"]}, "sk": {"S": f"ASSIGNMENT#{assignment['assignment_id']}"}}
    item = stack.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
    puts = [{"PutRequest": {"Item": item | {"sk": {"S": f"{key['sk']['S']}-{n}"}}}} for n in range(1, times)]
    for start in range(0, len(puts), 25):
        stack.client("dynamodb").batch_write_item(RequestItems={table: puts[start : start + 25]})


def path(assignment: Json) -> str:
    """Where an assignment lives."""
    return f"/customers/{assignment['customer_id']}/assignments/{assignment['assignment_id']}"


def pay(api: httpx.Client, customer: str, amount: str) -> Json:
    """A payment."""
    return saved(api.post(f"/customers/{customer}/payments", json={"amount": amount}))


def run(api: httpx.Client, customer: str, date: str, *, live: bool = False, **fields: Any) -> Json:
    """The report of a Run Package of one customer."""
    return ok(api.post("/runs", json={"customer": customer, "date": date, "simulate": not live} | fields))


def pages(api: httpx.Client, where: str, limit: int = 200, **query: str) -> list[Json]:
    """All items of a list, page by page."""
    items: list[Json] = []
    cursor = None
    while True:
        page = ok(api.get(where, params={"limit": str(limit)} | query | ({"cursor": cursor} if cursor else {})))
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


def ledger(api: httpx.Client, customer: str) -> list[Json]:
    """A customer's ledger."""
    return pages(api, f"/customers/{customer}/ledger")


def charges(api: httpx.Client, customer: str) -> list[Json]:
    """A customer's charges in the ledger."""
    return [entry for entry in ledger(api, customer) if entry["kind"] in ("setup", "recurring", "minimum_spend")]


def due_dates(entries: Iterable[Json]) -> list[str]:
    """The dates of entries, in order."""
    return sorted(entry["date"] for entry in entries)


def balance(api: httpx.Client, customer: str) -> Decimal:
    """A customer's balance, which must be what its ledger adds up to."""
    shown = Decimal(ok(api.get(f"/customers/{customer}"))["balance"])
    assert shown == sum(Decimal(entry["credit_change"]) for entry in ledger(api, customer))
    return shown


def at_once(work: Callable[[int], T], times: int = CONCURRENT, threads: int = _THREADS) -> list[T]:
    """What `work` returns so many times, some at the same time: each of these starts a process of the function."""
    with ThreadPoolExecutor(min(times, threads)) as pool:
        return list(pool.map(work, range(times)))


def once_answered(api: httpx.Client, where: str, body: Json) -> httpx.Response:
    """The answer to a POST, sent again while none comes or the service is too busy: its key makes it one request."""
    key = {"Idempotency-Key": unique("key")}
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        pause = 1
        try:
            answer = api.post(where, json=body, headers=key)
            if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                return answer
            pause = int(answer.headers["retry-after"])
        except httpx.TimeoutException:
            pass
        assert time.monotonic() < deadline, f"{where} is not answered"
        time.sleep(pause)


def finished(api: httpx.Client, run_id: str, of: str = "runs") -> Json:
    """A live run, or other work, once it is not `running` any more."""
    deadline = time.monotonic() + _RUN_SECONDS
    while True:
        answer = api.get(f"/{of}/{run_id}")
        if answer.status_code == 200 and answer.json()["status"] != "running":
            body: Json = answer.json()
            return body
        assert time.monotonic() < deadline, f"{of}/{run_id} does not finish: {answer.text}"
        time.sleep(0.05)


def evaluate(stack: EmbeddedStack, api: httpx.Client, on: str) -> Json:
    """A day's evaluation once it is through."""
    started = stack.invoke("evaluate_due_charges", {"date": on, "allow_future": True})
    if started["finished_before"]:
        queue_is_empty(stack)
        return started
    return finished(api, started["run_id"])


def queue_is_empty(stack: EmbeddedStack) -> None:
    """Wait until nothing is queued or worked at."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    deadline = time.monotonic() + _RUN_SECONDS
    while time.monotonic() < deadline:
        queue = stack.client("sqs").get_queue_attributes(QueueUrl=stack.queue_url("post_charges"), AttributeNames=names)
        if not any(int(value) for value in queue["Attributes"].values()):
            return
        time.sleep(0.05)
    raise AssertionError("the queue does not empty")


def contents(stack: EmbeddedStack) -> dict[str, list[str]]:
    """All that the tables hold, in an order that is always the same."""
    return {table: sorted(json.dumps(item, sort_keys=True, default=str) for item in _items(stack, table)) for table in TABLES}


def _items(stack: EmbeddedStack, table: str) -> Iterable[Json]:
    pages_of_items = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.table_name(table))
    return (item for page in pages_of_items for item in page["Items"])
