"""An assignment goes on as another one, or with another customer (rules: Replacement and transfer)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.errors import BillingError, Conflict, Invalid, NotOpen
from chalicelib.domain.minutes import Call
from chalicelib.domain.replacing import PricedHandover
from chalicelib.domain.schedule import DAY
from chalicelib.domain.tenure import tenure_of
from chalicelib.storage import assignments as stored
from chalicelib.storage import did_tenures
from chalicelib.storage import packages as stored_packages
from chalicelib.usecases import assignments, customers, replacements, usage
from chalicelib.usecases.replacements import Successor
from chalicelib.usecases.runs import daily
from tests.harness import RETAINED
from tests.world.dynamodb import Answer, Request
from tests.world.stage import TODAY, Stage

DID = "4420"
LATER = date(2024, 3, 20)


def _stage() -> Stage:
    stage = Stage()
    stage.services = stage.services._replace(allow_future=True)
    for customer in ("ann", "bob"):
        stage.customer(customer)
    monthly: dict[str, Any] = {"frequency": "monthly", "frequency_match": (1,)}
    stage.package("line", retail=Decimal(31), setup_retail=Decimal(5), **monthly)
    stage.package("daily", retail=Decimal(31), setup_retail=Decimal(5), proration="daily", **monthly)
    stage.package("big", retail=Decimal(62), setup_retail=Decimal(7), proration="daily", **monthly)
    stage.package("mobile", retail=Decimal(50), minimum_spend=True, **monthly)
    stage.package("minutes", retail=Decimal(3), type="free_minutes", **monthly)
    stage.package("once", retail=Decimal(9))
    return stage


def _replace(
    stage: Stage, name: str, package: str, begins: date = LATER, *, by: str = "", dry_run: bool = False, **given: Any
) -> PricedHandover:
    successor = Successor(package, begins, given)
    return replacements.replace(stage.db, stage.context(by or f"{name}-2"), ("ann", name), None, successor, dry_run=dry_run)


def _transfer(stage: Stage, begins: date = LATER, to: str = "bob", *, name: str = "", dry_run: bool = False) -> list[PricedHandover]:
    first = ids.derived(datetime(2024, 3, 1, tzinfo=UTC), name or f"{to} {begins}")
    return replacements.transfer(stage.db, stage.context(first), DID, (to, begins), ids.following(first, 50), dry_run=dry_run)


def _find(stage: Stage, customer: str, name: str) -> Assignment:
    found = stored.find_assignment(stage.db, customer, name)
    assert found is not None
    return found


def _of(stage: Stage, customer: str) -> list[Assignment]:
    return stored.of_customer(stage.db, customer)[1]


def _delete(stage: Stage, customer: str, name: str) -> None:
    assignments.delete_assignment(stage.db, stage.context("delete"), (customer, name), None)


def _charged(stage: Stage, customer: str) -> list[tuple[str, str, str]]:
    rows = [item for item in stage.store.items("ledger") if item["pk"]["S"] == customer]
    return sorted((row["sk"]["S"][:10], row["sk"]["S"].split("~")[1].partition("-")[2], row["retail"]["N"]) for row in rows)


def _through(stage: Stage, last: date) -> None:
    while stage.today <= last:
        stage.evaluate(f"evaluate {stage.today}")
        stage.next_day()


def _refused(code: str, work: Callable[[], Any]) -> BillingError:
    with pytest.raises(BillingError) as refused:
        work()
    assert refused.value.code == code, refused.value.detail
    return refused.value


def test_both_sides_of_a_replacement_name_each_other_and_meet() -> None:
    stage = _stage()
    stage.assign("a", "ann", "daily", did=DID, quantity=2)
    done = _replace(stage, "a", "big")
    old, new = _find(stage, "ann", "a"), _find(stage, "ann", "a-2")
    assert (old.end_date, old.replaced_by, new.start_date, new.replaces, new.did) == (LATER - DAY, "a-2", LATER, "a", DID)
    assert (new.quantity, new.end_date, new.counted_from) == (2, None, None)
    assert (done.handover.old, done.handover.new) == (old, new)
    assert did_tenures.find_tenures(stage.db, DID).all == (tenure_of(old), tenure_of(new))


def test_it_is_charged_as_an_end_and_a_beginning() -> None:
    stage = _stage()
    stage.assign("a", "ann", "daily", did=DID)
    _replace(stage, "a", "big")
    _through(stage, date(2024, 4, 1))
    assert _charged(stage, "ann") == [
        ("2024-03-01", "recurring", "31"),
        ("2024-03-01", "setup", "5"),
        ("2024-03-20", "proration", "-12"),
        ("2024-03-20", "proration", "24"),
        ("2024-03-20", "setup", "7"),
        ("2024-04-01", "recurring", "62"),
    ]


def test_the_same_package_goes_on_counting_from_the_old_start() -> None:
    stage = _stage()
    stage.package("own", retail=Decimal(10), frequency="monthly")
    stage.assign("a", "ann", "own", starts=1)
    _replace(stage, "a", "own", retail=Decimal(12))
    new = _find(stage, "ann", "a-2")
    assert new.counted_from == TODAY + DAY
    _through(stage, date(2024, 4, 2))
    assert _charged(stage, "ann") == [("2024-03-02", "recurring", "10"), ("2024-04-02", "recurring", "12")]


def test_a_one_off_is_not_charged_again_by_its_own_package() -> None:
    stage = _stage()
    stage.assign("a", "ann", "once", did=DID)
    _replace(stage, "a", "once")
    _through(stage, LATER)
    assert _charged(stage, "ann") == [("2024-03-01", "recurring", "9")]


def test_a_setup_of_nothing_is_waived() -> None:
    stage = _stage()
    stage.assign("a", "ann", "daily")
    _replace(stage, "a", "line", setup_retail=Decimal(0))
    _through(stage, LATER)
    assert [kind for day, kind, _ in _charged(stage, "ann") if day == str(LATER)] == ["proration"]


def _edit(stage: Stage, name: str, **fields: Any) -> None:
    assignments.change_assignment(stage.db, stage.context("edit"), ("ann", name), None, lambda old: old._replace(**fields), True)


def _with_terms(stage: Stage, *entries: TermsEntry, **fields: Any) -> None:
    _edit(stage, "a", terms=entries, **fields)


def test_what_is_left_out_is_as_it_was_and_own_prices_stay_with_their_package() -> None:
    stage = _stage()
    stage.assign("a", "ann", "daily", quantity=2, auto_decrement_credit=True, end_date=date(2024, 12, 31), retail=Decimal(8))
    past = TermsEntry(date(2024, 3, 5), date(2024, 3, 8), {"quantity": 9})
    priced = TermsEntry(date(2024, 3, 10), None, {"quantity": 3, "retail": Decimal(7)})
    pause = TermsEntry(date(2024, 3, 18), date(2024, 3, 25), {"paused": True})
    _with_terms(stage, past, priced, pause)
    same = _replace(stage, "a", "daily", dry_run=True).handover.new
    assert (same.retail, same.terms, same.end_date, same.auto_decrement_credit) == (Decimal(8), (priced, pause), date(2024, 12, 31), True)
    other = _replace(stage, "a", "big", dry_run=True).handover.new
    assert (other.retail, other.terms) == (None, (priced._replace(values={"quantity": 3}), pause))
    named = _replace(stage, "a", "big", quantity=4, end_date=None, dry_run=True).handover.new
    assert (named.quantity, named.terms, named.end_date) == (4, (pause,), None)


def test_minimum_days_do_not_refuse_it_and_run_on() -> None:
    stage = _stage()
    stage.package("bound", retail=Decimal(1), minimum_days=30, frequency="daily")
    stage.package("short", retail=Decimal(1), minimum_days=5, frequency="daily")
    stage.assign("a", "ann", "bound", did=DID)
    new = _replace(stage, "a", "short").handover.new
    assert new.start_date + timedelta(days=new.minimum_days) == TODAY + timedelta(days=30)
    error = _refused("minimum_days", lambda: _replace(stage, "a-2", "short", LATER + DAY, end_date=LATER + 2 * DAY))
    assert error.extra["earliest_end_date"] == "2024-03-31"


def test_a_day_that_is_not_open_is_refused_naming_the_first_that_is() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", starts=-3)
    stage.evaluate()
    with pytest.raises(NotOpen) as refused:
        _replace(stage, "a", "big", TODAY)
    assert refused.value.extra == {"first_open_day": "2024-03-02"}
    assert _replace(stage, "a", "big", TODAY + DAY).handover.old.end_date == TODAY


def test_what_has_ended_or_begins_later_can_not_be_replaced() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", end_date=LATER - DAY)
    stage.assign("b", "ann", "line", starts=30)
    _refused("ended", lambda: _replace(stage, "a", "big"))
    _refused("invalid", lambda: _replace(stage, "b", "big"))
    _refused("not_found", lambda: _replace(stage, "c", "big"))
    _refused("invalid", lambda: _replace(stage, "a", "none"))


def test_until_its_day_comes_both_days_are_fixed() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", did=DID)
    _replace(stage, "a", "big")
    for name, change in (("a", {"end_date": LATER + DAY}), ("a", {"end_date": None}), ("a-2", {"start_date": LATER + DAY})):
        _refused("replaced", partial(_edit, stage, name, **change))
    _refused("replaced", lambda: _delete(stage, "ann", "a"))
    _refused("replaced", lambda: _replace(stage, "a", "big", LATER + DAY, by="again"))


def test_deleting_the_new_one_before_its_day_undoes_it() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", did=DID, end_date=date(2024, 12, 31))
    before, account, tenures = (
        _find(stage, "ann", "a"),
        customers.read_customer(stage.db, "ann"),
        did_tenures.find_tenures(stage.db, DID).all,
    )
    _replace(stage, "a", "big", end_date=date(2024, 6, 30))
    _delete(stage, "ann", "a-2")
    after = _find(stage, "ann", "a")
    assert after == before._replace(version=3, updated_at=after.updated_at, updated_by=after.updated_by)
    assert [one.assignment_id for one in _of(stage, "ann")] == ["a"]
    assert customers.read_customer(stage.db, "ann") == account
    assert did_tenures.find_tenures(stage.db, DID).all == tenures
    package = stored_packages.find_package(stage.db, "big")
    assert package is not None
    assert (package.assignments, package.was_assigned) == (0, True)


def test_it_is_not_undone_over_somebody_who_has_the_did_by_now() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", did=DID)
    _replace(stage, "a", "line", end_date=date(2024, 6, 30))
    stage.today = TODAY + DAY
    stage.assign("b", "bob", "line", starts=200, did=DID)
    _refused("did_in_use", lambda: _delete(stage, "ann", "a-2"))


def test_once_its_day_has_come_deleting_ends_it_like_any_other() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line")
    _replace(stage, "a", "daily")
    _through(stage, LATER)
    _delete(stage, "ann", "a-2")
    assert (_find(stage, "ann", "a-2").end_date, _find(stage, "ann", "a").end_date) == (stage.today, LATER - DAY)


def test_a_dry_run_says_what_each_side_gets_and_writes_nothing() -> None:
    stage = _stage()
    stage.assign("a", "ann", "daily", did=DID)
    stage.assign("m", "ann", "mobile", did=DID)
    state = stage.state()
    shown = _replace(stage, "a", "big", dry_run=True)
    told = [[(str(line.due_date), line.kind, line.retail) for line in lines] for lines in (shown.old_lines, shown.new_lines)]
    assert told == [
        [("2024-03-01", "setup", 5), ("2024-03-01", "recurring", 31), ("2024-03-20", "proration", -12)],
        [("2024-03-20", "setup", 7), ("2024-03-20", "proration", 24), ("2024-04-01", "recurring", 62)],
    ]
    moved = _transfer(stage, dry_run=True)
    assert [[len(one.old_lines), len(one.new_lines)] for one in moved] == [[3, 2], [1, 1]]
    assert stage.state() == state


def test_a_retry_finds_what_it_made() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", did=DID)
    first = _replace(stage, "a", "big")
    state = stage.state()
    assert _replace(stage, "a", "big").handover.new == first.handover.new
    moved = _transfer(stage, LATER + DAY)
    after = stage.state()
    assert [one.handover.new for one in _transfer(stage, LATER + DAY)] == [one.handover.new for one in moved]
    assert stage.state() == after != state


def test_a_minimum_spend_is_shared_out_between_the_customers_of_a_did() -> None:
    stage = _stage()
    stage.assign("m", "ann", "mobile", did=DID)
    _transfer(stage)
    _through(stage, date(2024, 4, 1))
    assert _charged(stage, "ann") == [("2024-03-20", "minimum_spend", "30.645161")]
    assert _charged(stage, "bob") == [("2024-04-01", "minimum_spend", "19.354839")]


def test_a_transfer_goes_on_without_setup_and_what_begins_later_moves_along_with_its_own() -> None:
    stage = _stage()
    pause = TermsEntry(date(2024, 3, 18), date(2024, 3, 22), {"paused": True})
    stage.assign("a", "ann", "daily", did=DID, end_date=date(2024, 12, 31))
    _with_terms(stage, pause)
    stage.assign("b", "ann", "line", starts=25, did=DID)
    stage.assign("c", "ann", "once", did=DID)
    stage.assign("d", "ann", "line", did=DID, end_date=date(2024, 3, 10))
    _transfer(stage)
    assert {(one.assignment_id, str(one.end_date), one.cancelled, one.transferred_to) for one in _of(stage, "ann")} == {
        ("a", "2024-03-19", False, "bob"), ("b", "None", True, "bob"), ("c", "2024-03-19", False, "bob"), ("d", "2024-03-10", False, None),
    }  # fmt: skip
    moved = {one.replaces: one for one in _of(stage, "bob")}
    assert {name: (one.package_id, one.start_date, one.end_date, one.transferred_from) for name, one in moved.items()} == {
        "a": ("daily", LATER, date(2024, 12, 31), "ann"), "b": ("line", date(2024, 3, 26), None, "ann"), "c": ("once", LATER, None, "ann"),
    }  # fmt: skip
    assert moved["a"].terms == (pause,)
    _through(stage, date(2024, 4, 1))
    assert _charged(stage, "bob") == [
        ("2024-03-23", "proration", "9"), ("2024-03-26", "setup", "5"),
        ("2024-04-01", "recurring", "31"), ("2024-04-01", "recurring", "31"),
    ]  # fmt: skip


def test_a_transfer_is_refused_whole_with_every_reason() -> None:
    stage = _stage()
    stage.customer("eve")
    customers.write_customer(stage.db, stage.context("euro"), "euro", None, lambda _: Account("euro", "EUR"))
    stage.assign("a", "ann", "line", did=DID, end_date=date(2024, 6, 30))
    stage.assign("e", "eve", "line", starts=200, did=DID)
    _replace(stage, "a", "big", LATER + DAY)
    state = stage.state()
    error = _refused("not_transferable", lambda: _transfer(stage, to="euro"))
    told = " ".join(fault["detail"] for fault in error.extra["errors"])
    assert all(reason in told for reason in ("ann and eve", "USD", "is replaced by a-2"))
    assert stage.state() == state
    _refused("not_transferable", lambda: _transfer(stage, date(2025, 1, 1), to="eve"))
    assert "/customer_id" in str(_refused("invalid", lambda: _transfer(stage, to="nobody")).faults)  # type: ignore[attr-defined]


def test_a_did_with_more_than_one_transaction_takes_is_refused() -> None:
    stage = _stage()
    for number in range(21):
        stage.assign(f"a{number:02}", "ann", "once", did=DID)
    error = _refused("not_transferable", lambda: _transfer(stage))
    assert "do not fit into one transaction" in error.detail
    for number in range(2):
        _edit(stage, f"a{number:02}", end_date=TODAY)
    assert len(_transfer(stage)) == 19


def _content(stage: Stage) -> list[Assignment]:
    """Ann's assignments, whoever wrote them last."""
    return [one._replace(version=0, updated_at="", updated_by="") for one in _of(stage, "ann")]


