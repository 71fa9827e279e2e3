"""Long work as callers read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..domain.work import WorkRecord
from . import answers

_MANY = ("assignments", "dids", "customers", "packages")
"""What a change may list, as far as it says whom it is for."""


def work_view(value: WorkRecord) -> answers.Work:
    """Long work: how far it is."""
    return {
        "work_id": value.work_id, "kind": value.kind, "about": _about(value.asked), "status": value.state, "created_at": value.created_at,
        "created_by": value.created_by, "started_at": value.started_at, "finished_at": value.finished_at, "pieces": value.pieces,
        "pieces_done": value.pieces_done, "rows": value.rows, "failures_total": value.failed,
        "failures": [{"customer": one.customer_id, "code": one.code, "detail": one.detail} for one in value.failures],
    }  # fmt: skip


def _about(asked: Mapping[str, str]) -> str | None:
    """What was asked for, in a few words: whoever looks for a work tells it from others by them."""
    if "change" in asked:
        return _of_change(json.loads(asked["change"]))
    days = _days(asked.get("from") or asked.get("posted_from") or asked.get("since"), asked.get("to") or asked.get("posted_to"))
    tried = "with changes" if any(json.loads(asked.get("changes", "{}")).values()) else None
    words = (asked.get("what"), asked.get("date") or days, asked.get("customer"), tried)
    return ", ".join(filter(None, words)) or None


def _days(first: str | None, last: str | None) -> str | None:
    return f"{first} to {last}" if first and last else last and f"through {last}"


def _of_change(change: Mapping[str, Any]) -> str:
    percent, fields = change.get("percent"), change.get("fields") or ["retail"]
    step = change.get("amount") if percent is None else f"{percent} %"
    what = f"{', '.join(fields)} {step}" if change["what"] == "price" else change["what"]
    day = f"on {change['on']}" if change.get("on") else f"from {change.get('from')}"
    where = change.get("where") or {}
    listed = [f"{len(where[name])} {name if len(where[name]) > 1 else name[:-1]}" for name in _MANY if where.get(name)][:1]
    return ", ".join([f"{what} {day}", *listed, *filter(None, (where.get("currency"), where.get("customer_prefix")))])
