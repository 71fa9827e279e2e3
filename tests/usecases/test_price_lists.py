"""Price lists on a stage: what was missed is charged as it would have been, and what a sweep has begun is not priced anew."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.errors import Invalid, NotFound, NotOpen, VersionMismatch
from chalicelib.domain.package import PriceList
from chalicelib.domain.price_lists import PriceLists
from chalicelib.domain.schedule import DAY
from chalicelib.storage import ledger, progress
from chalicelib.storage import packages as stored
from chalicelib.storage.db import decode
from chalicelib.usecases import assignments, packages, prices
from chalicelib.usecases.runs import daily
from tests.world.dynamodb import Request
from tests.world.stage import TODAY, Stage


def a_stage(**package: Any) -> Stage:
    stage = Stage()
    stage.customer("ann")
    stage.package("line", **{"retail": Decimal(10), "cost": Decimal(4), "frequency": "daily"} | package)
    stage.assign("a", "ann", "line")
    return stage


def enter(stage: Stage, begins: date, *, correct: bool = False, existing: bool = True, **named: int) -> PriceLists:
    changed: dict[str, Any] = {name: Decimal(price) for name, price in named.items()}
    new = PriceList(begins, existing, **changed, reason="typo" if correct else "")
    return prices.write_price_list(stage.db, stage.context("prices"), "line", None, new, correct=correct)


def patch(stage: Stage, **named: int) -> None:
    new: dict[str, Any] = {name: Decimal(price) for name, price in named.items()}
    packages.change_package(stage.db, stage.context("patch"), "line", None, lambda old: old._replace(**new), named)


def charged(stage: Stage) -> list[tuple[date, Decimal]]:
    entries = [ledger.entry_from_item(decode(item)) for item in stage.store.items("ledger")]
    return sorted((one.date, one.retail) for one in entries)


def listed(stage: Stage) -> list[date]:
    package = stored.find_package(stage.db, "line")
    assert package is not None
    return [one.begins for one in package.price_lists]


def test_a_missed_day_is_charged_by_its_own_prices() -> None:
    """10; 12 from the second day, entered on the first, which nobody evaluates until the second."""
    stage = a_stage()
    enter(stage, TODAY + DAY, retail=12)
    stage.next_day()
    stage.evaluate()
    assert charged(stage) == [(TODAY, 10), (TODAY + DAY, 12)]


def test_an_outage_with_a_change_in_the_middle_is_caught_up_to_the_same_ledger() -> None:
    """Three days are missed; one list was entered before, the other during the outage."""
    whole, missed = a_stage(), a_stage()
    for stage in (whole, missed):
        enter(stage, TODAY + 3 * DAY, retail=12, cost=5)
    for n in range(6):
        for stage in (whole, missed):
            if n == 2:
                enter(stage, TODAY + 4 * DAY, retail=13)
            if stage is whole or n not in (2, 3, 4):
                stage.evaluate(f"day-{n}")
            stage.next_day()
    assert [price for _, price in charged(missed)] == [10, 10, 10, 12, 13, 13]
    assert charged(missed) == charged(whole)


def test_a_price_without_a_day_holds_from_the_first_open_one() -> None:
    stage = a_stage()
    patch(stage, retail=11)
    stage.evaluate()
    patch(stage, retail=12)
    assert listed(stage) == [TODAY, TODAY + DAY]
    stage.next_day()
    stage.evaluate("second")
    assert charged(stage) == [(TODAY, 11), (TODAY + DAY, 12)]


def test_what_was_missed_is_not_open_any_more() -> None:
    stage = a_stage()
    stage.evaluate()
    stage.today += 3 * DAY
    with pytest.raises(NotOpen) as refused:
        enter(stage, TODAY + DAY, retail=12)
    assert refused.value.extra == {"first_open_day": str(TODAY + 3 * DAY)}
    enter(stage, TODAY + 3 * DAY, retail=12)
    stage.evaluate("late")
    assert [price for _, price in charged(stage)] == [10, 10, 10, 12]


def during(stage: Stage, operation: str, act: Callable[[], object]) -> None:
    """Have something happen once, just before a call of the database."""

    def hook(request: Request, carry_out: Callable[[], Any]) -> Any:
        if request.operation == operation:
            stage.store.hook = None
            act()
        return carry_out()

    stage.store.hook = hook


def begin(stage: Stage) -> None:
    daily.start_evaluation(stage.services, stage.context("begin"), stage.today, allow_future=False)


def test_a_change_that_loses_the_race_means_the_next_day() -> None:
    stage = a_stage()
    during(stage, "transact_write_items", lambda: begin(stage))
    patch(stage, retail=12)
    assert listed(stage) == [TODAY + DAY]
    stage.work_off()
    assert charged(stage) == [(TODAY, 10)]


def test_a_named_day_that_loses_the_race_is_refused() -> None:
    stage = a_stage()
    during(stage, "transact_write_items", lambda: begin(stage))
    with pytest.raises(NotOpen):
        enter(stage, TODAY, retail=12)
    assert listed(stage) == []


def test_removing_a_list_that_loses_the_race_is_refused() -> None:
    stage = a_stage()
    enter(stage, TODAY, retail=12)
    during(stage, "transact_write_items", lambda: begin(stage))
    with pytest.raises(NotOpen):
        prices.remove_price_list(stage.db, stage.context("remove"), "line", None, TODAY)
    stage.work_off()
    assert charged(stage) == [(TODAY, 12)]


def test_a_sweep_sees_every_list_that_was_entered_before_it_began() -> None:
    """It reads packages only after the day's evaluation is marked as begun."""
    stage = a_stage()
    during(stage, "update_item", lambda: enter(stage, TODAY, retail=12))
    stage.evaluate()
    assert charged(stage) == [(TODAY, 12)]