def test_undoing_one_of_a_transfer_undoes_all_of_it() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", did=DID)
    stage.assign("b", "ann", "line", starts=40, did=DID)
    before, tenures = _content(stage), did_tenures.find_tenures(stage.db, DID)
    made = _transfer(stage)
    _delete(stage, "bob", made[1].handover.new.assignment_id)
    assert _of(stage, "bob") == []
    assert _content(stage) == before
    assert did_tenures.find_tenures(stage.db, DID).all == tenures.all
    assert customers.read_customer(stage.db, "bob").assignments == 0


def test_a_step_that_something_goes_on_from_can_not_be_undone() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", did=DID)
    _replace(stage, "a", "big")
    _replace(stage, "a-2", "line", LATER + 5 * DAY)
    _refused("replaced", lambda: _delete(stage, "ann", "a-2"))
    _delete(stage, "ann", "a-2-2")
    _delete(stage, "ann", "a-2")
    assert _find(stage, "ann", "a").end_date is None


def test_of_two_transfers_at_once_one_is_carried_out() -> None:
    stage = _stage()
    stage.customer("cat")
    stage.assign("a", "ann", "line", did=DID)
    tried: list[str] = []

    def between(request: Request, effect: Callable[[], Answer]) -> Answer:
        if request.writes and not tried:
            tried.append("other")
            _transfer(stage, to="cat")
        return effect()

    stage.store.hook = between
    _transfer(stage, to="bob")
    stage.store.hook = None
    days = [(one.start_date, one.end_date, one.customer_id) for one in did_tenures.find_tenures(stage.db, DID).all]
    assert sorted(days) == [(date(2024, 3, 1), date(2024, 3, 19), "ann"), (date(2024, 3, 20), None, "bob")]
    assert _of(stage, "cat")[0].cancelled


