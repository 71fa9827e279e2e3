"""Assignments in `accounts`, beside their customer, and the DID holds in `catalog`."""

from collections.abc import Iterable
from datetime import date
from itertools import islice
from typing import Any, Final, NamedTuple

from ..domain.account import Account
from ..domain.assignment import Assignment
from . import accounts, keys
from .codec import WRITTEN, Codec, day, plain, whole
from .db import Action, Db, Item, create, delete, put, update
from .errors import IndexMissing, index_missing
from .keys import ACCOUNTS, ASSIGNMENT_PREFIX, BY_PACKAGE, CATALOG, MINUTES, Key

_CODEC = Codec(
    Assignment,
    {
        "package_id": plain("package"),
        "did": plain("did"),
        "quantity": whole("qty"),
        "start_date": day("starts"),
        "end_date": day("ends"),
        "auto_decrement_credit": plain("debit"),
        "free_minutes": whole("minutes"),
        "minimum_days": whole("min_days"),
        "charge_from": day("charge_from"),
        "evaluate_from": day("evaluate_from"),
        "marks": whole("marks"),
        "charged": plain("charged"),
        "cancelled": plain("cancelled"),
        "package_version": whole("package_version"),
        **WRITTEN,
    },
)


class Hold(NamedTuple):
    """Who has a DID, from when to when, by which assignment."""

    customer_id: str
    assignment_id: str
    start_date: str
    end_date: str


class Holds(NamedTuple):
    """All holds of a DID, and the version to write them back on."""

    did: str
    version: int
    holds: tuple[Hold, ...]


FOREVER = date.max.isoformat()
AT_ONCE: Final = 100
"""How many items of a customer are read before it is decided how to read the rest."""
WORTH_THE_INDEX: Final = 20
"""So many assignments cost about as much in a query of the customer as one by its key."""


def from_item(item: Item) -> Assignment:
    """The assignment that an item of `accounts` holds."""
    return _CODEC.entity(item, customer_id=item["pk"], assignment_id=item["sk"][len(ASSIGNMENT_PREFIX) :])


def is_assignment(item: Item) -> bool:
    """Whether an item of `accounts` is an assignment."""
    return str(item["sk"]).startswith(ASSIGNMENT_PREFIX)


def _item(assignment: Assignment) -> Item:
    key = keys.assignment(assignment.customer_id, assignment.assignment_id)
    listed = {} if assignment.free_minutes is None else {"minutes_of": assignment.customer_id}
    return key | _CODEC.item(assignment) | listed | {"version": assignment.version}


def find(db: Db, customer_id: str, assignment_id: str) -> Assignment | None:
    """One assignment."""
    item = db.get(ACCOUNTS, keys.assignment(customer_id, assignment_id))
    return from_item(item) if item else None


def find_many(db: Db, ids: list[tuple[str, str]]) -> list[Assignment]:
    """The assignments that exist of these (customer id, assignment id)."""
    found = db.get_many(ACCOUNTS, [keys.assignment(*pair) for pair in ids])
    return [from_item(found[key]) for key in sorted(found, key=lambda key: key[1])]


def of_customer(db: Db, customer_id: str, most: int | None = None) -> tuple[Account | None, list[Assignment]]:
    """The customer with all assignments, in one query; with `most + 1` of them where there are more than `most`."""
    found = db.query_all(ACCOUNTS, "#pk = :pk", {"pk": customer_id})
    return _customer(list(found if most is None else islice(found, most + 2)))


def _customer(items: list[Item]) -> tuple[Account | None, list[Assignment]]:
    """The customer and the assignments that some items of one partition hold, in their order."""
    account = accounts.from_item(items[0]) if items and not is_assignment(items[0]) else None
    return account, [from_item(item) for item in items if is_assignment(item)]


