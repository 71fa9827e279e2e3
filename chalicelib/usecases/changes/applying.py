"""A change applied to what its dry run has seen, and undone, as long work: row by row, each row once in effect.

What a row may change names the version that was seen; what this very work has changed before, it knows by the moment of its asking.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from ...domain.changing import Change
from ...domain.errors import BillingError, Throttled, code_and_detail
from ...domain.work import ResultFile, WorkFailure, WorkRecord
from ...storage import work
from ...storage.keys import Key
from ..request_context import RequestContext, Services
from ..segment import Member, Unreadable
from ..work.results import BEGINNING, RowStart, files_named, rows_from
from ..work.strategy import Record
from .dry_run import ITEMS, REFUSED, ChangeForms, ChangeRows, context_of, refusal_of
from .planning import Json, apply_change, apply_prices, undo_change, undo_prices

ROWS_AT_ONCE: Final = 20


class RowsSlice(NamedTuple):
    """Some rows of another work; they are no customer's."""

    rows: list[Json]
    last: Key
    customer_id: str = ""


class AppliedRows(ChangeRows, ABC):
    """Goes through the rows of another work, whose id `asked` says under `of`."""

    def __init__(self, services: Services, context: RequestContext, found: WorkRecord, change: Change, forms: ChangeForms) -> None:
        self._services, self._db, self._work, self._change = services, services.db, found, change
        self.context = context_of(context, found)
        self._line = forms.line
        self._new_id = forms.new_id

    def members(self, _segment: int, cursor: Key | None, _unreadable: Unreadable) -> Iterator[Member]:
        """The rows from a place on, some at a time."""
        files = files_named([one.file for one in work.file_results(self._db, self._work.asked["of"])], ITEMS)
        return _slices(self._services, files, cursor)

    def records(self, member: RowsSlice) -> Iterator[Record | WorkFailure]:
        """What became of each row."""
        for row in member.rows:
            yield self._record(row)

    def counted(self, record: Record) -> str | None:
        """As what became of it."""
        return record.key[0]

    def _record(self, row: Mapping[str, Json]) -> Record | WorkFailure:
        key = (row["customer_id"], row["assignment_id"]) if row["assignment_id"] else (row["package_id"], "")
        try:
            return Record((ITEMS, *key), {**row, **self.done(row)})
        except Throttled:
            raise
        except BillingError as error:
            return Record((REFUSED, *key), {**row, **refusal_of(error)})
        except Exception as error:  # noqa: BLE001 - one row that fails stops no other
            return WorkFailure(row["customer_id"] or "", *code_and_detail(error))

    @abstractmethod
    def done(self, row: Mapping[str, Json]) -> Mapping[str, Json]:
        """Do what the work does with a row; what it says in addition from then on."""


class ChangeApplication(AppliedRows):
    """Changes exactly what a dry run has seen."""

    def done(self, row: Mapping[str, Json]) -> Mapping[str, Json]:
        """The version that it has by now."""
        if row["assignment_id"] is None:
            said: Mapping[str, Json] = apply_prices(self._db, self.context, self._change, row["package_id"], row["version"])
            return said
        place = (row["customer_id"], row["assignment_id"])
        changed: Mapping[str, Json] = apply_change(self._db, self._of_row(row), self._change, place, row["version"])
        return changed

    def _of_row(self, row: Mapping[str, Json]) -> RequestContext:
        """With the id that what goes on from an assignment gets, the same for every attempt."""
        return self.context._replace(id=self._new_id(self.context.at, f"{self.context.id}\n{row['assignment_id']}"))


class ChangeUndo(AppliedRows):
    """Puts back what an application has changed, and what nobody has touched since."""

    def done(self, row: Mapping[str, Json]) -> Mapping[str, Json]:
        """Nothing more than the row said."""
        if row["assignment_id"] is None:
            undo_prices(self._db, self.context, self._change, row["package_id"], row)
        else:
            undo_change(self._db, self.context, self._change, (row["customer_id"], row["assignment_id"]), row)
        return {}


def _slices(services: Services, files: list[ResultFile], cursor: Key | None) -> Iterator[RowsSlice]:
    place = RowStart(int(cursor["file"]), int(cursor["start"])) if cursor else BEGINNING
    rows = rows_from(services.objects(), files, place) if files else iter(())
    head = next(rows, None)
    while head:
        some = [head[1], *(row for _, row in islice(rows, ROWS_AT_ONCE - 1))]
        head = next(rows, None)
        yield RowsSlice(some, (head[0] if head else RowStart(len(files) - 1, files[-1].size)).key)
