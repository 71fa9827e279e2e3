"""Changes of many: a dry run tells what the application does, each once; and an undo puts back what nobody has touched since."""

import json
import os
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.assignment import TermsEntry
from chalicelib.domain.changing import COMPARED_DAYS
from chalicelib.domain.errors import Conflict, Invalid, NotFound, NotOpen
from chalicelib.domain.package import Package
from chalicelib.domain.schedule import DAY
from chalicelib.storage import assignments as storing
from chalicelib.storage import packages as catalog
from chalicelib.storage.db import decode
from chalicelib.usecases import assignments, changes
from chalicelib.usecases import packages as creating
from chalicelib.wire.bodies import parse
from chalicelib.wire.change_bodies import ChangeBody
from chalicelib.wire.change_views import change_of, change_view, listed_item
from tests.world.scheduler import Crashed
from tests.world.stage import TODAY, Stage, made_once
from tests.world.test_crashes import CrashAt

Json = dict[str, Any]


@made_once
def sold() -> Stage:
    """Customers with a package that is charged in many ways, one who runs short, one who is parked, one with an end."""
    stage = Stage(segments=3)
    stage.today = TODAY - DAY
    stage.package("line", cost=Decimal(5), retail=Decimal("9.99"), setup_retail=Decimal(2), frequency="monthly")
    stage.package("daily", cost=Decimal("0.10"), retail=Decimal("0.35"), frequency="daily", proration="daily")
    stage.package("other", cost=Decimal(1), retail=Decimal(4), frequency="monthly", minimum_days=60)
    for n in range(6):
        stage.customer(f"c{n}", limit="20" if n == 2 else None)
        stage.assign(f"line-{n}", f"c{n}", "line", -n, did=f"4420{n}", quantity=n + 1, auto_decrement_credit=n % 2 == 0)
    stage.assign("half", "c0", "line", discount=Decimal("12.5"))
    stage.assign("own", "c1", "line", retail=Decimal(8))
    stage.assign("ends", "c3", "line", end_date=TODAY + 9 * DAY)
    stage.assign("bound", "c4", "other")
    stage.assign("days", "c5", "daily", quantity=3)
    stage.evaluate("first")
    stage.next_day()
    return stage


def work_off(stage: Stage, seconds_left: float = 100.0) -> None:
    while stage.queued_work:
        message = stage.queued_work[0]
        stage.carry_out_work(message, stage.context("worker"), lambda: seconds_left)
        stage.queued_work.remove(message)


def shown(stage: Stage, work_id: str) -> Any:
    return change_view(*changes.read_change(stage.services, stage.context("look"), work_id))


def tried(stage: Stage, body: Json, name: str = "change", seconds_left: float = 100.0) -> Any:
    """A dry run, done."""
    given = parse(ChangeBody, body)
    changes.request_change(stage.services, stage.context(name), given.change(), json.dumps(body))
    work_off(stage, seconds_left)
    return shown(stage, name)


def applied(stage: Stage, name: str = "change") -> Any:
    made = changes.request_application(stage.services, stage.context("apply"), name)
    work_off(stage)
    return shown(stage, made.work_id)


def touched(stage: Stage) -> None:
    """Somebody gives an assignment another quantity."""
    somebody = stage.context("edit")._replace(by="somebody")
    assignments.change_assignment(stage.db, somebody, ("c1", "own"), None, lambda one: one._replace(quantity=2), False)


def undone(stage: Stage, name: str = "change:applied") -> Any:
    found = changes.find_change(stage.db, name)
    made = changes.request_undo(stage.services, stage.context("undo"), name, change_of(found))
    work_off(stage)
    return shown(stage, made.work_id)


def retail_posted(stage: Stage, days: int) -> Decimal:
    """What the evaluation of the coming days posts and holds."""
    before = {(item["pk"]["S"], item["sk"]["S"]) for item in stage.store.items("ledger")}
    for n in range(days):
        stage.evaluate(f"day-{n}")
        stage.next_day()
    new = [item for item in stage.store.items("ledger") if (item["pk"]["S"], item["sk"]["S"]) not in before]
    return sum((Decimal(item["retail"]["N"]) for item in new if "retail" in item and item["status"]["S"] == "posted"), Decimal(0))