def giving_minutes(db: Db, customer_id: str) -> tuple[Account | None, list[Assignment]]:
    """The customer with the assignments that give free minutes. Of many assignments with few such, only those are read."""
    page = db.query(ACCOUNTS, "#pk = :pk", {"pk": customer_id}, limit=AT_ONCE)
    account, found = _customer(page.items)
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
            listed = list(db.query_all(ACCOUNTS, "#minutes_of = :customer", {"customer": account.customer_id}, index=MINUTES))
    except IndexMissing:
        return None
    places = [keys.account(account.customer_id), *({"pk": item["pk"], "sk": item["sk"]} for item in listed)]
    items = db.get_many(ACCOUNTS, places)
    current, found = _customer([items[place] for place in sorted(items)])
    return (current, found) if current and current.counts_minutes and current.with_minutes == len(found) else None


def listed(db: Db, customer_id: str, after: Key | None, limit: int) -> tuple[list[Assignment], Key | None]:
    """Up to `limit` assignments of a customer, oldest first, and where to go on."""
    condition, values = "#pk = :pk AND begins_with(#sk, :prefix)", {"pk": customer_id, "prefix": ASSIGNMENT_PREFIX}
    page = db.query(ACCOUNTS, condition, values, after=after, limit=limit)
    return [from_item(item) for item in page.items], page.last


def customer_wide(db: Db, customer_id: str, most: int) -> list[Assignment]:
    """Those without DID among the customer's newest `most` assignments."""
    condition, values = "#pk = :pk AND begins_with(#sk, :prefix)", {"pk": customer_id, "prefix": ASSIGNMENT_PREFIX}
    page = db.query(ACCOUNTS, condition, values, having="attribute_not_exists(#did)", limit=most, newest_first=True)
    return [from_item(item) for item in page.items]


def listed_of_package(
    db: Db, package_id: str, after: Key | None, limit: int, *, newest_first: bool = False
) -> tuple[list[Assignment], Key | None]:
    """Up to `limit` of a package's assignments, oldest first, as far as the index has them, and where to go on."""
    values = {"package": package_id}
    page = db.query(ACCOUNTS, "#package = :package", values, index=BY_PACKAGE, after=after, limit=limit, newest_first=newest_first)
    return find_many(db, [(item["pk"], item["sk"][len(ASSIGNMENT_PREFIX) :]) for item in page.items]), page.last


def creation(assignment: Assignment) -> Action:
    """Write a new assignment."""
    return create(ACCOUNTS, _item(assignment))


_CONTENT = (
    "quantity", "start_date", "end_date", "auto_decrement_credit", "free_minutes", "charge_from", "cancelled",
    "version", "updated_at", "updated_by",
)  # fmt: skip


def replacement(old: Assignment, new: Assignment, *, uncharged: bool) -> Action:
    """Write an edit if nobody else edited since `old`; with `uncharged`, only while nothing is charged.

    `evaluate_from` is written when the edit moves it, on condition that no run has moved it meanwhile.
    """
    names = _CODEC.names
    written = _CODEC.item(new) | {"version": new.version}
    fields = [*_CONTENT, "evaluate_from"] if new.evaluate_from != old.evaluate_from else list(_CONTENT)
    kept = [names[field] for field in fields if names[field] in written]
    gone = [names[field] for field in fields if names[field] not in written]
    values: dict[str, Any] = {name: written[name] for name in kept} | {"read": old.version}
    condition = "#version = :read" + (" AND attribute_not_exists(#charged)" if uncharged else "")
    if "evaluate_from" in fields:
        condition += _as_read(old, values)
    change = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
    change += " REMOVE " + ", ".join(f"#{name}" for name in gone) if gone else ""
    return update(ACCOUNTS, keys.assignment(old.customer_id, old.assignment_id), change, condition=condition, values=values)


