"""Audits in worlds that chance has made: nothing is found where all went well, and whatever is changed in a ledger is."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import pytest

from chalicelib.storage import keys
from chalicelib.storage.db import decode, encode
from chalicelib.usecases import audits
from chalicelib.usecases.audits import AuditRequest
from tests.harness import InProcess
from tests.usecases.exporting import AT, work_off
from tests.usecases.test_exports import played
from tests.world.simulation import World

SEEDS: Final = 12
"""Of a block."""
NO_MONEY: Final = {
    "pk": "whose it is: another customer's ledger", "sk": "its identity: another entry",
    "recorded": "when it was written", "recorder": "who wrote it", "posted": "when it took effect", "run": "which run",
    "canceller": "who wrote it off", "reference": "words", "reason": "words", "package_name": "words", "did": "whose number, as told then",
    "account_code": "how it is booked", "tax_code": "how it is booked", "version": "how often it was changed",
    "held_by": "the index of held charges, which make balances checks", "parts": "which entries are posted together",
    "cancelled_by": "who wrote it off",
}  # fmt: skip
"""Attributes of an entry whose change moves no money, and why."""


OF_ONE_OFFS: Final = ("frequency", "frequency_match", "starts")
"""Attributes that mean nothing in a one-off charge, which no schedule makes."""


def findings(world: InProcess, name: str) -> list[Any]:
    audits.request_audit(world.services, world.context_at(AT, name), AuditRequest())
    work_off(world)
    return audits.findings_page(world.services, name, None, None, 10_000)[0]


def quiet(world: World) -> World:
    world.store.hook = None
    world.store.observers.clear()
    return world


def unclean(found: list[Any]) -> list[Any]:
    return [row for row in found if row["finding"] not in ("late_usage", "repeated", "corrected", "voided", "goodwill")]


@pytest.mark.parametrize("block", range(3))
def test_an_audit_after_the_evaluations_is_clean(block: int) -> None:
    """Whatever crashed, raced and was corrected meanwhile."""
    seen = 0
    for seed in range(block * SEEDS, (block + 1) * SEEDS):
        world = World(seed)
        world.play()
        found = findings(quiet(world), "audit")
        assert unclean(found) == [], seed
        seen += len(world.store.items("ledger"))
    assert seen > 30


def altered(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, Decimal):
        return value + 1
    if isinstance(value, str):
        return {"posted": "held", "held": "posted", "cancelled": "posted", "monthly": "yearly", "daily": "monthly"}.get(
            value, _later(value)
        )
    if isinstance(value, list):
        return [altered(value[0]), *value[1:]] if value else [Decimal(1)]
    return {name: altered(part) for name, part in value.items()} if isinstance(value, dict) else value


def _later(value: str) -> str:
    return f"{int(value[:4]) + 1}{value[4:]}" if value[:4].isdigit() and value[4:5] == "-" else f"{value}x"


def changes(item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The item with one attribute changed, for each that is stored and is money."""
    for name, value in item.items():
        means_nothing = name in NO_MONEY or ("~7-one_off~" in item["sk"] and name in OF_ONE_OFFS)
        if not means_nothing:
            yield name, {**item, name: altered(value)}


def test_whatever_is_changed_in_a_ledger_is_found() -> None:
    """One attribute at a time, of one entry of each shape. What says nothing of money is listed, with why."""
    world = played(3)
    before = findings(world, "before")
    assert unclean(before) == []
    shapes: set[tuple[Any, ...]] = set()
    missed, tried = [], 0
    for item in [decode(one) for one in world.store.items("ledger")]:
        shape = (item["sk"].split("~")[1], item["status"], *sorted(item))
        if shape in shapes:
            continue
        shapes.add(shape)
        for name, changed in changes(item):
            tried += 1
            put(world, changed)
            found = findings(world, f"{tried}")
            if found == before:
                missed.append((name, *shape[:2]))
            put(world, item)
    assert missed == []
    assert tried > 50


def put(world: World, item: dict[str, Any]) -> None:
    world.store.put_item(TableName=keys.LEDGER, Item=encode(item))
