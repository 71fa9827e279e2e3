"""Files of packages and of assignments: every faulty row is named, and all rows are written or none.

All of a file is one transaction of at most 100 actions, so no reader ever sees half of it and a crash leaves none of it. A package
or an assignment takes two actions, one of them for its history, and each DID, customer and package that rows of assignments name
takes one.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple, TypeVar

from ..domain.account import Account
from ..domain.assigning import AssigningFacts, RequestedAssignment, plan_assignments
from ..domain.assignment import Assignment, first_day
from ..domain.charging import Line
from ..domain.detail import Detail
from ..domain.errors import InvalidRows, RowFault, row_fault
from ..domain.history import package_change
from ..domain.package import Package
from ..domain.posting import TRANSACTION_ACTIONS_MAX
from ..domain.schedule import DAY
from ..domain.warning import BillingWarning
from ..storage import packages
from ..storage.db import Action, Db
from ..storage.errors import Cancelled
from ..storage.retry import retry_on_contention
from . import backlog, loading, warnings
from .assigning import LoadedForAssigning, creation_actions, load_for_assigning
from .assignments import post_backlog
from .history import record_change
from .packages import new_package
from .request_context import RequestContext

IMPORT_BACKLOG_MAX: Final = 2000
"""Due dates of backlog that one file may charge at once: what fits into the time of a request."""

T = TypeVar("T")


class Made(NamedTuple):
    """What became, or would become, of a row, what it charges at once, and what is odd about it."""

    row: int
    detail: Detail
    backlog: list[Line]
    warnings: Sequence[BillingWarning] = ()


def define(db: Db, context: RequestContext, rows: Sequence[tuple[int, Package]], *, dry_run: bool) -> list[tuple[int, Package]]:
    """Write packages, which have their ids; a dry run says what would be written. Raises `InvalidRows` too_many."""
    new = [(number, new_package(context, draft)) for number, draft in rows]
    _demand_room(new, lambda some: len(_definitions(context, some)), lambda row: row[0])
    if dry_run:
        return new
    try:
        db.transact(_definitions(context, new))
    except Cancelled:
        standing = packages.find_packages(db, [package.package_id for _, package in new])
        if not standing:
            raise
        return [(number, standing.get(package.package_id, package)) for number, package in new]
    return new


def _definitions(context: RequestContext, rows: Sequence[tuple[int, Package]]) -> list[Action]:
    new = [package for _, package in rows]
    return [
        *(packages.create_package(one) for one in new),
        *(record_change(context, package_change("package.created", one)) for one in new),
    ]


def assign(
    db: Db, context: RequestContext, rows: Sequence[RequestedAssignment], malformed: Sequence[RowFault], *, dry_run: bool
) -> list[Made]:
    """Assign packages and post their backlog; a dry run says what would be posted. A retry of the same request completes it.

    Raises `InvalidRows` for every row that can't be, those `malformed` as they came included, also too_many; `MayNotCharge`.
    """
    numbers = {row.draft.assignment_id: row.row for row in rows}

    def attempt() -> tuple[Mapping[str, Account], list[Made]]:
        loaded = load_for_assigning(db, context, rows)
        facts = loaded.facts
        new = loaded.made or _planned(context, rows, facts, malformed)
        if not loaded.made:
            _demand_room(new, lambda some: len(_import_actions(context, loaded, some)), lambda one: numbers[one.assignment_id])
        if loaded.made or not dry_run:
            for one in new:
                backlog.demand_may_charge_rest(db, context, one, facts.packages[one.package_id])
        if not (loaded.made or dry_run):
            db.transact(_import_actions(context, loaded, new))
        last = facts.open_day - DAY
        return facts.accounts, [Made(numbers[one.assignment_id], loaded.detail(one), _backlog(db, loaded.detail(one), last)) for one in new]

    owners, made = retry_on_contention(attempt)
    details = [one.detail for one in made] if dry_run else post_backlog(db, context, owners, [one.detail for one in made])
    warned = warnings.row_warnings(db, [(one.row, one.detail) for one in made])
    return [one._replace(detail=detail, warnings=warned[one.row]) for one, detail in zip(made, details, strict=True)]


def _import_actions(context: RequestContext, loaded: LoadedForAssigning, new: Sequence[Assignment]) -> list[Action]:
    return creation_actions(context, new, loaded.facts.accounts, loaded.facts.packages, loaded.tenures)


def _backlog(db: Db, detail: Detail, last: date) -> list[Line]:
    return loading.load_and_price(db, detail.assignment, detail.package, first_day(detail.assignment), last)


def _planned(
    context: RequestContext, rows: Sequence[RequestedAssignment], facts: AssigningFacts, malformed: Sequence[RowFault]
) -> list[Assignment]:
    """The assignments. Raises `InvalidRows` with the faults of all rows."""
    planned, obstacles = plan_assignments(rows, facts, context.timestamp, context.by)
    against = [row_fault(row, one.pointer.removeprefix("/"), one.detail) for row, found in obstacles.items() for one in found]
    if malformed or against:
        raise InvalidRows([*malformed, *against])
    due = sum(len(one.dates) for one in planned.values())
    if due > IMPORT_BACKLOG_MAX:
        detail = f"{due} due dates lie before {facts.open_day}, more than {IMPORT_BACKLOG_MAX}: split the file, or use charge_from"
        raise InvalidRows([row_fault(rows[-1].row, "", detail)], code="too_many")
    return [one.assignment for one in planned.values()]


def _demand_room(rows: Sequence[T], actions: Callable[[Sequence[T]], int], number: Callable[[T], int]) -> None:
    """Raise `InvalidRows` too_many, naming the first row that doesn't fit into one transaction with those before it."""
    if actions(rows) <= TRANSACTION_ACTIONS_MAX:
        return
    fits = next(n for n in range(len(rows)) if actions(rows[: n + 1]) > TRANSACTION_ACTIONS_MAX)
    detail = f"the rows are right, but only the first {fits} fit into one import: split the file before this row"
    raise InvalidRows([row_fault(number(rows[fits]), "", detail)], code="too_many")
