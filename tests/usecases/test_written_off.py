"""What was held and written off, when runs that include it come at once (rules: Run Package)."""

from collections import Counter
from decimal import Decimal

from chalicelib.domain.ledger import Entry
from chalicelib.domain.record import RunRecord
from chalicelib.domain.report import Status
from chalicelib.storage import ledger
from chalicelib.usecases import customers
from chalicelib.usecases.runs import on_demand
from tests.world.stage import TODAY, Stage


def _written_off() -> Stage:
    """Ann's only charge was held and written off; then she paid."""
    stage = Stage()
    stage.customer("ann", limit="0")
    stage.package("line", retail=Decimal(5), frequency="daily")
    stage.assign("a", "ann", "line", auto_decrement_credit=True)
    stage.evaluate()
    _write_off(stage, _charges(stage)[0])
    customers.book_payment(stage.db, stage.context("pay"), "ann", Decimal(100), "cash")
    return stage


def _charges(stage: Stage) -> list[Entry]:
    return [entry for entry in map(ledger.entry_from_item, stage.db.query_all("ledger", "#pk = :pk", {"pk": "ann"})) if entry.line]


def _write_off(stage: Stage, entry: Entry) -> None:
    customers.write_off(stage.db, stage.context("write off"), entry.entry_id)


def _run(stage: Stage, run_id: str) -> RunRecord:
    return RunRecord(run_id, "package", TODAY, stage.context(run_id).timestamp, "test", "ann", "skip", 1, include_written_off=True)


def _both_at_once(stage: Stage, names: tuple[str, str]) -> Counter[Status | None]:
    """Both look before either posts; what became of the line in each."""
    context = stage.context("at once")
    plans = [(run, on_demand.plan_once(stage.services, context, run, "ann")) for run in (_run(stage, name) for name in names)]
    return Counter(on_demand.carry_out(stage.db, context, run, plan).steps[0].status for run, plan in plans)


def test_two_runs_at_once_charge_it_once() -> None:
    stage = _written_off()
    assert _both_at_once(stage, ("one", "two")) == {"repeat": 1, "already_charged": 1}
    assert Counter(entry.status for entry in _charges(stage)) == {"cancelled": 1, "posted": 1}


def test_nor_do_they_when_it_was_written_off_twice() -> None:
    stage = _written_off()
    customers.book_payment(stage.db, stage.context("back"), "ann", Decimal(-100), "back")
    assert _both_at_once(stage, ("one", "two")) == {"held": 2}
    _write_off(stage, next(entry for entry in _charges(stage) if entry.status == "held"))
    customers.book_payment(stage.db, stage.context("again"), "ann", Decimal(100), "cash")
    assert _both_at_once(stage, ("three", "four")) == {"repeat": 1, "already_charged": 1}
    assert Counter(entry.status for entry in _charges(stage)) == {"cancelled": 2, "posted": 1}
