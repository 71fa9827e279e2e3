"""What a forecast of all customers takes: planning and summing against bare lines, the whole work against that, and memory."""

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final, NamedTuple

from chalicelib.domain.assignment import TermsEntry
from chalicelib.domain.forecast import ForecastRequest, forecast
from chalicelib.domain.forecast_days import CustomerFacts
from chalicelib.storage import progress as progress_table
from chalicelib.storage.keys import TABLES
from chalicelib.usecases import forecasts_of_all
from chalicelib.usecases.forecasts import WORK_ENTRIES_MAX, FactsWanted, ForecastAsk, gather_facts
from chalicelib.usecases.runs.sweep import Catalog, customers
from chalicelib.usecases.snapshot import CustomerSnapshot
from tests.domain import test_speed as planning
from tests.harness import Message
from tests.world.dynamodb import DynamoDb

from . import fleet
from .exports import MEGABYTE, MEMORY_MAX, FiledS3
from .fleet import Fleet
from .report import Budget, number, progress, table
from .service import DAY, Service, context
from .split import Split
from .timed import MICRO

SEGMENTS: Final = 64
COLUMNS: Final = (
    "assignments", "lines", "µs a line, pieces", "µs a line, merge", "longest piece, s", "merge, s", "MB written", "peak of a piece, MB",
    "peak of the merge, MB",
)  # fmt: skip
LAST: Final = DAY + timedelta(days=364)
"""Twelve months are forecast."""
LARGE_CUSTOMER: Final = 5000
"""Assignments of the one customer; its credit lasts for half a year, and what is held from then on is kept until the end."""
DISCOUNT: Final = TermsEntry(date(2031, 3, 1), date(2031, 8, 31), {"discount": Decimal(10)})
"""Terms that every second assignment has for some months."""


def provider(wanted: Fleet, store: Any = None) -> Service:
    """A service on a store with so many assignments, in one segment."""
    store = store or DynamoDb(TABLES)
    fleet.catalog(store, wanted)
    service = Service(store)
    fleet.evaluated(service)
    fleet.load(store, wanted, fleet.prototype(debits=True, new=False), terms=(DISCOUNT,))
    return service


def facts_of(service: Service) -> list[CustomerFacts]:
    """What each customer's days depend on, as the work gathers it."""
    catalog, standing = Catalog(service.db), progress_table.read_progress(service.db)
    wanted = FactsWanted(DAY, LAST, context(DAY).at, 20_000, WORK_ENTRIES_MAX)
    found = []
    for group in customers(service.db, 0, 1, None):
        held = catalog.of(group.assignments)
        own = {one.package_id: held[one.package_id] for one in group.assignments}
        found.append(gather_facts(service.db, CustomerSnapshot(group.account, group.assignments, own), standing, wanted))
    return found


def plan(facts: list[CustomerFacts]) -> int:
    """Plan and sum all of them; how many lines that are."""
    request = ForecastRequest(DAY, LAST, DAY, listed=0)
    return sum(forecast(one, request).sums.lines for one in facts)


def _seconds(job: Callable[[], object]) -> float:
    gc.collect()
    begun = process_time()
    job()
    return process_time() - begun


def whole(service: Service) -> int:
    """A forecast of all customers, from the request to the last file; how many lines were planned."""
    made = context(DAY)
    asked = forecasts_of_all.request_forecast(service.services, made, ForecastAsk(LAST))
    while service.queued_work:
        service.carry_out_work(service.queued_work.pop(0), context(DAY), lambda: 900.0)
    found = forecasts_of_all.read_forecast(service.services, made, asked.work_id)
    return sum(one.total.sums.lines for one in found.currencies or ())


def rates(facts: list[CustomerFacts], bare: list[planning.Work]) -> tuple[float, float]:
    """Planned and bare lines a second: the best of rounds that take turns."""
    lines = plan(facts)
    gc.disable()
    try:
        took = [(_seconds(lambda: plan(facts)), _seconds(lambda: planning.bare_loop(bare))) for _ in range(planning.ROUNDS)]
    finally:
        gc.enable()
    planned, made = (min(one) for one in zip(*took, strict=True))
    return lines / planned, len(bare) / made


