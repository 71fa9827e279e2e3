"""A customer's ledger as people read it: newest first or oldest first, each entry with the balance behind it, and sums of all that is asked
for (rules: Ledger).

Pure: entries in, a page out.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from decimal import Decimal
from operator import itemgetter
from typing import Literal, NamedTuple

from . import money
from .ledger import Entry, EntryKind, EntryStatus
from .statement import Sums, sums_of_entries

LedgerSort = Literal["due", "posted"]
RowKey = tuple[str, str]
"""Where an entry lies in an order: its day or its instant, and its key."""


class LedgerAsked(NamedTuple):
    """Which entries, and in which order. `of` is the id of a charge: only what credits, reverses or takes from it."""

    sort: LedgerSort = "due"
    descending: bool = False
    kind: EntryKind | None = None
    status: EntryStatus | None = None
    package: str | None = None
    of: str | None = None

    def means(self, entry: Entry) -> bool:
        """Whether the entry is one of them."""
        return (
            self.kind in (None, entry.kind)
            and self.status in (None, entry.status)
            and (self.package is None or (entry.line is not None and entry.line.package_id == self.package))
            and (self.of is None or self.of in (entry.credits, entry.reverses) or self.of in _taken_from(entry))
        )


class LedgerRow(NamedTuple):
    """An entry, its place, and the balance once it and all before it have moved it."""

    place: RowKey
    entry: Entry
    balance: Decimal


class SortedLedger(NamedTuple):
    """A page, the place to go on behind, and how many entries there are in all and what they come to, by status."""

    rows: list[LedgerRow]
    last: RowKey | None
    total: int
    sums: dict[EntryStatus, Sums]


def sorted_ledger(
    entries: Iterable[Entry], asked: LedgerAsked, within: Callable[[Entry], bool], after: RowKey | None, limit: int
) -> SortedLedger:
    """A page of those of a customer's entries that are meant and lie `within` some days. `entries` are all of them, by key: balances need
    the others, too. By posting there are only those that are posted."""
    found = [row for row in _with_balances(entries, asked.sort) if asked.means(row.entry) and within(row.entry)]
    begin, end = 0, len(found)
    if after and asked.descending:
        end = bisect_left(found, after, key=itemgetter(0))
    elif after:
        begin = bisect_right(found, after, key=itemgetter(0))
    some = found[max(begin, end - limit) : end][::-1] if asked.descending else found[begin : min(end, begin + limit)]
    by_status: dict[EntryStatus, list[Entry]] = {}
    for _, entry, _ in found:
        by_status.setdefault(entry.status, []).append(entry)
    last = some[-1].place if some and end - begin > len(some) else None
    return SortedLedger(some, last, len(found), {status: sums_of_entries(own) for status, own in sorted(by_status.items())})


def _with_balances(entries: Iterable[Entry], sort: LedgerSort) -> list[LedgerRow]:
    """All entries, oldest first."""
    if sort == "posted":
        placed = sorted(((one.posted_at, one.key), one) for one in entries if one.posted_at)
    else:
        placed = [((one.date.isoformat(), one.key), one) for one in entries]
    rows, balance = [], money.ZERO
    for place, entry in placed:
        balance = money.plus(balance, entry.credit_change)
        rows.append(LedgerRow(place, entry, balance))
    return rows


def _taken_from(entry: Entry) -> list[str]:
    """The ids of the charges that a negative entry takes from."""
    return [f"{entry.customer_id}~{taken.key}" for taken in entry.takes]
