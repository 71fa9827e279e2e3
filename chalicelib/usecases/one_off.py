"""One-off charges, which somebody posts by hand."""

from functools import partial

from ..domain import money
from ..domain.account import Account, current_credit, demand_unparked, fits_limit
from ..domain.charging import Line
from ..domain.errors import Conflict
from ..domain.ledger import Entry, charge, charge_key
from ..domain.one_off import OneOffRequest, one_off_line
from ..domain.posting import Debit
from ..storage import accounts, balances, ledger
from ..storage.db import Db
from ..storage.errors import Cancelled
from ..storage.retry import retry_on_contention
from .customers import read_customer
from .history import move_balance
from .request_context import RequestContext


def charge_one_off(db: Db, context: RequestContext, customer_id: str, asked: OneOffRequest) -> Entry:
    """Charge a customer once, now; again with the same id, answer the same. What does not fit within the debit limit is held.

    Raises `NotFound`, `Conflict` parked.
    """

    def attempt() -> Entry:
        account = read_customer(db, customer_id)
        line = one_off_line(account, asked, context.id)
        try:
            demand_unparked(account)
            return _post(db, context, account, line)
        except (Conflict, Cancelled):
            made_before = ledger.find_entry(db, customer_id, charge_key(line.identity))
            if made_before is None:
                raise
            return made_before

    return retry_on_contention(attempt)


def _post(db: Db, context: RequestContext, account: Account, line: Line) -> Entry:
    """Post the charge, or hold it, by the balance that was read."""
    fits = fits_limit(current_credit(account), line.debit)
    entry = charge(line, status="posted" if fits else "held", run_id=None, repeat=False, at=context.clock(), by=context.by)
    change = Debit(line.debit, held=0, newly_held=0) if fits else Debit(money.ZERO, held=1, newly_held=1)
    moved = [accounts.note_entry(account)]
    if any(change):
        moved = move_balance(context, account, -change.amount, partial(balances.take_debit, account, change, fixes_currency=True))
    db.transact([ledger.create_entry(entry), *moved])
    return entry
