"""Minutes whose own charge is held for want of credit are not given until it posts (rules 4: Free Minutes)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.minutes import Call
from chalicelib.domain.schedule import DAY
from chalicelib.storage import accounts, assignments
from chalicelib.usecases import assignments as reading
from chalicelib.usecases import customers, usage
from chalicelib.usecases.runs import on_demand
from tests.operators.world import TODAY, World
from tests.world.dynamodb import Answer, Request

KEPT = timedelta(days=400)
BUNDLE = ("ann", "bundle")


def _world(limit: str | None = "0", **sold: Any) -> World:
    """Ann has 2 free minutes a month for 1.50, debited, from today on."""
    world = World()
    package = world.package(assigned=1, **{"type": "free_minutes", "frequency": "monthly"} | sold)
    world.customer("ann", package, 0, debits=True, limit=limit)
    one = Assignment(*BUNDLE, package.package_id, TODAY, auto_decrement_credit=True, free_minutes=2, evaluate_from=TODAY)
    world.db.write(assignments.create_assignment(one))
    return world


def _call(world: World, name: str, seconds: int = 60) -> tuple[int, int]:
    """Free and billable seconds of a call of today."""
    started = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC).isoformat()
    call = Call(name, started, TODAY, "441234", seconds, Decimal(1))
    (rated,) = usage.record_calls(world.db, world.context(), "ann", [call], KEPT)
    return rated.free_seconds, rated.billable_seconds


def _waiting(world: World) -> tuple[bool, int]:
    """Whether today's bucket waits, as both answers say it, and the seconds used of it."""
    (found,) = usage.read_minutes(world.db, "ann", TODAY)
    embedded = reading.read_assignment(world.db, TODAY, *BUNDLE).minutes
    assert embedded == found
    return found.waiting, found.used


def _pay(world: World) -> None:
    customers.book_payment(world.db, world.context(), "ann", Decimal(50), "")


def _release(world: World) -> None:
    on_demand.run_live(world.services, world.context(), RunRequest("ann", TODAY, "skip", "release"))


def test_b17_a_bucket_gives_nothing_while_its_charge_is_held() -> None:
    world = _world()
    world.evaluate(TODAY)
    assert _waiting(world) == (True, 0)
    assert _call(world, "held") == (0, 60)
    _pay(world)
    assert _call(world, "still held") == (0, 60)
    world.evaluate(TODAY + DAY)
    assert _waiting(world) == (False, 0)
    assert _call(world, "posted") == (60, 0)
    assert _call(world, "held") == (0, 60), "a call answers as the first time"
    assert _waiting(world) == (False, 60)


def test_b17_another_held_charge_does_not_matter() -> None:
    """Only the charge of the day on which the bucket begins is its own: not the setup, nor an earlier month's."""
    world = _world(setup_retail=Decimal(7), retail=Decimal(0), cost=Decimal(1))
    world.evaluate(TODAY)
    account = accounts.find_account(world.db, "ann")
    assert account is not None
    assert account.held == 1
    assert (_waiting(world), _call(world, "one")) == ((False, 0), (60, 0))


def test_b17_a_bucket_whose_charge_was_written_off_gives_its_minutes() -> None:
    """Whoever writes it off gives it."""
    world = _world()
    world.evaluate(TODAY)
    customers.write_off(world.db, world.context(), f"ann~{TODAY}~1-recurring~bundle")
    assert (_waiting(world), _call(world, "one")) == ((False, 0), (60, 0))


class Between:
    """Does something right before a call is written, when its buckets have been looked at."""

    def __init__(self, world: World, work: Callable[[World], None]) -> None:
        self.world = world
        self.work: Callable[[World], None] | None = work
        world.store.hook = self

    def __call__(self, request: Request, effect: Callable[[], Answer]) -> Answer:
        if self.work and "CALL#" in str(request.arguments.get("TransactItems", "")):
            work, self.work = self.work, None
            work(self.world)
        return effect()


def _hold(world: World) -> None:
    world.evaluate(TODAY)


def _swap(world: World) -> None:
    """One held charge goes, another comes: as many as before, and the balance does not move."""
    world.evaluate(TODAY)


@pytest.mark.parametrize(
    ("before", "meanwhile", "expected"),
    [
        ((), _hold, (0, 60)),
        ((_hold, _pay), _release, (60, 0)),
        ((), _pay, (60, 0)),
    ],
    ids=["B17-held meanwhile", "B17-posted meanwhile", "B17-a payment meanwhile"],
)
def test_what_is_held_counts_when_the_call_is_written(
    before: tuple[Callable[[World], None], ...], meanwhile: Callable[[World], None], expected: tuple[int, int]
) -> None:
    """The transaction demands that nothing was held or released since the look; otherwise the call is rated anew."""
    world = _world()
    for work in before:
        work(world)
    Between(world, meanwhile)
    with world.waiting():
        assert _call(world, "meanwhile") == expected


def test_b17_one_held_and_another_released_meanwhile_is_noticed() -> None:
    """As many charges are held as before, and the balance has not moved: the look is repeated all the same."""
    world = _world()
    line = world.package(assigned=1, frequency="monthly")
    other = Assignment("ann", "a-line", line.package_id, TODAY - DAY, auto_decrement_credit=True, evaluate_from=TODAY - DAY)
    world.evaluate(TODAY - DAY)
    world.db.write(assignments.create_assignment(other))
    on_demand.run_live(world.services, world.context(), RunRequest("ann", TODAY - DAY, "skip", "hold"))
    reading.change_assignment(
        world.db, world.context(), ("ann", "a-line"), None, lambda one: one._replace(auto_decrement_credit=False), True
    )
    account = accounts.find_account(world.db, "ann")
    Between(world, _swap)
    with world.waiting():
        assert _call(world, "meanwhile") == (0, 60)
    after = accounts.find_account(world.db, "ann")
    assert account is not None
    assert after is not None
    assert (account.held, account.balance) == (after.held, after.balance) == (1, Decimal(0))
