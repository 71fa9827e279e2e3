"""A package keeps its rules for good once it was assigned (rules: Editing a package), and deleting one reads a bounded part."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import Conflict, Contention, Invalid
from chalicelib.domain.schedule import DAY
from chalicelib.storage import packages as stored
from chalicelib.storage.assignments import create_assignment
from chalicelib.storage.retry import WAITING, Waiting
from chalicelib.usecases import assignments, packages
from chalicelib.usecases.runs import on_demand

from .stage import TODAY, Stage


def _edit(stage: Stage, **fields: Any) -> None:
    packages.change_package(stage.db, stage.context("edit"), "line", None, lambda old: old._replace(**fields))


def _demand_fixed(stage: Stage, count: int, **fields: Any) -> None:
    with pytest.raises(Conflict) as refused:
        _edit(stage, **fields)
    assert (refused.value.code, refused.value.extra) == ("package_in_use", {"fields": [*fields], "assignments": count})


def _stage(**package: Any) -> Stage:
    stage = Stage()
    stage.customer("ann")
    stage.package("line", **{"retail": Decimal(50), "frequency": "monthly"} | package)
    return stage


def _ended() -> Stage:
    """An assignment that ended a day ago, all of it evaluated."""
    stage = _stage()
    stage.assign("a", "ann", "line", end_date=TODAY)
    for _ in range(3):
        stage.evaluate(f"day-{stage.today}")
        stage.next_day()
    return stage


def test_a3_rules_stay_fixed_when_all_has_ended_and_is_posted() -> None:
    """A run by hand for the first day would charge it a second time, by the new rules."""
    stage = _ended()
    assert len(stage.store.items("ledger")) == 1
    for fields in ({"minimum_spend": True}, {"frequency": "weekly"}, {"destination": "^1"}, {"connexcs_package": "asr"}):
        _demand_fixed(stage, 1, **fields)
    on_demand.run_live(stage.services, stage.context("run"), RunRequest("ann", TODAY, "skip", "again"))
    assert len(stage.store.items("ledger")) == 1


def test_a3_rules_stay_fixed_when_the_only_assignment_was_removed() -> None:
    stage = _stage()
    _edit(stage, frequency="weekly")
    stage.assign("a", "ann", "line", 2)
    assignments.delete_assignment(stage.db, stage.context("end"), ("ann", "a"), None)
    _demand_fixed(stage, 0, frequency="daily")


def test_a3_prices_and_words_stay_free() -> None:
    stage = _ended()
    _edit(stage, name="N", description="D", retail=Decimal(3), minimum_days=4)


def _of_a_former_release(stage: Stage, count: int) -> None:
    """The package without the mark."""
    item = stage.store.tables["catalog"].items["PACKAGE", "line"]
    item.pop("assigned", None)
    item["assignments"] = {"N": str(count)}


def test_a3_a_package_that_a_former_release_counted_is_fixed() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", 2)
    _of_a_former_release(stage, 1)
    _demand_fixed(stage, 1, frequency="daily")
    assignments.delete_assignment(stage.db, stage.context("end"), ("ann", "a"), None)
    _demand_fixed(stage, 0, frequency="daily")


def test_a3_an_edit_keeps_the_mark_of_a_former_release() -> None:
    stage = _stage()
    stage.assign("a", "ann", "line", 2)
    _of_a_former_release(stage, 1)
    _edit(stage, retail=Decimal(2))
    edited = stored.find_package(stage.db, "line")
    assert edited is not None
    assert edited.assigned


def test_a3_an_assignment_made_and_removed_meanwhile_refuses_an_edit() -> None:
    """Count and version are as they were read; the mark is not."""
    stage = _stage()
    old = stored.find_package(stage.db, "line")
    assert old is not None
    stage.assign("a", "ann", "line", 2)
    assignments.delete_assignment(stage.db, stage.context("end"), ("ann", "a"), None)
    with pytest.raises(Contention):
        stage.db.write(stored.update_package(old, old._replace(frequency="daily", version=2)))


@pytest.mark.parametrize("name", ["cost", "retail", "setup_cost", "setup_retail"])
def test_a3_a_price_fits_every_quantity_once_the_package_was_assigned(name: str) -> None:
    stage = _stage()
    _edit(stage, **{name: Decimal(10) ** 11})
    _edit(stage, **{name: Decimal(1)})
    stage.assign("a", "ann", "line", 2)
    with pytest.raises(Invalid) as refused:
        _edit(stage, **{name: Decimal(10) ** 9})
    assert [fault.pointer for fault in refused.value.faults] == [f"/{name}"]
    assert "must be below 1000000000 once" in refused.value.faults[0].detail
    _edit(stage, **{name: Decimal(10) ** 9 - 1})


def test_a3_a_price_that_was_higher_before_stays_until_it_is_changed() -> None:
    stage = _stage(retail=Decimal(10) ** 10)
    stage.assign("a", "ann", "line", 2)
    _edit(stage, name="N")


def _many(count: int, *, going_on: int) -> Stage:
    """So many assignments, the newest of which have not ended."""
    stage = _stage()
    for n in range(count):
        ends = None if n >= count - going_on else TODAY - DAY
        stage.db.write(create_assignment(Assignment("ann", f"a{n:06}", "line", TODAY - 9 * DAY, end_date=ends)))
    stage.store.tables["catalog"].items["PACKAGE", "line"]["assignments"] = {"N": str(count)}
    stage.store.knobs.page_bytes = lambda: 1 << 20
    return stage


@pytest.mark.parametrize(
    ("count", "going_on", "detail"),
    [
        (1000, 3, "at least 3 of its assignments have not ended"),
        (900, 3, "3 of its assignments have not ended"),
        (2500, 2500, "at least 1000 of its assignments have not ended"),
        (1200, 0, None),
        (10_100, 0, "more than one request can look through"),
    ],
)
def test_a3_deleting_a_package_reads_a_bounded_part_of_its_assignments(count: int, going_on: int, detail: str | None) -> None:
    stage = _many(count, going_on=going_on)
    before = stage.store.meter.requests.copy()
    if detail is None:
        packages.delete_package(stage.db, stage.context("delete"), "line", None)
    else:
        with pytest.raises(Conflict, match=detail) as refused:
            packages.delete_package(stage.db, stage.context("delete"), "line", None)
        assert refused.value.extra["assignments"] == min(going_on, 1000)
    assert sum((stage.store.meter.requests - before).values()) <= 2 * 100 + 2


def test_a3_an_index_that_is_behind_deletes_nothing() -> None:
    stage = _many(3, going_on=0)
    stage.store.tables["catalog"].items["PACKAGE", "line"]["assignments"] = {"N": "4"}
    now = [0.0]
    token = WAITING.set(Waiting(lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds)))
    try:
        with pytest.raises(Contention):
            packages.delete_package(stage.db, stage.context("delete"), "line", None)
    finally:
        WAITING.reset(token)


def test_a3_an_edit_reads_no_assignment() -> None:
    stage = _many(300, going_on=300)
    before = stage.store.meter.requests.copy()
    _edit(stage, retail=Decimal(7))
    assert stage.store.meter.requests - before == {"get_item": 2, "transact_write_items": 1}
