"""A customer's statement: what the ledger says of some posting days, and what the usage of those days is by now; and the ledger in an order
of choice, with balances."""

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from ..domain.account import Account
from ..domain.detail import MinutesInUse
from ..domain.errors import Fault, Invalid
from ..domain.ledger import Entry
from ..domain.minutes import DayTotal
from ..domain.posting_days import PostingDays
from ..domain.sorted_ledger import LedgerAsked, RowKey, SortedLedger, sorted_ledger
from ..domain.statement import POSTING_DAYS_MAX, Statement, statement_of
from ..storage import ledger
from ..storage import usage as calls
from ..storage.db import Db
from . import customers, usage

STATEMENT_ENTRIES_MAX: Final = 50_000
"""Entries of a customer that one request looks through: 18 calls of the database, and some seconds of a function."""
STATEMENT_ROWS_MAX: Final = 10_000
"""Lines and entries that a statement lists: what an answer takes in any form."""


class CustomerStatement(NamedTuple):
    """A statement with its customer, the usage by day, and the free minutes on the last day."""

    account: Account
    statement: Statement
    days: list[tuple[date, DayTotal]]
    minutes: list[MinutesInUse]


def read_customer_statement(db: Db, customer_id: str, days: PostingDays) -> CustomerStatement:
    """The statement of a customer. Raises `NotFound`, or `Invalid`, also too_many for more than one answer takes."""
    if (days.last - days.first).days >= POSTING_DAYS_MAX:
        raise Invalid([Fault("/to", f"must lie at most {POSTING_DAYS_MAX} days from from, both included")])
    account = customers.read_customer(db, customer_id)
    made = statement_of(_all_entries(db, customer_id), days.since, days.until)
    if made.rows > STATEMENT_ROWS_MAX:
        raise Invalid([Fault("/from", f"{made.rows} rows are more than {STATEMENT_ROWS_MAX}: ask for fewer days")], code="too_many")
    used, _ = calls.find_days(db, customer_id, None, days.first, days.last, None, POSTING_DAYS_MAX)
    return CustomerStatement(account, made, used, usage.read_minutes(db, customer_id, days.last))


def read_sorted_ledger(
    db: Db, customer_id: str, asked: LedgerAsked, window: ledger.Window, after: RowKey | None, limit: int
) -> SortedLedger:
    """A page of a customer's ledger in an order, with balances and with sums of all that is asked for. Raises `NotFound`, `Invalid`."""
    customers.read_customer(db, customer_id)
    return sorted_ledger(_all_entries(db, customer_id), asked, window.contains, after, limit)


def _all_entries(db: Db, customer_id: str) -> Iterator[Entry]:
    """All entries. They lie by due date, and what was posted on a day may have been due on any."""
    for count, entry in enumerate(ledger.entries_of(db, customer_id), 1):
        if count > STATEMENT_ENTRIES_MAX:
            detail = (
                f"the customer's ledger has more than {STATEMENT_ENTRIES_MAX} entries: read it page by page, by posted_from and posted_to"
            )
            raise Invalid([Fault("", detail)], code="too_many")
        yield entry
