"""Customers in `accounts`. Balance and counts move only by conditional updates; a replacement never writes them."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.posting import Debit
from . import keys
from .codec import WRITTEN, Codec, day, plain, whole
from .db import Action, Db, Item, create, delete, update
from .keys import ACCOUNTS, CUSTOMERS, Key

_CODEC = Codec(
    Account,
    {
        "currency": plain("currency"),
        "name": plain("name"),
        "debit_limit": plain("debit_limit"),
        "balance": plain("balance"),
        "held": whole("held"),
        "holds": whole("holds"),
        "with_minutes": whole("with_minutes"),
        "without_minutes": whole("without_minutes"),
        "assignments": whole("assignments"),
        "entries": plain("entries"),
        "calls": plain("calls"),
        "parked": plain("parked"),
        "oversize": plain("oversize"),
        "evaluate_from": day("evaluate_from"),
        "marks": whole("marks"),
        **WRITTEN,
    },
)
_LISTED = "customer"
_SETTABLE = ("currency", "name", "debit_limit", "version", "updated_at", "updated_by")


def from_item(item: Item) -> Account:
    """The account that an item of `accounts` holds."""
    return _CODEC.entity(item, customer_id=item["pk"])


def find(db: Db, customer_id: str) -> Account | None:
    """The customer's account."""
    item = db.get(ACCOUNTS, keys.account(customer_id))
    return from_item(item) if item else None


def find_many(db: Db, customer_ids: Iterable[str]) -> dict[str, Account]:
    """The accounts that exist of these customers, by customer id."""
    found = db.get_many(ACCOUNTS, [keys.account(customer_id) for customer_id in customer_ids])
    return {customer_id: from_item(item) for (customer_id, _), item in found.items()}


def listed(db: Db, after: Key | None, limit: int, prefix: str = "") -> tuple[list[Account], Key | None]:
    """Up to `limit` customers in the order of their ids, all or those whose id begins with `prefix`, and where to go on."""
    condition, values = "#listed = :listed", {"listed": _LISTED}
    if prefix:
        condition, values = f"{condition} AND begins_with(#pk, :prefix)", values | {"prefix": prefix}
    page = db.query(ACCOUNTS, condition, values, index=CUSTOMERS, after=after, limit=limit)
    found = find_many(db, [item["pk"] for item in page.items])
    return [found[customer_id] for customer_id in sorted(found)], page.last


def creation(account: Account) -> Action:
    """Write a new customer."""
    fixed = {"listed": _LISTED, "balance": account.balance, "held": 0, "assignments": 0, "version": account.version}
    return create(ACCOUNTS, keys.account(account.customer_id) | _CODEC.item(account) | fixed)


def replacement(old: Account, new: Account) -> Action:
    """Write what a caller may set, if nobody else did since `old`. A change of currency needs a customer without history."""
    written = _CODEC.item(new) | {"version": new.version}
    names = [_CODEC.names[field] for field in _SETTABLE]
    sets = ", ".join(f"#{name} = :{name}" for name in names if name in written)
    gone = ", ".join(f"#{name}" for name in names if name not in written)
    values: dict[str, Any] = {name: written[name] for name in names if name in written} | {"read": old.version}
    condition = "#version = :read"
    if new.currency != old.currency:
        condition += f" AND {_NO_HISTORY}"
        values["none"] = 0
    change = f"SET {sets}" + (f" REMOVE {gone}" if gone else "")
    return update(ACCOUNTS, keys.account(old.customer_id), change, condition=condition, values=values)


_NO_HISTORY = "#assignments = :none AND attribute_not_exists(#entries) AND attribute_not_exists(#calls)"


def removal(account: Account) -> Action:
    """Remove a customer that never had anything, if nobody touched it since it was read."""
    return delete(
        ACCOUNTS,
        keys.account(account.customer_id),
        condition=f"#version = :version AND {_NO_HISTORY}",
        values={"version": account.version, "none": 0},
    )


def count_assignments(account: Account, changed: Sequence[Assignment], sign: int = 1) -> Action:
    """Count the customer's assignments that are made, or removed with `sign` -1, while the currency is what it was read as."""
    giving = sum(one.free_minutes is not None for one in changed)
    return update(
        ACCOUNTS,
        keys.account(account.customer_id),
        "SET #assignments = #assignments + :change ADD #with_minutes :giving, #without_minutes :other",
        condition="#currency = :currency",
        values={
            "change": sign * len(changed),
            "giving": sign * giving,
            "other": sign * (len(changed) - giving),
            "currency": account.currency,
        },
    )


