"""Ledger entries: charges, payments and reversals, and the keys that are their identities.

A key is `date~kind~...`; within a customer it is unique and sorts as a statement reads. An entry id is `customer~key`;
`~` occurs in no id, so both can be taken apart again.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from . import money
from .charging import KIND_ORDER, Identity, Kind, Line
from .currencies import DECIMALS
from .errors import NotFound
from .warning import MOST_NAMED, BillingWarning

EntryKind = Literal["setup", "recurring", "minimum_spend", "payment", "reversal"]
EntryStatus = Literal["posted", "held", "cancelled"]

_KINDS: Final[tuple[Kind, ...]] = ("setup", "recurring", "minimum_spend")
_SEPARATOR: Final = "~"
_CLOSING: Final = timedelta(minutes=15)
"""How long a posting day stays open after its end: longer than a transaction, dated when it is sent, can be on its way."""


class Entry(NamedTuple):
    """One ledger entry. Amounts of reversals are negative; `credit_change` is what the entry did to the balance.

    `recorded_at` is when it was written, `posted_at` when it took effect: None while held or when cancelled. `line` is
    what a charge was computed from; `reverses` the entry id that a reversal undoes. A cancelled charge was written off, unless
    it is `voided`: cancelled by the reversal of the run that held it.
    """

    customer_id: str
    key: str
    date: date
    kind: EntryKind
    status: EntryStatus
    currency: str
    cost: Decimal
    retail: Decimal
    credit_change: Decimal
    recorded_at: str
    recorded_by: str
    posted_at: str | None = None
    run_id: str | None = None
    repeat: bool = False
    line: Line | None = None
    reference: str | None = None
    reverses: str | None = None
    cancelled_by: str | None = None
    voided: bool = False

    @property
    def entry_id(self) -> str:
        """The id that callers know the entry by."""
        return f"{self.customer_id}{_SEPARATOR}{self.key}"

    @property
    def written_off(self) -> bool:
        """Whether it was held and somebody gave it up."""
        return self.status == "cancelled" and not self.voided


def charge_key(identity: Identity, repeat_of_run: str | None = None) -> str:
    """The key of a charge; a repeat's identity is the charge's and its run's id."""
    parts = [identity.due_date.isoformat(), f"{identity.kind_order}-{_KINDS[identity.kind_order]}", identity.assignment_id]
    return _SEPARATOR.join([*parts, repeat_of_run] if repeat_of_run else parts)


def payment_key(day: date, payment_id: str) -> str:
    """The key of a payment."""
    return _SEPARATOR.join((day.isoformat(), "3-payment", payment_id))


def reversal_key(day: date, reversed_key: str) -> str:
    """The key of the one reversal of an entry."""
    return _SEPARATOR.join((day.isoformat(), "4-reversal", reversed_key))


def split_entry_id(entry_id: str) -> tuple[str, str]:
    """Customer id and key. Raises `NotFound` for what is no entry id."""
    customer_id, _, key = entry_id.partition(_SEPARATOR)
    if not customer_id or key.count(_SEPARATOR) < 2:
        raise NotFound(f"there is no ledger entry {entry_id}")
    return customer_id, key


def key_identity(key: str) -> tuple[Identity, Kind]:
    """The identity that a charge's key spells, and its kind."""
    day, kind, assignment_id = key.split(_SEPARATOR)[:3]
    order, _, name = kind.partition("-")
    return Identity(date.fromisoformat(day), int(order), assignment_id), _KINDS[KIND_ORDER[name]]


def charge(line: Line, *, status: EntryStatus, run_id: str | None, repeat: bool, at: datetime, by: str) -> Entry:
    """The entry that records `line` as posted or held."""
    posted = status == "posted"
    return Entry(
        customer_id=line.customer_id,
        key=charge_key(line.identity, run_id if repeat else None),
        date=line.due_date,
        kind=line.kind,
        status=status,
        currency=line.currency,
        cost=line.cost,
        retail=line.retail,
        credit_change=-line.debit if posted and line.debit else money.ZERO,
        recorded_at=at.isoformat(),
        recorded_by=by,
        posted_at=at.isoformat() if posted else None,
        run_id=run_id,
        repeat=repeat,
        line=line,
    )


def payment(
    customer_id: str, currency: str, amount: Decimal, reference: str, *, payment_id: str, at: datetime, day: date, by: str
) -> Entry:
    """The entry of a payment, or of a correction when `amount` is negative."""
    stamp = at.isoformat()
    return Entry(
        customer_id, payment_key(day, payment_id), day, "payment", "posted", currency,
        money.ZERO, money.ZERO, amount, stamp, by, stamp, reference=reference,
    )  # fmt: skip


def reversal(entry: Entry, *, at: datetime, day: date, by: str) -> Entry:
    """The opposite of a posted charge."""
    stamp = at.isoformat()
    return entry._replace(
        key=reversal_key(day, entry.key), date=day, kind="reversal", cost=_opposite(entry.cost), retail=_opposite(entry.retail),
        credit_change=_opposite(entry.credit_change), recorded_at=stamp, recorded_by=by, posted_at=stamp, line=None,
        repeat=False, reverses=entry.entry_id, reference=entry.line.package_name if entry.line else None,
    )  # fmt: skip


def payment_warnings(entry: Entry) -> Iterator[BillingWarning]:
    """That nobody can have paid this amount: its currency has no coin that small."""
    decimals = DECIMALS.get(entry.currency, money.MOST_DECIMALS)
    if money.decimals(entry.credit_change) > decimals:
        detail = f"{money.shown(entry.credit_change, entry.currency)} can't be paid: {entry.currency} has {decimals or 'no'} decimals"
        yield BillingWarning("not_payable", detail, "/amount")


def ahead_warning(charges: Sequence[Entry]) -> BillingWarning:
    """That `charges`, one at least, stand for days on which their assignment is over."""
    first, more = charges[0], len(charges) - 1
    amount = f"{money.shown(first.retail, first.currency)} {first.currency}, due {first.date}"
    again = f", and {more} more" if more else ""
    detail = f"charged ahead and not given back: {amount}{again}; credit what the customer should not pay"
    return BillingWarning("charged_ahead", detail, ids=tuple(one.entry_id for one in charges[:MOST_NAMED]))


def _opposite(amount: Decimal) -> Decimal:
    return -amount if amount else money.ZERO


def is_closed(posted_until: str | None, now: datetime) -> bool:
    """Whether nothing can be posted any more before `posted_until` (ISO 8601; None: for ever)."""
    return posted_until is not None and now >= datetime.fromisoformat(posted_until) + _CLOSING