def test_a_step_that_loses_the_race_against_its_day_is_refused() -> None:
    stage = _stage()
    stage.assign("a", "ann", "daily", starts=-40, did=DID)
    tried: list[str] = []

    def between(request: Request, effect: Callable[[], Answer]) -> Answer:
        if request.writes and not tried:
            tried.append("evaluation")
            stage.evaluate()
        return effect()

    stage.store.hook = between
    with pytest.raises(NotOpen):
        _replace(stage, "a", "big", TODAY)
    assert tried
    assert _find(stage, "ann", "a").end_date is None


def test_an_evaluation_that_begins_after_it_charges_both_sides() -> None:
    stage = _stage()
    stage.assign("a", "ann", "daily", starts=-40, did=DID)
    stage.today = TODAY + DAY
    stage.evaluate("before")
    stage.next_day()
    _replace(stage, "a", "big", stage.today)
    daily.start_evaluation(stage.services, stage.context("now"), stage.today, allow_future=False)
    stage.work_off()
    assert [row for row in _charged(stage, "ann") if row[0] == "2024-03-03"] == [
        ("2024-03-03", "proration", "-29"), ("2024-03-03", "proration", "58"), ("2024-03-03", "setup", "7"),
    ]  # fmt: skip


def _call(name: str, day: date, seconds: int, did: str | None = DID) -> Call:
    started = datetime(day.year, day.month, day.day, 9, tzinfo=UTC).isoformat()
    return Call(name, started, day, "441234", seconds, Decimal(1), did)


