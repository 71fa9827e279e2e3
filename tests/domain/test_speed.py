"""Planning doesn't become much slower than its budgets: 200,000 assignments/s at 3 % due, 60,000 lines/s at 100 % due.

Seconds differ between machines, so that both are compared with a bare loop that makes 15-field frozen lines, which made
152,000 lines/s where the budgets were set, and is measured in the same rounds here. The best of several rounds of processor
time counts, and the garbage collector rests meanwhile.
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
from chalicelib.domain.charging import priced_lines
from chalicelib.domain.package import Package
from chalicelib.domain.schedule import Period

from .build import assignment, package

REFERENCE_LINES_A_SECOND = 152_000
ASSIGNMENTS_A_SECOND = 200_000
LINES_A_SECOND = 60_000
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


def fleet(due: int) -> list[Work]:
    """Assignments of 100 monthly packages, `due` of which charge today and the others on other days; 600 start dates."""
    days = [TODAY.day] * due + [1 + (TODAY.day + n % 27) % 28 for n in range(100 - due)]
    sold = [package(package_id=f"p{n}", frequency="monthly", frequency_match=(day,), retail="10", cost="4") for n, day in enumerate(days)]
    starts = [date(2022 + n // 300, 1 + n % 12, 1 + n % 25).isoformat() for n in range(600)]
    generator = Random("fleet")
    given = [assignment(generator.choice(starts), assignment_id=f"a{n}", quantity=1 + n % 3) for n in range(ASSIGNMENTS)]
    of = [sold[n % 100] for n in range(ASSIGNMENTS)]
    generator.shuffle(of)
    return list(zip(given, of, strict=True))


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
    return sum(len(priced_lines(one, sold, TODAY, TODAY, nothing_spent)) for one, sold in work)


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
    ("due", "budget"),
    [(3, ASSIGNMENTS_A_SECOND), (100, LINES_A_SECOND)],
    ids=["assignments at 3 % due", "lines at 100 % due"],
)
def test_planning_stays_near_its_budget(due: int, budget: int, capsys: pytest.CaptureFixture[str]) -> None:
    work = fleet(due)
    assert planning(work) * 100 == len(work) * due
    planned, bare = rates(work)
    budgeted = budget / REFERENCE_LINES_A_SECOND
    with capsys.disabled():
        print(
            f"\nplanning, {due} % due: {planned:,.0f} assignments/s; bare loop: {bare:,.0f} lines/s; "
            f"ratio {planned / bare:.2f}, budget {budgeted:.2f}"
        )
    assert planned / bare >= budgeted
