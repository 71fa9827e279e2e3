"""Minutes of customers with many assignments: those that give any are found, by their index or in spite of it."""

from datetime import timedelta
from typing import Any, Final

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.storage import accounts, assignments
from chalicelib.storage.db import Action, Db, remove, update
from chalicelib.storage.keys import ACCOUNTS, BY_MINUTES, account_key, assignment_key
from chalicelib.usecases import assignments as assigning
from chalicelib.usecases import usage
from tests.harness import RETAINED
from tests.world.stage import TODAY, Stage, call, furnished

BIG: Final = "big"
PLAIN: Final = 400


@pytest.fixture
def stage() -> Stage:
    """A customer with many assignments, none of which gives minutes."""
    made = furnished()
    made.store.knobs.page_bytes = lambda: 1024 * 1024
    made.customer(BIG)
    given = [Assignment(BIG, f"a{n:05}", "line", TODAY, evaluate_from=TODAY) for n in range(PLAIN)]
    add(made.db, given)
    return made


def add(db: Db, given: list[Assignment], *counted: Action) -> None:
    """Write assignments and their counts, in one transaction after the other."""
    for start in range(0, len(given), 99):
        some = given[start : start + 99]
        db.transact([*map(assignments.create_assignment, some), *(counted or [accounts.count_assignments(Account(BIG, "USD"), some)])])


def bundle(name: str = "b") -> Assignment:
    return Assignment(BIG, name, "minutes", TODAY, free_minutes=2, evaluate_from=TODAY)


def giving(db: Db) -> list[str]:
    """The assignments of which minutes are left today, the way calls find them."""
    return [one.assignment.assignment_id for one in usage.read_minutes(db, BIG, TODAY)]


def lagging(stage: Stage) -> None:
    """From now on the indexes show no change."""
    stage.store.knobs.index_lag = lambda: 1e9


def by_a_former_release(sign: int) -> Action:
    change = "SET #assignments = #assignments + :change"
    return update(ACCOUNTS, account_key(BIG), change, condition=None, values={"change": sign})


def unlisted(assignment_id: str = "b") -> Action:
    """What a former release wrote lacks the attribute of the index."""
    return update(ACCOUNTS, assignment_key(BIG, assignment_id), "REMOVE #minutes_of", condition=None)


def test_b12_only_assignments_with_minutes_are_read(stage: Stage) -> None:
    add(stage.db, [bundle()])
    before = stage.store.meter.read_units
    assert giving(stage.db) == ["b"]
    assert stage.store.meter.read_units - before < 12
    (rated,) = usage.record_calls(stage.db, stage.context("call"), BIG, [call(1)], RETAINED)
    assert rated.free_seconds == 45


def test_b12_an_assignment_is_found_before_its_index_has_it(stage: Stage) -> None:
    lagging(stage)
    add(stage.db, [bundle()])
    assert giving(stage.db) == ["b"]


def test_b12_one_gone_and_one_new_are_told_apart_before_the_index_has_either(stage: Stage) -> None:
    """The index names as many as there are, but another one."""
    add(stage.db, [bundle("gone")])
    assert giving(stage.db) == ["gone"]
    lagging(stage)
    assigning.delete_assignment(stage.db, stage.context("end"), (BIG, "gone"), None)
    add(stage.db, [bundle("new")])
    assert giving(stage.db) == ["new"]


def test_b12_one_made_and_one_removed_between_two_reads_are_told_apart(stage: Stage) -> None:
    """The index has the newer one of two already, so it names as many as were counted before."""
    add(stage.db, [bundle("hidden")])
    stage.db.write(unlisted("hidden"))  # the index lags for this one alone

    def hook(request: Any, effect: Any) -> Any:
        if request.arguments.get("IndexName") == BY_MINUTES:
            stage.store.hook = None
            add(stage.db, [bundle("newer")])
        return effect()

    stage.store.hook = hook
    assert giving(stage.db) == ["hidden", "newer"]


def test_b12_what_former_releases_made_is_found(stage: Stage) -> None:
    """Neither is it counted apart nor has the index it; nor does another one, of this release, make the count complete."""
    add(stage.db, [bundle()], by_a_former_release(1))
    stage.db.write(unlisted())
    assert giving(stage.db) == ["b"]
    add(stage.db, [bundle("c")])
    assert giving(stage.db) == ["b", "c"]


def test_b12_removing_what_a_former_release_made_completes_no_count(stage: Stage) -> None:
    add(stage.db, [bundle()], by_a_former_release(1))
    add(stage.db, [bundle("other")], by_a_former_release(1))
    for one in ("b", "other"):
        stage.db.write(unlisted(one))
    assigning.delete_assignment(stage.db, stage.context("end"), (BIG, "b"), None)
    assert giving(stage.db) == ["other"]


def test_b12_what_a_former_release_removed_is_not_missed(stage: Stage) -> None:
    add(stage.db, [bundle(), bundle("c")])
    stage.db.transact([remove(ACCOUNTS, assignment_key(BIG, "b"), condition="attribute_exists(#pk)"), by_a_former_release(-1)])
    assert giving(stage.db) == ["c"]


def test_b12_without_the_index_everything_is_read(stage: Stage) -> None:
    """An update of the stack may change the functions before it has made the index."""
    add(stage.db, [bundle()])
    del stage.store.tables[ACCOUNTS].indexes[BY_MINUTES]
    assert giving(stage.db) == ["b"]


@pytest.mark.parametrize("bundles", [20, 21, 60])
def test_b12_many_with_minutes_are_read_with_all(stage: Stage, bundles: int) -> None:
    """By their keys they would cost more."""
    given = [bundle(f"b{n:03}") for n in range(bundles)]
    add(stage.db, given)
    before = stage.store.meter.requests["batch_get_item"]
    assert [one.assignment_id for one in assignments.giving_minutes(stage.db, BIG)[1]] == [one.assignment_id for one in given]
    assert stage.store.meter.requests["batch_get_item"] - before == (bundles * 20 <= PLAIN + bundles)


def test_an_edit_keeps_an_assignment_in_the_index(stage: Stage) -> None:
    add(stage.db, [bundle()])
    assigning.change_assignment(stage.db, stage.context("edit"), (BIG, "b"), None, lambda old: old._replace(free_minutes=7), False)
    assigning.change_assignment(
        stage.db, stage.context("end"), (BIG, "b"), None, lambda old: old._replace(end_date=TODAY + timedelta(days=3)), False
    )
    page = stage.db.query(ACCOUNTS, "#minutes_of = :big", {"big": BIG}, index=BY_MINUTES)
    assert [item["sk"] for item in page.items] == ["ASSIGNMENT#b"]
    assert giving(stage.db) == ["b"]
