"""Files of any size: staged as an object, checked, applied row by row, and what failed tried again (rules: Imports).

A file is the staging: nothing of it lies in the tables before its rows are applied. What fits into one transaction is written at once
by `imports`; it is recorded here all the same.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from ...domain.errors import Conflict, NotFound
from ...domain.importing import ImportOf, ImportRecord, ImportResult, MadeRow
from ...domain.work import WorkKind, WorkRecord
from ...storage import imports as storage
from ...storage import work
from ...storage.db import Action, Db
from ...storage.imports import IMPORT_DAYS
from ...storage.keys import Key
from ...storage.objects import LINK_SECONDS
from ..request_context import RequestContext, Services
from ..work import read_work, turns
from ..work.results import files_named, has_result, rows_from, rows_page
from .kinds import ImportForms
from .rows import FAILED, FAULTS, LEFT, MADE, PLANNED, SUMS, UNDONE
from .strategy import ImportStrategy, file_key, json_of_made
from .undoing import UndoStrategy

__all__ = [
    "FILE_BYTES_MAX",
    "OUTCOMES",
    "FoundImport",
    "ImportForms",
    "ImportStrategy",
    "Wanted",
    "announce",
    "apply_file",
    "check_file",
    "file_key",
    "import_of",
    "read_import",
    "record_at_once",
    "retry_failed",
    "rows_of_import",
    "stage_file",
    "undo_import",
    "undo_strategy",
]

FILE_BYTES_MAX: Final = 32 * 1024 * 1024
ROWS_LISTED: Final = 200
"""Of faulty and of failed rows, in the answer about the whole."""
OUTCOMES: Final = (MADE, FAILED, PLANNED, FAULTS, UNDONE, LEFT)
"""Which rows can be listed."""


class FoundImport(NamedTuple):
    """An import with its latest work, and what its rows come to. `upload` is where to PUT its file, and until when, while none was
    read."""

    record: ImportRecord
    expires_at: datetime
    work: WorkRecord | None = None
    result: ImportResult = ImportResult()
    upload: tuple[str, datetime] | None = None


class Wanted(NamedTuple):
    """How a file is to be applied: whether all its backlog is confirmed, and whether it may be one that was applied before."""

    confirmed: bool = False
    again: bool = False


def announce(services: Services, context: RequestContext, of: ImportOf) -> FoundImport:
    """An import whose file is to be put into the bucket, and where."""
    record = ImportRecord(context.id, of, context.timestamp, context.by)
    standing = storage.find_import(services.db, context.id)  # the same request before
    if standing is None:
        services.db.write(storage.write_import(record))
    return read_import(services, context, context.id)


def stage_file(services: Services, context: RequestContext, of: ImportOf, body: bytes, *, dry_run: bool, wanted: Wanted) -> FoundImport:
    """Have a file checked, or checked and applied. It is written before it is recorded: what a crash leaves of it is gone with the
    results. Raises `Conflict` imported_before, too_much_work."""
    record = ImportRecord(context.id, of, context.timestamp, context.by, len(body), hashlib.sha256(body).hexdigest())
    if storage.find_import(services.db, context.id) is None:
        services.objects().put(file_key(record.import_id), body)
    if dry_run:
        return _begin_step(services, context, record, "import_check", wanted)
    return _begin_step(services, context, record, "import", wanted)


def check_file(services: Services, context: RequestContext, import_id: str) -> FoundImport:
    """Have the file of an import checked. Raises `NotFound`, `TooLarge`, `Conflict` not_uploaded, in_progress, applied."""
    record = _with_file(services, _record(services.db, import_id))
    if record.applications:
        raise Conflict("the file is applied: there is nothing left to check", code="applied")
    return _begin_step(services, context, record, "import_check", Wanted(confirmed=True))


def apply_file(services: Services, context: RequestContext, import_id: str, wanted: Wanted) -> FoundImport:
    """Have the file of an import applied, after another check. Raises as `check_file` does, also `Conflict` imported_before."""
    record = _with_file(services, _not_undone(services.db, import_id))
    if record.rows or (record.applications and not _was_faulty(services, record)):
        raise Conflict("the file is applied already: retry what failed of it", code="applied")
    return _begin_step(services, context, record._replace(applications=()), "import", wanted)


def _was_faulty(services: Services, record: ImportRecord) -> bool:
    """Whether the latest application found faulty rows, so that nothing was applied."""
    latest = read_work(services.db, record.applications[-1])
    if not latest.is_over:
        return False
    names = {one.file.name for one in work.file_results(services.db, latest.work_id)}
    return latest.state == "cancelled" or not names & {MADE, FAILED}


def retry_failed(services: Services, context: RequestContext, import_id: str, wanted: Wanted) -> FoundImport:
    """Have the rows that failed applied once more, as they stand in the file. Raises `NotFound`, `Conflict` nothing_failed, in_progress."""
    record = _not_undone(services.db, import_id)
    latest = read_work(services.db, record.applications[-1]) if record.applications else None
    if latest is None or (latest.is_over and not _files(services.db, latest.work_id, FAILED)):
        raise Conflict("no row of this import failed: there is nothing to try again", code="nothing_failed")
    return _begin_step(services, context, record, "import", wanted._replace(again=True), retried=latest.work_id)


def undo_import(services: Services, context: RequestContext, import_id: str, *, dry_run: bool) -> FoundImport:
    """Have an import undone, or with `dry_run` said how. Raises `NotFound`, `Conflict` nothing_applied, in_progress."""
    record = _record(services.db, import_id)
    if not (record.rows or record.applications):
        raise Conflict("nothing of this import is applied: there is nothing to undo", code="nothing_applied")
    kind: WorkKind = "import_undo_check" if dry_run else "import_undo"
    return _begin_step(services, context, record, kind, Wanted(), dry_run="yes" if dry_run else "no")


def undo_strategy(services: Services, context: RequestContext, found: WorkRecord, forms: ImportForms) -> UndoStrategy:
    """How an import is undone."""
    return UndoStrategy(services, context, found, forms, _record(services.db, found.asked["import"]))


def _begin_step(
    services: Services, context: RequestContext, record: ImportRecord, kind: WorkKind, wanted: Wanted, **further: str
) -> FoundImport:
    confirmed = wanted.confirmed or kind == "import_check"
    asked = {
        "import": record.import_id, "of": record.of, "size": str(record.size), "confirmed": "yes" if confirmed else "no",
        "may_charge": "yes" if context.may_charge else "no", **further,
    }  # fmt: skip
    steps = 2 if kind == "import" else 1
    made = WorkRecord(context.id, kind, asked, context.timestamp, context.by, steps)
    if work.find_work(services.db, context.id):  # the same request before
        turns.hand_out(services)
    else:
        turns.begin_work(services, made, partial(_noted, services.db, context, record, kind, wanted))
    return read_import(services, context, record.import_id)


def _noted(db: Db, context: RequestContext, record: ImportRecord, kind: WorkKind, wanted: Wanted) -> list[Action]:
    """The import with its new work. Raises `Conflict` in_progress while another one goes on, imported_before."""
    standing = storage.find_import(db, record.import_id)
    if standing:
        for work_id in (standing.check, standing.undoing, *standing.applications[-1:]):
            one = work.find_work(db, work_id) if work_id else None
            if one and not one.is_over:
                raise Conflict(f"work {one.work_id} on this import is not finished: poll it until it is, or cancel it", code="in_progress")
    new = record._replace(version=standing.version + 1 if standing else 1)
    if kind in ("import_undo_check", "import_undo"):
        return [storage.write_import(new._replace(undoing=context.id))]
    if kind == "import_check":
        return [storage.write_import(new._replace(check=context.id))]
    new = new._replace(applications=(*record.applications, context.id), undoing=None)
    return [storage.write_import(new), *demand_new_file(db, context, record, again=wanted.again)]


def demand_new_file(db: Db, context: RequestContext, record: ImportRecord, *, again: bool) -> list[Action]:
    """What notes that a file is applied. Raises `Conflict` imported_before for one that another import has applied."""
    known = storage.find_imported(db, record.of, record.sha256, context.at)
    if known and known.import_id != record.import_id and not again:
        detail = f"this file was imported already, by import {known.import_id}: look what became of it, or send it with again=true"
        raise Conflict(detail, code="imported_before", import_id=known.import_id, imported_at=known.at)
    return [storage.note_imported(record, context.timestamp, known)]


def record_at_once(db: Db, context: RequestContext, of: ImportOf, body: bytes, *, again: bool, made: Sequence[MadeRow]) -> list[Action]:
    """What a file that is written at once has in its transaction besides its rows. Raises `Conflict` imported_before."""
    record = ImportRecord(context.id, of, context.timestamp, context.by, len(body), hashlib.sha256(body).hexdigest())
    rows = tuple(one for one in made if one.change != "unchanged")
    return [storage.write_import(record._replace(rows=rows)), *demand_new_file(db, context, record, again=again)]


def read_import(services: Services, context: RequestContext, import_id: str) -> FoundImport:
    """An import, as far as it is. Raises `NotFound`."""
    record = _record(services.db, import_id)
    found = FoundImport(record, datetime.fromisoformat(record.created_at) + IMPORT_DAYS)
    works = [*record.applications] or [*filter(None, [record.check])]
    latest = record.undoing or (works[-1] if works else None)
    if latest is None and not record.rows:
        link = services.objects().upload_link(file_key(import_id))
        return found._replace(upload=(link, context.at + timedelta(seconds=LINK_SECONDS)))
    sums: dict[str, Any] = dict(Counter(f"{MADE} {one.change}" for one in record.rows))
    made = found._replace(work=read_work(services.db, latest) if latest else None, result=ImportResult(sums))
    if made.work is None:
        return made
    is_counted = not has_result(made.work, context)
    done = [one for one in (*works, record.undoing) if one and not (is_counted and one == latest)]
    for work_id in done:
        for row in _rows_in(services, work_id, SUMS):
            sums |= {name: sums.get(name, 0) + value if isinstance(value, int) else value for name, value in row.items()}
    if is_counted:
        counted = work.count_records(services.db, made.work.work_id) if made.work.started_at else Counter[str]()
        so_far = {name: sums.get(name, 0) + counted[name] for name in counted}
        return made._replace(
            result=ImportResult(sums | so_far, (), counted[FAULTS], (), counted[FAILED], (), counted[LEFT], counted=counted)
        )
    faults, failed = (_first_listed(services, works[-1], name) if works else ([], 0) for name in (FAULTS, FAILED))
    left = _first_listed(services, record.undoing, LEFT) if record.undoing else ([], 0)
    return made._replace(result=ImportResult(sums, *faults, *failed, *left))


def import_of(db: Db, import_id: str) -> ImportOf:
    """What the rows of an import are. Raises `NotFound`."""
    return _record(db, import_id).of


def rows_of_import(
    services: Services, context: RequestContext, import_id: str, outcome: str, after: Key | None, limit: int
) -> tuple[list[Any], Key | None]:
    """Up to `limit` rows with an outcome, and where to go on: what was made by all applications; what failed, would become of rows, or
    is wrong with them by the latest work. Raises `NotFound`, `Conflict` in_progress."""
    record = _record(services.db, import_id)
    if outcome in (UNDONE, LEFT):
        works = [*filter(None, [record.undoing])]
    elif record.rows:
        return ([json_of_made(one) for one in record.rows] if outcome == MADE else []), None
    else:
        works = [*record.applications] if outcome == MADE else [*(record.applications[-1:] or filter(None, [record.check]))]
    found = [read_work(services.db, one) for one in works]
    if any(not one.is_over for one in found):
        raise Conflict("the import is not finished: poll it until it is", code="in_progress")
    files = [file for one in found if has_result(one, context) for file in _files(services.db, one.work_id, outcome)]
    return rows_page(services.objects(), files, after, limit)


def _first_listed(services: Services, work_id: str, name: str) -> tuple[list[Any], int]:
    files = _files(services.db, work_id, name)
    rows, _ = rows_page(services.objects(), files, None, ROWS_LISTED)
    return rows, sum(file.rows for file in files) - len(rows)


def _rows_in(services: Services, work_id: str, name: str) -> list[Any]:
    return [row for _, row in rows_from(services.objects(), _files(services.db, work_id, name))]


def _files(db: Db, work_id: str, name: str) -> list[Any]:
    return files_named([one.file for one in work.file_results(db, work_id)], name)


def _record(db: Db, import_id: str) -> ImportRecord:
    found = storage.find_import(db, import_id)
    if found is None:
        raise NotFound(f"there is no import {import_id}")
    return found


def _not_undone(db: Db, import_id: str) -> ImportRecord:
    """The import. Raises `Conflict` undone: what it made had the ids that it would make again."""
    record = _record(db, import_id)
    undoing = read_work(db, record.undoing) if record.undoing else None
    if undoing and undoing.kind == "import_undo":
        raise Conflict("the import was undone: send its file again, with again=true", code="undone")
    return record


def _with_file(services: Services, record: ImportRecord) -> ImportRecord:
    """The import with what its file is; a file that was put into the bucket is read for that once."""
    if record.sha256:
        return record
    body = services.objects().whole(file_key(record.import_id), FILE_BYTES_MAX)
    if body is None:
        raise Conflict("the file of this import was not put into the bucket yet: send it to the link of the import", code="not_uploaded")
    return record._replace(size=len(body), sha256=hashlib.sha256(body).hexdigest())
