"""Deleting assignments that have minimum days: they end no earlier, and no later than they would anyway (rules: Minimum Days, Deleting)."""

from datetime import date
from decimal import Decimal

import pytest

from chalicelib.domain.errors import Conflict
from chalicelib.domain.schedule import DAY
from chalicelib.storage.assignments import find_assignment
from chalicelib.usecases.assignments import delete_assignment
from tests.world.stage import TODAY, Stage


def evaluated_ahead(through: date, ends: date | None = None) -> Stage:
    """An assignment for at least three days, from today on, when everything through a later day is evaluated."""
    stage = Stage()
    stage.package("line", retail=Decimal(1), frequency="daily", minimum_days=3)
    stage.customer("ann")
    stage.assign("a", "ann", "line", end_date=ends)
    while stage.today <= through:
        stage.evaluate(f"{stage.today}")
        stage.today += DAY
    stage.today = TODAY
    return stage


def delete(stage: Stage) -> date | None:
    """The assignment's end once it is deleted."""
    delete_assignment(stage.db, stage.context("delete"), ("ann", "a"), None)
    found = find_assignment(stage.db, "ann", "a")
    assert found
    return found.end_date


@pytest.mark.parametrize("ahead", [3, 5])
def test_minimum_days_count_to_the_day_on_which_it_would_end(ahead: int) -> None:
    assert delete(evaluated_ahead(TODAY + ahead * DAY)) == TODAY + ahead * DAY


@pytest.mark.parametrize("ahead", [0, 2])
def test_it_does_not_end_before_its_minimum_days(ahead: int) -> None:
    with pytest.raises(Conflict) as refused:
        delete(evaluated_ahead(TODAY + ahead * DAY))
    assert (refused.value.code, refused.value.extra["earliest_end_date"]) == ("minimum_days", str(TODAY + 3 * DAY))


def test_what_ends_on_that_day_anyway_is_left_as_it_is() -> None:
    stage = evaluated_ahead(TODAY + 4 * DAY, TODAY + 4 * DAY)
    before = stage.state()
    assert delete(stage) == TODAY + 4 * DAY
    assert stage.state() == before
