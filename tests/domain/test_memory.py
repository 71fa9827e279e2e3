"""What is computed of due dates is given back: caches hold a few megabytes, and what is refused for its length is not made first."""

import tracemalloc
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain import schedule
from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.errors import Conflict, InvalidRows
from chalicelib.domain.schedule import Frequency, due_dates
from chalicelib.usecases import backlog, imports
from tests.domain.build import assignment, day, package
from tests.world.stage import Stage

MB = 1024 * 1024
RICH = Account("rich", "USD")


def memory(work: Callable[[], Any]) -> tuple[int, int]:
    """The bytes that are kept after some work, and the most during it."""
    schedule._remembered.cache_clear()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        schedule._remembered.cache_clear()


@pytest.mark.parametrize("frequency", ["daily", "weekly", "monthly"])
def test_d7_long_ranges_are_given_back(frequency: Frequency) -> None:
    """3,000 different ranges of ten years, as `GET /schedule` answers them."""
    match = {"daily": (), "weekly": tuple(range(7)), "monthly": (1, 8, 15, 22, 29)}[frequency]
    begins = day("2020-01-01")

    def ask() -> None:
        for n in range(0, 3000, 10):
            assert due_dates(frequency, match, begins, begins + timedelta(days=n), begins + timedelta(days=3600 + n))

    kept, peak = memory(ask)
    assert kept < MB
    assert peak < 4 * MB


@pytest.mark.parametrize("frequency", ["daily", "weekly", "monthly", "quarterly", "yearly"])
def test_d7_the_cache_of_short_ranges_is_small(frequency: Frequency) -> None:
    """Full of the longest answers that it takes."""
    match = {"weekly": tuple(range(7)), "monthly": tuple(range(1, 32))}.get(frequency, ())
    begins, span = day("2000-01-01"), 2 * schedule.longest_gap(frequency)

    def ask() -> None:
        for n in range(5000):
            since = begins + timedelta(days=n)
            due_dates(frequency, match, begins, since, since + span)

    kept, _ = memory(ask)
    assert kept < 20 * MB


@pytest.mark.parametrize("sold", [{"retail": "1"}, {"retail": "1", "minimum_spend": True}], ids=["D7-charged", "D7-minimum spend"])
def test_d7_a_backlog_is_counted_before_it_is_made(sold: dict[str, Any]) -> None:
    """Daily since 1900: 45,000 due dates, of which a few hundred are looked at."""
    stage = Stage()
    given, priced = assignment("1900-01-01"), package(frequency="daily", **sold)

    def ask() -> None:
        with pytest.raises(Conflict) as refused:
            backlog.demand_confirmed(stage.db, stage.act("a"), RICH, given, priced, confirmed=True)
        assert refused.value.code == "backlog_too_long"
        assert 0 <= (stage.today - given.start_date).days - refused.value.extra["due_dates"] <= 1

    kept, peak = memory(ask)
    assert kept < MB
    assert peak < 4 * MB


@pytest.mark.parametrize("sold", [{}, {"setup_retail": "1"}], ids=["D7-free", "D7-setup only"])
def test_d7_days_without_charges_are_no_backlog(sold: dict[str, Any]) -> None:
    stage = Stage()
    given, priced = assignment("1900-01-01"), package(frequency="daily", **sold)
    backlog.demand_confirmed(stage.db, stage.act("a"), RICH, given, priced, confirmed=True)


def test_d7_a_file_of_ancient_rows_is_given_back() -> None:
    stage = Stage()
    stage.customer("rich")
    stage.package("line", retail=Decimal(1), frequency="daily")
    rows = [imports.Row(n, Assignment("rich", f"a{n}", "line", date(1900, 1, 1 + n % 28)), None, True) for n in range(2, 92)]

    def ask() -> None:
        with pytest.raises(InvalidRows):
            imports.assign(stage.db, stage.act("import"), rows, [], dry_run=True)

    kept, peak = memory(ask)
    assert kept < MB
    assert peak < 8 * MB
