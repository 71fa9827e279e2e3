"""Reversals that are left to the queue: of all customers, and of a customer with many lines."""

from collections import Counter
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import Conflict
from chalicelib.domain.record import Result, Reversal, RunRecord
from chalicelib.storage import accounts, runs
from chalicelib.usecases import customers
from chalicelib.usecases.runs import on_demand, reports, reversal
from tests.harness import Message, finish_a_run
from tests.world.dynamodb import Request

from .test_large_worlds import flaws
from .world import TODAY, Dead, World

CUSTOMERS = 70
HELD = 7


def a_run_of_all(customers: int = CUSTOMERS) -> World:
    """A finished run of all customers; every tenth has no credit and a held charge."""
    world = World()
    package = world.package(assigned=customers, frequency="daily")
    for n in range(customers):
        world.customer(f"c{n:03}", package, 1, debits=n % 2 == 0, limit="0" if n % 10 == 0 else None)
    on_demand.run_live(world.services, world.context(), RunRequest(None, TODAY, "skip", "run"))
    world.work_off()
    assert run_of(world).state == "finished"
    return world


def run_of(world: World) -> RunRecord:
    return reports.read_run(world.db, "run")


def ask(world: World) -> Reversal:
    return reversal.reverse(world.services, world.context(), "run")


def state(world: World) -> tuple[str | None, int, int, int]:
    run = run_of(world)
    return run.reversal, run.reversals, run.reversals_cancelled, run.reversals_failed


def demand_reversed_once(world: World) -> None:
    """Every posted charge has its one opposite, and nothing is taken from or owed to anybody."""
    entries = world.store.items("ledger")
    reversed_ = Counter(item["reverses"]["S"] for item in entries if "reverses" in item)
    posted = {
        f"{item['pk']['S']}~{item['sk']['S']}" for item in entries if "reverses" not in item and item.get("status", {}).get("S") == "posted"
    }
    assert reversed_ == Counter(dict.fromkeys(posted, 1))
    assert not any(item.get("status", {}).get("S") == "held" for item in entries)
    assert {Decimal(item["balance"]["N"]) for item in world.store.items("accounts") if item["sk"]["S"] == "ACCOUNT"} == {Decimal(0)}


def test_b11_a_run_of_all_is_reversed_by_the_queue() -> None:
    world = a_run_of_all()
    first = ask(world)
    assert (first.is_queued, state(world)) == (True, ("reversing", 0, 0, 0))
    world.work_off()
    assert state(world) == ("reversed", CUSTOMERS - HELD, HELD, 0)
    demand_reversed_once(world)
    stands = world.store.items("ledger"), world.store.items("accounts"), run_of(world)
    again = ask(world)
    assert (again.is_queued, world.queued) == (True, [])
    assert (world.store.items("ledger"), world.store.items("accounts"), run_of(world)) == stands


@pytest.mark.parametrize("customers", [10, 1_000])
def test_b11_asking_costs_the_same_for_every_number_of_customers(customers: int) -> None:
    world = a_run_of_all(customers)
    world.store.meter.requests.clear()
    ask(world)
    assert world.store.meter.requests.total() == 4
    assert len(world.queued) == 1


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> World:
    """A run whose reversal takes longer than a function may run."""
    monkeypatch.setattr(reversal, "REVERSED_AT_ONCE", 4)
    world = a_run_of_all(150)
    ask(world)
    world.handled.clear()
    world.call_seconds = 5.0
    return world


def test_b11_a_message_hands_on_when_its_time_is_short(slow: World) -> None:
    slow.work_off()
    slow.call_seconds = 0.0
    assert len(slow.handled) > 1
    starts = [message["after"] for message in slow.handled]
    assert starts == sorted(set(starts))
    assert state(slow) == ("reversed", 135, 15, 0)
    demand_reversed_once(slow)


def test_b11_every_message_comes_twice_and_late(slow: World) -> None:
    ask(slow)
    slow.work_off()
    slow.queued += list(slow.handled)
    slow.work_off()
    slow.call_seconds = 0.0
    assert state(slow) == ("reversed", 135, 15, 0)
    demand_reversed_once(slow)
    assert flaws(slow) == []


class Crash(Exception):
    """The function's process is gone."""


@pytest.mark.parametrize("after", [False, True])
def test_b11_a_crash_at_any_call_ends_as_without_one(after: bool) -> None:
    """What a crash left half done is completed when the message comes back."""
    for at in range(1, 30, 4):
        world = a_run_of_all(9)
        ask(world)
        calls = 0

        def crash(request: Request, effect: Any, world: World = world, at: int = at) -> Any:
            nonlocal calls
            calls += 1
            if calls != at:
                return world.call(request, effect)
            if after:
                world.call(request, effect)
            raise Crash

        world.store.hook = crash
        world.work_off()
        world.store.hook = world.call
        assert run_of(world).reversal in ("reversed", "reversed_with_failures")
        ask(world)
        world.work_off()
        assert state(world) == ("reversed", 8, 1, 0), at
        demand_reversed_once(world)


