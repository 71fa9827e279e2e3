"""Messages of the former release are worked off, and what this one writes the former one can read (decisions: messages)."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chalicelib import deployment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import Malformed
from chalicelib.jobs import queue
from chalicelib.storage import progress
from chalicelib.usecases.messages import MESSAGE_VERSION
from chalicelib.usecases.runs import Message, body_of, daily, on_demand, read_message, reports, reversal
from tests.logs.test_log_lines import Context
from tests.world.stage import TODAY, Stage, furnished

FORMER: dict[str, list[str]] = json.loads(Path(__file__).with_name("former_messages.json").read_text())
"""The bodies, to the letter, that commit aee40fd queued on this stage; those handed on had ten seconds left."""
KINDS = {json.loads(body)["kind"]: body for bodies in FORMER.values() for body in bodies}
every_kind = pytest.mark.parametrize("body", KINDS.values(), ids=KINDS)


def _evaluation(stage: Stage) -> None:
    daily.start_evaluation(stage.services, stage.context("start"), TODAY, allow_future=False)


def _run_of_all(stage: Stage) -> None:
    on_demand.run_live(stage.services, stage.context("run-all"), RunRequest(None, TODAY, "skip", "run-all"))


def _run_of_one(stage: Stage) -> None:
    on_demand.run_live(stage.services, stage.context("run-one"), RunRequest("rich", TODAY, "skip", "run-one"))


def _reversal(stage: Stage) -> None:
    _run_of_all(stage)
    stage.work_off()
    reversal.reverse(stage.services, stage.context("reverse"), "run-all")


def _handed_on(begin: Callable[[Stage], None], stage: Stage) -> None:
    """The first messages are worked off as far as ten seconds go."""
    begin(stage)
    first, stage.queued = stage.queued, []
    for body in first:
        stage.deliver(body, seconds_left=10)


BEGUN: dict[str, Callable[[Stage], None]] = {
    "daily": _evaluation, "daily, handed on": partial(_handed_on, _evaluation), "run": _run_of_all,
    "run, handed on": partial(_handed_on, _run_of_all), "reversal": _reversal, "reversal, handed on": partial(_handed_on, _reversal),
    "customer_run": _run_of_one,
}  # fmt: skip


@pytest.mark.parametrize("what", BEGUN)
def test_what_the_former_release_queued_is_worked_off(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_demand, "SYNCHRONOUS_LINES_MAX", 0)
    own, former = furnished(), furnished()
    for stage in (own, former):
        BEGUN[what](stage)
    assert own.queued == [body_of(read_message(json.loads(body))) for body in FORMER[what]]
    former.queued = list(map(json.loads, FORMER[what]))
    before = former.state()
    for stage in (own, former):
        stage.work_off()
    assert former.state() == own.state()
    assert "handed on" in what or former.state()["ledger"] != before["ledger"]
    _demand_finished(former, what)


def _demand_finished(stage: Stage, what: str) -> None:
    if what.startswith("daily"):
        assert progress.read_progress(stage.db).last_evaluated == TODAY
    else:
        run = reports.read_run(stage.db, "run-one" if what == "customer_run" else "run-all")
        assert (run.state, run.reversal) == ("finished", "reversed" if what.startswith("reversal") else None)


@every_kind
def test_a_body_has_no_key_that_the_former_release_does_not_know(body: str) -> None:
    """Former readers took the keys of a message as arguments, and died of others."""
    kind = json.loads(body)["kind"]
    known = {name for bodies in FORMER.values() for one in bodies if json.loads(one)["kind"] == kind for name in json.loads(one)}
    assert body_of(read_message(json.loads(body))).keys() <= known


@every_kind
def test_a_message_is_read_as_it_was_written(body: str) -> None:
    message = read_message(json.loads(body))
    assert read_message(json.loads(json.dumps(body_of(message)))) == message


@every_kind
def test_keys_that_only_a_later_release_knows_are_left_alone(body: str) -> None:
    known = json.loads(body)
    assert read_message(known | {"later": [1, 2], "kinds": {}}) == read_message(known)


NEEDED = {
    "daily": ["run_id", "date", "segment", "segments", "again_id", "by"], "run": ["run_id", "segment"], "customer_run": ["run_id"],
    "reversal": ["run_id", "after", "undone"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NEEDED.items() for name in names])
def test_a_message_that_lacks_a_key_is_refused_and_says_which(kind: str, name: str) -> None:
    body = json.loads(KINDS[kind])
    del body[name]
    with pytest.raises(Malformed, match=f"^the {kind} message lacks {name}$"):
        read_message(body)


@pytest.mark.parametrize(("kind", "name"), [("daily", "piece"), ("daily", "cursor"), ("daily", "on"), ("run", "piece"), ("run", "cursor")])
def test_a_key_that_came_later_may_be_missing(kind: str, name: str) -> None:
    body = json.loads(KINDS[kind])
    body.pop(name, None)
    assert getattr(read_message(body), name) == getattr(type(read_message(body)), "_field_defaults")[name]  # noqa: B009


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (None, "the message has no kind"), ([], "the message has no kind"), ({}, "the message has no kind"),
        ({"kind": "nothing"}, "daily, run, kept_run, customer_run, reversal"), ({"kind": ["run"]}, "the message has no kind"),
        ({"kind": "customer_run", "run_id": 5}, "run_id of the customer_run message can't be 5"),
        ({"kind": "run", "run_id": "a", "segment": "0"}, "segment of the run message can't be '0'"),
        ({"kind": "run", "run_id": "a", "segment": 0, "cursor": "a"}, "cursor of the run message can't be 'a'"),
        ({"kind": "reversal", "run_id": "a", "after": "", "undone": [0, -1, 0]}, "undone of the reversal message can't be"),
        (json.loads(KINDS["daily"]) | {"date": "soon"}, "date of the daily message can't be 'soon'"),
    ],
    ids=lambda one: json.dumps(one)[:40] if not isinstance(one, str) else "",
)  # fmt: skip
def test_what_is_no_message_is_refused(body: Any, detail: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_message(body)
    assert detail in refused.value.detail


@every_kind
def test_a_version_that_only_a_later_release_reads_is_refused(body: str) -> None:
    assert read_message(json.loads(body), MESSAGE_VERSION) == read_message(json.loads(body))
    with pytest.raises(Malformed, match=f"version {MESSAGE_VERSION + 1}; this release reads versions up to {MESSAGE_VERSION}"):
        read_message(json.loads(body), MESSAGE_VERSION + 1)


class _Context(Context):
    def get_remaining_time_in_millis(self) -> int:
        return 100_000


class _Sqs:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_message(self, **message: Any) -> None:
        self.sent.append(message)


def _record(message: Message, attributes: dict[str, Any]) -> dict[str, Any]:
    named = {name: {"stringValue": one["StringValue"], "dataType": one["DataType"]} for name, one in attributes.items()}
    return {"messageId": "m", "body": json.dumps(body_of(message)), "messageAttributes": named}


def test_the_version_travels_beside_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `deployment` sends, `jobs.queue` takes; a later version comes back until a release is there that reads it."""
    stage, sqs = furnished(), _Sqs()
    _evaluation(stage)
    message = read_message(stage.queued[0])
    monkeypatch.setattr(deployment, "sqs", lambda: sqs)
    deployment.send_messages("together", "a-queue", [body_of(message)])
    (sent,) = sqs.sent
    assert (sent["QueueUrl"], json.loads(sent["MessageBody"])) == ("a-queue", stage.queued[0])
    assert {name: one["StringValue"] for name, one in sent["MessageAttributes"].items()} == {
        "message_version": str(MESSAGE_VERSION), "correlation_id": "together",
    }  # fmt: skip

    monkeypatch.setattr(deployment, "services", lambda _: stage.services)
    monkeypatch.setattr(deployment, "request_context", stage.context)
    before = stage.state()
    later = sent["MessageAttributes"] | {"message_version": {"DataType": "Number", "StringValue": str(MESSAGE_VERSION + 1)}}
    refused = queue.post_charges({"Records": [_record(message, later)]}, _Context())
    assert refused == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert stage.state() == before
    both: tuple[dict[str, Any], ...] = (sent["MessageAttributes"], {})
    for attributes in both:
        assert queue.post_charges({"Records": [_record(message, attributes)]}, _Context()) == {"batchItemFailures": []}
    assert stage.state()["ledger"] != before["ledger"]