def _record(stage: Stage, customer: str, *calls: Call) -> list[tuple[int, list[str]]]:
    rated = usage.record_calls(stage.db, stage.context("usage"), customer, calls, RETAINED)
    return [(one.free_seconds, [draw.assignment_id for draw in one.drawn]) for one in rated]


def test_minutes_used_stay_used_with_the_same_package_and_begin_anew_after_a_transfer() -> None:
    stage = _stage()
    stage.assign("a", "ann", "minutes", did=DID, free_minutes=2)
    assert _record(stage, "ann", _call("one", TODAY, 90)) == [(90, ["a"])]
    _replace(stage, "a", "minutes", date(2024, 3, 10))
    _through(stage, date(2024, 3, 10))
    day = date(2024, 3, 11)
    assert _record(stage, "ann", _call("two", day, 90)) == [(30, ["a-2"])]
    assert _find(stage, "ann", "a-2").charged
    _transfer(stage)
    stage.today = LATER
    (moved,) = _of(stage, "bob")
    assert _record(stage, "bob", _call("three", LATER, 90)) == [(90, [moved.assignment_id])]
    stage.today = date(2024, 4, 1)
    assert _record(stage, "bob", _call("four", stage.today, 130)) == [(120, [moved.assignment_id])]


def test_late_calls_of_the_days_before_share_the_bucket() -> None:
    stage = _stage()
    stage.assign("a", "ann", "minutes", did=DID, free_minutes=2)
    _replace(stage, "a", "minutes", date(2024, 3, 10))
    stage.today = date(2024, 3, 11)
    calls = [_call("new", date(2024, 3, 10), 90), _call("late", date(2024, 3, 9), 90)]
    assert _record(stage, "ann", *calls) == [(90, ["a-2"]), (30, ["a"])]


