"""Writes a credit of a charge. `domain.crediting` says how much may be credited."""

from functools import partial

from ..domain.account import Account
from ..domain.crediting import Credited, CreditRequest, credit_charge
from ..domain.errors import NotFound
from ..domain.ledger import Entry, credit_key, split_entry_id
from ..storage import balances, ledger
from ..storage.db import Db
from ..storage.retry import retry_on_contention
from .customers import read_customer
from .history import move_balance
from .request_context import RequestContext


def give_credit(db: Db, context: RequestContext, customer_id: str, entry_id: str, asked: CreditRequest) -> Entry:
    """Credit a charge of the customer, dated today; again with the same id, answer the same.

    The credit, what is credited of the charge so far and the balance are written in one transaction, on condition of the charge's
    version. Raises `NotFound` without such an entry, `Conflict` not_posted, not_creditable or over_credited, `Invalid`.
    """
    owner, key = split_entry_id(entry_id)
    if owner != customer_id:
        raise NotFound(f"customer {customer_id} has no ledger entry {entry_id}")
    return retry_on_contention(partial(_give, db, context, customer_id, key, asked))


def _give(db: Db, context: RequestContext, customer_id: str, key: str, asked: CreditRequest) -> Entry:
    given = credit_key(context.today, context.id)
    found = ledger.find_entries(db, [(customer_id, key), (customer_id, given)])
    if (customer_id, given) in found:
        return found[customer_id, given]
    if (customer_id, key) not in found:
        raise NotFound(f"customer {customer_id} has no ledger entry {customer_id}~{key}")
    account = read_customer(db, customer_id)
    made = credit_charge(found[customer_id, key], asked, credit_id=context.id, at=context.clock(), day=context.today, by=context.by)
    return _write(db, context, account, made)


def _write(db: Db, context: RequestContext, account: Account, made: Credited) -> Entry:
    actions, change = [ledger.create_entry(made.credit), ledger.write_credit(made.charge)], made.credit.credit_change
    if change:
        actions += move_balance(context, account, change, partial(balances.undo_debits, account, change, held=0))
    db.transact(actions)
    return made.credit
