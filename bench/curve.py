"""How cost grows with size: evaluations of a day, in the 64 segments of a deployment, each against stores of its own.

Twice each: through botocore for processor time, its transport stubbed; and directly on the metered stores for the units.
"""

import gc
import tracemalloc
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from tests.world.dynamodb import DynamoDb

from . import fleet
from .counted import made
from .fleet import Fleet
from .prices import MILLION, PRICES_OF, dollars, minutes
from .report import number, progress, table
from .service import DAY, THREADS, Service
from .split import Counts, Split, counts, forget
from .timed import MICRO, behind_botocore, frozen, planning_microseconds
from .wire import Memory, Wire, deployed

SEGMENTS: Final = 64
DUE: Final = (3, 100)
COLUMNS: Final = (
    "assignments", "due", "planning, µs each", "whole sweep, µs each", "requests", "write units", "read units", "dollars",
    "dollars a million charges", "minutes at 4,000 units/s", "at 40,000", "peak of a worker, MB",
)  # fmt: skip


class Point(NamedTuple):
    """A day of a provider of some size: what it consumed, processor seconds, and the most memory that a worker took."""

    wanted: Fleet
    consumed: Counts
    charges: int
    seconds: float
    planning: float
    peak_bytes: int

    @property
    def dollars(self) -> float:
        """What DynamoDB charges."""
        return dollars(self.consumed.write_units, self.consumed.read_units)

    def row(self) -> list[str]:
        """The cells of its row."""
        units = self.consumed.write_units
        return [
            f"{self.wanted.assignments:,}", f"{self.wanted.due} %", number(self.planning),
            number(self.seconds / self.wanted.assignments * MICRO), f"{self.consumed.requests:,}", f"{units:,.0f}",
            f"{self.consumed.read_units:,.0f}", number(self.dollars), number(self.dollars / self.charges * MILLION),
            number(minutes(units, 4000)), number(minutes(units, 40_000)), number(self.peak_bytes / 2**20),
        ]  # fmt: skip


class _Day:
    """The evaluation of one day on one client, segment by segment."""

    def __init__(self, stores: Split, client: Any, wanted: Fleet, **options: Any) -> None:
        self.stores = stores
        setting_up = Service(stores, segments=SEGMENTS)
        fleet.catalog(stores.shared, wanted)
        fleet.evaluated(setting_up)
        forget(stores.shared)
        self.service = Service(client, segments=SEGMENTS, **options)
        self.service.begin(DAY)

    def work(self) -> None:
        """One segment, in as many pieces as it is handed on in."""
        segment = self.service.work_next()
        queued = self.service.queued
        while queued and queued[-1]["segment"] == segment:
            queued.insert(0, queued.pop())
            self.service.work_next()


def point(wanted: Fleet) -> Point:
    """Evaluate a day of a provider."""
    progress(f"{wanted.assignments:,} assignments, {wanted.due} % due")
    metered, answering = Split(), Split()
    memory = Memory(answering)
    wire = Wire(memory, deployed())
    counted, timed = _Day(metered, metered, wanted), _Day(answering, wire.client, wanted, threads=THREADS)
    consumed, seconds, charges = Counts(), 0.0, 0
    for store in _segments(wanted):
        metered.own = answering.own = store
        memory.prepare()
        seconds += frozen(lambda: wire.cpu(timed.work))
        forget(store)
        counted.work()
        consumed += counts(store)
        charges += len(store.items("ledger"))
    if charges != wanted.charges:
        raise RuntimeError(f"{charges} charges are posted, {wanted.charges} are due")
    consumed += counts(metered.shared)
    return Point(wanted, consumed, charges, seconds, planning_microseconds(wanted), peak(wanted))


def _segments(wanted: Fleet) -> Iterator[DynamoDb]:
    for segment in range(SEGMENTS):
        store = Split().own
        fleet.load(store, wanted, made(debits=wanted.debits, new=False), share=(segment, SEGMENTS))
        yield store


def peak(wanted: Fleet) -> int:
    """The most bytes that a worker holds while it evaluates a segment, beyond what the process had before."""
    share = wanted._replace(assignments=max(wanted.each, wanted.assignments // SEGMENTS))
    timed = behind_botocore(share)
    timed.sweep(share._replace(assignments=wanted.each))
    gc.collect()
    tracemalloc.start()
    timed.sweep(share)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def draw(sizes: Sequence[int]) -> str:
    """The curve as a table."""
    points = [point(Fleet(size, due)) for size in sizes for due in DUE]
    largest = next(one for one in reversed(points) if one.wanted.due < 100)
    month = (
        f"Dollars: DynamoDB's request units ({PRICES_OF}), nothing else. A month of days on which {largest.wanted.due} % of"
        f" {largest.wanted.assignments:,} assignments are due: {30 * largest.dollars:.2f} dollars."
    )
    return table(COLUMNS, [one.row() for one in points]) + "\n\n" + month
