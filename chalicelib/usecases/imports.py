"""Files of packages and of assignments: every faulty row is named, and all rows are written or none.

All of a file is one transaction of at most 100 actions, so no reader ever sees half of it and a crash leaves none of it. An
assignment takes an action, and so does each DID, each customer and each package that the file names.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple, TypeVar

from ..domain import assignment as rules
from ..domain.account import Account
from ..domain.assignment import Assignment, earliest_end, first_day
from ..domain.charging import Line
from ..domain.errors import Fault, InvalidRows, RowFault, row_fault
from ..domain.package import Package
from ..domain.posting import MAX_ACTIONS
from ..domain.warning import BillingWarning
from ..storage import accounts, assignments, packages
from ..storage.assignments import Hold, Holds
from ..storage.db import Action, Db
from ..storage.errors import Cancelled
from ..storage.retry import settle
from . import backlog, dids, planning, warnings
from .act import Act
from .assignments import Detail, complete, details, faults_of
from .backlog import Owed
from .packages import stamped

MOST_BACKLOG: Final = 2000
"""Due dates before today that one file may charge at once: what fits into the time of a request."""

T = TypeVar("T")


class Row(NamedTuple):
    """A row that is well-formed. `draft` has its id, derived from the request."""

    number: int
    draft: Assignment
    minimum_days: int | None = None
    confirm_backlog: bool = False


class Made(NamedTuple):
    """What became, or would become, of a row, what it charges at once, and what is odd about it."""

    row: int
    detail: Detail
    backlog: list[Line]
    warnings: Sequence[BillingWarning] = ()


class _Seen(NamedTuple):
    """What the rows of a file refer to, as it stands."""

    accounts: dict[str, Account]
    packages: dict[str, Package]
    holds: dict[str, Holds]
    last: date


def define(db: Db, act: Act, rows: Sequence[tuple[int, Package]], *, dry_run: bool) -> list[tuple[int, Package]]:
    """Write packages, which have their ids; a dry run says what would be written. Raises `InvalidRows` too_many."""
    _demand_room(rows, len, lambda row: row[0])
    new = [(number, stamped(act, draft)) for number, draft in rows]
    if dry_run:
        return new
    try:
        db.transact([packages.creation(package) for _, package in new])
    except Cancelled:
        standing = packages.find_many(db, [package.package_id for _, package in new])
        if not standing:
            raise
        return [(number, standing.get(package.package_id, package)) for number, package in new]
    return new


def assign(db: Db, act: Act, rows: Sequence[Row], malformed: Sequence[RowFault], *, dry_run: bool) -> list[Made]:
    """Assign packages and post what was due before today; a dry run says what would be. A retry of the same request completes it.

    Raises `InvalidRows` for every row that can't be, those `malformed` as they came included, also too_many; `MayNotCharge`.
    """

    def attempt() -> list[Made]:
        standing = _standing(db, act, rows)
        if standing:
            _demand_may_charge(db, act, standing)
            return standing
        seen = _look(db, act, rows)
        planned = _planned(act, rows, seen, malformed)
        _demand_room(planned, lambda some: len(_actions(seen, some)), lambda made: made.row)
        if not dry_run:
            _demand_may_charge(db, act, planned)
            db.transact(_actions(seen, planned))
        return [made._replace(backlog=_backlog(db, made.detail, seen.last)) for made in planned]

    made = settle(attempt)
    if not dry_run:
        made = _posted(db, act, made)
    warned = warnings.of_rows(db, [(one.row, one.detail.assignment) for one in made])
    return [one._replace(warnings=warned[one.row]) for one in made]


def _demand_may_charge(db: Db, act: Act, made: Sequence[Made]) -> None:
    """Raise `MayNotCharge` when a row would be charged at once for whoever may not charge."""
    for assignment, package, _ in (one.detail for one in made):
        if assignment.evaluate_from:
            backlog.demand_may_charge(db, act, assignment, package, assignment.evaluate_from)


def _standing(db: Db, act: Act, rows: Sequence[Row]) -> list[Made]:
    """What an earlier attempt at this request has made; all or nothing, but for what was removed since."""
    found = assignments.find_many(db, [(row.draft.customer_id, row.draft.assignment_id) for row in rows])
    numbers, last = {row.draft.assignment_id: row.number for row in rows}, backlog.last_day(db, act) if found else act.today
    return [Made(numbers[one.assignment.assignment_id], one, _backlog(db, one, last)) for one in details(db, found, act.today)]


def _backlog(db: Db, detail: Detail, last: date) -> list[Line]:
    return planning.lines(db, detail.assignment, detail.package, first_day(detail.assignment), last)


def _look(db: Db, act: Act, rows: Sequence[Row]) -> _Seen:
    return _Seen(
        accounts.find_many(db, {row.draft.customer_id for row in rows}),
        packages.find_many(db, {row.draft.package_id for row in rows}),
        assignments.holds_of_many(db, {row.draft.did for row in rows if row.draft.did}),
        backlog.last_day(db, act),
    )


def _planned(act: Act, rows: Sequence[Row], seen: _Seen, malformed: Sequence[RowFault]) -> list[Made]:
    """The assignments. Raises `InvalidRows` with the faults of all rows; a DID goes to the first row that asks for it."""
    faults = list(malformed)
    made: list[Made] = []
    taken = {did: list(held.holds) for did, held in seen.holds.items()}
    due = 0
    for row in rows:
        package, own = seen.packages.get(row.draft.package_id), list(_unknown(row, seen))
        if package and not own:
            new = complete(act, row.draft, package, row.minimum_days)
            dates = backlog.due_dates(new, package, first_day(new), seen.last)
            own += [*_faults(row, new, package, seen), *_did_faults(row, new, taken)]
            own += _backlog_faults(row, dates, act.today, seen.accounts[new.customer_id])
            due += len(dates)
            made.append(Made(row.number, Detail(new, package), []))
        faults += own
    if faults:
        raise InvalidRows(faults)
    if due > MOST_BACKLOG:
        detail = f"{due} due dates lie before today, more than {MOST_BACKLOG}: split the file, or use charge_from"
        raise InvalidRows([row_fault(rows[-1].number, "", detail)], code="too_many")
    return made


def _unknown(row: Row, seen: _Seen) -> Iterator[RowFault]:
    package = seen.packages.get(row.draft.package_id)
    if row.draft.customer_id not in seen.accounts:
        yield row_fault(row.number, "customer_id", f"there is no customer {row.draft.customer_id}")
    if package is None or package.deleted:
        yield row_fault(row.number, "package_id", f"there is no package {row.draft.package_id}")


def _faults(row: Row, new: Assignment, package: Package, seen: _Seen) -> Iterator[RowFault]:
    found: list[Fault] = [*faults_of(new, package, seen.accounts[new.customer_id])]
    found += rules.minimum_days_faults(row.minimum_days, package)
    yield from (row_fault(row.number, fault.pointer.removeprefix("/"), fault.detail) for fault in found)
    if new.minimum_days and new.end_date and new.end_date < earliest_end(new):
        yield row_fault(row.number, "end_date", f"it runs for at least {new.minimum_days} days: its earliest end is {earliest_end(new)}")


def _did_faults(row: Row, new: Assignment, taken: dict[str, list[Hold]]) -> Iterator[RowFault]:
    """Whether the DID is another customer's, by what stands or by a row before; a row without fault takes it."""
    if new.did is None:
        return
    fault = dids.clash(taken[new.did], new)
    if fault:
        yield row_fault(row.number, "did", fault)
    else:
        taken[new.did].append(assignments.hold(new))


