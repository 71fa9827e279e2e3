"""A customer's ledger as callers read it in an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ..domain import money
from ..domain.held import HeldSums
from ..domain.ledger import Entry, EntryStatus
from ..domain.sorted_ledger import LedgerRow
from ..domain.statement import Sums
from . import answers
from .field_values import iso
from .views import entry_view


def listed_entry_view(value: Entry) -> answers.ListedEntry:
    """An entry of a ledger; without a balance, which only those have that are asked for in an order."""
    return cast(answers.ListedEntry, entry_view(value))


def ledger_row_view(value: LedgerRow) -> answers.ListedEntry:
    """An entry of a ledger, with the balance behind it."""
    return {**listed_entry_view(value.entry), "balance": money.text(value.balance)}


def ledger_sums_view(value: Mapping[EntryStatus, Sums]) -> list[answers.LedgerSums]:
    """What entries come to, by status."""
    return [
        {
            "status": status, "entries": one.times, "retail": money.text(one.retail), "cost": money.text(one.cost),
            "credit_change": money.text(one.credit_change),
        }
        for status, one in value.items()
    ]  # fmt: skip


def held_sums_view(value: HeldSums) -> answers.HeldSums:
    """What is held, by currency."""
    return {
        "charges": value.charges, "oldest": iso(value.oldest), "whole": value.is_whole,
        "by_currency": [
            {"currency": currency, "charges": count, "retail": money.text(retail)}
            for currency, (count, retail) in value.by_currency.items()
        ],
    }  # fmt: skip
