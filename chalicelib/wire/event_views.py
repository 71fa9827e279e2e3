"""Entries and changes as events. What a customer may see is listed field by field; whatever is not listed is the provider's."""

from __future__ import annotations

from typing import Any, Final

from ..domain import money
from ..domain.events import EventKey, change_event, entry_event
from ..domain.history import HistoryItem
from ..domain.ledger import Entry
from . import answers
from .history_views import field_change_view
from .views import computed_from

EVENT_FORMAT: Final = 1
"""What readers have to know. Fields may be added without another number."""
_SEEN_BY_CUSTOMERS: Final = frozenset((
    "name", "currency", "retail", "setup_retail", "frequency", "frequency_match", "every", "type", "destination", "minimum_spend",
    "proration", "minimum_days", "existing", "deleted",
    "did", "quantity", "start_date", "end_date", "auto_decrement_credit", "free_minutes", "charge_from", "discount", "paused", "until",
    "replaces", "replaced_by", "counted_from", "cancelled", "parked", "status",
))  # fmt: skip
"""The fields of packages, price lists, assignments and terms that are no secret of the provider's."""


def entry_event_view(entry: Entry) -> answers.Event:
    """A ledger entry as it stands."""
    return _event(entry_event(entry), entry.customer_id, _entry_data(entry), _entry_provider(entry))


def change_event_view(item: HistoryItem) -> answers.Event | None:
    """A change; None if nobody is told of it."""
    key, change = change_event(item), item.change
    if key is None:
        return None
    if change.notice_id is not None:
        return _event(key, change.customer_id, _notice_data(item), {"by": item.by})
    changes = [field_change_view(one) for one in change.fields]
    data: answers.ChangeData = {
        "change": change.type, "at": item.at, "changes": [one for one in changes if one["field"] in _SEEN_BY_CUSTOMERS],
        "package_id": change.package_id, "assignment_id": change.assignment_id, "run_id": change.run_id, "work_id": change.work_id,
    }  # fmt: skip
    if change.assignments is not None:
        data["assignments"] = change.assignments
    provider: answers.ChangeProvider = {"by": item.by, "changes": [one for one in changes if one["field"] not in _SEEN_BY_CUSTOMERS]}
    return _event(key, change.customer_id, data, provider)


def _notice_data(item: HistoryItem) -> dict[str, Any]:
    """All of a notice is made for the customer; the schema of its type says which fields it has."""
    change = item.change
    data: dict[str, Any] = {"at": item.at} | {one.field: one.after for one in change.fields}
    if change.assignment_id is not None:
        data |= {"assignment_id": change.assignment_id, "package_id": change.package_id}
    if change.lines:
        data["lines"] = [one._asdict() | {"retail": money.text(one.retail)} for one in change.lines]
    return data


def _event(
    key: EventKey, customer_id: str | None, data: answers.EntryData | answers.ChangeData | dict[str, Any],
    provider: answers.EntryProvider | answers.ChangeProvider | answers.NoticeProvider,
) -> answers.Event:  # fmt: skip
    return {
        "id": key.event_id, "type": key.type, "format": EVENT_FORMAT, "subject": key.subject, "version": key.version,
        "customer_id": customer_id, "data": data, "provider": provider,
    }  # fmt: skip


def _entry_data(entry: Entry) -> answers.EntryData:
    data: answers.EntryData = {
        "entry_id": entry.entry_id, "kind": entry.kind, "date": entry.date.isoformat(), "status": entry.status,
        "currency": entry.currency, "retail": money.text(entry.retail), "credit_change": money.text(entry.credit_change),
        "recorded_at": entry.recorded_at, "posted_at": entry.posted_at,
    }  # fmt: skip
    if entry.credits is not None:
        data["credits"] = entry.credits
    if entry.reverses is not None:
        data["reverses"] = entry.reverses
    if entry.line is None:
        return data
    shown = computed_from(entry.line)
    return {
        **data, "assignment_id": shown["assignment_id"], "package_id": shown["package_id"], "package_name": shown["package_name"],
        "did": shown["did"], "period": shown["period"], "quantity": shown["quantity"], "unit_retail": shown["unit_retail"],
        "discount": shown["discount"], "spend": shown["spend"], "auto_decrement_credit": shown["auto_decrement_credit"],
        "credited_retail": money.text(entry.credited_retail), "voided": entry.voided, "repeat": entry.repeat,
    }  # fmt: skip


def _entry_provider(entry: Entry) -> answers.EntryProvider:
    provider: answers.EntryProvider = {
        "cost": money.text(entry.cost), "recorded_by": entry.recorded_by, "run_id": entry.run_id,
        "account_code": entry.account_code, "tax_code": entry.tax_code,
    }  # fmt: skip
    if entry.line is not None:
        shown = computed_from(entry.line)
        provider["margin"], provider["unit_cost"] = shown["margin"], shown["unit_cost"]
        provider["credited_cost"] = money.text(entry.credited_cost)
        if shown["description"] is not None:
            provider["description"] = shown["description"]
    if entry.reference is not None:
        provider["reference"] = entry.reference
    if entry.reason is not None:
        provider["reason"] = entry.reason
    if entry.cancelled_by is not None:
        provider["cancelled_by"] = entry.cancelled_by
    return provider
