"""Corrected prices by which past days owe something: found and charged by the next evaluation (rules: Price lists)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn

import pytest

from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.errors import Conflict, MayNotCharge
from chalicelib.domain.package import PriceList
from chalicelib.domain.schedule import DAY
from chalicelib.storage import ledger, progress
from chalicelib.storage.db import decode
from chalicelib.usecases import assigning, assignments, customers, loading, packages, prices
from chalicelib.usecases.runs import daily
from tests.world.dynamodb import Request
from tests.world.scheduler import Crashed
from tests.world.stage import TODAY, Stage


def a_stage(days: int = 2, *, max_lines: int = 1000, **package: Any) -> Stage:
    """Two customers with a free package, evaluated for some days through TODAY."""
    stage = Stage(max_lines=max_lines)
    stage.today = TODAY - (days - 1) * DAY
    stage.package("line", **{"frequency": "daily"} | package)
    for name in ("ann", "bob"):
        stage.customer(name)
        stage.assign(f"{name}-a", name, "line")
    for n in range(days):
        stage.evaluate(f"day-{n}")
        stage.today += DAY
    stage.today = TODAY
    return stage


def correct(stage: Stage, begins: date, *, confirmed: bool = True, by: str = "correct", may: bool = True, **named: int) -> None:
    changed: dict[str, Any] = {name: Decimal(price) for name, price in named.items()}
    new = PriceList(begins, **changed, reason="forgotten")
    context = stage.context(by)._replace(may_charge=may)
    prices.write_price_list(stage.db, context, "line", None, new, correct=True, confirm_backlog=confirmed)


def evaluate_next(stage: Stage, name: str = "next") -> None:
    stage.next_day()
    stage.evaluate(name)


def charged(stage: Stage, assignment_id: str = "") -> list[tuple[date, Decimal]]:
    entries = [ledger.entry_from_item(decode(item)) for item in stage.store.items("ledger")]
    lines = [one.line for one in entries if one.line and assignment_id in one.line.assignment_id]
    return sorted((one.due_date, one.retail) for one in lines)


def test_what_a_correction_makes_due_is_charged_by_the_next_evaluation_once() -> None:
    stage = a_stage()
    correct(stage, TODAY, retail=3)
    assert charged(stage) == []
    evaluate_next(stage)
    assert charged(stage) == [(TODAY, 3)] * 2 + [(TODAY + DAY, 3)] * 2
    evaluate_next(stage, "later")
    assert len(charged(stage)) == 6


def test_days_before_the_corrected_one_stay_free() -> None:
    stage = a_stage(3)
    correct(stage, TODAY - DAY, retail=3)
    evaluate_next(stage)
    assert charged(stage, "ann-a") == [(TODAY - DAY, 3), (TODAY, 3), (TODAY + DAY, 3)]


def test_a_setup_that_was_free_is_charged_on_its_date() -> None:
    stage = a_stage(retail=Decimal(1))
    correct(stage, TODAY - DAY, setup_retail=5)
    evaluate_next(stage)
    assert charged(stage, "ann-a") == [(TODAY - DAY, 1), (TODAY - DAY, 5), (TODAY, 1), (TODAY + DAY, 1)]


def test_charges_of_the_corrected_days_stay_as_they_are() -> None:
    """Own prices are charged already; the package's price is zero, so the others of it are newly due."""
    stage = a_stage()
    stage.assign("ann-own", "ann", "line", retail=Decimal(9))
    before = charged(stage, "own")
    correct(stage, TODAY, retail=3, cost=2)
    evaluate_next(stage)
    assert charged(stage, "own") == [*before, (TODAY + DAY, 9)]
    assert charged(stage, "ann-a") == [(TODAY, 3), (TODAY + DAY, 3)]


def test_only_one_sweep_looks_back() -> None:
    """Later ones read the ledger as little as they did before the correction."""
    stage = a_stage()
    stage.today += DAY
    queries = _looked_up(stage, lambda: stage.evaluate("before"))
    stage.today += DAY
    correct(stage, TODAY + DAY, retail=3)
    assert _looked_up(stage, lambda: stage.evaluate("looks back")) > queries
    stage.today += DAY
    assert _looked_up(stage, lambda: stage.evaluate("after")) == queries


