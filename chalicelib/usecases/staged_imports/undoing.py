"""Undoes an import row by row, the last row first; a dry run says what would become of each."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ...domain import money
from ...domain.importing import IMPORTS_OF, ImportRecord, MadeRow
from ...domain.work import WorkFailure, WorkRecord
from ...storage import work
from ...storage.db import Db
from ...storage.keys import Key
from ...storage.objects import Objects
from ..request_context import RequestContext, Services
from ..segment import Member, Unreadable
from ..work.results import files_named, rows_from
from ..work.strategy import Record
from .kinds import ImportForms
from .rows import LEFT, MADE, UNDONE, RowFiles, sum_records
from .slices import SLICE_ROWS
from .taking_back import LeftRow, Undoing, UndoneRow, take_back


class MadeSlice(NamedTuple):
    """Some rows of an import, the last ones first. `number` counts the slices."""

    number: int
    rows: list[MadeRow]

    @property
    def customer_id(self) -> str:
        """The customer of the first of them."""
        return self.rows[0].customer_id

    @property
    def last(self) -> Key:
        """Where to go on behind it."""
        return {"slice": str(self.number + 1)}


class UndoStrategy(RowFiles):
    """The undoing of an import, or what it would come to."""

    def __init__(self, services: Services, context: RequestContext, found: WorkRecord, forms: ImportForms, record: ImportRecord) -> None:
        super().__init__(forms)
        asked = found.asked
        self._services, self._record = services, record
        self._context = context._replace(by=found.created_by, may_charge=asked["may_charge"] == "yes")
        (of,) = (one for one in IMPORTS_OF if one == asked["of"])
        self._undoing = Undoing(
            services.db, forms, of, record.created_at, record.import_id, found.work_id, services.default_currency, asked["dry_run"] == "yes"
        )

    def members(self, _segment: int, cursor: Key | None, _: Unreadable) -> Iterator[Member]:
        """Rows that were made, in slices."""
        rows = sorted(made_rows(self._services.db, self._services.objects(), self._record), reverse=True)
        for number, start in enumerate(range(0, len(rows), SLICE_ROWS)):
            if number >= (int(cursor["slice"]) if cursor else 0):
                yield MadeSlice(number, rows[start : start + SLICE_ROWS])

    def records(self, member: MadeSlice) -> Iterator[Record | WorkFailure]:
        """What was done to take each row back, or why it is left."""
        sums: list[Any] = []
        for made in member.rows:
            one = take_back(self._undoing, self._context, made)
            shown = {"row": made.row, "id": made.thing_id, "customer_id": made.customer_id or None}
            if isinstance(one, LeftRow):
                yield Record((LEFT, f"{made.row:06}"), {**shown, "code": one.code, "detail": one.detail})
            else:
                yield Record((UNDONE, f"{made.row:06}"), {**shown, "undone": one.undone})
                sums += _sums_of_undone(one)
        yield from sum_records(member.number, UNDONE, sums)


def made_rows(db: Db, objects: Objects, record: ImportRecord) -> Iterator[MadeRow]:
    """What an import has made and changed, by all its applications."""
    yield from record.rows
    for work_id in record.applications:
        files = files_named([one.file for one in work.file_results(db, work_id)], MADE)
        for _, row in rows_from(objects, files):
            yield MadeRow(row["row"], row["change"], row["id"], row["version"], row["customer_id"] or "")


def _sums_of_undone(one: UndoneRow) -> Iterator[Any]:
    yield {f"{UNDONE} {one.undone}": 1}
    for entry in one.credited:
        yield {f"credits {entry.currency}": 1, f"credited {entry.currency}": money.text(entry.left_retail)}
