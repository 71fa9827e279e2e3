"""Large worlds: many numbers, many customers, segments longer than a function may run, and a database that is busy.

`LARGE_WORLD=200000` plays so many customers in place of 2,000; that takes minutes and gigabytes.
"""

import gc
import os
import tracemalloc
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.errors import Invalid, Throttled
from chalicelib.storage import accounts, lines
from chalicelib.storage.accounts import find_account
from chalicelib.usecases import balance_check, customers
from chalicelib.usecases.runs import daily, daily_work, read_message, work_off
from tests.harness import InThread
from tests.world.dynamodb import Request

from .world import FUNCTION_SECONDS, TODAY, World

CUSTOMERS = int(os.environ.get("LARGE_WORLD") or 2_000)
NUMBERS = 10_000
EVERYTHING = ("get_item", "batch_get_item", "query", "scan", "put_item", "update_item", "transact_write_items")
TOMORROW = TODAY + timedelta(days=1)


def flaws(world: World) -> list[balance_check.Flaw]:
    found: list[balance_check.Flaw] = []
    balance_check.check_balances(world.db, 2, InThread(), found.append)
    return found


@pytest.mark.parametrize("debits", [False, True])
def test_ten_thousand_numbers_of_one_customer(debits: bool) -> None:
    """rules 5: within the safety bound everything is posted."""
    world = World()
    package = world.package(assigned=NUMBERS, frequency="daily")
    world.customer("big", package, NUMBERS, debits=debits)
    run, result = world.evaluate(TODAY)
    assert (run.state, result.failed, world.charged()) == ("finished", 0, NUMBERS)
    assert result.totals["USD"].retail == Decimal("1.50") * NUMBERS
    account = find_account(world.db, "big")
    assert account is not None
    assert account.balance == (-result.totals["USD"].retail if debits else 0)
    assert flaws(world) == []
    world.store.meter.requests.clear()
    world.evaluate(TODAY)
    assert world.store.meter.writes == 0


def test_many_numbers_up_to_the_debit_limit() -> None:
    """rules 4: Auto Decrement Credit: what does not fit is held and counted, and posted once there is credit."""
    world = World()
    package = world.package(assigned=400, frequency="none")
    world.customer("big", package, 400, debits=True, limit="300")
    _, result = world.evaluate(TODAY)
    account = find_account(world.db, "big")
    assert account is not None
    assert (account.balance, account.held, result.totals["USD"].held) == (-300, 200, 300)
    customers.book_payment(world.db, world.context(), "big", Decimal(300), "")
    _, result = world.evaluate(TOMORROW)
    account = find_account(world.db, "big")
    assert account is not None
    assert (account.balance, account.held, result.totals["USD"].lines) == (-300, 0, 200)
    assert flaws(world) == []


@pytest.mark.timeout(300 + CUSTOMERS // 20)
def test_many_customers() -> None:
    world = World(segments=4)
    package = world.package(assigned=CUSTOMERS, frequency="daily")
    for n in range(CUSTOMERS):
        world.customer(f"c{n}", package, 1, debits=n % 4 == 0)
    for day in (TODAY, TOMORROW):
        run, result = world.evaluate(day)
        assert (run.state, result.failed, result.totals["USD"].lines) == ("finished", 0, CUSTOMERS)
    assert world.charged() == 2 * CUSTOMERS
    assert flaws(world) == []


def test_a_segment_that_takes_longer_than_a_function_may_run() -> None:
    """design: with less than a minute left a worker hands the rest on, and nothing is charged twice or left out."""
    world = World(round_customers=10)
    package = world.package(assigned=600, frequency="daily")
    for n in range(600):
        world.customer(f"c{n}", package, 1, debits=True)
    world.call_seconds = 4.0
    run, result = world.evaluate(TODAY)
    assert world.now > 2 * FUNCTION_SECONDS
    assert [message["piece"] for message in world.handled] == list(range(len(world.handled)))
    assert len(world.handled) > 2
    assert (run.state, result.failed, result.totals["USD"].lines, world.charged()) == ("finished", 0, 600, 600)
    assert len(lines.find_lines(world.db, run, None, 1000)[0]) == 600
    assert flaws(world) == []


def test_a_piece_keeps_a_bounded_number_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daily_work, "MESSAGE_LINES_MAX", 250)
    world = World(round_customers=100)
    package = world.package(assigned=600, frequency="daily")
    for n in range(600):
        world.customer(f"c{n}", package, 1, debits=False)
    run, result = world.evaluate(TODAY)
    assert [message["piece"] for message in world.handled] == [0, 1, 2]
    assert (run.state, result.totals["USD"].lines, world.charged()) == ("finished", 600, 600)
    assert len(lines.find_lines(world.db, run, None, 1000)[0]) == 600


