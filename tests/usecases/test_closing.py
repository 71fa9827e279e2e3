"""Closing a customer: what is told is what the days to come post; it is carried out as shown, each assignment once, whatever crashes."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.closing import CLOSING_ASSIGNMENTS_MAX
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.schedule import DAY
from chalicelib.storage import assignments as storing
from chalicelib.storage import did_tenures
from chalicelib.storage.db import decode
from chalicelib.usecases import assigning, assignments, closing, customers, replacements
from chalicelib.usecases.replacements import Successor
from chalicelib.wire.closing_views import closing_view
from tests.world.scheduler import Crashed
from tests.world.stage import TODAY, Stage, made_once
from tests.world.test_crashes import CrashAt

ON = TODAY + 9 * DAY


@made_once
def sold() -> Stage:
    """A customer with something of everything, evaluated through yesterday, and another one."""
    stage = Stage()
    stage.today = TODAY - DAY
    for name in ("leaver", "other"):
        stage.customer(name)
    stage.package("line", cost=Decimal(5), retail=Decimal("9.99"), setup_retail=Decimal(2), frequency="monthly")
    stage.package("daily", cost=Decimal("0.10"), retail=Decimal("0.35"), frequency="daily")
    stage.package("parts", cost=Decimal(1), retail=Decimal(31), frequency="monthly", frequency_match=(1,), proration="daily")
    stage.package("spend", cost=Decimal(1), retail=Decimal(30), frequency="monthly", minimum_spend=True)
    stage.package("bound", cost=Decimal(1), retail=Decimal(4), frequency="weekly", minimum_days=30)
    stage.assign("line-1", "leaver", "line", -40, did="44201", auto_decrement_credit=True)
    stage.assign("line-2", "leaver", "line", -40, did="44201", quantity=3)
    stage.assign("daily-1", "leaver", "daily", -3, auto_decrement_credit=True)
    stage.assign("parts-1", "leaver", "parts", -40, auto_decrement_credit=True)
    stage.assign("spend-1", "leaver", "spend", -40, did="44202")
    stage.assign("bound-1", "leaver", "bound", -5)
    stage.assign("ends", "leaver", "daily", end_date=TODAY + 3 * DAY)
    stage.assign("ended", "leaver", "daily", -20, end_date=TODAY - 2 * DAY)
    stage.assign("later", "leaver", "line", 20, did="44203")
    stage.assign("other-1", "other", "daily")
    stage.evaluate("first")
    stage.next_day()
    return stage


def tried(stage: Stage, on: date = ON) -> Any:
    return closing_view(closing.plan_closing(stage.services, stage.context("dry"), "leaver", on), on, dry_run=True)


def seen(told: Any) -> dict[str, int]:
    return {item["assignment_id"]: item["version"] for item in told["items"]}


def carried_out(stage: Stage, shown: dict[str, int], on: date = ON) -> Any:
    made = closing.close_customer(stage.services, stage.context("close"), "leaver", on, shown)
    return closing_view(made, on, dry_run=False)


def becomes(told: Any) -> dict[str, tuple[str, str | None]]:
    return {item["assignment_id"]: (item["becomes"], item["last_day"]) for item in told["items"]}


def held_by(stage: Stage, customer_id: str = "leaver") -> dict[str, Assignment]:
    items = [decode(item) for item in stage.store.items("accounts") if item["sk"]["S"].startswith("ASSIGNMENT#")]
    found = [storing.assignment_from_item(item) for item in items if item["pk"] == customer_id]
    return {one.assignment_id: one for one in found}


def history_of(stage: Stage) -> list[str]:
    return sorted(item["type"]["S"] for item in stage.store.items("history") if item["pk"]["S"] == "CUSTOMER#leaver")


BOUND_UNTIL = (TODAY - 6 * DAY + 30 * DAY).isoformat()
EXPECTED = {
    "line-1": ("ended", ON.isoformat()),
    "line-2": ("ended", ON.isoformat()),
    "daily-1": ("ended", ON.isoformat()),
    "parts-1": ("ended", ON.isoformat()),
    "spend-1": ("ended", ON.isoformat()),
    "bound-1": ("ended", BOUND_UNTIL),
    "ends": ("ends_already", (TODAY + 3 * DAY).isoformat()),
    "later": ("removed", None),
}


def test_a_dry_run_says_what_becomes_of_each_and_writes_nothing() -> None:
    stage = sold()
    before = stage.state()
    told = tried(stage)
    assert becomes(told) == EXPECTED
    assert told["closed_on"] == BOUND_UNTIL
    kept = {item["assignment_id"]: item["earliest_end_date"] for item in told["items"] if item["earliest_end_date"]}
    assert kept == {"bound-1": BOUND_UNTIL}
    assert stage.state() == before


def test_what_is_still_due_is_what_the_days_to_come_post() -> None:
    stage = sold()
    told = tried(stage)
    carried_out(stage, seen(told))
    assert told["still_due"]["balance_before"] != told["still_due"]["balance_after"]
    before = {item["sk"]["S"] for item in stage.store.items("ledger") if item["pk"]["S"] == "leaver"}
    for n in range(60):
        stage.evaluate(f"day-{n}")
        stage.next_day()
    new = [item for item in stage.store.items("ledger") if item["pk"]["S"] == "leaver" and item["sk"]["S"] not in before]
    assert sum(Decimal(item["retail"]["N"]) for item in new) == Decimal(told["still_due"]["totals"]["retail"])
    assert any(item["retail"]["N"].startswith("-") for item in new), "a part is given back"
    assert customers.read_customer(stage.db, "leaver").balance == Decimal(told["still_due"]["balance_after"])


def test_it_is_carried_out_as_shown_and_asked_again_changes_nothing() -> None:
    stage = sold()
    shown = seen(tried(stage))
    was = history_of(stage)
    done = carried_out(stage, shown)
    assert becomes(done) == {**EXPECTED}
    found = held_by(stage)
    assert {name: found[name].end_date for name in ("line-1", "bound-1", "ends")} == {
        "line-1": ON, "bound-1": date.fromisoformat(BOUND_UNTIL), "ends": TODAY + 3 * DAY,
    }  # fmt: skip
    assert "later" not in found
    left = [*history_of(stage)]
    for one in was:
        left.remove(one)
    assert left == ["assignment.ended"] * 6 + ["assignment.removed"]
    tenures = did_tenures.find_tenures_of_many(stage.db, ["44201", "44202", "44203"])
    assert [[one.end_date for one in tenures[did].all] for did in ("44201", "44202", "44203")] == [[ON, ON], [ON], []]
    assert customers.read_customer(stage.db, "leaver").assignments == 8
    state = stage.state()
    again = carried_out(stage, shown)
    assert stage.state() == state
    assert becomes(again) == {name: one for name, one in EXPECTED.items() if name != "later"}, "what is gone is not listed any more"


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_anywhere_is_made_good_by_sending_it_again(after: bool) -> None:
    whole, counting = sold(), CrashAt(0, after=after)
    shown = seen(tried(whole))
    whole.store.hook = counting
    carried_out(whole, shown)
    whole.store.hook = None
    for call in range(1, counting.calls + 1):
        stage = sold()
        stage.store.hook = CrashAt(call, after=after)
        with pytest.raises(Crashed):
            carried_out(stage, shown)
        stage.store.hook = None
        carried_out(stage, shown)
        assert stage.state() == whole.state(), f"call {call}"


def test_what_was_changed_or_made_meanwhile_is_told_and_left() -> None:
    stage = sold()
    shown = seen(tried(stage))
    somebody = stage.context("edit")._replace(by="somebody")
    assignments.change_assignment(stage.db, somebody, ("leaver", "line-1"), None, lambda one: one._replace(quantity=2), False)
    assignments.change_assignment(stage.db, somebody, ("leaver", "daily-1"), None, lambda one: one._replace(end_date=TODAY), False)
    stage.assign("new", "leaver", "daily", 5)
    done = carried_out(stage, shown)
    why = {item["assignment_id"]: item["why"]["code"] for item in done["items"] if item["why"]}
    assert why == {"line-1": "version_mismatch", "new": "not_seen"}
    assert done["closed_on"] is None
    found = held_by(stage)
    assert (found["line-1"].end_date, found["new"].end_date, found["daily-1"].end_date) == (None, None, TODAY)
    assert becomes(done)["daily-1"][1] == TODAY.isoformat()
    rest = carried_out(stage, seen(tried(stage)))
    assert rest["closed_on"] == BOUND_UNTIL


def test_a_change_in_the_middle_of_it_is_not_overwritten() -> None:
    """Somebody writes between the look at a transaction's assignments and the transaction."""
    stage = sold()
    shown = seen(tried(stage))
    raced: list[bool] = []

    def first(request: Any, effect: Any) -> Any:
        if request.operation == "transact_write_items" and not raced:
            raced.append(True)
            stage.store.hook = None
            context = stage.context("edit")._replace(by="somebody")
            assignments.change_assignment(stage.db, context, ("leaver", "line-2"), None, lambda one: one._replace(quantity=7), False)
        return effect()

    stage.store.hook = first
    done = carried_out(stage, shown)
    assert raced
    assert becomes(done)["line-2"] == ("refused", None)
    assert held_by(stage)["line-2"].end_date is None
    assert held_by(stage)["line-1"].end_date == ON


