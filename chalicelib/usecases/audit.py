"""Checks what is kept beside the facts against the facts: balances and counts, marks, and what belongs to nothing.

Everything is read while others write, so a first look only suspects. What is told was found again by two looks in a row
that saw the same, and a repair is written on condition of the values that were read.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from decimal import Decimal
from functools import partial
from typing import Final, Literal, NamedTuple

from ..domain import money
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.errors import Contention
from ..domain.ledger import key_identity
from ..storage import assignments, audit
from ..storage.audit import Fact
from ..storage.db import Action, Db
from ..storage.retry import settle
from .sweep import Group, customers

Kind = Literal[
    "balance", "held", "uncharged", "no_assignment", "unlisted", "no_customer", "package_count", "minutes_count", "no_package",
    "unreadable", "busy",
]  # fmt: skip
_NO_CHARGES: Final = ("3-payment", "4-reversal")


class Flaw(NamedTuple):
    """Something that contradicts the facts. `where` is a customer, an entry, an assignment or a package.

    `repair` sets it right on condition of what was read; None: there is nothing that this service could derive it from.
    """

    kind: Kind
    where: str
    detail: str
    repair: Action | None = None


class Tally(NamedTuple):
    """What a customer's ledger comes to: `charges` by assignment id, `unlisted` held charges by key."""

    balance: Decimal
    held: int
    entries: int
    charges: dict[str, int]
    unlisted: tuple[str, ...]


class Seen(NamedTuple):
    """How much was looked at; `assigned` counts assignments by package id."""

    assigned: Counter[str]
    customers: int = 0
    entries: int = 0


Tell = Callable[[Flaw], None]


def check(db: Db, segments: int, pool: Executor, tell: Tell) -> Seen:
    """Check everything, `segments` parts at a time as far as the pool has threads; `tell` is called from them."""
    counts = audit.package_counts(db)
    seen = _sum(pool.map(lambda number: _segment(db, number, segments, tell), range(segments)))
    list(pool.map(lambda number: _strangers(db, number, segments, tell), range(segments)))
    if _package_flaws(counts, seen.assigned):
        first, second = _recounted(db, segments, pool), _recounted(db, segments, pool)
        for flaw in second:
            if flaw in first:
                tell(flaw)
    return seen


def repair(db: Db, flaw: Flaw) -> bool:
    """Set a flaw right; False when somebody changed what was read, or when there is no repair."""
    if flaw.repair is None:
        return False
    try:
        db.write(flaw.repair)
    except Contention:
        return False
    return True


def tally(facts: Iterator[Fact]) -> Tally:
    """What entries come to."""
    balance, held, entries = money.ZERO, 0, 0
    charges: Counter[str] = Counter()
    unlisted = []
    for fact in facts:
        entries += 1
        balance = money.plus(balance, fact.credit_change)
        held += fact.status == "held"
        if fact.status == "held" and not fact.listed:
            unlisted.append(fact.key)
        if fact.key.split("~")[1] not in _NO_CHARGES:
            charges[key_identity(fact.key)[0].assignment_id] += 1
    return Tally(balance, held, entries, dict(charges), tuple(unlisted))


def flaws(account: Account, found: list[Assignment], told: Tally) -> list[Flaw]:
    """What of a customer contradicts the ledger."""
    return [
        *_account_flaws(account, told), *_assignment_flaws(account, found, told), *_listing_flaws(account, told),
        *_minutes_flaws(account, found),
    ]  # fmt: skip


def _account_flaws(account: Account, told: Tally) -> Iterator[Flaw]:
    if account.balance != told.balance:
        was, should = money.text(account.balance), money.text(told.balance)
        right = audit.rebalance(account, told.balance, account.held)
        yield Flaw("balance", account.customer_id, f"the balance is {was}, the ledger adds up to {should}", right)
    if account.held != told.held:
        right = audit.rebalance(account._replace(balance=told.balance), told.balance, told.held)
        yield Flaw("held", account.customer_id, f"{account.held} held charges are counted, the ledger has {told.held}", right)


def _assignment_flaws(account: Account, found: list[Assignment], told: Tally) -> Iterator[Flaw]:
    by_id = {one.assignment_id: one for one in found}
    for assignment_id, count in told.charges.items():
        where = f"{account.customer_id}/{assignment_id}"
        one = by_id.get(assignment_id)
        if one is None:
            yield Flaw("no_assignment", where, f"{count} charges are of an assignment that does not exist")
        elif not one.charged:
            yield Flaw("uncharged", where, f"is marked uncharged and has {count} charges", audit.mark_charged(one))


