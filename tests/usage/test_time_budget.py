"""A message that fails comes back soon, and a busy database is waited for while there is time."""

import json
import time
from typing import Any

import pytest

from chalicelib import config, deployment
from chalicelib.jobs import queue
from chalicelib.storage.retry import WAITING, Waiting
from tests.world.dynamodb import Answer, Request, error
from tests.world.stage import TODAY, Stage, furnished

URL = "https://sqs.example/packages-billing-record-usage"


class Context:
    """An invocation with so many seconds left."""

    function_name = "stack-record_usage"
    aws_request_id = "own-id"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> float:
        return self.seconds * 1000


class Deployed:
    """The worker on a small world: what it throttles, and which messages were told to come back."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.throttled = 0
        self.back: list[tuple[str, str, int]] = []
        stage.store.hook = self._hook

    def _hook(self, request: Request, carry_out: Any) -> Answer:
        if self.throttled > 0 and request.writes:
            self.throttled -= 1
            raise error("ThrottlingException", operation=request.operation)
        answer: Answer = carry_out()
        return answer

    def work(self, *messages: Any, received: int = 1, seconds: float = 60) -> list[str]:
        """Deliver messages; which of them failed."""
        attributes = {"ApproximateReceiveCount": str(received)}
        records = [
            {"messageId": f"m{n}", "receiptHandle": f"r{n}", "body": json.dumps(body), "attributes": attributes}
            for n, body in enumerate(messages)
        ]
        answer = queue.record_usage({"Records": records}, Context(seconds))
        return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Deployed:
    made = Deployed(furnished())
    settings = config.read_config({"RECORD_USAGE_QUEUE_URL": URL, "AUTH_MODE": "none"})
    monkeypatch.setattr(deployment, "configuration", lambda: settings)
    monkeypatch.setattr(deployment, "services", lambda _=None: made.stage.services)
    monkeypatch.setattr(deployment, "request_context", lambda by: made.stage.context(f"{by}-{time.monotonic_ns()}"))
    monkeypatch.setattr(deployment, "bring_back", lambda *given: made.back.append(given))
    return made


def message(*ids: str) -> Any:
    calls = [{"call_id": one, "started_at": f"{TODAY}T09:00:00Z", "destination": "4412", "seconds": 1, "charge": "1"} for one in ids]
    return {"customer": "rich", "calls": calls}


@pytest.mark.parametrize(
    ("received", "seconds"),
    [(1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 300), (10, 300)],
    ids=[f"B13-received {n} times" for n in (1, 2, 3, 4, 5, 6, 10)],
)
def test_b13_a_failed_message_comes_back_soon_and_ever_later(deployed: Deployed, received: int, seconds: int) -> None:
    assert deployed.work(message("a"), {"customer": "nobody"}, received=received) == ["m1"]
    assert deployed.back == [(URL, "r1", seconds)]


@pytest.mark.parametrize("throttled", [1, 30])
def test_b13_a_busy_database_is_waited_for(deployed: Deployed, throttled: int) -> None:
    deployed.throttled = throttled
    now = [0.0]
    waiting = WAITING.set(Waiting(lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds)))
    try:
        assert deployed.work(message("a", "b")) == []
    finally:
        WAITING.reset(waiting)
    assert now[0] < 40


def test_b13_without_time_left_a_message_is_not_begun(deployed: Deployed) -> None:
    before = deployed.stage.store.meter.requests.total()
    assert deployed.work(message("a"), seconds=10) == ["m0"]
    assert deployed.stage.store.meter.requests.total() == before
    assert deployed.back == [(URL, "r0", 10)]


def test_b13_patience_ends_with_the_time(deployed: Deployed) -> None:
    deployed.throttled = 10_000
    now = [0.0]
    waiting = WAITING.set(Waiting(lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds)))
    try:
        assert deployed.work(message("a")) == ["m0"]
    finally:
        WAITING.reset(waiting)
    assert 30 < now[0] < 60
