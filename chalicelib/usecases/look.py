"""What a Run Package finds of customers on a date, and decides: simulations and live runs alike."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from ..domain import account as credits
from ..domain import money, wording
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.charging import Line, Spend, dues, minimum, running_period
from ..domain.ledger import Entry, charge_key
from ..domain.package import Package
from ..domain.run import Decision, HeldBefore, IfCharged, NotDue, Terms, decide, held_before
from ..domain.schedule import DAY
from ..storage import ledger
from ..storage.db import Db
from . import planning
from .act import Act
from .posting import Place
from .sweep import Group


class Ask(NamedTuple):
    """What a caller wants run."""

    customer_id: str | None
    date: date
    if_charged: IfCharged
    run_id: str
    include_written_off: bool = False


class Look(NamedTuple):
    """What a run finds of one customer."""

    account: Account
    decisions: list[Decision]
    not_due: list[NotDue]
    held_before: HeldBefore


def looks(db: Db, act: Act, groups: Sequence[Group], ask: Ask, catalog: Mapping[str, Package]) -> list[Look]:
    """Plan one date of some customers: every line with what the ledger holds of it, and why other assignments have none."""
    found = [one for group in groups for one in group.assignments]
    spend = planning.spending(db, (p for one in found for p in planning.settled_or_running(one, catalog[one.package_id], ask.date)))
    planned = [planning.lines_of_all(group.assignments, catalog, ask.date, spend) for group in groups]
    places = [(line.customer_id, charge_key(line.identity)) for lines in planned for line in lines]
    recorded = ledger.find_many(db, places)

    def not_due(idle: Assignment) -> NotDue:
        return _not_due(idle, catalog[idle.package_id], ask.date, spend)

    return [_look(db, act, group, lines, recorded, ask, not_due) for group, lines in zip(groups, planned, strict=True)]


def _look(
    db: Db, act: Act, group: Group, lines: list[Line], recorded: Mapping[Place, Entry], ask: Ask, not_due: Callable[[Assignment], NotDue]
) -> Look:
    account = group.account
    held = planning.held_charges(db, account, group.assignments)
    places = ((account.customer_id, charge_key(line.identity)) for line in lines)
    terms = Terms(ask.run_id, ask.if_charged, act.today, ask.include_written_off)
    own = {place[1]: _standing(db, recorded[place], terms) for place in places if place in recorded}
    decisions = decide(lines, own, [entry for entry in held if entry.date == ask.date], terms)
    before = held_before([entry.line for entry in held if entry.line and entry.date < ask.date], credits.credit(account))
    charged = {decision.line.assignment_id for decision in decisions}
    idle = [one for one in group.assignments if one.assignment_id not in charged]
    return Look(account, decisions, [not_due(one) for one in idle], before)


def _standing(db: Db, entry: Entry, terms: Terms) -> Entry:
    """What stands of a charge: of one that was written off the repeat, if it was charged all the same. Asked only by who would."""
    if not (entry.written_off and terms.include_written_off):
        return entry
    return ledger.standing_repeat(db, entry.customer_id, entry.key) or entry


def _not_due(assignment: Assignment, package: Package, day: date, spend: Spend) -> NotDue:
    due = any(one.kind != "setup" for one in dues(assignment, package, day, day))
    reason = wording.nothing_to_charge(package) if due else wording.not_due(assignment, package, day)
    period = running_period(assignment, package, day)
    if period is None:
        return NotDue(assignment.assignment_id, package.name, reason)
    spent, least = spend(assignment, period._replace(until=day + DAY)), minimum(assignment, package, period)
    told = wording.spent_so_far(spent, least, package.currency, period.since)
    return NotDue(assignment.assignment_id, package.name, f"{reason}; {told}", spent, max(money.ZERO, money.minus(least, spent)))
