"""A package keeps its rules until no sweep can plan anything on its assignments any more (rules: Editing a package)."""

from typing import Any

import pytest

from chalicelib.domain.errors import Conflict
from chalicelib.usecases import customers, packages

from .stage import TODAY, Stage


def _reshape(stage: Stage, **fields: Any) -> None:
    packages.change(stage.db, stage.act("reshape"), "line", None, lambda old: old._replace(**fields))


def _demand_in_use(stage: Stage, **fields: Any) -> None:
    with pytest.raises(Conflict) as refused:
        _reshape(stage, **fields)
    assert refused.value.code == "package_in_use"


def _charged(stage: Stage) -> list[str]:
    return [item["sk"]["S"] for item in stage.store.items("ledger")]


def _ended(**options: Any) -> Stage:
    """Two assignments that end today, evaluated; then a day passes."""
    stage = Stage(**options)
    stage.customer("ann")
    stage.package("line", cost=1, frequency="daily")
    for name in ("one", "two"):
        stage.assign(name, "ann", "line", end_date=TODAY)
    stage.evaluate()
    stage.next_day()
    return stage


def test_a_closing_line_that_only_the_new_rules_know_never_falls_due() -> None:
    stage = _ended()
    before = _charged(stage)
    assert len(before) == 2
    _demand_in_use(stage, minimum_spend=True)
    stage.evaluate()
    _reshape(stage, minimum_spend=True)
    for _ in range(3):
        stage.next_day()
        stage.evaluate()
    assert _charged(stage) == before


def test_other_rules_can_change_as_soon_as_the_last_day_is_posted() -> None:
    stage = _ended()
    _reshape(stage, frequency="weekly")


def test_what_a_parked_customer_still_owes_keeps_the_rules_of_its_time() -> None:
    stage = _ended(max_lines=1)
    assert not _charged(stage)
    stage.evaluate()
    _demand_in_use(stage, frequency="weekly")
    customers.unpark(stage.db, stage.act("unpark"), "ann")
    _demand_in_use(stage, frequency="weekly")
    stage.evaluate()
    assert len(_charged(stage)) == 2
    _reshape(stage, frequency="weekly")
