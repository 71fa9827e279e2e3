"""What the rows of a file ask for: each makes something new, or changes what stands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from .account import Account
from .assigning import RequestedAssignment
from .assignment import Assignment
from .errors import RowFault
from .package import Package

ImportOf = Literal["packages", "customers", "assignments"]
IMPORTS_OF: Final[tuple[ImportOf, ...]] = ("packages", "customers", "assignments")
RowChange = Literal["created", "changed", "unchanged"]
"""What became, or would become, of what a row is about."""


class ImportRow(NamedTuple):
    """A row of an import that is applied by itself. `seen`: the version that the check saw of what it changes; 0 for what was not there,
    None for what is new by its id. A thing keeps the mark of the row that changed it, with the version that it has since, so that a row
    that comes twice knows what it has done."""

    import_id: str
    row: int
    seen: int | None = None

    def mark(self, version: int) -> str:
        """The mark of a version that this row makes."""
        return f"{self.import_id}/{self.row}/{version}"

    def made(self, imported: str | None) -> int | None:
        """The version that this row has made of a thing with a mark; None if it has not."""
        import_id, row, version = (imported or "//").split("/")
        return int(version) if (import_id, row) == (self.import_id, str(self.row)) else None


class MadeRow(NamedTuple):
    """What a row has made or changed: the id of the package, customer or assignment, its customer, and the version that it got."""

    row: int
    change: RowChange
    thing_id: str
    version: int
    customer_id: str = ""


class ImportRecord(NamedTuple):
    """A file that was, or may be, imported. `size` in bytes and `sha256` in hexadecimal are known once it was read. `check` is the
    latest work that checked it; `applications` are those that applied it, the first one first: each further one retries what failed.
    `undoing` is the latest work that undoes the import, or says how. Of a file that was written at once, `rows` are what it made.
    `version` grows with each change."""

    import_id: str
    of: ImportOf
    created_at: str
    created_by: str
    size: int = 0
    sha256: str = ""
    check: str | None = None
    applications: tuple[str, ...] = ()
    undoing: str | None = None
    rows: tuple[MadeRow, ...] = ()
    version: int = 1


class ImportResult(NamedTuple):
    """What the rows of an import come to by its latest work: sums by name, and the first rows that are faulty, failed, or left by
    an undoing, as results have them. `counted` is what its work has counted of them so far, until it has a result."""

    sums: Mapping[str, Any] = MappingProxyType({})
    faults: Sequence[Any] = ()
    faults_left_out: int = 0
    failed: Sequence[Any] = ()
    failed_left_out: int = 0
    left: Sequence[Any] = ()
    left_left_out: int = 0
    counted: Mapping[str, int] = MappingProxyType({})


class FileRow(NamedTuple):
    """A row of a file: its number, the id of what it is about, if it has one, and its other cells as JSON has them, without the empty
    ones."""

    number: int
    row_id: str | None
    values: dict[str, Any]


class Named(NamedTuple):
    """What rows of assignments name, as it is looked up: the packages that have each of some names, and the customers with some ids."""

    packages: Callable[[set[str]], Mapping[str, Sequence[Package]]]
    customers: Callable[[Iterable[str]], Mapping[str, Account]]


class RequestedPackage(NamedTuple):
    """A new package, which `edit` makes of a blank one, or a change of the one that stands. New ones have the id that they will have.
    `edit` raises `Invalid`."""

    row: int
    package_id: str
    edit: Callable[[Package], Package]
    is_new: bool = True


class RequestedCustomer(NamedTuple):
    """A customer: `edit` makes one of None, or changes the one that stands. It raises `Invalid`."""

    row: int
    customer_id: str
    edit: Callable[[Account | None], Account]


class AssignmentChange(NamedTuple):
    """A change of the assignment `ids` = (customer id, assignment id): `edit` gets it as it is shown, and raises `Invalid`."""

    row: int
    ids: tuple[str, str]
    edit: Callable[[Assignment], Assignment]
    confirm_backlog: bool = False


class FileOfAssignments(NamedTuple):
    """The rows that make an assignment, those that change one, and the faults of those that are neither."""

    new: Sequence[RequestedAssignment]
    changes: Sequence[AssignmentChange] = ()
    malformed: Sequence[RowFault] = ()
