"""Customers with very many assignments: what one request asks of the store is bounded, and a customer's days are read once."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import Invalid
from chalicelib.domain.minutes import Call
from chalicelib.domain.schedule import Period
from chalicelib.storage import accounts, assignments
from chalicelib.usecases import loading, usage
from chalicelib.usecases.runs import on_demand, reports
from chalicelib.usecases.runs.limits import REQUEST_LIMITS
from tests.world.dynamodb import Request

from .world import TODAY, World

BEGUN = TODAY - timedelta(days=31)
SPENT = Decimal("0.25")


class Counted:
    """A world that counts requests, and those for days of usage among them."""

    def __init__(self, numbers: Sequence[str | None]) -> None:
        self.world = World()
        self.requests = self.of_days = 0
        self.world.breaks = self._count
        package = self.world.package(assigned=len(numbers), frequency="monthly", minimum_spend=True, retail=Decimal(10))
        self.world.db.write(accounts.create_account(Account("big", "USD")))
        given = [
            Assignment("big", f"big-{n:06}", package.package_id, TODAY - timedelta(days=31 if n % 3 else 40), did)
            for n, did in enumerate(numbers)
        ]
        self.world.db.write(accounts.count_assignments(Account("big", "USD"), given))
        for one in given:
            self.world.db.write(assignments.create_assignment(one))
        call = Call("call", f"{BEGUN}T09:00:00+00:00", BEGUN, "44", 60, SPENT, numbers[0])
        usage.record_calls(self.world.db, self.world.context(), "big", [call], timedelta(days=4000))
        self.requests = self.of_days = 0

    def _count(self, request: Request) -> bool:
        self.requests += 1
        self.of_days += request.operation == "query" and request.arguments["TableName"] == "usage"
        return False


@pytest.mark.parametrize("lines", [10, 1_000, 5_000])
def test_d6_a_simulation_reads_a_customers_days_once(lines: int) -> None:
    """A third of the assignments is not due: their reasons tell what is spent so far, of the same days."""
    counted = Counted([None] * lines)
    world = counted.world
    report = on_demand.simulate_customer(world.db, world.context(), RunRequest("big", TODAY, "skip", ""), REQUEST_LIMITS)
    assert [one.line.spend for one in report.outcomes] == [SPENT] * (lines - -(-lines // 3))
    assert {one.spend for one in report.not_due} == {Decimal(0)}
    assert counted.of_days == 1
    assert counted.requests <= 4 + lines / 100 + lines / 5000


def test_d6_the_days_of_each_number_are_read_once() -> None:
    counted = Counted([f"44{n % 7}" for n in range(70)])
    on_demand.simulate_customer(counted.world.db, counted.world.context(), RunRequest("big", TODAY, "skip", ""))
    assert counted.of_days == 7


def test_d6_a_daily_run_reads_a_customers_days_once() -> None:
    counted = Counted([None] * 300)
    _, result = counted.world.evaluate(TODAY)
    assert result.totals["USD"].lines == 200
    assert result.totals["USD"].retail == 200 * (10 - SPENT)
    assert counted.of_days == 1


def test_d6_a_live_run_of_many_assignments_is_queued_before_it_is_planned() -> None:
    """A request only records it; the queue plans and posts."""
    counted = Counted([None] * 1_200)
    world = counted.world
    live = on_demand.run_live(world.services, world.context(), RunRequest("big", TODAY, "skip", "run"))
    assert (live.run.state, live.work_result, counted.of_days) == ("running", None, 0)
    assert counted.requests <= 3
    assert world.queued == [{"kind": "customer_run", "run_id": "run"}]
    world.work_off()
    assert (reports.read_run(world.db, "run").state, world.charged()) == ("finished", 800)
    again = on_demand.run_live(world.services, world.context(), RunRequest("big", TODAY, "skip", "run"))
    assert (again.run.state, world.queued, world.charged()) == ("finished", [], 800)


def test_d6_a_simulation_of_more_than_a_request_can_do_is_refused() -> None:
    """It says what to do, and has not read everything to find that out."""
    counted = Counted([None] * (REQUEST_LIMITS.assignments or 0))
    world, ask = counted.world, RunRequest("big", TODAY, "skip", "")
    assert len(on_demand.simulate_customer(world.db, world.context(), ask, REQUEST_LIMITS).outcomes) > 13_000
    assert counted.requests < 250
    world.db.write(assignments.create_assignment(Assignment("big", "one-more", "p", TODAY)))
    with pytest.raises(Invalid, match="more than 20000 assignments: invoke the function run_package") as refused:
        on_demand.simulate_customer(world.db, world.context(), ask, REQUEST_LIMITS)
    assert refused.value.code == "too_many"


def test_d6_a_simulation_of_more_numbers_than_a_request_can_read_is_refused() -> None:
    counted = Counted([f"44{n:06}" for n in range(1_001)])
    world, ask = counted.world, RunRequest("big", TODAY, "skip", "")
    with pytest.raises(Invalid, match="more than 1000 numbers with a minimum spend") as refused:
        on_demand.simulate_customer(world.db, world.context(), ask, REQUEST_LIMITS)
    assert (refused.value.code, counted.of_days) == ("too_many", 0)
    assert on_demand.simulate_customer(world.db, world.context(), ask).outcomes
    assert counted.of_days == 1_001


@given(
    st.lists(st.lists(st.integers(0, 13), min_size=2, max_size=2, unique=True).map(sorted), min_size=1, max_size=6),
    st.lists(st.integers(0, 13)),
)
def test_d6_a_spend_is_that_of_the_days_of_its_period(periods: list[list[int]], days: list[int]) -> None:
    def on(day: int) -> date:
        return BEGUN + timedelta(days=day)

    world = World()
    world.db.write(accounts.create_account(Account("c", "USD")))
    for n, day in enumerate(days):
        call = Call(f"call-{n}", f"{on(day)}T09:00:00+00:00", on(day), "44", 60, Decimal(n + 1), None)
        usage.record_calls(world.db, world.context(), "c", [call], timedelta(days=4000))
    one = Assignment("c", "a", "p", BEGUN)
    wanted = [(one, Period.uncut(on(first), on(last))) for first, last in periods]
    spend = loading.load_spend(world.db, wanted)
    for (first, last), (_, period) in zip(periods, wanted, strict=True):
        assert spend(one, period) == sum(n + 1 for n, day in enumerate(days) if first <= day < last)