def _looked_up(stage: Stage, work: Callable[[], None]) -> int:
    asked = []

    def hook(request: Request, carry_out: Callable[[], Any]) -> Any:
        asked.append(request)
        return carry_out()

    stage.store.hook = hook
    work()
    stage.store.hook = None
    return sum(one.operation == "batch_get_item" and "ledger" in str(one.arguments) for one in asked)


def test_the_note_is_written_once_however_many_have_the_package() -> None:
    small, large = a_stage(), a_stage()
    for n in range(30):
        large.assign(f"more-{n}", "ann", "line")
    counts = []
    for stage in (small, large):
        asked: list[str] = []

        def hook(request: Request, carry_out: Callable[[], Any], asked: list[str] = asked) -> Any:
            asked.append(request.operation)
            return carry_out()

        stage.store.hook = hook
        correct(stage, TODAY, retail=3)
        stage.store.hook = None
        counts.append(asked)
    assert counts[0] == counts[1]
    evaluate_next(large)
    assert len(charged(large)) == 64


@pytest.mark.parametrize(("days", "asked"), [(2, False), (3, False), (4, True)])
def test_more_than_three_due_dates_are_confirmed(days: int, *, asked: bool) -> None:
    stage = a_stage(days)
    before = stage.state()
    if asked:
        with pytest.raises(Conflict) as refused:
            correct(stage, TODAY - (days - 1) * DAY, confirmed=False, retail=3)
        assert (refused.value.code, refused.value.extra) == ("backlog", {"fields": ["retail"], "due_dates": days, "assignments": 2})
        assert stage.state() == before
    correct(stage, TODAY - (days - 1) * DAY, confirmed=asked, retail=3)


def test_days_long_past_are_confirmed_and_not_too_many() -> None:
    stage = a_stage(frequency="monthly")
    with pytest.raises(Conflict, match="confirm"):
        correct(stage, TODAY - 32 * DAY, confirmed=False, retail=3)
    correct(stage, TODAY - 31 * DAY, confirmed=False, retail=3)
    daily_one = a_stage()
    with pytest.raises(Conflict) as refused:
        correct(daily_one, TODAY - 400 * DAY, retail=3)
    assert (refused.value.code, refused.value.extra) == ("backlog_too_long", {"due_dates": 401})
    correct(daily_one, TODAY - 399 * DAY, retail=3)


def test_days_on_which_a_later_list_sets_the_price_are_not_counted() -> None:
    """The correction holds for one day; a list that begins on the next one has been there all along."""
    stage = a_stage(9)
    correct(stage, TODAY - 7 * DAY, cost=1)
    evaluate_next(stage)
    correct(stage, TODAY - 8 * DAY, confirmed=False, cost=2)
    evaluate_next(stage, "second")
    lines = sorted((one[0]) for one in charged(stage, "ann-a"))
    assert lines == [TODAY + n * DAY for n in range(-8, 3)]


def test_whoever_may_not_charge_makes_nothing_due() -> None:
    stage = a_stage()
    before = stage.state()
    with pytest.raises(MayNotCharge):
        correct(stage, TODAY, may=False, retail=3)
    assert stage.state() == before
    correct(stage, TODAY, may=False, cost=0)


def test_a_correction_during_a_sweep_is_looked_for_by_the_next_one() -> None:
    """Some customers are swept before it, some after."""
    stage = a_stage()
    stage.today += DAY
    daily.start_evaluation(stage.services, stage.context("begin"), stage.today, allow_future=False)
    stage.deliver(stage.queued.pop(0))
    correct(stage, TODAY, retail=3)
    stage.work_off()
    evaluate_next(stage)
    assert charged(stage, "ann-a") == charged(stage, "bob-a") == [(TODAY + n * DAY, 3) for n in range(3)]


def test_a_correction_that_an_evaluation_overtakes_is_looked_for_by_the_next_one() -> None:
    stage = a_stage()
    stage.today += DAY

    def hook(request: Request, carry_out: Callable[[], Any]) -> Any:
        if request.operation == "transact_write_items":
            stage.store.hook = None
            stage.evaluate("overtakes")
        return carry_out()

    stage.store.hook = hook
    correct(stage, TODAY, retail=3)
    assert charged(stage) == []
    evaluate_next(stage)
    assert charged(stage, "ann-a") == [(TODAY + n * DAY, 3) for n in range(3)]


