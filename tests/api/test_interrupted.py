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
from chalicelib.domain.package import Package
from chalicelib.usecases import assignments, customers, packages, reversal, run_package
from chalicelib.usecases.act import Act
from chalicelib.usecases.look import Ask
from tests.world.scheduler import Crashed
from tests.world.stage import TODAY, Stage, furnished
from tests.world.tables import Item
from tests.world.test_crashes import CrashAt

UseCase = Callable[[Stage, Act], Any]
BEFORE_MIDNIGHT = datetime(TODAY.year, TODAY.month, TODAY.day, 23, 59, 50, tzinfo=UTC)
AFTER_MIDNIGHT = BEFORE_MIDNIGHT + timedelta(seconds=71)
OF_THE_ATTEMPT = {"claimed_until", "answer"}


class Clock(datetime):
    """The edge's clock."""

    shows = BEFORE_MIDNIGHT

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Clock":  # type: ignore[override]
        assert tz is UTC
        return cls.fromisoformat(cls.shows.isoformat())


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (idempotent, deployment):
        monkeypatch.setattr(module, "datetime", Clock)


def _assign(stage: Stage, act: Act) -> object:
    draft = Assignment("poor", "", "line", TODAY - timedelta(days=2), auto_decrement_credit=True)
    return assignments.create(stage.db, act, draft, None, True)


def _run(stage: Stage, act: Act) -> object:
    return run_package.live(stage.services, act, Ask("poor", act.today, "charge_again", act.id))


REQUESTS: Mapping[str, UseCase] = {
    "create a package": lambda stage, act: packages.create(stage.db, act, Package("", "new", "USD", retail=Decimal(1))),
    "pay": lambda stage, act: customers.pay(stage.db, act, "poor", Decimal(50), "x"),
    "assign with backlog": _assign,
    "run a package live": _run,
    "reverse a run": lambda stage, act: reversal.reverse(stage.services, act, "run-0"),
}


def _prepared(name: str) -> Stage:
    stage = furnished()
    if name == "reverse a run":
        run_package.live(stage.services, stage.act("run-0"), Ask("poor", TODAY, "charge_again", "run-0"))
    return stage


def _sent(stage: Stage, name: str, at: datetime) -> Response:
    Clock.shows = at

    def work(act: Act) -> Response:
        REQUESTS[name](stage, act)
        return Response({"made_by": act.id, "on": str(act.today)}, {}, 201)

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
    return {table: [_timeless(item) for item in items] for table, items in stage.state().items()}


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
