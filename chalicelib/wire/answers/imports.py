"""Imports of files: how far they are, and what became of their rows."""

from typing import Literal

from typing_extensions import TypedDict

from ...domain.importing import ImportOf, RowChange
from .common import Count, Currency, Day, Instant, Money, Warning
from .work import Work

ImportStep = Literal["file", "check", "application", "undo"]


class ImportUpload(TypedDict):
    """Where the file of an import is to be put, with a PUT and nothing else."""

    link: str
    expires_at: Instant


class ImportCounts(TypedDict):
    """How many rows were made, or by a check would be; and how many failed, or are faulty."""

    created: Count
    changed: Count
    unchanged: Count
    failed: Count
    faulty: Count


class ImportProgress(TypedDict):
    """How far the work on an import is: rows that are checked, rows that are applied or taken back, and how many these will be, once
    that is known."""

    checked: Count
    applied: Count
    of: Count | None


class ImportBacklog(TypedDict):
    """What would be charged at once in one currency."""

    currency: Currency
    lines: Count
    retail: Money


class RowError(TypedDict):
    """What is wrong with a cell of a row, or with the whole of it."""

    column: str
    detail: str


class FaultyRow(TypedDict):
    """A row that can't be, and why."""

    row: Count
    errors: list[RowError]


class FailedRow(TypedDict):
    """A row that could not be applied, or not be taken back: something came in its way."""

    row: Count
    code: str
    detail: str


class ImportUndone(TypedDict):
    """What undoing an import came to, or would: how many things were taken back how, and what is credited."""

    removed: Count
    cancelled: Count
    restored: Count
    left: Count
    credited: list[ImportBacklog]


class Import(TypedDict):
    """An import: how far it is, what its rows come to, and the first that are faulty or failed."""

    import_id: str
    kind: ImportOf
    created_at: Instant
    created_by: str
    expires_at: Instant
    size: Count
    sha256: str | None
    step: ImportStep
    work: Work | None
    progress: ImportProgress | None
    counts: ImportCounts
    backlog: list[ImportBacklog]
    unconfirmed: Count
    errors: list[FaultyRow]
    errors_left_out: Count
    failed: list[FailedRow]
    failed_left_out: Count
    undone: ImportUndone
    left: list[FailedRow]
    left_left_out: Count
    upload: ImportUpload | None


class RowBacklog(TypedDict):
    """A charge that a row makes due at once."""

    due_date: Day
    currency: Currency
    retail: Money


class ImportedRow(TypedDict):
    """A row of an import, with the id of what it made or changed and the version that it got; or why it did not."""

    row: Count
    change: RowChange | None
    undone: Literal["removed", "cancelled", "restored", "unchanged"] | None
    package_id: str | None
    customer_id: str | None
    assignment_id: str | None
    version: Count | None
    backlog: list[RowBacklog]
    warnings: list[Warning]
    code: str | None
    detail: str | None
    errors: list[RowError]
