"""A mark that says what may be uncharged, while the sweeps of two days overlap: none clears what the other found."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from chalicelib.domain.schedule import DAY
from chalicelib.storage import accounts, assignments, keys
from chalicelib.usecases.runs import daily, read_message, work_off
from chalicelib.usecases.runs.daily_work import DailyWork
from tests.world.dynamodb import Request

from .world import TODAY, World

DAYS = [TODAY + n * DAY for n in range(4)]


def _swept(world: World, day: date) -> None:
    """A day's sweep, from beginning to end, while another one goes on."""
    daily.start_evaluation(world.services, world.context(day), day, allow_future=True)
    work_off(world.services, world.context(day), read_message(world.queued.pop()), lambda: 100.0)


def _meanwhile(world: World, happens: Callable[[], None]) -> None:
    """`happens` after the next look at the latest day that was begun."""

    def look(request: Request, effect: Callable[[], Any]) -> Any:
        answer = world.call(request, effect)
        if request.operation == "get_item" and request.arguments["Key"] == _STARTED:
            world.store.hook = world.call
            happens()
        return answer

    world.store.hook = look


_STARTED = {name: {"S": value} for name, value in keys.latest_sweep_key().items()}


def _refused(request: Request) -> bool:
    return request.operation == "transact_write_items" and f"{DAYS[2]}~1-recurring" in str(request.arguments)


def _unreadable(monkeypatch: pytest.MonkeyPatch) -> Callable[[World], None]:
    planned = DailyWork.plan

    def plan(self: DailyWork, group: Any) -> Any:
        if self._message.date == DAYS[2]:
            raise ValueError("unreadable")
        return planned(self, group)

    def break_(_: World) -> None:
        monkeypatch.setattr(DailyWork, "plan", plan)

    return break_


@pytest.mark.parametrize("of", ["assignment", "customer"])
def test_a_mark_that_a_later_day_found_again_is_not_cleared(of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """rules 5: while a day's sweep clears a mark, the next day's fails and finds that mark: what failed is charged later."""
    world = World()
    world.customer("ann", world.package(assigned=1, frequency="daily"), 1, debits=False)
    world.evaluate(DAYS[0])
    if of == "customer":
        world.db.write(accounts.set_back("ann", DAYS[1]))
    else:
        one = assignments.find_assignment(world.db, "ann", "ann-000000")
        assert one is not None
        world.db.write(assignments.move_evaluate_from(one, DAYS[1]))

    def next_day_fails() -> None:
        if of == "customer":
            _unreadable(monkeypatch)(world)
        else:
            world.breaks = _refused
        _swept(world, DAYS[2])
        world.breaks = lambda _: False
        monkeypatch.undo()

    _meanwhile(world, next_day_fails)
    _swept(world, DAYS[1])
    assert world.charged() == 2
    world.evaluate(DAYS[3])
    assert world.charged() == 4
