"""Rows of files as what they ask for. A row that says what stands by its id changes it by the rules of PATCH: its cells are the patch.

Fields are checked when what stands is known, so the faults of all rows are found in one place, where they are planned.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from ..domain.account import Account
from ..domain.assigning import RequestedAssignment
from ..domain.assignment import Assignment
from ..domain.errors import Fault, Invalid, RowFault, faults_in_row, row_fault
from ..domain.importing import AssignmentChange, FileOfAssignments, FileRow, ImportOf, Named, RequestedCustomer, RequestedPackage
from ..domain.package import Package
from . import views
from .assignment_bodies import AssignedFields, edited_assignment
from .bodies import Body, PackageBody, merge_patch, parse
from .csv_in import row_values
from .csv_out import assignment_columns
from .customer_bodies import CustomerBody
from .customer_views import customer_view
from .fields import Id, Name

Values = Mapping[str, Any]
NewIds = Callable[[int], Sequence[str]]
"""So many ids for what is new, the same whenever they are asked for."""
NewId = Callable[[int], str]
"""The id for what a row makes, the same whenever it is asked for."""


class PackageRow(PackageBody):
    """A package as a row of a file; one with an id changes the package that stands."""

    read_only = PackageBody.read_only - {"package_id"}

    package_id: Id | None = None


class CustomerRow(CustomerBody):
    """A customer as a row of a file, new or as it stands already."""

    read_only = CustomerBody.read_only - {"customer_id"}

    customer_id: Id


class AssignmentRow(AssignedFields):
    """An assignment as a row of a file, which says whose it is. One with an id changes the assignment that stands; a new one says its
    package by id or by name."""

    read_only = frozenset(assignment_columns()) - {"assignment_id", "customer_id", "package_id", *AssignedFields.model_fields}

    customer_id: Id
    assignment_id: Id | None = None
    package_id: Id | None = None
    package: Name | None = None

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """Also that it names one package."""
        yield from super().cross(values)
        named = [name for name in ("package_id", "package") if values.get(name, "faulty") is not None]
        if not named:
            yield Fault("/package_id", "is required, or the name of the package in package")
        elif len(named) == 2 and "package" in values and "package_id" in values:
            yield Fault("/package", "is the name of a package that package_id does not say already; give one of both")


STAGED_ROWS_MAX: Final = 50_000
"""Of a file that is applied row by row."""
_ROWS_OF: Final[Mapping[ImportOf, tuple[type[Body], str]]] = {
    "packages": (PackageRow, "package_id"), "customers": (CustomerRow, "customer_id"), "assignments": (AssignmentRow, "assignment_id"),
}  # fmt: skip


def staged_rows(of: ImportOf, text: str) -> tuple[list[FileRow], list[RowFault]]:
    """The rows of a file of any size, and the faults of those that can't be read. Raises `Malformed`, `InvalidRows`."""
    return row_values(text, *_ROWS_OF[of], most=STAGED_ROWS_MAX)


def requested_packages(text: str, new_ids: NewIds, default_currency: str) -> tuple[list[RequestedPackage], list[RowFault]]:
    """The packages of a file, and the faults of rows that can't be read. Raises `Malformed`, `InvalidRows`."""
    rows, malformed = row_values(text, *_ROWS_OF["packages"])
    ids = iter(new_ids(len(rows)))
    return packages_of(rows, lambda _: next(ids), default_currency), malformed


def packages_of(rows: Sequence[FileRow], new_id: NewId, default_currency: str) -> list[RequestedPackage]:
    """The packages that rows ask for."""
    return [
        RequestedPackage(one.number, one.row_id or new_id(one.number), partial(_package, one.values, default_currency), one.row_id is None)
        for one in rows
    ]


def requested_customers(text: str, default_currency: str) -> tuple[list[RequestedCustomer], list[RowFault]]:
    """The customers of a file, and the faults of rows that can't be read. Raises `Malformed`, `InvalidRows`."""
    rows, malformed = row_values(text, *_ROWS_OF["customers"])
    requested, nameless = customers_of(rows, default_currency)
    return requested, [*malformed, *nameless]


def customers_of(rows: Sequence[FileRow], default_currency: str) -> tuple[list[RequestedCustomer], list[RowFault]]:
    """The customers that rows ask for, and the faults of rows that don't say whom."""
    nameless = [row_fault(one.number, "customer_id", "is required") for one in rows if one.row_id is None]
    requested = [
        RequestedCustomer(one.number, one.row_id, partial(_customer, one.row_id, one.values, default_currency))
        for one in rows
        if one.row_id is not None
    ]
    return requested, nameless