def test_an_outage_of_years_is_made_up_for_in_steps() -> None:
    """rules 5: more than 400 days in one go: a clear error, evaluate in steps; each day on its own date."""
    world = World()
    world.customer("one", world.package(assigned=1, frequency="daily"), 1, debits=True)
    world.evaluate(TODAY)
    late = TODAY + timedelta(days=900)
    with pytest.raises(Invalid, match="evaluate in steps, at most 2032-02-18 now"):
        world.evaluate(late)
    results = [world.evaluate(TODAY + timedelta(days=days))[1] for days in (400, 800, 900)]
    assert results[-1].totals["USD"].lines == 100
    dates = [item["sk"]["S"][:10] for item in world.store.items("ledger")]
    assert dates == [(TODAY + timedelta(days=n)).isoformat() for n in range(901)]
    assert flaws(world) == []


def peak_bytes(customers_: int) -> int:
    """The most memory that a worker takes for a sweep on which nothing is due."""
    world = World(round_customers=100, page_bytes=20_000)
    package = world.package(assigned=customers_, frequency="yearly")
    for n in range(customers_):
        world.customer(f"c{n}", package, 1, debits=False)
    world.evaluate(TODAY)
    with world.waiting():
        daily.start_evaluation(world.services, world.context(TOMORROW), TOMORROW, allow_future=True)
        message = read_message(world.queued[0])
        gc.collect()
        tracemalloc.start()
        try:
            work_off(world.services, world.context(TOMORROW), message, lambda: FUNCTION_SECONDS)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_a_sweep_takes_no_more_memory_for_more_customers() -> None:
    few, many = peak_bytes(800), peak_bytes(2_400)
    assert many < 1.5 * few, (few, many)


def busy_world(customers_: int = 150) -> World:
    world = World(round_customers=25)
    package = world.package(assigned=customers_, frequency="daily")
    for n in range(customers_):
        world.customer(f"c{n}", package, 1, debits=True)
    world.call_seconds = 0.01
    return world


class Bucket:
    """So many writes a second, as a table with a provisioned throughput has them."""

    def __init__(self, world: World, writes_a_second: float) -> None:
        self._world = world
        self._rate = writes_a_second
        self._tokens, self._at = 0.0, world.now

    def __call__(self, request: Request) -> bool:
        if not request.writes:
            return False
        self._tokens = min(self._rate, self._tokens + (self._world.now - self._at) * self._rate)
        self._at = self._world.now
        if self._tokens < 1:
            return True
        self._tokens -= 1
        return False


def test_throttled_writes_slow_a_worker_down_and_fail_nothing() -> None:
    quick, slow = busy_world(), busy_world()
    quick.evaluate(TODAY)
    bucket = Bucket(slow, 1)
    slow.refuses = lambda request: slow.handled != [] and bucket(request)
    run, result = slow.evaluate(TODAY)
    assert slow.refused > 50
    assert slow.now > 5 * quick.now
    assert (run.state, result.failed, result.totals["USD"].lines, slow.charged()) == ("finished", 0, 150, 150)
    assert flaws(slow) == []


@pytest.mark.parametrize("seconds", [60, 250, 1_500, 9_000])
@pytest.mark.parametrize(
    "operations", [("transact_write_items",), ("transact_write_items", "update_item", "query", "scan", "batch_get_item")]
)
def test_a_database_that_refuses_for_a_while_fails_no_day(seconds: float, operations: tuple[str, ...]) -> None:
    """From the 50th call of a worker on, for a minute, for longer than a function may run, for hours."""
    world = busy_world()
    calls: list[float] = []

    def refuses(request: Request) -> bool:
        calls.append(world.now)
        return len(calls) > 50 and request.operation in operations and world.now < calls[50] + seconds

    world.refuses = refuses
    run, result = world.evaluate(TODAY)
    assert world.refused
    assert (run.state, world.charged()) == ("finished", 150), result
    assert (result.failed, result.totals["USD"].lines) == (0, 150)
    world.refuses = lambda _: False
    assert flaws(world) == []


def test_callers_do_not_wait_for_a_busy_database() -> None:
    """contract: 503 with Retry-After, quickly."""
    world = World()
    world.db.write(accounts.create_account(Account("c", "USD")))
    world.refuses = lambda request: request.writes
    with world.waiting(), pytest.raises(Throttled):
        customers.book_payment(world.db, world.context(), "c", Decimal(1), "")
    assert world.now == 0
