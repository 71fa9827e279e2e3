"""What is computed of due dates is given back: caches hold a few megabytes, and what is refused for its length is not made first."""

import tracemalloc
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain import schedule
from chalicelib.domain.account import Account
from chalicelib.domain.assigning import RequestedAssignment
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.errors import Conflict, InvalidRows
from chalicelib.domain.importing import FileOfAssignments
from chalicelib.domain.schedule import Frequency, Schedule
from chalicelib.usecases import backlog, imports
from tests.domain.build import assignment, day, package
from tests.world.stage import Stage

MB = 1024 * 1024
RICH = Account("rich", "USD")


def memory(work: Callable[[], Any]) -> tuple[int, int]:
    """The bytes that are kept after some work, and the most during it."""
    schedule.remembered_pattern.cache_clear()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        schedule.remembered_pattern.cache_clear()


@pytest.mark.parametrize("frequency", ["daily", "weekly", "monthly"])
def test_d7_long_ranges_are_given_back(frequency: Frequency) -> None:
    """60 ranges of ten years, as `GET /schedule` answers them: remembered, each would keep more than 20 kB."""
    match = {"daily": (), "weekly": tuple(range(7)), "monthly": (1, 8, 15, 22, 29)}[frequency]
    begins = day("2020-01-01")

    def ask() -> None:
        for n in range(60):
            assert Schedule(frequency, match, 1, begins).dates(begins + timedelta(days=n), begins + timedelta(days=3600 + n))

    kept, peak = memory(ask)
    assert kept < MB
    assert peak < 4 * MB


@pytest.mark.parametrize("frequency", ["daily", "weekly", "monthly", "quarterly", "yearly"])
def test_d7_the_cache_of_short_ranges_is_small(frequency: Frequency) -> None:
    """When it is full of the longest answers that it takes: an eighth of them is made, and takes an eighth."""
    match = {"weekly": tuple(range(7)), "monthly": tuple(range(1, 32))}.get(frequency, ())
    begins = day("2000-01-01")
    rule = Schedule(frequency, match, 1, begins)
    most = schedule.remembered_pattern.cache_info().maxsize or 10**6

    def ask() -> None:
        for n in range(most // 8):
            since = begins + timedelta(days=n)
            rule.dates(since, since + rule.longest_gap * (schedule.REMEMBERED_DATES // max(1, len(match))))

    kept, _ = memory(ask)
    assert kept < 20 * MB / 8


@pytest.mark.parametrize("sold", [{"retail": "1"}, {"retail": "1", "minimum_spend": True}], ids=["D7-charged", "D7-minimum spend"])
def test_d7_a_backlog_is_counted_before_it_is_made(sold: dict[str, Any]) -> None:
    """Daily since 1900: 45,000 due dates, of which a few hundred are looked at."""
    stage = Stage()
    given, priced = assignment("1900-01-01"), package(frequency="daily", **sold)

    def ask() -> None:
        with pytest.raises(Conflict) as refused:
            backlog.demand_confirmed(stage.db, stage.context("a"), RICH, given, priced, given.start_date, confirmed=True)
        assert refused.value.code == "backlog_too_long"
        assert 0 <= (stage.today - given.start_date).days - refused.value.extra["due_dates"] <= 1

    kept, peak = memory(ask)
    assert kept < MB
    assert peak < 4 * MB


@pytest.mark.parametrize("sold", [{}, {"setup_retail": "1"}], ids=["D7-free", "D7-setup only"])
def test_d7_days_without_charges_are_no_backlog(sold: dict[str, Any]) -> None:
    stage = Stage()
    given, priced = assignment("1900-01-01"), package(frequency="daily", **sold)
    backlog.demand_confirmed(stage.db, stage.context("a"), RICH, given, priced, given.start_date, confirmed=True)


def test_d7_a_file_of_ancient_rows_is_given_back() -> None:
    stage = Stage()
    stage.customer("rich")
    stage.package("line", retail=Decimal(1), frequency="daily")
    rows = [RequestedAssignment(n, Assignment("rich", f"a{n}", "line", date(1900, 1, 1 + n % 28)), None, True) for n in range(2, 92)]

    def ask() -> None:
        with pytest.raises(InvalidRows):
            imports.assign(stage.db, stage.context("import"), FileOfAssignments(rows), dry_run=True)

    kept, peak = memory(ask)
    assert kept < MB
    assert peak < 8 * MB
