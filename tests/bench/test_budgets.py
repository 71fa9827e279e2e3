"""The counted budgets are kept: units, requests and bytes are exact, so that these tests can't flake. `make bench` has the times.

Each measurement also checks that what it counted did what it should: that every due charge was posted, every line simulated.
"""

from collections.abc import Callable

import pytest

from bench import audits, counted, curve, due_index, exports, forecasts, notices, timed
from bench.fleet import Fleet
from bench.prices import dollars
from bench.report import Budget
from bench.service import DAY


@pytest.mark.parametrize("measure", [*counted.MEASURES, notices.write_units], ids=lambda measure: measure.__name__)
def test_counted_budgets_are_kept(measure: Callable[[], list[Budget]]) -> None:
    found = measure()
    assert [one.row() for one in found if one.kept is False] == []
    assert any(one.kept for one in found)


def test_a_due_date_index_takes_four_times_the_write_units() -> None:
    assert due_index.write_units_a_charge(DAY, assignments=20) == 8


def test_the_curve_counts_what_a_provider_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In few segments: for each one garbage is collected, of all that the tests before have left."""
    monkeypatch.setattr(curve, "SEGMENTS", 8)
    point = curve.point(Fleet(500, due=40))
    assert point.charges == 200
    assert point.consumed.write_units >= 2 * point.charges
    assert point.dollars == dollars(point.consumed.write_units, point.consumed.read_units)
    assert len(point.row()) == len(curve.COLUMNS)


def test_the_stubbed_transport_carries_the_transactions_that_the_stores_are_sent() -> None:
    """What is timed is what is counted: the same charges in as many requests."""
    wanted = Fleet(400)
    sent = timed.transactions(wanted)
    assert sum(len(actions) for actions in sent) == wanted.charges
    behind = timed.behind_botocore(wanted)
    behind.sweep(wanted)
    counted_requests = counted.evaluated(wanted).requests * wanted.charges
    assert behind.wire.requests == round(counted_requests)


@pytest.mark.parametrize(
    ("budget", "kept"),
    [
        (Budget("figure", 2, limit=2), True),
        (Budget("figure", 2.01, limit=2), False),
        (Budget("figure", 2, limit=2, at_least=True), True),
        (Budget("ratio", 6, "µs", 3, "reference", 2, of_ratio=True), True),
        (Budget("ratio", 6, "µs", 2, "reference", 2, of_ratio=True), False),
        (Budget("ratio", 6, limit=2, of_ratio=True), False),
        (Budget("reported", 6), None),
    ],
    ids=lambda one: one.what if isinstance(one, Budget) else str(one),
)
def test_a_verdict_says_whether_a_budget_is_kept(budget: Budget, kept: bool | None) -> None:
    assert budget.kept is kept


def test_an_export_stays_within_its_memory_and_reads_the_ledger_once() -> None:
    found = exports.budgets(6_000)
    assert [one.row() for one in found if one.kept is False] == []
    assert sum(one.kept is True for one in found) == 3


def test_an_audit_compares_every_entry_of_an_evaluation() -> None:
    """It raises otherwise; whether its time is kept is for `make bench`."""
    (found,) = audits.budgets(300, 1)
    assert (found.limit, found.of_ratio) == (2, True)


def test_a_forecast_of_twelve_months_stays_within_its_memory() -> None:
    """Also of one customer with all assignments; whether its times are kept is for `make bench`."""
    found = forecasts.memory(600)
    assert [one.row() for one in found if one.kept is not True] == []
    assert len(found) == 3


def test_a_whole_forecast_plans_each_line_once() -> None:
    service = forecasts.provider(Fleet(100))
    lines = forecasts.plan(forecasts.facts_of(service))
    assert lines == forecasts.whole(service) > 1000
