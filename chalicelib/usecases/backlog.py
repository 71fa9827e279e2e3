"""Backlog: what is due before the first open day when an assignment is made or changed.

It is posted at once, after confirmation if it is much or old.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from itertools import islice
from typing import Final, NamedTuple

from ..domain import charging, money
from ..domain.account import Account
from ..domain.assignment import Assignment, first_day
from ..domain.charging import Line
from ..domain.errors import Conflict, Contention, MayNotCharge
from ..domain.ledger import charge_key
from ..domain.package import Package
from ..domain.run import Decision
from ..domain.schedule import DAY, each_due
from ..storage import assignments, progress
from ..storage.db import Db
from . import planning
from .act import Act
from .posting import Poster, post

UNCONFIRMED: Final = 3
OLDEST_UNCONFIRMED: Final = timedelta(days=31)
LONGEST: Final = 400
PARKED: Final = "the customer is parked: what is due before today would be charged at once; unpark the customer, or use charge_from"


class Owed(NamedTuple):
    """An assignment that is to be charged from its `evaluate_from` on."""

    assignment: Assignment
    package: Package


def first_open_day(db: Db, act: Act) -> date:
    """The first day after yesterday, and after the last day whose evaluation has begun."""
    begun = progress.latest_started(db)
    return max(act.today, begun + DAY) if begun else act.today


def last_day(db: Db, act: Act) -> date:
    """Backlog goes through the eve of the first open day."""
    return first_open_day(db, act) - DAY


def demand_confirmed(db: Db, act: Act, account: Account, new: Assignment, package: Package, *, confirmed: bool) -> None:
    """Raise `Conflict` backlog when an assignment has much or old backlog that nobody has confirmed, parked when its customer is."""
    since, last = first_day(new), last_day(db, act)
    dates = due_dates(new, package, since, last)
    if dates and account.parked:
        raise Conflict(PARKED, code="parked")
    if len(dates) > LONGEST:
        count = len(dates) + sum(1 for _ in _scheduled(new, package, max(dates) + DAY, last))
        raise Conflict(
            f"{count} due dates lie before {last + DAY}; at most {LONGEST} can be posted at once: use charge_from",
            code="backlog_too_long", due_dates=count,
        )  # fmt: skip
    demand_may_charge(db, act, new, package, since)
    if needs_confirmation(dates, act.today) and not confirmed:
        due = [told(line) for line in planning.lines(db, new, package, since, last)]
        raise Conflict(f"{many(dates)} would be charged at once; confirm_backlog: true says so", code="backlog", backlog=due)


def needs_confirmation(dates: set[date], today: date) -> bool:
    """Whether somebody has to say that these due dates are meant: more than 3, or one that lies more than 31 days before today."""
    return len(dates) > UNCONFIRMED or (bool(dates) and min(dates) < today - OLDEST_UNCONFIRMED)


def many(dates: set[date]) -> str:
    """`3 due dates from 2024-01-15 to 2024-03-15`."""
    return f"{len(dates)} due dates from {min(dates)} to {max(dates)}" if len(dates) > 1 else f"the due date {min(dates)}"


def demand_may_charge(db: Db, act: Act, assignment: Assignment, package: Package, since: date) -> None:
    """Raise `MayNotCharge` when something would be posted at once for whoever may not charge."""
    if act.may_charge:
        return
    last = last_day(db, act)
    if planning.lines(db, assignment, package, since, last):
        raise MayNotCharge(f"this would charge at once what is due through {last}")


def due_dates(new: Assignment, package: Package, since: date, last: date) -> set[date]:
    """The dates from `since` through `last` on which something is charged, of far too many only the first: nobody will charge those, and
    a spreadsheet's empty date is one of 1900. Spend is not looked up."""
    enough = next(islice(_scheduled(new, package, since, last), 2 * LONGEST, None), last)
    return {line.due_date for line in charging.lines(new, package, since, enough, lambda *_: money.ZERO)}


def _scheduled(new: Assignment, package: Package, since: date, last: date) -> Iterator[date]:
    """The due dates by the schedule alone, whatever is charged on them."""
    rule = (package.frequency, package.frequency_match, new.start_date)
    return each_due(*rule, max(since, first_day(new)), min(last, new.end_date or last))


def told(line: Line) -> dict[str, str]:
    """A line of the backlog, as callers read it."""
    return {
        "due_date": line.due_date.isoformat(), "kind": line.kind, "cost": money.text(line.cost), "retail": money.text(line.retail),
    }  # fmt: skip


def post_due(db: Db, act: Act, account: Account, owed: Iterable[Owed]) -> None:
    """Post what is due on assignments of a customer from their `evaluate_from` through the backlog's last day, in the order of
    charges; then move each mark past it, charges or not.

    A crash before that, or another writer, leaves `evaluate_from` where it is: the next daily run posts from there. So it does
    for a parked customer, once unparked.
    """
    if account.parked:
        return
    last = last_day(db, act)
    open_ = [(*one, since) for one in owed if (since := one.assignment.evaluate_from) and since <= last]
    lines = charging.in_order(line for one, package, since in open_ for line in planning.lines(db, one, package, since, last))
    decisions = [Decision(line, "charge", charge_key(line.identity)) for line in lines]
    uncharged = {one.assignment_id: one for one, *_ in open_ if not one.charged}
    debits = account if any(one.auto_decrement_credit for one, *_ in open_) else None
    post(db, Poster(None, act.by, act.clock), decisions, debits, uncharged)
    for assignment, *_ in open_:
        with suppress(Contention):
            current = assignments.find(db, assignment.customer_id, assignment.assignment_id)
            if current and current.version == assignment.version and current.evaluate_from and current.evaluate_from <= last:
                db.write(assignments.move_evaluate_from(current, last + DAY))
