"""Closing a customer: what ends when and what is still due is shown, then carried out as shown (rules: Closing a customer).

Ends are written some at a time. What an attempt has done, another one finds done, so a request that was cut off can be sent again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Final

from ..domain import closing, schedule
from ..domain.assignment import Assignment, last_due_day
from ..domain.closing import CLOSING_ASSIGNMENTS_MAX, ClosedAssignment, Closing, closed, refused
from ..domain.editing import first_end_date
from ..domain.errors import BillingError, Conflict, Fault, Invalid, VersionMismatch
from ..domain.forecast import Forecast, ForecastRequest, forecast
from ..domain.forecast_days import FORECAST_DAYS_MAX
from ..domain.history import ChangeType
from ..domain.progress import Progress
from ..storage import did_tenures, progress
from ..storage.db import Db
from ..storage.retry import retry_on_contention
from . import dids
from .assignments import remove_unbegun
from .edits import EditPlan, edit_actions, plan_edit, write_edit
from .forecasts import FORECAST_ENTRIES_MAX, FORECAST_LIMITS, REQUEST_LINES_MAX, FactsWanted, gather_facts
from .request_context import RequestContext, Services
from .runs.limits import load_within
from .snapshot import CustomerSnapshot, load_customer

CLOSING_LINES_LISTED: Final = 200
_AT_ONCE: Final = 16
"""Assignments of one transaction: each is at most 6 of 100 actions."""


def plan_closing(services: Services, context: RequestContext, customer_id: str, on: date) -> Closing:
    """What closing a customer on a day would come to; nothing is written. Raises `NotFound`, or `Invalid`, also too_many."""
    db = services.db
    snapshot = load_within(db, customer_id, FORECAST_LIMITS)
    standing = progress.read_progress(db)
    first = _first_open_day(context, standing)
    if on < first_end_date(context.today, first):
        raise Invalid([Fault("/on", f"lies before {first_end_date(context.today, first)}, the first day on which assignments can end")])
    context_of_one = snapshot._replace(latest_started=standing.latest_started)
    items = [item for one in snapshot.assignments for item in _planned(db, context, context_of_one, one, on)]
    if sum(item.becomes not in ("ends_already", "refused") for item in items) > CLOSING_ASSIGNMENTS_MAX:
        detail = f"has more than {CLOSING_ASSIGNMENTS_MAX} assignments that go on: end them by a change of many first (POST /changes)"
        raise Invalid([Fault("/customer_id", detail)], code="too_many")
    return Closing(items, snapshot.packages, _still_due(services, context, snapshot, items, standing))


def close_customer(services: Services, context: RequestContext, customer_id: str, on: date, seen: Mapping[str, int]) -> Closing:
    """Carry out what was shown of the assignments whose versions were `seen`, each once; the others are told and left as they are.

    Raises as `plan_closing`.
    """
    plan_closing(services, context, customer_id, on)
    ids, done = sorted(seen), []
    for start in range(0, len(ids), _AT_ONCE):
        done += _carry_out(services.db, context, customer_id, {one: seen[one] for one in ids[start : start + _AT_ONCE]}, on)
    after = plan_closing(services, context, customer_id, on)
    return after._replace(items=[*done, *(_unseen(item) for item in after.items if item.assignment.assignment_id not in seen)])


def _first_open_day(context: RequestContext, standing: Progress) -> date:
    return schedule.first_open_day(context.today, standing.latest_started)


def _unseen(item: ClosedAssignment) -> ClosedAssignment:
    if item.becomes in ("ends_already", "refused"):
        return item
    return refused(item.assignment, Conflict("it was not among those that were shown", code="not_seen"))


def _planned(db: Db, context: RequestContext, snapshot: CustomerSnapshot, one: Assignment, on: date) -> Iterator[ClosedAssignment]:
    """What becomes of an assignment, unless it is over; checked by the rules of a single edit."""
    item = closed(one, on, context.today)
    if item is None:
        return
    if item.becomes in ("ended", "cancelled"):
        try:
            _edit(db, context, snapshot, item)
        except BillingError as error:
            item = refused(one, error)
    yield item


def _edit(db: Db, context: RequestContext, snapshot: CustomerSnapshot, item: ClosedAssignment) -> EditPlan:
    ended = partial(_as_closed, item)
    return plan_edit(db, context, snapshot._replace(assignments=[item.assignment]), item.assignment.version, ended)


def _as_closed(item: ClosedAssignment, shown: Assignment) -> Assignment:
    return shown._replace(cancelled=True) if item.becomes == "cancelled" else shown._replace(end_date=item.last_day)


def _carry_out(db: Db, context: RequestContext, customer_id: str, seen: Mapping[str, int], on: date) -> list[ClosedAssignment]:
    """Carry out some of what was shown, and say of each what became of it. If another writer comes first, it is looked at again."""

    def attempt() -> list[ClosedAssignment]:
        snapshot = load_customer(db, customer_id, seen)
        judged = [_judged(db, context, snapshot, one, on, seen[one.assignment_id]) for one in snapshot.assignments]
        plans = [(item, _edit(db, context, snapshot, item)) for item, to_do in judged if to_do and item.becomes == "ended"]
        if plans:
            _write_ends(db, context, [plan for _, plan in plans])
        return [*(item for item, to_do in judged if not to_do), *(item._replace(assignment=plan.new) for item, plan in plans)]

    def attempt_one(assignment_id: str) -> list[ClosedAssignment]:
        snapshot = load_customer(db, customer_id, [assignment_id])
        judged = [_judged(db, context, snapshot, one, on, seen[assignment_id]) for one in snapshot.assignments]
        for item, to_do in judged:
            if to_do and item.becomes == "removed":
                remove_unbegun(db, context, snapshot.account, item.assignment)
            elif to_do:
                write_edit(db, context, _edit(db, context, snapshot, item), "assignment.cancelled")
        return [item for item, _ in judged]

    made = retry_on_contention(attempt)
    left = seen.keys() - {item.assignment.assignment_id for item in made}
    return [*made, *(item for one in sorted(left) for item in retry_on_contention(partial(attempt_one, one)))]


def _judged(
    db: Db, context: RequestContext, snapshot: CustomerSnapshot, one: Assignment, on: date, seen: int
) -> tuple[ClosedAssignment, bool]:
    """What becomes of an assignment that was shown in the version `seen`, and whether that has yet to be written."""
    item = next(_planned(db, context, snapshot, one, on), None)
    before = closing.carried_out(one, item, seen)
    if before or item is None:
        return before or closing.refused(one, Conflict("it is over", code="ended")), False
    if item.becomes != "refused" and one.version != seen:
        return refused(one, VersionMismatch(f"it was changed meanwhile: its version is {one.version}")), False
    return item, item.becomes != "refused"


def _write_ends(db: Db, context: RequestContext, ends: Sequence[EditPlan]) -> None:
    """Write these ends in one transaction, with the tenures of their DIDs."""
    done: ChangeType = "assignment.ended"
    by_did: dict[str, list[Assignment]] = {}
    for plan in ends:
        if plan.new.did:
            by_did.setdefault(plan.new.did, []).append(plan.new)
    tenures = did_tenures.find_tenures_of_many(db, by_did)
    rewritten = [action for did, changed in by_did.items() for action in dids.change_tenures(tenures[did], changed)]
    db.transact([*(action for plan in ends for action in edit_actions(context, plan, done)), *rewritten])


def _still_due(
    services: Services, context: RequestContext, snapshot: CustomerSnapshot, items: Sequence[ClosedAssignment], standing: Progress
) -> Forecast:
    """What the days through the last on which something falls due will bring, as far as a forecast goes."""
    first = _first_open_day(context, standing)
    became = {item.assignment.assignment_id: item for item in items}
    left = [after for one in snapshot.assignments for after in _after(one, became.get(one.assignment_id))]
    lasts = [last_due_day(one, snapshot.packages[one.package_id]) for one in left if one.end_date]
    farthest = date.fromordinal(first.toordinal() + FORECAST_DAYS_MAX - 1)
    last = min(max([first, *lasts]), farthest)
    wanted = FactsWanted(first, last, context.at, services.max_lines, FORECAST_ENTRIES_MAX)
    facts = gather_facts(services.db, snapshot._replace(assignments=left), standing, wanted)
    return forecast(facts, ForecastRequest(first, last, context.today, CLOSING_LINES_LISTED, REQUEST_LINES_MAX))


def _after(one: Assignment, item: ClosedAssignment | None) -> Iterator[Assignment]:
    """An assignment as it is once the customer is closed."""
    if item is None or item.becomes in ("ends_already", "refused"):
        yield one
    elif item.becomes != "removed":
        yield _as_closed(item, one)
