"""Changes of many: a dry run, its application to what it has seen, and an undo; each is long work (rules: Changes of many)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from ...domain.changing import Change
from ...domain.editing import first_end_date
from ...domain.errors import Conflict, Fault, Invalid, NotFound, demand_open
from ...domain.work import ResultFile, WorkKind, WorkRecord
from ...storage import packages, work
from ...storage.db import Db
from ...storage.keys import Key
from .. import backlog
from ..request_context import RequestContext, Services
from ..work import read_work, turns
from ..work.results import expiry_of, files_named, has_result, rows_from, rows_page
from .applying import ChangeApplication, ChangeUndo
from .dry_run import ITEMS, REFUSED, SUMS, ChangeDryRun, ChangeForms, ComparedSums, compared_sums

__all__ = [
    "ChangeApplication",
    "ChangeDryRun",
    "ChangeForms",
    "ChangeUndo",
    "ComparedSums",
    "FoundChange",
    "find_change",
    "items_of_change",
    "read_change",
    "request_application",
    "request_change",
    "request_undo",
]

LISTED: Final = 200
"""Of those that are met, and of those that are refused, in the answer."""
_KINDS: Final[tuple[WorkKind, ...]] = ("change", "change_application", "change_undo")


class FoundChange(NamedTuple):
    """A change, its application or its undo. What it met is there once it is finished, until it expires: the first of those that can be
    changed, or were, the first of those that can't be, or were not, how many each are, and, of a dry run, sums by currency."""

    work: WorkRecord
    expires_at: datetime
    items: Sequence[Any] | None = None
    items_total: int = 0
    refused: Sequence[Any] | None = None
    refused_total: int = 0
    sums: Sequence[tuple[str, ComparedSums]] | None = None
    of_total: int | None = None
    """Of an application or an undo that is under way, how many it goes through; what is counted of them so far are the totals."""


def request_change(services: Services, context: RequestContext, change: Change, said: str) -> WorkRecord:
    """Have a change tried on all that it means; `said` is the body that says it.

    Raises `NotOpen`, `Invalid`, or `Conflict` too_much_work.
    """
    _demand_ahead(services.db, context, change)
    named = {change.package_id} if change.package_id else set(change.where.packages)
    known = packages.find_packages(services.db, named) if named else {}
    unknown = sorted(one for one in named if one not in known or known[one].deleted)
    if unknown:
        place = "/package_id" if change.package_id else "/where/packages"
        raise Invalid([Fault(place, f"there is no package {one}") for one in unknown])
    segments = services.segments + 1  # the last one is the packages
    return turns.begin_work(services, WorkRecord(context.id, "change", {"change": said}, context.timestamp, context.by, segments))


def request_application(services: Services, context: RequestContext, work_id: str) -> WorkRecord:
    """Have a change applied to what its dry run has seen; once: asked for again, it is the same work."""
    found = _finished(services, context, work_id, "change")
    return _begin_after(services, context, found, "change_application", "applied")


def request_undo(services: Services, context: RequestContext, work_id: str, change: Change) -> WorkRecord:
    """Have an application undone, while its day lies ahead. Raises `NotOpen`."""
    found = _finished(services, context, work_id, "change_application")
    _demand_ahead(services.db, context, change)
    return _begin_after(services, context, found, "change_undo", "undone")


def _begin_after(services: Services, context: RequestContext, found: WorkRecord, kind: WorkKind, name: str) -> WorkRecord:
    asked = {"change": found.asked["change"], "of": found.work_id}
    work_id = f"{found.work_id}:{name}"
    return turns.begin_work(services, WorkRecord(work_id, kind, asked, context.timestamp, context.by, 1))


def _demand_ahead(db: Db, context: RequestContext, change: Change) -> None:
    """Raise `NotOpen` for a day that is not open any more; for an end, one on which no assignment can end any more."""
    first = backlog.find_first_open_day(db, context.today)
    if change.what != "end":
        demand_open(change.begins, first)
    elif change.begins < first_end_date(context.today, first):
        demand_open(change.begins, first_end_date(context.today, first))


def find_change(db: Db, work_id: str) -> WorkRecord:
    """A change, an application or an undo. Raises `NotFound`."""
    found = read_work(db, work_id)
    if found.kind not in _KINDS:
        raise NotFound(f"there is no change {work_id}")
    return found


def read_change(services: Services, context: RequestContext, work_id: str) -> FoundChange:
    """What a change, an application or an undo came to. Raises `NotFound`."""
    found = find_change(services.db, work_id)
    made = FoundChange(found, expiry_of(found))
    if not has_result(found, context):
        is_counted = found.kind != "change" and found.started_at and found.state in ("running", "cancelled")
        return _so_far(services.db, made) if is_counted else made
    files, objects = [one.file for one in work.file_results(services.db, work_id)], services.objects()
    items, refused = files_named(files, ITEMS), files_named(files, REFUSED)
    sums = [(row["currency"], compared_sums(row["sums"])) for _, row in rows_from(objects, files_named(files, SUMS))]
    return made._replace(
        items=rows_page(objects, items, None, LISTED)[0], items_total=sum(file.rows for file in items),
        refused=rows_page(objects, refused, None, LISTED)[0], refused_total=sum(file.rows for file in refused),
        sums=sums if found.kind == "change" else None,
    )  # fmt: skip


def _finished(services: Services, context: RequestContext, work_id: str, kind: WorkKind) -> WorkRecord:
    found = find_change(services.db, work_id)
    if found.kind != kind:
        raise NotFound(f"there is no {kind.replace('_', ' ')} {work_id}")
    if not found.is_over:
        raise Conflict("it is not finished: poll it until it is", code="in_progress")
    if not has_result(found, context):
        raise NotFound("it has no result: it was cancelled, or it has expired; make another dry run")
    return found


def _so_far(db: Db, made: FoundChange) -> FoundChange:
    counted = work.count_records(db, made.work.work_id)
    seen = sum(file.rows for file in _files(db, made.work.asked["of"], ITEMS))
    return made._replace(items_total=counted[ITEMS], refused_total=counted[REFUSED], of_total=seen)


def items_of_change(
    services: Services, context: RequestContext, work_id: str, *, refused: bool, after: Key | None, limit: int
) -> tuple[list[Any], Key | None]:
    """Up to `limit` of those that a change, its application or its undo has met, and where to go on. Raises `NotFound`, `Conflict`
    in_progress."""
    found = find_change(services.db, work_id)
    if not found.is_over:
        raise Conflict("the change is not finished: poll it until it is", code="in_progress")
    files = _files(services.db, work_id, REFUSED if refused else ITEMS) if has_result(found, context) else []
    return rows_page(services.objects(), files, after, limit)


def _files(db: Db, work_id: str, name: str) -> list[ResultFile]:
    return files_named([one.file for one in work.file_results(db, work_id)], name)
