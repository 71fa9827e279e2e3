"""Reconciliations with the carrier as long work: what differs, whatever happens to the workers (rules: Reconciliation)."""

import random
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.errors import Conflict, Malformed, NotFound
from chalicelib.domain.package import Package
from chalicelib.domain.reconciliation import ListedNumber
from chalicelib.storage import accounts, keys
from chalicelib.storage.db import update
from chalicelib.usecases import packages, reconciliations
from chalicelib.usecases.reconciliations import staging
from chalicelib.usecases.runs import sweep
from chalicelib.usecases.work import merging, pieces, read_work, turns
from chalicelib.wire import answers
from chalicelib.wire.reconciliation_views import reconciliation_view
from tests.usecases.exporting import ask, calls_that_may_crash, work_off, work_off_doubled
from tests.world.stage import TODAY, Stage, furnished, made_once

NAME = "reconciliation"
Listed = Mapping[str, ListedNumber]
YESTERDAY = TODAY - timedelta(days=1)


def listed(cost: str | None = None, row: int = 2, currency: str = "USD", customer_id: str | None = None) -> ListedNumber:
    return ListedNumber(row, None if cost is None else Decimal(cost), currency, customer_id)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects and files of a few records, which larger worlds have by themselves."""
    monkeypatch.setattr(pieces.PieceWork, "limits", pieces.PieceWork.limits._replace(customers=2, lines=3))
    monkeypatch.setattr(merging, "FILE_ROWS", 2)
    monkeypatch.setattr(merging, "RESORTED_GROUPS", 3)
    monkeypatch.setattr(staging, "SLICE_NUMBERS", 2)


@made_once
def numbered() -> Stage:
    """Customers with numbers: billed, paused, over, to come, once, and yearly in yen."""
    stage = Stage()
    stage.today = TODAY - timedelta(days=30)
    for name in ("acme", "beta", "gone"):
        stage.customer(name)
    stage.db.write(accounts.create_account(Account("yen", "JPY")))
    stage.package("did", cost=Decimal("1.20"), retail=Decimal("3.60"), frequency="monthly")
    stage.package("weekly", cost=Decimal("0.30"), retail=Decimal("0.90"), frequency="weekly")
    stage.package("once", cost=Decimal(5), retail=Decimal(9))
    packages.create_package(
        stage.db, stage.context("yearly"), Package("", "yearly", "JPY", cost=Decimal(10_000), retail=Decimal(30_000), frequency="yearly")
    )
    for n in range(4):
        stage.assign(f"acme-{n}", "acme", "did", did=f"4410{n}")
    stage.assign("beta-0", "beta", "did", did="44200")
    stage.assign("beta-also", "beta", "weekly", did="44200")
    stage.assign("beta-once", "beta", "once", did="44201")
    stage.assign("gone-first", "gone", "did", did="44300", end_date=stage.today + timedelta(days=9))
    stage.assign("then-beta", "beta", "did", starts=15, did="44300", end_date=stage.today + timedelta(days=20))
    stage.assign("coming", "beta", "did", starts=90, did="44301")
    stage.assign("yen-0", "yen", "yearly", did="81300")
    stage.assign("plain", "acme", "did")
    stage.today = TODAY
    return stage


ALL: Listed = {
    "44100": listed("1.20", 2, customer_id="acme"),
    "44101": listed("1.50", 3),
    "44102": listed("1.20", 4, customer_id="beta"),
    "44200": listed("2.5", 5),
    "44201": listed("9", 6),
    "44300": listed("0.70", 7),
    "44301": listed("0.70", 8, customer_id="acme"),
    "44999": listed(None, 9),
    "81300": listed("833", 10, "JPY"),
}


def made(stage: Stage, numbers: Listed = ALL, seconds_left: float = 100.0) -> answers.Reconciliation:
    """A finished reconciliation."""
    reconciliations.request_reconciliation(stage.services, stage.context(NAME), TODAY, numbers.items())
    work_off(stage, seconds_left)
    return found(stage)


def found(stage: Stage) -> answers.Reconciliation:
    return reconciliation_view(*reconciliations.read_reconciliation(stage.services, stage.context(NAME), NAME))


def rows(stage: Stage, kind: Any = None, limit: int = 200) -> list[answers.Discrepancy]:
    """All discrepancies, page by page."""
    told: list[answers.Discrepancy] = []
    after = None
    while True:
        page, after = reconciliations.discrepancies_page(stage.services, stage.context(NAME), NAME, kind, after, limit)
        told += page
        if after is None:
            return told


def told(stage: Stage) -> dict[str, list[str]]:
    return {kind: [row["did"] for row in rows(stage, kind)] for kind in ("unbilled", "unlisted", "cost", "customer")}


def sums(view: answers.Reconciliation, kind: str) -> dict[str, tuple[int, str, str, str, str]]:
    (one,) = (each for each in view["lists"] or () if each["discrepancy"] == kind)
    return {
        each["currency"]: (each["numbers"], each["carrier_cost"], each["cost"], each["retail"], each["difference"])
        for each in one["by_currency"]
    }


def test_each_number_stands_in_the_lists_that_it_belongs_to() -> None:
    stage = numbered()
    before = stage.state()
    view = made(stage)
    assert (view["status"], view["date"], view["rows"]) == ("finished", f"{TODAY}", 6)
    assert told(stage) == {"unbilled": ["44300", "44301", "44999"], "unlisted": ["44103"], "cost": ["44101"], "customer": ["44102"]}
    assert view["compared"] == {"listed": 9, "billed": 7, "differing": 6, "cost_not_compared": 1}
    assert sums(view, "unbilled") == {"USD": (3, "1.40", "0.00", "0.00", "0.00")}
    assert sums(view, "unlisted") == {"USD": (1, "0.00", "1.20", "3.60", "0.00")}
    assert sums(view, "cost") == {"USD": (1, "1.50", "1.20", "3.60", "0.30")}
    assert sums(view, "customer") == {"USD": (1, "1.20", "1.20", "3.60", "0.00")}
    assert [row["discrepancy"] for row in rows(stage)] == ["unbilled"] * 3 + ["unlisted", "cost", "customer"]
    assert [one["items"] for one in view["lists"] or ()] == [rows(stage, kind) for kind in told(stage)]
    assert {name for name, items in stage.state().items() if items != before[name]} == {"runs", "history"}, (
        "of the work, and that it is over"
    )


def test_what_a_discrepancy_says() -> None:
    stage = numbered()
    made(stage)
    last = rows(stage, "unbilled")[0]
    assert (last["did"], last["row"], last["customer_id"], last["last_day"]) == ("44300", 7, "beta", f"{TODAY - timedelta(days=10)}")
    assert (last["carrier_cost"], last["carrier_currency"], last["cost"], last["paused"]) == ("0.70", "USD", None, False)
    coming, unknown = rows(stage, "unbilled")[1:]
    assert (coming["carrier_customer_id"], coming["customer_id"], coming["last_day"]) == ("acme", None, None)
    assert (unknown["carrier_cost"], unknown["carrier_currency"]) == (None, None)
    (cost,) = rows(stage, "cost")
    assert (cost["customer_id"], cost["package_names"], cost["currency"]) == ("acme", ["did"], "USD")
    assert (cost["carrier_cost"], cost["cost"], cost["retail"], cost["difference"]) == ("1.50", "1.20", "3.60", "0.30")
    (unlisted,) = rows(stage, "unlisted")
    assert (unlisted["row"], unlisted["carrier_cost"], unlisted["difference"]) == (None, None, None)


def test_two_packages_of_a_number_are_compared_as_one_cost() -> None:
    stage = numbered()
    made(stage, {"44200": listed("2.6", 5)})
    (cost,) = rows(stage, "cost")
    assert (cost["package_names"], cost["cost"], cost["difference"]) == (["did", "weekly"], "2.50", "0.10")


def test_an_empty_world_bills_nothing() -> None:
    stage = Stage()
    view = made(stage, {"44100": listed("1.20")})
    assert view["compared"] == {"listed": 1, "billed": 0, "differing": 1, "cost_not_compared": 0}
    assert told(stage)["unbilled"] == ["44100"]


def oracle(stage: Stage, numbers: Listed) -> dict[str, list[str]]:
    """The same by walking through all assignments of all customers once, in memory."""
    owners: dict[str, str] = {}
    costs: dict[str, Decimal] = {}
    month = {"did": Decimal("1.20"), "weekly": Decimal("1.30"), "once": Decimal(0), "yearly": Decimal(833)}
    for group in sweep.customers(stage.db, 0, 1, None):
        for one in group.assignments:
            if one.did and one.start_date <= TODAY <= (one.end_date or TODAY):
                owners[one.did] = group.customer_id
                costs[one.did] = costs.get(one.did, Decimal(0)) + month[one.package_id]
    both = sorted(owners.keys() & numbers.keys())
    known = {did: numbers[did].cost for did in both if costs[did]}
    return {
        "unbilled": sorted(numbers.keys() - owners.keys()),
        "unlisted": sorted(owners.keys() - numbers.keys()),
        "cost": [did for did, cost in known.items() if cost not in (None, costs[did])],
        "customer": [did for did in both if numbers[did].customer_id not in (None, owners[did])],
    }


def test_so_it_is_for_any_list(small: None) -> None:
    everything = sorted({*ALL, "44103", "44888"})
    for seed in range(20):
        chance = random.Random(seed)
        numbers = {
            did: listed(chance.choice([None, "1.20", "2.50", "833"]), n, "JPY" if did == "81300" else "USD",
                        chance.choice([None, "acme", "beta", "yen"]))
            for n, did in enumerate(chance.sample(everything, chance.randint(1, len(everything))), 2)
        }  # fmt: skip
        stage = numbered()
        made(stage, numbers, chance.choice([10.0, 100.0]))
        assert told(stage) == oracle(stage, numbers), seed


FEW: Listed = {did: ALL[did] for did in ("44100", "44101", "44300", "44999")}


@made_once
def few() -> Stage:
    """A customer with two numbers, one without."""
    stage = Stage()
    stage.customer("acme")
    stage.customer("beta")
    stage.package("did", cost=Decimal("1.20"), retail=Decimal("3.60"), frequency="monthly")
    for n in range(2):
        stage.assign(f"acme-{n}", "acme", "did", did=f"4410{n}")
    return stage


def _ask(stage: Stage) -> None:
    reconciliations.request_reconciliation(stage.services, stage.context(NAME), TODAY, FEW.items())


def result(stage: Stage) -> Any:
    view = found(stage)
    return view["status"], view["compared"], view["lists"], rows(stage)


@pytest.mark.parametrize("seconds_left", [100.0, 10.0], ids=["in one go", "piece by piece"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_killed_at_any_call_leaves_the_same_result(small: None, seconds_left: float, after: bool) -> None:
    assert calls_that_may_crash(few, _ask, result, seconds_left, after=after) > 30


def test_messages_that_come_twice_and_in_any_order_leave_the_same_result(small: None) -> None:
    whole = few()
    made(whole, FEW)
    stage = few()
    _ask(stage)
    work_off_doubled(stage)
    assert result(stage) == result(whole)
    assert found(stage)["status"] == "finished"


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_pages_continue_each_other(small: None, limit: int) -> None:
    stage = numbered()
    made(stage)
    assert rows(stage, limit=limit) == [row for kind in told(stage) for row in rows(stage, kind, limit)]


def test_the_first_of_each_kind_are_listed_with_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciliations, "DISCREPANCIES_LISTED", 2)
    stage = numbered()
    view = made(stage)
    unbilled = (view["lists"] or [])[0]
    assert (unbilled["numbers"], len(unbilled["items"]), unbilled["items_left_out"]) == (3, 2, 1)


@pytest.mark.parametrize("after", [{"file": "9", "start": "0"}, {"file": "0", "start": "7"}, {"file": "x", "start": "0"}, {"pk": "0"}])
def test_a_place_that_no_page_gave_is_refused(after: dict[str, str]) -> None:
    stage = numbered()
    made(stage)
    with pytest.raises(Malformed):
        reconciliations.discrepancies_page(stage.services, stage.context(NAME), NAME, None, after, 10)


def test_who_cant_be_read_is_told_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = numbered()
    place = keys.assignment_key("acme", "acme-0")
    stage.db.write(update(keys.ACCOUNTS, place, "SET #starts = :new", condition="attribute_exists(#pk)", values={"new": "soon"}))
    view = made(stage)
    assert (view["status"], view["failures"][0]["customer"]) == ("finished_with_failures", "acme")
    assert told(stage)["cost"] == []
    stage = numbered()
    monkeypatch.setattr(sweep.Catalog, "of", lambda *_: {})
    view = made(stage)
    assert (view["status"], view["failures_total"]) == ("finished_with_failures", 11)


def test_until_it_is_finished_and_once_it_has_expired_nothing_is_told() -> None:
    stage, context = numbered(), numbered().context(NAME)
    reconciliations.request_reconciliation(stage.services, context, TODAY, ALL.items())
    assert (found(stage)["lists"], found(stage)["compared"], found(stage)["rows"]) == (None, None, 0)
    with pytest.raises(Conflict, match="not finished") as refused:
        rows(stage)
    assert refused.value.code == "in_progress"
    work_off(stage)
    late = context._replace(at=context.at + timedelta(days=30))
    assert reconciliations.read_reconciliation(stage.services, late, NAME).lists is None
    with pytest.raises(NotFound, match="has expired"):
        reconciliations.discrepancies_page(stage.services, late, NAME, None, None, 10)


def test_a_cancelled_one_has_no_result() -> None:
    stage = numbered()
    reconciliations.request_reconciliation(stage.services, stage.context(NAME), TODAY, ALL.items())
    turns.cancel_work(stage.services, stage.context("cancel"), read_work(stage.db, NAME))
    work_off(stage)
    assert found(stage)["lists"] is None
    with pytest.raises(NotFound, match="was cancelled"):
        rows(stage)


def test_what_is_no_reconciliation_is_not_found() -> None:
    stage = furnished()
    ask(stage)
    with pytest.raises(NotFound, match="there is no reconciliation export"):
        reconciliations.read_reconciliation(stage.services, stage.context(NAME), "export")
