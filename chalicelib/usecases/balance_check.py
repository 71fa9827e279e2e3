"""Compares what is stored redundantly (balances, counts, marks) with the facts, and finds what belongs to nothing.

Everything is read while others write, so the first reading only raises a suspicion. A flaw is reported when two further
readings in a row agree on it, and a repair is written on condition of the values that were read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from decimal import Decimal
from functools import partial
from typing import Final, Literal, NamedTuple

from ..domain import money
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.charging import KIND_ORDER
from ..domain.errors import Contention
from ..domain.ledger import Entry, key_identity
from ..storage import assignments, balance_repair, ledger
from ..storage.balance_repair import Fact
from ..storage.db import Action, Db
from ..storage.retry import retry_on_contention
from .runs.sweep import Group, customers

FlawKind = Literal[
    "balance", "held", "uncharged", "no_assignment", "unlisted", "reversed", "no_customer", "package_count", "minutes_count", "no_package",
    "unreadable", "busy",
]  # fmt: skip
_OF_ASSIGNMENTS: Final = tuple(f"{order}-{kind}" for kind, order in KIND_ORDER.items() if kind != "one_off")
"""What keys of charges say that assignments have made."""


class Flaw(NamedTuple):
    """A contradiction to the facts. `where` is a customer, an entry, an assignment or a package.

    `repair` sets it right on condition of what was read; None: there is nothing that this service could derive it from.
    """

    kind: FlawKind
    where: str
    detail: str
    repair: Action | None = None


class LedgerTally(NamedTuple):
    """What a customer's ledger comes to: `charges` by assignment id, `unlisted` held charges and `reversed_` ones by key."""

    balance: Decimal
    held: int
    entries: int
    charges: dict[str, int]
    unlisted: tuple[str, ...]
    reversed_: tuple[str, ...]


class Coverage(NamedTuple):
    """How much was checked; `assigned` counts assignments by package id."""

    assigned: Counter[str]
    customers: int = 0
    entries: int = 0


Tell = Callable[[Flaw], None]


def check_balances(db: Db, segments: int, pool: Executor, tell: Tell) -> Coverage:
    """Check everything, `segments` parts at a time as far as the pool has threads; `tell` is called from them."""
    counts = balance_repair.package_counts(db)
    seen = _summed(pool.map(lambda number: _check_segment(db, number, segments, tell), range(segments)))
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


def ledger_tally(facts: Iterator[Fact]) -> LedgerTally:
    """What entries come to."""
    balance, held, entries = money.ZERO, 0, 0
    charges: Counter[str] = Counter()
    unlisted, reversed_ = [], []
    for fact in facts:
        entries += 1
        balance = money.plus(balance, fact.credit_change)
        held += fact.status == "held"
        if fact.status == "held" and not fact.listed:
            unlisted.append(fact.key)
        if fact.reverses:
            reversed_.append(fact.reverses.partition("~")[2])
        if fact.key.split("~")[1] in _OF_ASSIGNMENTS:
            charges[key_identity(fact.key)[0].assignment_id] += 1
    return LedgerTally(balance, held, entries, dict(charges), tuple(unlisted), tuple(reversed_))


def flaws(account: Account, found: list[Assignment], tally: LedgerTally, reversed_: Iterable[Entry]) -> list[Flaw]:
    """What of a customer contradicts the ledger. `reversed_` are the charges that have a reversal."""
    return [
        *_account_flaws(account, tally), *_assignment_flaws(account, found, tally), *_listing_flaws(account, tally),
        *_minutes_flaws(account, found), *_reversal_flaws(reversed_),
    ]  # fmt: skip


def _account_flaws(account: Account, tally: LedgerTally) -> Iterator[Flaw]:
    if account.balance != tally.balance:
        was, should = money.text(account.balance), money.text(tally.balance)
        right = balance_repair.rebalance(account, tally.balance, account.held)
        yield Flaw("balance", account.customer_id, f"the balance is {was}, the ledger adds up to {should}", right)
    if account.held != tally.held:
        right = balance_repair.rebalance(account._replace(balance=tally.balance), tally.balance, tally.held)
        yield Flaw("held", account.customer_id, f"{account.held} held charges are counted, the ledger has {tally.held}", right)


def _assignment_flaws(account: Account, found: list[Assignment], tally: LedgerTally) -> Iterator[Flaw]:
    by_id = {one.assignment_id: one for one in found}
    for assignment_id, count in tally.charges.items():
        where = f"{account.customer_id}/{assignment_id}"
        one = by_id.get(assignment_id)
        if one is None:
            yield Flaw("no_assignment", where, f"{count} charges are of an assignment that does not exist")
        elif not one.charged:
            right = assignments.mark_charged(one, even_cancelled=True)
            yield Flaw("uncharged", where, f"is marked uncharged and has {count} charges", right)


def _listing_flaws(account: Account, tally: LedgerTally) -> Iterator[Flaw]:
    for key in tally.unlisted:
        where = f"{account.customer_id}~{key}"
        yield Flaw("unlisted", where, "is held and not in the index of held charges", balance_repair.index_held(account.customer_id, key))


