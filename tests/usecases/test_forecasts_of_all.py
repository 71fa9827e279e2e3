"""Forecasts of all customers equal those of each, whatever happens to the workers (rules: Forecast)."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.errors import Conflict, Invalid, Malformed, NotFound
from chalicelib.domain.forecast import NO_SUMS, Forecast
from chalicelib.domain.forecast_changes import Changes, DiscountChange, PriceChange, WhatIf
from chalicelib.domain.forecast_effects import EFFECTS, effects_of
from chalicelib.domain.prices import PriceList
from chalicelib.domain.schedule import DAY
from chalicelib.storage import accounts
from chalicelib.usecases import forecasts_of_all
from chalicelib.usecases.forecasts import ForecastAsk, forecast_customer
from chalicelib.usecases.forecasts_of_all import planning, reading
from chalicelib.usecases.runs import sweep
from chalicelib.usecases.work import merging, pieces, read_work, results, turns
from tests.usecases.exporting import ask, calls_that_may_crash, work_off, work_off_doubled
from tests.usecases.forecasting import NAME, made, pages, request, rows, rows_of_each, sums_of_each, sums_told
from tests.world.simulation import World
from tests.world.stage import TODAY, Stage, furnished, made_once

LAST = TODAY + timedelta(days=40)
SOON = TODAY + timedelta(days=2)
DEARER = PriceChange("line", PriceList(TODAY + timedelta(days=4), retail=Decimal(4)))
CHANGES = Changes([DEARER], [DiscountChange("minutes", None, TODAY + timedelta(days=2), None, Decimal(50))])
SEEDS = 12


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects and files of a few records, which larger worlds have by themselves."""
    monkeypatch.setattr(pieces.PieceWork, "limits", pieces.PieceWork.limits._replace(customers=2, lines=4))
    monkeypatch.setattr(merging, "FILE_ROWS", 5)
    monkeypatch.setattr(merging, "RESORTED_GROUPS", 2)
    monkeypatch.setattr(merging, "_BUFFER_BYTES_MIN", 1000)
    monkeypatch.setattr(merging, "_BUFFERS_BYTES", 3000)


@made_once
def peopled() -> Stage:
    """More customers, one with a currency of its own, one who is parked."""
    stage = furnished()
    for n in range(7):
        stage.customer(f"c{n}", limit=f"{10 * n}")
        stage.assign(f"c{n}-line", f"c{n}", "line", starts=n % 3, auto_decrement_credit=True, quantity=1 + n % 2)
    stage.db.write(accounts.create_account(Account("yen", "JPY", "Yen & Co")))
    park(stage, "parked")
    return stage


def park(stage: Stage, customer: str) -> None:
    stage.db.write(accounts.create_account(Account(customer, "USD")))
    stage.db.write(accounts.park(Account(customer, "USD", parked=True, version=2), TODAY))


def few() -> Stage:
    """Three customers, of whom one is parked."""
    stage = furnished()
    park(stage, "parked")
    return stage


def of_each(stage: Stage, last: Any = LAST, **asked: Any) -> list[Forecast | WhatIf]:
    ids = sorted({item["pk"]["S"] for item in stage.store.items("accounts")} - {"parked"})
    asked_of = ForecastAsk(last, **asked)
    return [forecast_customer(stage.services, stage.context(NAME), one, asked_of, 0) for one in ids]


@pytest.mark.parametrize("changes", [None, CHANGES], ids=["as it is", "what if"])
def test_the_forecast_of_all_is_those_of_each_together(small: None, changes: Changes | None) -> None:
    stage = peopled()
    each = of_each(stage, changes=changes)
    seen = stage.state()
    context = stage.context(NAME)
    found = made(stage, context, LAST, changes=changes)
    assert found.work.state == "finished"
    assert sums_told(found) == sums_of_each(each)
    by_currency = {currency: [one for one in rows_of_each(each) if one.currency == currency] for currency in ("JPY", "USD")}
    assert {currency: rows(stage, context, currency) for currency in by_currency} == by_currency
    assert rows(stage, context, "EUR") == []
    short = [one for one in rows_of_each(each) if one.shortage]
    assert rows(stage, context, None) == sorted(short, key=lambda one: (one.shortage.short_on, one.customer_id))  # type: ignore[union-attr]
    assert len(short) >= 5
    assert (found.parked, found.parked_left_out) == (["parked"], 0)
    counts = {one.currency: one.counts for one in found.currencies or ()}
    assert (counts["USD"].customers, counts["USD"].short, counts["JPY"].customers) == (9, len(short), 1)
    if changes:
        now = [one.planned for one in rows_of_each(each)]
        assert counts["USD"].pay_more == sum(one.sums.retail > one.before.retail for one in now if one.before) > 0
        assert counts["USD"].pay_less == sum(one.sums.retail < one.before.retail for one in now if one.before)
    assert {table: items for table, items in stage.state().items() if table not in ("runs", "history")} == {
        table: items for table, items in seen.items() if table not in ("runs", "history")
    }


