"""A queue's worker that is the first to use the tables can't store their time zone, and says who can."""

import json
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from chalicelib import deployment
from chalicelib.domain.errors import Misconfigured
from chalicelib.jobs import queue
from chalicelib.storage.settings import agree_on_time_zone
from tests.logs.test_log_lines import Context, Json, lines
from tests.world.dynamodb import Answer, Request
from tests.world.stage import Stage

__all__ = ["lines"]


def refusing(code: str) -> Callable[[Request, Callable[[], Answer]], Answer]:
    """A hook for a role that may not write."""

    def hook(request: Request, carry_out: Callable[[], Answer]) -> Answer:
        if request.writes:
            raise ClientError({"Error": {"Code": code, "Message": "not authorized to perform: dynamodb:PutItem"}}, "PutItem")
        return carry_out()

    return hook


@pytest.fixture
def empty() -> Stage:
    stage = Stage()
    stage.store.hook = refusing("AccessDeniedException")
    return stage


def test_a_worker_says_that_it_may_not_store_the_time_zone(
    empty: Stage, lines: list[Json], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def services(_: str | None = None) -> None:
        agree_on_time_zone(empty.db, "UTC")

    monkeypatch.setattr(deployment, "services", services)
    body = json.dumps({"customer": "acme", "calls": [{"call_id": "1", "started_at": "2024-03-01T00:00:00Z", "destination": "44",
                                                      "seconds": 1, "charge": "1"}]})  # fmt: skip
    answer = queue.record_usage({"Records": [{"messageId": "m1", "body": body}]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    refused = lines[0]
    assert (refused["message"], refused["code"]) == ("message refused", "misconfigured")
    assert "call GET /health once" in refused["detail"]


def test_who_may_store_it_has_stored_it_for_all(empty: Stage) -> None:
    hook, empty.store.hook = empty.store.hook, None
    agree_on_time_zone(empty.db, "UTC")
    empty.store.hook = hook
    agree_on_time_zone(empty.db, "UTC")


def test_another_failure_stays_what_it_is(empty: Stage) -> None:
    empty.store.hook = refusing("ResourceNotFoundException")
    with pytest.raises(ClientError):
        agree_on_time_zone(empty.db, "UTC")
    empty.store.hook = refusing("AccessDeniedException")
    with pytest.raises(Misconfigured):
        agree_on_time_zone(empty.db, "UTC")
