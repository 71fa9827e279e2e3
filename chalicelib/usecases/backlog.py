"""Backlog: what is due before the first open day when an assignment is made or changed.

It is posted at once, after confirmation if it is much or old.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date

from ..domain import charging, schedule
from ..domain.account import Account
from ..domain.assigning import Backlog, Obstacle, backlog_dates, backlog_obstacles, demand_no_obstacle, scheduled_dates
from ..domain.assignment import Assignment
from ..domain.charging import Line
from ..domain.deciding import decide_held_first
from ..domain.errors import Contention, MayNotCharge
from ..domain.package import Package
from ..domain.schedule import DAY
from ..storage import assignments, progress
from ..storage.db import Db
from . import loading
from .poster import Poster
from .posting import post_decisions
from .request_context import RequestContext


def find_first_open_day(db: Db, today: date) -> date:
    """The first open day, looked up."""
    return schedule.first_open_day(today, progress.latest_started(db))


def last_backlog_day(db: Db, context: RequestContext) -> date:
    """Backlog goes through the eve of the first open day."""
    return find_first_open_day(db, context.today) - DAY


def demand_confirmed(
    db: Db, context: RequestContext, account: Account, new: Assignment, package: Package, since: date, *, confirmed: bool
) -> None:
    """Raise `Conflict` backlog when an assignment has much or old backlog from `since` on that nobody has confirmed, backlog_too_long,
    parked when its customer is; `MayNotCharge`."""
    last = last_backlog_day(db, context)
    charged = {line.due_date for line in due_lines(db, new, package, since, last)} if new.charged else None
    dates = backlog_dates(new, package, since, last) if charged is None else charged
    obstacles = backlog_obstacles(account, dates, context.today, last + DAY, confirmed=confirmed)
    demand_postable(db, context, Backlog(new, package, since, dates), obstacles, last)


def demand_postable(db: Db, context: RequestContext, owed: Backlog, obstacles: Iterable[Obstacle], last: date) -> None:
    """Raise for what stands against an assignment with a backlog through `last`, and `MayNotCharge` rather than have that confirmed."""
    found = list(obstacles)
    demand_no_obstacle(one for one in found if one.code not in ("backlog", "backlog_too_long"))
    too_long, unconfirmed = (next((one for one in found if one.code == code), None) for code in ("backlog_too_long", "backlog"))
    if too_long:
        more = scheduled_dates(owed.assignment, owed.package, max(owed.dates) + DAY, last)
        demand_no_obstacle([too_long._replace(extra={"due_dates": len(owed.dates) + sum(1 for _ in more)})])
    demand_may_charge(db, context, owed.assignment, owed.package, owed.since)
    if unconfirmed:
        due = due_lines(db, owed.assignment, owed.package, owed.since, last)
        demand_no_obstacle([unconfirmed._replace(extra={"backlog": due})])


def demand_may_charge(db: Db, context: RequestContext, assignment: Assignment, package: Package, since: date) -> None:
    """Raise `MayNotCharge` when something would be posted at once for whoever may not charge."""
    if context.may_charge:
        return
    last = last_backlog_day(db, context)
    if due_lines(db, assignment, package, since, last):
        raise MayNotCharge(f"this would charge at once what is due through {last}")


def demand_may_charge_rest(db: Db, context: RequestContext, made: Assignment, package: Package) -> None:
    """The same for what an earlier attempt has left unposted of an assignment that it made."""
    if made.evaluate_from:
        demand_may_charge(db, context, made, package, made.evaluate_from)


def due_lines(db: Db, assignment: Assignment, package: Package, since: date, last: date) -> list[Line]:
    """What is due in `since..last` and not in the ledger."""
    lines = loading.load_and_price(db, assignment, package, since, last)
    return loading.without_posted(db, lines) if assignment.charged else lines


def post_due(db: Db, context: RequestContext, account: Account, saved: Iterable[Assignment]) -> bool:
    """Post what is due on assignments of a customer from their `evaluate_from` through the backlog's last day, in the order of
    charges; then move each mark past it, charges or not.

    A crash before that, or another writer, leaves `evaluate_from` where it is: the next daily run posts from there. So it does
    for what a parked customer owes, once unparked. The last day is looked up anew: a day whose evaluation has begun since the
    assignment was saved may have missed it. Returns whether anything may have changed.
    """
    last = last_backlog_day(db, context)
    owing = _owing_through(db, saved, last)
    lines = charging.in_order(line for one, package, since in owing for line in due_lines(db, one, package, since, last))
    waiting = {line.assignment_id for line in lines} if account.parked else set()
    decisions = [] if account.parked else decide_held_first([], lines, loading.charges_behind(db, lines))
    uncharged = {one.assignment_id: one for one, *_ in owing if not one.charged}
    debits = account if any(decision.moves_account for decision in decisions) else None
    post_decisions(db, Poster(None, context), decisions, debits, uncharged)
    for assignment, *_ in owing:
        if assignment.assignment_id not in waiting:
            _move_mark(db, assignment, last)
    return bool(owing)


def _owing_through(db: Db, saved: Iterable[Assignment], last: date) -> list[tuple[Assignment, Package, date]]:
    """Assignments that may owe something through `last`, with their packages and from when.

    Prices and terms of a day may change until its evaluation begins, so what was loaded before `last` was looked up is read again.
    """
    ids = [(one.customer_id, one.assignment_id) for one in saved if one.evaluate_from and one.evaluate_from <= last]
    if not ids:
        return []
    found = assignments.find_assignments(db, ids)
    catalog = loading.packages_of(db, found)
    return [(one, catalog[one.package_id], since) for one in found if (since := one.evaluate_from) and since <= last]


def _move_mark(db: Db, through: Assignment, last: date) -> None:
    """Note that the assignment is through with its backlog, unless somebody was at it meanwhile."""
    with suppress(Contention):
        db.write(assignments.move_evaluate_from(through, last + DAY))