RISE: Json = {"what": "price", "where": {"packages": ["line"]}, "from": "2024-03-10", "percent": "10"}
DISCOUNT: Json = {
    "what": "terms",
    "where": {"customer_prefix": "c", "packages": ["line"]},
    "from": "2024-03-10",
    "terms": {"discount": "5"},
}
PAUSE: Json = {
    "what": "terms", "where": {"dids": ["44200", "44201"]}, "from": "2024-03-20", "terms": {"paused": True, "until": "2024-04-05"},
}  # fmt: skip
END: Json = {"what": "end", "where": {"packages": ["line", "other"]}, "on": "2024-03-25"}
MOVE: Json = {"what": "replace", "where": {"packages": ["line"], "valid_on": "2024-03-31"}, "from": "2024-03-15", "package_id": "daily"}
ALL: dict[str, Json] = {"price": RISE, "terms": DISCOUNT, "pause": PAUSE, "end": END, "replace": MOVE}


@pytest.mark.parametrize("kind", ALL)
def test_the_difference_told_is_what_the_days_post_more_or_less(kind: str) -> None:
    """Two copies of the world: with the change and without."""
    without, with_it = sold(), sold()
    told = tried(with_it, ALL[kind])
    done = applied(with_it)
    assert (done["status"], done["changes"], done["refuses"]) == ("finished", told["changes"], 0)
    (sums,) = told["sums"]
    before, after = retail_posted(without, COMPARED_DAYS), retail_posted(with_it, COMPARED_DAYS)
    assert Decimal(sums["difference"]) == after - before != 0


def state_of(stage: Stage) -> tuple[Any, Any]:
    """What assignments and packages are, whoever changed them when."""
    found = [
        storing.assignment_from_item(decode(item)) for item in stage.store.items("accounts") if item["sk"]["S"].startswith("ASSIGNMENT#")
    ]
    said = sorted((one._replace(version=0, updated_at="", updated_by="", superseded_terms=()) for one in found), key=str)
    lists = [(one.package_id, one.price_lists) for one in catalog.list_packages(stage.db, None, 100)[0]]
    tenures = sorted(str(item["holds"]) for item in stage.store.items("catalog") if item["pk"]["S"].startswith("DID#"))
    return said, (lists, tenures)


CHOSEN: Json = {"what": "end", "where": {"assignments": ["line-4", "half", "bound", "gone"]}, "on": "2024-03-25"}


@pytest.mark.parametrize("customers", [[], ["c0", "c4", "nobody"]], ids=["looked for among all", "of named customers"])
def test_chosen_assignments_are_changed_and_no_others(customers: list[str]) -> None:
    stage = sold()
    asked = CHOSEN | {"where": {**CHOSEN["where"], **({"customers": customers} if customers else {})}}
    told = tried(stage, asked)
    assert [(one["customer_id"], one["assignment_id"], one["package_name"]) for one in told["items"]] == [
        ("c0", "half", "line"), ("c4", "line-4", "line"),
    ]  # fmt: skip
    assert [(one["assignment_id"], one["code"]) for one in told["refused"]] == [("bound", "minimum_days")]
    assert applied(stage)["changes"] == told["changes"]
    ended = {one.assignment_id for one in every_assignment(stage) if one.end_date == date(2024, 3, 25)}
    assert ended == {one["assignment_id"] for one in told["items"]}


def every_assignment(stage: Stage) -> list[Any]:
    return [one for n in range(6) for one in storing.of_customer(stage.db, f"c{n}")[1]]


@pytest.mark.parametrize("seconds_left", [100.0, 10.0])
def test_all_that_was_met_is_listed_page_by_page(seconds_left: float) -> None:
    stage = sold()
    told = tried(stage, END, seconds_left=seconds_left)
    found: dict[bool, list[Any]] = {}
    for refused in (False, True):
        after = None
        found[refused] = []
        while True:
            page, after = changes.items_of_change(stage.services, stage.context("look"), "change", refused=refused, after=after, limit=2)
            assert len(page) <= 2
            found[refused] += [listed_item(row) for row in page]
            if after is None:
                break
    assert found[False] == [{**one, "code": None, "detail": None} for one in told["items"]]
    assert found[True] == told["refused"] != []


