"""Customers in `accounts`. Balance and counts move only by conditional updates; a replacement never writes them."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from ..domain.account import Account, Threshold
from ..domain.assignment import Assignment
from . import keys
from .codec import WRITTEN, Attribute, Codec, always, date_attribute, integer_attribute, plain_attribute, texts_attribute
from .db import Action, Db, Item, put_new, remove, update
from .keys import ACCOUNT_SK, ACCOUNTS, CUSTOMERS, Key


def write_thresholds(thresholds: Iterable[Threshold]) -> list[list[Decimal]]:
    """Thresholds as they are stored."""
    return [list(one) for one in thresholds]


_THRESHOLDS = Attribute("notices", write_thresholds, lambda stored: tuple(Threshold(*one) for one in stored), None)
"""Written even where there are none, which is not the same as those of the deployment."""
ACCOUNT_CODEC = Codec(
    Account,
    {
        "currency": plain_attribute("currency"),
        "name": plain_attribute("name", ""),
        "debit_limit": plain_attribute("debit_limit", None),
        "balance": always(plain_attribute("balance", Decimal(0))),
        "held": always(integer_attribute("held", 0)),
        "held_ever": integer_attribute("holds", 0),
        "with_minutes": integer_attribute("with_minutes", 0),
        "without_minutes": integer_attribute("without_minutes", 0),
        "assignments": always(integer_attribute("assignments", 0)),
        "entries": plain_attribute("entries", False),
        "calls": plain_attribute("calls", False),
        "parked": plain_attribute("parked", False),
        "oversize": plain_attribute("oversize", False),
        "evaluate_from": date_attribute("evaluate_from", None),
        "marks": integer_attribute("marks", 0),
        "email": plain_attribute("email", None),
        "external_id": plain_attribute("external_id", None),
        "tags": texts_attribute("tags", ()),
        "notes": plain_attribute("notes", ""),
        "balance_notices": _THRESHOLDS,
        "low": Attribute("low", list, tuple, ()),
        "crossings": integer_attribute("crossings", 0),
        "imported": plain_attribute("imported", None),
        **WRITTEN,
    },
    elsewhere=("customer_id",),
)
_LIST_KEY = "customer"
_SETTABLE = (
    "currency", "name", "debit_limit", "email", "external_id", "tags", "notes", "balance_notices", "version", "updated_at", "updated_by",
    "imported",
)  # fmt: skip


def is_account(item: Item) -> bool:
    """Whether an item of `accounts` is a customer."""
    return bool(item["sk"] == ACCOUNT_SK)


def account_from_item(item: Item) -> Account:
    """The account that an item of `accounts` holds."""
    return ACCOUNT_CODEC.entity(item, customer_id=item["pk"])


def find_account(db: Db, customer_id: str) -> Account | None:
    """The customer's account."""
    item = db.get(ACCOUNTS, keys.account_key(customer_id))
    return account_from_item(item) if item else None


def find_accounts(db: Db, customer_ids: Iterable[str]) -> dict[str, Account]:
    """The accounts that exist of these customers, by customer id."""
    found = db.get_many(ACCOUNTS, [keys.account_key(customer_id) for customer_id in customer_ids])
    return {customer_id: account_from_item(item) for (customer_id, _), item in found.items()}


def list_accounts(db: Db, after: Key | None, limit: int, prefix: str = "") -> tuple[list[Account], Key | None]:
    """Up to `limit` customers in the order of their ids, all or those whose id begins with `prefix`, and where to go on."""
    condition, values = "#listed = :listed", {"listed": _LIST_KEY}
    if prefix:
        condition, values = f"{condition} AND begins_with(#pk, :prefix)", values | {"prefix": prefix}
    page = db.query(ACCOUNTS, condition, values, index=CUSTOMERS, after=after, limit=limit)
    found = find_accounts(db, [item["pk"] for item in page.items])
    return [found[customer_id] for customer_id in sorted(found)], page.last


def create_account(account: Account) -> Action:
    """Write a new customer."""
    return put_new(ACCOUNTS, keys.account_key(account.customer_id) | ACCOUNT_CODEC.item(account) | {"listed": _LIST_KEY})


def replace_account(old: Account, new: Account, watched: bool = False) -> Action:
    """Write the fields that a caller may set, if they are as in `old`. A change of currency needs a customer without history.

    `watched`: what is low and the crossings are written too, on condition of the balance that was read.
    """
    change, values = ACCOUNT_CODEC.change(new, (*_SETTABLE, "low", "crossings") if watched else _SETTABLE)
    values["read"] = old.version
    condition = "#version = :read"
    if watched:
        condition += " AND #balance = :balance"
        values["balance"] = old.balance
    if new.currency != old.currency:
        condition += f" AND {_NO_HISTORY}"
        values["none"] = 0
    return update(ACCOUNTS, keys.account_key(old.customer_id), change, condition=condition, values=values)


