"""Kept simulations as callers read them."""

from datetime import datetime

from ..domain.deciding import RunRequest
from ..domain.report import Summary
from ..domain.work import WorkRecord
from . import answers
from .views import summary_view
from .work_views import work_view


def kept_simulation_view(value: WorkRecord, request: RunRequest, expires: datetime, summary: Summary | None) -> answers.KeptSimulation:
    """A kept simulation, with what it comes to once that is there."""
    return {
        **work_view(value), "date": request.date.isoformat(), "if_charged": request.if_charged,
        "include_written_off": request.include_written_off, "expires_at": expires.isoformat(),
        "summary": summary_view(summary) if summary else None,
    }  # fmt: skip