def test_to_whom_changes_do_something_is_listed_by_how_much_that_is(small: None) -> None:
    stage = peopled()
    cost = PriceChange("line", PriceList(SOON, cost=Decimal(9)))
    gift = DiscountChange(None, "c1", SOON, None, Decimal(100))
    changes = Changes([DEARER, cost], [*CHANGES.discounts, gift])
    each = rows_of_each(of_each(stage, changes=changes))
    context = stage.context(NAME)
    (yen, dollars) = made(stage, context, LAST, changes=changes).currencies or ()
    by_move = sorted(each, key=lambda one: (-abs(one.planned.sums.retail - (one.planned.before or NO_SUMS).retail), one.customer_id))
    for effect, count_ in zip(EFFECTS, dollars.counts[-3:], strict=True):
        found = rows(stage, context, "USD", effect)
        assert found == [one for one in by_move if effect in effects_of(*one.planned)]
        assert len(found) == count_ > 0
        assert [one for page in pages(stage, context, "USD", 1, effect) for one in page] == found
        assert rows(stage, context, yen.currency, effect) == []


def test_an_effect_of_no_changes_is_refused() -> None:
    stage = few()
    context = stage.context(NAME)
    made(stage, context, SOON)
    with pytest.raises(Invalid) as refused:
        rows(stage, context, "USD", "pays_more")
    assert [fault.pointer for fault in refused.value.faults] == ["/effect"]


def test_so_it_is_in_worlds_of_every_kind(small: None) -> None:
    sizes = set()
    for seed in range(SEEDS):
        world = World(seed)
        world.play()
        world.store.hook = None
        world.store.observers.clear()
        world.day = world.last_day + DAY
        context = world.context(NAME)
        last = world.day + timedelta(days=random.Random(seed).choice((3, 30, 400)))
        there = sorted({item["pk"]["S"] for item in world.store.items("accounts")})
        each = [forecast_customer(world.services, context, one, ForecastAsk(last), 0) for one in there]
        planned = [one for one in each if isinstance(one, Forecast) and not one.facts.account.parked]
        found = made(world, context, last)
        assert sums_told(found) == sums_of_each(planned), seed
        assert [row for one in found.currencies or () for row in rows(world, context, one.currency)] == rows_of_each(planned), seed
        assert len(found.parked) == len(each) - len(planned)
        sizes.add(len(planned))
    assert max(sizes) > 1


def result(stage: Stage) -> Any:
    context = stage.context(NAME)
    found = forecasts_of_all.read_forecast(stage.services, context, NAME)
    return found.currencies, found.parked, rows(stage, context, "USD"), rows(stage, context, "JPY"), rows(stage, context, None)


def _ask(stage: Stage) -> None:
    request(stage, stage.context(NAME), SOON)


