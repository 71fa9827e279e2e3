"""What a held charge does at its next try (rules 4: Auto Decrement Credit)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.ledger import Entry
from chalicelib.domain.package import Package
from chalicelib.domain.schedule import DAY
from chalicelib.storage import accounts, assignments, ledger
from chalicelib.storage.db import decode
from chalicelib.usecases import assignments as editing
from chalicelib.usecases import loading
from chalicelib.usecases.runs import on_demand

from .world import TODAY, World

ANN = ("ann", "ann-000000")


def _holding(**fields: Any) -> tuple[World, Package]:
    """A world in which a charge of 1.50 of TODAY is held; the debit limit is 0."""
    world = World()
    package = world.package(assigned=1, frequency="monthly", **fields)
    world.customer("ann", package, 1, debits=True, limit="0")
    world.evaluate(TODAY)
    assert [entry.status for entry in _entries(world)] == ["held"]
    return world, package


def _entries(world: World) -> list[Entry]:
    return [ledger.entry_from_item(decode(item)) for item in world.store.items("ledger")]


def _edit(world: World, **fields: Any) -> None:
    editing.change_assignment(world.db, world.context(), ANN, None, lambda one: one._replace(**fields), True)


def _evaluate(world: World) -> None:
    world.evaluate(TODAY + DAY)


def _run(world: World) -> None:
    on_demand.run_live(world.services, world.context(TODAY + DAY), RunRequest("ann", TODAY, "skip", "by-hand"))


@pytest.mark.parametrize("tried", [_evaluate, _run], ids=["B20-by the daily run", "B20-by a Run Package of its date"])
def test_a_held_charge_follows_its_assignment(tried: Callable[[World], None]) -> None:
    """rules 4: auto decrement is off by now, so it is posted to be invoiced, and the balance stays."""
    world, _ = _holding()
    _edit(world, auto_decrement_credit=False)
    tried(world)
    (entry,) = _entries(world)
    assert entry.line is not None
    assert (entry.status, entry.credit_change, entry.line.auto_decrement_credit) == ("posted", Decimal(0), False)
    account = accounts.find_account(world.db, "ann")
    assert account is not None
    assert (account.held, account.balance) == (0, Decimal(0))


def test_b20_an_ended_assignment_is_followed_too() -> None:
    """rules 4: it is tried also when its assignment has ended."""
    world, _ = _holding()
    _edit(world, auto_decrement_credit=False, end_date=TODAY)
    world.evaluate(TODAY + 2 * DAY)
    assert [entry.status for entry in _entries(world)] == ["posted"]


def test_b20_a_cancelled_assignment_is_not_followed() -> None:
    """rules 4: there is none to follow: it is tried as it was held."""
    world, _ = _holding()
    one = assignments.find_assignment(world.db, *ANN)
    assert one is not None
    world.db.write(
        assignments.update_assignment(one, one._replace(cancelled=True, auto_decrement_credit=False, version=2), uncharged=False)
    )
    _evaluate(world)
    assert [entry.status for entry in _entries(world)] == ["held"]


def test_b20_a_piece_that_sees_newer_assignments_only_follows_all() -> None:
    """rules 4: the held charge's assignment is read where the piece did not bring it along."""
    world, package = _holding()
    _edit(world, auto_decrement_credit=False)
    world.db.write(assignments.create_assignment(Assignment("ann", "newer", package.package_id, TODAY + DAY, evaluate_from=TODAY + DAY)))
    account = accounts.find_account(world.db, "ann")
    assert account is not None
    newer = assignments.find_assignments(world.db, [("ann", "newer")])
    (found,) = loading.held_charges(world.db, account, newer, TODAY + DAY)
    assert found.line is not None
    assert not found.line.auto_decrement_credit
