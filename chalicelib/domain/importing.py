"""What the rows of a file ask for: each makes something new, or changes what stands."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from .account import Account
from .assigning import RequestedAssignment
from .assignment import Assignment
from .errors import RowFault
from .package import Package

RowChange = Literal["created", "changed", "unchanged"]
"""What became, or would become, of what a row is about."""


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
