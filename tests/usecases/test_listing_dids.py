"""The list of all DIDs: who has each, with what, and from when it is free."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import pytest

from chalicelib.api import cursors
from chalicelib.domain.did_summary import DidSummary, summary_of
from chalicelib.domain.reconciliation import NumberUse
from chalicelib.domain.schedule import DAY
from chalicelib.domain.tenure import DidTenure, free_from
from chalicelib.storage import did_tenures
from chalicelib.storage.db import put
from chalicelib.storage.keys import CATALOG
from chalicelib.usecases import assignments, replacements
from chalicelib.usecases.finding import PAGE_UNITS
from chalicelib.usecases.listing_dids import DidsAsked, list_dids
from tests.usecases.test_finding import reindex, without_index
from tests.world.indexed import index_due, index_of
from tests.world.stage import TODAY, Stage, furnished

A_MONTH = Fraction(365, 12)
"""Of what is charged daily."""
LIMITS = pytest.mark.parametrize("limit", [1, 3, 200])


def pages(stage: Stage, limit: int = 200, **asked: Any) -> list[list[DidSummary]]:
    """The list, page by page."""
    load = partial(list_dids, stage.db, TODAY, DidsAsked(**asked))
    found, after = load(None, limit)
    all_pages = [found]
    while after is not None:
        found, after = load(cursors.read_cursor("x", cursors.write_cursor("x", after) or ""), limit)
        all_pages.append(found)
    return all_pages


def listed(stage: Stage, limit: int = 200, **asked: Any) -> dict[str, DidSummary]:
    return {one.did: one for page in pages(stage, limit, **asked) for one in page}


def with_numbers() -> Stage:
    """The furnished stage has 4420 at `rich`. Others are free, to come, or had by one customer after another."""
    stage = furnished()
    stage.store.knobs.index_lag = lambda: 1e9
    stage.assign("coming", "poor", "line", 5, did="442079")
    stage.assign("gone", "rich", "line", -20, did="4930", end_date=TODAY + DAY)
    stage.assign("twice", "rich", "line", -9, did="4930", quantity=3, end_date=TODAY + DAY)
    stage.assign("after", "poor", "line", 4, did="4930", end_date=TODAY + 9 * DAY)
    return stage


@LIMITS
def test_numbers_are_found_by_their_first_digits_as_soon_as_they_are_assigned(limit: int) -> None:
    stage = with_numbers()
    assert [*listed(stage, limit)] == ["4420", "442079", "4930"]
    assert [*listed(stage, limit, search="4420")] == ["4420", "442079"]
    assert ([*listed(stage, limit, search="49")], [*listed(stage, limit, search="1")]) == (["4930"], [])
    assert ([*listed(stage, limit, free=True)], [*listed(stage, limit, free=False)]) == (["442079"], ["4420", "4930"])
    assert ([*listed(stage, limit, customer="rich")], [*listed(stage, limit, customer="poor")]) == (["4420", "4930"], [])
    assert [*listed(stage, limit, customer="rich", search="49")] == ["4930"]
    assert index_of(stage.store) == index_due(stage.store)


def test_a_number_says_who_has_it_with_what_and_from_when_it_is_free() -> None:
    stage = with_numbers()
    one, other = listed(stage)["4930"], listed(stage)["442079"]
    assert (one.customer_id, one.customer_name, one.since, one.until) == ("rich", "", TODAY - 20 * DAY, TODAY + DAY)
    assert (one.package_names, one.currency, one.paused) == (("line", "line"), "USD", False)
    single = listed(stage)["4420"]
    assert (one.cost, one.retail) == (4 * 1 * A_MONTH, 4 * 3 * A_MONTH)  # once alone, and three
    assert (single.cost, single.retail, single.free_from) == (1 * A_MONTH, 4 * A_MONTH, None)
    assert (one.next_customer_id, one.next_from, one.free_from) == ("poor", TODAY + 4 * DAY, TODAY + 10 * DAY)
    assert (other.customer_id, other.since, other.next_customer_id, other.next_from, other.free_from) == (
        None, None, "poor", TODAY + 5 * DAY, None,
    )  # fmt: skip


def test_a_transfer_an_end_and_a_removal_are_listed_at_once() -> None:
    stage = with_numbers()
    stage.customer("ann")
    replacements.transfer(stage.db, stage.context("transfer"), "4420", ("ann", TODAY + DAY), ["new-1", "new-2"], dry_run=False)
    moved = listed(stage)["4420"]
    assert (moved.customer_id, moved.until, moved.next_customer_id, moved.free_from) == ("rich", TODAY, "ann", None)
    assert index_of(stage.store) == index_due(stage.store)
    assignments.delete_assignment(stage.db, stage.context("delete"), ("poor", "coming"), None)
    assert "442079" not in listed(stage)
    assert index_of(stage.store) == index_due(stage.store)


TEN, OTHER = DidTenure("c", "a", date(2031, 1, 1), date(2031, 1, 10)), DidTenure("c", "b", date(2031, 1, 11), date(2031, 1, 20))
THEIRS = DidTenure("d", "e", date(2031, 1, 21))


@pytest.mark.parametrize(
    ("tenures", "day", "holder", "since", "until", "free"),
    [
        ([TEN, OTHER], 5, "c", 1, 20, 21),
        ([TEN, OTHER], 15, "c", 1, 20, 21),
        ([TEN, OTHER, THEIRS], 15, "c", 1, 20, None),
        ([TEN, OTHER, THEIRS], 25, "d", 21, None, None),
        ([TEN, OTHER], 25, None, None, None, 25),
        ([TEN._replace(end_date=date(2031, 1, 8)), OTHER], 5, "c", 1, 8, 21),
        ([], 5, None, None, None, 5),
    ],
)
def test_a_customer_has_a_number_from_one_package_to_the_next_without_a_gap(
    tenures: list[DidTenure], day: int, holder: str | None, since: int | None, until: int | None, free: int | None
) -> None:
    one = summary_of("44", tenures, date(2031, 1, day), [NumberUse("c", "line", "USD")] if holder else [])
    days = [None if found is None else found.day for found in (one.since, one.until, one.free_from)]
    assert [one.customer_id, *days] == [holder, since, until, free]
    assert free_from(tenures, date(2031, 1, day)) == one.free_from


def test_a_page_takes_25_read_units_whatever_there_is() -> None:
    """Numbers of many customers with a package each, of one customer with one package, and free ones."""
    stage = Stage(page_bytes=1 << 20)
    for n in range(60):
        stage.customer(f"c{n:02}")
        stage.package(f"p{n:02}", retail=Decimal(1), frequency="monthly")
        stage.assign(f"many-{n:02}", f"c{n:02}", f"p{n:02}", did=f"10{n:02}")
        stage.assign(f"one-{n:02}", "c00", "p00", did=f"20{n:02}")
        stage.assign(f"free-{n:02}", "c00", "p00", -9, did=f"30{n:02}", end_date=TODAY - DAY)
    for asked in ({}, {"search": "10"}, {"search": "20"}, {"free": True}, {"customer": "c59"}, {"customer": "none"}):
        load, after, found = partial(list_dids, stage.db, TODAY, DidsAsked(**asked)), None, list[str]()
        while True:
            before = stage.store.meter.read_units
            page, after = load(after, 200)
            found += [one.did for one in page]
            assert stage.store.meter.read_units - before <= PAGE_UNITS, asked
            if after is None:
                break
        assert len(found) == len({*found}) == {"{}": 180, "{'customer': 'c59'}": 1, "{'customer': 'none'}": 0}.get(str(asked), 60)


def test_numbers_of_a_former_release_are_listed_by_a_reindex() -> None:
    stage = without_index(with_numbers())
    assert listed(stage) == {}
    assert reindex(stage).state == "finished"
    assert [*listed(stage)] == ["4420", "442079", "4930"]
    assert index_of(stage.store) == index_due(stage.store)
    assert reindex(stage, "again").rows == 0


def test_an_end_that_a_former_release_wrote_is_seen() -> None:
    """It moves the tenures, but not the list."""
    stage = with_numbers()
    before = did_tenures.list_dids(stage.db, "4420", None, 1).found
    assignments.change_assignment(
        stage.db, stage.context("end"), ("rich", "rich-mobile"), None, lambda old: old._replace(end_date=TODAY + 2 * DAY), True
    )
    (item,) = did_tenures.did_items("4420", before[0].tenures)
    stage.db.write(put(CATALOG, item))
    assert listed(stage)["4420"].until == TODAY + 2 * DAY
