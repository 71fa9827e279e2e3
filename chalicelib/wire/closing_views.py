"""Closing a customer as callers read it."""

from __future__ import annotations

from datetime import date

from ..domain.assignment import earliest_end
from ..domain.closing import ClosedAssignment, Closing
from . import answers
from .field_values import iso
from .forecast_views import forecast_view


def closing_view(value: Closing, on: date, *, dry_run: bool) -> answers.Closing:
    """What becomes of each assignment, or became, and what is still due. Nobody knows the last day while something goes on."""
    account, items = value.planned.facts.account, value.items
    last_days = [item.last_day for item in items if item.last_day]
    goes_on = any(item.becomes == "refused" for item in items)
    return {
        "customer_id": account.customer_id, "currency": account.currency, "on": on.isoformat(), "dry_run": dry_run,
        "closed_on": None if goes_on else iso(max(last_days, default=None)),
        "items": [_item_view(value, item, on) for item in items], "still_due": forecast_view(value.planned),
    }  # fmt: skip


def _item_view(value: Closing, item: ClosedAssignment, on: date) -> answers.ClosingItem:
    one = item.assignment
    package, earliest = value.packages.get(one.package_id), earliest_end(one)
    return {
        "assignment_id": one.assignment_id, "package_id": one.package_id, "package_name": package.name if package else "",
        "did": one.did, "quantity": one.quantity, "version": one.version, "start_date": one.start_date.isoformat(),
        "becomes": item.becomes, "last_day": iso(item.last_day),
        "earliest_end_date": iso(earliest) if item.becomes == "ended" and earliest > on else None,
        "why": {"code": item.why.code, "detail": item.why.detail} if item.why else None,
    }  # fmt: skip
