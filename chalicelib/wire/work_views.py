"""Long work as callers read it."""

from __future__ import annotations

from ..domain.work import WorkRecord
from . import answers


def work_view(value: WorkRecord) -> answers.Work:
    """Long work: how far it is."""
    return {
        "work_id": value.work_id, "kind": value.kind, "status": value.state, "created_at": value.created_at,
        "created_by": value.created_by, "started_at": value.started_at, "finished_at": value.finished_at, "pieces": value.pieces,
        "pieces_done": value.pieces_done, "rows": value.rows, "failures_total": value.failed,
        "failures": [{"customer": one.customer_id, "code": one.code, "detail": one.detail} for one in value.failures],
    }  # fmt: skip