def test_a_skipped_due_date_gives_the_new_one_no_minutes() -> None:
    stage = _stage()
    stage.assign("a", "ann", "minutes", starts=-20, did=DID, free_minutes=2)
    _with_terms(stage, TermsEntry(date(2024, 2, 25), date(2024, 3, 5), {"paused": True}))
    _replace(stage, "a", "minutes", date(2024, 3, 10))
    stage.today = date(2024, 4, 1)
    assert _record(stage, "ann", _call("one", date(2024, 3, 11), 30), _call("two", stage.today, 30)) == [(0, []), (30, ["a-2"])]


def test_another_package_begins_its_minutes_anew() -> None:
    stage = _stage()
    stage.package("more", retail=Decimal(3), type="free_minutes", frequency="monthly")
    stage.assign("a", "ann", "minutes", did=DID, free_minutes=2)
    _record(stage, "ann", _call("one", TODAY, 90))
    _replace(stage, "a", "more", date(2024, 3, 10))
    stage.today = date(2024, 3, 11)
    assert _record(stage, "ann", _call("two", stage.today, 200)) == [(120, ["a-2"])]


def test_minutes_are_left_behind_where_the_package_gives_none() -> None:
    stage = _stage()
    stage.assign("a", "ann", "minutes", did=DID, free_minutes=2)
    assert _replace(stage, "a", "line").handover.new.free_minutes is None
    with pytest.raises(Invalid):
        _replace(stage, "a-2", "minutes", LATER + DAY)
    with pytest.raises(Conflict):
        _replace(stage, "a", "minutes", LATER + DAY, by="again")


