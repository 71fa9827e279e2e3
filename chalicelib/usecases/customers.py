"""Customers: their accounts, payments, ledger, held charges and enabled features."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial

from ..domain import ledger as entries
from ..domain.account import Account
from ..domain.errors import Conflict, MayNotCharge, NotFound
from ..domain.features import feature_notice
from ..domain.history import charge_change, customer_change
from ..domain.ledger import Entry, split_entry_id
from ..domain.low_balance import after_review, is_reviewed, watch
from ..domain.terms import active_quantity, features_on
from ..storage import accounts, assignments, balances, features_told, finding, ledger
from ..storage.db import Action, Db
from ..storage.errors import Cancelled
from ..storage.keys import Key
from ..storage.ledger import Window
from ..storage.retry import retry_on_contention
from . import loading
from .history import move_balance, record_change, record_crossing
from .packages import demand_version
from .request_context import RequestContext


def read_customer(db: Db, customer_id: str) -> Account:
    """The customer. Raises `NotFound`."""
    account = accounts.find_account(db, customer_id)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    return account


def write_customer(
    db: Db, context: RequestContext, customer_id: str, version: int | None, edit: Callable[[Account | None], Account]
) -> tuple[Account, bool]:
    """Create or replace a customer, and whether it is new. `edit` gets the customer as it stands, or None.

    Raises `Conflict` currency_fixed when it has assignments, ledger entries or calls in another currency.
    """

    def attempt() -> tuple[Account, bool]:
        old = accounts.find_account(db, customer_id)
        if old is None:
            demand_version(0, version)
            new = edited_account(context, None, edit(None))
            db.transact(account_actions(context, None, new))
            return new, True
        demand_version(old.version, version)
        return _write_account(db, context, old, edit(old)), False

    return retry_on_contention(attempt)


def change_customer(db: Db, context: RequestContext, customer_id: str, version: int | None, edit: Callable[[Account], Account]) -> Account:
    """Apply `edit` to an existing customer."""

    def attempt() -> Account:
        old = read_customer(db, customer_id)
        demand_version(old.version, version)
        return _write_account(db, context, old, edit(old))

    return retry_on_contention(attempt)


def _write_account(db: Db, context: RequestContext, old: Account, edited: Account) -> Account:
    new = edited_account(context, old, edited)
    if new != old:
        db.transact(account_actions(context, old, new))
    return new


def edited_account(context: RequestContext, old: Account | None, new: Account) -> Account:
    """A new or edited customer with who wrote it, and when; `old` itself if nothing changes. Raises `Conflict` currency_fixed,
    `MayNotCharge`."""
    at, by = context.timestamp, context.by
    if old is None:
        return new._replace(created_at=at, created_by=by, **context.written(1))
    if new == old:
        return old
    if new.currency != old.currency and old.has_history:
        raise Conflict(
            f"the customer has assignments, ledger entries or calls in {old.currency}, so the currency can't change any more",
            code="currency_fixed",
        )
    if not context.may_charge and _gives_credit(old, new):
        raise MayNotCharge("a higher debit limit, or none, lets more be charged")
    return new._replace(**context.written(old.version + 1))


def account_actions(context: RequestContext, old: Account | None, new: Account) -> list[Action]:
    """Write a new or changed customer, what it is found by, and what was done."""
    found_by = finding.rewritten(finding.customer_items(old) if old else (), finding.customer_items(new))
    if old is None:
        return [accounts.create_account(new), *found_by, record_change(context, customer_change("customer.created", new))]
    change = record_change(context, customer_change("customer.changed", new, old))
    if not is_reviewed(old, new, context.thresholds):
        return [accounts.replace_account(old, new), *found_by, change]
    watched = watch(new, context.thresholds)
    replaced = accounts.replace_account(old, after_review(new, watched), watched=True)
    return [replaced, *found_by, change, *record_crossing(context, new, watched)]


def _gives_credit(old: Account, new: Account) -> bool:
    """Whether the balance may fall lower than before."""
    return old.debit_limit is not None and (new.debit_limit is None or new.debit_limit > old.debit_limit)


def delete_customer(db: Db, context: RequestContext, customer_id: str, version: int | None) -> None:
    """Remove a customer without history. Raises `Conflict` customer_in_use otherwise."""

    def attempt() -> None:
        account = read_customer(db, customer_id)
        demand_version(account.version, version)
        if account.has_history:
            raise Conflict("the customer has assignments, ledger entries or usage; they are kept", code="customer_in_use")
        _disable_features(db, context, customer_id)
        found_by = finding.rewritten([*finding.customer_items(account), *finding.parked_items(account)], ())
        db.transact([accounts.remove_account(account), *found_by, record_change(context, customer_change("customer.deleted", account))])

    retry_on_contention(attempt)


def _disable_features(db: Db, context: RequestContext, customer_id: str) -> None:
    """Tell what is not enabled any more of a customer whom no daily run will see again."""
    for state in features_told.states_told(db, customer_id):
        gone = state._replace(enabled=False, day=max(state.day, context.today))
        told = [record_change(context, feature_notice(customer_id, gone, customer_deleted=True))] if state.enabled else []
        db.transact([features_told.forget_feature(customer_id, state), *told])


def book_payment(db: Db, context: RequestContext, customer_id: str, amount: Decimal, reference: str) -> Entry:
    """Book a payment, or a correction when negative, and move the balance with it."""

    def payment(currency: str) -> Entry:
        return entries.payment(
            customer_id, currency, amount, reference, payment_id=context.id, at=context.clock(), day=context.today, by=context.by
        )

    return _book(db, context, customer_id, payment)


def book_adjustment(db: Db, context: RequestContext, customer_id: str, amount: Decimal, reason: str) -> Entry:
    """Move the balance by what is no payment."""

    def adjustment(currency: str) -> Entry:
        return entries.adjustment(
            customer_id, currency, amount, reason, adjustment_id=context.id, at=context.clock(), day=context.today, by=context.by
        )

    return _book(db, context, customer_id, adjustment)


def _book(db: Db, context: RequestContext, customer_id: str, entry_in: Callable[[str], Entry]) -> Entry:
    """Write an entry in the customer's currency, and move the balance by what it says; again with the same key, answer the same."""

    def attempt() -> Entry:
        account = read_customer(db, customer_id)
        entry = entry_in(account.currency)
        try:
            add = partial(balances.add_payment, account, entry.credit_change)
            db.transact([ledger.create_entry(entry), *move_balance(context, account, entry.credit_change, add)])
        except Cancelled:
            standing = ledger.find_entry(db, customer_id, entry.key)
            if standing is None:
                raise
            return standing
        return entry

    return retry_on_contention(attempt)