def test_an_evaluated_day_that_is_evaluated_again_charges_it_at_once() -> None:
    stage = a_stage()
    correct(stage, TODAY, retail=3)
    stage.evaluate("again")
    assert charged(stage) == [(TODAY, 3)] * 2
    evaluate_next(stage)
    assert charged(stage) == [(TODAY, 3)] * 2 + [(TODAY + DAY, 3)] * 2


def test_a_second_correction_adds_to_the_first() -> None:
    stage = a_stage(4)
    correct(stage, TODAY - 3 * DAY, retail=3)
    correct(stage, TODAY - DAY, retail=4, cost=1)
    evaluate_next(stage)
    assert charged(stage, "ann-a") == [(TODAY - 3 * DAY, 3), (TODAY - 2 * DAY, 3), (TODAY - DAY, 4), (TODAY, 4), (TODAY + DAY, 4)]
    assert set(progress.read_progress(stage.db).corrected) == set()


def test_what_is_corrected_back_before_the_evaluation_is_not_charged() -> None:
    stage = a_stage()
    correct(stage, TODAY, retail=3)
    correct(stage, TODAY, retail=0)
    evaluate_next(stage)
    assert charged(stage) == []


def test_a_parked_customer_is_charged_once_unparked() -> None:
    """Also for an assignment whose own mark, left by its backlog, lies later than the corrected day."""
    stage = a_stage()
    stage.today -= DAY
    stage.assign("ann-new", "ann", "line")
    stage.next_day()
    parked = customers.read_customer(stage.db, "ann")
    daily_marks = [one for one in stage.store.items("accounts") if "ann-new" in str(one["sk"])]
    assert "evaluate_from" in str(daily_marks)
    stage.services = stage.services._replace(max_lines=2)
    correct(stage, TODAY - DAY, retail=3)
    evaluate_next(stage)
    assert customers.read_customer(stage.db, "ann").parked
    assert not parked.parked
    evaluate_next(stage, "while parked")
    assert charged(stage, "ann") == []
    customers.unpark_customer(stage.db, stage.context("unpark"), "ann")
    evaluate_next(stage, "unparked")
    assert charged(stage, "ann-a") == charged(stage, "ann-new") == [(TODAY + n * DAY, 3) for n in range(-1, 4)]


def test_a_customer_parked_before_is_charged_once_unparked() -> None:
    stage = a_stage(3)
    stage.services = stage.services._replace(max_lines=1)
    stage.package("dear", retail=Decimal(1), frequency="daily")
    stage.today -= DAY
    stage.assign("ann-b", "ann", "dear", starts=2)
    stage.assign("ann-c", "ann", "dear", starts=2)
    stage.today += DAY
    evaluate_next(stage, "parks")
    assert customers.read_customer(stage.db, "ann").parked
    correct(stage, TODAY, retail=3)
    evaluate_next(stage)
    evaluate_next(stage, "spent")
    customers.unpark_customer(stage.db, stage.context("unpark"), "ann")
    evaluate_next(stage, "unparked")
    assert charged(stage, "ann-a") == [(TODAY + n * DAY, 3) for n in range(5)]


