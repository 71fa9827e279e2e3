"""Reconciliations with the carrier: long work that compares the numbers it lists with those that are billed (rules: Reconciliation)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from ...domain.discrepancy_kinds import DISCREPANCY_KINDS, DiscrepancyKind
from ...domain.errors import Conflict, NotFound
from ...domain.reconciliation import Compared, ListedNumber, Worth
from ...domain.work import ResultFile, WorkRecord
from ...storage import work
from ...storage.db import Db
from ...storage.keys import Key
from ..request_context import RequestContext, Services
from ..work import read_work, turns
from ..work.results import expiry_of, files_named, has_result, rows_from, rows_page
from .staging import staged_key, staged_line
from .strategy import COMPARED, SUMS, ReconciliationForms, ReconciliationStrategy, compared_of, worth_from

__all__ = [
    "FoundReconciliation",
    "ReconciliationForms",
    "ReconciliationStrategy",
    "discrepancies_page",
    "read_reconciliation",
    "request_reconciliation",
]

DISCREPANCIES_LISTED: Final = 200
"""Of each kind, in the answer about the whole."""


class FoundList(NamedTuple):
    """The discrepancies of a kind: what they are worth by currency, the first of them, and how many more there are."""

    worth: Mapping[str, Worth]
    first: Sequence[Any]
    left_out: int


class FoundReconciliation(NamedTuple):
    """A reconciliation; what it found once it is finished, until it expires."""

    work: WorkRecord
    expires_at: datetime
    compared: Compared | None = None
    lists: Mapping[DiscrepancyKind, FoundList] | None = None


def request_reconciliation(
    services: Services, context: RequestContext, day: date, listed: Iterable[tuple[str, ListedNumber]]
) -> FoundReconciliation:
    """Have the carrier's numbers, each once, compared with what is billed on a day. Raises `Conflict` too_much_work.

    They are written before the work is recorded: what a crash leaves of them is gone with the results.
    """
    body = b"".join(staged_line(did, one) for did, one in listed)
    services.objects().put(staged_key(context.id), body)
    said = {"date": day.isoformat(), "size": str(len(body))}
    segments = services.segments + 1  # the last one is the file
    made = turns.begin_work(services, WorkRecord(context.id, "reconciliation", said, context.timestamp, context.by, segments))
    return FoundReconciliation(made, expiry_of(made))


def read_reconciliation(services: Services, context: RequestContext, work_id: str) -> FoundReconciliation:
    """A reconciliation. Raises `NotFound`."""
    found = _reconciliation_work(services.db, work_id)
    made = FoundReconciliation(found, expiry_of(found))
    if not has_result(found, context):
        return made
    files, objects = _files_of(services.db, found), services.objects()
    worth: dict[str, dict[str, Worth]] = {}
    compared = Compared()
    for _, row in rows_from(objects, files_named(files, SUMS)):
        if row["kind"] == COMPARED:
            compared = compared_of(row["sums"])
        else:
            worth.setdefault(row["kind"], {})[row["currency"]] = worth_from(row["sums"])
    lists = {}
    for kind in DISCREPANCY_KINDS:
        own = files_named(files, kind)
        first, _ = rows_page(objects, own, None, DISCREPANCIES_LISTED)
        lists[kind] = FoundList(worth.get(kind, {}), first, sum(file.rows for file in own) - len(first))
    return made._replace(compared=compared, lists=lists)


def discrepancies_page(
    services: Services, context: RequestContext, work_id: str, kind: DiscrepancyKind | None, after: Key | None, limit: int
) -> tuple[list[Any], Key | None]:
    """Up to `limit` discrepancies, of a kind or of all, one kind after the other, by number; and where to go on.

    Raises `NotFound`, `Conflict` in_progress.
    """
    found = _reconciliation_work(services.db, work_id)
    if not found.is_over:
        raise Conflict("the reconciliation is not finished: poll it until it is", code="in_progress")
    if not has_result(found, context):
        raise NotFound("the reconciliation has no result: it was cancelled, or it has expired")
    files = _files_of(services.db, found)
    files = [file for one in ([kind] if kind else DISCREPANCY_KINDS) for file in files_named(files, one)]
    return rows_page(services.objects(), files, after, limit)


def _reconciliation_work(db: Db, work_id: str) -> WorkRecord:
    found = read_work(db, work_id)
    if found.kind != "reconciliation":
        raise NotFound(f"there is no reconciliation {work_id}")
    return found


def _files_of(db: Db, found: WorkRecord) -> list[ResultFile]:
    return [one.file for one in work.file_results(db, found.work_id)]
