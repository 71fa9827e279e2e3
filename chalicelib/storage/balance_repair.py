"""What the balance check reads, page by page, and the conditional writes that repair what it finds.

Balances, counts and marks are kept beside the facts that they follow from. They agree while every write is a
transaction of this service; tables restored to different points in time don't.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from ..domain.account import Account
from . import assignments, keys
from .db import Action, Db, Item, update
from .keys import ACCOUNTS, CATALOG, LEDGER


class Fact(NamedTuple):
    """The part of a ledger entry that the check needs. `listed`: it is in the index of held charges. `reverses`: an entry id."""

    key: str
    status: str
    credit_change: Decimal
    listed: bool
    reverses: str | None


def facts(db: Db, customer_id: str) -> Iterator[Fact]:
    """All ledger entries of a customer, oldest first."""
    for item in db.query_all(LEDGER, "#pk = :pk", {"pk": customer_id}):
        yield Fact(item["sk"], item["status"], item["credit_change"], "held_by" in item, item.get("reverses"))


def ledger_customers(db: Db, segment: int, count: int) -> Iterator[set[str]]:
    """The ids of customers with ledger entries in a segment, page by page; pages that meet may both have one."""
    for items in _pages(db, LEDGER, segment, count):
        yield {item["pk"] for item in items}


def without_account(db: Db, customer_ids: set[str]) -> set[str]:
    """Those of these customers that do not exist."""
    found = db.get_many(ACCOUNTS, [keys.account_key(one) for one in sorted(customer_ids)])
    return customer_ids - {customer_id for customer_id, _ in found}


def package_counts(db: Db) -> dict[str, int]:
    """How many assignments each package counts, deleted ones included."""
    items = db.query_all(CATALOG, "#pk = :pk", {"pk": keys.PACKAGE_PK})
    return {item["sk"]: int(item["assignments"]) for item in items}


def assigned_packages(db: Db, segment: int, count: int) -> Iterator[str]:
    """The package id of each assignment in a segment."""
    for items in _pages(db, ACCOUNTS, segment, count):
        yield from (item["package"] for item in items if assignments.is_assignment(item) and "package" in item)


def _pages(db: Db, table: str, segment: int, count: int) -> Iterator[list[Item]]:
    page = db.scan(table, segment=(segment, count))
    yield page.items
    while page.last:
        page = db.scan(table, segment=(segment, count), after=page.last)
        yield page.items


def rebalance(account: Account, balance: Decimal, held: int) -> Action:
    """Set balance and number of held charges, if they are still as they were read."""
    return update(
        ACCOUNTS,
        keys.account_key(account.customer_id),
        "SET #balance = :balance, #held = :held",
        condition="#balance = :balance_read AND #held = :held_read",
        values={"balance": balance, "held": held, "balance_read": account.balance, "held_read": account.held},
    )


def recount_minutes(account: Account, with_minutes: int, without_minutes: int) -> Action:
    """Set how many assignments give free minutes and how many don't, if their counts are still as they were read."""
    return update(
        ACCOUNTS,
        keys.account_key(account.customer_id),
        "SET #with_minutes = :with, #without_minutes = :without",
        condition="#assignments = :assignments AND (attribute_not_exists(#with_minutes) OR #with_minutes = :read)",
        values={"with": with_minutes, "without": without_minutes, "assignments": account.assignments, "read": account.with_minutes},
    )


def index_held(customer_id: str, key: str) -> Action:
    """Put a held charge into the index of held charges, if it is still held."""
    return update(
        LEDGER,
        keys.entry_key(customer_id, key),
        "SET #held_by = :customer",
        condition="#status = :held",
        values={"customer": customer_id, "held": "held"},
    )


def recount(package_id: str, read: int, counted: int) -> Action:
    """Set how many assignments a package has, if its count is still as it was read."""
    return update(
        CATALOG,
        keys.package_key(package_id),
        "SET #assignments = :counted",
        condition="#assignments = :read",
        values={"counted": counted, "read": read},
    )