def test_an_application_says_how_far_it_is() -> None:
    stage = sold()
    seen = tried(stage, DISCOUNT)["changes"]
    changes.request_application(stage.services, stage.context("apply"), "change")
    with pytest.raises(Conflict, match="not finished"):
        changes.items_of_change(stage.services, stage.context("look"), "change:applied", refused=False, after=None, limit=2)
    told = [shown(stage, "change:applied")]
    while stage.queued_work:
        stage.carry_out_work(stage.queued_work.pop(0), stage.context("worker"), lambda: 100.0)
        told.append(shown(stage, "change:applied"))
    assert {(one["met"]) for one in told} == {seen}
    assert [one["changes"] for one in told[:1] + told[-2:]] == [0, seen, seen]
    assert told[-2]["status"] == "running"


def test_who_can_not_be_changed_is_told_why() -> None:
    stage = sold()
    told = tried(stage, END)
    refused = {one["assignment_id"]: one["code"] for one in told["refused"]}
    assert refused == {"bound": "minimum_days"}
    assert (told["met"], told["changes"], told["refuses"]) == (10, 9, 1)
    stage.today = TODAY + 20 * DAY
    stage.evaluate("later")
    ended = tried(stage, DISCOUNT | {"from": "2024-04-01"}, "later")
    assert {one["assignment_id"]: one["code"] for one in ended["refused"]} == {"ends": "ended"}
    again = tried(stage, DISCOUNT | {"from": "2024-04-01", "terms": {"discount": "0"}}, "same")
    assert {one["code"] for one in again["refused"]} == {"unchanged", "ended"}


def test_exactly_what_was_seen_is_changed_and_what_was_touched_meanwhile_is_told() -> None:
    stage = sold()
    told = tried(stage, DISCOUNT)
    assert {one["assignment_id"] for one in told["items"]} == {*(f"line-{n}" for n in range(6)), "half", "own", "ends"} - {"ends"} | {
        "ends"
    }
    touched(stage)
    stage.assign("new", "c1", "line")
    done = applied(stage)
    assert [(one["assignment_id"], one["code"]) for one in done["refused"]] == [("own", "version_mismatch")]
    changed = {item["sk"]["S"] for item in stage.store.items("accounts") if "terms" in item and "discount" in str(item["terms"])}
    assert changed == {f"ASSIGNMENT#{name}" for name in (*(f"line-{n}" for n in range(6)), "half", "ends")}
    before = stage.state()
    assert applied(stage)["changes"] == done["changes"]
    assert {**stage.state(), "runs": []} == {**before, "runs": []}


@pytest.mark.parametrize("kind", ALL)
def test_an_undo_puts_everything_back(kind: str) -> None:
    stage = sold()
    begins = date.fromisoformat(DISCOUNT["from"])  # an entry that begins on the same day is amended, and comes back
    entry = TermsEntry(begins, None, {"quantity": 7, "retail": Decimal("9.5")})
    assignments.write_terms(stage.db, stage.context("own"), ("c0", "line-0"), None, entry, False, correct=False)
    before = state_of(stage)
    tried(stage, ALL[kind])
    applied(stage)
    assert state_of(stage) != before
    back = undone(stage)
    assert (back["refuses"], back["status"]) == (0, "finished")
    assert state_of(stage) == before


def test_an_undo_leaves_what_somebody_has_touched_since() -> None:
    stage = sold()
    tried(stage, END)
    applied(stage)
    touched(stage)
    stage.assign("next", "c5", "line", 25, did="44200")
    back = undone(stage)
    assert {one["assignment_id"]: one["code"] for one in back["refused"]} == {"own": "version_mismatch", "line-0": "did_in_use"}
    stage.today = TODAY + 26 * DAY
    stage.evaluate("later")
    with pytest.raises(NotOpen):
        changes.request_undo(stage.services, stage.context("late"), "change:applied", parse(ChangeBody, END).change())


@pytest.mark.parametrize("kind", ALL)
def test_a_crash_anywhere_changes_each_once(kind: str) -> None:
    def played(crash: CrashAt) -> Stage:
        stage = sold()
        tried(stage, ALL[kind])
        for step in (changes.request_application, partial(changes.request_undo, change=parse(ChangeBody, ALL[kind]).change())):
            work_id = "change" if step is changes.request_application else "change:applied"
            stage.store.hook = stage.s3.hook = crash
            _despite_crash(stage, partial(step, stage.services, stage.context("asked"), work_id))
        stage.store.hook = stage.s3.hook = None
        return stage

    never = CrashAt(0, after=False)
    wanted = [state_of(played(never)), _history(played(never))]
    for number in range(1, never.calls + 1, 1 if os.environ.get("EVERY_CALL") else STEP[kind]):
        for after in (False, True):
            stage = played(CrashAt(number, after=after))
            assert [state_of(stage), _history(stage)] == wanted, (number, after)


