"""Replacement and transfer: an assignment ends on the eve of a day and another goes on from it, in one transaction.

What falls due on that day and later is posted by its evaluation, which can't have begun: nothing is charged at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from ..domain import replacing
from ..domain.account import Account
from ..domain.assigning import assignment_obstacles, demand_no_obstacle
from ..domain.assignment import Assignment, has_ended
from ..domain.errors import Conflict, Fault, Invalid, NotFound, demand_open
from ..domain.history import ChangeType, assignment_change
from ..domain.package import Package
from ..domain.posting import TRANSACTION_ACTIONS_MAX
from ..domain.replacing import Handover, PricedHandover
from ..storage import accounts, assignments, did_tenures, finding, progress
from ..storage.db import Action, Db
from ..storage.did_tenures import DidTenures
from ..storage.retry import retry_on_contention
from . import backlog, dids, loading
from .assigning import creation_actions
from .history import record_change
from .packages import demand_version
from .request_context import RequestContext
from .snapshot import load_customer


class Successor(NamedTuple):
    """What is to replace an assignment from `begins` on. `given` holds the first values that were named."""

    package_id: str
    begins: date
    given: Mapping[str, Any]


def replace(
    db: Db, context: RequestContext, of: tuple[str, str], version: int | None, successor: Successor, *, dry_run: bool
) -> PricedHandover:
    """Replace the assignment `of` = (customer id, assignment id). A retry of the same request finds what it made.

    Raises `NotFound`, `Invalid`, `NotOpen`, or `Conflict` ended, replaced, minimum_days.
    """
    customer_id, assignment_id = of

    def attempt() -> PricedHandover:
        account, found, catalog, _ = load_customer(db, customer_id, [assignment_id, context.id], [successor.package_id])
        known = {one.assignment_id: one for one in found}
        old, made = known.get(assignment_id), known.get(context.id)
        if old is None:
            raise NotFound(f"customer {customer_id} has no assignment {assignment_id}")
        if made:
            return PricedHandover(Handover(old, old, made), catalog[old.package_id], catalog[made.package_id])
        demand_version(old.version, version)
        package = catalog.get(successor.package_id)
        if package is None or package.deleted:
            raise Invalid([Fault("/package_id", f"there is no package {successor.package_id}")])
        demand_open(successor.begins, backlog.find_first_open_day(db, context.today))
        _demand_goes_on(old, successor.begins)
        handover = _new_versions(context, replacing.plan_replacement(old, successor.begins, package, successor.given, context.id))
        demand_no_obstacle(assignment_obstacles(handover.new, package, account, successor.given.get("minimum_days")))
        tenures = {handover.new.did: dids.free_tenures(db, handover.new)} if handover.new.did else {}
        actions = [*_handover_actions(context, [handover], catalog, account, tenures), progress.not_begun(successor.begins)]
        if not dry_run:
            db.transact(actions)
        return PricedHandover(handover, catalog[old.package_id], package)

    return _with_lines(db, retry_on_contention(attempt))


def transfer(
    db: Db, context: RequestContext, did: str, to: tuple[str, date], new_ids: Sequence[str], *, dry_run: bool
) -> list[PricedHandover]:
    """Give a DID to another customer, `to` = (customer id, day), with all that is assigned to it on that day and later.

    `new_ids` are the same for every attempt at a request: a retry finds what it made.

    Raises `Invalid`, `NotOpen`, or `Conflict` not_transferable with every reason.
    """

    customer_id, begins = to

    def attempt() -> list[PricedHandover]:
        tenures = did_tenures.find_tenures(db, did)
        account = accounts.find_account(db, customer_id)
        if account is None:
            raise Invalid([Fault("/customer_id", f"there is no customer {customer_id}")])
        made = _made_before(db, tenures, customer_id, new_ids)
        if made:
            return made
        demand_open(begins, backlog.find_first_open_day(db, context.today))
        moving = [tenure for tenure in tenures.all if tenure.customer_id != customer_id and (tenure.end_date or begins) >= begins]
        found = assignments.find_assignments(db, [(tenure.customer_id, tenure.assignment_id) for tenure in moving])
        catalog = loading.packages_of(db, found)
        named = zip(found, new_ids, strict=False)  # too many are refused below
        handovers = [_new_versions(context, replacing.plan_transfer(one, begins, customer_id, new_id)) for one, new_id in named]
        actions = [*_handover_actions(context, handovers, catalog, account, {did: tenures}), progress.not_begun(begins)]
        reasons = [*_reasons(found, catalog, account, did, begins)]
        if len(found) > len(new_ids) or len(actions) > TRANSACTION_ACTIONS_MAX:
            reasons.append(Fault("", f"{len(found)} assignments do not fit into one transaction"))
        if reasons:
            detail = f"DID {did} can't be transferred: {'; '.join(one.detail for one in reasons)}"
            raise Conflict(detail, code="not_transferable", errors=[one._asdict() for one in reasons])
        if not dry_run:
            db.transact(actions)
        return [PricedHandover(handover, catalog[handover.old.package_id], catalog[handover.old.package_id]) for handover in handovers]

    return [_with_lines(db, one) for one in retry_on_contention(attempt)]


def _made_before(db: Db, tenures: DidTenures, customer_id: str, new_ids: Sequence[str]) -> list[PricedHandover]:
    """What an earlier attempt at this transfer has made."""
    own = set(new_ids)
    made = assignments.find_assignments(db, [(customer_id, tenure.assignment_id) for tenure in tenures.all if tenure.assignment_id in own])
    before = assignments.find_assignments(db, [(one.transferred_from or "", one.replaces or "") for one in made])
    old = {one.assignment_id: one for one in before}
    catalog = loading.packages_of(db, made)
    return [
        PricedHandover(Handover(old[one.replaces], old[one.replaces], one), catalog[one.package_id], catalog[one.package_id])
        for one in made
        if one.replaces in old
    ]


def _reasons(found: Sequence[Assignment], catalog: Mapping[str, Package], account: Account, did: str, begins: date) -> Iterator[Fault]:
    """Everything that keeps these assignments from going to another customer."""
    if not found:
        yield Fault("/from", f"no other customer has DID {did} on {begins} or later")
    holders = sorted({one.customer_id for one in found})
    if len(holders) > 1:
        yield Fault("/from", f"{' and '.join(holders)} have it on {begins} or later; it can be transferred from one customer only")
    for one in found:
        package = catalog[one.package_id]
        if package.currency != account.currency:
            detail = f"assignment {one.assignment_id} is priced in {package.currency}, the customer's currency is {account.currency}"
            yield Fault("/customer_id", detail)
        if one.replaced_by:
            yield Fault("/from", f"assignment {one.assignment_id} is replaced by {one.replaced_by}: delete that one first")


def _demand_goes_on(old: Assignment, begins: date) -> None:
    """Raise `Conflict` unless the assignment is valid on the eve and on the day itself, and nothing goes on from it yet."""
    if old.replaced_by:
        raise Conflict(f"it is replaced by assignment {old.replaced_by}", code="replaced", replaced_by=old.replaced_by)
    if has_ended(old, begins):
        raise Conflict("the assignment is cancelled" if old.cancelled else f"it ends on {old.end_date}, before {begins}", code="ended")
    if old.start_date >= begins:
        raise Invalid([Fault("/from", f"must lie after the start date, {old.start_date}; delete the assignment and make another")])


def _new_versions(context: RequestContext, handover: Handover) -> Handover:
    written: dict[str, Any] = {"updated_at": context.timestamp, "updated_by": context.by}
    old = handover.old._replace(version=handover.before.version + 1, **written)
    return Handover(handover.before, old, handover.new._replace(created_at=context.timestamp, created_by=context.by, **written))


def _handover_actions(
    context: RequestContext,
    handovers: Sequence[Handover],
    catalog: Mapping[str, Package],
    account: Account,
    tenures: Mapping[str, DidTenures],
) -> list[Action]:
    """Write both sides of each handover, and the history of both. `catalog` has the packages of the new ones, `account` is their
    customer."""
    old, new = [handover.old for handover in handovers], [handover.new for handover in handovers]
    return [
        *(assignments.update_assignment(handover.before, handover.old, uncharged=False) for handover in handovers),
        *(action for handover in handovers for action in finding.ends_rewritten(handover.before, handover.old)),
        *(record_change(context, assignment_change(_done(handover), handover.old, handover.before)) for handover in handovers),
        *creation_actions(context, new, {account.customer_id: account}, catalog, tenures, old),
    ]


def _done(handover: Handover) -> ChangeType:
    return "assignment.transferred" if handover.old.transferred_to else "assignment.replaced"


def _with_lines(db: Db, shown: PricedHandover) -> PricedHandover:
    """With the lines of both sides from the period of the change through the next due dates."""
    handover = shown.handover
    first, last = replacing.shown_days(handover, shown.old_package, shown.new_package)
    return shown._replace(
        old_lines=loading.load_and_price(db, handover.old, shown.old_package, first, last),
        new_lines=loading.load_and_price(db, handover.new, shown.new_package, first, last),
    )
