"""Exports of what was posted on some days: the ledger, and the journal of it.

They count up to the end of the last day: later credits, reversals and releases change nothing in them.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from ...domain import money
from ...domain.export import deductions_of, posted_at
from ...domain.work import WorkRecord
from ...storage.keys import Key
from ...storage.ledger_slices import LedgerSlice, ledger_slices
from ..request_context import Services
from ..segment import Unreadable
from ..work.strategy import Record
from .forms import Export, ExportForms, Row


class _PostedExport(Export):
    """What exports of posting days have in common: they go through the ledger."""

    def __init__(self, services: Services, found: WorkRecord, forms: ExportForms) -> None:
        super().__init__(services, found, forms)
        self._since, self._until = (datetime.fromisoformat(found.asked[name]) for name in ("since", "until"))

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[LedgerSlice]:
        """Customers with some of their entries each."""
        return ledger_slices(self._db, (segment, self._segments), cursor, unreadable)


class LedgerExport(_PostedExport):
    """Every entry of the days. What later entries took of it is known by entries of its customer that may be read long before or
    after it, so each of those is kept under the key of the charge that it takes from, and meets it in the merge."""

    depth: Final = 2

    def records(self, member: LedgerSlice) -> Iterator[Record]:
        """The rows of the days, and what was taken of charges until their end."""
        for entry in member.entries:
            posted = posted_at(entry)
            if posted is None or posted >= self._until:
                continue
            if posted >= self._since:
                yield Record((entry.customer_id, entry.key, "row"), self._forms.entry(entry))
            for deduction in deductions_of(entry):
                yield Record((entry.customer_id, deduction.key, "less", entry.key), [str(deduction.retail), str(deduction.cost)])

    def row(self, records: Iterator[Record]) -> Row | None:
        """The row of an entry, with what was taken of it; None if it is of other days."""
        retail, cost, shown = money.ZERO, money.ZERO, None
        for record in records:
            if record.key[2] == "row":
                shown = record.value
            else:
                retail, cost = (money.plus(one, Decimal(more)) for one, more in zip((retail, cost), record.value, strict=True))
        if shown is None or "credited_retail" not in shown:
            return shown
        return {**shown, "credited_retail": money.text(retail), "credited_cost": money.text(cost)}


class JournalExport(_PostedExport):
    """Sums of the entries of the days, by posting day, currency, kind and codes: what an accountant books."""

    depth: Final = 5

    def records(self, member: LedgerSlice) -> Iterator[Record]:
        """Each entry of the days, under what it is summed by."""
        zone = ZoneInfo(self._asked["time_zone"])
        for entry in member.entries:
            posted = posted_at(entry)
            if posted and self._since <= posted < self._until:
                group = (posted.astimezone(zone).date().isoformat(), entry.currency, entry.kind)
                codes = (json.dumps(entry.account_code), json.dumps(entry.tax_code))
                amounts = [str(entry.retail), str(entry.cost), str(entry.credit_change)]
                yield Record((*group, *codes, entry.customer_id, entry.key), amounts)

    def row(self, records: Iterator[Record]) -> Row:
        """The sums of one group."""
        first = next(records)
        day, currency, kind, account_code, tax_code = first.key[: self.depth]
        sums, count = [Decimal(amount) for amount in first.value], 1
        for count, record in enumerate(records, 2):  # noqa: B007 - counted to the end
            sums = [money.plus(amount, Decimal(more)) for amount, more in zip(sums, record.value, strict=True)]
        retail, cost, credit_change = map(money.text, sums)
        return {
            "date": day, "currency": currency, "kind": kind, "account_code": json.loads(account_code), "tax_code": json.loads(tax_code),
            "count": count, "retail": retail, "cost": cost, "credit_change": credit_change,
        }  # fmt: skip