_NO_HISTORY = "#assignments = :none AND attribute_not_exists(#entries) AND attribute_not_exists(#calls)"


def remove_account(account: Account) -> Action:
    """Remove a customer without history, if nobody has changed it since it was read."""
    return remove(
        ACCOUNTS,
        keys.account_key(account.customer_id),
        condition=f"#version = :version AND {_NO_HISTORY}",
        values={"version": account.version, "none": 0},
    )


def count_assignments(account: Account, changed: Sequence[Assignment], sign: int = 1) -> Action:
    """Count the customer's assignments that are made, or removed with `sign` -1, while the currency is what it was read as."""
    giving = sum(one.free_minutes is not None for one in changed)
    return update(
        ACCOUNTS,
        keys.account_key(account.customer_id),
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
    return update(ACCOUNTS, keys.account_key(account.customer_id), "SET #calls = :yes", condition=condition, values=values | {"yes": True})


def note_entry(account: Account) -> Action:
    """Note that the ledger has something that no assignment made, which fixes the currency, while that is what it was read as."""
    return update(
        ACCOUNTS,
        keys.account_key(account.customer_id),
        "SET #entries = :yes",
        condition="#currency = :currency",
        values={"yes": True, "currency": account.currency},
    )


def _same_holds(account: Account) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {"held": account.held}
    if not account.held_ever:
        return "#held = :held AND attribute_not_exists(#holds)", values
    return "#held = :held AND #holds = :holds", values | {"holds": account.held_ever}


def park(parked: Account, since: date) -> Action:
    """Leave the customer to an operator, as the account now says: its version follows the one that was read. What is due from `since` on
    is posted after unparking."""
    change, condition, values = _raise_version(parked)
    return update(
        ACCOUNTS,
        keys.account_key(parked.customer_id),
        f"SET #parked = :yes, #evaluate_from = :since, {change} ADD #marks :one",
        condition=f"{condition} AND attribute_not_exists(#parked) AND attribute_not_exists(#oversize)",
        values=values | {"yes": True, "since": since.isoformat(), "one": 1},
    )


def unpark_account(unparked: Account) -> Action:
    """Let the next run post however many lines there are, by somebody's word, as the account now says."""
    change, condition, values = _raise_version(unparked)
    return update(
        ACCOUNTS,
        keys.account_key(unparked.customer_id),
        f"SET #oversize = :yes, {change} REMOVE #parked",
        condition=f"{condition} AND #parked = :yes",
        values=values | {"yes": True},
    )


def _raise_version(account: Account) -> tuple[str, str, dict[str, Any]]:
    """The change, condition and values of an update of an account that had the version before."""
    values = {"at": account.updated_at, "by": account.updated_by, "version": account.version, "read": account.version - 1}
    return "#updated = :at, #updater = :by, #version = :version", "#version = :read", values


def set_back(customer_id: str, since: date) -> Action:
    """Have later runs begin at `since` with everything that the customer has, unless they begin earlier as it is."""
    return update(
        ACCOUNTS,
        keys.account_key(customer_id),
        "SET #evaluate_from = :since ADD #marks :one",
        condition="attribute_exists(#pk) AND (attribute_not_exists(#evaluate_from) OR #evaluate_from > :since)",
        values={"since": since.isoformat(), "one": 1},
    )


def count_mark(customer_id: str, since: date) -> Action:
    """Count that later runs begin at `since` or earlier anyway, so that no run which read that before clears it."""
    values = {"since": since.isoformat(), "one": 1}
    return update(ACCOUNTS, keys.account_key(customer_id), "ADD #marks :one", condition="#evaluate_from <= :since", values=values)


def catch_up(account: Account, through: date | None) -> Action:
    """Note that an unparked customer is evaluated: everywhere (None), or before `through`."""
    change = "REMOVE #oversize, #evaluate_from" if through is None else "SET #evaluate_from = :through"
    values: dict[str, Any] = {"read": account.evaluate_from.isoformat() if account.evaluate_from else ""}
    if through is not None:
        values["through"] = through.isoformat()
    condition = "#evaluate_from = :read AND attribute_not_exists(#parked) AND attribute_not_exists(#marks)"
    if account.marks:
        condition, values["marks"] = "#evaluate_from = :read AND attribute_not_exists(#parked) AND #marks = :marks", account.marks
    return update(ACCOUNTS, keys.account_key(account.customer_id), change, condition=condition, values=values)
