"""A request that crashed anywhere, sent again with its Idempotency-Key after midnight, makes what the first attempt would have made.

It keeps the first attempt's day and ids; only the times of writing are the second's.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import pytest
from chalice.app import Response

from chalicelib import deployment
from chalicelib.api import idempotent
from chalicelib.api.access import ANYTHING, Caller
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.one_off import OneOffRequest
from chalicelib.domain.package import Package
from chalicelib.usecases import assigning, customers, one_off, packages
from chalicelib.usecases.request_context import RequestContext
from chalicelib.usecases.runs import on_demand, reversal
from tests.world.scheduler import Crashed
from tests.world.stage import TODAY, Stage, furnished
from tests.world.tables import Item
from tests.world.test_crashes import CrashAt

UseCase = Callable[[Stage, RequestContext], Any]
BEFORE_MIDNIGHT = datetime(TODAY.year, TODAY.month, TODAY.day, 23, 59, 50, tzinfo=UTC)
AFTER_MIDNIGHT = BEFORE_MIDNIGHT + timedelta(seconds=71)
OF_THE_ATTEMPT = {"claimed_until", "answer", "expires"}


class Clock(datetime):
    """The edge's clock."""

    shows = BEFORE_MIDNIGHT

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Clock":
        assert tz is UTC
        return cls.fromisoformat(cls.shows.isoformat())


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (idempotent, deployment):
        monkeypatch.setattr(module, "datetime", Clock)


def _assign(stage: Stage, context: RequestContext) -> object:
    draft = Assignment("poor", "", "line", TODAY - timedelta(days=2), auto_decrement_credit=True)
    return assigning.create_assignment(stage.db, context, draft, None, True)


def _visit(stage: Stage, context: RequestContext) -> object:
    asked = OneOffRequest("visit", context.today, Decimal(50), auto_decrement_credit=True)
    return one_off.charge_one_off(stage.db, context, "poor", asked)


def _run(stage: Stage, context: RequestContext) -> object:
    return on_demand.run_live(stage.services, context, RunRequest("poor", context.today, "charge_again", context.id))


REQUESTS: Mapping[str, UseCase] = {
    "create a package": lambda stage, context: packages.create_package(stage.db, context, Package("", "new", "USD", retail=Decimal(1))),
    "pay": lambda stage, context: customers.book_payment(stage.db, context, "poor", Decimal(50), "x"),
    "adjust": lambda stage, context: customers.book_adjustment(stage.db, context, "poor", Decimal(50), "x"),
    "charge a visit": _visit,
    "assign with backlog": _assign,
    "run a package live": _run,
    "reverse a run": lambda stage, context: reversal.reverse(stage.services, context, "run-0"),
}


def _prepared(name: str) -> Stage:
    stage = furnished()
    if name == "reverse a run":
        on_demand.run_live(stage.services, stage.context("run-0"), RunRequest("poor", TODAY, "charge_again", "run-0"))
    return stage


def _sent(stage: Stage, name: str, at: datetime) -> Response:
    Clock.shows = at

    def work(context: RequestContext) -> Response:
        REQUESTS[name](stage, context)
        return Response({"made_by": context.id, "on": str(context.today)}, {}, 201)

    return idempotent.answered(stage.db, Caller("ann", ANYTHING), f"POST {name}", "key", {}, work)


def _timeless(item: Item) -> Item:
    """Without what tells which attempt wrote it."""
    told = {name: value for name, value in item.items() if name not in OF_THE_ATTEMPT}
    return {name: {"S": _undated(value["S"])} if "S" in value else value for name, value in told.items()}


def _undated(text: str) -> str:
    for at in (BEFORE_MIDNIGHT, AFTER_MIDNIGHT):
        text = text.replace(at.isoformat(), "then")
    return text


def _outcome(stage: Stage) -> dict[str, list[Item]]:
    """What is stored once the next day is evaluated."""
    stage.work_off()
    stage.next_day()
    stage.evaluate("last")
    return {table: sorted(map(_timeless, items), key=str) for table, items in stage.state().items()}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_crash_before_midnight_and_a_retry_after_it(name: str) -> None:
    """contract: what a request makes derives its ids from the key, so that a retry after a crash completes it."""
    stage = _prepared(name)
    stage.store.hook = counting = CrashAt(0, after=False)
    answer = _sent(stage, name, BEFORE_MIDNIGHT)
    stage.store.hook = None
    assert answer.body["on"] == str(TODAY)
    wanted = _outcome(stage)
    for number in range(1, counting.calls + 1):
        for after in (False, True):
            where = f"crash {'after' if after else 'before'} call {number} of {counting.calls}"
            stage = _prepared(name)
            written = stage.store.meter.writes
            stage.store.hook = CrashAt(number, after=after)
            with pytest.raises(Crashed):
                _sent(stage, name, BEFORE_MIDNIGHT)
            stage.store.hook = None
            claimed = stage.store.meter.writes > written
            again, once_more = (_sent(stage, name, AFTER_MIDNIGHT) for _ in range(2))
            assert again.body == once_more.body, where
            if claimed:
                assert again.body == answer.body, where
                assert _outcome(stage) == wanted, where