def test_an_old_one_that_a_replacement_ended_early_still_takes_other_terms() -> None:
    stage = _stage()
    stage.package("bound", retail=Decimal(1), minimum_days=60, frequency="daily")
    stage.assign("a", "ann", "bound", did=DID)
    _replace(stage, "a", "line")
    _with_terms(stage, TermsEntry(TODAY + DAY, None, {"quantity": 2}))
    entry = TermsEntry(TODAY + 2 * DAY, None, {"quantity": 3})
    assignments.write_terms(stage.db, stage.context("terms"), ("ann", "a"), None, entry, True, correct=False)
    assert [one.begins for one in _find(stage, "ann", "a").terms] == [TODAY + DAY, TODAY + 2 * DAY]


@pytest.mark.parametrize("starts", [5, 30])
def test_the_start_date_of_an_old_one_is_fixed_too(starts: int) -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", starts=starts, did=DID)
    _transfer(stage)
    _refused("replaced", lambda: _edit(stage, "a", start_date=TODAY + 4 * DAY))


@pytest.mark.parametrize("ends", [None, date(2024, 12, 31)])
def test_what_moved_along_can_not_be_deleted_until_it_has_begun(ends: date | None) -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", starts=30, did=DID, end_date=ends)
    (moved,) = _transfer(stage)
    _refused("replaced", lambda: _delete(stage, "ann", "a"))
    _delete(stage, "bob", moved.handover.new.assignment_id)
    assert (_find(stage, "ann", "a").cancelled, _find(stage, "ann", "a").end_date) == (False, ends)


def test_what_moved_along_stays_when_it_is_deleted_on_the_evaluated_day_of_its_start() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", did=DID, charge_from=TODAY + 5 * DAY)
    _transfer(stage, TODAY)
    stage.evaluate()
    _delete(stage, "ann", "a")
    assert _find(stage, "ann", "a").cancelled


def test_deleting_does_nothing_to_what_a_replacement_ended_before_its_minimum_days() -> None:
    stage = _stage()
    stage.package("bound", retail=Decimal(1), minimum_days=60, frequency="daily")
    stage.assign("a", "ann", "bound", 1)
    _replace(stage, "a", "big")
    _through(stage, LATER + DAY)
    ended = _find(stage, "ann", "a")
    _delete(stage, "ann", "a")
    assert _find(stage, "ann", "a") == ended
