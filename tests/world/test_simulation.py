"""Seeded worlds, a minute's worth; `make simulate SEEDS=100000` plays more."""

from collections import Counter

import pytest

from .faults import KINDS
from .simulation import World, run

BLOCKS = 6
SEEDS = 100
"""A block's. Enough of them together for every fault to be injected, every kind of edit, and every invariant to be looked at."""
EDITED = (
    "price lists", "terms", "pauses", "ends", "days missed", "charges held", "credits", "credits to be charged anew",
    "charges voided", "one-off charges", "adjustments",
)  # fmt: skip


@pytest.mark.parametrize("block", range(BLOCKS))
def test_nothing_is_lost_or_doubled(block: int) -> None:
    played = [run(seed) for seed in range(block * SEEDS, (block + 1) * SEEDS)]
    faults = sum((one.faults for one in played), Counter())
    assert faults.keys() >= KINDS.keys() | {"queue down", "message twice", "time limit"}
    checked = sum((one.checked for one in played), Counter())
    assert len(checked) >= 24, sorted(checked)
    edits = sum((one.edits for one in played), Counter())
    assert all(edits[kind] for kind in EDITED), edits


def test_a_seed_replays_to_the_last_call() -> None:
    traces = []
    for _ in range(2):
        world = World(11, traced=True)
        world.play()
        traces.append((world.faults.trace, world.notes, [world.store.items(name) for name in ("accounts", "ledger", "usage", "runs")]))
    assert traces[0] == traces[1]
    assert traces[0][0]
