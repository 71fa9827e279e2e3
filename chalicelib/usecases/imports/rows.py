"""What files of all kinds have in common: faults of all rows at once, each thing in one row, and room in one transaction."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from ...domain.errors import Conflict, Invalid, InvalidRows, NotFound, RowFault, VersionMismatch, faults_in_row, row_fault
from ...domain.importing import ImportRow, MadeRow, RowChange
from ...domain.posting import TRANSACTION_ACTIONS_MAX
from ...storage.db import Action

T = TypeVar("T")
Recording = Callable[[Sequence[MadeRow]], list[Action]]
"""What goes into the transaction of a file besides its rows: that it was imported."""
PlanT = TypeVar("PlanT")


class RowOutcome(NamedTuple, Generic[T]):
    """What a row makes of a thing: what it was, None for a new one, and what it is then."""

    row: int
    old: T | None
    new: T
    done: RowChange | None = None
    """What has become of it already."""

    @property
    def change(self) -> RowChange:
        """What becomes of it."""
        if self.done:
            return self.done
        if self.old is None:
            return "created"
        return "unchanged" if self.new == self.old else "changed"


def recorded_nowhere(_: Sequence[MadeRow]) -> list[Action]:
    """As `Recording`, of a row that is applied by itself."""
    return []


def once(row: ImportRow | None, version: int, imported: str | None) -> bool:
    """Whether a row that is applied by itself has changed a thing already. Raises `VersionMismatch` where somebody else has since the
    check."""
    if row is None:
        return False
    if row.made(imported) is not None:
        return True
    if row.seen is not None and row.seen != version:
        detail = f"somebody has changed it since: it had version {row.seen}, and has version {version} now"
        raise VersionMismatch(detail, code="changed_meanwhile")
    return False


def version_made(row: ImportRow | None, change: RowChange, version: int, imported: str | None) -> int:
    """The version that a row has made of something, which somebody may have changed since: before, if a row that is applied by itself
    comes again."""
    if change == "created":
        return 1
    return (row and row.made(imported)) or version


def plan_rows(rows: Iterable[tuple[int, T]], plan: Callable[[int, T], PlanT]) -> tuple[list[PlanT], list[RowFault]]:
    """The plans of rows, and the faults of those that can't be carried out."""
    planned: list[PlanT] = []
    faults: list[RowFault] = []
    for row, wanted in rows:
        try:
            planned.append(plan(row, wanted))
        except Invalid as error:
            faults += faults_in_row(row, error.faults)
        except (Conflict, NotFound) as error:
            faults.append(row_fault(row, "", error.detail))
    return planned, faults


def repeated_rows(rows: Iterable[tuple[int, str]], column: str) -> list[RowFault]:
    """The rows about something that a row before is about already: which of the two holds, nobody can say."""
    first: dict[str, int] = {}
    return [row_fault(row, column, f"row {first[key]} is about it already") for row, key in rows if first.setdefault(key, row) != row]


def demand_right(faults: Sequence[RowFault]) -> None:
    """Raise `InvalidRows` if there are any."""
    if faults:
        raise InvalidRows(faults)


def demand_room(rows: Sequence[T], actions: Callable[[Sequence[T]], int], number: Callable[[T], int], others: int) -> None:
    """Raise `InvalidRows` too_many, naming the first row that doesn't fit into one transaction with those before it, and so many
    `others`."""
    room = TRANSACTION_ACTIONS_MAX - others
    if actions(rows) <= room:
        return
    fits = next(n for n in range(len(rows)) if actions(rows[: n + 1]) > room)
    detail = f"the rows are right, but only the first {fits} fit into one import: split the file before this row"
    raise InvalidRows([row_fault(number(rows[fits]), "", detail)], code="too_many")
