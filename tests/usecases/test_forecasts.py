"""Forecasts of a customer from the tables (rules 10): what is loaded for them, what is refused, and that nothing is written."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain import money
from chalicelib.domain.assignment import TermsEntry
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import Invalid, NotFound, NotOpen
from chalicelib.domain.forecast import Forecast
from chalicelib.domain.forecast_changes import Changes, DiscountChange, PriceChange, WhatIf
from chalicelib.domain.minutes import DayTotal
from chalicelib.domain.one_off import OneOffRequest
from chalicelib.domain.prices import PriceList
from chalicelib.storage import ledger, usage
from chalicelib.usecases import assignments, customers, forecasts, one_off
from chalicelib.usecases.forecasts import ForecastAsk, forecast_customer
from chalicelib.usecases.runs import on_demand
from chalicelib.usecases.runs.limits import Limits
from chalicelib.wire.forecast_views import forecast_view
from tests.world.stage import TODAY, Stage, furnished

POOR = "poor"
LAST = TODAY + timedelta(days=9)


@pytest.fixture
def stage() -> Stage:
    return furnished()


def seen(stage: Stage, customer: str = POOR, **asked: Any) -> Forecast | WhatIf:
    days = {"last": LAST} | asked
    return forecast_customer(stage.services, stage.context("forecast"), customer, ForecastAsk(**days), 1000)


def made(stage: Stage, customer: str = POOR, **asked: Any) -> Forecast:
    found = seen(stage, customer, **asked)
    assert isinstance(found, Forecast)
    return found


def told(found: Forecast) -> list[tuple[date, str, date | None]]:
    return [(one.line.due_date, money.text(one.line.retail), one.posted_on) for one in found.lines]


def told_by_ledger(stage: Stage, customer: str, since: date) -> list[tuple[date, str, date | None]]:
    """The same of what the ledger has from a day on, held charges with no day of posting."""
    entries = [one for one in ledger.entries_of(stage.db, customer) if one.line and one.recorded_at[:10] >= since.isoformat()]
    days = [(one, date.fromisoformat(one.posted_at[:10]) if one.posted_at else None) for one in entries]
    return [(one.date, money.text(one.retail), posted_on) for one, posted_on in days]


@pytest.mark.parametrize("customer", ["poor", "rich"])
@pytest.mark.parametrize("missed", [0, 3])
def test_the_evaluations_post_what_was_forecast(stage: Stage, customer: str, missed: int) -> None:
    """Without calls, which would go on as in the last 28 days, and with days that nobody evaluated."""
    stage.today += timedelta(days=missed)
    since, last = stage.today, stage.today + timedelta(days=12)
    seen_before = stage.state()
    found = made(stage, customer, last=last)
    assert stage.state() == seen_before
    while stage.today <= last:
        stage.evaluate(f"{stage.today}")
        stage.next_day()
    assert sorted(told(found), key=str) == sorted(told_by_ledger(stage, customer, since), key=str)
    account = customers.read_customer(stage.db, customer)
    assert found.balance_after == account.balance
    assert len(found.lines) >= 13
    assert (found.shortage is not None) == (customer == "poor")


def test_the_payment_told_lets_everything_be_posted(stage: Stage) -> None:
    short = made(stage).shortage
    assert short
    customers.book_payment(stage.db, stage.context("pay"), POOR, short.top_up, "")
    paid = made(stage)
    assert paid.shortage is None
    assert paid.balance_after == -5
    assert all(one.posted_on for one in paid.lines)


def test_what_is_posted_ahead_is_not_planned_again(stage: Stage) -> None:
    day = TODAY + timedelta(days=2)
    on_demand.run_live(stage.services, stage.context("live"), RunRequest("rich", day, "skip", "ahead"))
    assert day not in {one.line.due_date for one in made(stage, "rich").lines if one.line.kind == "recurring"}


def test_terms_that_are_entered_for_later_are_planned(stage: Stage) -> None:
    entry = TermsEntry(TODAY + timedelta(days=4), None, {"quantity": 2})
    ids = ("rich", "rich-line")
    assignments.write_terms(stage.db, stage.context("terms"), ids, None, entry, confirm_backlog=False, correct=False)
    lines = [one.line for one in made(stage, "rich").lines if one.line.assignment_id == "rich-line"]
    assert [line.quantity for line in lines] == [1] * 4 + [2] * 6


def test_calls_of_the_last_days_go_on(stage: Stage) -> None:
    """28 spent yesterday: one a day; a minimum of 4 leaves 3, or 4 if none comes."""
    yesterday = TODAY - timedelta(days=1)
    stage.db.transact([usage.add_to_day("rich", (yesterday, "4420"), DayTotal(Decimal(28), 1, 0, 1))])
    lines = [one for one in made(stage, "rich").lines if one.line.kind == "minimum_spend"]
    assert {(one.line.retail, one.retail_max) for one in lines[1:]} == {(3, 4)}


def test_prices_and_discounts_are_tried(stage: Stage) -> None:
    day = TODAY + timedelta(days=5)
    prices = PriceChange("line", PriceList(day, retail=Decimal(4)))
    discount = DiscountChange("minutes", "rich", day, day, Decimal(50))
    found = seen(stage, "rich", changes=Changes([prices], [discount]))
    assert isinstance(found, WhatIf)
    before, after = found.before.by_package, found.after.by_package
    assert after["line"].retail - before["line"].retail == 5 + 5
    assert before["minutes"].retail - after["minutes"].retail == Decimal("0.5")
    assert found.before == made(stage, "rich")


def test_five_percent_more_of_four_at_12_50(stage: Stage) -> None:
    stage.package("phone", retail=Decimal("12.5"), frequency="monthly")
    stage.assign("phones", "rich", "phone", starts=1, quantity=4)
    found = seen(stage, "rich", changes=Changes([PriceChange("phone", PriceList(TODAY, retail=Decimal("13.125")))]))
    assert isinstance(found, WhatIf)
    assert found.after.by_package["phone"].retail == Decimal("52.5")
    assert found.after.by_package["phone"].retail - found.before.by_package["phone"].retail == Decimal("2.5")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        (Changes([PriceChange("gone", PriceList(TODAY, retail=Decimal(1)))]), "/changes/prices/0/package_id"),
        (Changes([PriceChange("line", PriceList(TODAY - timedelta(days=1), retail=Decimal(1)))]), "/changes/prices/0/from"),
        (Changes((), [DiscountChange("gone", None, TODAY, None, Decimal(1))]), "/changes/discounts/0/package_id"),
        (Changes((), [DiscountChange(None, None, TODAY - timedelta(days=1), None, Decimal(1))]), "/changes/discounts/0/from"),
    ],
    ids=["no such package", "prices of yesterday", "a discount of no package", "a discount of yesterday"],
)
def test_changes_that_nobody_could_enter_are_refused(stage: Stage, changes: Changes, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        seen(stage, changes=changes)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def test_days_that_cannot_be_asked_for_are_refused(stage: Stage) -> None:
    with pytest.raises(NotOpen, match="the first open day is 2024-03-01"):
        seen(stage, first=TODAY - timedelta(days=1))
    with pytest.raises(Invalid, match="/to: lies before the first day, 2024-03-01"):
        seen(stage, last=TODAY - timedelta(days=1))
    with pytest.raises(Invalid, match="/to: must lie at most 1100 days from the first day, 2024-03-01"):
        seen(stage, last=TODAY + timedelta(days=1100))
    with pytest.raises(NotFound):
        seen(stage, "nobody")


def test_begun_evaluations_move_the_first_open_day(stage: Stage) -> None:
    stage.evaluate()
    assert made(stage).facts.first == TODAY + timedelta(days=1)


def test_too_much_for_one_request_is_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    few = Limits(1, 1, forecasts.FORECAST_LIMITS.instead)
    with pytest.raises(Invalid, match="has more than 1 assignments: a forecast of one request can't look at so many") as refused:
        forecast_customer(stage.services, stage.context("forecast"), POOR, ForecastAsk(LAST), 1000, few)
    assert refused.value.code == "too_many"
    monkeypatch.setattr(forecasts, "FORECAST_ENTRIES_MAX", 1)
    customers.book_payment(stage.db, stage.context("pay"), POOR, Decimal(1), "")
    customers.book_payment(stage.db, stage.context("pay again"), POOR, Decimal(1), "")
    with pytest.raises(Invalid, match="depends on more than 1 ledger entries since 2024-03-01"):
        seen(stage)


def test_a_held_one_off_charge_is_tried_again(stage: Stage) -> None:
    """It has no assignment and no package."""
    asked = OneOffRequest("A visit", TODAY, Decimal(50), Decimal(20), auto_decrement_credit=True)
    one_off.charge_one_off(stage.db, stage.context("visit"), POOR, asked)
    short = made(stage).shortage
    assert short
    customers.book_payment(stage.db, stage.context("pay"), POOR, short.top_up, "")
    found = made(stage)
    assert [one.posted_on for one in found.lines if one.line.kind == "one_off"] == [TODAY]
    assert forecast_view(found)["by_package"][0] == {
        "package_id": None, "package_name": None, "retail": "50.00", "cost": "20.00", "margin": "30.00", "credit_debited": "50.00",
        "held": "0.00", "lines": 1, "below_cost": 0,
    }  # fmt: skip


def test_of_one_package_only_its_lines_are_told(stage: Stage) -> None:
    """But the customer runs short as if nothing was asked of packages."""
    whole, of_one = made(stage), made(stage, package_id="minutes")
    assert {one.line.package_id for one in whole.lines} == {"line", "minutes"}
    assert of_one.lines == [one for one in whole.lines if one.line.package_id == "minutes"]
    assert (of_one.sums, of_one.by_package) == (whole.by_package["minutes"], {"minutes": whole.by_package["minutes"]})
    assert (of_one.shortage, of_one.balance_after) == (whole.shortage, whole.balance_after)


def test_a_package_that_does_not_exist_is_refused(stage: Stage) -> None:
    with pytest.raises(Invalid, match="/package: there is no package gone"):
        seen(stage, package_id="gone")