STEP = {"price": 9, "terms": 149, "pause": 47, "end": 131, "replace": 173}
"""Of many calls every so many-th is tried, unless `EVERY_CALL` says otherwise."""


def _history(stage: Stage) -> Any:
    return stage.store.items("history")


def _despite_crash(stage: Stage, ask: Callable[[], object]) -> None:
    for _ in range(6):
        try:
            ask()
            work_off(stage)
        except Crashed:
            stage.store.hook = stage.s3.hook = None
        else:
            return
    raise AssertionError("it does not end")


@pytest.mark.parametrize(
    ("body", "faulty"),
    [
        ({"what": "end", "on": "2024-03-25"}, "/all"),
        ({"what": "end", "where": {"packages": ["line"]}}, "/on"),
        ({"what": "price", "where": {"customers": ["c1"]}, "from": "2024-04-01", "percent": "5"}, "/where"),
        ({"what": "price", "where": {"packages": ["line"]}, "from": "2024-04-01"}, "/percent"),
        ({"what": "price", "where": {"packages": ["line"]}, "from": "2024-04-01", "percent": "5", "amount": "1"}, "/percent"),
        ({"what": "terms", "where": {"packages": ["line"]}, "from": "2024-04-01", "terms": {}}, "/terms"),
        ({"what": "terms", "where": {"packages": ["line"]}, "terms": {"quantity": 1}, "percent": "5"}, "/from"),
        ({"what": "replace", "where": {"currency": "USD"}, "from": "2024-04-01", "package_id": "daily"}, "/where/packages"),
    ],
)
def test_what_is_not_said_clearly_is_refused(body: Json, faulty: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(ChangeBody, body)
    assert faulty in {fault.pointer for fault in refusal.value.faults}


def test_a_change_is_of_days_ahead_and_of_packages_that_there_are() -> None:
    stage = sold()
    for wrong in (RISE | {"from": "2024-02-29"}, END | {"on": "2024-02-01"}):
        with pytest.raises(NotOpen):
            tried(stage, wrong)
    with pytest.raises(Invalid, match="there is no package none"):
        tried(stage, RISE | {"where": {"packages": ["none"]}})
    with pytest.raises(NotFound):
        changes.request_application(stage.services, stage.context("none"), "none")
    change = parse(ChangeBody, RISE).change()
    changes.request_change(stage.services, stage.context("busy"), change, json.dumps(RISE))
    with pytest.raises(Conflict, match="poll it"):
        changes.request_application(stage.services, stage.context("early"), "busy")


@pytest.mark.parametrize(
    ("currency", "retail", "percent", "price"),
    [("KWD", "1.255", "10", "1.381"), ("JPY", "1234567", "7.5", "1327160"), ("USD", "9.99", "10", "10.99")],
)
def test_prices_are_rounded_as_their_currency_is(currency: str, retail: str, percent: str, price: str) -> None:
    stage = Stage()
    context = stage.context("own")
    creating.create_package(stage.db, context, Package("", "own", currency, retail=Decimal(retail), frequency="monthly"))
    change = tried(stage, {**RISE, "percent": percent, "where": {"packages": ["own"]}})
    (item,) = change["items"]
    assert item["currency"] == currency
    assert [(one["name"], Decimal(one["before"]), Decimal(one["after"])) for one in item["prices"]] == [
        ("retail", Decimal(retail), Decimal(price))
    ]
    assert applied(stage)["changes"] == 1
    (new,) = catalog.find_packages(stage.db, ["own"])["own"].price_lists
    assert new.retail == Decimal(price)


STEPS = [({"percent": "10"}, "10.99"), ({"amount": "-0.005", "decimals": 3}, "9.985"), ({"percent": "-100"}, "0")]


@pytest.mark.parametrize(("step", "price"), STEPS)
def test_prices_change_by_percent_or_amount_and_are_rounded(step: Json, price: str) -> None:
    stage = sold()
    body = {name: value for name, value in RISE.items() if name != "percent"} | step
    tried(stage, body)
    assert applied(stage)["changes"] == 1
    (new,) = catalog.find_packages(stage.db, ["line"])["line"].price_lists
    assert (str(new.retail), new.begins, new.cost) == (price, date(2024, 3, 10), None)
