"""Seeded worlds in which assignments go on as others while workers run, days are missed and credit is short."""

from collections import Counter
from unittest.mock import patch

import pytest

from .requests import DRAWN, HANDOVERS
from .simulation import run

BLOCKS = 4
SEEDS = 75
"""A block's."""
ALSO = (365, 760)
"""Worlds with calls that draw from the minutes of the assignment before."""


@pytest.mark.parametrize("block", range(BLOCKS))
def test_nothing_is_lost_or_doubled_when_assignments_go_on_as_others(block: int) -> None:
    seeds = [*range(block * SEEDS, (block + 1) * SEEDS), *(ALSO if block == 0 else ())]
    with patch.dict(DRAWN, HANDOVERS):
        edits = sum((run(seed).edits for seed in seeds), Counter[str]())
    assert all(edits[kind] for kind in ("replacements and transfers", "days missed", "charges held", "terms", "ends")), edits
