"""Customers: their accounts, payments, ledger, held charges and enabled features."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from ..domain import ledger as entries
from ..domain import money
from ..domain.account import Account
from ..domain.assignment import valid_on
from ..domain.errors import Conflict, MayNotCharge, NotFound
from ..domain.ledger import Entry, split_entry_id
from ..storage import accounts, assignments, ledger
from ..storage.db import Db
from ..storage.errors import Cancelled, ConditionFailed
from ..storage.keys import Key
from ..storage.ledger import Window
from ..storage.retry import settle
from . import planning
from .act import Act
from .packages import demand_version


def read(db: Db, customer_id: str) -> Account:
    """The customer. Raises `NotFound`."""
    account = accounts.find(db, customer_id)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    return account


def listed(db: Db, after: Key | None, limit: int, prefix: str = "") -> tuple[list[Account], Key | None]:
    """A page of customers, by id; with `prefix`, those whose id begins with it."""
    return accounts.listed(db, after, limit, prefix)


def write(db: Db, act: Act, customer_id: str, version: int | None, edit: Callable[[Account | None], Account]) -> tuple[Account, bool]:
    """Create or replace a customer, and whether it is new. `edit` gets the customer as it stands, or None.

    Raises `Conflict` currency_fixed when it has assignments, ledger entries or calls in another currency.
    """

    def attempt() -> tuple[Account, bool]:
        old = accounts.find(db, customer_id)
        if old is None:
            demand_version(0, version)
            new = edit(None)._replace(created_at=act.stamp, created_by=act.by, updated_at=act.stamp, updated_by=act.by)
            db.write(accounts.creation(new))
            return new, True
        demand_version(old.version, version)
        return _replace(db, act, old, edit(old)), False

    return settle(attempt)


def change(db: Db, act: Act, customer_id: str, version: int | None, edit: Callable[[Account], Account]) -> Account:
    """Apply `edit` to an existing customer."""

    def attempt() -> Account:
        old = read(db, customer_id)
        demand_version(old.version, version)
        return _replace(db, act, old, edit(old))

    return settle(attempt)


def _replace(db: Db, act: Act, old: Account, new: Account) -> Account:
    if new == old:
        return old
    if new.currency != old.currency and (old.assignments or old.entries or old.calls):
        raise Conflict(f"the currency is {old.currency} since there are assignments, ledger entries or calls", code="currency_fixed")
    if not act.may_charge and _gives_credit(old, new):
        raise MayNotCharge("a higher debit limit, or none, lets more be charged")
    new = new._replace(version=old.version + 1, updated_at=act.stamp, updated_by=act.by)
    return accounts.from_item(db.write(accounts.replacement(old, new)))


def _gives_credit(old: Account, new: Account) -> bool:
    """Whether the balance may fall lower than before."""
    return old.debit_limit is not None and (new.debit_limit is None or new.debit_limit > old.debit_limit)


def delete(db: Db, customer_id: str, version: int | None) -> None:
    """Remove a customer without history. Raises `Conflict` customer_in_use otherwise."""

    def attempt() -> None:
        account = read(db, customer_id)
        demand_version(account.version, version)
        if account.assignments or account.entries or account.calls:
            raise Conflict("the customer has assignments, ledger entries or usage; they are kept", code="customer_in_use")
        db.write(accounts.removal(account))

    settle(attempt)


def pay(db: Db, act: Act, customer_id: str, amount: Decimal, reference: str) -> Entry:
    """Book a payment, or a correction when negative, and move the balance with it."""

    def attempt() -> Entry:
        account = read(db, customer_id)
        entry = entries.payment(
            customer_id, account.currency, amount, reference, payment_id=act.id, at=act.clock(), day=act.today, by=act.by
        )
        try:
            db.transact([ledger.creation(entry), accounts.credit(account, amount)])
        except Cancelled:
            standing = ledger.find(db, customer_id, entry.key)
            if standing is None:
                raise
            return standing
        return entry

    return settle(attempt)


def statement(db: Db, customer_id: str, window: Window, after: Key | None, limit: int) -> tuple[list[Entry], Key | None]:
    """A page of the ledger, oldest first."""
    read(db, customer_id)
    return ledger.statement(db, customer_id, window, after, limit)


def held(db: Db, customer_id: str | None, after: Key | None, limit: int) -> tuple[list[Entry], Key | None]:
    """A page of held charges, of one customer or of all."""
    if customer_id is not None:
        read(db, customer_id)
    return ledger.held_page(db, customer_id, after, limit)


def cancel_held(db: Db, act: Act, entry_id: str) -> Entry:
    """Write off a held charge; again, answer the same. Raises `Conflict` not_held for a posted one."""
    customer_id, key = split_entry_id(entry_id)

    def attempt() -> Entry:
        entry = ledger.find(db, customer_id, key)
        if entry is None:
            raise NotFound(f"there is no ledger entry {entry_id}")
        if entry.status == "posted":
            raise Conflict("the charge is posted; a payment can correct it, a reversal undo its run", code="not_held")
        if entry.status == "cancelled":
            return entry
        db.transact([ledger.cancellation(customer_id, key, by=act.by), accounts.give_back(customer_id, money.ZERO, held=-1)])
        return entry._replace(status="cancelled", cancelled_by=act.by)

    return settle(attempt)


def unpark(db: Db, act: Act, customer_id: str) -> Account:
    """Let the next daily run post a parked customer's charges, however many. Raises `Conflict` not_parked."""
    read(db, customer_id)
    try:
        return accounts.from_item(db.write(accounts.unpark(customer_id, at=act.stamp, by=act.by)))
    except ConditionFailed:
        account = read(db, customer_id)
        if account.oversize:
            return account
        raise Conflict("the customer is not parked", code="not_parked") from None


def features(db: Db, customer_id: str, day: date) -> dict[str, list[str]]:
    """The ConnexCS packages enabled on `day`, each with the assignments that carry it."""
    account, found = assignments.of_customer(db, customer_id)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    valid = [assignment for assignment in found if valid_on(assignment, day)]
    catalog = planning.packages_of(db, valid)
    enabled: dict[str, list[str]] = {}
    for assignment in valid:
        name = catalog[assignment.package_id].connexcs_package
        if name:
            enabled.setdefault(name, []).append(assignment.assignment_id)
    return dict(sorted(enabled.items()))
