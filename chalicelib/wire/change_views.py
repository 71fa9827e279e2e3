"""Changes of many as callers read them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..domain import money
from ..domain.changing import Change
from ..domain.report import Totals
from ..domain.work import WorkRecord
from . import answers
from .bodies import parse
from .change_bodies import ChangeBody
from .csv_out import columns, to_csv
from .work_views import work_view


def change_of(found: WorkRecord) -> Change:
    """The change that a work is about."""
    return parse(ChangeBody, json.loads(found.asked["change"])).change()


def change_view(
    value: WorkRecord,
    expires_at: datetime,
    items: Sequence[Mapping[str, Any]] | None,
    items_total: int,
    refused: Sequence[Mapping[str, Any]] | None,
    refused_total: int,
    sums: Sequence[tuple[str, Any]] | None,
    of_total: int | None,
) -> answers.Change:
    """A change, its application or its undo: how far it is, and what it met once it is finished."""
    met = items_total + refused_total if items is not None else of_total
    counted = met is not None
    return {
        **work_view(value), "rows": items_total + refused_total, "change": json.loads(value.asked["change"]), "of": value.asked.get("of"),
        "expires_at": expires_at.isoformat(), "met": met,
        "changes": items_total if counted else None, "refuses": refused_total if counted else None,
        "items": None if items is None else [_item_view(one) for one in items],
        "refused": None if refused is None else [{**_item_view(one), "code": one["code"], "detail": one["detail"]} for one in refused],
        "sums": None if sums is None else [_sums_view(currency, *one) for currency, one in sums],
    }  # fmt: skip


def _item_view(one: Mapping[str, Any]) -> answers.ChangedItem:
    return {
        "customer_id": one["customer_id"], "customer_name": one.get("customer_name"), "assignment_id": one["assignment_id"],
        "package_id": one["package_id"], "package_name": one.get("package_name"), "did": one["did"], "version": one["version"],
        "new_id": one.get("new_id"), "currency": one.get("currency"), "prices": _prices(one.get("prices")),
    }  # fmt: skip


def _prices(kept: Sequence[Sequence[Any]] | None) -> list[answers.ChangedPrice] | None:
    return None if kept is None else [{"name": name, "before": before, "after": after} for name, before, after in kept]


def listed_item(one: Mapping[str, Any]) -> answers.ListedItem:
    """One that was met, in the list of all."""
    return {**_item_view(one), "code": one.get("code"), "detail": one.get("detail")}


def listed_items_csv(body: Any) -> str:
    """A list of what a change has met."""
    return to_csv(columns(answers.ListedItem), body["items"])


def _sums_view(currency: str, before: Totals, after: Totals, customers: int) -> answers.ChangeSums:
    return {
        "currency": currency, "customers": customers, "before": money.text(before.retail), "after": money.text(after.retail),
        "difference": money.text(money.minus(after.retail, before.retail)),
        "cost_difference": money.text(money.minus(after.cost, before.cost)), "lines_before": before.lines, "lines_after": after.lines,
    }  # fmt: skip
