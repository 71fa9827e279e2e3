"""What rows of packages, customers and assignments would come to, and how each is applied: one transaction, once in effect."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

from ...domain.account import Account
from ...domain.assigning import needs_confirmation
from ...domain.charging import Line
from ...domain.errors import InvalidRows, RowFault, Throttled, code_and_detail, row_fault
from ...domain.importing import (
    FileOfAssignments,
    FileRow,
    ImportOf,
    ImportRow,
    MadeRow,
    Named,
    RequestedCustomer,
    RequestedPackage,
    RowChange,
)
from ...domain.package import Package
from ...domain.tenure import DidTenure, clash, tenure_of
from ...domain.warning import BillingWarning
from ...domain.work import WorkFailure
from ...storage.accounts import find_accounts
from ...storage.db import Db
from .. import imports
from ..imports.rows import demand_right, repeated_rows
from ..request_context import RequestContext
from .slices import sharing_a_did

NewId = Callable[[int], str]


class ImportForms(NamedTuple):
    """How files are read, what their rows ask for, and how rows of results are written."""

    rows: Callable[[ImportOf, str], tuple[list[FileRow], list[RowFault]]]
    packages: Callable[[Sequence[FileRow], NewId, str], list[RequestedPackage]]
    customers: Callable[[Sequence[FileRow], str], tuple[list[RequestedCustomer], list[RowFault]]]
    assignments: Callable[[Sequence[FileRow], NewId, Named], FileOfAssignments]
    new_id: Callable[[str, int], str]
    warnings: Callable[[Sequence[BillingWarning]], Any]
    line: Callable[[Any], bytes]


class ImportAsked(NamedTuple):
    """Which import it is, what new customers' currency is by default, whether all backlog is confirmed, and whether none may be
    charged."""

    import_id: str
    default_currency: str
    confirmed: bool
    uncharged: bool = False


class PlannedRow(NamedTuple):
    """What would become of a row. `seen` is the version of what it changes: 0 for what is not there, None for what is new by its id."""

    row: int
    change: RowChange
    thing_id: str | None
    seen: int | None
    customer_id: str = ""
    backlog: Sequence[Line] = ()
    unconfirmed: bool = False
    warnings: Sequence[BillingWarning] = ()


class FailedRow(NamedTuple):
    """A row that could not be applied, and why."""

    row: int
    customer_id: str
    code: str
    detail: str


Applied = MadeRow | FailedRow | WorkFailure
"""What became of a row; or what else went wrong."""


class RowKind(Protocol):
    """What is done with the rows of one kind of file."""

    def faults(self, rows: Sequence[FileRow]) -> list[RowFault]:
        """What is wrong with rows beside other rows of the file."""

    def check(self, context: RequestContext, rows: Sequence[FileRow]) -> list[PlannedRow]:
        """What would become of some rows. Raises `InvalidRows`."""

    def apply(self, context: RequestContext, rows: Sequence[FileRow], seen: dict[int, int | None]) -> Iterator[Applied]:
        """Apply rows one by one, as the check has seen what they are about."""


def kind_of(of: ImportOf, db: Db, forms: ImportForms, asked: ImportAsked) -> RowKind:
    """What is done with the rows of a file of packages, customers or assignments."""
    if of == "packages":
        return _Packages(db, forms, asked)
    return _Customers(db, forms, asked) if of == "customers" else _Assignments(db, forms, asked)


class _OfImport:
    """What each kind needs to read its rows."""

    def __init__(self, db: Db, forms: ImportForms, asked: ImportAsked) -> None:
        self._db, self._forms, self._asked = db, forms, asked

    def _new_id(self, row: int) -> str:
        return self._forms.new_id(self._asked.import_id, row)


class _Packages(_OfImport):
    def _requested(self, rows: Sequence[FileRow]) -> list[RequestedPackage]:
        return self._forms.packages(rows, self._new_id, self._asked.default_currency)

    def faults(self, rows: Sequence[FileRow]) -> list[RowFault]:
        return _twice(rows, "package_id")

    def check(self, context: RequestContext, rows: Sequence[FileRow]) -> list[PlannedRow]:
        found = imports.define(self._db, context, self._requested(rows), [], dry_run=True)
        return [
            PlannedRow(one.row, one.change, one.new.package_id if one.old else None, one.old.version if one.old else None) for one in found
        ]

    def apply(self, context: RequestContext, rows: Sequence[FileRow], seen: dict[int, int | None]) -> Iterator[Applied]:
        for one in self._requested(rows):
            own = _by_itself(context, self._asked, one.row, seen)
            yield _tried_row(one.row, "", partial(imports.define_row, self._db, own, one))


class _Customers(_OfImport):
    def _requested(self, rows: Sequence[FileRow]) -> tuple[list[RequestedCustomer], list[RowFault]]:
        return self._forms.customers(rows, self._asked.default_currency)

    def faults(self, rows: Sequence[FileRow]) -> list[RowFault]:
        return _twice(rows, "customer_id")

    def check(self, context: RequestContext, rows: Sequence[FileRow]) -> list[PlannedRow]:
        requested, nameless = self._requested(rows)
        found = imports.write_customers(self._db, context, requested, nameless, dry_run=True)
        return [
            PlannedRow(one.row, one.change, one.new.customer_id, one.old.version if one.old else 0, one.new.customer_id) for one in found
        ]

    def apply(self, context: RequestContext, rows: Sequence[FileRow], seen: dict[int, int | None]) -> Iterator[Applied]:
        for one in self._requested(rows)[0]:
            own = _by_itself(context, self._asked, one.row, seen)
            yield _tried_row(one.row, one.customer_id, partial(imports.write_customer_row, self._db, own, one))


class _Assignments(_OfImport):
    def __init__(self, db: Db, forms: ImportForms, asked: ImportAsked) -> None:
        super().__init__(db, forms, asked)
        self._packages: dict[str, list[Package]] = {}
        self._named = Named(self._by_name, partial(find_accounts, db))

    def _read(self, rows: Sequence[FileRow]) -> FileOfAssignments:
        return self._forms.assignments(rows, self._new_id, self._named)

    def _by_name(self, names: set[str]) -> dict[str, list[Package]]:
        unknown = names - self._packages.keys()
        if unknown:
            self._packages |= imports.packages_by_name(self._db, unknown)
        return {name: self._packages[name] for name in names}

    def faults(self, rows: Sequence[FileRow]) -> list[RowFault]:
        taken: dict[str, list[DidTenure]] = {}
        found = _twice(rows, "assignment_id")
        for one in self._read([row for row in sharing_a_did(rows) if row.row_id is None]).new:
            others = taken.setdefault(one.draft.did or "", [])
            fault = clash(others, one.draft)
            if fault:
                found.append(row_fault(one.row, "did", fault.detail))
            others.append(tenure_of(one.draft))
        return found

    def check(self, context: RequestContext, rows: Sequence[FileRow]) -> list[PlannedRow]:
        file = self._read(rows)
        confirmed = {one.row for one in file.new if one.confirm_backlog} | {one.row for one in file.changes if one.confirm_backlog}
        looking = context._replace(may_charge=True) if not context.may_charge and self._asked.confirmed else context
        _, made = imports.write_rows(self._db, looking, imports.confirmed(file, self._asked.confirmed), dry_run=True, payable=None)
        if self._asked.uncharged:
            demand_right(
                [row_fault(one.row, "", "would be charged at once, which whoever imports it may not do") for one in made if one.backlog]
            )
        return [self._planned(context, one, one.row in confirmed) for one in imports.warned(self._db, made)]

    def _planned(self, context: RequestContext, made: imports.Made, confirmed: bool) -> PlannedRow:
        one = made.detail.assignment
        new, unconfirmed = made.change == "created", needs_confirmation({line.due_date for line in made.backlog}, context.today)
        seen = None if new else one.version - (made.change == "changed")
        return PlannedRow(
            made.row, made.change, None if new else one.assignment_id, seen, one.customer_id, made.backlog, unconfirmed and not confirmed,
            made.warnings,
        )  # fmt: skip

    def apply(self, context: RequestContext, rows: Sequence[FileRow], seen: dict[int, int | None]) -> Iterator[Applied]:
        file = imports.confirmed(self._read(rows), self._asked.confirmed)
        written: list[imports.Made] = []
        owners: dict[str, Account] = {}

        def write(row: int, one: FileOfAssignments) -> MadeRow:
            own = _by_itself(context, self._asked, row, seen)
            found, (made,) = imports.write_rows(self._db, own, one, dry_run=False, payable=None)
            owners.update(found)
            written.append(made)
            return imports.made_row(made, own.import_row)

        alone = [
            *((one.row, one.draft.customer_id, FileOfAssignments([one])) for one in file.new),
            *((one.row, one.ids[0], FileOfAssignments([], [one])) for one in file.changes),
        ]
        for row, customer_id, one in sorted(alone, key=lambda each: each[0]):
            yield _tried_row(row, customer_id, partial(write, row, one))
        if not written:
            return
        try:
            imports.post_rows(self._db, context, owners, written)
        except Throttled:
            raise
        except Exception as error:  # noqa: BLE001 - what is left unposted, the next daily run posts
            yield WorkFailure(written[0].detail.assignment.customer_id, *code_and_detail(error))


def _twice(rows: Sequence[FileRow], column: str) -> list[RowFault]:
    return repeated_rows([(row.number, row.row_id) for row in rows if row.row_id], column)


def _by_itself(context: RequestContext, asked: ImportAsked, row: int, seen: dict[int, int | None]) -> RequestContext:
    return context._replace(import_row=ImportRow(asked.import_id, row, seen.get(row)))


def _tried_row(row: int, customer_id: str, apply: Callable[[], MadeRow]) -> MadeRow | FailedRow:
    """What became of a row; a refusal concerns no other. Raises `Throttled`: the rest is done later."""
    try:
        return apply()
    except Throttled:
        raise
    except InvalidRows as error:
        return FailedRow(row, customer_id, error.code, "; ".join(fault.detail for fault in error.faults))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told of this row, which can be retried
        return FailedRow(row, customer_id, *code_and_detail(error))