def test_a_replacement_to_come_has_to_be_undone_first() -> None:
    stage = sold()
    successor = Successor("daily", ON + 3 * DAY, {})
    replacements.replace(stage.db, stage.context("next"), ("leaver", "daily-1"), None, successor, dry_run=False)
    why = {item["assignment_id"]: item["why"]["code"] for item in tried(stage)["items"] if item["why"]}
    assert why == {"daily-1": "replaced", "next": "replaced"}
    assert becomes(tried(stage, ON + 5 * DAY))["next"] == ("ended", (ON + 5 * DAY).isoformat())


def test_something_charged_before_it_begins_is_cancelled() -> None:
    stage = sold()
    one = held_by(stage)["later"]
    stage.db.write(storing.mark_charged(one))
    shown = seen(tried(stage))
    assert becomes(carried_out(stage, shown))["later"] == ("cancelled", None)
    assert held_by(stage)["later"].cancelled
    state = stage.state()
    carried_out(stage, shown)
    assert stage.state() == state


def test_hundreds_of_assignments_are_ended_each_once() -> None:
    stage = sold()
    stage.store.knobs.page_bytes = lambda: 1024 * 1024
    for n in range(150):
        stage.assign(f"many-{n:03}", "leaver", "daily", did=f"4430{n // 2:03}")
    told = tried(stage)
    done = carried_out(stage, seen(told))
    assert done["closed_on"] == BOUND_UNTIL
    ended = [one for name, one in held_by(stage).items() if name.startswith("many-")]
    assert [(one.end_date, one.version) for one in ended] == [(ON, 2)] * 150
    assert history_of(stage).count("assignment.ended") == 156


