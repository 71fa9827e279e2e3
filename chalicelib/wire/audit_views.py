"""Audits as callers read them, and how findings are written into files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from ..domain import money
from ..domain.audit_findings import Finding, certificate, is_clean
from ..domain.finding_kinds import FINDING_KINDS
from ..domain.work import WorkRecord
from . import answers
from .csv_out import columns, to_csv
from .field_values import iso
from .work_views import work_view

_NOT_THERE = ("missing", "marked")


def audit_view(value: WorkRecord, counts: Mapping[str, int] | None) -> answers.Audit:
    """An audit: how far it is, and what it found once it is finished."""
    asked: Any = value.asked
    first, last = date.fromisoformat(asked["from"]) if "from" in asked else None, date.fromisoformat(asked["to"])
    known: Any = counts or {}
    compared: Any = {name: known.get(name, 0) for name in answers.AuditCompared.__annotations__}
    compared["days"] = (last - first).days + 1 if first else None
    lines: Any = {name: known.get("held_lines" if name == "held" else name, 0) for name in answers.AuditLines.__annotations__}
    found: Any = {kind: known.get(kind, 0) for kind in FINDING_KINDS}
    over = counts is not None
    return {
        **work_view(value), "rows": sum(found.values()), "from": iso(first), "to": last.isoformat(), "customer": asked.get("customer"),
        "clean": is_clean(known) if over else None,
        "certificate": certificate(known, first, last) if over else None,
        "compared": compared if over else None, "lines": lines if over else None, "found": found if over else None,
    }  # fmt: skip


def finding_view(one: Finding) -> answers.AuditFinding:
    """A finding."""
    line = one.line
    there, due = one.there or (None, None), one.due or (None, None)
    return {
        "finding": one.kind, "customer_id": one.customer_id,
        "entry_id": f"{one.customer_id}~{one.key}" if one.key and one.kind not in _NOT_THERE else None,
        "kind": line.kind if line else None, "due_date": iso(line.due_date) if line else None,
        "assignment_id": line.made_by if line else None, "package_id": (line.package_id or None) if line else None,
        "package_name": line.package_name if line else None, "did": line.did if line else None, "currency": one.currency or None,
        "retail": _text(there[1]), "cost": _text(there[0]), "due_retail": _text(due[1]), "due_cost": _text(due[0]),
        "detail": one.detail, "helps": one.helps,
    }  # fmt: skip


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else money.text(amount)


def findings_csv(body: Any) -> str:
    """A list of findings."""
    return to_csv(columns(answers.AuditFinding), body["items"])
