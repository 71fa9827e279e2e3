"""The check of a staged file, and its application: a first step checks all rows, and only if all are right a second one applies them.

A slice of the file is a member of the work. What stands in the file is read anew by each message; what the check saw of each row lies
in the records of the first step.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from ...domain import money
from ...domain.errors import HEADING, Invalid, InvalidRows, Malformed, RowFault, row_fault
from ...domain.importing import IMPORTS_OF, FileRow, MadeRow
from ...domain.work import WorkFailure, WorkRecord
from ...storage import work
from ...storage.keys import Key
from ...storage.objects import Objects
from ...storage.work import PieceResult
from ..request_context import RequestContext, Services
from ..segment import Member, Unreadable
from ..work.results import files_named, rows_from
from ..work.strategy import Record, record_of
from .kinds import FailedRow, ImportAsked, ImportForms, PlannedRow, kind_of
from .rows import FAILED, FAULTS, MADE, PLANNED, RowFiles, sum_records
from .slices import RowSlice, sliced

CHECKING, APPLYING = 0, 1
"""The steps of an application; a check has the first one only."""

Json = Any
Row = Mapping[str, Any]


def file_key(import_id: str) -> str:
    """Where the file of an import lies."""
    return f"imports/{import_id}"


class ImportStrategy(RowFiles):
    """The check or the application of a file."""

    def __init__(self, services: Services, context: RequestContext, found: WorkRecord, forms: ImportForms) -> None:
        super().__init__(forms)
        asked = found.asked
        self._services, self._work = services, found
        self._context = context._replace(by=found.created_by, may_charge=asked["may_charge"] == "yes")
        (of,) = (one for one in IMPORTS_OF if one == asked["of"])
        self._of, self._import_id = of, asked["import"]
        uncharged = found.kind == "import" and not self._context.may_charge
        about = ImportAsked(self._import_id, services.default_currency, asked["confirmed"] == "yes", uncharged)
        self._kind = kind_of(of, services.db, forms, about)
        self._seen: dict[int, int | None] | None = None

    def members(self, segment: int, cursor: Key | None, _: Unreadable) -> Iterator[Member]:
        """The slices of the file; none to apply when a row is faulty."""
        if segment == APPLYING:
            checked = work.piece_results(self._services.db, self._work.work_id, CHECKING)
            if any(piece.failed for piece in checked):
                return
            self._seen = versions_seen(self._services.objects(), checked)
        yield from self._slices()[int(cursor["slice"]) if cursor else 0 :]

    def _slices(self) -> list[RowSlice]:
        objects, size = self._services.objects(), int(self._work.asked["size"])
        raw = objects.read(file_key(self._import_id), 0, size) if size else b""
        try:
            rows, faults = self.forms.rows(self._of, raw.decode())
            rows, faults = self._those_asked_for(rows), [*faults, *(() if self._seen is not None else self._kind.faults(rows))]
        except UnicodeDecodeError:
            rows, faults = [], [row_fault(HEADING, "", "the file is not UTF-8; save it as CSV UTF-8")]
        except Malformed as error:
            rows, faults = [], [row_fault(HEADING, "", error.detail)]
        except InvalidRows as error:
            rows, faults = [], list(_row_faults(error))
        return sliced(rows, faults)

    def _those_asked_for(self, rows: list[FileRow]) -> list[FileRow]:
        """All rows, or of a retry those that failed before."""
        before = self._work.asked.get("retried")
        if before is None:
            return rows
        files = [one.file for one in work.file_results(self._services.db, before)]
        failed = {row["row"] for _, row in rows_from(self._services.objects(), files_named(files, FAILED))}
        return [row for row in rows if row.number in failed]

    def records(self, member: RowSlice) -> Iterator[Record | WorkFailure]:
        """What would become of each row, or what became of it; sums of both."""
        return self._checked(member) if self._seen is None else self._applied(member, self._seen)

    def _checked(self, member: RowSlice) -> Iterator[Record | WorkFailure]:
        faults, planned = list(member.faults), list[PlannedRow]()
        faulty = {fault.row for fault in faults}
        try:
            planned = self._kind.check(self._context, [row for row in member.rows if row.number not in faulty])
        except InvalidRows as error:
            faults += _row_faults(error)
        yield from _fault_records(faults)
        for one in planned:
            yield Record((PLANNED, f"{one.row:06}"), self._json_of_planned(one))
        yield from sum_records(member.number, PLANNED, [_sums_of_planned(one) for one in planned])

    def _json_of_planned(self, one: PlannedRow) -> Json:
        return {
            "row": one.row, "change": one.change, "id": one.thing_id, "customer_id": one.customer_id or None, "seen": one.seen,
            "backlog": [[line.due_date.isoformat(), line.currency, money.text(line.retail)] for line in one.backlog],
            "warnings": self.forms.warnings(one.warnings),
        }  # fmt: skip

    def _applied(self, member: RowSlice, seen: dict[int, int | None]) -> Iterator[Record | WorkFailure]:
        counts = []
        for one in self._kind.apply(self._context, member.rows, seen):
            if isinstance(one, WorkFailure):
                yield one
            elif isinstance(one, FailedRow):
                yield Record((FAILED, f"{one.row:06}"), {"row": one.row, "code": one.code, "detail": one.detail})
                yield WorkFailure(one.customer_id, one.code, f"row {one.row}: {one.detail}")
            else:
                yield Record((MADE, f"{one.row:06}"), json_of_made(one))
                counts.append({f"{MADE} {one.change}": 1})
        yield from sum_records(member.number, MADE, counts)


def json_of_made(one: MadeRow) -> Json:
    """What a row has made, as JSON."""
    return {"row": one.row, "change": one.change, "id": one.thing_id, "customer_id": one.customer_id or None, "version": one.version}


def versions_seen(objects: Objects, pieces: Iterable[PieceResult]) -> dict[int, int | None]:
    """Which version the first step saw of what each row changes."""
    chunks = (objects.read(chunk.key, 0, chunk.size) for piece in pieces for chunk in piece.chunks)
    found = (record_of(line + b"\n") for chunk in chunks for line in chunk.splitlines())
    return {int(one.value["row"]): one.value["seen"] for one in found if one.key[0] == PLANNED}


def _row_faults(error: Invalid) -> Iterator[RowFault]:
    yield from (fault for fault in error.faults if isinstance(fault, RowFault))


def _fault_records(faults: Iterable[RowFault]) -> Iterator[Record | WorkFailure]:
    rows: dict[int, list[RowFault]] = {}
    for fault in faults:
        rows.setdefault(fault.row, []).append(fault)
    for row, found in rows.items():
        yield WorkFailure("", "invalid", f"row {row}: {found[0].detail}")
        for n, fault in enumerate(dict.fromkeys(found)):
            yield Record((FAULTS, f"{row:06}", f"{n:03}"), [row, fault.column, fault.detail])


def _sums_of_planned(one: PlannedRow) -> Json:
    sums: dict[str, Any] = {f"{PLANNED} {one.change}": 1, "unconfirmed": int(one.unconfirmed)}
    for line in one.backlog:
        sums[f"lines {line.currency}"] = sums.get(f"lines {line.currency}", 0) + 1
        sums[f"retail {line.currency}"] = money.text(money.plus(Decimal(sums.get(f"retail {line.currency}", "0")), line.retail))
    return sums
