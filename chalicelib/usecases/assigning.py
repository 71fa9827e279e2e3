"""Loads for, writes and takes up again new assignments: any, and one by itself. `domain.assigning` says which may be made."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..domain import charging, schedule
from ..domain.account import Account
from ..domain.assigning import (
    INVALID,
    AssigningFacts,
    RequestedAssignment,
    demand_no_obstacle,
    first_warnings,
    needs_confirmation,
    plan_assignments,
)
from ..domain.assignment import Assignment
from ..domain.charging import Line
from ..domain.detail import Detail
from ..domain.errors import NotFound
from ..domain.history import assignment_change
from ..domain.package import Package
from ..domain.schedule import DAY
from ..storage import accounts, assignments, did_tenures, finding, packages
from ..storage.db import Action, Db
from ..storage.did_tenures import DidTenures
from ..storage.retry import retry_on_contention
from . import backlog, dids
from .assignments import post_backlog
from .history import record_change
from .request_context import RequestContext


class LoadedForAssigning(NamedTuple):
    """What new assignments refer to, as it stands, and those of them that an earlier attempt at the request has made."""

    facts: AssigningFacts
    tenures: Mapping[str, DidTenures]
    made: Sequence[Assignment]

    def detail(self, assignment: Assignment) -> Detail:
        """An assignment as it is shown once it is made."""
        package = self.facts.packages[assignment.package_id]
        return Detail(assignment, package, shown_on=self.facts.open_day, warnings=first_warnings(assignment, package))


class ChargedAtOnce(NamedTuple):
    """What is charged when an assignment is made, in the order of charges, and whether somebody has to confirm that."""

    lines: Sequence[Line]
    currency: str
    needs_confirmation: bool


def load_for_assigning(db: Db, context: RequestContext, requested: Iterable[RequestedAssignment]) -> LoadedForAssigning:
    """Two requests for up to 49 assignments.

    The latest day whose evaluation has begun is read before the packages: the prices of a day are final once it has.
    """
    drafts = [one.draft for one in requested]
    owners, made, latest_started = assignments.customers_with_latest_started(db, [(one.customer_id, one.assignment_id) for one in drafts])
    wanted = {one.package_id for one in (*drafts, *made)}
    catalog, tenures = did_tenures.find_packages_and_tenures(db, wanted, {one.did for one in drafts if one.did})
    known = {did: one.all for did, one in tenures.items()}
    open_day = schedule.first_open_day(context.today, latest_started)
    return LoadedForAssigning(AssigningFacts(owners, catalog, known, context.today, open_day), tenures, made)


def creation_actions(
    context: RequestContext,
    new: Sequence[Assignment],
    owners: Mapping[str, Account],
    catalog: Mapping[str, Package],
    tenures: Mapping[str, DidTenures],
    before: Sequence[Assignment] = (),
) -> list[Action]:
    """Write new assignments, what they are found by and their history, count them, and give them their DIDs, which others may have had
    `before`, as these are now."""
    of_packages, of_customers = Counter(one.package_id for one in new), {one.customer_id: owners[one.customer_id] for one in new}
    of_dids = {one.did: tenures[one.did] for one in new if one.did}
    return [
        *(assignments.create_assignment(one) for one in new),
        *(action for one in new for action in finding.ends_rewritten(None, one)),
        *(record_change(context, assignment_change("assignment.created", one)) for one in new),
        *(packages.count_assignment(catalog[package_id], count) for package_id, count in of_packages.items()),
        *(accounts.count_assignments(owner, [one for one in new if one.customer_id == name]) for name, owner in of_customers.items()),
        *(
            action
            for did, own in of_dids.items()
            for action in dids.change_tenures(own, [one for one in (*before, *new) if one.did == did])
        ),
    ]  # fmt: skip


def try_assignment(db: Db, context: RequestContext, draft: Assignment, given_minimum_days: int | None) -> ChargedAtOnce:
    """What an assignment would charge at once. Nothing is written.

    Raises `Invalid`, or `Conflict` minimum_days, did_in_use, backlog_too_long, parked.
    """
    requested = RequestedAssignment(0, draft._replace(assignment_id=context.id), given_minimum_days, confirm_backlog=True)
    facts = load_for_assigning(db, context, [requested]).facts
    if draft.customer_id not in facts.accounts:
        raise NotFound(f"there is no customer {draft.customer_id}")
    planned, obstacles = plan_assignments([requested], facts, context.timestamp, context.by)
    demand_no_obstacle(obstacles.get(requested.row, []))
    new = planned[requested.row]
    lines = backlog.due_lines(db, new.assignment, new.package, new.since, facts.open_day - DAY)
    return ChargedAtOnce(charging.in_order(lines), new.package.currency, needs_confirmation(new.dates, context.today))


def create_assignment(db: Db, context: RequestContext, draft: Assignment, given_minimum_days: int | None, confirm_backlog: bool) -> Detail:
    """Assign a package and post its backlog. A retry of the same request completes it.

    Raises `Invalid`, `MayNotCharge`, or `Conflict` minimum_days, did_in_use, backlog, backlog_too_long, parked.
    """
    requested = RequestedAssignment(0, draft._replace(assignment_id=context.id), given_minimum_days, confirm_backlog)

    def attempt() -> tuple[Mapping[str, Account], Detail]:
        loaded = load_for_assigning(db, context, [requested])
        owners, catalog = loaded.facts.accounts, loaded.facts.packages
        if draft.customer_id not in owners:
            raise NotFound(f"there is no customer {draft.customer_id}")
        if loaded.made:
            detail = loaded.detail(loaded.made[0])
            backlog.demand_may_charge_rest(db, context, detail.assignment, detail.package)
            return owners, detail
        planned, obstacles = plan_assignments([requested], loaded.facts, context.timestamp, context.by)
        against = obstacles.get(requested.row, [])
        demand_no_obstacle(one for one in against if one.code == INVALID)
        new = planned[requested.row]
        backlog.demand_postable(db, context, new, against, loaded.facts.open_day - DAY)
        db.transact(creation_actions(context, [new.assignment], owners, catalog, loaded.tenures))
        return owners, loaded.detail(new.assignment)

    owners, saved = retry_on_contention(attempt)
    return post_backlog(db, context, owners, [saved])[0]