def requested_assignments(text: str, new_ids: NewIds, named: Named) -> FileOfAssignments:
    """The assignments of a file. Raises `Malformed`, `InvalidRows`."""
    rows, malformed = row_values(text, *_ROWS_OF["assignments"])
    ids = iter(new_ids(len(rows)))
    file = assignments_of(rows, lambda _: next(ids), named)
    return file._replace(malformed=[*malformed, *file.malformed])


def assignments_of(rows: Sequence[FileRow], new_id: NewId, named: Named) -> FileOfAssignments:
    """The assignments that rows ask for."""
    known = _KnownPackages(rows, named)
    new: list[RequestedAssignment] = []
    changes: list[AssignmentChange] = []
    malformed: list[RowFault] = []
    for row in rows:
        try:
            values = _with_package_id(row, known)
            if row.row_id is None:
                new.append(_new_assignment(row.number, new_id(row.number), parse(AssignmentRow, values)))
            else:
                changes.append(_assignment_change(row.number, row.row_id, values))
        except Invalid as error:
            malformed += faults_in_row(row.number, error.faults)
    return FileOfAssignments(new, changes, malformed)


class _KnownPackages:
    """The packages that rows name, each by its exact name; of several the one in the currency of the row's customer."""

    def __init__(self, rows: Sequence[FileRow], named: Named) -> None:
        names = {name for row in rows if isinstance(name := row.values.get("package"), str)}
        self._by_name = named.packages(names) if names else {}
        several = [row for row in rows if len(self._found(row)) > 1]
        self._customers = named.customers({owner for row in several if (owner := _owner(row))}) if several else {}

    def _found(self, row: FileRow) -> Sequence[Package]:
        return self._by_name.get(row.values.get("package", ""), ())

    def meant(self, row: FileRow) -> Sequence[Package]:
        """Those that a row may mean."""
        found = self._found(row)
        customer = self._customers.get(_owner(row) or "") if len(found) > 1 else None
        return [one for one in found if customer and one.currency == customer.currency] or found


def _owner(row: FileRow) -> str | None:
    """Whose assignment a row is of; None for one that doesn't say it as it has to."""
    with suppress(Invalid):
        return parse(_Owner, {"customer_id": row.values.get("customer_id")}).customer_id
    return None


def _with_package_id(row: FileRow, known: _KnownPackages) -> dict[str, Any]:
    """The cells with the id of the package that they name. Raises `Invalid` unless one package is meant."""
    name = row.values.get("package")
    if name is None or "package_id" in row.values:
        return row.values
    found = known.meant(row)
    if len(found) != 1:
        many = f"{len(found)} packages have this name: give package_id" if found else "there is no package of this name"
        raise Invalid([Fault("/package", many)])
    return {field: value for field, value in row.values.items() if field != "package"} | {"package_id": found[0].package_id}


def _new_assignment(row: int, new_id: str, body: AssignmentRow) -> RequestedAssignment:
    draft = body.drafted(body.customer_id, body.package_id or "")._replace(assignment_id=new_id)
    return RequestedAssignment(row, draft, body.minimum_days, body.confirm_backlog)


def _assignment_change(row: int, assignment_id: str, values: Values) -> AssignmentChange:
    """Raises `Invalid` for one that doesn't say whose it is."""
    whose = parse(_Owner, {"customer_id": values["customer_id"]} if "customer_id" in values else {})
    patch = {name: value for name, value in values.items() if name not in ("customer_id", "package")}
    edit = partial(_edited, patch)
    return AssignmentChange(row, (whose.customer_id, assignment_id), edit, patch.get("confirm_backlog") is True)


class _Owner(Body):
    customer_id: Id


def _edited(patch: Values, old: Assignment) -> Assignment:
    return edited_assignment(old, dict(patch))


def _package(values: Values, default_currency: str, shown: Package) -> Package:
    fields = PackageBody.of(views.package_view(shown)) if shown.package_id else {}
    return parse(PackageBody, merge_patch(fields, dict(values))).applied(shown, default_currency)


def _customer(customer_id: str, values: Values, default_currency: str, old: Account | None) -> Account:
    fields = CustomerBody.of(customer_view(old)) if old else {}
    return parse(CustomerBody, merge_patch(fields, dict(values))).applied(old or Account(customer_id, ""), default_currency)
