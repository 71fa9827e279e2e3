"""A customer's account over some posting days: what it was, what moved it, what it is (rules: Statement).

Pure: entries in, sums out. An entry counts on the day on which it was posted, and nothing here can change once that day is closed.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

from . import money
from .ledger import Entry, EntryKind

POSTING_DAYS_MAX: Final = 400
SECTIONS: Final[tuple[EntryKind, ...]] = ("one_off", "credit", "reversal", "payment", "adjustment")
"""The kinds of what no package makes, in the order of a statement."""


class Sums(NamedTuple):
    """What some entries come to: how many, their retail and cost, what they did to the balance."""

    times: int = 0
    retail: Decimal = money.ZERO
    cost: Decimal = money.ZERO
    credit_change: Decimal = money.ZERO


class StatementLine(NamedTuple):
    """Charges of one kind, quantity and unit price."""

    kind: EntryKind
    quantity: int
    unit_retail: Decimal
    discount: Decimal
    sums: Sums


class StatementGroup(NamedTuple):
    """The charges for a package, or for a package on a DID. It is called as the latest charge calls it."""

    package_id: str
    package_name: str
    did: str | None
    lines: tuple[StatementLine, ...]
    sums: Sums


class StatementSection(NamedTuple):
    """The entries of one kind that no package makes, such as one-off charges or payments."""

    kind: EntryKind
    entries: tuple[Entry, ...]
    sums: Sums


class Statement(NamedTuple):
    """`closing` is `opening` and all changes of credit between. `to_be_invoiced` is the retail that no balance has paid."""

    opening: Decimal
    closing: Decimal
    groups: tuple[StatementGroup, ...]
    sections: tuple[StatementSection, ...]
    sums: Sums
    to_be_invoiced: Decimal

    @property
    def rows(self) -> int:
        """How many lines and entries it lists."""
        return sum(len(one.lines) for one in self.groups) + sum(len(one.entries) for one in self.sections)


def statement_of(entries: Iterable[Entry], since: datetime, until: datetime) -> Statement:
    """The statement of what was posted `since <= instant < until`, from all entries of a customer."""
    opening, found = money.ZERO, list[Entry]()
    for entry in entries:
        posted = datetime.fromisoformat(entry.posted_at) if entry.posted_at else until
        if posted < since:
            opening = money.plus(opening, entry.credit_change)
        elif posted < until:
            found.append(entry)
    sums = sums_of_entries(found)
    charges = [entry for entry in found if entry.line and not entry.line.is_one_off]
    others = sorted((entry for entry in found if not entry.line or entry.line.is_one_off), key=_in_sections)
    return Statement(
        opening,
        money.plus(opening, sums.credit_change),
        tuple(_groups(charges)),
        tuple(StatementSection(kind, own := tuple(some), sums_of_entries(own)) for kind, some in groupby(others, attrgetter("kind"))),
        sums,
        money.total(money.plus(entry.retail, entry.credit_change) for entry in found if entry.retail),
    )


def _in_sections(entry: Entry) -> tuple[int, str, str]:
    """Sorts entries by section, and there as they were posted."""
    return SECTIONS.index(entry.kind), entry.posted_at or "", entry.key


def _groups(charges: Iterable[Entry]) -> list[StatementGroup]:
    by_place: dict[tuple[str, str | None], list[Entry]] = {}
    for entry in charges:
        if entry.line:
            by_place.setdefault((entry.line.package_id, entry.line.did), []).append(entry)
    made = [_group(package_id, did, own) for (package_id, did), own in by_place.items()]
    return sorted(made, key=lambda one: (one.package_name, one.package_id, one.did or ""))


def _group(package_id: str, did: str | None, own: list[Entry]) -> StatementGroup:
    by_price: dict[tuple[EntryKind, int, Decimal, Decimal], list[Entry]] = {}
    for entry in sorted(own, key=attrgetter("key")):
        if entry.line:
            by_price.setdefault((entry.kind, entry.line.quantity, entry.line.unit_retail, entry.line.discount), []).append(entry)
    lines = tuple(StatementLine(*price, sums_of_entries(some)) for price, some in by_price.items())
    latest = max(own, key=lambda one: (one.posted_at or "", one.key))
    return StatementGroup(package_id, latest.line.package_name if latest.line else "", did, lines, sums_of_entries(own))


def sums_of_entries(entries: Iterable[Entry]) -> Sums:
    """What entries come to."""
    found = list(entries)
    return Sums(len(found), *(money.total(getattr(one, name) for one in found) for name in Sums._fields[1:]))
