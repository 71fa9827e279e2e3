"""Kept simulations as callers read them."""

from __future__ import annotations

from datetime import datetime

from ..domain.deciding import RunRequest
from ..domain.digest import PlannedCharge
from ..domain.report import Summary, SummaryGroup
from ..domain.work import WorkRecord
from . import answers
from .field_values import fields_of
from .views import summary_view, totals_view
from .work_views import work_view


def kept_simulation_view(value: WorkRecord, request: RunRequest, expires: datetime, summary: Summary | None) -> answers.KeptSimulation:
    """A kept simulation, with what it comes to once that is there."""
    return {
        **work_view(value), "date": request.date.isoformat(), "if_charged": request.if_charged,
        "include_written_off": request.include_written_off, "expires_at": expires.isoformat(),
        "summary": summary_view(summary) if summary else None,
    }  # fmt: skip


def kept_customer_view(sums: SummaryGroup, digest: str) -> answers.KeptCustomer:
    """What a customer would be charged."""
    totals = sums.totals
    return {"customer": sums.id, "currency": sums.currency, **totals_view(totals), "lines": totals.lines, "digest": digest}


def kept_charge_view(customer_id: str, charge: PlannedCharge) -> answers.KeptCharge:
    """A charge of a kept plan."""
    return fields_of(answers.KeptCharge, charge, customer=customer_id, assignment_id=charge.assignment_id or None)