def _minutes_flaws(account: Account, found: list[Assignment]) -> Iterator[Flaw]:
    """A wrong count that calls would rely on: those of accounts that former releases made don't say all."""
    giving = sum(one.free_minutes is not None for one in found)
    if account.counts_minutes and account.with_minutes != giving:
        detail = f"{account.with_minutes} assignments with free minutes are counted, there are {giving}"
        yield Flaw("minutes_count", account.customer_id, detail, balance_repair.recount_minutes(account, giving, len(found) - giving))


def _reversal_flaws(reversed_: Iterable[Entry]) -> Iterator[Flaw]:
    """Charges that a former release reversed: it did not note what was given back, so that it could be given back once more."""
    for entry in reversed_:
        if not entry.voided:
            right = ledger.write_credit(entry.after_credit(entry.left_retail, entry.left_cost, voided=True))
            yield Flaw("reversed", entry.entry_id, "is reversed and still counts as standing", right)


def _check_segment(db: Db, number: int, segments: int, tell: Tell) -> Coverage:
    """Check the customers of a segment, one after the other."""
    seen_customers, entries = 0, 0
    assigned: Counter[str] = Counter()

    def unreadable(customer_id: str, error: Exception) -> None:
        tell(Flaw("unreadable", customer_id, f"has an item in another format than this service writes: {type(error).__name__}: {error}"))

    for group in customers(db, number, segments, None, unreadable):
        assigned.update(one.package_id for one in group.assignments)
        try:
            tally, reversed_ = _read_ledger(db, group.account.customer_id)
        except (KeyError, ValueError, TypeError) as error:
            unreadable(group.account.customer_id, error)
            continue
        seen_customers, entries = seen_customers + 1, entries + tally.entries
        if flaws(group.account, group.assignments, tally, reversed_):
            for flaw in _confirmed(db, group):
                tell(flaw)
    return Coverage(assigned, seen_customers, entries)


def _confirmed(db: Db, group: Group) -> list[Flaw]:
    """What is wrong with a customer according to two readings that agree."""
    try:
        return retry_on_contention(partial(_flaws_seen_twice, db, group.account.customer_id))
    except Contention:
        return [Flaw("busy", group.account.customer_id, "was written to continuously; check again")]


def _flaws_seen_twice(db: Db, customer_id: str) -> list[Flaw]:
    first, second = _read_facts(db, customer_id), _read_facts(db, customer_id)
    if first != second:
        raise Contention("the customer is being written to")
    account, found, tally, reversed_ = second
    return flaws(account, found, tally, reversed_) if account else []


def _read_facts(db: Db, customer_id: str) -> tuple[Account | None, list[Assignment], LedgerTally, list[Entry]]:
    """The ledger before what follows from it: a charge that was seen has an assignment that is marked by then."""
    tally, reversed_ = _read_ledger(db, customer_id)
    account, found = assignments.of_customer(db, customer_id)
    return account, found, tally, reversed_


def _read_ledger(db: Db, customer_id: str) -> tuple[LedgerTally, list[Entry]]:
    """What a customer's ledger comes to, and its charges that have a reversal."""
    tally = ledger_tally(balance_repair.facts(db, customer_id))
    found = ledger.find_entries(db, [(customer_id, key) for key in tally.reversed_])
    return tally, [found[pair] for pair in sorted(found)]


def _strangers(db: Db, number: int, segments: int, tell: Tell) -> None:
    """Tell of ledger entries whose customer does not exist."""
    before: set[str] = set()
    for page in balance_repair.ledger_customers(db, number, segments):
        for customer_id in sorted(balance_repair.without_account(db, page - before)):
            tell(Flaw("no_customer", customer_id, "has ledger entries and does not exist"))
        before = page


def _recounted(db: Db, segments: int, pool: Executor) -> list[Flaw]:
    """What is wrong with packages by counting every assignment there is; the counts are read before."""
    counts = balance_repair.package_counts(db)
    parts = pool.map(lambda number: Coverage(Counter(balance_repair.assigned_packages(db, number, segments))), range(segments))
    return _package_flaws(counts, _summed(parts).assigned)


def _summed(parts: Iterator[Coverage]) -> Coverage:
    total = Coverage(Counter())
    for part in parts:
        total = Coverage(total.assigned + part.assigned, total.customers + part.customers, total.entries + part.entries)
    return total


def _package_flaws(counts: Mapping[str, int], assigned: Mapping[str, int]) -> list[Flaw]:
    """Packages that count other than their assignments, and assignments without package."""
    found = []
    for package_id in sorted(counts.keys() | assigned.keys()):
        counted = assigned.get(package_id, 0)
        if package_id not in counts:
            found.append(Flaw("no_package", package_id, f"does not exist and has {counted} assignments"))
        elif counts[package_id] != counted:
            right = balance_repair.recount(package_id, counts[package_id], counted)
            found.append(Flaw("package_count", package_id, f"counts {counts[package_id]} assignments, there are {counted}", right))
    return found
