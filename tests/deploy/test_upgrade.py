"""A deployable stage on the embedded AWS: the story of a customer, an upgrade with data in place, and the way back.

The release before is deployed with its own template and code; `former.py` says how its archive is made.
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import zip_longest
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
from tests.deploy import former
from tests.deploy.signed import signing
from tools.bundle import Bundle, cached
from tools.embedded import BUILDS, EmbeddedStack, FunctionError
from tools.targets import here
from tools.template import settings_from

pytestmark = pytest.mark.deploy

FUNCTIONS = 5
"""As many are changed by any update."""
NEW_FUNCTIONS = 3
"""Those of long work, and the one that tells of events, come and go."""
KEPT = ("AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::S3::Bucket")
NEW = ("HistoryTable", "DoWorkQueue", "DoWorkDeadLetters", "ApplyWorkQueue", "ApplyWorkDeadLetters", "TellDeadLetters", "ResultsBucket")
"""What the former release doesn't have."""


@pytest.fixture(scope="module")
def present() -> Bundle:
    return cached(settings_from(former.SETTINGS, stage="dev", year=datetime.now(UTC).year, target=here()), BUILDS)


@pytest.fixture(scope="module")
def previous(present: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return former.bundle(present, tmp_path_factory.mktemp("previous"))


FIRST = ("AWS::DynamoDB::Table", "AWS::IAM::Role", "AWS::SQS::Queue", "AWS::S3::Bucket")
"""What functions wait for, because they refer to it or say so (tests/deploy/test_stack.py)."""


@pytest.fixture(scope="module")
def under_way(present: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The present code under the former template, as functions run that are updated before other resources are, but for those that they
    wait for."""
    made = former.bundle(present, tmp_path_factory.mktemp("under-way"), code=False)
    template, after = (json.loads(one.template.read_text()) for one in (made, present))
    for name, resource in after["Resources"].items():
        if resource["Type"] in FIRST:
            template["Resources"][name] = resource
        elif resource["Type"] == "AWS::Serverless::Function" and name in template["Resources"]:
            template["Resources"][name]["Properties"]["Environment"] = resource["Properties"]["Environment"]
    for section in ("Parameters", "Conditions"):
        template[section] = after[section] | template[section]
    made.template.write_text(json.dumps(template))
    return made


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
    """What an update takes away or makes anew of what has to be kept. The way back leaves tables, queues and the bucket that the former
    release doesn't know where they are, outside of the stack."""
    kept = [one for one in changes if one["ResourceType"] in KEPT]
    left = [one for one in kept if one["LogicalResourceId"] in NEW and one.get("PolicyAction") == "Retain"]
    return [one for one in kept if (one["Action"] == "Remove" and one not in left) or one.get("Replacement") == "True"]


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


@pytest.mark.timeout(900)  # four deployments, on a machine that may be busy
def test_b26_data_and_messages_outlive_an_upgrade_and_the_way_back(
    stack: EmbeddedStack, present: Bundle, under_way: Bundle, previous: Bundle
) -> None:
    """Each release answers alike of what the other has written, and works off what the other has queued."""
    with signing(stack) as caller:
        customer = a_customer(caller)
        daily = a_package(caller, retail="2", frequency="daily")
        an_assignment(caller, customer, daily, start_date=day(-1), did="15550001111", auto_decrement_credit=True)
        bundle_of_minutes = a_package(caller, type="free_minutes", destination="^44", minimum_spend=False)
        an_assignment(caller, customer, bundle_of_minutes, start_date=day(), free_minutes=1)
        pay(caller, customer, "10")
        charged_before = charged_again(caller)
        finished(caller, charged_before)
        queue_is_empty(stack)
        assert balance(caller, customer) == 10 - 2 - 2  # the backlog, and once again
    expected, runs = 6, [charged_before]
    stack.set_consumers(enabled=False)
    stack.invoke("evaluate_due_charges", {})
    expected -= 2
    for bundle, more in ((under_way, []), (present, ["Add"] * NEW_FUNCTIONS), (previous, ["Remove"] * NEW_FUNCTIONS)):
        with signing(stack) as caller:  # the embedded CloudFormation gives an API that changes a new address; AWS doesn't
            stack.set_consumers(enabled=False)
            ok(caller.post(f"/runs/{runs[-1]}/reversal"), 202)
            runs.append(charged_again(caller))
            send(stack, "record_usage", {"customer": customer, "calls": [a_call(60)]})
            answers = told(caller, customer, runs)
        before = contents(stack)
        changes = stack.deploy(bundle)
        actions = [one["Action"] for one in changes if one["ResourceType"] == "AWS::Lambda::Function"]
        assert sorted(actions) == sorted(["Modify"] * FUNCTIONS + more)
        assert replaced(changes) == []
        assert contents(stack) == before
        with signing(stack) as caller:
            assert common(told(caller, customer, runs), answers) == common(answers, told(caller, customer, runs))
            stack.set_consumers(enabled=True)
            assert finished(caller, runs[-1])["failures_total"] == 0
            queue_is_empty(stack)
            pay(caller, customer, "1")
            expected += 1 - 2 + 2
            assert balance(caller, customer) == expected
            assert ok(caller.get(f"/runs/{runs[-2]}"))["reversal"]["status"] == "reversed"
            if bundle is present:
                assert (found(caller, customer), found_after_reindex(caller, customer)) == ([], [customer])
    with signing(stack) as caller:
        assert stack.invoke("evaluate_due_charges", {})["finished_before"] is True
        assert due_dates(charges(caller, customer))[0] == day(-1)
        assert spent(caller, customer) == ["2.20"]


def charged_again(api: httpx.Client) -> str:
    """A run of all customers that charges yesterday again, left to the queue; its id."""
    run_id = unique("run")
    ok(api.post("/runs", json={"date": day(-1), "simulate": False, "if_charged": "charge_again", "run_id": run_id}), 202)
    return run_id


def found(api: httpx.Client, text: str) -> list[str]:
    return [one["customer_id"] for one in ok(api.get("/customers", params={"search": text}))["items"]]


def found_after_reindex(api: httpx.Client, text: str) -> list[str]:
    """Once what the former release has written is indexed, as docs/deploy.md says."""
    work_id = ok(api.post("/reindex"), 202)["work_id"]
    deadline = time.monotonic() + 60
    while ok(api.get(f"/work/{work_id}"))["status"] == "running" and time.monotonic() < deadline:
        time.sleep(0.2)
    return found(api, text)


def told(api: httpx.Client, customer: str, runs: list[str]) -> dict[str, Any]:
    """What a release says of all that there is, but for runs that wait in the queue."""
    where = ["/packages", f"/customers/{customer}", "/dids/15550001111/assignments", f"/customers/{customer}/usage"]
    where += [f"/customers/{customer}/{what}" for what in ("assignments", "ledger", "minutes", "features")]
    where += [f"/runs/{run}{more}" for run in runs[:-1] for more in ("", "/lines")]
    return {one: ok(api.get(one)) for one in where}


def common(answer: Any, other: Any) -> Any:
    """As much of an answer as the other release could say: it may know fewer fields."""
    if isinstance(answer, dict) and isinstance(other, dict):
        return {name: common(value, other[name]) for name, value in answer.items() if name in other}
    if isinstance(answer, list) and isinstance(other, list):
        return [common(*pair) for pair in zip_longest(answer, other)]
    return answer
