"""Exports: what all customers have, and what was posted for them, as files that long work makes."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from ...domain.errors import NotFound
from ...domain.export import ExportFormat, ExportWhat
from ...domain.posting_days import PostingDays
from ...domain.work import ResultFile, WorkRecord
from ...storage import work
from ...storage.db import Db
from ..request_context import RequestContext, Services
from ..work import read_work, turns
from ..work.strategy import Strategy
from .forms import ExportForms
from .listed import AssignmentsExport, CustomersExport, PackagesExport
from .posted import JournalExport, LedgerExport

__all__ = ["ExportForms", "ExportRequest", "FoundExport", "export_strategy", "read_export", "request_export"]


class ExportRequest(NamedTuple):
    """What is to be exported and as what; of the ledger and the journal, of which posting days of which time zone."""

    what: ExportWhat
    format: ExportFormat
    time_zone: str
    days: PostingDays | None = None


class FoundExport(NamedTuple):
    """An export with its files, which there are once it is finished."""

    work: WorkRecord
    files: list[ResultFile]


def request_export(services: Services, context: RequestContext, asked: ExportRequest) -> WorkRecord:
    """Have an export made. Raises `Conflict` when too much work waits."""
    said = {"what": asked.what, "format": asked.format, "time_zone": asked.time_zone, "today": context.today.isoformat()}
    if asked.days:
        first, last, since, until = asked.days
        said |= {"posted_from": first.isoformat(), "posted_to": last.isoformat(), "since": since.isoformat(), "until": until.isoformat()}
    segments = 1 if asked.what == "packages" else services.segments
    return turns.begin_work(services, WorkRecord(context.id, "export", said, context.timestamp, context.by, segments))


def read_export(db: Db, work_id: str) -> FoundExport:
    """An export. Raises `NotFound`."""
    found = read_work(db, work_id)
    if found.kind != "export":
        raise NotFound(f"there is no export {work_id}")
    finished = found.state in ("finished", "finished_with_failures")
    return FoundExport(found, [one.file for one in work.file_results(db, work_id)] if finished else [])


def export_strategy(services: Services, found: WorkRecord, forms: ExportForms) -> Strategy:
    """How an export is made."""
    return _STRATEGIES[found.asked["what"]](services, found, forms)


_STRATEGIES: Final[Mapping[str, Callable[[Services, WorkRecord, ExportForms], Strategy]]] = {
    "ledger": LedgerExport, "journal": JournalExport, "customers": CustomersExport, "assignments": AssignmentsExport,
    "packages": PackagesExport,
}  # fmt: skip
