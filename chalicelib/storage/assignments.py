"""Assignments in `accounts`, next to their customer, and the DID tenures in `catalog`."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from ..domain.account import Account
from ..domain.assignment import Assignment, TermsEntry
from . import accounts, keys, progress
from .codec import TERMS_VALUES, WRITTEN, Codec, bucket_attribute, date_attribute, integer_attribute, plain_attribute, records_attribute
from .db import Action, Db, Item, put_new, remove, update
from .errors import IndexMissing, index_missing
from .keys import ACCOUNTS, ASSIGNMENT_PREFIX, BY_MINUTES, BY_PACKAGE, RUNS, Key

_TERMS_ENTRY: Final = {
    "begins": date_attribute("from"),
    "until": date_attribute("until", None),
    "values": TERMS_VALUES,
    "entered_at": plain_attribute("entered", ""),
    "superseded_at": plain_attribute("superseded", None),
    "reason": plain_attribute("reason", ""),
}
_ASSIGNMENT_CODEC = Codec(
    Assignment,
    {
        "package_id": plain_attribute("package"),
        "did": plain_attribute("did", None),
        "quantity": integer_attribute("qty", 1),
        "start_date": date_attribute("starts"),
        "end_date": date_attribute("ends", None),
        "auto_decrement_credit": plain_attribute("debit", False),
        "free_minutes": integer_attribute("minutes", None),
        "minimum_days": integer_attribute("min_days", 0),
        "charge_from": date_attribute("charge_from", None),
        "evaluate_from": date_attribute("evaluate_from", None),
        "marks": integer_attribute("marks", 0),
        "charged": plain_attribute("charged", False),
        "cancelled": plain_attribute("cancelled", False),
        "package_version": integer_attribute("package_version", 1),
        "retail": plain_attribute("retail", None),
        "cost": plain_attribute("cost", None),
        "discount": plain_attribute("discount", Decimal(0)),
        "setup_cost": plain_attribute("setup_cost", None),
        "setup_retail": plain_attribute("setup_retail", None),
        "terms": records_attribute("terms", TermsEntry, _TERMS_ENTRY),
        "superseded_terms": records_attribute("old_terms", TermsEntry, _TERMS_ENTRY),
        "counted_from": date_attribute("counted_from", None),
        "replaces": plain_attribute("replaces", None),
        "replaced_by": plain_attribute("replaced_by", None),
        "replaced_end": date_attribute("replaced_end", None),
        "transferred_from": plain_attribute("from_customer", None),
        "transferred_to": plain_attribute("to_customer", None),
        "drawn_from": bucket_attribute("drawn_from"),
        "imported": plain_attribute("imported", None),
        **WRITTEN,
    },
    elsewhere=("customer_id", "assignment_id"),
)


FIRST_PAGE_ITEMS: Final = 100
"""How many items of a customer are read before it is decided how to read the rest."""
WORTH_THE_INDEX: Final = 20
"""So many assignments cost about as much in a query of the customer as one by its key."""


def assignment_from_item(item: Item) -> Assignment:
    """The assignment that an item of `accounts` holds."""
    return _ASSIGNMENT_CODEC.entity(item, customer_id=item["pk"], assignment_id=item["sk"][len(ASSIGNMENT_PREFIX) :])


def is_assignment(item: Item) -> bool:
    """Whether an item of `accounts` is an assignment."""
    return str(item["sk"]).startswith(ASSIGNMENT_PREFIX)


def _key(assignment: Assignment) -> Key:
    return keys.assignment_key(assignment.customer_id, assignment.assignment_id)


def assignment_item(assignment: Assignment) -> Item:
    listed = {} if assignment.free_minutes is None else {"minutes_of": assignment.customer_id}
    return _key(assignment) | _ASSIGNMENT_CODEC.item(assignment) | listed


def find_assignment(db: Db, customer_id: str, assignment_id: str) -> Assignment | None:
    """One assignment."""
    item = db.get(ACCOUNTS, keys.assignment_key(customer_id, assignment_id))
    return assignment_from_item(item) if item else None


def find_assignments(db: Db, ids: list[tuple[str, str]]) -> list[Assignment]:
    """The assignments that exist of these (customer id, assignment id)."""
    found = db.get_many(ACCOUNTS, [keys.assignment_key(*pair) for pair in ids])
    return [assignment_from_item(found[key]) for key in sorted(found, key=lambda key: key[1])]


def of_customer(db: Db, customer_id: str, most: int | None = None) -> tuple[Account | None, list[Assignment]]:
    """The customer with all assignments, in one query; with `most + 1` of them where there are more than `most`."""
    found = db.query_all(ACCOUNTS, "#pk = :pk", {"pk": customer_id})
    return _customer_of_items(list(found if most is None else islice(found, most + 2)))


def _customer_of_items(items: list[Item]) -> tuple[Account | None, list[Assignment]]:
    """The customer and the assignments that some items of one partition hold, in their order."""
    account = accounts.account_from_item(items[0]) if items and accounts.is_account(items[0]) else None
    return account, [assignment_from_item(item) for item in items if is_assignment(item)]


def with_account(db: Db, customer_id: str, assignment_ids: Iterable[str]) -> tuple[Account | None, list[Assignment]]:
    """The customer with those of these assignments that exist, in one request for up to 99 of them."""
    wanted = [keys.account_key(customer_id), *(keys.assignment_key(customer_id, one) for one in assignment_ids)]
    items = db.get_many(ACCOUNTS, wanted)
    return _customer_of_items([items[place] for place in sorted(items)])


def customers_with_latest_started(db: Db, ids: Iterable[tuple[str, str]]) -> tuple[dict[str, Account], list[Assignment], date | None]:
    """The customers with those of these assignments, (customer id, assignment id), that exist, and the latest day whose evaluation has
    begun, in one request for up to 100 of all."""
    pairs, started = list(ids), keys.latest_sweep_key()
    wanted = [keys.account_key(customer_id) for customer_id, _ in pairs] + [keys.assignment_key(*pair) for pair in pairs]
    items = db.get_across([*((ACCOUNTS, key) for key in wanted), (RUNS, started)])
    begun = progress.day_of(items.pop((started["pk"], started["sk"]), None))
    found = [items[place] for place in sorted(items)]
    owners = [accounts.account_from_item(item) for item in found if accounts.is_account(item)]
    return {one.customer_id: one for one in owners}, [assignment_from_item(item) for item in found if is_assignment(item)], begun


def giving_minutes(db: Db, customer_id: str) -> tuple[Account | None, list[Assignment]]:
    """The customer with the assignments that give free minutes. Of many assignments with few such, only those are read."""
    page = db.query(ACCOUNTS, "#pk = :pk", {"pk": customer_id}, limit=FIRST_PAGE_ITEMS)
    account, found = _customer_of_items(page.items)
    if account and page.last:
        few = account.counts_minutes and account.with_minutes * WORTH_THE_INDEX <= account.assignments
        by_index = _giving_by_index(db, account) if few else None
        account, found = by_index or of_customer(db, customer_id)
    return account, [one for one in found if one.free_minutes is not None]


def _giving_by_index(db: Db, account: Account) -> tuple[Account, list[Assignment]] | None:
    """The same by the index; None if it has others than the customer, who is read with them, counts."""
    if not account.with_minutes:
        return account, []
    try:
        with index_missing():
            listed = list(db.query_all(ACCOUNTS, "#minutes_of = :customer", {"customer": account.customer_id}, index=BY_MINUTES))
    except IndexMissing:
        return None
    places = [keys.account_key(account.customer_id), *({"pk": item["pk"], "sk": item["sk"]} for item in listed)]
    items = db.get_many(ACCOUNTS, places)
    current, found = _customer_of_items([items[place] for place in sorted(items)])
    return (current, found) if current and current.counts_minutes and current.with_minutes == len(found) else None


def list_of_customer(db: Db, customer_id: str, after: Key | None, limit: int) -> tuple[list[Assignment], Key | None]:
    """Up to `limit` assignments of a customer, oldest first, and where to go on."""
    condition, values = "#pk = :pk AND begins_with(#sk, :prefix)", {"pk": customer_id, "prefix": ASSIGNMENT_PREFIX}
    page = db.query(ACCOUNTS, condition, values, after=after, limit=limit)
    return [assignment_from_item(item) for item in page.items], page.last


def customer_wide(db: Db, customer_id: str, most: int) -> list[Assignment]:
    """Those without DID among the customer's newest `most` assignments."""
    condition, values = "#pk = :pk AND begins_with(#sk, :prefix)", {"pk": customer_id, "prefix": ASSIGNMENT_PREFIX}
    page = db.query(ACCOUNTS, condition, values, having="attribute_not_exists(#did)", limit=most, newest_first=True)
    return [assignment_from_item(item) for item in page.items]


