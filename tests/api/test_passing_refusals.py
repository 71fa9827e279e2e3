"""An answer that passes (429, 5xx) is kept for no key: a retry after `Retry-After` is worked on at once, not when the claim runs out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from chalice.app import Response

from chalicelib import deployment
from chalicelib.api import idempotent
from chalicelib.api.access import ANYTHING, Caller
from chalicelib.usecases.request_context import RequestContext
from tests.api.test_interrupted import Clock
from tests.world.stage import Stage

BEGUN = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (idempotent, deployment):
        monkeypatch.setattr(module, "datetime", Clock)
    monkeypatch.setattr(idempotent, "WAIT_SECONDS", 0.0)


def sent(stage: Stage, after: float, work: Callable[[RequestContext], Response]) -> Response:
    Clock.shows = BEGUN + timedelta(seconds=after)
    return idempotent.answered(stage.db, Caller("ann", ANYTHING), "POST /payments", "key", {}, work)


def answering(status: int) -> Callable[[RequestContext], Response]:
    return lambda context: Response({"id": context.id}, {}, status)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_retry_is_worked_on_at_once_and_makes_the_same(status: int) -> None:
    stage = Stage()
    first = sent(stage, 0, answering(status))
    second, third = sent(stage, 2, answering(201)), sent(stage, 4, answering(201))
    assert [answer.status_code for answer in (first, second, third)] == [status, 201, 201]
    assert first.body == second.body == third.body


def test_a_claim_that_another_attempt_took_over_is_left_to_it() -> None:
    stage = Stage()

    def slow(context: RequestContext) -> Response:
        late = idempotent.CLAIM.total_seconds() + 1
        assert sent(stage, late, answering(201)).status_code == 201
        return answering(503)(context)

    assert sent(stage, 0, slow).status_code == 503
    assert sent(stage, 40, answering(200)).status_code == 201
