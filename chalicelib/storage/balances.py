"""Moves of a balance: conditional updates of an account, each in one transaction with the ledger entry that it belongs to."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ..domain import money
from ..domain.account import Account
from ..domain.low_balance import Watch
from ..domain.posting import Debit
from . import keys
from .accounts import write_thresholds
from .db import Action, update
from .keys import ACCOUNTS


def add_payment(account: Account, amount: Decimal, watched: Watch | None) -> Action:
    """Move the balance by a payment or an adjustment; only in one transaction with the ledger entry, whose condition keeps it from being
    sent twice."""
    return _move_balance(
        account,
        "SET #balance = #balance + :amount, #entries = :yes",
        condition="#currency = :currency",
        values={"amount": amount, "yes": True, "currency": account.currency},
        change=amount,
        watched=watched,
    )


def _move_balance(
    account: Account, sets: str, *, condition: str, values: dict[str, Any], change: Decimal, watched: Watch | None, adds: str = ""
) -> Action:
    """An update that changes the balance by `change`, while the customer's thresholds are what they were read as."""
    own = None if account.balance_notices is None else write_thresholds(account.balance_notices)
    conditions = [condition, _as_read("notices", own, values)]
    if watched is not None:
        conditions += _conditions_of_watch(account, watched, change, values)
    if watched is not None and watched.crossing:
        sets += ", #crossings = :crossings" + (", #low = :low_now" if watched.low else " REMOVE #low")
        values |= {"crossings": account.crossings + 1} | ({"low_now": list(watched.low)} if watched.low else {})
    return update(ACCOUNTS, keys.account_key(account.customer_id), sets + adds, condition=" AND ".join(conditions), values=values)


def _conditions_of_watch(account: Account, watched: Watch, change: Decimal, values: dict[str, Any]) -> Iterator[str]:
    """That the move crosses a threshold, or none, as it was decided: what is low and the limit stay, and the balance is the one that was
    read, or one that ends within the bounds."""
    yield _as_read("low", list(account.low) or None, values)
    yield _as_read("debit_limit", account.debit_limit, values)
    if watched.crossing:
        yield _as_read("balance", account.balance, values)
    for bound, sign in ((watched.least, ">="), (watched.under, "<")):
        if bound is not None:
            name = "least_before" if sign == ">=" else "under_before"
            values[name] = money.minus(bound, change)
            yield f"#balance {sign} :{name}"


def _as_read(name: str, value: Any, values: dict[str, Any]) -> str:
    """The condition that an attribute is as it was read; None: absent."""
    if value is None:
        return f"attribute_not_exists(#{name})"
    values[f"{name}_read"] = value
    return f"#{name} = :{name}_read"


def take_debit(account: Account, change: Debit, watched: Watch | None, *, fixes_currency: bool = False) -> Action:
    """Take a debit from the balance and count held charges, within the debit limit as it was read.

    An exact one demands the very balance that was read, for a decision that depends on it: to hold a charge. Of what no assignment
    made it also fixes the currency, as `note_entry` does.
    """
    amount = change.amount
    values: dict[str, Any] = {"amount": amount, "held": change.held}
    condition = _as_read("debit_limit", account.debit_limit, values)
    if account.debit_limit is not None and amount > 0:
        condition += " AND #balance >= :least"
        values["least"] = amount - account.debit_limit
    if change.exact:
        condition += f" AND {_as_read('balance', account.balance, values)}"
    sets = "SET #balance = #balance - :amount, #held = #held + :held"
    if fixes_currency:
        sets, condition = sets + ", #entries = :yes", condition + " AND #currency = :currency"
        values |= {"yes": True, "currency": account.currency}
    adds = ""
    if change.newly_held:
        adds = " ADD #holds :new"
        values["new"] = change.newly_held
    return _move_balance(account, sets, condition=condition, values=values, change=-amount, watched=watched, adds=adds)


def undo_debits(account: Account, amount: Decimal, watched: Watch | None, *, held: int) -> Action:
    """Undo debits and count cancelled held charges off; only together with the entries that say so."""
    return _move_balance(
        account,
        "SET #balance = #balance + :amount, #held = #held + :held",
        condition="attribute_exists(#pk)",
        values={"amount": amount, "held": held},
        change=amount,
        watched=watched,
    )


def count_off_held(customer_id: str, count: int) -> Action:
    """Count held charges off that are written off; only together with the entries that say so."""
    condition, values = "attribute_exists(#pk)", {"count": count}
    return update(ACCOUNTS, keys.account_key(customer_id), "SET #held = #held - :count", condition=condition, values=values)