def list_of_package(
    db: Db, package_id: str, after: Key | None, limit: int, *, newest_first: bool = False
) -> tuple[list[Assignment], Key | None]:
    """Up to `limit` of a package's assignments, oldest first, as far as the index has them, and where to go on."""
    values = {"package": package_id}
    page = db.query(ACCOUNTS, "#package = :package", values, index=BY_PACKAGE, after=after, limit=limit, newest_first=newest_first)
    return find_assignments(db, [(item["pk"], item["sk"][len(ASSIGNMENT_PREFIX) :]) for item in page.items]), page.last


def create_assignment(assignment: Assignment) -> Action:
    """Write a new assignment."""
    return put_new(ACCOUNTS, assignment_item(assignment))


_CONTENT = (
    "quantity", "start_date", "end_date", "auto_decrement_credit", "free_minutes", "charge_from", "cancelled",
    "retail", "cost", "discount", "setup_cost", "setup_retail", "terms", "superseded_terms",
    "replaced_by", "replaced_end", "transferred_to", "version", "updated_at", "updated_by", "imported",
)  # fmt: skip


def update_assignment(old: Assignment, new: Assignment, *, uncharged: bool, owing: bool = False) -> Action:
    """Write an edit if nobody else edited since `old`; with `uncharged`, only while nothing is charged.

    `evaluate_from` is written when the edit moves it, or makes something due from it on (`owing`), on condition that nobody has moved
    it meanwhile.
    """
    moved = owing or new.evaluate_from != old.evaluate_from
    change, values = _ASSIGNMENT_CODEC.change(new, (*_CONTENT, "evaluate_from") if moved else _CONTENT)
    values["read"] = old.version
    condition = "#version = :read" + (" AND attribute_not_exists(#charged)" if uncharged else "")
    if moved:
        condition += _as_read(old, values)
    return update(ACCOUNTS, _key(old), change, condition=condition, values=values)


