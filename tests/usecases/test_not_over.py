"""A minimum spend is settled when its period is over (rules: Minimum Spend, Run Package)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.deciding import IfCharged, RunRequest
from chalicelib.domain.report import Report, total_of
from chalicelib.domain.schedule import DAY
from chalicelib.usecases import assignments
from chalicelib.usecases.runs import daily, on_demand, reports
from tests.world.stage import TODAY, Stage

IDS = ("ann", "a")
NEXT = date(2024, 4, 1)


def _stage() -> Stage:
    """A minimum of 50 a month from 1 March on; today is 10 March, and all is evaluated."""
    stage = Stage()
    stage.customer("ann")
    stage.package("commitment", retail=Decimal(50), minimum_spend=True, frequency="monthly", frequency_match=(1,))
    stage.package("line", retail=Decimal(7), frequency="monthly", frequency_match=(1,))
    stage.assign("a", "ann", "commitment")
    stage.assign("b", "ann", "line")
    _pass(stage, date(2024, 3, 10))
    return stage


def _pass(stage: Stage, until: date) -> None:
    """Let days pass and evaluate each."""
    stage.evaluate(f"day-{stage.today}")
    while stage.today < until:
        stage.next_day()
        stage.evaluate(f"day-{stage.today}")


def _live(stage: Stage, day: date, if_charged: IfCharged = "charge_again") -> Report:
    ask = RunRequest("ann", day, if_charged, f"run-{day}-{if_charged}")
    on_demand.run_live(stage.services, stage.context("run"), ask)
    return reports.read_report(stage.db, reports.read_run(stage.db, ask.run_id))


def _edit(stage: Stage, **fields: Any) -> None:
    assignments.change_assignment(stage.db, stage.context("edit"), IDS, None, lambda old: old._replace(**fields), True)


def _statuses(report: Report) -> dict[str, str]:
    return {outcome.line.assignment_id: outcome.status for outcome in report.outcomes}


def _settled(stage: Stage) -> list[tuple[str, str]]:
    items = [item for item in stage.store.items("ledger") if "minimum_spend" in item["sk"]["S"]]
    return [(item["sk"]["S"][:10], item["retail"]["N"]) for item in items]


def test_a2_a_period_that_a_later_end_date_cuts_short_is_settled_once() -> None:
    stage = _stage()
    report = _live(stage, NEXT)
    assert _statuses(report) == {"a": "not_over", "b": "posted"}
    assert (total_of(report.outcomes).retail, report.balance_after) == (Decimal(7), Decimal(0))
    _edit(stage, end_date=date(2024, 3, 15))
    _pass(stage, date(2024, 4, 2))
    assert _settled(stage) == [("2024-03-16", "24.193548")]


def test_a2_the_closing_line_of_an_end_date_that_is_taken_back() -> None:
    stage = _stage()
    assignments.delete_assignment(stage.db, stage.context("end"), IDS, None)
    assert _statuses(_live(stage, stage.today + DAY)) == {"a": "not_over"}
    _edit(stage, end_date=None)
    _pass(stage, NEXT)
    assert _settled(stage) == [("2024-04-01", "50")]


def test_a2_a_simulation_shows_the_line_and_leaves_it_out_of_its_sums() -> None:
    stage = _stage()
    report = on_demand.simulate_customer(stage.db, stage.context("simulate"), RunRequest("ann", NEXT, "charge_again", ""))
    assert _statuses(report) == {"a": "not_over", "b": "simulated"}
    assert [outcome.line.retail for outcome in report.outcomes if outcome.status == "not_over"] == [Decimal(50)]
    assert total_of(report.outcomes).retail == Decimal(7)
    assert not any(outcome.already_charged for outcome in report.outcomes)
    summary = reports.simulate_all(stage.db, stage.context("simulate"), RunRequest(None, NEXT, "charge_again", ""))
    assert summary.totals["USD"].retail == Decimal(7)


def test_a2_a_run_of_all_customers_goes_on_with_its_other_lines() -> None:
    stage = _stage()
    on_demand.run_live(stage.services, stage.context("run"), RunRequest(None, NEXT, "skip", "run-all"))
    stage.work_off()
    lines, _ = reports.list_lines(stage.db, "run-all", None, 10)
    assert {outcome.line.assignment_id: outcome.status for outcome in lines} == {"a": "not_over", "b": "posted"}
    assert not _settled(stage)


def test_a2_on_its_date_a_period_is_over() -> None:
    stage = _stage()
    _pass(stage, date(2024, 3, 31))
    stage.next_day()
    assert stage.today == NEXT
    assert _statuses(_live(stage, NEXT)) == {"a": "posted", "b": "posted"}


@pytest.mark.parametrize("if_charged", ["skip", "charge_again"])
def test_a2_what_was_settled_ahead_is_not_charged_again_before_its_date(if_charged: IfCharged) -> None:
    """A deployment that may evaluate days after today has done so."""
    stage = _stage()
    stage.services = stage.services._replace(allow_future=True)
    daily.start_evaluation(stage.services, stage.context("ahead"), NEXT, allow_future=True)
    stage.work_off()
    assert _settled(stage) == [("2024-04-01", "50")]
    report = _live(stage, NEXT, if_charged)
    assert _statuses(report)["a"] == "skipped"
    assert _settled(stage) == [("2024-04-01", "50")]


def test_a2_what_was_held_ahead_is_not_tried_before_its_date() -> None:
    stage = Stage()
    stage.services = stage.services._replace(allow_future=True)
    stage.customer("ann", limit="5")
    stage.package("commitment", retail=Decimal(50), minimum_spend=True, frequency="monthly", frequency_match=(1,))
    stage.assign("a", "ann", "commitment", auto_decrement_credit=True)
    daily.start_evaluation(stage.services, stage.context("ahead"), NEXT, allow_future=True)
    stage.work_off()
    assert stage.today == TODAY
    assert _statuses(_live(stage, NEXT)) == {"a": "not_over"}
