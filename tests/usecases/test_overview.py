"""The overview: one forecast of all customers after each daily run, whatever happens to the workers (rules: Forecast)."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from chalicelib.domain.schedule import DAY
from chalicelib.storage import runs, work
from chalicelib.storage.work import find_turns
from chalicelib.usecases import forecasts_of_all
from chalicelib.usecases.runs import daily
from tests.usecases.exporting import work_off
from tests.usecases.forecasting import made, sums_told
from tests.world.stage import TODAY, Stage, furnished
from tests.world.test_crashes import CrashAt

NAME = f"overview:{TODAY}"


def watched() -> Stage:
    stage = furnished()
    stage.services = stage.services._replace(overview=True)
    stage.workers = _names()
    return stage


def _names() -> Iterator[str]:
    return (f"worker-{n}" for n in count())


def overviews(stage: Stage) -> list[str]:
    listed, _ = work.list_works(stage.db, None, 100)
    return [one.work_id for one in listed]


def begin(stage: Stage) -> None:
    daily.start_evaluation(stage.services, stage.context("evaluate"), stage.today, allow_future=False)


def test_it_is_the_forecast_of_the_31_days_behind_the_run() -> None:
    stage = watched()
    stage.evaluate()
    assert len(stage.queued_work) == 1
    work_off(stage)
    found = forecasts_of_all.read_forecast(stage.services, stage.context("look"), NAME)
    assert (found.request.first, found.request.last) == (TODAY + DAY, TODAY + timedelta(days=31))
    other = made(stage, stage.context("by hand"), TODAY + timedelta(days=31))
    assert sums_told(found) == sums_told(other) != {}


def test_nothing_is_made_where_nobody_wants_it() -> None:
    stage = furnished()
    stage.evaluate()
    assert (overviews(stage), stage.queued_work) == ([], [])


def test_a_run_that_failed_in_part_has_one_and_tried_again_no_other() -> None:
    stage = watched()
    item = next(one for one in stage.store.items("accounts") if one["sk"]["S"] == "ASSIGNMENT#poor-line")
    broken = item | {"starts": {"S": "no day"}}
    stage.store.put_item(TableName="accounts", Item=broken)
    stage.evaluate()
    run = runs.find_run(stage.db, f"daily:{TODAY}")
    assert run is not None
    assert run.state == "finished_with_failures"
    assert overviews(stage) == [NAME]
    stage.store.put_item(TableName="accounts", Item=item)
    stage.evaluate("again")
    work_off(stage)
    stage.evaluate("once more")
    assert overviews(stage) == [NAME]


def test_messages_that_come_twice_make_one() -> None:
    stage = watched()
    begin(stage)
    for message in [*stage.queued, *stage.queued]:
        stage.deliver(message)
    assert overviews(stage) == [NAME]
    work_off(stage)
    assert find_turns(stage.db).running == ()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_at_any_call_of_the_run_leaves_one(after: bool) -> None:
    whole, counter = watched(), CrashAt(0, after=False)
    begin(whole)
    whole.store.hook = counter
    whole.work_off()
    for call in range(1, counter.calls + 1):
        stage = watched()
        begin(stage)
        stage.store.hook = CrashAt(call, after=after)
        stage.attempt(lambda: None)
        stage.store.hook = None
        stage.work_off()
        assert overviews(stage) == [NAME], call
        work_off(stage)
        found = work.find_work(stage.db, NAME)
        assert found is not None
        assert found.state == "finished", call


def test_a_run_waits_for_no_overview_when_too_much_work_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.domain.work.WORKS_WAITING_MAX", 0)
    stage = watched()
    stage.evaluate()
    run = runs.find_run(stage.db, f"daily:{TODAY}")
    assert run is not None
    assert run.state == "finished"
    assert overviews(stage) == []
