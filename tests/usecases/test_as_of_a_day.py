"""The assignments that a customer has on a day, with quantity, prices and discount of that day."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.assignment import TermsEntry
from chalicelib.domain.errors import NotFound
from chalicelib.domain.prices import PriceList
from chalicelib.usecases import assignments, prices
from chalicelib.wire.views import assignment_view
from tests.world.stage import TODAY, Stage, furnished


@pytest.fixture
def stage() -> Stage:
    return furnished()


def on(stage: Stage, days: int) -> dict[str, Any]:
    """What is valid so many days after today, by id."""
    found, last = assignments.valid_assignments(stage.db, TODAY + timedelta(days=days), "rich", None, 200)
    assert last is None
    return {one.assignment.assignment_id: assignment_view(one) for one in found}


def test_only_what_is_valid_on_the_day_is_listed(stage: Stage) -> None:
    ids = ("rich", "rich-line")
    assignments.change_assignment(
        stage.db, stage.context("end"), ids, None, lambda one: one._replace(end_date=TODAY + timedelta(days=3)), confirm_backlog=False
    )
    assert {days: sorted(on(stage, days)) for days in (-3, 0, 3, 4)} == {
        -3: [], 0: ["rich-line", "rich-minutes", "rich-mobile"], 3: ["later", "rich-line", "rich-minutes", "rich-mobile"],
        4: ["later", "rich-minutes", "rich-mobile"],
    }  # fmt: skip


def test_terms_are_those_of_the_day(stage: Stage) -> None:
    entry = TermsEntry(TODAY + timedelta(days=2), TODAY + timedelta(days=4), {"quantity": 3, "discount": Decimal(10), "retail": Decimal(2)})
    ids = ("rich", "rich-line")
    assignments.write_terms(stage.db, stage.context("terms"), ids, None, entry, confirm_backlog=False, correct=False)
    told = {days: on(stage, days)["rich-line"] for days in (1, 2, 4, 5)}
    assert {days: (one["quantity"], one["discount"], one["retail"]) for days, one in told.items()} == {
        1: (1, "0.00", None), 2: (3, "10.00", "2.00"), 4: (3, "10.00", "2.00"), 5: (1, "0.00", None),
    }  # fmt: skip


def test_prices_are_those_that_the_assignment_pays(stage: Stage) -> None:
    """A list for new assignments changes what `later` pays, which begins after it, and not what `rich-line` does."""
    lists = (
        PriceList(TODAY + timedelta(days=2), existing=False, retail=Decimal(7)),
        PriceList(TODAY + timedelta(days=8), cost=Decimal(2)),
    )
    for one in lists:
        prices.write_price_list(stage.db, stage.context(f"{one.begins}"), "line", None, one, correct=False)
    paid = {days: {name: one["package"] for name, one in on(stage, days).items()} for days in (1, 6, 9)}
    assert [paid[days]["rich-line"]["retail"] for days in (1, 6, 9)] == ["3.00", "3.00", "3.00"]
    assert [paid[days]["later"]["retail"] for days in (6, 9)] == ["7.00", "7.00"]
    assert [paid[days]["rich-line"]["cost"] for days in (1, 6, 9)] == ["1.00", "1.00", "2.00"]
    assert paid[1]["rich-line"]["next_prices"]["from"] == (TODAY + timedelta(days=8)).isoformat()


def test_nobody_has_nothing(stage: Stage) -> None:
    with pytest.raises(NotFound):
        assignments.valid_assignments(stage.db, date(2024, 3, 1), "nobody", None, 50)
