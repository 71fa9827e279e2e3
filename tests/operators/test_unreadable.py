"""An item that somebody else wrote or spoiled: its customer fails, is told and made up for; the others are charged."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.deciding import RunRequest
from chalicelib.storage import accounts, balance_repair, runs
from chalicelib.usecases import balance_check
from chalicelib.usecases.runs import on_demand, read_message, work_off
from tests.harness import InThread
from tests.world.tables import Item

from .world import FUNCTION_SECONDS, TODAY, World

KEY = ("pk", "sk")


def world_of_three() -> World:
    """Three customers with a daily package each, evaluated today."""
    world = World(round_customers=1)
    package = world.package(assigned=3, frequency="daily")
    for customer in ("ann", "bob", "cid"):
        world.customer(customer, package, 1, debits=True)
    world.evaluate(TODAY)
    return world


def the_account(item: Item) -> bool:
    return item["pk"]["S"] == "bob" and item["sk"]["S"] == "ACCOUNT"


def the_assignment(item: Item) -> bool:
    return item["pk"]["S"] == "bob" and item["sk"]["S"] != "ACCOUNT"


def spoil(world: World, which: Callable[[Item], bool], **attributes: object) -> Item:
    """Write other attributes into an item, or none; the item as it was."""
    (item,) = filter(which, world.store.items("accounts"))
    spoilt = {name: value for name, value in (item | attributes).items() if value is not None}
    world.store.put_item(TableName="accounts", Item=spoilt)
    return item


SPOILT = {
    "an account without currency": (the_account, {"currency": None}),
    "an account with a balance that is text": (the_account, {"balance": {"S": "ten"}, "held": {"S": "none"}}),
    "an assignment without package": (the_assignment, {"package": None}),
    "an assignment that starts on no day": (the_assignment, {"starts": {"S": "soon"}}),
}
spoilt = pytest.mark.parametrize(("which", "attributes"), SPOILT.values(), ids=SPOILT)


def dated(world: World, customer: str) -> list[date]:
    return [date.fromisoformat(item["sk"]["S"][:10]) for item in world.store.items("ledger") if item["pk"]["S"] == customer]


@spoilt
def test_the_others_are_charged_and_it_is_made_up_for(which: Callable[[Item], bool], attributes: dict[str, object]) -> None:
    """rules 5: a failure stops no other; what fails is kept where an operator sees it, and posted by a later run."""
    world = world_of_three()
    was = spoil(world, which, **attributes)
    days = [TODAY + timedelta(days=n) for n in range(4)]
    for day in days[1:3]:
        run, result = world.evaluate(day)
        told = [(one.customer_id, one.assignment_id, one.due_date, one.code) for one in result.failures]
        assert (run.state, told) == ("finished_with_failures", [("bob", None, day, "internal")])
    assert (dated(world, "ann"), dated(world, "bob"), dated(world, "cid")) == (days[:3], days[:1], days[:3])

    (now,) = filter(which, world.store.items("accounts"))
    mended = now | {name: was[name] for name in attributes}
    world.store.put_item(TableName="accounts", Item=mended)
    run, result = world.evaluate(days[3])
    assert (run.state, result.totals["USD"].retail) == ("finished", Decimal("1.50") * 5)
    assert dated(world, "bob") == days
    bob = accounts.find_account(world.db, "bob")
    assert bob is not None
    assert (bob.balance, bob.evaluate_from) == (Decimal("-6.00"), None)


@spoilt
def test_a_run_of_all_customers_tells_of_it_too(which: Callable[[Item], bool], attributes: dict[str, object]) -> None:
    world = world_of_three()
    spoil(world, which, **attributes)
    context = world.context()
    on_demand.run_live(world.services, context, RunRequest(None, TODAY, "charge_again", "run-1"))
    while world.queued:
        work_off(world.services, context, read_message(world.queued.pop(0)), lambda: FUNCTION_SECONDS)
    run = runs.find_run(world.db, "run-1")
    assert run is not None
    assert run.result is not None
    assert (run.state, [one.customer_id for one in run.result.failures]) == ("finished_with_failures", ["bob"])
    assert [len(dated(world, customer)) for customer in ("ann", "bob", "cid")] == [2, 1, 2]


@spoilt
def test_the_check_of_balances_tells_of_it_and_goes_on(which: Callable[[Item], bool], attributes: dict[str, object]) -> None:
    world = world_of_three()
    spoil(world, which, **attributes)
    cid = accounts.find_account(world.db, "cid")
    assert cid is not None
    world.db.write(balance_repair.rebalance(cid, cid.balance + 5, 0))
    found: list[balance_check.Flaw] = []
    with world.waiting():
        balance_check.check_balances(world.db, 1, InThread(), found.append)
    assert {("unreadable", "bob"), ("balance", "cid")} <= {(flaw.kind, flaw.where) for flaw in found}
