"""How the carrier's numbers are compared with what is billed, whatever the number of either.

Pieces keep a record of each number that the carrier lists and of each assignment to a number. Merged, they lie number by number;
what is found is sorted anew, by kind, with the sums of each kind behind.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Final, NamedTuple

from ...domain.reconciliation import Compared, Discrepancy, NumberUse, Worth, compared, discrepancies, use_on, worth_of, worth_together
from ...domain.work import WorkFailure, WorkRecord
from ...storage.keys import Key
from ..request_context import Services
from ..runs.sweep import Catalog, Group, customers
from ..segment import Member, Unreadable
from ..work.strategy import NamedFiles, Record, Resort
from .staging import ListedSlice, listed_of, staged_numbers

SUMS: Final = "sums"
"""Names the file of sums, beside those of the kinds."""
COMPARED: Final = "compared"
"""The kind of sums that counts what was compared."""
_LISTED, _USED = "0", "1"

Json = Any
Row = Mapping[str, Any]


class ReconciliationForms(NamedTuple):
    """How discrepancies are written: the row of one, and a row in a file."""

    discrepancy: Callable[[Discrepancy], Row]
    line: Callable[[Row], bytes]


class ReconciliationStrategy(NamedFiles):
    """A comparison of the carrier's numbers with those of all customers."""

    depth: Final = 4
    file_depth: Final = 1

    def __init__(self, services: Services, found: WorkRecord, forms: ReconciliationForms) -> None:
        self._services, self._work, self._forms = services, found, forms
        self._day = date.fromisoformat(found.asked["date"])
        self._catalog = Catalog(services.db)

    @property
    def resort(self) -> Resort:
        """By kind."""
        return _ByKind(self._forms)

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[Member]:
        """Customers with their assignments; in the last segment, the carrier's numbers."""
        customer_segments = self._work.segments - 1
        if segment < customer_segments:
            return customers(self._services.db, segment, customer_segments, cursor, unreadable)
        return staged_numbers(self._services.objects(), self._work, cursor)

    def records(self, member: Group | ListedSlice) -> Iterator[Record | WorkFailure]:
        """What the carrier says of each number, or how each assignment to one uses it."""
        if isinstance(member, ListedSlice):
            yield from (Record((did, _LISTED, "", ""), said) for did, *said in member.numbers)
            return
        numbered = [one for one in member.assignments if one.did and not one.cancelled]
        catalog = self._catalog.of(numbered) if numbered else {}
        for one in numbered:
            if one.package_id in catalog:
                use = use_on(one, catalog[one.package_id], self._day)
                yield Record((one.did or "", _USED, one.customer_id, one.assignment_id), _json_of_use(use))
            else:
                yield WorkFailure(one.customer_id, "not_found", f"assignment {one.assignment_id}: there is no package {one.package_id}")

    def row(self, records: Iterator[Record]) -> Row:
        """A discrepancy; of sums, all that were made apart together."""
        first = next(records)
        if first.key[0] != SUMS:
            row: Row = first.value
            return row
        _, kind, currency, _ = first.key[: self.depth]
        sums: Json = first.value
        for record in records:
            sums = _json_together(kind, sums, record.value)
        return {"kind": kind, "currency": currency, "sums": sums}

    def line(self, row: Row) -> bytes:
        """A row as its line in a file."""
        return self._forms.line(row)


class _ByKind:
    """Compares number by number, and sorts what it finds by kind."""

    depth: Final = 1

    def __init__(self, forms: ReconciliationForms) -> None:
        self._forms = forms

    def records(self, number: int, groups: Iterator[Iterator[Record]]) -> Iterator[Record]:
        """Discrepancies, and sums of this call's numbers, told apart from those of others by `number`."""
        counts, worth = Compared(), dict[tuple[str, str], Worth]()
        for group in groups:
            did, listed, uses = "", None, []
            for record in group:
                did = record.key[0]
                if record.key[1] == _LISTED:
                    listed = listed_of(record.value)
                else:
                    uses.append(_use_of(record.value))
            found = list(discrepancies(did, listed, uses))
            counts = _counted_together(counts, compared(listed, uses, found))
            for one in found:
                yield Record((one.kind, one.did, "", ""), self._forms.discrepancy(one))
                for currency, more in worth_of(one).items():
                    worth[one.kind, currency] = worth_together(worth.get((one.kind, currency), Worth()), more)
        apart = f"{number:06}"
        yield Record((SUMS, COMPARED, "", "", apart), list(counts))
        for (kind, currency), sums in worth.items():
            yield Record((SUMS, kind, currency, "", apart), _json_of_worth(sums))


def compared_of(value: Json) -> Compared:
    """What was written."""
    return Compared(*value)


def worth_from(value: Json) -> Worth:
    """What was written."""
    numbers, *amounts = value
    return Worth(numbers, *map(Fraction, amounts))


def _json_together(kind: str, one: Json, other: Json) -> Json:
    if kind == COMPARED:
        return list(_counted_together(compared_of(one), compared_of(other)))
    return _json_of_worth(worth_together(worth_from(one), worth_from(other)))


def _counted_together(one: Compared, other: Compared) -> Compared:
    return Compared(*(a + b for a, b in zip(one, other, strict=True)))


def _json_of_worth(one: Worth) -> Json:
    return [one.numbers, *map(str, one[1:])]


def _json_of_use(one: NumberUse) -> Json:
    """A use as JSON: amounts as fractions, so that they stay exact."""
    amounts = [None if amount is None else str(amount) for amount in (one.cost, one.retail)]
    last_day = one.last_day.isoformat() if one.last_day else None
    return [one.customer_id, one.package_name, one.currency, one.billed, one.paused, last_day, *amounts]


def _use_of(value: Json) -> NumberUse:
    customer_id, package_name, currency, billed, paused, last_day, *amounts = value
    cost, retail = (None if amount is None else Fraction(amount) for amount in amounts)
    ended = date.fromisoformat(last_day) if last_day else None
    return NumberUse(customer_id, package_name, currency, billed, paused, ended, cost, retail)