def test_a_day_that_is_past_is_refused_and_nobody_is_not_found() -> None:
    stage = sold()
    with pytest.raises(Invalid) as refusal:
        tried(stage, TODAY - DAY)
    assert refusal.value.faults[0].pointer == "/on"
    with pytest.raises(NotFound):
        closing.plan_closing(stage.services, stage.context("dry"), "nobody", ON)


def test_too_many_are_refused_with_a_way_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CLOSING_ASSIGNMENTS_MAX == 1000
    monkeypatch.setattr(closing, "CLOSING_ASSIGNMENTS_MAX", 6)
    with pytest.raises(Invalid) as refusal:
        tried(sold())
    assert refusal.value.code == "too_many"
    assert "/changes" in refusal.value.faults[0].detail


def test_a_customer_without_assignments_is_closed_already() -> None:
    stage = sold()
    customers.write_customer(stage.db, stage.context("empty"), "empty", None, lambda old: old or Account("empty", "USD"))
    told = closing.plan_closing(stage.services, stage.context("dry"), "empty", ON)
    assert (told.items, told.planned.sums.lines) == ([], 0)


def test_what_begins_on_the_last_day_is_ended_on_it() -> None:
    stage = sold()
    draft = Assignment("leaver", "", "parts", TODAY, end_date=None)
    assigning.create_assignment(stage.db, stage.context("today"), draft, None, True)
    assert becomes(tried(stage, TODAY))["today"] == ("ended", TODAY.isoformat())