def mark_calls(account: Account, *, exact: bool) -> Action:
    """Note that the customer has usage. `exact` demands that no charge was held or released since the account was read."""
    condition, values = "attribute_exists(#pk)", {"yes": True}
    if exact:
        condition, values = _same_holds(account)
    return update(ACCOUNTS, keys.account(account.customer_id), "SET #calls = :yes", condition=condition, values=values | {"yes": True})


def _same_holds(account: Account) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {"held": account.held}
    if not account.holds:
        return "#held = :held AND attribute_not_exists(#holds)", values
    return "#held = :held AND #holds = :holds", values | {"holds": account.holds}


def credit(account: Account, amount: Decimal) -> Action:
    """Move the balance by a payment; only in one transaction with its ledger entry, whose condition keeps it from being sent twice."""
    return update(
        ACCOUNTS,
        keys.account(account.customer_id),
        "SET #balance = #balance + :amount, #entries = :yes",
        condition="#currency = :currency",
        values={"amount": amount, "yes": True, "currency": account.currency},
    )


def debit(account: Account, change: Debit) -> Action:
    """Take a debit from the balance and count held charges, within the debit limit as it was read.

    An exact one demands the very balance that was read, for a decision that depends on it: to hold a charge.
    """
    amount = change.amount
    values: dict[str, Any] = {"amount": amount, "held": change.held}
    condition = "attribute_not_exists(#debit_limit)"
    if account.debit_limit is not None:
        condition = "#debit_limit = :limit"
        values["limit"] = account.debit_limit
        if amount:
            condition += " AND #balance >= :least"
            values["least"] = amount - account.debit_limit
    if change.exact:
        condition += " AND #balance = :balance"
        values["balance"] = account.balance
    sets = "SET #balance = #balance - :amount, #held = #held + :held"
    if change.newly_held:
        sets += " ADD #holds :new"
        values["new"] = change.newly_held
    return update(ACCOUNTS, keys.account(account.customer_id), sets, condition=condition, values=values)


def give_back(customer_id: str, amount: Decimal, *, held: int) -> Action:
    """Undo debits and count cancelled held charges off; only together with the entries that say so."""
    return update(
        ACCOUNTS,
        keys.account(customer_id),
        "SET #balance = #balance + :amount, #held = #held + :held",
        condition="attribute_exists(#pk)",
        values={"amount": amount, "held": held},
    )


def park(account: Account, since: date) -> Action:
    """Leave the customer to an operator; what is due from `since` on is posted after unparking."""
    return update(
        ACCOUNTS,
        keys.account(account.customer_id),
        "SET #parked = :yes, #evaluate_from = :since ADD #marks :one",
        condition="attribute_not_exists(#parked) AND attribute_not_exists(#oversize)",
        values={"yes": True, "since": since.isoformat(), "one": 1},
    )


def unpark(customer_id: str, *, at: str, by: str) -> Action:
    """Let the next run post however many lines there are, by somebody's word."""
    return update(
        ACCOUNTS,
        keys.account(customer_id),
        "SET #oversize = :yes, #updated = :at, #updater = :by REMOVE #parked",
        condition="#parked = :yes",
        values={"yes": True, "at": at, "by": by},
    )


def set_back(customer_id: str, since: date) -> Action:
    """Have later runs begin at `since` with everything that the customer has, unless they begin earlier as it is."""
    return update(
        ACCOUNTS,
        keys.account(customer_id),
        "SET #evaluate_from = :since ADD #marks :one",
        condition="attribute_exists(#pk) AND (attribute_not_exists(#evaluate_from) OR #evaluate_from > :since)",
        values={"since": since.isoformat(), "one": 1},
    )


def count_mark(customer_id: str, since: date) -> Action:
    """Count that later runs begin at `since` or earlier anyway, so that no run which read that before clears it."""
    values = {"since": since.isoformat(), "one": 1}
    return update(ACCOUNTS, keys.account(customer_id), "ADD #marks :one", condition="#evaluate_from <= :since", values=values)


def catch_up(account: Account, through: date | None) -> Action:
    """Note that an unparked customer is evaluated: everywhere (None), or before `through`."""
    change = "REMOVE #oversize, #evaluate_from" if through is None else "SET #evaluate_from = :through"
    values: dict[str, Any] = {"read": account.evaluate_from.isoformat() if account.evaluate_from else ""}
    if through is not None:
        values["through"] = through.isoformat()
    condition = "#evaluate_from = :read AND attribute_not_exists(#parked) AND attribute_not_exists(#marks)"
    if account.marks:
        condition, values["marks"] = "#evaluate_from = :read AND attribute_not_exists(#parked) AND #marks = :marks", account.marks
    return update(ACCOUNTS, keys.account(account.customer_id), change, condition=condition, values=values)
