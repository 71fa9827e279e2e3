"""Backlog: what is due before today when an assignment is made or changed. It is posted at once, after confirmation if it is much."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Final, NamedTuple

from ..domain import charging, money
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.charging import Line
from ..domain.errors import Conflict, Contention, MayNotCharge
from ..domain.ledger import charge_key
from ..domain.package import Package
from ..domain.run import Decision
from ..domain.schedule import DAY
from ..storage import assignments, progress
from ..storage.db import Db
from . import planning
from .act import Act
from .posting import Poster, post

UNCONFIRMED: Final = 3
LONGEST: Final = 400


class Owed(NamedTuple):
    """An assignment that is to be charged from `since` on."""

    assignment: Assignment
    package: Package
    since: date


def through(db: Db, act: Act) -> date:
    """Backlog goes through the later of yesterday and the last day that the sweep has passed."""
    return max(act.today - DAY, progress.read(db).evaluated or date.min)


def demand_confirmed(db: Db, act: Act, new: Assignment, package: Package, since: date, confirmed: bool) -> None:
    """Raise `Conflict` backlog when more than 3 due dates lie before today and nobody has confirmed them, or `MayNotCharge`."""
    last = through(db, act)
    dates = due_dates(new, package, since, last)
    if len(dates) > LONGEST:
        raise Conflict(
            f"{len(dates)} due dates lie before today; at most {LONGEST} can be posted at once: use charge_from",
            code="backlog_too_long", due_dates=len(dates),
        )  # fmt: skip
    demand_may_charge(db, act, new, package, since)
    if len(dates) > UNCONFIRMED and not confirmed:
        due = [told(line) for line in planning.lines(db, new, package, since, last)]
        raise Conflict(
            f"{len(dates)} due dates lie before today and would be charged at once; confirm_backlog: true says so",
            code="backlog", backlog=due,
        )  # fmt: skip


def demand_may_charge(db: Db, act: Act, assignment: Assignment, package: Package, since: date) -> None:
    """Raise `MayNotCharge` when something would be posted at once for whoever may not charge."""
    last = through(db, act)
    if not act.may_charge and planning.lines(db, assignment, package, since, last):
        raise MayNotCharge(f"this would charge at once what is due through {last}")


def due_dates(new: Assignment, package: Package, since: date, last: date) -> set[date]:
    """The dates from `since` through `last` on which something is charged; spend is not looked up."""
    return {line.due_date for line in charging.lines(new, package, since, last, lambda *_: money.ZERO)}


def told(line: Line) -> dict[str, str]:
    """A line of the backlog, as callers read it."""
    return {
        "due_date": line.due_date.isoformat(), "kind": line.kind, "cost": money.text(line.cost), "retail": money.text(line.retail),
    }  # fmt: skip


def post_due(db: Db, act: Act, account: Account, assignment: Assignment, package: Package, since: date) -> None:
    """Post what is due from `since` through the backlog's last day, then move `evaluate_from` past it."""
    post_all_due(db, act, account, [Owed(assignment, package, since)])


def post_all_due(db: Db, act: Act, account: Account, owed: Iterable[Owed]) -> None:
    """Post what is due on several assignments of a customer, in the order of charges, then move each `evaluate_from` past it.

    A crash before that, or another writer, leaves `evaluate_from` where it is: the next daily run posts from there. So does a
    customer who is parked, once unparked.
    """
    last = through(db, act)
    open_ = [one for one in owed if one.since <= last and not account.parked]
    lines = charging.in_order(line for one in open_ for line in planning.lines(db, one.assignment, one.package, one.since, last))
    decisions = [Decision(line, "charge", charge_key(line.identity)) for line in lines]
    uncharged = {one.assignment.assignment_id: one.assignment for one in open_ if not one.assignment.charged}
    debits = account if any(one.assignment.auto_decrement_credit for one in open_) else None
    post(db, Poster(None, act.by, act.clock), decisions, debits, uncharged)
    for assignment in (one.assignment for one in open_):
        with suppress(Contention):
            current = assignments.find(db, assignment.customer_id, assignment.assignment_id)
            if current and current.version == assignment.version and current.evaluate_from and current.evaluate_from <= last:
                db.write(assignments.move_evaluate_from(current, last + DAY))
