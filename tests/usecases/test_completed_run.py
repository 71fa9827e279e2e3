"""A run of all customers that failed in part, and is completed by its id (rules: Run Package)."""

from decimal import Decimal

from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.record import RunRecord
from chalicelib.storage import runs
from chalicelib.usecases import customers
from chalicelib.usecases.runs import on_demand
from tests.world.stage import TODAY, Stage

NAMES = ("ann", "bob", "cid")


def _parked() -> Stage:
    """Three customers, each with more charges than the safety bound allows."""
    stage = Stage(segments=1, max_lines=1)
    stage.package("line", retail=Decimal(1), frequency="daily")
    for name in NAMES:
        stage.customer(name)
        for n in range(2):
            stage.assign(f"{name}{n}", name, "line")
    stage.evaluate()
    return stage


def _run_of_all(stage: Stage, *, seconds_left: float) -> RunRecord:
    on_demand.run_live(stage.services, stage.context("run"), RunRequest(None, TODAY, "skip", "all"))
    while stage.queued:
        stage.deliver(stage.queued.pop(0), seconds_left)
    found = runs.find_run(stage.db, "all")
    assert found is not None
    return found


def test_a_completed_run_tells_no_failures_of_pieces_that_it_had_before() -> None:
    """In a hurry it comes in a piece for each customer; completed at leisure, in one."""
    stage = _parked()
    first = _run_of_all(stage, seconds_left=10)
    assert first.result is not None
    assert (first.state, first.result.failed) == ("finished_with_failures", len(NAMES))
    for name in NAMES:
        customers.unpark_customer(stage.db, stage.context("unpark"), name)
    completed = _run_of_all(stage, seconds_left=100)
    assert completed.result is not None
    assert (completed.state, completed.result.failed, completed.result.failures) == ("finished", 0, ())
    assert completed.result.totals["USD"].lines == 2 * len(NAMES)
