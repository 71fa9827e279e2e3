"""Days before the first open day: what is charged at once, what an edit may no longer move past (rules: The daily evaluation)."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.assigning import RequestedAssignment
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.errors import BillingError, Conflict, Invalid, InvalidRows
from chalicelib.domain.importing import FileOfAssignments
from chalicelib.domain.schedule import DAY
from chalicelib.storage import assignments as stored
from chalicelib.usecases import assigning, assignments, customers, imports, packages, warnings
from chalicelib.usecases.runs import daily
from tests.world.dynamodb import Answer, Request, error
from tests.world.stage import TODAY, Stage, furnished

IDS = ("ann", "a")
Create = Callable[..., None]


def _by_request(stage: Stage, start: date, package: str = "line", *, confirmed: bool = True) -> None:
    assigning.create_assignment(stage.db, stage.context("a"), Assignment("ann", "", package, start), None, confirmed)


def _by_file(stage: Stage, start: date, package: str = "line", *, confirmed: bool = True) -> None:
    row = RequestedAssignment(2, Assignment("ann", "a", package, start), confirm_backlog=confirmed)
    imports.assign(stage.db, stage.context("file"), FileOfAssignments([row]), dry_run=False)


CREATED = pytest.mark.parametrize("create", [_by_request, _by_file], ids=["request", "file"])


def _stage(**package: Any) -> Stage:
    stage = Stage()
    stage.services = stage.services._replace(allow_future=True)
    stage.customer("ann")
    stage.package("line", **{"retail": Decimal(1), "frequency": "daily"} | package)
    return stage


def _edit(stage: Stage, *, confirmed: bool = True, **fields: Any) -> None:
    assignments.change_assignment(stage.db, stage.context("edit"), IDS, None, lambda old: old._replace(**fields), confirmed)


def _set(name: str, day: date) -> dict[str, Any]:
    return {name: day}


def _refused(code: str, work: Callable[[], Any]) -> BillingError:
    with pytest.raises(Conflict) as refused:
        work()
    assert refused.value.code == code, refused.value.detail
    return refused.value


def _charged(stage: Stage) -> list[str]:
    return [item["sk"]["S"][:10] for item in stage.store.items("ledger")]


def _mark(stage: Stage) -> date | None:
    one = stored.find_assignment(stage.db, *IDS)
    assert one is not None
    return one.evaluate_from


def _ahead(stage: Stage, day: date, *, failing: bool = False) -> None:
    """Evaluate a day after today; failing: no charge can be posted, for a reason that nobody has thought of."""

    def fail(request: Request, effect: Callable[[], Answer]) -> Answer:
        actions = request.arguments.get("TransactItems", ())
        if any(given["TableName"] == "ledger" for action in actions for given in action.values()):
            raise error("SomethingElseException")
        return effect()

    stage.store.hook = fail if failing else None
    daily.start_evaluation(stage.services, stage.context("ahead"), day, allow_future=True)
    stage.work_off()
    stage.store.hook = None


def _days(stage: Stage, number: int) -> None:
    """Let days pass and evaluate each."""
    for n in range(number):
        stage.next_day()
        stage.evaluate(f"day{n}")


def _span(first: date, last: date) -> list[str]:
    return [str(first + n * DAY) for n in range((last - first).days + 1)]


@CREATED
def test_a1_days_without_a_price_are_not_charged_when_there_is_one(create: Create) -> None:
    stage = _stage(retail=Decimal(0))
    create(stage, TODAY - 20 * DAY)
    assert _mark(stage) == TODAY
    packages.change_package(stage.db, stage.context("price"), "line", None, lambda old: old._replace(retail=Decimal(5)))
    stage.evaluate()
    assert _charged(stage) == [str(TODAY)]


@CREATED
@pytest.mark.parametrize("moved", [False, True], ids=["made", "moved back"])
def test_a1_a_sweep_that_catches_up_charges_no_day_that_the_backlog_has_been_through(create: Create, moved: bool) -> None:
    """Days were missed, nothing was charged on them at their price by the time, and then there is another price."""
    stage = _stage(retail=Decimal(0))
    _days(stage, 1)
    stage.today += 3 * DAY
    create(stage, stage.today if moved else stage.today - 2 * DAY)
    if moved:
        _edit(stage, start_date=stage.today - 2 * DAY)
    packages.change_package(stage.db, stage.context("price"), "line", None, lambda old: old._replace(retail=Decimal(5)))
    stage.evaluate()
    assert _charged(stage) == [str(stage.today)]


def test_a9_what_an_end_date_leaves_due_stays_marked() -> None:
    """Days after today are evaluated, and nothing could be posted on them."""
    stage = _stage()
    _by_request(stage, TODAY)
    _ahead(stage, TODAY + 5 * DAY, failing=True)
    assert _mark(stage) == TODAY
    _refused("ended", lambda: _edit(stage, end_date=TODAY + 3 * DAY))
    _edit(stage, end_date=TODAY + 6 * DAY)
    assert _mark(stage) == TODAY
    _days(stage, 8)
    assert _charged(stage) == _span(TODAY, TODAY + 6 * DAY)


def test_a9_an_end_date_lies_on_the_last_day_whose_evaluation_has_begun_or_later() -> None:
    stage = _stage(minimum_spend=True, frequency="monthly", frequency_match=(1,))
    _by_request(stage, TODAY)
    _ahead(stage, TODAY + 2 * DAY)
    _refused("ended", lambda: _edit(stage, end_date=TODAY + DAY))
    _edit(stage, end_date=TODAY + 2 * DAY)
    _edit(stage, end_date=TODAY + 4 * DAY)
    _ahead(stage, TODAY + 5 * DAY)
    _refused("ended", lambda: _edit(stage, end_date=None))


def test_a9_deleting_ends_it_on_the_last_day_whose_evaluation_has_begun() -> None:
    stage = _stage()
    _by_request(stage, TODAY)
    _ahead(stage, TODAY + 2 * DAY)
    assignments.delete_assignment(stage.db, stage.context("end"), IDS, None)
    assert stored.find_assignment(stage.db, *IDS).end_date == TODAY + 2 * DAY  # type: ignore[union-attr]
    version = stored.find_assignment(stage.db, *IDS).version  # type: ignore[union-attr]
    assignments.delete_assignment(stage.db, stage.context("end"), IDS, None)
    assert stored.find_assignment(stage.db, *IDS).version == version  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["start_date", "charge_from"])
def test_a9_the_first_day_does_not_move_past_a_due_date_that_nobody_posted(name: str) -> None:
    stage = _stage()
    _by_request(stage, TODAY)
    _ahead(stage, TODAY + 2 * DAY, failing=True)
    refused = _refused("not_evaluated", lambda: _edit(stage, **_set(name, TODAY + DAY)))
    assert refused.extra["fields"] == [name]
    _refused("not_evaluated", lambda: _edit(stage, **_set(name, TODAY + 9 * DAY)))
    _days(stage, 3)
    assert _charged(stage) == _span(TODAY, TODAY + 3 * DAY)


def test_a9_a_crash_before_the_backlog_is_posted_fixes_the_start_date() -> None:
    stage = _stage()
    _by_request(stage, TODAY + DAY)
    stage.today += 3 * DAY
    _refused("not_evaluated", lambda: _edit(stage, start_date=stage.today))
    stage.evaluate()
    assert _charged(stage) == _span(TODAY + DAY, TODAY + 3 * DAY)


@pytest.mark.parametrize("fields", [{"retail": Decimal(0)}, {"frequency": "weekly", "frequency_match": (0,)}], ids=["free", "not due"])
def test_a9_the_first_day_moves_past_days_on_which_nothing_is_charged(fields: dict[str, Any]) -> None:
    stage = _stage(**fields)
    _by_request(stage, TODAY)
    _ahead(stage, TODAY + DAY)
    _edit(stage, start_date=TODAY + 2 * DAY)


def test_a9_a_day_that_was_evaluated_without_a_price_needs_no_charge() -> None:
    stage = _stage(retail=Decimal(0))
    _by_request(stage, TODAY)
    stage.evaluate()
    packages.change_package(stage.db, stage.context("price"), "line", None, lambda old: old._replace(retail=Decimal(5)))
    _edit(stage, start_date=TODAY + DAY)
    _days(stage, 1)
    assert _charged(stage) == [str(TODAY + DAY)]


@CREATED
@pytest.mark.parametrize("name", ["start_date", "charge_from"])
def test_a9_nor_does_a_free_day_of_the_backlog(create: Create, name: str) -> None:
    stage = _stage(retail=Decimal(0))
    create(stage, TODAY - 2 * DAY)
    packages.change_package(stage.db, stage.context("price"), "line", None, lambda old: old._replace(retail=Decimal(5)))
    _edit(stage, **_set(name, TODAY + DAY))
    _days(stage, 1)
    assert _charged(stage) == [str(TODAY + DAY)]


@CREATED
def test_c_backlog_goes_through_a_day_whose_evaluation_has_begun(create: Create) -> None:
    stage = _stage()
    daily.start_evaluation(stage.services, stage.context("start"), TODAY, allow_future=False)
    create(stage, TODAY)
    assert _charged(stage) == [str(TODAY)]
    stage.work_off()
    assert _charged(stage) == [str(TODAY)]


@pytest.mark.parametrize(
    ("start", "needed"),
    [
        pytest.param(date(2021, 3, 1), True, id="B23-three years back"),
        pytest.param(TODAY - timedelta(days=32), True, id="B23-32 days back"),
        pytest.param(TODAY - timedelta(days=31), False, id="B23-31 days back"),
    ],
)
@CREATED
def test_old_backlog_needs_confirmation(create: Create, start: date, needed: bool) -> None:
    stage = _stage(frequency="yearly", retail=Decimal(10000))
    if not needed:
        create(stage, start, confirmed=False)
    elif create is _by_file:
        with pytest.raises(InvalidRows) as refused:
            create(stage, start, confirmed=False)
        assert [fault.column for fault in refused.value.faults] == ["confirm_backlog"]  # type: ignore[union-attr]
    else:
        _refused("backlog", lambda: create(stage, start, confirmed=False))
    assert bool(_charged(stage)) is not needed
    create(stage, start)
    assert _charged(stage)


@pytest.mark.parametrize("name", ["start_date", "charge_from"])
def test_b23_an_edit_into_the_past_needs_confirmation(name: str) -> None:
    stage = _stage(frequency="yearly")
    stage.assign("a", "ann", "line", -400, charge_from=TODAY + DAY)
    back: dict[str, Any] = {"charge_from": None} | ({"start_date": date(2022, 3, 1)} if name == "start_date" else {})
    _refused("backlog", lambda: _edit(stage, confirmed=False, **back))
    assert not _charged(stage)
    _edit(stage, **back)
    assert _charged(stage)


def _parked() -> Stage:
    """Ann has more charges than the safety bound allows; line is another package."""
    stage = _stage()
    stage.services = stage.services._replace(max_lines=1)
    stage.package("other", retail=Decimal(2), frequency="daily")
    for name in ("b", "c"):
        stage.assign(name, "ann", "other")
    stage.evaluate()
    assert not _charged(stage)
    return stage


def test_no_backlog_of_a_parked_customer_is_posted() -> None:
    stage = _parked()
    _refused("parked", lambda: _by_request(stage, TODAY - DAY))
    with pytest.raises(InvalidRows) as refused:
        _by_file(stage, TODAY - DAY)
    assert [fault.column for fault in refused.value.faults] == ["customer_id"]  # type: ignore[union-attr]

    _by_request(stage, TODAY + DAY)
    _refused("parked", lambda: _edit(stage, start_date=TODAY - DAY))
    _edit(stage, quantity=2)
    assert not _charged(stage)

    customers.unpark_customer(stage.db, stage.context("unpark"), "ann")
    _days(stage, 1)
    assert _charged(stage) == [str(TODAY)] * 2 + [str(TODAY + DAY)] * 3


def test_backlog_that_waits_while_its_customer_is_parked_is_posted_afterwards() -> None:
    """The request was cut off before it posted; the customer is parked by the time that it is sent again."""
    stage = _parked()
    customers.unpark_customer(stage.db, stage.context("unpark"), "ann")

    def cut_off(request: Request, effect: Callable[[], Answer]) -> Answer:
        if request.operation == "transact_write_items" and "ledger" in str(request.arguments):
            raise error("SomethingElseException")
        return effect()

    stage.store.hook = cut_off
    with pytest.raises(Exception, match="SomethingElse"):
        _by_request(stage, TODAY - DAY)
    stage.store.hook = None
    stage.store.tables["accounts"].items["ann", "ACCOUNT"]["parked"] = {"BOOL": True}
    _by_request(stage, TODAY - DAY)
    assert not _charged(stage)
    assert _mark(stage) == TODAY - DAY


@CREATED
def test_a1_nor_does_a_price_reach_the_free_backlog_of_a_parked_customer(create: Create) -> None:
    stage = _parked()
    stage.package("free", frequency="daily")
    create(stage, TODAY - 2 * DAY, "free")
    assert _mark(stage) == TODAY + DAY
    packages.change_package(stage.db, stage.context("price"), "free", None, lambda old: old._replace(retail=Decimal(5)))
    customers.unpark_customer(stage.db, stage.context("unpark"), "ann")
    _days(stage, 1)
    assert _charged(stage) == [str(TODAY)] * 2 + [str(TODAY + DAY)] * 3


def test_b21_what_was_assigned_by_mistake_today_is_removed() -> None:
    stage = _stage(setup_retail=Decimal(20))
    for start in (TODAY, TODAY + DAY):
        _by_request(stage, start)
        assignments.delete_assignment(stage.db, stage.context("end"), IDS, None)
        assert stored.find_assignment(stage.db, *IDS) is None
    _days(stage, 2)
    assert not _charged(stage)


def test_b21_an_assignment_of_one_day_is_removed_too() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", end_date=TODAY)
    assignments.delete_assignment(stage.db, stage.context("end"), IDS, None)
    assert stored.find_assignment(stage.db, *IDS) is None


def test_b21_what_is_charged_today_ends_today() -> None:
    stage = _stage()
    _by_request(stage, TODAY)
    stage.evaluate()
    assignments.delete_assignment(stage.db, stage.context("end"), IDS, None)
    _days(stage, 2)
    assert _charged(stage) == [str(TODAY)]


def test_b22_what_is_charged_whole_before_it_begins_is_cancelled_and_all_of_it_named() -> None:
    """Days after today are evaluated, beyond its end."""
    stage = _stage(minimum_spend=True, frequency="monthly", frequency_match=(1,), setup_retail=Decimal(4))
    stage.assign("a", "ann", "line", 1, end_date=TODAY + 2 * DAY)
    _ahead(stage, TODAY + 5 * DAY)
    assert _charged(stage) == [str(TODAY + DAY), str(TODAY + 3 * DAY)]
    assignments.delete_assignment(stage.db, stage.context("end"), IDS, None)
    assert stored.find_assignment(stage.db, *IDS).cancelled  # type: ignore[union-attr]
    assert len(warnings.end_warnings(stage.db, *IDS)[0].ids) == 2
    _days(stage, 8)
    assert len(_charged(stage)) == 2


def test_deleting_does_nothing_to_what_was_cancelled_though_it_has_minimum_days() -> None:
    stage = _stage(minimum_days=30)
    stage.assign("a", "ann", "line", 1)
    _ahead(stage, TODAY + DAY)
    assignments.delete_assignment(stage.db, stage.context("end"), IDS, None)
    cancelled = stored.find_assignment(stage.db, *IDS)
    assert cancelled is not None
    assert cancelled.cancelled
    _days(stage, 2)
    assignments.delete_assignment(stage.db, stage.context("again"), IDS, None)
    assert stored.find_assignment(stage.db, *IDS) == cancelled


def test_b21_minimum_days_bind_from_the_start_date_on() -> None:
    stage = _stage(minimum_days=30)
    _by_request(stage, TODAY)
    _refused("minimum_days", lambda: assignments.delete_assignment(stage.db, stage.context("end"), IDS, None))
    stage.assign("later", "ann", "line", 1)
    assignments.delete_assignment(stage.db, stage.context("end"), ("ann", "later"), None)
    assert stored.find_assignment(stage.db, "ann", "later") is None


TRIED: list[tuple[int, int | None, bool]] = [(-2, None, False), (-6, None, True), (0, None, False), (-6, -1, False)]


@pytest.mark.parametrize(("starts", "charged_from", "confirm"), TRIED, ids=["few", "many", "none", "taken over"])
def test_what_is_told_to_be_charged_at_once_is_what_is_posted(starts: int, charged_from: int | None, confirm: bool) -> None:
    """A dry run says it, also where nobody has to confirm, and writes nothing."""
    stage = furnished()
    charge_from = None if charged_from is None else stage.today + charged_from * DAY
    draft = Assignment("rich", "", "line", stage.today + starts * DAY, quantity=2, charge_from=charge_from)
    state = stage.state()
    tried = assigning.try_assignment(stage.db, stage.context("try"), draft, None)
    assert stage.state() == state
    assert tried.needs_confirmation == confirm
    before = {(item["pk"]["S"], item["sk"]["S"]) for item in stage.store.items("ledger")}
    assigning.create_assignment(stage.db, stage.context("made"), draft, None, True)
    new = [item for item in stage.store.items("ledger") if (item["pk"]["S"], item["sk"]["S"]) not in before]
    told = sorted((line.due_date.isoformat(), line.kind, line.retail) for line in tried.lines)
    assert told == sorted((item["sk"]["S"][:10], item["sk"]["S"].split("~")[1][2:], Decimal(item["retail"]["N"])) for item in new)


def test_a_dry_run_is_refused_for_what_would_refuse_the_assignment() -> None:
    stage = furnished()
    with pytest.raises(Invalid) as refusal:
        assigning.try_assignment(stage.db, stage.context("try"), Assignment("rich", "", "minutes", stage.today), None)
    assert [fault.pointer for fault in refusal.value.faults] == ["/free_minutes"]
    with pytest.raises(Conflict, match="4420"):
        assigning.try_assignment(stage.db, stage.context("try"), Assignment("poor", "", "line", stage.today, "4420"), None)
