"""The rows of a staged file in slices: those of a customer together, so that its backlog is posted in the order of charges."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ...domain.errors import RowFault
from ...domain.importing import FileRow
from ...domain.numbers import digits
from ...storage.keys import Key

SLICE_ROWS: Final = 50
"""A slice has about so many rows, of as many customers as they have."""
SLICE_ROWS_MAX: Final = 200
"""Of one customer: the rows of a larger one are cut, and charged slice by slice."""


class RowSlice(NamedTuple):
    """Some rows, with what is wrong with them by themselves or beside other rows. `number` counts the slices of a file."""

    number: int
    rows: Sequence[FileRow]
    faults: Sequence[RowFault]

    @property
    def customer_id(self) -> str:
        """The customer of the first row, if it says one."""
        return customer_of(self.rows[0]) if self.rows else ""

    @property
    def last(self) -> Key:
        """Where to go on behind it."""
        return {"slice": str(self.number + 1)}


def customer_of(row: FileRow) -> str:
    """Whose row it is, as far as it says; nobody's for packages."""
    return str(row.values.get("customer_id", ""))


def sliced(rows: Sequence[FileRow], faults: Sequence[RowFault]) -> list[RowSlice]:
    """All rows, and all faults, in slices; the same for the same file."""
    found = [*_cut_at_customers(sorted(rows, key=lambda one: (customer_of(one), one.number)))]
    numbers = {row.number: n for n, some in enumerate(found) for row in some}
    own: dict[int, list[RowFault]] = {}
    for fault in sorted(faults):
        own.setdefault(numbers.get(fault.row, 0), []).append(fault)
    return [RowSlice(n, some, own.get(n, ())) for n, some in enumerate(found or [()])]


def _cut_at_customers(rows: Sequence[FileRow]) -> Iterator[Sequence[FileRow]]:
    some: list[FileRow] = []
    for row in rows:
        same = bool(some) and customer_of(some[-1]) == customer_of(row) != ""
        if len(some) >= (SLICE_ROWS_MAX if same else SLICE_ROWS):
            yield tuple(some)
            some.clear()
        some.append(row)
    if some:
        yield tuple(some)


def sharing_a_did(rows: Sequence[FileRow]) -> list[FileRow]:
    """The rows whose DID others have as well."""
    dids = {row.number: digits(str(row.values["did"])) for row in rows if "did" in row.values}
    counts = Counter(dids.values())
    return [row for row in rows if row.number in dids and counts[dids[row.number]] > 1]
