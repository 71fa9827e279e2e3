"""New assignments: what is asked for and what it refers to in, assignments and obstacles out (rules: 4, 5). Writes nothing.

A single request is a file of one row. What an edit may come to is checked by the same functions.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple

from . import amending, charging, money
from .account import Account
from .assignment import Assignment, assignment_faults, earliest_end, first_day, minimum_days_faults, package_faults
from .errors import NOTHING, Conflict, Fault, Invalid
from .package import Package
from .schedule import DAY
from .tenure import DidTenure, clash, tenure_of
from .warning import BillingWarning

UNCONFIRMED_DATES_MAX: Final = 3
UNCONFIRMED_AGE_MAX: Final = timedelta(days=31)
BACKLOG_DATES_MAX: Final = 400
INVALID: Final = "invalid"


class RequestedAssignment(NamedTuple):
    """An assignment that is asked for. `draft` has its id; `row` says where in a file it stands."""

    row: int
    draft: Assignment
    minimum_days: int | None = None
    confirm_backlog: bool = False


class AssigningFacts(NamedTuple):
    """What new assignments refer to, by id: the customers and packages that exist, and who has the DIDs."""

    accounts: Mapping[str, Account]
    packages: Mapping[str, Package]
    tenures: Mapping[str, Sequence[DidTenure]]
    today: date
    open_day: date


class Backlog(NamedTuple):
    """An assignment as it is to be written, and the dates from `since` on of what is charged at once when it is."""

    assignment: Assignment
    package: Package
    since: date
    dates: set[date]


class Obstacle(NamedTuple):
    """What stands against an assignment: a field that breaks a rule (`INVALID`), or the code of a conflict with the state of things.

    `extra` are the fields that the conflict says besides, `for_readers` those that it says to callers who may read.
    """

    pointer: str
    detail: str
    code: str = INVALID
    extra: Mapping[str, Any] = NOTHING
    for_readers: Mapping[str, Any] = NOTHING


def plan_assignments(
    requested: Iterable[RequestedAssignment], facts: AssigningFacts, at: str, by: str
) -> tuple[dict[int, Backlog], dict[int, list[Obstacle]]]:
    """By row the assignments, made `at` an instant (ISO 8601) by somebody, and what stands against them: then none is to be written.

    A DID goes to the first row that asks for it.
    """
    made: dict[int, Backlog] = {}
    obstacles: dict[int, list[Obstacle]] = {}
    taken = {did: list(tenures) for did, tenures in facts.tenures.items()}
    for one in requested:
        package, account = facts.packages.get(one.draft.package_id), facts.accounts.get(one.draft.customer_id)
        found = [] if account else [Obstacle("/customer_id", f"there is no customer {one.draft.customer_id}")]
        if package is None or package.deleted:
            found.append(Obstacle("/package_id", f"there is no package {one.draft.package_id}"))
        elif account:
            new = _completed_draft(one, package, at, by)
            since = first_day(new)
            dates = backlog_dates(new, package, since, facts.open_day - DAY)
            found += assignment_obstacles(new, package, account, one.minimum_days)
            found += _take_did(new, taken)
            found += backlog_obstacles(account, dates, facts.today, facts.open_day, confirmed=one.confirm_backlog)
            made[one.row] = Backlog(new, package, since, dates)
        if found:
            obstacles[one.row] = found
    return made, obstacles


def _completed_draft(requested: RequestedAssignment, package: Package, at: str, by: str) -> Assignment:
    """The draft with what it takes from its package and from the request."""
    return requested.draft._replace(
        minimum_days=package.minimum_days or requested.minimum_days or 0,
        evaluate_from=first_day(requested.draft),
        package_version=package.version,
        terms=tuple(entry._replace(entered_at=at) for entry in requested.draft.terms),
        created_at=at, created_by=by, updated_at=at, updated_by=by,
    )  # fmt: skip


def _take_did(new: Assignment, taken: Mapping[str, list[DidTenure]]) -> Iterator[Obstacle]:
    """Give its DID to an assignment, unless another customer has it, by what stands or by a row before."""
    if new.did is None:
        return
    fault = clash(taken[new.did], new)
    if fault:
        yield Obstacle("/did", fault.detail, "did_in_use", fault.extra, fault.for_readers)
    else:
        taken[new.did].append(tenure_of(new))


def assignment_obstacles(new: Assignment, package: Package, account: Account, given_minimum_days: int | None = None) -> Iterator[Obstacle]:
    """What is wrong with an assignment of this package to this customer, by itself."""
    faults = (
        *package_faults(new, package, account.currency),
        *amending.terms_faults(new, package),
        *assignment_faults({"start_date": new.start_date, "end_date": new.end_date}),
        *minimum_days_faults(given_minimum_days, package),
    )
    yield from (Obstacle(*fault) for fault in faults)
    if new.end_date is not None:
        yield from minimum_days_obstacles(new, new.end_date)


def minimum_days_obstacles(assignment: Assignment, end_date: date) -> Iterator[Obstacle]:
    """Whether an assignment runs for longer than through `end_date`."""
    earliest = earliest_end(assignment)
    if assignment.minimum_days and end_date < earliest:
        detail = f"it runs for at least {assignment.minimum_days} days: its earliest end is {earliest}"
        yield Obstacle("/end_date", detail, "minimum_days", {"earliest_end_date": earliest.isoformat()})


def backlog_obstacles(account: Account, dates: set[date], today: date, open_day: date, *, confirmed: bool) -> Iterator[Obstacle]:
    """What stands against charging these due dates at once."""
    if dates and account.parked:
        detail = "the customer is parked, and what is due already would be charged at once: unpark the customer, or use charge_from"
        yield Obstacle("/customer_id", detail, "parked")
    if len(dates) > BACKLOG_DATES_MAX:
        detail = f"more than {BACKLOG_DATES_MAX} due dates lie before {open_day}, and no more can be posted at once: use charge_from"
        yield Obstacle("/charge_from", detail, "backlog_too_long")
    elif not confirmed and needs_confirmation(dates, today):
        many = f"{len(dates)} due dates from {min(dates)} to {max(dates)}" if len(dates) > 1 else f"the due date {min(dates)}"
        yield Obstacle("/confirm_backlog", f"{many} would be charged at once; confirm with confirm_backlog: true", "backlog")


def needs_confirmation(dates: Collection[date], today: date) -> bool:
    """Whether somebody has to confirm that these are charged: more than 3 due dates, or one that lies more than 31 days before today."""
    return len(dates) > UNCONFIRMED_DATES_MAX or (bool(dates) and min(dates) < today - UNCONFIRMED_AGE_MAX)


def backlog_dates(new: Assignment, package: Package, since: date, last: date) -> set[date]:
    """The dates from `since` through `last` on which something is charged, of far too many only the first: nobody will charge those, and
    a spreadsheet's empty date is one of 1900. Spend is not looked up."""
    enough = next(islice(scheduled_dates(new, package, since, last), 2 * BACKLOG_DATES_MAX, None), last)
    return {line.due_date for line in charging.priced_lines(new, package, since, enough, lambda *_: money.ZERO)}


def scheduled_dates(new: Assignment, package: Package, since: date, last: date) -> Iterator[date]:
    """The due dates by the schedule alone, whatever is charged on them."""
    return charging.schedule_of(new, package).each(max(since, first_day(new)), min(last, new.end_date or last))


def demand_no_obstacle(obstacles: Iterable[Obstacle]) -> None:
    """Raise `Invalid` with all fields that break a rule, otherwise a `Conflict` of the first obstacle."""
    found = list(obstacles)
    faults = [Fault(one.pointer, one.detail) for one in found if one.code == INVALID]
    if faults:
        raise Invalid(faults)
    for one in found:
        raise Conflict(one.detail, code=one.code, for_readers=one.for_readers, **one.extra)


def first_warnings(new: Assignment, package: Package) -> list[BillingWarning]:
    """What is odd about the terms that an assignment is made with."""
    own = amending.terms_below_cost(new, package, new.start_date, date.max) if new.retail is not None else ()
    return list(dict.fromkeys([*own, *amending.terms_warnings(new, package, [one.begins for one in new.terms])]))
