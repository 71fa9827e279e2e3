"""Exports of what there is now: customers, assignments, packages."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from ...domain.package import Package
from ...domain.prices import in_force
from ...storage import packages
from ...storage.keys import Key
from ..assignments import details
from ..prices import shown_on
from ..runs.sweep import Group, customers
from ..segment import Unreadable
from ..work.strategy import Record
from .forms import Export, Row

DETAILS_MAX: Final = 500
"""Assignments whose packages and minutes are read at once."""
PACKAGES_MAX: Final = 200
"""Packages that are read at once."""


class _ListedExport(Export):
    """One record makes a row."""

    @property
    def _today(self) -> date:
        return date.fromisoformat(self._asked["today"])

    def row(self, records: Iterator[Record]) -> Row:
        """The row that the record holds."""
        row: Row = next(records).value
        return row


class CustomersExport(_ListedExport):
    """Every customer."""

    depth: Final = 1

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[Group]:
        """Customers with their assignments."""
        return customers(self._db, segment, self._segments, cursor, unreadable)

    def records(self, member: Group) -> Iterator[Record]:
        """The customer."""
        yield Record((member.customer_id,), self._forms.customer(member.account))


class AssignmentsExport(_ListedExport):
    """Every assignment, by customer, then oldest first."""

    depth: Final = 2

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[Group]:
        """Customers with their assignments."""
        return customers(self._db, segment, self._segments, cursor, unreadable)

    def records(self, member: Group) -> Iterator[Record]:
        """The customer's assignments, as they are shown on the day on which the export was asked for."""
        found = member.assignments
        for start in range(0, len(found), DETAILS_MAX):
            for one in details(self._db, found[start : start + DETAILS_MAX], self._today):
                yield Record((member.customer_id, one.assignment.assignment_id), self._forms.assignment(one))


class PackageSlice(NamedTuple):
    """Some packages. They are no customer's."""

    packages: Sequence[Package]
    last: Key | None
    customer_id: str = ""


class PackagesExport(_ListedExport):
    """Every package that is not deleted, oldest first. There is one segment of them."""

    depth: Final = 1

    def members(self, _segment: int, cursor: Key | None, _unreadable: Unreadable) -> Iterator[PackageSlice]:
        """Packages, some at a time."""
        while True:
            found, cursor = packages.list_packages(self._db, cursor, PACKAGES_MAX)
            yield PackageSlice(found, cursor)
            if cursor is None:
                return

    def records(self, member: PackageSlice) -> Iterator[Record]:
        """The packages, with the prices that an assignment would pay which starts on the first open day."""
        day = shown_on(self._db, self._today, member.packages)
        for one in member.packages:
            yield Record((one.package_id,), self._forms.package(in_force(one, day)))
