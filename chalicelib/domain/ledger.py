"""Ledger entries: charges, payments, adjustments, reversals and credits, and the keys that are their identities.

A key is `date~kind~...`; within a customer it is unique and sorts as a statement reads. An entry id is `customer~key`;
`~` occurs in no id, so both can be taken apart again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from . import money
from .charging import KIND_ORDER, Identity, Line
from .currencies import DECIMALS
from .errors import NotFound
from .pricing import ChargeKind
from .warning import WARNING_IDS_MAX, BillingWarning

EntryKind = Literal["setup", "recurring", "minimum_spend", "payment", "reversal", "proration", "credit", "one_off", "adjustment"]
EntryStatus = Literal["posted", "held", "cancelled"]

_KIND_OF_ORDER: Final = {order: kind for kind, order in KIND_ORDER.items()}
_SEPARATOR: Final = "~"
_CLOSING: Final = timedelta(minutes=15)
"""How long a posting day stays open after its end: longer than a transaction, dated when it is sent, can be on its way."""


class RecordedDeduction(NamedTuple):
    """What a negative entry takes of the charge with this key; both amounts are zero or more."""

    key: str
    retail: Decimal
    cost: Decimal


class Entry(NamedTuple):
    """One ledger entry. Amounts of reversals and credits are negative; `credit_change` is what the entry did to the balance.

    `recorded_at` is when it was written, `posted_at` when it took effect: None while held or when cancelled. `line` is
    what a charge was computed from; `reverses` the entry id that a reversal undoes. A charge is `voided` by a reversal, or by a
    credit with `recharge`; a cancelled one that is not was written off.

    `version` grows with each change of status, of a credited sum, or of `parts`. `credited_retail` and `credited_cost` are what
    credits, reversals and negative lines took of a charge so far. `parts` are the keys of the negative entries that are held with it;
    `takes` says of a negative one what it takes of which charges.

    Of a credit, `credits` is the id of the charge, `reason` why it was given, and `recharge` whether it voids the charge. An adjustment
    has a `reason`, too.

    `account_code` and `tax_code` say under what it is booked: what undoes a charge is booked as the charge is.
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
    version: int = 1
    credited_retail: Decimal = money.ZERO
    credited_cost: Decimal = money.ZERO
    parts: tuple[str, ...] = ()
    account_code: str | None = None
    tax_code: str | None = None
    takes: tuple[RecordedDeduction, ...] = ()
    credits: str | None = None
    reason: str | None = None
    recharge: bool = False

    @property
    def entry_id(self) -> str:
        """The id that callers know the entry by."""
        return f"{self.customer_id}{_SEPARATOR}{self.key}"

    @property
    def written_off(self) -> bool:
        """Whether it was held and somebody gave it up."""
        return self.status == "cancelled" and not self.voided

    @property
    def stands(self) -> bool:
        """Whether it is posted and nothing has voided it; credits alone, even of the whole, do not."""
        return self.status == "posted" and not self.voided

    @property
    def takes_back(self) -> bool:
        """Whether it is a negative line. While held, it posts with the charge that it takes from."""
        return self.line is not None and self.line.takes_back

    @property
    def nominal_retail(self) -> Decimal:
        """The retail before credits and negative lines."""
        return self.line.nominal_retail if self.line else self.retail

    @property
    def left_retail(self) -> Decimal:
        """What is left of a charge's retail: nothing of a negative line, or of what was cancelled."""
        return self._left(self.retail, self.credited_retail)

    @property
    def left_cost(self) -> Decimal:
        """What is left of a charge's cost."""
        return self._left(self.cost, self.credited_cost)

    def _left(self, amount: Decimal, credited: Decimal) -> Decimal:
        return money.ZERO if self.line is None or self.takes_back or self.status == "cancelled" else money.minus(amount, credited)

    def cancelled(self, by: str, *, voided: bool = False) -> "Entry":
        """The charge once it is written off, or voided with the run that held it."""
        return self._replace(status="cancelled", cancelled_by=by, voided=voided, version=self.version + 1)

    def after_credit(self, retail: Decimal, cost: Decimal, *, voided: bool = False) -> "Entry":
        """The charge once this is taken of it."""
        return self._replace(
            version=self.version + 1,
            voided=self.voided or voided,
            credited_retail=money.plus(self.credited_retail, retail),
            credited_cost=money.plus(self.credited_cost, cost),
        )


def charge_key(identity: Identity, repeat_of_run: str | None = None) -> str:
    """The key of a charge; a repeat's identity is the charge's and its run's id."""
    parts = [identity.due_date.isoformat(), f"{identity.kind_order}-{_KIND_OF_ORDER[identity.kind_order]}", identity.assignment_id]
    return _SEPARATOR.join([*parts, repeat_of_run] if repeat_of_run else parts)


def written_off_recharge_key(identity: Identity, repeats: int) -> str:
    """The key of a recharge of what was written off, when the ledger holds `repeats` of it: runs that find the same charge it once."""
    return _SEPARATOR.join((charge_key(identity), "revived", str(repeats)))


def voided_recharge_key(identity: Identity, voided: int) -> str:
    """The key of a recharge of what was voided, when the ledger holds `voided` charges of it: runs that find the same charge it once."""
    return _SEPARATOR.join((charge_key(identity), "recharged", str(voided)))


def due_date_key(key: str) -> str:
    """The key of the charge that a charge repeats; a charge's own."""
    return _SEPARATOR.join(key.split(_SEPARATOR)[:3])


def part_key(identity: Identity, number: int) -> str:
    """The key of a negative line, and of its further parts (from 1), where its charges are not all in one state."""
    key = charge_key(identity)
    return _SEPARATOR.join((key, "part", str(number))) if number else key


