"""Audits while others work: at their store calls, chance lets somebody charge, pay, credit, reverse, or evaluate a day (rules: Audit).

What is told then has to be true, and "not compared" is the only other answer.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import count
from typing import Any, Final

from chalicelib.domain.crediting import CreditRequest
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import BillingError
from chalicelib.domain.one_off import OneOffRequest
from chalicelib.usecases import crediting, customers, one_off
from chalicelib.usecases.runs import on_demand, reversal
from tests.usecases.exporting import ledgers
from tests.world.simulation import World
from tests.world.test_audit import findings, quiet, unclean

SEEDS: Final = 40
OFTEN: Final = (0.03, 0.1, 0.5)
"""At how many of an audit's calls somebody works: from seldom to nearly always."""


def somebody(world: World, chance: random.Random) -> Callable[[], None]:
    """Does something else each time."""
    services, names = world.services._replace(send=lambda _: None), (f"busy-{n}" for n in count())

    def work() -> None:
        name, customer = next(names), chance.choice(world.customers)
        context = world.context(name)
        asked_once = OneOffRequest("A visit", world.last_day, Decimal(3), auto_decrement_credit=True)
        with suppress(BillingError):
            chance.choice((
                lambda: customers.book_adjustment(world.db, context, customer, Decimal(chance.choice((-1, 5))), "busy"),
                lambda: one_off.charge_one_off(world.db, context, customer, asked_once),
                lambda: on_demand.run_live(services, context, RunRequest(customer, world.last_day, "charge_again", name)),
                lambda: reversal.reverse(services, context, f"busy-{chance.randrange(20)}"),
                lambda: _credit_something(world, chance, name),
                world.evaluate_last_day,
            ))()  # fmt: skip

    return work


def _credit_something(world: World, chance: random.Random, name: str) -> None:
    standing = [row for row in ledgers(world) if "credited_retail" in row]
    if standing:
        row = chance.choice(standing)
        asked = CreditRequest("busy", None, recharge=chance.random() < 0.5)
        crediting.give_credit(world.db, world.context(name), row["customer_id"], row["entry_id"], asked)


def amid(world: World, chance: random.Random, often: float) -> list[Any]:
    """An audit at some of whose calls somebody else works."""
    work = somebody(world, chance)

    def hook(_: Any, effect: Callable[[], Any]) -> Any:
        if chance.random() < often:
            world.store.hook = None
            work()
            world.store.hook = hook
        return effect()

    world.store.hook = hook
    found = findings(world, "amid")
    world.store.hook = None
    return found


def _worlds() -> Iterator[tuple[int, World]]:
    for seed in range(SEEDS):
        world = World(seed)
        world.play()
        yield seed, quiet(world)


def test_an_audit_amid_work_tells_nothing_untrue() -> None:
    seen: Counter[str] = Counter()
    for seed, world in _worlds():
        chance = random.Random(seed)
        before = len(world.store.items("ledger"))
        found = unclean(amid(world, chance, OFTEN[seed % len(OFTEN)]))
        assert {row["finding"] for row in found} <= {"not_compared"}, seed
        assert unclean(findings(world, "quiet")) == [], seed
        seen["customers"] += len(world.customers)
        seen["not compared"] += len(found)
        seen["entries made meanwhile"] += len(world.store.items("ledger")) - before
    print(seen, f"{seen['not compared'] / seen['customers']:.0%} not compared")
    assert 0 < seen["not compared"] < seen["customers"] / 2
    assert seen["entries made meanwhile"] > SEEDS