def _as_read(assignment: Assignment, values: dict[str, Any]) -> str:
    """The condition that `evaluate_from` is what it was read as, and that no run has marked the assignment since."""
    condition = " AND attribute_not_exists(#marks)"
    if assignment.marks:
        condition, values["marks_read"] = " AND #marks = :marks_read", assignment.marks
    if assignment.evaluate_from is None:
        return condition + " AND attribute_not_exists(#evaluate_from)"
    values["evaluate_from_read"] = assignment.evaluate_from.isoformat()
    return condition + " AND #evaluate_from = :evaluate_from_read"


def removal(assignment: Assignment) -> Action:
    """Remove an assignment that nothing was ever charged on."""
    return delete(
        ACCOUNTS,
        keys.assignment(assignment.customer_id, assignment.assignment_id),
        condition="#version = :read AND attribute_not_exists(#charged)",
        values={"read": assignment.version},
    )


def mark_charged(assignment: Assignment) -> Action:
    """Note the first charge, in its transaction, provided that the assignment is as it was planned on."""
    return update(
        ACCOUNTS,
        keys.assignment(assignment.customer_id, assignment.assignment_id),
        "SET #charged = :yes",
        condition="#version = :read AND attribute_not_exists(#cancelled)",
        values={"yes": True, "read": assignment.version},
    )


def mark(assignment: Assignment, since: date) -> Action:
    """Note that the assignment may be uncharged from `since` on. An earlier mark stays, but is counted: it can't be cleared by a run that
    read it before."""
    first = min(since, assignment.evaluate_from or since)
    values: dict[str, Any] = {"read": assignment.version, "first": first.isoformat(), "one": 1}
    condition = "#version = :read" + _as_read(assignment, values)
    key = keys.assignment(assignment.customer_id, assignment.assignment_id)
    return update(ACCOUNTS, key, "SET #evaluate_from = :first ADD #marks :one", condition=condition, values=values)


def move_evaluate_from(assignment: Assignment, to: date | None) -> Action:
    """Say from when the assignment may be uncharged, on condition of its version and of what was read."""
    values: dict[str, Any] = {"read": assignment.version}
    condition = "#version = :read" + _as_read(assignment, values)
    change = "REMOVE #evaluate_from"
    if to is not None:
        change, values["to"] = "SET #evaluate_from = :to", to.isoformat()
    return update(ACCOUNTS, keys.assignment(assignment.customer_id, assignment.assignment_id), change, condition=condition, values=values)


def holds(db: Db, did: str) -> Holds:
    """Who has the DID."""
    return _holds(did, db.get(CATALOG, keys.did_holds(did)))


def holds_of_many(db: Db, dids: Iterable[str]) -> dict[str, Holds]:
    """Who has each of the DIDs."""
    wanted = {did: keys.did_holds(did) for did in dids}
    items = db.get_many(CATALOG, list(wanted.values()))
    return {did: _holds(did, items.get((key["pk"], key["sk"]))) for did, key in wanted.items()}


def _holds(did: str, stored: Item | None) -> Holds:
    item = stored or {"version": 0, "holds": {}}
    found = (Hold(value[0], key, value[1], value[2]) for key, value in item["holds"].items())
    return Holds(did, int(item["version"]), tuple(sorted(found, key=lambda hold: hold.assignment_id)))


def hold(assignment: Assignment) -> Hold:
    """The hold that an assignment has on its DID."""
    end = assignment.end_date.isoformat() if assignment.end_date else FOREVER
    return Hold(assignment.customer_id, assignment.assignment_id, assignment.start_date.isoformat(), end)


def overlap(one: Hold, other: Hold) -> bool:
    """Whether two holds share a day."""
    return one.start_date <= other.end_date and other.start_date <= one.end_date


def write_holds(held: Holds, new: list[Hold]) -> Action:
    """Write all holds of a DID, if nobody else did since they were read."""
    stored = {h.assignment_id: [h.customer_id, h.start_date, h.end_date] for h in new}
    item = keys.did_holds(held.did) | {"version": held.version + 1, "holds": stored}
    if not held.version:
        return create(CATALOG, item)
    return put(CATALOG, item, condition="#version = :read", values={"read": held.version})
