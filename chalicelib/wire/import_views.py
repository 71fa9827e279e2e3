"""Imports of files as callers read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ..domain.importing import ImportOf, ImportRecord, ImportResult
from ..domain.work import WorkRecord
from . import answers
from .csv_out import columns, to_csv
from .work_views import work_view

_IDS: Final[Mapping[ImportOf, str]] = {"packages": "package_id", "customers": "customer_id", "assignments": "assignment_id"}


def import_view(
    record: ImportRecord,
    expires_at: datetime,
    work: WorkRecord | None,
    result: ImportResult,
    upload: tuple[str, datetime] | None,
) -> answers.Import:
    """An import: how far it is, and what its rows come to."""
    sums, faults, faults_left_out, failed, failed_left_out, left, left_left_out, counted = result
    applied = bool(record.applications or record.rows)
    outcome = "made" if applied else "planned"
    counts: answers.ImportCounts = {
        "created": sums.get(f"{outcome} created", 0), "changed": sums.get(f"{outcome} changed", 0),
        "unchanged": sums.get(f"{outcome} unchanged", 0), "failed": len(failed) + failed_left_out, "faulty": len(faults) + faults_left_out,
    }  # fmt: skip
    return {
        "import_id": record.import_id, "kind": record.of, "created_at": record.created_at, "created_by": record.created_by,
        "expires_at": expires_at.isoformat(), "size": record.size, "sha256": record.sha256 or None,
        "step": _step(record), "work": work_view(work) if work else None,
        "progress": _progress(work, sums, counted) if work and work.state == "running" else None,
        "counts": counts, "backlog": _backlog_sums(sums), "unconfirmed": sums.get("unconfirmed", 0),
        "errors": [{"row": one["row"], "errors": _row_errors(one["errors"])} for one in faults], "errors_left_out": faults_left_out,
        "failed": list(failed), "failed_left_out": failed_left_out, "undone": _undone(sums, len(left) + left_left_out),
        "left": [{"row": one["row"], "code": one["code"], "detail": one["detail"]} for one in left], "left_left_out": left_left_out,
        "upload": {"link": upload[0], "expires_at": upload[1].isoformat()} if upload else None,
    }  # fmt: skip


def _step(record: ImportRecord) -> answers.ImportStep:
    if record.undoing:
        return "undo"
    return "application" if record.applications or record.rows else "check" if record.check else "file"


def _progress(work: WorkRecord, sums: Mapping[str, Any], counted: Mapping[str, int]) -> answers.ImportProgress:
    checked, applied = _counted(counted, "planned", "faults"), _counted(counted, "made", "failed", "undone", "left")
    if work.kind in ("import_undo", "import_undo_check"):
        return {"checked": checked, "applied": applied, "of": _counted(sums, "made")}
    return {"checked": checked, "applied": applied, "of": checked if work.kind == "import" and work.done else None}


def _counted(counts: Mapping[str, int], *outcomes: str) -> int:
    return sum(count for name, count in counts.items() if name.split()[0] in outcomes)


def _undone(sums: Mapping[str, Any], left: int) -> answers.ImportUndone:
    names = sorted(name.removeprefix("credits ") for name in sums if name.startswith("credits "))
    return {
        "removed": sums.get("undone removed", 0), "cancelled": sums.get("undone cancelled", 0),
        "restored": sums.get("undone restored", 0), "left": left,
        "credited": [{"currency": name, "lines": sums[f"credits {name}"], "retail": sums[f"credited {name}"]} for name in names],
    }  # fmt: skip


def _backlog_sums(sums: Mapping[str, Any]) -> list[answers.ImportBacklog]:
    names = sorted(name.removeprefix("lines ") for name in sums if name.startswith("lines "))
    return [{"currency": name, "lines": sums[f"lines {name}"], "retail": sums[f"retail {name}"]} for name in names]


def imported_row(of: ImportOf, row: Mapping[str, Any]) -> answers.ImportedRow:
    """A row of a result."""
    shown: Any = {
        "row": row["row"], "change": row.get("change"), "undone": row.get("undone"), "package_id": None,
        "customer_id": row.get("customer_id"), "assignment_id": None,
        "version": row.get("version"),
        "backlog": [{"due_date": day, "currency": currency, "retail": retail} for day, currency, retail in row.get("backlog", ())],
        "warnings": row.get("warnings", []), "code": row.get("code"), "detail": row.get("detail"),
        "errors": _row_errors(row.get("errors", ())),
    }  # fmt: skip
    if row.get("id"):
        shown[_IDS[of]] = row["id"]
    made: answers.ImportedRow = shown
    return made


def _row_errors(found: Sequence[Sequence[str]]) -> list[answers.RowError]:
    return [{"column": column, "detail": detail} for column, detail in found]


def imported_rows_csv(body: Any) -> str:
    """A list of rows of an import."""
    return to_csv(columns(answers.ImportedRow), body["items"])