def _backlog_faults(row: Row, dates: set[date], today: date, account: Account) -> Iterator[RowFault]:
    if dates and account.parked:
        yield row_fault(row.number, "customer_id", backlog.PARKED)
    if len(dates) > backlog.LONGEST:
        detail = f"more than {backlog.LONGEST} due dates lie before today, and no more can be posted at once: use charge_from"
        yield row_fault(row.number, "charge_from", detail)
    elif backlog.needs_confirmation(dates, today) and not row.confirm_backlog:
        yield row_fault(row.number, "confirm_backlog", f"{backlog.many(dates)} would be charged at once; true says so")


def _demand_room(rows: Sequence[T], actions: Callable[[Sequence[T]], int], number: Callable[[T], int]) -> None:
    """Raise `InvalidRows` too_many, naming the first row that doesn't fit into one transaction with those before it."""
    if actions(rows) <= MAX_ACTIONS:
        return
    fits = next(n for n in range(len(rows)) if actions(rows[: n + 1]) > MAX_ACTIONS)
    detail = f"the rows are right, but only the first {fits} fit into one import: split the file before this row"
    raise InvalidRows([row_fault(number(rows[fits]), "", detail)], code="too_many")


def _actions(seen: _Seen, planned: Sequence[Made]) -> list[Action]:
    new = [made.detail.assignment for made in planned]
    of_packages = Counter(one.package_id for one in new)
    of_customers: dict[str, list[Assignment]] = {}
    holds: dict[str, list[Hold]] = {}
    for one in new:
        of_customers.setdefault(one.customer_id, []).append(one)
        if one.did:
            holds.setdefault(one.did, list(seen.holds[one.did].holds)).append(assignments.hold(one))
    return [
        *(assignments.creation(one) for one in new),
        *(packages.count_assignment(seen.packages[name], count) for name, count in of_packages.items()),
        *(accounts.count_assignments(seen.accounts[name], own) for name, own in of_customers.items()),
        *(assignments.write_holds(seen.holds[did], held) for did, held in holds.items()),
    ]


def _posted(db: Db, act: Act, made: Sequence[Made]) -> list[Made]:
    """Post the backlog of all rows, customer by customer, and read what stands. What a crash leaves unposted, the next daily run posts."""
    owed: dict[str, list[Owed]] = {}
    for assignment, package, _ in (one.detail for one in made):
        owed.setdefault(assignment.customer_id, []).append(Owed(assignment, package))
    for customer_id, account in accounts.find_many(db, owed).items():
        backlog.post_due(db, act, account, owed[customer_id])
    standing = assignments.find_many(db, [(one.detail.assignment.customer_id, one.detail.assignment.assignment_id) for one in made])
    told = {one.assignment.assignment_id: one for one in details(db, standing, act.today)}
    return [one._replace(detail=told.get(one.detail.assignment.assignment_id, one.detail)) for one in made]
