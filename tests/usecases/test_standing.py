"""What was voided is charged again, once, and what stands is left alone (rules 6)."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.crediting import CreditRequest
from chalicelib.domain.deciding import IfCharged, RunRequest
from chalicelib.domain.ledger import Entry
from chalicelib.domain.minutes import Call
from chalicelib.domain.package import PriceList
from chalicelib.domain.record import Plan, RunRecord
from chalicelib.domain.report import Outcome, Report, Status
from chalicelib.storage import plans
from chalicelib.usecases import crediting, customers, prices, usage
from chalicelib.usecases.runs import on_demand, reports, reversal
from tests.harness import RETAINED
from tests.usecases.test_proration import FIFTY, MARCH, a_stage, balance, charges, evaluate_through, ledger_of
from tests.world.scheduler import Crashed
from tests.world.stage import TODAY, Stage
from tests.world.test_crashes import CrashAt

DAY = timedelta(days=1)


def run(stage: Stage, day: date, run_id: str, if_charged: IfCharged = "skip", *, written_off: bool = False) -> list[Outcome]:
    """A live run of Ann, carried out; its lines."""
    on_demand.run_live(stage.services, stage.context(run_id), RunRequest("ann", day, if_charged, run_id, written_off))
    return list(reports.read_report(stage.db, reports.read_run(stage.db, run_id)).outcomes)


def simulate(stage: Stage, day: date, if_charged: IfCharged = "charge_again") -> Report:
    return on_demand.simulate_customer(stage.db, stage.context("look"), RunRequest("ann", day, if_charged, "look"))


def reverse(stage: Stage, run_id: str) -> None:
    reversal.reverse(stage.services, stage.context(f"reverse {run_id}"), run_id)


def credit(stage: Stage, one: Entry, retail: str | None = None, **more: Any) -> None:
    asked = CreditRequest("wrong price", None if retail is None else Decimal(retail), **more)
    crediting.give_credit(stage.db, stage.context(f"credit {one.key} {retail}"), "ann", one.entry_id, asked)


def told(lines: list[Outcome]) -> list[tuple[str, bool, str, str | None]]:
    """Status, whether it was charged already, retail, what was charged."""
    return [(one.status, one.already_charged, f"{one.line.retail:f}", None if one.charged is None else f"{one.charged:f}") for one in lines]


def at_once(stage: Stage, *names: str, written_off: bool = False) -> Counter[Status | None]:
    """All look before any posts; what became of the line in each."""
    context = stage.context("at once")
    records = [
        RunRecord(name, "package", TODAY, context.timestamp, "test", "ann", "skip", 1, include_written_off=written_off) for name in names
    ]
    planned = [(one, on_demand.plan_once(stage.services, context, one, "ann")) for one in records]
    return Counter(on_demand.carry_out(stage.db, context, one, plan).steps[0].status for one, plan in planned)


def a_line(retail: str = "10", limit: str | None = None) -> Stage:
    """Ann has a line from today on, which nobody has charged."""
    stage = Stage(segments=1)
    stage.customer("ann", limit=limit)
    stage.package("line", retail=Decimal(retail), cost=Decimal(4), frequency="daily")
    stage.assign("a", "ann", "line", auto_decrement_credit=True)
    return stage


def correct_price(stage: Stage, day: date, retail: str, cost: str = "4") -> None:
    new = PriceList(day, retail=Decimal(retail), cost=Decimal(cost), reason="wrong")
    prices.write_price_list(stage.db, stage.context(f"correct {retail}"), "line", None, new, correct=True, confirm_backlog=True)


def test_a8_reversed_and_run_again_everybody_is_charged_once() -> None:
    stage = a_line()
    run(stage, TODAY, "wrong")
    reverse(stage, "wrong")
    assert balance(stage) == 0
    assert at_once(stage, "one", "two") == {"repeat": 1, "already_charged": 1}
    assert told(run(stage, TODAY, "three")) == [("skipped", True, "10", "10")]
    assert ledger_of(stage) == f"{TODAY:%m-%d} 10; {TODAY:%m-%d} 10"
    assert [one.key.split("~")[3:] for one in charges(stage)] == [[], ["recharged", "1"]]
    assert balance(stage) == -10
    stage.evaluate()
    assert (len(charges(stage)), balance(stage)) == (2, -10)


def test_a8_a_second_reversal_makes_the_next_recharge_another_one() -> None:
    stage = a_line()
    for n in range(1, 4):
        assert [one.status for one in run(stage, TODAY, f"run {n}")] == ["posted" if n == 1 else "repeat"]
        reverse(stage, f"run {n}")
    assert [one.key.split("~")[3:] for one in charges(stage)] == [[], ["recharged", "1"], ["recharged", "2"]]
    assert all(one.voided for one in charges(stage))
    assert balance(stage) == 0


def test_a8_charge_again_does_not_double_what_was_reversed() -> None:
    """It repeats what stands; what does not stand is charged once, and stands then."""
    stage = a_line()
    run(stage, TODAY, "wrong")
    reverse(stage, "wrong")
    assert told(list(simulate(stage, TODAY).outcomes)) == [("simulated", False, "10", None)]
    assert told(run(stage, TODAY, "right", "charge_again")) == [("repeat", False, "10", None)]
    assert told(run(stage, TODAY, "again", "charge_again")) == [("repeat", True, "10", "10")]
    assert balance(stage) == -20


@pytest.mark.parametrize(("recharge", "expected"), [(False, ["skipped"]), (True, ["repeat"])])
def test_a_credit_voids_only_with_recharge(recharge: bool, expected: list[str]) -> None:
    stage = a_line()
    stage.evaluate()
    credit(stage, charges(stage)[0], recharge=recharge)
    assert [one.status for one in run(stage, TODAY, "run")] == expected
    assert balance(stage) == (-10 if recharge else 0)
    stage.evaluate("again")
    assert balance(stage) == (-10 if recharge else 0)


def test_what_is_charged_is_told_before_goodwill_credits() -> None:
    stage = a_line()
    stage.evaluate()
    credit(stage, charges(stage)[0], "3")
    assert told(list(simulate(stage, TODAY, "skip").outcomes)) == [("skipped", True, "10", "10")]


def test_the_first_stands_when_its_repeat_is_credited() -> None:
    stage = a_line()
    stage.evaluate()
    run(stage, TODAY, "again", "charge_again")
    credit(stage, charges(stage)[1], recharge=True)
    assert told(run(stage, TODAY, "run")) == [("skipped", True, "10", "10")]
    assert balance(stage) == -10


def test_a_repeat_stands_when_the_first_is_voided() -> None:
    stage = a_line()
    stage.evaluate()
    run(stage, TODAY, "again", "charge_again")
    credit(stage, charges(stage)[0], recharge=True)
    assert told(run(stage, TODAY, "run")) == [("skipped", True, "10", "10")]


def test_a_recharge_that_is_held_is_tried_and_not_made_again() -> None:
    stage = a_line(limit="10")
    run(stage, TODAY, "wrong")
    reverse(stage, "wrong")
    customers.book_payment(stage.db, stage.context("back"), "ann", Decimal(-5), "back")
    assert at_once(stage, "one", "two") == {"held": 2}
    assert told(run(stage, TODAY, "three")) == [("held", False, "10", None)]
    customers.book_payment(stage.db, stage.context("pay"), "ann", Decimal(5), "cash")
    stage.next_day()
    stage.evaluate()
    assert [one.status for one in charges(stage)] == ["posted", "posted", "held"]


def test_a_recharge_that_was_written_off_is_left_alone_unless_it_is_included() -> None:
    stage = a_line(limit="10")
    run(stage, TODAY, "wrong")
    reverse(stage, "wrong")
    customers.book_payment(stage.db, stage.context("back"), "ann", Decimal(-5), "back")
    run(stage, TODAY, "held")
    customers.write_off(stage.db, stage.context("off"), charges(stage)[1].entry_id)
    customers.book_payment(stage.db, stage.context("pay"), "ann", Decimal(5), "cash")
    assert told(run(stage, TODAY, "left")) == [("written_off", False, "10", None)]
    assert at_once(stage, "one", "two", written_off=True) == {"repeat": 1, "already_charged": 1}
    assert balance(stage) == -10


def test_what_a_reversal_cancelled_is_charged_again() -> None:
    stage = a_line(limit="0")
    assert [one.status for one in run(stage, TODAY, "held")] == ["held"]
    reverse(stage, "held")
    customers.book_payment(stage.db, stage.context("pay"), "ann", Decimal(10), "cash")
    assert [one.status for one in run(stage, TODAY, "again")] == ["repeat"]
    assert balance(stage) == 0


PHONE: dict[str, Any] = {"package": FIFTY | {"cost": Decimal(5)}}


def ended_on_the_tenth(stage: Stage) -> None:
    """The two runs of the table: 50 on the 1st, and what is given back on the 11th."""
    run(stage, MARCH, "first")
    stage.today = MARCH + 10 * DAY
    run(stage, MARCH + 10 * DAY, "end")
    assert ledger_of(stage) == "03-01 50; 03-11 proration -33.870968"


def test_credited_what_a_negative_line_left() -> None:
    stage = a_stage(**PHONE, end_date=MARCH + 9 * DAY)
    ended_on_the_tenth(stage)
    credit(stage, charges(stage)[0])
    assert balance(stage) == 0
    assert charges(stage)[0].credited_retail == 50


def test_a_recharge_is_one_sum_with_what_was_given_back() -> None:
    stage = a_stage(**PHONE, end_date=MARCH + 9 * DAY)
    ended_on_the_tenth(stage)
    reverse(stage, "first")
    reverse(stage, "end")
    assert balance(stage) == 0
    assert told(list(simulate(stage, MARCH, "skip").outcomes)) == [("simulated", False, "16.129032", None)]
    assert told(run(stage, MARCH, "anew")) == [("repeat", False, "16.129032", None)]
    assert (balance(stage), charges(stage)[-2].retail) == (Decimal("-16.129032"), Decimal("16.129032"))
    for day in (MARCH, MARCH + 10 * DAY):
        assert {one.status for one in run(stage, day, f"more {day}")} == {"skipped"}
    assert told(list(simulate(stage, MARCH).outcomes)) == [("simulated", True, "50", "50")]


@pytest.mark.parametrize("evaluated", [False, True], ids=["the end is still to be evaluated", "the end was evaluated"])
def test_what_later_runs_give_back_is_not_taken_off(evaluated: bool) -> None:
    """Nothing was left on the 11th, so nobody gave it back; or the evaluation of the 11th does, from the recharge."""
    stage = a_stage(**PHONE, end_date=MARCH + 9 * DAY)
    evaluate_through(stage, MARCH)
    credit(stage, charges(stage)[0], recharge=True)
    stage.next_day()
    if evaluated:
        evaluate_through(stage, MARCH + 11 * DAY)
        assert ledger_of(stage) == "03-01 50"
    else:
        evaluate_through(stage, MARCH + 8 * DAY)
    assert [one.line.retail for one in run(stage, MARCH, "anew")] == [Decimal("16.129032") if evaluated else 50]
    evaluate_through(stage, MARCH + 12 * DAY)
    assert balance(stage) == Decimal("-16.129032")
    for day in range(14):
        run(stage, MARCH + day * DAY, f"by hand {day}")
    assert balance(stage) == Decimal("-16.129032")


def planned_before_the_end_is_evaluated() -> tuple[Stage, RunRecord, Plan]:
    """A recharge that leaves what is given back on the 11th to the evaluation of that day, which finds nothing to take from."""
    stage = a_stage(**PHONE, end_date=MARCH + 9 * DAY)
    evaluate_through(stage, MARCH)
    credit(stage, charges(stage)[0], recharge=True)
    evaluate_through(stage, MARCH + 9 * DAY)
    asked = RunRecord("anew", "package", MARCH, stage.context("anew").timestamp, "test", "ann", "skip", 1)
    plan = on_demand.plan_once(stage.services, stage.context("anew"), asked, "ann")
    evaluate_through(stage, MARCH + 10 * DAY)
    assert ledger_of(stage) == "03-01 50"
    return stage, asked, plan


def test_an_evaluation_between_a_recharge_and_its_posting_loses_nothing() -> None:
    stage, asked, plan = planned_before_the_end_is_evaluated()
    done = on_demand.carry_out(stage.db, stage.context("anew"), asked, plan)
    assert [(one.line.due_date, one.line.retail, one.status) for one in done.steps] == [
        (MARCH, 50, "repeat"), (MARCH + 10 * DAY, Decimal("-33.870968"), "posted"),
    ]  # fmt: skip
    assert balance(stage) == Decimal("-16.129032")
    evaluate_through(stage, MARCH + 12 * DAY)
    for day in (MARCH, MARCH + 10 * DAY):
        assert {one.status for one in run(stage, day, f"more {day}")} == {"skipped"}
    assert balance(stage) == Decimal("-16.129032")


def test_a_crash_after_a_late_recharge_loses_nothing_either() -> None:
    stage, asked, plan = planned_before_the_end_is_evaluated()
    stage.store.hook = counting = CrashAt(0, after=False)
    on_demand.carry_out(stage.db, stage.context("anew"), asked, plan)
    assert counting.calls > 8
    for number in range(1, counting.calls + 1):
        stage, asked, plan = planned_before_the_end_is_evaluated()
        stage.store.hook = CrashAt(number, after=True)
        with pytest.raises(Crashed):
            on_demand.carry_out(stage.db, stage.context("anew"), asked, plan)
        stage.store.hook = None
        on_demand.carry_out(
            stage.db, stage.context("anew"), asked, on_demand.plan_once(stage.services, stage.context("anew"), asked, "ann")
        )
        assert balance(stage) == Decimal("-16.129032"), number


def test_what_is_in_the_sum_is_given_back_by_no_later_run() -> None:
    """Once the recharge is reversed too, the next one is the same sum; an end that comes later is given back from it."""
    stage = a_stage(**PHONE, end_date=MARCH + 19 * DAY)
    run(stage, MARCH, "wrong")
    reverse(stage, "wrong")
    evaluate_through(stage, MARCH + 21 * DAY)
    for name in ("anew", "once more"):
        assert [one.line.retail for one in run(stage, MARCH, name)] == [Decimal("32.258065")]
        assert run(stage, MARCH + 20 * DAY, f"end, {name}") == []
        reverse(stage, name)
    run(stage, MARCH, "at last")
    [*_, made] = (one for one in charges(stage) if one.stands)
    assert made.line
    assert (made.line.net_of, balance(stage)) == ((MARCH + 20 * DAY,), Decimal("-32.258065"))


def test_b1_a_charged_date_after_a_price_edit_says_what_was_charged() -> None:
    stage = a_line()
    stage.evaluate()
    correct_price(stage, TODAY, "9")
    [seen] = simulate(stage, TODAY).outcomes
    assert (told([seen]), seen.difference) == ([("simulated", True, "9", "10")], -1)
    assert told(run(stage, TODAY, "left")) == [("skipped", True, "9", "10")]
    assert told(run(stage, TODAY, "again", "charge_again")) == [("repeat", True, "9", "10")]


def test_b1_a_line_that_comes_to_nothing_by_now_is_told_where_a_charge_stands() -> None:
    stage = a_line()
    stage.evaluate()
    correct_price(stage, TODAY, "0", "0")
    for if_charged in ("charge_again", "skip"):
        report = simulate(stage, TODAY, if_charged)
        assert (told(list(report.outcomes)), report.not_due) == ([("skipped", True, "0", "10")], [])
    assert told(run(stage, TODAY, "again", "charge_again")) == [("skipped", True, "0", "10")]
    assert balance(stage) == -10


def test_b1_a_late_call_after_a_minimum_spend_line() -> None:
    stage = Stage(segments=1)
    stage.today = MARCH
    stage.customer("ann")
    stage.package("line", retail=Decimal(17), frequency="daily", minimum_spend=True)
    stage.assign("a", "ann", "line")
    evaluate_through(stage, MARCH + DAY)
    assert ledger_of(stage) == "03-02 minimum_spend 17"
    late = Call("late", f"{MARCH}T09:00:00+00:00", MARCH, "441234", 45, Decimal(10), None)
    usage.record_calls(stage.db, stage.context("call"), "ann", [late], RETAINED)
    [seen] = simulate(stage, MARCH + DAY, "skip").outcomes
    assert (told([seen]), seen.difference) == ([("skipped", True, "7", "17")], -10)
    [seen] = simulate(stage, MARCH + DAY).outcomes
    assert (told([seen]), seen.difference) == ([("simulated", True, "7", "17")], -10)


def test_another_run_that_came_first_says_what_it_charged() -> None:
    stage = a_line()
    context = stage.context("slow")
    slow = RunRecord("slow", "package", TODAY, context.timestamp, "test", "ann", "skip", 1)
    plan = on_demand.plan_once(stage.services, context, slow, "ann")
    stage.evaluate()
    done = on_demand.carry_out(stage.db, context, slow, plan)
    assert told([step.outcome for step in done.steps]) == [("already_charged", True, "10", "10")]


@pytest.mark.parametrize("voided", [False, True], ids=["the repeat stands", "the repeat was voided and recharged"])
def test_a_recharge_carried_out_late_charges_nothing_beside_what_stands_by_then(voided: bool) -> None:
    """Two runs are interrupted once they have decided: one that repeats the charge, and, when the charge was voided, one that recharges
    it. The first is carried out before the second."""
    stage = a_line()
    stage.evaluate()
    context = stage.context("late")
    repeat = RunRecord("repeat", "package", TODAY, context.timestamp, "test", "ann", "charge_again", 1)
    recharge = RunRecord("recharge", "package", TODAY, context.timestamp, "test", "ann", "skip", 1)
    to_repeat = on_demand.plan_once(stage.services, context, repeat, "ann")
    credit(stage, charges(stage)[0], recharge=True)
    to_recharge = on_demand.plan_once(stage.services, context, recharge, "ann")
    on_demand.carry_out(stage.db, context, repeat, to_repeat)
    if voided:
        credit(stage, charges(stage)[1], recharge=True)
        assert [one.status for one in run(stage, TODAY, "anew")] == ["repeat"]
    done = on_demand.carry_out(stage.db, context, recharge, to_recharge)
    assert told([step.outcome for step in done.steps]) == [("already_charged", True, "10", "10")]
    assert balance(stage) == -10


def test_another_run_that_recharged_first_says_what_it_charged_before_negative_lines() -> None:
    stage = a_stage(**PHONE, end_date=MARCH + 9 * DAY)
    ended_on_the_tenth(stage)
    reverse(stage, "first")
    reverse(stage, "end")
    context = stage.context("slow")
    slow = RunRecord("slow", "package", MARCH, context.timestamp, "test", "ann", "skip", 1)
    plan = on_demand.plan_once(stage.services, context, slow, "ann")
    run(stage, MARCH, "anew")
    done = on_demand.carry_out(stage.db, context, slow, plan)
    assert told([step.outcome for step in done.steps]) == [("already_charged", True, "16.129032", "50")]


def test_what_was_charged_is_kept_with_the_plan_in_all_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.storage.packing.PART_LINES_MAX", 2)
    stage = Stage(segments=1)
    stage.customer("ann")
    stage.package("line", retail=Decimal(10), frequency="daily")
    for n in range(5):
        stage.assign(f"a{n}", "ann", "line")
    run(stage, TODAY, "first")
    lines = run(stage, TODAY, "second")
    assert told(lines) == [("skipped", True, "10", "10")] * 5
    plan = plans.find_plan(stage.db, "second", "ann")
    assert plan
    assert [step.charged for step in plan.steps] == [Decimal(10)] * 5
    first = plans.find_plan(stage.db, "first", "ann")
    assert first
    assert [step.charged for step in first.steps] == [None] * 5
    assert [one.charged for one in reports.list_lines(stage.db, "second", None, 10)[0]] == [Decimal(10)] * 5
