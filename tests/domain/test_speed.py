"""Planning doesn't become much slower than its budgets: 200,000 assignments/s at 3 % due, 60,000 lines/s at 100 % due.

Seconds differ between machines, so that both are compared with a bare loop that makes 15-field frozen lines, which made
152,000 lines/s where the budgets were set, and is measured in the same rounds here. The best of several rounds of processor
time counts, and the garbage collector rests meanwhile.

This guards nine tenths of each budget's ratio, not the whole: passing doesn't prove that a budget is kept. The printed
ratios tell that.
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from time import process_time

import pytest

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.charging import Period, lines
from chalicelib.domain.package import Package

from .build import assignment, package

REFERENCE_LINES_A_SECOND = 152_000
ASSIGNMENTS_A_SECOND = 200_000
LINES_A_SECOND = 60_000
GUARDED = 0.9
"""Among six busy copies the ratio at 3 % due was 1.35 to 1.45: the guard at 1.18 does not flake, and sees a loss of a fifth."""
ROUNDS = 5
ASSIGNMENTS = 30_000
TODAY = date(2024, 5, 14)


@dataclass(frozen=True)
class BareLine:
    """What the loop of reference makes: as many fields as a line needs at least, and nothing computed."""

    customer_id: str
    assignment_id: str
    package_id: str
    package_name: str
    did: str | None
    kind: str
    due_date: date
    currency: str
    quantity: int
    unit_cost: Decimal
    unit_retail: Decimal
    cost: Decimal
    retail: Decimal
    auto_decrement_credit: bool
    start_date: date


Work = tuple[Assignment, Package]


def fleet(days: range) -> list[Work]:
    """Assignments whose monthly day is spread over `days`, of 40 packages, started on 600 different dates."""
    generator = Random("fleet")
    sold = [
        package(package_id=f"p{n}", frequency="monthly", frequency_match=(days[n % len(days)],), retail="10", cost="4") for n in range(40)
    ]
    starts = [date(2022 + n // 300, 1 + n % 12, 1 + n % 25).isoformat() for n in range(600)]
    given = (assignment(generator.choice(starts), assignment_id=f"a{n}", quantity=1 + n % 3) for n in range(ASSIGNMENTS))
    return [(one, generator.choice(sold)) for one in given]


def bare_loop(work: list[Work]) -> int:
    made = [
        BareLine(
            one.customer_id, one.assignment_id, sold.package_id, sold.name, one.did, "recurring", TODAY, sold.currency, one.quantity,
            sold.cost, sold.retail, sold.cost, sold.retail, one.auto_decrement_credit, one.start_date,
        )
        for one, sold in work
    ]  # fmt: skip
    return len(made)


def nothing_spent(_: Assignment, __: Period) -> Decimal:
    return Decimal(0)


def planning(work: list[Work]) -> int:
    return sum(len(lines(one, sold, TODAY, TODAY, nothing_spent)) for one, sold in work)


def seconds(job: Callable[[list[Work]], int], work: list[Work]) -> float:
    begun = process_time()
    job(work)
    return process_time() - begun


def rates(work: list[Work]) -> tuple[float, float]:
    """Planned assignments and bare lines a second: the best of rounds that take turns, so that both meet the same noise."""
    planned, bare = [], []
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            planned.append(seconds(planning, work))
            bare.append(seconds(bare_loop, work))
    finally:
        gc.enable()
    return len(work) / min(planned), len(work) / min(bare)


@pytest.mark.parametrize(
    ("days", "due", "budget"),
    [(range(1, 29), 0.03, ASSIGNMENTS_A_SECOND), (range(14, 15), 1.0, LINES_A_SECOND)],
    ids=["assignments at 3 % due", "lines at 100 % due"],
)
def test_planning_stays_near_its_budget(days: range, due: float, budget: int, capsys: pytest.CaptureFixture[str]) -> None:
    work = fleet(days)
    assert planning(work) / len(work) == pytest.approx(due, abs=0.02)
    planned, bare = rates(work)
    budgeted = budget / REFERENCE_LINES_A_SECOND
    with capsys.disabled():
        print(
            f"\nplanning, {due:.0%} due: {planned:,.0f} assignments/s; bare loop: {bare:,.0f} lines/s; "
            f"ratio {planned / bare:.2f}, budget {budgeted:.2f}, asserted {GUARDED * budgeted:.2f}"
        )
    assert planned / bare >= GUARDED * budgeted
