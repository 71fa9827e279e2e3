"""Audits: long work that compares what was due with what the ledgers have (rules: Audit)."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from ...domain.errors import Fault, Invalid, NotFound
from ...domain.finding_kinds import FindingKind
from ...domain.work import ResultFile, WorkRecord
from ...storage import progress, work
from ...storage.db import Db
from ...storage.keys import Key
from ..customers import read_customer
from ..request_context import RequestContext, Services
from ..work import read_work, turns
from ..work.results import files_named, rows_from, rows_page
from .strategy import COUNTS, AuditForms, AuditStrategy

__all__ = ["AuditForms", "AuditRequest", "AuditStrategy", "FoundAudit", "findings_page", "read_audit", "request_audit"]


class AuditRequest(NamedTuple):
    """What is to be audited: due dates `first..last`, all up to the last evaluated day unless told otherwise; of one customer or all."""

    first: date | None = None
    last: date | None = None
    customer_id: str | None = None


class FoundAudit(NamedTuple):
    """An audit; `counts` of what was compared and found, once it is finished."""

    work: WorkRecord
    counts: Mapping[str, int] | None = None


def request_audit(services: Services, context: RequestContext, asked: AuditRequest) -> WorkRecord:
    """Have an audit made. Raises `Invalid` for days that are not evaluated, `NotFound`, `Conflict` too_much_work."""
    evaluated = progress.read_progress(services.db).last_evaluated
    last = asked.last or evaluated
    if last is None or evaluated is None or last > evaluated:
        raise Invalid([Fault("/to", f"lies after the last evaluated day, {evaluated}" if evaluated else "no day is evaluated yet")])
    if asked.first and asked.first > last:
        raise Invalid([Fault("/from", f"lies after {last}, the last day that is audited")])
    said = {"to": last.isoformat()}
    if asked.first:
        said["from"] = asked.first.isoformat()
    if asked.customer_id:
        said["customer"] = read_customer(services.db, asked.customer_id).customer_id
    segments = 1 if asked.customer_id else services.segments
    return turns.begin_work(services, WorkRecord(context.id, "audit", said, context.timestamp, context.by, segments))


def read_audit(services: Services, work_id: str) -> FoundAudit:
    """An audit. Raises `NotFound`."""
    found, files = _find_audit(services.db, work_id)
    if files is None:
        return FoundAudit(found)
    first: dict[str, Any] = next((row for _, row in rows_from(services.objects(), files_named(files, COUNTS))), {})
    counts = Counter[str](first)
    counts["not_compared"] += found.failed
    return FoundAudit(found, counts)


def findings_page(
    services: Services, work_id: str, kind: FindingKind | None, after: Key | None, limit: int
) -> tuple[list[Any], Key | None]:
    """Up to `limit` findings, of a kind or all, by kind, customer and ledger key, and where to go on; none until the audit is finished."""
    _, files = _find_audit(services.db, work_id)
    if files is None:
        return [], None
    wanted = files_named(files, kind) if kind else [file for file in files if file.name != COUNTS]
    return rows_page(services.objects(), wanted, after, limit)


def _find_audit(db: Db, work_id: str) -> tuple[WorkRecord, list[ResultFile] | None]:
    """An audit, with its files once it is finished."""
    found = read_work(db, work_id)
    if found.kind != "audit":
        raise NotFound(f"there is no audit {work_id}")
    finished = found.state in ("finished", "finished_with_failures")
    return found, [one.file for one in work.file_results(db, work_id)] if finished else None