def test_a_customer_who_could_not_be_planned_is_charged_later(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = a_stage()
    stage.today -= DAY
    stage.assign("ann-new", "ann", "line")
    stage.next_day()
    correct(stage, TODAY - DAY, retail=3)

    def broken(*_: object) -> NoReturn:
        raise RuntimeError("no ledger")

    with monkeypatch.context() as patched:
        patched.setattr(loading, "charges_behind", broken)
        evaluate_next(stage)
    assert charged(stage) == []
    evaluate_next(stage, "mended")
    assert charged(stage, "ann-new") == charged(stage, "bob-a") == [(TODAY + n * DAY, 3) for n in range(-1, 3)]


def test_a_customer_who_could_not_be_read_is_charged_later() -> None:
    stage = a_stage()
    correct(stage, TODAY - DAY, retail=3)
    (item,) = (one for one in stage.store.items("accounts") if one["sk"] == {"S": "ASSIGNMENT#ann-a"})
    stage.store.put_item(TableName="accounts", Item={name: value for name, value in item.items() if name != "package"})
    evaluate_next(stage)
    assert charged(stage, "ann-a") == []
    stage.store.put_item(TableName="accounts", Item=item)
    evaluate_next(stage, "mended")
    assert charged(stage, "ann-a") == charged(stage, "bob-a") == [(TODAY + n * DAY, 3) for n in range(-1, 3)]


def test_edits_between_a_correction_and_its_evaluation_lose_nothing() -> None:
    """New terms post from their day on; a start date doesn't move past what is owed."""
    stage = a_stage(3)
    correct(stage, TODAY - 2 * DAY, retail=3)
    entry = TermsEntry(TODAY, None, {"quantity": 2}, reason="forgotten")
    assignments.write_terms(stage.db, stage.context("terms"), ("ann", "ann-a"), None, entry, confirm_backlog=True, correct=True)
    with pytest.raises(Conflict) as refused:
        assignments.change_assignment(
            stage.db, stage.context("move"), ("bob", "bob-a"), None, lambda old: old._replace(start_date=TODAY), True
        )  # fmt: skip
    assert refused.value.code == "not_evaluated"
    evaluate_next(stage)
    assert charged(stage, "ann-a") == [(TODAY - 2 * DAY, 3), (TODAY - DAY, 3), (TODAY, 6), (TODAY + DAY, 6)]
    assert charged(stage, "bob-a") == [(TODAY + n * DAY, 3) for n in range(-2, 2)]


def test_an_assignment_made_after_the_correction_is_charged_once() -> None:
    stage = a_stage()
    correct(stage, TODAY - DAY, retail=3)
    stage.today -= DAY
    draft = Assignment("ann", "", "line", TODAY - DAY)
    stage.today = TODAY
    assigning.create_assignment(stage.db, stage.context("ann-new"), draft, None, True)
    evaluate_next(stage)
    assert charged(stage, "ann-new") == charged(stage, "ann-a") == [(TODAY + n * DAY, 3) for n in range(-1, 2)]


def test_an_ended_assignment_of_a_deleted_package_still_owes() -> None:
    stage = a_stage()
    for name in ("ann", "bob"):
        assignments.delete_assignment(stage.db, stage.context("end"), (name, f"{name}-a"), None)
    correct(stage, TODAY - DAY, retail=3)
    stage.next_day()
    packages.delete_package(stage.db, stage.context("delete"), "line", None)
    stage.evaluate("next")
    assert charged(stage, "ann-a") == [(TODAY - DAY, 3), (TODAY, 3)]


def test_a_part_of_a_period_that_was_free_is_charged_and_given_back() -> None:
    """An assignment that ended in mid-period comes to its days, as if the price had been right from the start."""
    stage = a_stage(frequency="weekly", proration="daily")
    assignments.delete_assignment(stage.db, stage.context("end"), ("ann", "ann-a"), None)
    correct(stage, TODAY - DAY, retail=7)
    evaluate_next(stage)
    assert charged(stage, "ann-a") == [(TODAY - DAY, 7), (TODAY + DAY, -5)]


def test_a_crash_anywhere_leaves_nothing_uncharged_or_charged_twice() -> None:
    """Of the correction and of the evaluation that looks for it; each is tried again, as a client and the queue would."""
    calls = next(n for n in range(1000) if not _charged_in_spite_of_a_crash(n))
    assert calls > 20


def _charged_in_spite_of_a_crash(calls: int) -> bool:
    """Whether there was one, after so many calls of the database."""
    stage, left = a_stage(), iter(range(calls))
    crashed: list[bool] = []

    def hook(_: Request, carry_out: Callable[[], Any]) -> Any:
        answer = carry_out()
        if not crashed and next(left, None) is None:
            crashed.append(answer)
            raise Crashed
        return answer

    def begin() -> None:
        daily.start_evaluation(stage.services, stage.context("e"), stage.today, allow_future=False)

    def attempt(work: Callable[[], None]) -> None:
        try:
            work()
        except Crashed:
            work()

    stage.store.hook = hook
    attempt(lambda: correct(stage, TODAY, retail=3))
    stage.next_day()
    attempt(begin)
    attempt(stage.work_off)
    stage.store.hook = None
    assert charged(stage) == [(TODAY, 3)] * 2 + [(TODAY + DAY, 3)] * 2, f"crash after {calls} calls"
    return bool(crashed)