def _listing_flaws(account: Account, told: Tally) -> Iterator[Flaw]:
    for key in told.unlisted:
        where = f"{account.customer_id}~{key}"
        yield Flaw("unlisted", where, "is held and not in the index of held charges", audit.list_held(account.customer_id, key))


def _minutes_flaws(account: Account, found: list[Assignment]) -> Iterator[Flaw]:
    """A wrong count that calls would rely on: those of accounts that former releases made don't say all."""
    giving = sum(one.free_minutes is not None for one in found)
    if account.counts_minutes and account.with_minutes != giving:
        detail = f"{account.with_minutes} assignments with free minutes are counted, there are {giving}"
        yield Flaw("minutes_count", account.customer_id, detail, audit.recount_minutes(account, giving, len(found) - giving))


def _segment(db: Db, number: int, segments: int, tell: Tell) -> Seen:
    """Check the customers of a segment, one after the other."""
    seen_customers, entries = 0, 0
    assigned: Counter[str] = Counter()

    def unreadable(customer_id: str, error: Exception) -> None:
        tell(Flaw("unreadable", customer_id, f"has an item that is not as this service writes it: {type(error).__name__}: {error}"))

    for group in customers(db, number, segments, None, unreadable):
        assigned.update(one.package_id for one in group.assignments)
        try:
            told = tally(audit.facts(db, group.account.customer_id))
        except (KeyError, ValueError, TypeError) as error:
            unreadable(group.account.customer_id, error)
            continue
        seen_customers, entries = seen_customers + 1, entries + told.entries
        if flaws(group.account, group.assignments, told):
            for flaw in _confirmed(db, group):
                tell(flaw)
    return Seen(assigned, seen_customers, entries)


def _confirmed(db: Db, group: Group) -> list[Flaw]:
    """What is wrong with a customer by two looks that saw the same."""
    try:
        return settle(partial(_look_twice, db, group.account.customer_id))
    except Contention:
        return [Flaw("busy", group.account.customer_id, "is written to all the time; check again")]


def _look_twice(db: Db, customer_id: str) -> list[Flaw]:
    first, second = _look(db, customer_id), _look(db, customer_id)
    if first != second:
        raise Contention("the customer is being written to")
    account, found, told = second
    return flaws(account, found, told) if account else []


def _look(db: Db, customer_id: str) -> tuple[Account | None, list[Assignment], Tally]:
    """The ledger before what follows from it: a charge that was seen has an assignment that is marked by then."""
    told = tally(audit.facts(db, customer_id))
    account, found = assignments.of_customer(db, customer_id)
    return account, found, told


def _strangers(db: Db, number: int, segments: int, tell: Tell) -> None:
    """Tell of ledger entries whose customer does not exist."""
    before: set[str] = set()
    for page in audit.ledger_customers(db, number, segments):
        for customer_id in sorted(audit.without_account(db, page - before)):
            tell(Flaw("no_customer", customer_id, "has ledger entries and does not exist"))
        before = page


def _recounted(db: Db, segments: int, pool: Executor) -> list[Flaw]:
    """What is wrong with packages by counting every assignment there is; the counts are read before."""
    counts = audit.package_counts(db)
    parts = pool.map(lambda number: Seen(Counter(audit.assigned_packages(db, number, segments))), range(segments))
    return _package_flaws(counts, _sum(parts).assigned)


def _sum(parts: Iterator[Seen]) -> Seen:
    total = Seen(Counter())
    for part in parts:
        total = Seen(total.assigned + part.assigned, total.customers + part.customers, total.entries + part.entries)
    return total


def _package_flaws(counts: Mapping[str, int], assigned: Mapping[str, int]) -> list[Flaw]:
    """Packages that count other than their assignments, and assignments without package."""
    found = []
    for package_id in sorted(counts.keys() | assigned.keys()):
        counted = assigned.get(package_id, 0)
        if package_id not in counts:
            found.append(Flaw("no_package", package_id, f"does not exist and has {counted} assignments"))
        elif counts[package_id] != counted:
            right = audit.recount(package_id, counts[package_id], counted)
            found.append(Flaw("package_count", package_id, f"counts {counts[package_id]} assignments, there are {counted}", right))
    return found