def test_an_edit_during_a_sweep_changes_nothing_of_its_day() -> None:
    """Some customers are charged by a package read before the edit, some by one read after it: at one price."""
    stage = a_stage()
    for n in range(8):
        stage.customer(f"c{n}")
        stage.assign(f"a{n}", f"c{n}", "line")
    begin(stage)
    stage.deliver(stage.queued.pop(0))
    before = len(charged(stage))
    patch(stage, retail=12)
    stage.work_off()
    assert 0 < before < len(charged(stage)) == 9
    assert {price for _, price in charged(stage)} == {10}
    stage.next_day()
    stage.evaluate("next")
    assert charged(stage)[9:] == [(TODAY + DAY, 12)] * 9


def test_an_edit_in_the_middle_of_a_worker_changes_nothing_of_its_day() -> None:
    """The worker holds the package that it read first; one who is met later was assigned from the edited one."""
    stage = a_stage()
    stage.customer("zoe")

    def act() -> None:
        patch(stage, retail=12)
        stage.assign("z", "zoe", "line")

    begin(stage)
    during(stage, "batch_get_item", act)
    stage.work_off()
    assert {price for _, price in charged(stage)} == {10}


def test_the_past_is_corrected_for_what_is_not_charged_yet() -> None:
    stage = a_stage()
    stage.evaluate()
    stage.today += 2 * DAY
    enter(stage, TODAY, correct=True, retail=12)
    stage.evaluate("late")
    assert charged(stage) == [(TODAY, 10), (TODAY + DAY, 12), (TODAY + 2 * DAY, 12)]
    (kept,) = prices.read_price_lists(stage.db, stage.context("read"), "line").package.price_lists
    assert (kept.begins, kept.reason) == (TODAY, "typo")


def test_a_correction_keeps_what_it_corrects() -> None:
    stage = a_stage()
    enter(stage, TODAY, retail=11)
    stage.evaluate()
    stage.next_day()
    corrected = enter(stage, TODAY, correct=True, retail=12).package
    assert [(one.retail, bool(one.superseded_at)) for one in corrected.superseded_lists] == [(11, True)]
    with pytest.raises(NotOpen):
        prices.remove_price_list(stage.db, stage.context("remove"), "line", None, TODAY)


def test_nothing_is_newly_due_of_a_package_that_nobody_has() -> None:
    stage = Stage()
    stage.package("line")
    assert enter(stage, TODAY - DAY, correct=True, retail=3).package.superseded_lists == ()


def test_versions_and_repeats() -> None:
    stage = a_stage()
    first = enter(stage, TODAY + DAY, retail=12)
    again = enter(stage, TODAY + DAY, retail=12)
    assert (first.created, again.created, again.package) == (True, False, first.package)
    new = PriceList(TODAY + DAY, retail=Decimal(13))
    with pytest.raises(VersionMismatch):
        prices.write_price_list(stage.db, stage.context("p"), "line", first.package.version - 1, new, correct=False)
    with pytest.raises(VersionMismatch):
        prices.remove_price_list(stage.db, stage.context("p"), "line", first.package.version - 1, TODAY + DAY)
    with pytest.raises(NotFound):
        prices.remove_price_list(stage.db, stage.context("p"), "line", None, TODAY)
    prices.remove_price_list(stage.db, stage.context("p"), "line", first.package.version, TODAY + DAY)
    assert listed(stage) == []


def test_a_price_fits_every_quantity_once_the_package_was_assigned() -> None:
    stage = a_stage()
    with pytest.raises(Invalid) as refused:
        enter(stage, TODAY, retail=10**9)
    assert [fault.pointer for fault in refused.value.faults] == ["/retail"]
    enter(stage, TODAY, retail=10**9 - 1)


def test_an_assignment_fits_the_highest_price_of_any_list() -> None:
    stage = Stage()
    stage.customer("ann")
    stage.package("line", retail=Decimal(1))
    enter(stage, TODAY + 100 * DAY, retail=10**10)
    with pytest.raises(Invalid):
        stage.assign("a", "ann", "line", quantity=1_000_000)


def test_an_evaluation_ahead_moves_the_first_open_day() -> None:
    stage = a_stage()
    ahead = stage.services._replace(allow_future=True)
    daily.start_evaluation(ahead, stage.context("ahead"), TODAY + 2 * DAY, allow_future=True)
    with pytest.raises(NotOpen) as refused:
        enter(stage, TODAY + 2 * DAY, retail=12)
    assert refused.value.extra == {"first_open_day": str(TODAY + 3 * DAY)}
    assert progress.latest_started(stage.db) == TODAY + timedelta(2)


def test_details_are_shown_with_the_prices_of_the_first_open_day() -> None:
    stage = a_stage()
    enter(stage, TODAY + DAY, retail=12)
    shown = assignments.read_assignment(stage.db, stage.today, "ann", "a")
    assert shown.shown_on == TODAY
    stage.evaluate()
    assert assignments.read_assignment(stage.db, stage.today, "ann", "a").shown_on == TODAY + DAY
