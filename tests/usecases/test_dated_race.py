"""Prices and terms that change between the saving of an assignment and the posting of its backlog (rules: Price lists)."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.assigning import RequestedAssignment
from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.importing import FileOfAssignments
from chalicelib.domain.package import PriceList
from chalicelib.domain.schedule import DAY
from chalicelib.storage import ledger
from chalicelib.storage.db import Item, decode
from chalicelib.storage.keys import RUNS, Key
from chalicelib.usecases import assigning, assignments, backlog, imports, prices
from chalicelib.usecases.runs import daily
from tests.world.stage import TODAY, Stage

Change = Callable[[Stage], None]


def _dearer(stage: Stage) -> None:
    prices.write_price_list(stage.db, stage.context("x"), "p", None, PriceList(TODAY, retail=Decimal(12)), correct=False)


def _larger(stage: Stage) -> None:
    entry = TermsEntry(TODAY, None, {"quantity": 3})
    assignments.write_terms(stage.db, stage.context("x"), ("ann", "a"), None, entry, confirm_backlog=False, correct=False)


def _by_request(stage: Stage) -> None:
    assigning.create_assignment(stage.db, stage.context("a"), Assignment("ann", "", "p", TODAY), None, False)


def _by_file(stage: Stage) -> None:
    row = RequestedAssignment(2, Assignment("ann", "a", "p", TODAY))
    imports.assign(stage.db, stage.context("file"), FileOfAssignments([row]), dry_run=False)


@pytest.mark.parametrize("create", [_by_request, _by_file], ids=["request", "file"])
@pytest.mark.parametrize(("change", "expected"), [(_dearer, Decimal(12)), (_larger, Decimal(30))], ids=["price", "terms"])
def test_what_is_in_force_when_the_evaluation_begins_is_charged(
    create: Change, change: Change, expected: Decimal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The assignment is saved while today is open; before its backlog is posted, today changes and its evaluation begins."""
    stage = Stage()
    stage.customer("ann")
    stage.package("p", retail=Decimal(10), frequency="daily")
    post_due = backlog.post_due

    def late(*args: Any) -> bool:
        change(stage)
        daily.start_evaluation(stage.services, stage.context("e"), stage.today, allow_future=False)
        return post_due(*args)

    monkeypatch.setattr(backlog, "post_due", late)
    create(stage)
    stage.work_off()
    assert [ledger.entry_from_item(decode(item)).retail for item in stage.store.items("ledger")] == [expected]


def _edited(stage: Stage) -> None:
    assignments.change_assignment(stage.db, stage.context("e"), ("ann", "a"), None, lambda old: old._replace(start_date=TODAY), False)


def _termed(stage: Stage) -> None:
    entry = TermsEntry(TODAY, None, {"discount": Decimal(50)}, reason="promised")
    assignments.write_terms(stage.db, stage.context("t"), ("ann", "a"), None, entry, confirm_backlog=False, correct=True)


def _made_again(stage: Stage) -> None:
    """By a second attempt at a request whose first one saved the assignment and ended there."""
    assigning.create_assignment(stage.db, stage.context("a"), Assignment("ann", "", "p", stage.today), None, False)


@pytest.mark.parametrize(
    ("starts", "write", "change", "expected"),
    [(1, _edited, _dearer, Decimal(12)), (0, _termed, _dearer, Decimal(6)), (0, _made_again, _larger, Decimal(30))],
    ids=["edit", "terms", "second attempt"],
)
def test_what_is_read_before_it_changes_does_not_price_a_day_begun_after_that(
    starts: int, write: Change, change: Change, expected: Decimal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The latest day that has begun comes in one request with packages or assignments, which is not one moment: between the two
    today's price or terms change, and the evaluation of today begins."""
    stage = Stage()
    stage.customer("ann")
    stage.package("p", retail=Decimal(10), frequency="daily")
    draft = Assignment("ann", "", "p", TODAY + starts * DAY)
    with monkeypatch.context() as patched:
        patched.setattr(backlog, "post_due", lambda *_: False)
        assigning.create_assignment(stage.db, stage.context("a"), draft, None, False)
    across = stage.db.get_across

    def apart(wanted: Sequence[tuple[str, Key]]) -> dict[tuple[str, str], Item]:
        if all(table != RUNS for table, _ in wanted):
            return across(wanted)
        monkeypatch.setattr(stage.db, "get_across", across)
        early = across([one for one in wanted if one[0] != RUNS])
        change(stage)
        daily.start_evaluation(stage.services, stage.context("e"), stage.today, allow_future=False)
        return early | across([one for one in wanted if one[0] == RUNS])

    monkeypatch.setattr(stage.db, "get_across", apart)
    write(stage)
    stage.work_off()
    assert [ledger.entry_from_item(decode(item)).retail for item in stage.store.items("ledger")] == [expected]
