"""A customer at a glance: what is told is what the coming evaluations do."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.errors import NotFound
from chalicelib.domain.schedule import DAY
from chalicelib.usecases import customers, outlooks
from chalicelib.wire.outlook_views import outlook_view
from tests.world.stage import TODAY, Stage, made_once


@made_once
def sold() -> Stage:
    stage = Stage()
    stage.today = TODAY - DAY
    stage.customer("acme", limit="0")
    stage.customer("quiet")
    stage.package("line", cost=Decimal(5), retail=Decimal("9.99"), frequency="monthly", frequency_match=(5,))
    stage.package("fax", cost=Decimal(1), retail=Decimal(3), frequency="monthly", frequency_match=(5, 20))
    stage.package("domain", cost=Decimal(6), retail=Decimal(12), frequency="yearly", connexcs_package="dns")
    customers.book_payment(stage.db, stage.context("paid"), "acme", Decimal("25.00"), "transfer 7")
    stage.assign("line-1", "acme", "line", -30, quantity=2, auto_decrement_credit=True, charge_from=TODAY)
    stage.assign("fax-1", "acme", "fax", -30, auto_decrement_credit=True, charge_from=TODAY)
    stage.assign("fax-2", "acme", "fax", -60, end_date=TODAY - 9 * DAY, charge_from=TODAY - 10 * DAY)
    stage.assign("domain-1", "quiet", "domain", -300, charge_from=TODAY)
    stage.evaluate("first")
    stage.next_day()
    return stage


def told(stage: Stage, customer_id: str = "acme") -> Any:
    return outlook_view(outlooks.read_outlook(stage.services, stage.context("look"), customer_id))


def test_the_next_charge_is_what_that_day_posts() -> None:
    stage = sold()
    before, seen = stage.state(), told(stage)
    coming = seen["next_charge"]
    assert (coming["date"], coming["retail"], coming["margin"]) == ("2024-03-05", "22.98", "11.98")
    assert [line["package_name"] for line in coming["lines"]] == ["fax", "line"]
    assert stage.state() == before, "nothing is written"
    while stage.today.isoformat() < coming["date"]:
        stage.next_day()
    stage.evaluate("then")
    balance = customers.read_customer(stage.db, "acme").balance
    assert balance == Decimal("25.00") - Decimal(coming["retail"])
    assert told(stage)["next_charge"]["date"] == "2024-03-20"


def test_how_long_the_credit_lasts_and_what_a_month_is_worth() -> None:
    seen = told(sold())
    assert seen["short_on"] == "2024-03-20"
    assert (seen["monthly_value"], seen["monthly_margin"], seen["assignments"]) == ("25.98", "13.98", 2)


def test_the_last_payment_is_told_whatever_was_entered_since() -> None:
    stage = sold()
    customers.book_adjustment(stage.db, stage.context("adjusted"), "acme", Decimal(-1), "rounding")
    paid = told(stage)["last_payment"]
    assert (paid["amount"], paid["reference"], paid["date"]) == ("25.00", "transfer 7", (TODAY - DAY).isoformat())
    assert told(stage, "quiet")["last_payment"] is None


def test_what_is_due_once_a_year_is_seen_unless_there_are_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = sold()
    coming = told(stage, "quiet")["next_charge"]
    assert (coming["date"], coming["retail"]) == ("2024-05-05", "12.00")
    assert told(stage, "quiet")["features"] == ["dns"]
    monkeypatch.setattr(outlooks, "FEW_ASSIGNMENTS", 0)
    seen = told(stage, "quiet")
    assert (seen["next_charge"], seen["planned_to"]) == (None, (TODAY + 30 * DAY).isoformat())


def test_a_charge_that_is_held_does_not_come_next() -> None:
    stage = sold()
    for _ in range(20):
        stage.evaluate(f"day-{stage.today}")
        stage.next_day()
    assert customers.read_customer(stage.db, "acme").held == 1
    seen = told(stage)
    assert seen["next_charge"]["date"] == "2024-04-05"
    assert seen["short_on"] is not None


def test_nobody_is_not_found() -> None:
    with pytest.raises(NotFound):
        told(sold(), "nobody")