def test_b11_a_customer_that_fails_stops_no_other_and_is_completed_when_asked_again() -> None:
    world = a_run_of_all()
    ask(world)
    world.breaks = lambda request: request.operation == "transact_write_items" and "'c033'" in str(request.arguments)
    world.work_off()
    assert state(world) == ("reversed_with_failures", CUSTOMERS - HELD - 1, HELD, 1)
    world.breaks = lambda _: False
    ask(world)
    assert state(world)[0] == "reversing"
    world.work_off()
    assert state(world) == ("reversed", CUSTOMERS - HELD, HELD, 0)
    demand_reversed_once(world)


def test_b11_a_message_that_is_given_up_leaves_a_reversal_that_can_be_asked_for_again() -> None:
    world = a_run_of_all()
    ask(world)
    world.breaks = lambda request: request.operation == "query"
    with pytest.raises(Dead):
        world.work_off()
    world.breaks = lambda _: False
    assert state(world) == ("reversing", 0, 0, 0)
    ask(world)
    world.work_off()
    assert state(world) == ("reversed", CUSTOMERS - HELD, HELD, 0)


@pytest.mark.parametrize(("lines", "is_queued"), [(500, False), (501, True)])
def test_b11_many_lines_of_one_customer_are_reversed_by_the_queue(lines: int, is_queued: bool) -> None:
    world = World()
    world.customer("big", world.package(assigned=lines, frequency="daily"), lines, debits=True)
    on_demand.run_live(world.services, world.context(), RunRequest("big", TODAY, "skip", "run"))
    world.work_off()
    assert ask(world).is_queued is is_queued
    world.work_off()
    assert state(world) == ("reversed", lines, 0, 0)
    demand_reversed_once(world)
    assert len(ask(world).reversals) == (0 if is_queued else lines)
    assert world.queued == []


def a_run_with_a_parked_customer() -> tuple[World, Message]:
    """A run of all customers that finished with failures: one was parked, and is unparked now."""
    world = World()
    package = world.package(assigned=2, frequency="daily")
    for name in ("ann", "bob"):
        world.customer(name, package, 1, debits=False)
    bob = accounts.find_account(world.db, "bob")
    assert bob is not None
    world.db.write(accounts.park(bob._replace(version=bob.version + 1), TODAY))
    on_demand.run_live(world.services, world.context(), RunRequest(None, TODAY, "skip", "run"))
    sent = list(world.queued)
    world.work_off()
    assert run_of(world).state == "finished_with_failures"
    customers.unpark_customer(world.db, world.context(), "bob")
    return world, sent[0]


def charged(world: World) -> list[str]:
    return sorted(item["pk"]["S"] for item in world.store.items("ledger") if "reverses" not in item)


def test_a_run_with_failures_is_completed_until_it_is_reversed() -> None:
    world, _ = a_run_with_a_parked_customer()
    on_demand.run_live(world.services, world.context(), RunRequest(None, TODAY, "skip", "run"))
    world.work_off()
    assert charged(world) == ["ann", "bob"]


def test_a_reversed_run_charges_nobody_any_more() -> None:
    """Neither when it is asked for again, nor by a message that comes late."""
    world, late = a_run_with_a_parked_customer()
    ask(world)
    world.work_off()
    on_demand.run_live(world.services, world.context(), RunRequest(None, TODAY, "skip", "run"))
    world.queued.append(late)
    world.work_off()
    assert charged(world) == ["ann"]


def test_a_run_that_is_being_completed_can_be_reversed_when_it_is_through() -> None:
    world, _ = a_run_with_a_parked_customer()
    on_demand.run_live(world.services, world.context(), RunRequest(None, TODAY, "skip", "run"))
    with pytest.raises(Conflict) as refused:
        ask(world)
    assert refused.value.code == "running"
    assert (run_of(world).state, run_of(world).reversed_on) == ("running", None)
    world.work_off()
    ask(world)
    world.work_off()
    assert run_of(world).reversal == "reversed"
    demand_reversed_once(world)


def test_of_a_completion_and_a_reversal_at_once_the_first_wins() -> None:
    """Each has read the run before the other writes."""
    world, _ = a_run_with_a_parked_customer()
    begin = partial(runs.begin_reversal, world.db, "run", TODAY, "2031-03-15T03:00:00+00:00", "me")
    runs.reopen_run(world.db, "run")
    assert begin().reversed_on is None
    finish_a_run(world.db, "run", Result({}, (), 1), "2031-03-15T03:00:00+00:00")
    assert begin().reversed_on == TODAY
    runs.reopen_run(world.db, "run")
    assert run_of(world).is_over
