"""`posted_at` is the moment at which the transaction is sent, whatever took how long before (rules 5 and README: invoices)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.ledger import Entry
from chalicelib.domain.schedule import DAY
from chalicelib.storage import ledger
from chalicelib.storage.db import decode
from chalicelib.usecases import assigning, customers
from chalicelib.usecases.request_context import RequestContext
from chalicelib.usecases.runs import daily, on_demand, read_message, reversal, work_off
from tests.world.dynamodb import Answer, Request, error

from .world import TODAY, World

MINUTE = timedelta(minutes=1)
LATE = datetime(TODAY.year, TODAY.month, TODAY.day, 23, 58, tzinfo=UTC)


class Slow:
    """A world in which each call to the database takes a minute, beginning with the request: it began at 23:58."""

    def __init__(self, world: World, package_id: str = "") -> None:
        self.world = world
        self.package_id = package_id
        self.calls = 0
        self.sent: list[datetime] = []
        """When each transaction was sent that writes the ledger."""
        self.refused = 0
        """So many of them are cancelled for contention first."""
        world.store.hook = self

    def __call__(self, request: Request, effect: Callable[[], Answer]) -> Answer:
        if any("ledger" in str(action) for action in request.arguments.get("TransactItems", ())):
            self.sent.append(self.clock())
            if len(self.sent) <= self.refused:
                self.calls += 1
                raise error("TransactionInProgressException")
        self.calls += 1
        return effect()

    def clock(self) -> datetime:
        return LATE + self.calls * MINUTE

    def context(self, name: str = "late") -> RequestContext:
        return RequestContext("test", LATE, TODAY, name, self.clock)


def _entries(world: World) -> list[Entry]:
    return [ledger.entry_from_item(decode(item)) for item in world.store.items("ledger")]


def _pay(slow: Slow) -> None:
    customers.book_payment(slow.world.db, slow.context(), "ann", Decimal(5), "")


def _run(slow: Slow) -> None:
    on_demand.run_live(slow.world.services, slow.context(), RunRequest("ann", TODAY, "skip", "late"))


def _backlog(slow: Slow) -> None:
    draft = Assignment("ann", "", slow.package_id, TODAY - DAY)
    assigning.create_assignment(slow.world.db, slow.context(), draft, None, True)


def _evaluate(slow: Slow) -> None:
    daily.start_evaluation(slow.world.services, slow.context(), TODAY, allow_future=True)
    for message in slow.world.queued:
        work_off(slow.world.services, slow.context("worker"), read_message(message), lambda: 900.0)


def _reverse(slow: Slow) -> None:
    _run(slow)
    reversal.reverse(slow.world.services, slow.context("reverse"), "late")


def _world() -> Slow:
    world = World()
    package = world.package(assigned=2, frequency="daily")
    world.customer("ann", package, 1, debits=True)
    world.customer("bob", package, 1, debits=False)
    return Slow(world, package.package_id)


@pytest.mark.parametrize("refused", [0, 1], ids=["", "tried again: the moment of the second try"])
@pytest.mark.parametrize("work", [_pay, _run, _backlog, _evaluate, _reverse], ids=lambda work: f"B7-{work.__name__.strip('_')}")
def test_an_entry_is_posted_when_its_transaction_is_sent(work: Callable[[Slow], None], refused: int) -> None:
    slow = _world()
    slow.refused = refused
    with slow.world.waiting():
        work(slow)
    posted = [entry.posted_at for entry in _entries(slow.world)]
    assert posted
    assert set(posted) == {moment.isoformat() for moment in slow.sent[refused:]}
    assert all(entry.recorded_at == entry.posted_at for entry in _entries(slow.world))
    assert LATE.isoformat() not in posted


@pytest.mark.parametrize("tried", [_run, _evaluate], ids=["B7-by a Run Package", "B7-by a daily run"])
def test_a_held_charge_is_posted_when_it_is_released(tried: Callable[[Slow], None]) -> None:
    world = World()
    world.customer("ann", world.package(assigned=1, frequency="monthly"), 1, debits=True, limit="0")
    world.evaluate(TODAY)
    customers.book_payment(world.db, world.context(), "ann", Decimal(2), "")
    slow = Slow(world)
    tried(slow)
    (entry,) = [entry for entry in _entries(world) if entry.kind == "recurring"]
    assert (entry.status, entry.posted_at) == ("posted", slow.sent[-1].isoformat())
    assert entry.recorded_at < (entry.posted_at or "")