@pytest.mark.parametrize("seconds_left", [100.0, 10.0], ids=["in one go", "piece by piece"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_killed_at_any_call_leaves_the_same_result(small: None, seconds_left: float, after: bool) -> None:
    assert calls_that_may_crash(few, _ask, result, seconds_left, after=after) > 40


def test_messages_that_come_twice_and_in_any_order_leave_the_same_result(small: None) -> None:
    whole = few()
    made(whole, whole.context(NAME), SOON)
    stage = few()
    request(stage, stage.context(NAME), SOON)
    work_off_doubled(stage)
    assert result(stage) == result(whole)


@pytest.mark.parametrize("limit", [1, 2, 4, 200])
@pytest.mark.parametrize("read_bytes", [20, 4096])
def test_pages_continue_each_other(monkeypatch: pytest.MonkeyPatch, limit: int, read_bytes: int) -> None:
    monkeypatch.setattr(merging, "FILE_ROWS", 3)
    monkeypatch.setattr(results, "READ_BYTES", read_bytes)
    stage, context = peopled(), peopled().context(NAME)
    made(stage, context, LAST)
    for currency in ("USD", None):
        found = pages(stage, context, currency, limit)
        assert all(0 < len(page) <= limit for page in found)
        assert [one for page in found for one in page] == rows(stage, context, currency)


@pytest.mark.parametrize("after", [{"file": "9", "start": "0"}, {"file": "0", "start": "7"}, {"file": "x", "start": "0"}, {"pk": "0"}])
def test_a_place_that_no_page_gave_is_refused(after: dict[str, str]) -> None:
    stage, context = peopled(), peopled().context(NAME)
    made(stage, context, LAST)
    with pytest.raises(Malformed):
        forecasts_of_all.short_page(stage.services, context, NAME, after, 10)


def test_of_one_package_only_those_who_have_it_are_planned() -> None:
    stage, context = peopled(), peopled().context(NAME)
    found = made(stage, context, LAST, package_id="minutes")
    each = [one for one in of_each(stage, package_id="minutes") if isinstance(one, Forecast)]
    have_it = [one for one in each if any(own.package_id == "minutes" for own in one.facts.assignments)]
    assert {one.customer_id for one in rows(stage, context, "USD")} == {"rich", "poor"}
    assert rows(stage, context, "USD") == rows_of_each(have_it)
    assert sums_told(found) == sums_of_each(have_it)
    with pytest.raises(Invalid, match="/package: there is no package gone"):
        request(stage, stage.context("other"), LAST, package_id="gone")


def test_an_assignment_that_cant_be_planned_is_told_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    stage, context = peopled(), peopled().context(NAME)
    monkeypatch.setattr(sweep.Catalog, "of", lambda *_: {})
    found = made(stage, context, LAST)
    assert found.work.state == "finished_with_failures"
    assert found.work.failed == 13
    assert {one.customer_id for one in found.work.failures} == {"rich", "poor", *(f"c{n}" for n in range(7))}
    assert found.currencies
    assert all(one.total.sums.lines == 0 for one in found.currencies)


def test_there_are_no_sums_and_pages_before_it_is_finished_nor_after_it_has_expired() -> None:
    stage, context = peopled(), peopled().context(NAME)
    request(stage, context, LAST)
    assert forecasts_of_all.read_forecast(stage.services, context, NAME).currencies is None
    with pytest.raises(Conflict) as refused:
        rows(stage, context, "USD")
    assert refused.value.code == "in_progress"
    work_off(stage)
    late = context._replace(at=context.at + timedelta(days=30))
    assert forecasts_of_all.read_forecast(stage.services, context, NAME).currencies
    assert forecasts_of_all.read_forecast(stage.services, late, NAME).currencies is None
    with pytest.raises(NotFound, match="has expired"):
        rows(stage, late, "USD")


def test_a_cancelled_forecast_has_no_pages() -> None:
    stage, context = peopled(), peopled().context(NAME)
    request(stage, context, LAST)
    turns.cancel_work(stage.services, stage.context("cancel"), read_work(stage.db, NAME))
    work_off(stage)
    with pytest.raises(NotFound, match="was cancelled"):
        rows(stage, context, "USD")


def test_what_is_no_forecast_is_not_found() -> None:
    stage = furnished()
    ask(stage)
    with pytest.raises(NotFound, match="there is no forecast export"):
        forecasts_of_all.read_forecast(stage.services, stage.context(NAME), "export")


def test_the_first_packages_and_parked_customers_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PACKAGES_LISTED", 1)
    monkeypatch.setattr(reading, "PARKED_LISTED", 1)
    stage, context = peopled(), peopled().context(NAME)
    park(stage, "also parked")
    found = made(stage, context, LAST)
    usd = next(one for one in found.currencies or () if one.currency == "USD")
    assert (list(usd.by_package), usd.packages_left_out) == (["line"], 2)
    assert (found.parked, found.parked_left_out) == (["also parked"], 1)


def test_a_price_and_a_discount_are_recorded_as_they_were_asked() -> None:
    stage, context = peopled(), peopled().context(NAME)
    changes = Changes(
        [PriceChange("line", PriceList(TODAY, existing=False, cost=Decimal("0.000001")))],
        [DiscountChange(None, "rich", TODAY, TODAY + DAY, Decimal("12.5"))],
    )
    assert planning.asked_of(request(stage, context, LAST, changes=changes)).changes == changes
