"""What the modules of storage make of a DynamoDB, on the deterministic one, moto and MiniStack alike."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment, BucketKey
from chalicelib.domain.history import Change, FieldChange, HistoryItem
from chalicelib.domain.ledger import Entry, charge, payment
from chalicelib.domain.minutes import Call, DayTotal, Rated
from chalicelib.domain.package import Package
from chalicelib.domain.posting import Debit
from chalicelib.domain.progress import Sweep
from chalicelib.domain.record import Plan, Result, RunRecord
from chalicelib.domain.report import Summary, SummaryGroup, Totals
from chalicelib.domain.schedule import DAY
from chalicelib.domain.tenure import tenure_of
from chalicelib.storage import (
    accounts,
    assignments,
    balances,
    did_tenures,
    history,
    idempotency,
    keys,
    ledger,
    packages,
    plans,
    progress,
    runs,
    settings,
    usage,
)
from chalicelib.storage.db import Db, put_new, update
from chalicelib.storage.errors import Cancelled, ConditionFailed
from chalicelib.storage.idempotency import ClaimRecord
from chalicelib.storage.keys import LEDGER, RUNS
from chalicelib.storage.ledger import Window
from tests.domain.build import priced
from tests.harness import finish_a_run

from .backends import Case

CASES: dict[str, Case] = {}
AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
TODAY = AT.date()
CUSTOMER = Account("c", "USD", debit_limit=Decimal(5))
MARK = {"pk": "p", "sk": "w"}


def case(function: Case) -> Case:
    """One thing that a module does."""
    CASES[function.__name__] = function
    return function


@case
def accounts_move_money_under_conditions(db: Db) -> None:
    db.write(accounts.create_account(CUSTOMER))
    with pytest.raises(ConditionFailed):
        db.write(accounts.create_account(CUSTOMER))
    read = accounts.find_account(db, "c") or CUSTOMER
    db.write(accounts.mark_calls(read, exact=True))
    db.write(balances.take_debit(read, Debit(Decimal(4), 1, newly_held=1), None))
    with pytest.raises(ConditionFailed):
        db.write(balances.take_debit(read, Debit(Decimal(1), 1, newly_held=1), None))
    with pytest.raises(ConditionFailed):
        db.write(balances.take_debit(read, Debit(Decimal(2), 0, newly_held=0), None))
    with pytest.raises(ConditionFailed):
        db.write(accounts.mark_calls(read, exact=True))
    db.write(accounts.mark_calls(accounts.find_account(db, "c") or CUSTOMER, exact=True))
    db.write(balances.take_debit(read, Debit(Decimal(1), 1, newly_held=0), None))
    db.write(balances.add_payment(read, Decimal("7.25"), None))
    db.write(balances.undo_debits(read, Decimal(0), None, held=-1))
    read = accounts.find_account(db, "c") or CUSTOMER
    assert (read.balance, read.held, read.held_ever, read.entries, read.calls) == (Decimal("2.25"), 1, 1, True, True)


@case
def accounts_are_replaced_by_who_read_them(db: Db) -> None:
    db.write(accounts.create_account(CUSTOMER))
    new = CUSTOMER._replace(name="C", debit_limit=None, version=2)
    assert accounts.account_from_item(db.write(accounts.replace_account(CUSTOMER, new))) == new
    with pytest.raises(ConditionFailed):
        db.write(accounts.replace_account(CUSTOMER, new))
    db.write(accounts.count_assignments(new, [ASSIGNMENT]))
    with pytest.raises(ConditionFailed):
        db.write(accounts.replace_account(new, new._replace(currency="EUR", version=3)))
    with pytest.raises(ConditionFailed):
        db.write(accounts.remove_account(new))
    db.write(accounts.count_assignments(new, [ASSIGNMENT], -1))
    db.write(accounts.remove_account(new))
    assert accounts.find_account(db, "c") is None


@case
def calls_fix_the_currency(db: Db) -> None:
    db.write(accounts.create_account(CUSTOMER))
    db.write(accounts.mark_calls(CUSTOMER, exact=False))
    with pytest.raises(ConditionFailed):
        db.write(accounts.replace_account(CUSTOMER, CUSTOMER._replace(currency="JPY", version=2)))
    db.write(accounts.replace_account(CUSTOMER, CUSTOMER._replace(name="C", version=2)))


@case
def accounts_are_parked_once(db: Db) -> None:
    db.write(accounts.create_account(CUSTOMER))
    written: dict[str, Any] = {"version": 2, "updated_at": "2031-01-01T00:00:00+00:00", "updated_by": "ada"}
    with pytest.raises(ConditionFailed):
        db.write(accounts.unpark_account(CUSTOMER._replace(**written)))
    db.write(accounts.park(CUSTOMER._replace(**written), TODAY))
    for version in (2, 3):
        with pytest.raises(ConditionFailed):
            db.write(accounts.park(CUSTOMER._replace(**written | {"version": version}), TODAY))
    with pytest.raises(ConditionFailed):
        db.write(accounts.unpark_account(CUSTOMER._replace(**written)))
    parked = accounts.account_from_item(db.write(accounts.unpark_account(CUSTOMER._replace(**written | {"version": 3}))))
    assert (parked.parked, parked.oversize, parked.evaluate_from) == (False, True, TODAY)
    db.write(accounts.catch_up(parked, TODAY + DAY))
    with pytest.raises(ConditionFailed):
        db.write(accounts.catch_up(parked, None))
    db.write(accounts.catch_up(parked._replace(evaluate_from=TODAY + DAY), None))
    assert accounts.find_account(db, "c") == CUSTOMER._replace(version=3, updated_at=parked.updated_at, updated_by="ada", marks=1)


@case
def a_history_comes_newest_first_as_it_was_written(db: Db) -> None:
    fields = (
        FieldChange("retail", "1.00", "2.50", TODAY), FieldChange("free_minutes", None, 5), FieldChange("paused", True, False),
        FieldChange("frequency_match", ["mon"], []), FieldChange("frequency_match", [], [1, 31]), FieldChange("name", "", "Line"),
    )  # fmt: skip
    of_package = [Change("package.changed", version, fields, package_id="p1") for version in (2, 3, 4)]
    others = [Change("customer.created", 1, customer_id="p1"), Change("run.started", 1, run_id="p1")]
    written = [HistoryItem(f"2031-01-0{n}T00:00:00+00:00", "ada", one) for n, one in enumerate([*of_package, *others], 1)]
    for one in (*written, written[0]):
        db.write(history.write_item(one, timedelta(days=1)))
    first, last = history.package_items(db, "p1", None, 2)
    assert first == [written[2], written[1]]
    assert history.package_items(db, "p1", last, 2)[0] == [written[0]]
    assert history.customer_items(db, "p1", None, 9)[0] == [written[3]]


@case
def customers_are_listed_in_order(db: Db) -> None:
    for name in ("b", "c", "a"):
        db.write(accounts.create_account(CUSTOMER._replace(customer_id=name)))
    found, last = accounts.list_accounts(db, None, 2)
    assert [one.customer_id for one in found] == ["a", "b"]
    assert [one.customer_id for one in accounts.list_accounts(db, last, 2)[0]] == ["c"]


ASSIGNMENT = Assignment("c", "a1", "p1", TODAY, did="44", end_date=TODAY + DAY, evaluate_from=TODAY, quantity=2)


@case
def assignments_are_edited_by_who_read_them(db: Db) -> None:
    db.write(assignments.create_assignment(ASSIGNMENT))
    assert assignments.find_assignment(db, "c", "a1") == ASSIGNMENT
    new = ASSIGNMENT._replace(end_date=None, quantity=1, version=2, evaluate_from=None)
    db.write(assignments.update_assignment(ASSIGNMENT, new, uncharged=True))
    assert assignments.find_assignment(db, "c", "a1") == new
    for stale in (
        assignments.update_assignment(ASSIGNMENT, new, uncharged=False), assignments.mark_charged(ASSIGNMENT),
        assignments.remove_assignment(ASSIGNMENT),
        assignments.move_evaluate_from(new._replace(evaluate_from=TODAY), None),
    ):  # fmt: skip
        with pytest.raises(ConditionFailed):
            db.write(stale)
    db.write(assignments.move_evaluate_from(new, TODAY))
    db.write(assignments.mark_charged(new))
    for late in (assignments.remove_assignment(new), assignments.update_assignment(new, new._replace(version=3), uncharged=True)):
        with pytest.raises(ConditionFailed):
            db.write(late)
    assert assignments.find_assignment(db, "c", "a1") == new._replace(evaluate_from=TODAY, charged=True)


@case
def assignments_are_found_with_their_customer_and_package(db: Db) -> None:
    db.write(accounts.create_account(CUSTOMER))
    for n in (2, 1, 3):
        db.write(assignments.create_assignment(ASSIGNMENT._replace(assignment_id=f"a{n}", package_id="p1" if n < 3 else "p2")))
    account, found = assignments.of_customer(db, "c")
    assert (account, [one.assignment_id for one in found]) == (CUSTOMER, ["a1", "a2", "a3"])
    assert [one.assignment_id for one in assignments.list_of_package(db, "p1", None, 9)[0]] == ["a1", "a2"]
    newest, _ = assignments.list_of_package(db, "p1", None, 1, newest_first=True)
    assert [one.assignment_id for one in newest] == ["a2"]
    page, last = assignments.list_of_customer(db, "c", None, 2)
    assert [one.assignment_id for one in page] == ["a1", "a2"]
    assert [one.assignment_id for one in assignments.list_of_customer(db, "c", last, 2)[0]] == ["a3"]


@case
def holds_of_a_did_are_written_by_who_read_them(db: Db) -> None:
    none = did_tenures.find_tenures(db, "44")
    mine = tenure_of(ASSIGNMENT)
    db.transact(did_tenures.write_tenures(none, [mine]))
    with pytest.raises(ConditionFailed):
        db.write(did_tenures.write_tenures(none, [mine])[0])
    one = did_tenures.find_tenures(db, "44")
    assert one.all == (mine,)
    db.transact(did_tenures.write_tenures(one, []))
    with pytest.raises(ConditionFailed):
        db.write(did_tenures.write_tenures(one, [mine])[0])
    assert did_tenures.find_tenures(db, "44").all == ()


@case
def packages_count_their_assignments(db: Db) -> None:
    package = Package("p1", "P", "USD", retail=Decimal("3.50"), frequency="weekly", frequency_match=(0, 4))
    db.write(packages.create_package(package))
    assert packages.find_package(db, "p1") == package
    db.write(packages.count_assignment(package))
    with pytest.raises(ConditionFailed):
        db.write(packages.update_package(package, package._replace(deleted=True, version=2)))
    one = package._replace(assignments=1, assigned=True)
    db.write(packages.update_package(one, one._replace(deleted=True, version=2)))
    for stale in (one, one._replace(version=2)):
        with pytest.raises(ConditionFailed):
            db.write(packages.count_assignment(stale))
    db.write(packages.uncount_assignment("p1"))
    with pytest.raises(ConditionFailed):
        db.write(packages.uncount_assignment("p1"))
    assert packages.list_packages(db, None, 10) == ([], None)


def _held(day: str) -> Entry:
    line = priced(on=day)
    return charge(line, status="held", run_id="run-1", repeat=False, at=AT, by="test")


@case
def held_charges_are_released_or_cancelled_once(db: Db) -> None:
    first, second, third = _held("2024-01-01"), _held("2024-01-02"), _held("2024-01-03")
    db.transact([ledger.create_entry(one) for one in (first, second, third)])
    assert ledger.find_entry(db, "c", first.key) == first
    assert ledger.held_of(db, "c", 3) == [first, second, third]
    released = first._replace(posted_at=AT.isoformat(), run_id="run-2", credit_change=Decimal(-3), version=2)
    db.write(ledger.post_held(released))
    db.write(ledger.cancel_held_entry(second.cancelled("me")))
    for late in (ledger.cancel_held_entry(first.cancelled("me")), ledger.post_held(second._replace(posted_at=AT.isoformat(), version=2))):
        with pytest.raises(ConditionFailed):
            db.write(late)
    posted = ledger.find_entry(db, "c", first.key)
    assert posted is not None
    assert (posted.status, posted.run_id, posted.credit_change, posted.posted_at) == ("posted", "run-2", Decimal(-3), AT.isoformat())
    assert ledger.held_page(db, None, None, 9)[0] == ledger.held_page(db, "c", None, 9)[0] == ledger.held_of(db, "c", 1) == [third]


@case
def a_charge_is_credited_by_who_read_its_version(db: Db) -> None:
    charge = _held("2024-01-01")
    db.write(ledger.create_entry(charge))
    once = charge.after_credit(Decimal(4), Decimal("0.5"))._replace(parts=("2024-01-03~5-proration~a",))
    db.write(ledger.write_credit(once))
    assert ledger.find_entry(db, "c", charge.key) == once
    for stale in (ledger.write_credit(charge.after_credit(Decimal(1), Decimal(0))), ledger.cancel_held_entry(charge.cancelled("me"))):
        with pytest.raises(ConditionFailed):
            db.write(stale)
    twice = once.after_credit(Decimal(1), Decimal(0))
    db.write(ledger.write_credit(twice))
    assert (twice.version, twice.left_retail, twice.left_cost) == (3, charge.retail - 5, charge.cost - Decimal("0.5"))
    db.write(ledger.cancel_held_entry(twice.cancelled("me")))
    assert ledger.find_entry(db, "c", charge.key) == twice.cancelled("me")
    assert [one.key for one in ledger.dated_in(db, "c", date(2024, 1, 1), date(2024, 1, 2))] == [charge.key]
    assert ledger.dated_in(db, "c", date(2023, 12, 1), date(2024, 1, 1)) == []


@case
def held_charges_are_found_although_the_index_is_behind(db: Db) -> None:
    db.write(ledger.create_entry(_held("2024-01-01")))
    db.write(update(LEDGER, keys.entry_key("c", _held("2024-01-01").key), "REMOVE #held_by", condition=None))
    assert len(ledger.held_of(db, "c", 1)) == 1


@case
def a_statement_is_read_in_order(db: Db) -> None:
    for n in range(1, 6):
        at = AT + timedelta(days=n)
        db.write(ledger.create_entry(payment("c", "USD", Decimal(n), "", payment_id=f"p{n}", at=at, day=at.date(), by="me")))
    window = Window(first="2024-03-03", posted_until=(AT + timedelta(days=5)).isoformat())
    first, last = ledger.find_statement(db, "c", window, None, 2)
    assert [entry.credit_change for entry in first] == [2, 3]
    rest, end = ledger.find_statement(db, "c", window, last, 2)
    assert ([entry.credit_change for entry in rest], end) == ([4], None)


@case
def calls_add_up_and_draw_what_is_left(db: Db) -> None:
    bucket = BucketKey("a1", TODAY)
    call = Call("1", AT.isoformat(), TODAY, "44", 30, Decimal("0.5"), "99")
    rated = Rated(call, 0, Decimal("0.5"), ())
    actions = [
        usage.create_call("c", rated, at=AT, by="me", kept=timedelta(days=1)),
        usage.add_to_day("c", (TODAY, None), DayTotal(Decimal("0.5"), 30, 0, 1)),
        usage.draw("c", bucket, 40, used=0, left=60, most=20),
    ]
    db.transact(actions)
    with pytest.raises(Cancelled) as caught:
        db.transact(actions)
    assert caught.value.reasons[0] == "ConditionalCheckFailed"
    assert usage.find_calls(db, "c", ["1", "2"]) == {"1": rated}
    assert usage.used(db, [("c", bucket), ("c", BucketKey("a2", TODAY))]) == {("c", bucket): 40}
    with pytest.raises(ConditionFailed):
        db.write(usage.draw("c", bucket, 60, used=0, left=60, most=0))
    with pytest.raises(ConditionFailed):
        db.write(usage.draw("c", bucket, 30, used=0, left=60, most=30))
    db.write(usage.draw("c", bucket, 20, used=40, left=20, most=40))
    found, last = usage.find_days(db, "c", None, None, None, None, 5)
    assert (found, last) == ([(TODAY, DayTotal(Decimal("0.5"), 30, 0, 1))], None)


@case
def runs_are_recorded_once_and_keep_their_first_plan(db: Db) -> None:
    run = RunRecord("r1", "package", TODAY, AT.isoformat(), "me", "c", "skip", 2)
    assert runs.record_run(db, run) == run
    assert runs.record_run(db, run._replace(created_by="you")) == run
    plan = Plan("c", "USD", Decimal(1), AT.isoformat(), ())
    assert plans.find_plan(db, "r1", "c") is None
    plans.save_plan(db, "r1", plan)
    assert plans.save_plan(db, "r1", plan._replace(balance=Decimal(2))) == plan
    plans.finish_plan(db, "r1", plan)
    assert list(plans.plans_after(db, "r1")) == [plan._replace(done=True)]
    assert runs.finish_segment(db, "r1", 1).done == {1}
    assert runs.finish_segment(db, "r1", 1).done == {1}
    assert runs.finish_segment(db, "r1", 0).done == {0, 1}
    runs.save_result(db, "r1", 0, 0, Result({}))
    assert runs.results(db, "r1") == [Result({})]
    assert runs.find_summary(db, "r1") is None
    summary = Summary(TODAY, AT.isoformat(), {"USD": Totals()}, [SummaryGroup("p", "P", "USD", Totals(lines=1))], [], 0, 3)
    runs.save_summary(db, "r1", summary)
    assert runs.find_summary(db, "r1") == summary
    finish_a_run(db, "r1", Result({}), AT.isoformat())
    assert [one.state for one in runs.page_of_runs(db, None, 5)[0]] == ["finished"]


@case
def progress_goes_forward_only(db: Db) -> None:
    for day in (TODAY, TODAY + DAY, TODAY):
        sweep = Sweep(day, TODAY)
        progress.start_sweep(db, sweep, TODAY if day > TODAY else None)
        progress.finish_sweep(db, 0, 2, sweep)
    progress.finish_sweep(db, 1, 2, Sweep(TODAY, TODAY))
    found = progress.read_progress(db)
    assert (found.first, found.begun, found.last_evaluated) == (TODAY, Sweep(TODAY + DAY, TODAY), TODAY)
    assert progress.latest_started(db) == TODAY + DAY
    progress.finish_sweep(db, 1, 2, Sweep(TODAY + DAY, TODAY))
    assert progress.read_progress(db).last_evaluated == TODAY + DAY


@case
def a_write_can_demand_that_a_day_has_not_begun(db: Db) -> None:
    wanted = [put_new(RUNS, MARK), progress.not_begun(TODAY)]
    progress.start_sweep(db, Sweep(TODAY, TODAY), None)
    with pytest.raises(Cancelled) as cancelled:
        db.transact(wanted)
    assert [cancelled.value.failed(0), cancelled.value.failed(1)] == [False, True]
    assert db.get(RUNS, MARK) is None
    db.transact([put_new(RUNS, MARK), progress.not_begun(TODAY + DAY)])
    assert (db.get(RUNS, MARK), progress.latest_started(db)) == (MARK, TODAY)


@case
def no_day_has_begun_before_the_first_sweep(db: Db) -> None:
    db.transact([put_new(RUNS, MARK), progress.not_begun(TODAY)])
    assert db.get(RUNS, MARK) == MARK
    assert progress.latest_started(db) is None


@case
def a_sweep_begun_again_on_another_day_is_another_one(db: Db) -> None:
    first, again = Sweep(TODAY, TODAY), Sweep(TODAY, TODAY + DAY)
    progress.start_sweep(db, first, None)
    progress.finish_sweep(db, 0, 2, first)
    progress.start_sweep(db, again, None)
    progress.finish_sweep(db, 1, 2, again)
    assert progress.read_progress(db).last_evaluated is None
    progress.finish_sweep(db, 0, 2, again)
    assert (progress.read_progress(db).first, progress.read_progress(db).last_evaluated) == (TODAY, TODAY)


@case
def progress_of_former_releases_counts(db: Db) -> None:
    """They did not say on which day of the calendar a sweep was begun."""
    db.write(put_new(RUNS, keys.latest_sweep_key() | {"day": f"{TODAY + DAY}", "first": f"{TODAY}"}))
    db.write(put_new(RUNS, keys.progress_key(2, 0) | {"day": f"{TODAY + DAY}"}))
    db.write(put_new(RUNS, keys.progress_key(2, 1) | {"day": f"{TODAY}"}))
    assert progress.read_progress(db).last_evaluated == TODAY
    progress.finish_sweep(db, 1, 2, Sweep(TODAY + DAY))
    assert progress.read_progress(db).last_evaluated == TODAY + DAY
    progress.start_sweep(db, Sweep(TODAY + DAY, TODAY), TODAY)
    assert progress.read_progress(db).last_evaluated == TODAY


@case
def a_correction_of_prices_counts_until_a_whole_sweep_has_passed(db: Db) -> None:
    """A second one, which a sweep under way has not seen, adds to the first."""
    for package_id, since, open_day in (("p", TODAY - DAY, TODAY), ("p", TODAY - 2 * DAY, TODAY), ("q", TODAY, TODAY + DAY)):
        db.transact(progress.note_correction(progress.read_progress(db), package_id, since, open_day))
    assert progress.read_progress(db).corrected == {"p": TODAY - 2 * DAY, "q": TODAY}
    sweep = Sweep(TODAY, TODAY)
    progress.start_sweep(db, sweep, None)
    with pytest.raises(Cancelled):
        db.transact(progress.note_correction(progress.read_progress(db), "r", TODAY - DAY, TODAY))
    db.transact(progress.note_correction(progress.read_progress(db), "p", TODAY - DAY, TODAY + DAY))
    progress.finish_sweep(db, 0, 1, sweep)
    assert progress.read_progress(db).corrected == {"p": TODAY - 2 * DAY, "q": TODAY}
    after = Sweep(TODAY + DAY, TODAY + DAY)
    progress.start_sweep(db, after, TODAY)
    progress.finish_sweep(db, 0, 1, after)
    standing = progress.read_progress(db)
    assert (standing.corrected, set(standing.corrections)) == ({}, {"p", "q"})
    progress.expire_corrections(db, standing, AT)
    item = db.get(RUNS, keys.price_correction_key("p"))
    assert item is not None
    assert item["expires"] == int(AT.timestamp())
    db.transact(progress.note_correction(standing, "p", TODAY, TODAY + 2 * DAY))
    assert "expires" not in (db.get(RUNS, keys.price_correction_key("p")) or {})
    assert progress.read_progress(db).corrected == {"p": TODAY}


@case
def a_request_is_claimed_by_one(db: Db) -> None:
    record = ClaimRecord("print", "body", AT.isoformat(), "2024-03-01T12:00:30")
    idempotency.write_claim(db, record, None)
    with pytest.raises(Exception, match="under way"):
        idempotency.write_claim(db, record, None)
    later = record._replace(claimed_until="2024-03-01T12:01:00")
    idempotency.write_claim(db, later, record)
    with pytest.raises(Exception, match="under way"):
        idempotency.write_claim(db, later, record)
    idempotency.keep_answer(db, later._replace(answer=b"\x01"))
    assert idempotency.find_record(db, "print") == later._replace(answer=b"\x01")


@case
def tables_belong_to_one_time_zone(db: Db) -> None:
    settings.agree_on_time_zone(db, "UTC")
    settings.agree_on_time_zone(db, "UTC")
    with pytest.raises(Exception, match="BILLING_TIMEZONE"):
        settings.agree_on_time_zone(db, "Europe/Paris")


@pytest.mark.parametrize("name", CASES)
def test_storage_module(name: str, backend: tuple[str, Db]) -> None:
    CASES[name](backend[1])
