"""A deployable stage on the embedded AWS: the story of a customer, an upgrade with data in place, and the way back.

`previous/sam.json` is the template of the release before. When a release is made, `make package STAGE=dev` of its
sources takes its place.
"""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
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
    pay,
    queue_is_empty,
    unique,
)
from tests.deploy.signed import signing
from tools.bundle import Bundle, cached
from tools.embedded import BUILDS, EmbeddedStack, FunctionError
from tools.targets import here
from tools.template import settings_from

pytestmark = pytest.mark.deploy

PREVIOUS = Path(__file__).parent / "previous" / "sam.json"
MANY = 20
"""An update that changes less than that is none."""
KEPT = ("AWS::DynamoDB::Table", "AWS::SQS::Queue")


@pytest.fixture(scope="module")
def present() -> Bundle:
    return cached(settings_from({"SWEEP_SEGMENTS": "2"}, stage="dev", year=datetime.now(UTC).year, target=here()), BUILDS)


@pytest.fixture(scope="module")
def previous(present: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The former template with the present code, which has to run under both while an update is under way."""
    directory = tmp_path_factory.mktemp("previous")
    shutil.copy(PREVIOUS, directory / present.template.name)
    shutil.copy(present.zip, directory / present.zip.name)
    return Bundle(directory=directory, fingerprint="previous")


@pytest.fixture(scope="module")
def stack(previous: Bundle) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(bundle=previous) as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with signing(stack) as client:
        yield client


def send(stack: EmbeddedStack, queue: str, body: Json) -> None:
    stack.client("sqs").send_message(QueueUrl=stack.queue_url(queue), MessageBody=json.dumps(body))


def a_call(seconds: int) -> Json:
    call = {"call_id": unique("call"), "started_at": f"{day()}T00:30:00Z", "destination": "442079460000", "seconds": seconds}
    return call | {"charge": "1.10"}


def spent(api: httpx.Client, customer: str) -> list[str]:
    return [one["spend"] for one in ok(api.get(f"/customers/{customer}/usage?from={day()}&to={day()}"))["items"]]


def replaced(changes: list[Json]) -> list[Any]:
    """What an update takes away or makes anew of what has to be kept."""
    return [one for one in changes if one["ResourceType"] in KEPT and (one["Action"] == "Remove" or one.get("Replacement") == "True")]


def test_only_signed_calls_come_through(stack: EmbeddedStack, api: httpx.Client) -> None:
    with httpx.Client(base_url=stack.base_url, trust_env=False) as stranger:
        assert stranger.get("/health").status_code == 200
        for method, where in (("GET", "/packages"), ("POST", "/packages"), ("GET", "/customers/acme/ledger"), ("POST", "/runs")):
            assert stranger.request(method, where, json={}).status_code in (401, 403)
    assert ok(api.get("/packages"))["items"] == []


def test_the_story_of_a_customer(stack: EmbeddedStack, api: httpx.Client) -> None:
    """From nothing to a charge, over HTTP, by the schedule's function and by invocation."""
    phone = a_package(api, cost="7.25", retail="12.50", setup_retail="10", frequency="monthly", frequency_match=[15, 31])
    customer = a_customer(api, debit_limit="100")
    an_assignment(api, customer, phone, quantity=4, start_date="2031-01-15", auto_decrement_credit=True)
    asked = {"customer": customer, "date": "2031-02-28"}
    simulated = stack.invoke("run_package", asked | {"simulate": "yes"})
    assert "February has no 31" in simulated["lines"][0]["explanation"]
    assert (simulated["totals"]["retail"], balance(api, customer)) == ("50.00", 0)
    live = asked | {"simulate": "no", "run_id": unique("run")}
    assert [stack.invoke("run_package", live)["lines"][0]["status"] for _ in (1, 2)] == ["posted", "posted"]
    assert (due_dates(charges(api, customer)), balance(api, customer)) == (["2031-02-28"], -50)
    ok(api.post(f"/runs/{live['run_id']}/reversal"))
    assert balance(api, customer) == 0
    with pytest.raises(FunctionError, match="lies after today"):
        evaluate(stack, api, "2031-03-15")


def test_data_and_messages_outlive_an_upgrade_and_the_way_back(
    stack: EmbeddedStack, api: httpx.Client, present: Bundle, previous: Bundle
) -> None:
    """Tables and queues stay as they are, what waits in a queue is worked off by the new stack, and again by the old one."""
    daily, customer = a_package(api, retail="2", frequency="daily"), a_customer(api)
    an_assignment(api, customer, daily, start_date=day(), auto_decrement_credit=True)
    pay(api, customer, "10")
    evaluate(stack, api, day())
    queue_is_empty(stack)
    assert balance(api, customer) == 8

    expected = balance(api, customer)
    for bundle in (present, previous):
        with signing(stack) as caller:  # the embedded CloudFormation gives an API that changes a new address; AWS doesn't
            run_id = in_flight(stack, caller, customer)
        before = contents(stack)
        changes = stack.deploy(bundle)
        assert len(changes) >= MANY
        assert replaced(changes) == []
        assert contents(stack) == before
        stack.set_consumers(enabled=True)
        with signing(stack) as caller:
            assert finished(caller, run_id)["failures_total"] == 0
            queue_is_empty(stack)
            pay(caller, customer, "1")
            expected += 1 - 2
            assert balance(caller, customer) == expected
    with signing(stack) as caller:
        assert stack.invoke("evaluate_due_charges", {})["finished_before"] is True
        assert spent(caller, customer) == ["2.20"]


def in_flight(stack: EmbeddedStack, api: httpx.Client, customer: str) -> str:
    """Work that waits: a run of all customers that charges again, and a call; the run's id."""
    stack.set_consumers(enabled=False)
    run_id = unique("run")
    ok(api.post("/runs", json={"date": day(), "simulate": False, "if_charged": "charge_again", "run_id": run_id}), 202)
    send(stack, "record_usage", {"customer": customer, "calls": [a_call(60)]})
    return run_id