def is_part(key: str, identity: Identity) -> bool:
    """Whether a key is that of a negative line, or of a further part of it."""
    return key == charge_key(identity) or key.startswith(part_key(identity, 1)[:-1])


def payment_key(day: date, payment_id: str) -> str:
    """The key of a payment."""
    return _SEPARATOR.join((day.isoformat(), "3-payment", payment_id))


def adjustment_key(day: date, adjustment_id: str) -> str:
    """The key of an adjustment."""
    return _SEPARATOR.join((day.isoformat(), "8-adjustment", adjustment_id))


def reversal_key(day: date, reversed_key: str) -> str:
    """The key of the one reversal of an entry."""
    return _SEPARATOR.join((day.isoformat(), "4-reversal", reversed_key))


def credit_key(day: date, credit_id: str) -> str:
    """The key of a credit of a charge."""
    return _SEPARATOR.join((day.isoformat(), "6-credit", credit_id))


def split_entry_id(entry_id: str) -> tuple[str, str]:
    """Customer id and key. Raises `NotFound` for what is no entry id."""
    customer_id, _, key = entry_id.partition(_SEPARATOR)
    if not customer_id or key.count(_SEPARATOR) < 2:
        raise NotFound(f"there is no ledger entry {entry_id}")
    return customer_id, key


def key_identity(key: str) -> tuple[Identity, ChargeKind]:
    """The identity that a charge's key spells, and its kind."""
    day, kind, assignment_id = key.split(_SEPARATOR)[:3]
    order = int(kind.partition("-")[0])
    return Identity(date.fromisoformat(day), order, assignment_id), _KIND_OF_ORDER[order]


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
        account_code=line.account_code,
        tax_code=line.tax_code,
    )


def payment(
    customer_id: str, currency: str, amount: Decimal, reference: str, *, payment_id: str, at: datetime, day: date, by: str
) -> Entry:
    """The entry of a payment, or of a correction when `amount` is negative."""
    return _balance_entry(
        customer_id, payment_key(day, payment_id), "payment", currency, amount, at=at, day=day, by=by
    )._replace(reference=reference)  # fmt: skip


def adjustment(
    customer_id: str, currency: str, amount: Decimal, reason: str, *, adjustment_id: str, at: datetime, day: date, by: str
) -> Entry:
    """The entry of an adjustment, which moves the balance by `amount` and is neither a payment nor a charge."""
    return _balance_entry(
        customer_id, adjustment_key(day, adjustment_id), "adjustment", currency, amount, at=at, day=day, by=by
    )._replace(reason=reason)  # fmt: skip


def _balance_entry(
    customer_id: str, key: str, kind: EntryKind, currency: str, amount: Decimal, *, at: datetime, day: date, by: str
) -> Entry:
    """What moves the balance by itself, for no charge."""
    timestamp = at.isoformat()
    return Entry(customer_id, key, day, kind, "posted", currency, money.ZERO, money.ZERO, amount, timestamp, by, timestamp)


def reversal_of(entry: Entry, *, at: datetime, day: date, by: str) -> Entry:
    """The opposite of what is left of a posted charge."""
    undone = opposite_of(entry, entry.left_retail, entry.left_cost, at=at, day=day, by=by)
    return undone._replace(key=reversal_key(day, entry.key), kind="reversal", reverses=entry.entry_id, run_id=entry.run_id)


def opposite_of(charged: Entry, retail: Decimal, cost: Decimal, *, at: datetime, day: date, by: str) -> Entry:
    """What takes back so much of a posted charge: what reversals and credits have in common. It moves the balance as the charge did."""
    timestamp = at.isoformat()
    return Entry(
        charged.customer_id, "", day, charged.kind, "posted", charged.currency, _opposite(cost), _opposite(retail),
        retail if charged.credit_change else money.ZERO, timestamp, by, timestamp,
        reference=charged.line.package_name if charged.line else None, account_code=charged.account_code, tax_code=charged.tax_code,
    )  # fmt: skip


def held_on(held: Iterable[Entry], wanted: Callable[[date], bool]) -> list[Entry]:
    """The held charges of these dates, and the negative entries that are held with them, whatever their dates."""
    charges = [entry for entry in held if wanted(entry.date) and not entry.takes_back]
    keys = {key for entry in charges for key in (entry.key, *entry.parts)}
    return [entry for entry in held if entry.key in keys]


def payment_warnings(entry: Entry) -> Iterator[BillingWarning]:
    """Warns of an amount that nobody can have paid, because its currency has no unit that small."""
    decimals = DECIMALS.get(entry.currency, money.DECIMALS_MAX)
    if money.decimals(entry.credit_change) > decimals:
        detail = f"{money.shown(entry.credit_change, entry.currency)} can't be paid: {entry.currency} has {decimals or 'no'} decimals"
        yield BillingWarning("not_payable", detail, "/amount")


def ahead_warning(charges: Sequence[Entry]) -> BillingWarning:
    """Warns that `charges`, at least one, are for days after the end of their assignment."""
    first, more = charges[0], len(charges) - 1
    amount = f"{money.shown(first.retail, first.currency)} {first.currency}, due {first.date}"
    again = f", and {more} more" if more else ""
    detail = f"charged ahead and not given back: {amount}{again}; credit what the customer should not pay"
    return BillingWarning("charged_ahead", detail, ids=tuple(one.entry_id for one in charges[:WARNING_IDS_MAX]))


def _opposite(amount: Decimal) -> Decimal:
    return -amount if amount else money.ZERO


def is_closed(posted_until: str | None, now: datetime) -> bool:
    """Whether nothing can be posted any more before `posted_until` (ISO 8601; None: for ever)."""
    return posted_until is not None and now >= datetime.fromisoformat(posted_until) + _CLOSING