def read_statement(db: Db, customer_id: str, window: Window, after: Key | None, limit: int) -> tuple[list[Entry], Key | None]:
    """A page of the ledger, oldest first."""
    read_customer(db, customer_id)
    return ledger.find_statement(db, customer_id, window, after, limit)


def list_held(db: Db, customer_id: str | None, after: Key | None, limit: int) -> tuple[list[Entry], Key | None]:
    """A page of held charges, of one customer or of all."""
    if customer_id is not None:
        read_customer(db, customer_id)
    return ledger.held_page(db, customer_id, after, limit)


def write_off(db: Db, context: RequestContext, entry_id: str) -> Entry:
    """Write off a held charge; again, answer the same. Raises `Conflict` not_held for a posted one."""
    customer_id, key = split_entry_id(entry_id)

    def attempt() -> Entry:
        entry = ledger.find_entry(db, customer_id, key)
        if entry is None:
            raise NotFound(f"there is no ledger entry {entry_id}")
        if entry.status == "posted":
            raise Conflict("the charge is posted: credit it, or reverse its run", code="not_held")
        if entry.status == "cancelled":
            return entry
        if entry.takes_back:
            raise Conflict("a negative line is held with the charge that it takes from; write that charge off", code="not_held")
        given_up = [one.cancelled(context.by) for one in (entry, *ledger.parts_of(db, entry))]
        actions = [ledger.cancel_held_entry(one) for one in given_up]
        actions.append(balances.count_off_held(customer_id, len(given_up)))
        db.transact([*actions, record_change(context, charge_change("charge.written_off", given_up[0], entry))])
        return given_up[0]

    return retry_on_contention(attempt)


def unpark_customer(db: Db, context: RequestContext, customer_id: str) -> Account:
    """Let the next daily run post a parked customer's charges, however many. Raises `Conflict` not_parked."""

    def attempt() -> Account:
        old = read_customer(db, customer_id)
        if not old.parked and old.oversize:
            return old
        if not old.parked:
            raise Conflict("the customer is not parked", code="not_parked")
        new = old._replace(parked=False, oversize=True, version=old.version + 1, updated_at=context.timestamp, updated_by=context.by)
        found_by = finding.rewritten(finding.parked_items(old), ())
        db.transact([accounts.unpark_account(new), *found_by, record_change(context, customer_change("customer.unparked", new, old))])
        return new

    return retry_on_contention(attempt)


def features(db: Db, customer_id: str, day: date) -> dict[str, list[str]]:
    """The ConnexCS packages enabled on `day`, each with the assignments that carry it."""
    account, found = assignments.of_customer(db, customer_id)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    valid = [assignment for assignment in found if active_quantity(assignment, day)]
    return features_on(valid, loading.packages_of(db, valid), day)
