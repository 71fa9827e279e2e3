"""What an audit takes beside the evaluation that posted what it compares, on the same store: processor time and what is written."""

import time
from collections.abc import Callable
from statistics import median

from chalicelib.storage.keys import LEDGER, TABLES
from chalicelib.usecases import audits
from chalicelib.usecases.audits import AuditRequest
from tests.world.dynamodb import DynamoDb

from . import fleet
from .fleet import Fleet
from .report import Budget
from .service import DAY, Service, context


def budgets(assignments: int, rounds: int) -> list[Budget]:
    """Whether an entry is compared in at most twice the time in which its assignment was evaluated."""
    measured = [_measured(Fleet(assignments)) for _ in range(rounds)]
    swept, audited = (median(figures) * 1e6 for figures in zip(*measured, strict=True))
    return [Budget("CPU of an audit, an entry", audited, "µs", swept, "the sweep, an assignment, everything due", 2, of_ratio=True)]


def _measured(wanted: Fleet) -> tuple[float, float]:
    """Seconds of the sweep, an assignment, and of the audit, an entry. Raises `RuntimeError` unless all was compared and is clean."""
    store = DynamoDb(TABLES)
    fleet.catalog(store, wanted)
    service = Service(store)
    fleet.evaluated(service)
    fleet.load(store, wanted, fleet.prototype(debits=False, new=False))
    swept = _seconds(lambda: service.evaluate(DAY))
    asked = audits.request_audit(service.services, context(DAY), AuditRequest(DAY, DAY))
    audited = _seconds(lambda: _work_off(service))
    found = audits.read_audit(service.services, asked.work_id)
    entries = len(store.items(LEDGER))
    if not found.counts or (found.counts["posted"], found.work.rows) != (entries, 1):
        raise RuntimeError(f"{found.counts} of {entries} entries")
    return swept / wanted.assignments, audited / entries


def _work_off(service: Service) -> None:
    while service.queued_work:
        service.carry_out_work(service.queued_work.pop(0), context(DAY), lambda: 900.0)


def _seconds(job: Callable[[], object]) -> float:
    begun = time.process_time()
    job()
    return time.process_time() - begun
