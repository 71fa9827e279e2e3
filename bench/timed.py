"""The budgets of time, as ratios of processor time: rounds in turns, so that whatever else the machine does meets them all.

The transport is stubbed: botocore builds, signs, serialises and parses everything, and what answers is left out of the time.
"""

import gc
import json
from collections.abc import Callable
from functools import lru_cache
from statistics import median
from time import process_time
from typing import Any, Final, NamedTuple

from chalicelib.domain.notice_days import NoticeDays
from tests.domain import test_speed as planning
from tests.world.dynamodb import Answer, Request

from . import fleet
from .counted import prepared
from .fleet import Fleet
from .report import Budget
from .service import DAY, THREADS, Service
from .split import Split
from .wire import Memory, Wire, deployed, plain

MICRO: Final = 1_000_000
PUTS: Final = 1500

Job = Callable[[], object]


class Timed(NamedTuple):
    """A provider behind botocore: `wire` has the service's client, `plain` the one that boto3 makes unasked."""

    stores: Split
    memory: Memory
    wire: Wire
    plain: Wire

    def sweep(self, wanted: Fleet, segments: int = 1, notices: NoticeDays | None = None) -> float:
        """Seconds of processor time of one evaluation: as if it were the first of the day, whatever went before."""
        self.stores.shared = Split().shared
        fleet.catalog(self.stores.shared, wanted)
        fleet.evaluated(Service(self.stores, segments=segments))
        service = Service(self.wire.client, segments=segments, threads=THREADS)
        service.services = service.services._replace(notices=notices)
        return frozen(lambda: self.wire.cpu(lambda: service.evaluate(DAY)))


def behind_botocore(wanted: Fleet) -> Timed:
    """A provider, and its pages laid ready."""
    stores, _ = prepared(wanted)
    memory = Memory(stores)
    memory.prepare()
    return Timed(stores, memory, Wire(memory, deployed()), Wire(memory, plain()))


def frozen(measure: Callable[[], float]) -> float:
    """The measurement, with the collector running but blind to what was there before: no worker holds our stores."""
    gc.collect()
    gc.freeze()
    try:
        return measure()
    finally:
        gc.unfreeze()


def transactions(wanted: Fleet) -> list[list[dict[str, Any]]]:
    """The transactions that an evaluation sends."""
    stores, service = prepared(wanted)
    sent: list[list[dict[str, Any]]] = []

    def note(request: Request, effect: Callable[[], Answer]) -> Answer:
        if request.operation == "transact_write_items":
            sent.append(request.arguments["TransactItems"])
        return effect()

    stores.own.hook = note
    service.evaluate(DAY)
    return sent


def all_due(assignments: int, rounds: int) -> list[Budget]:
    """Everything is due: the sweep, a bare loop of its transactions, and one request a charge."""
    wanted = Fleet(assignments)
    timed, sent = behind_botocore(wanted), transactions(wanted)
    puts = [action["Put"] for actions in sent for action in actions][:PUTS]
    swept, bare, tuned, single, tuned_single = in_turns(
        rounds,
        lambda: timed.sweep(wanted) / assignments,
        lambda: loop(timed.plain, lambda client: [client.transact_write_items(TransactItems=one) for one in sent]) / assignments,
        lambda: loop(timed.wire, lambda client: [client.transact_write_items(TransactItems=one) for one in sent]) / assignments,
        lambda: loop(timed.plain, lambda client: [client.put_item(**one) for one in puts]) / len(puts),
        lambda: loop(timed.wire, lambda client: [client.put_item(**one) for one in puts]) / len(puts),
    )
    what = "CPU a charge, everything due"
    return [
        Budget(what, swept * MICRO, "µs", bare * MICRO, "bare loop of the same transactions", 2, of_ratio=True),
        Budget("the same", swept * MICRO, "µs", tuned * MICRO, "that loop with the service's own client"),
        Budget("CPU of one PutItem a charge", single * MICRO, "µs", swept * MICRO, "the sweep", 2, of_ratio=True, at_least=True),
        Budget("the same with the service's own client", tuned_single * MICRO, "µs", swept * MICRO, "the sweep"),
    ]


def loop(wire: Wire, job: Callable[[Any], object]) -> float:
    """Seconds of processor time of some requests one after the other."""
    return frozen(lambda: wire.cpu(lambda: job(wire.client)))


def few_due(assignments: int, rounds: int) -> list[Budget]:
    """3 % are due: mostly reading."""
    wanted = Fleet(assignments, due=3)
    timed = behind_botocore(wanted)
    swept, scanned, parsed = in_turns(
        rounds,
        lambda: timed.sweep(wanted) / assignments,
        lambda: loop(timed.plain, _scan) / assignments,
        lambda: frozen(lambda: _cpu(lambda: [json.loads(page) for page in timed.memory.pages])) / assignments,
    )
    return [
        Budget("CPU an assignment, 3 % due", swept * MICRO, "µs", scanned * MICRO, "boto3's Scan of the same pages"),
        Budget("the same", swept * MICRO, "µs", parsed * MICRO, "json.loads of the same pages"),
    ]


def _scan(client: Any) -> None:
    after: dict[str, Any] = {}
    while True:
        page = client.scan(TableName="accounts", ConsistentRead=True, **after)
        if "LastEvaluatedKey" not in page:
            return
        after = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _cpu(job: Job) -> float:
    begun = process_time()
    job()
    return process_time() - begun


def in_turns(rounds: int, *measures: Callable[[], float]) -> list[float]:
    """The median of each measurement, taken in turns."""
    found = [[measure() for measure in measures] for _ in range(rounds)]
    return [median(figures) for figures in zip(*found, strict=True)]


def pure_planning(rounds: int) -> list[Budget]:
    """Planning alone, against a loop that makes bare lines. The verdict is of the median ratio; the spread is told beside it."""
    found = []
    for what, due, floor in (
        ("assignments planned a second, 3 % due", 3, planning.ASSIGNMENTS_A_SECOND),
        ("lines planned a second, all due", 100, planning.LINES_A_SECOND),
    ):
        measured = sorted((planning.rates(_planned(due)) for _ in range(rounds)), key=lambda rates: rates[0] / rates[1])
        planned, bare = measured[rounds // 2]
        least, most = (rates[0] / rates[1] for rates in (measured[0], measured[-1]))
        refers = f"bare 15-field lines a second ({rounds} ratios: {least:.2f} to {most:.2f})"
        limit = floor / planning.REFERENCE_LINES_A_SECOND
        found.append(Budget(what, planned, "", bare, refers, limit, of_ratio=True, at_least=True))
    return found


@lru_cache(maxsize=2)
def _planned(due: int) -> list[planning.Work]:
    return planning.fleet(due)


def planning_microseconds(wanted: Fleet) -> float:
    """Processor time of planning alone, an assignment, of a provider as large as `wanted`."""
    work = _planned(wanted.due)
    repeated = (work * (wanted.assignments // len(work) + 1))[: wanted.assignments]
    return median(planning.seconds(planning.planning, repeated) for _ in range(3)) / wanted.assignments * MICRO
