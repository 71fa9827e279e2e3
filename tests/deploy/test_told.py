"""Events reach what is attached to the bus: the queue and the function of docs/events.md, and a webhook on this machine.

The emulator tries a webhook once and refuses stacks with a connection or an archive, so those templates are checked as templates:
tests/docs/test_events.py.
"""

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, TypeVar

import httpx
import pytest

from tests.api.support import ok, problem, unique
from tests.conftest import client_of
from tests.docs.events_page import template
from tools.embedded import EmbeddedStack

pytestmark = pytest.mark.deploy

BUS = "packages-billing-local-events"
CANARY = "canary-7f3a"
SECONDS = 90
T = TypeVar("T")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A stack with state, so that it can be stopped and started again."""
    state = tmp_path_factory.mktemp("state")
    kept = {"EVENT_TYPES": "all", "EVENTS_FILE": str(state / "events.jsonl")}
    with EmbeddedStack(env=kept, state_dir=state) as running:
        yield running


@pytest.fixture
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with client_of(stack) as client:
        yield client


def wait_for(find: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := find():
            return found
        time.sleep(0.1)
    raise AssertionError("nothing came")


def attach(stack: EmbeddedStack, name: str) -> dict[str, str]:
    """Deploy a template of the page; its outputs."""
    formation = stack.client("cloudformation")
    given = [{"ParameterKey": "Bus", "ParameterValue": BUS}]
    formation.create_stack(StackName=f"told-{name}", TemplateBody=template(name), Parameters=given, Capabilities=["CAPABILITY_IAM"])

    def outputs() -> dict[str, str] | None:
        (found,) = formation.describe_stacks(StackName=f"told-{name}")["Stacks"]
        assert "ROLLBACK" not in found["StackStatus"], found
        return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]} if found["StackStatus"] == "CREATE_COMPLETE" else None

    return wait_for(outputs)


def a_payment(api: httpx.Client, amount: str) -> str:
    """The id of a payment of a new customer."""
    customer = unique()
    ok(api.put(f"/customers/{customer}", json={"notes": CANARY}), 201)
    made = ok(api.post(f"/customers/{customer}/payments", json={"amount": amount, "reference": CANARY}), 201)
    return str(made["entry_id"])


def taken(stack: EmbeddedStack, url: str, subject: str) -> Callable[[], Any]:
    """Takes messages off a queue until one is about the subject."""

    def look() -> Any:
        for message in stack.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            stack.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            event = json.loads(message["Body"])
            if event["detail"]["subject"] == subject:
                return event
        return None

    return look


def test_an_event_reaches_a_queue_also_after_a_restart(stack: EmbeddedStack) -> None:
    url = attach(stack, "queue")["QueueUrl"]
    with client_of(stack) as api:
        subject = a_payment(api, "5")
    event = wait_for(taken(stack, url, subject))
    assert (event["source"], event["detail-type"]) == ("packages-billing", "payment.recorded")
    assert event["detail"]["data"]["credit_change"] == "5.00"
    assert event["detail"]["provider"]["reference"] == CANARY
    stack.stop()
    stack.start()
    with client_of(stack) as api:
        subject = a_payment(api, "6")
    assert wait_for(taken(stack, url, subject))["detail"]["data"]["credit_change"] == "6.00"


def test_an_event_reaches_a_function(stack: EmbeddedStack, api: httpx.Client) -> None:
    name = attach(stack, "function")["FunctionName"]
    subject = a_payment(api, "7")

    def logged() -> bool:
        pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
        try:
            return any(f"payment.recorded {subject}~payment.recorded~1" in one["message"] for page in pages for one in page["events"])
        except stack.client("logs").exceptions.ResourceNotFoundException:
            return False

    assert wait_for(logged)


def test_the_latest_events_are_listed_where_they_are_kept(stack: EmbeddedStack, api: httpx.Client) -> None:
    """As `make serve` does. The route is no part of the API elsewhere, so its description doesn't know it."""
    subjects = [a_payment(api, amount) for amount in ("1", "2", "3")]
    customer = subjects[1].partition("~")[0]
    with httpx.Client(base_url=stack.base_url, trust_env=False) as bare:

        def listed() -> list[str]:
            return [one["subject"] for one in ok(bare.get("/events", params={"type": "payment.recorded", "limit": "200"}))["items"]]

        wait_for(lambda: set(subjects) <= set(listed()))
        of_one = ok(bare.get("/events", params={"customer": customer}))["items"]
        assert [(one["type"], one["data"]["credit_change"], one["provider"]["reference"]) for one in of_one] == [
            ("payment.recorded", "2.00", CANARY)
        ]
        assert of_one[0]["told_at"]
        problem(bare.get("/events", params={"type": "payment.lost"}), 422, "invalid")
        assert "payment.recorded" in ok(bare.get("/console/settings.json"))["events"]


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[tuple[Any, dict[str, str]]]]]:
    """An address on this machine, and what was posted to it, with headers."""
    posted: list[tuple[Any, dict[str, str]]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((json.loads(body), dict(self.headers.items())))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the standard library
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/events", posted
    server.shutdown()
    server.server_close()


def test_an_event_reaches_a_webhook_without_what_is_the_providers(
    stack: EmbeddedStack, api: httpx.Client, webhook: tuple[str, list[tuple[Any, dict[str, str]]]]
) -> None:
    url, posted = webhook
    events, told = stack.client("events"), template_rule("webhook")
    connection = events.create_connection(
        Name="crm",
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "X-Api-Key", "ApiKeyValue": "secret"}},
    )["ConnectionArn"]
    destination = events.create_api_destination(
        Name="crm", ConnectionArn=connection, InvocationEndpoint=url, HttpMethod="POST", InvocationRateLimitPerSecond=50
    )["ApiDestinationArn"]
    events.put_rule(Name="crm", EventBusName=BUS, EventPattern=json.dumps(told["EventPattern"]))
    (target,) = told["Targets"]
    role = "arn:aws:iam::000000000000:role/crm"
    attached = {"Id": "crm", "Arn": destination, "RoleArn": role, "InputTransformer": target["InputTransformer"]}
    events.put_targets(Rule="crm", EventBusName=BUS, Targets=[attached])
    subject = a_payment(api, "8")

    def came() -> tuple[Any, dict[str, str]] | None:
        return next((one for one in posted if one[0]["id"].startswith(subject)), None)

    body, headers = wait_for(came)
    assert (body["type"], body["data"]["credit_change"]) == ("payment.recorded", "8.00")
    assert headers["X-Api-Key"] == "secret"
    assert CANARY not in json.dumps([one for one, _ in posted])


def template_rule(name: str) -> Any:
    from tools.parts import read

    return read(template(name))["Resources"]["Rule"]["Properties"]
