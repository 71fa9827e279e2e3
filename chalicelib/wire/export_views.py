"""Exports as callers read them, and how rows are written into files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from ..domain.detail import Detail
from ..domain.ledger import Entry, is_closed
from ..domain.package import Package
from ..domain.work import ResultFile, WorkRecord
from . import answers
from .csv_out import Columns, CsvLines, assignment_columns, assignment_row, columns, package_columns, package_row
from .jsontext import json_line
from .views import assignment_view, entry_view, package_view
from .work_views import work_view

_CHANGING: Final = ("version", "voided")
"""What later events change of an entry although no entry says when, so that no export can tell how it was at the end of a day."""
_COLUMNS: Final[Mapping[str, Callable[[], Columns]]] = {
    "ledger": lambda: [name for name in columns(answers.LedgerEntry) if name not in _CHANGING],
    "journal": lambda: columns(answers.JournalRow),
    "assignments": assignment_columns,
    "customers": lambda: columns(answers.Customer),
    "packages": package_columns,
}


def export_view(
    value: WorkRecord, files: list[ResultFile], link: Callable[[ResultFile], str], kept: timedelta, now: datetime
) -> answers.Export:
    """An export. Its files have links until they expire, `kept` after it was asked for."""
    expires = datetime.fromisoformat(value.created_at) + kept
    asked: Any = value.asked
    return {
        **work_view(value), "what": asked["what"], "format": asked["format"], "posted_from": asked.get("posted_from"),
        "posted_to": asked.get("posted_to"), "closed": is_closed(asked.get("until"), datetime.fromisoformat(value.created_at)),
        "expires_at": expires.isoformat(),
        "files": [
            {"name": one.name, "rows": one.rows, "size": one.size, "sha256": one.sha256, "link": link(one) if now < expires else None}
            for one in files
        ],
    }  # fmt: skip


def ledger_row(entry: Entry) -> dict[str, Any]:
    """A ledger entry as exports have it: without what later events change."""
    return {name: value for name, value in entry_view(entry).items() if name not in _CHANGING}


def exported_package(value: Package) -> dict[str, Any]:
    """A package as exports have it."""
    return package_row(package_view(value))


def exported_assignment(value: Detail) -> dict[str, Any]:
    """An assignment as exports have it."""
    return assignment_row(assignment_view(value))


def export_heading(what: str, form: str) -> bytes:
    """What a file of exported rows begins with."""
    return _csv_lines(what).heading().encode() if form == "csv" else b""


def export_line(what: str, form: str, row: Mapping[str, Any]) -> bytes:
    """An exported row in a file."""
    if form == "csv":
        return _csv_lines(what).line(row).encode()
    return json_line(row)


@cache
def _csv_lines(what: str) -> CsvLines:
    return CsvLines(_COLUMNS[what]())