def budgets(assignments: int, rounds: int) -> list[Budget]:
    """Whether a forecast of twelve months keeps to its times and its memory."""
    service = provider(Fleet(assignments))
    facts, bare = facts_of(service), planning.fleet(100)
    measured = sorted((rates(facts, bare) for _ in range(rounds)), key=lambda one: one[0] / one[1])
    planned, made = measured[rounds // 2]
    least, most = (one[0] / one[1] for one in (measured[0], measured[-1]))
    refers = f"bare 15-field lines a second ({rounds} ratios: {least:.2f} to {most:.2f})"
    lines = plan(facts)
    took = [(_seconds(lambda: whole(service)), _seconds(lambda: plan(facts))) for _ in range(rounds)]
    all_of_it, alone = (median(one) / lines * MICRO for one in zip(*took, strict=True))
    return [
        Budget("lines forecast a second, planned and summed", planned, "", made, refers, 0.3, of_ratio=True, at_least=True),
        Budget("CPU of a whole forecast, a line", all_of_it, "µs", alone, "planned and summed only", 2.5, of_ratio=True),
        *memory(assignments),
    ]


def memory(assignments: int) -> list[Budget]:
    """The most that a message of a forecast holds, beyond what the process had before."""
    piece, merge = peaks(Fleet(assignments))
    one = min(assignments, LARGE_CUSTOMER)
    large, _ = peaks(Fleet(one, each=one))
    return [
        Budget("memory of a piece of a forecast, 12 months", piece / MEGABYTE, "MB", limit=MEMORY_MAX),
        Budget(f"the same, {one:,} assignments of one customer", large / MEGABYTE, "MB", limit=MEMORY_MAX),
        Budget("memory of the merge of a forecast", merge / MEGABYTE, "MB", limit=MEMORY_MAX),
    ]


def peaks(wanted: Fleet) -> tuple[int, int]:
    """Bytes of a piece that has all assignments, and of the merge."""
    with TemporaryDirectory() as folder:
        service = provider(wanted)
        service.s3 = FiledS3(Path(folder))
        forecasts_of_all.request_forecast(service.services, context(DAY), ForecastAsk(LAST))
        most: dict[str, int] = {}
        while service.queued_work:
            message = service.queued_work.pop(0)
            most[message["kind"]] = max(most.get(message["kind"], 0), _peak(service, message))
        return most["piece"], most["merge"]


def _peak(service: Service, message: Message) -> int:
    gc.collect()
    tracemalloc.start()
    service.carry_out_work(message, context(DAY), lambda: 900.0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


class Forecast(NamedTuple):
    """What a forecast of twelve months took, in the segments of a deployment: lines, seconds of the pieces, of the longest and of the
    merge, bytes written, and the most memory of a piece and of the merge."""

    assignments: int
    lines: int
    pieces: float
    longest: float
    merge: float
    written: int
    piece_peak: int
    merge_peak: int

    def row(self) -> list[str]:
        """The cells of its row."""
        return [
            f"{self.assignments:,}", f"{self.lines:,}", number(self.pieces / self.lines * MICRO), number(self.merge / self.lines * MICRO),
            number(self.longest), number(self.merge), number(self.written / MEGABYTE), number(self.piece_peak / MEGABYTE),
            number(self.merge_peak / MEGABYTE),
        ]  # fmt: skip


def measured(assignments: int) -> Forecast:
    """Forecast so many assignments twice, once for the times, once for the memory."""
    took, lines, written = _in_segments(assignments, _seconds_of)
    peaks_of, *_ = _in_segments(assignments, _peak_of_first)
    return Forecast(
        assignments, lines, sum(took["piece"]), max(took["piece"]), sum(took["merge"]), written, int(max(peaks_of["piece"])),
        int(max(peaks_of["merge"])),
    )  # fmt: skip


def _in_segments(assignments: int, measure: Callable[[Service, Message], float]) -> tuple[dict[str, list[float]], int, int]:
    """What is measured of each message, by kind, the lines, and the bytes written. The store of a segment is made when its turn comes."""
    progress(f"a forecast of {assignments:,} assignments over twelve months")
    wanted, stores, found = Fleet(assignments), Split(), dict[str, list[float]]()
    prototype = fleet.prototype(debits=True, new=False)
    with TemporaryDirectory() as folder:
        fleet.catalog(stores.shared, wanted)
        service = Service(stores, segments=SEGMENTS)
        fleet.evaluated(service)
        service.s3 = FiledS3(Path(folder))
        made = context(DAY)
        asked = forecasts_of_all.request_forecast(service.services, made, ForecastAsk(LAST))
        while service.queued_work:
            message = service.queued_work.pop(0)
            if message["kind"] == "piece":
                stores.own = Split().own
                fleet.load(stores.own, wanted, prototype, share=(message["segment"], SEGMENTS), terms=(DISCOUNT,))
            found.setdefault(message["kind"], []).append(measure(service, message))
        told = forecasts_of_all.read_forecast(service.services, made, asked.work_id)
        return found, sum(one.total.sums.lines for one in told.currencies or ()), service.s3.bytes_in


def _seconds_of(service: Service, message: Message) -> float:
    return _seconds(lambda: service.carry_out_work(message, context(DAY), lambda: 900.0))


def _peak_of_first(service: Service, message: Message) -> float:
    """Of the first segment, and of what is not done by segments: it takes several times as long."""
    return _seconds_of(service, message) * 0 if message.get("segment") else _peak(service, message)


def draw(sizes: Sequence[int]) -> str:
    """Forecasts as a table."""
    return table(COLUMNS, [measured(size).row() for size in sizes])
