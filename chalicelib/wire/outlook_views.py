"""A customer at a glance, as callers read it."""

from __future__ import annotations

from typing import Final

from ..domain import money
from ..domain.ledger import Entry
from ..domain.outlook import NextCharge, Outlook
from . import answers
from .field_values import iso
from .forecast_views import forecast_line_view
from .overview_views import monthly_view

OUTLOOK_LINES_LISTED: Final = 50


def outlook_view(value: Outlook) -> answers.Outlook:
    """What is to be known of a customer at a glance."""
    planned, short = value.planned, value.shortage
    return {
        **monthly_view(value.monthly), "customer_id": planned.facts.account.customer_id, "currency": planned.facts.account.currency,
        "generated_at": planned.facts.at.isoformat(), "planned_to": planned.request.last.isoformat(),
        "features": list(value.features),
        "next_charge": value.next_charge and _next_charge_view(value.next_charge), "short_on": iso(short and short.short_on),
        "last_payment": value.last_payment and _payment_view(value.last_payment),
    }  # fmt: skip


def _next_charge_view(value: NextCharge) -> answers.NextCharge:
    return {
        "date": value.day.isoformat(), "cost": money.text(value.cost), "retail": money.text(value.retail),
        "margin": money.text(value.margin), "lines": [forecast_line_view(one) for one in value.lines[:OUTLOOK_LINES_LISTED]],
        "lines_left_out": max(0, len(value.lines) - OUTLOOK_LINES_LISTED),
    }  # fmt: skip


def _payment_view(value: Entry) -> answers.LastPayment:
    return {
        "entry_id": value.entry_id, "date": value.date.isoformat(), "amount": money.text(value.credit_change), "reference": value.reference
    }  # fmt: skip