def _as_read(assignment: Assignment, values: dict[str, Any]) -> str:
    """The condition that `evaluate_from` is what it was read as, and that no run has marked the assignment since."""
    condition = " AND attribute_not_exists(#marks)"
    if assignment.marks:
        condition, values["marks_read"] = " AND #marks = :marks_read", assignment.marks
    if assignment.evaluate_from is None:
        return condition + " AND attribute_not_exists(#evaluate_from)"
    values["evaluate_from_read"] = assignment.evaluate_from.isoformat()
    return condition + " AND #evaluate_from = :evaluate_from_read"


def remove_assignment(assignment: Assignment) -> Action:
    """Remove an assignment that nothing was ever charged on."""
    return remove(
        ACCOUNTS,
        _key(assignment),
        condition="#version = :read AND attribute_not_exists(#charged)",
        values={"read": assignment.version},
    )


def mark_charged(assignment: Assignment, *, even_cancelled: bool = False) -> Action:
    """Note that the assignment has charges, with the first one in its transaction, if nobody edited it since it was read."""
    condition = "#version = :read" if even_cancelled else "#version = :read AND attribute_not_exists(#cancelled)"
    return update(ACCOUNTS, _key(assignment), "SET #charged = :yes", condition=condition, values={"yes": True, "read": assignment.version})


def mark(assignment: Assignment, since: date) -> Action:
    """Note that the assignment may be uncharged from `since` on. An earlier mark stays, but is counted: it can't be cleared by a run that
    read it before."""
    first = min(since, assignment.evaluate_from or since)
    values: dict[str, Any] = {"read": assignment.version, "first": first.isoformat(), "one": 1}
    condition = "#version = :read" + _as_read(assignment, values)
    return update(ACCOUNTS, _key(assignment), "SET #evaluate_from = :first ADD #marks :one", condition=condition, values=values)


def move_evaluate_from(assignment: Assignment, to: date | None) -> Action:
    """Say from when the assignment may be uncharged, on condition of its version and of what was read."""
    values: dict[str, Any] = {"read": assignment.version}
    condition = "#version = :read" + _as_read(assignment, values)
    change = "REMOVE #evaluate_from"
    if to is not None:
        change, values["to"] = "SET #evaluate_from = :to", to.isoformat()
    return update(ACCOUNTS, _key(assignment), change, condition=condition, values=values)
