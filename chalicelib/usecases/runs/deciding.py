"""What a Run Package finds of customers on a date, and decides: simulations and live runs alike."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from ...domain import account as credits
from ...domain import money, wording
from ...domain.account import Account
from ...domain.assignment import Assignment
from ...domain.charging import Line, Spend, dues, minimum, running_period
from ...domain.deciding import Decision, RunRequest, decide
from ...domain.digest import digest
from ...domain.ledger import Entry, charge_key, held_on
from ...domain.package import Package
from ...domain.posting import held_charges_before
from ...domain.record import Plan, RunRecord, Step
from ...domain.report import REPORT_LINES_MAX, HeldBefore, NotDue
from ...domain.schedule import DAY
from ...storage import ledger
from ...storage.db import Db
from .. import loading
from ..posting import LedgerKey
from ..request_context import RequestContext
from .standings import as_one_sum, read_standings
from .sweep import Group


class CustomerDecisions(NamedTuple):
    """What a run decides about one customer, and why other assignments have no line."""

    account: Account
    decisions: list[Decision]
    not_due: list[NotDue]
    held_before: HeldBefore


def load_and_decide(
    db: Db, context: RequestContext, groups: Sequence[Group], request: RunRequest, catalog: Mapping[str, Package]
) -> list[CustomerDecisions]:
    """Plan one date of some customers: every line with what the ledger holds of it, and why other assignments have none."""
    found = [one for group in groups for one in group.assignments]
    spend = loading.load_spend(db, (p for one in found for p in loading.periods_on(one, catalog[one.package_id], request.date)))
    planned = [loading.price_all(group.assignments, catalog, request.date, spend) for group in groups]
    places = [(line.customer_id, charge_key(line.identity)) for lines in planned for line in lines]
    recorded = ledger.find_entries(db, places)

    def seen(group: Group, lines: list[Line]) -> CustomerDecisions:
        decisions, before = _decide_customer(db, context, group, catalog, lines, recorded, request)
        charged = {decision.line.assignment_id for decision in decisions}
        idle = [one for one in group.assignments if one.assignment_id not in charged]
        not_due = [_explain_not_due(one, catalog[one.package_id], request.date, spend) for one in idle]
        return CustomerDecisions(group.account, decisions, not_due, before)

    return [seen(group, lines) for group, lines in zip(groups, planned, strict=True)]


def make_plan(
    db: Db, context: RequestContext, run: RunRecord, account: Account, found: Sequence[Assignment], catalog: Mapping[str, Package]
) -> Plan:
    """What the run decides about a customer, once."""
    return plan_of(context, decide_for(db, context, run, Group(account, list(found)), catalog))


def decide_for(db: Db, context: RequestContext, run: RunRecord, group: Group, catalog: Mapping[str, Package]) -> CustomerDecisions:
    """What the run would do for a customer."""
    ask = RunRequest(group.customer_id, run.date, run.if_charged or "skip", run.run_id, run.include_written_off)
    return load_and_decide(db, context, [group], ask, catalog)[0]


def plan_of(context: RequestContext, seen: CustomerDecisions) -> Plan:
    """Decisions as a plan."""
    account = seen.account
    listed, left_out = seen.not_due[:REPORT_LINES_MAX], max(0, len(seen.not_due) - REPORT_LINES_MAX)
    return Plan(
        account.customer_id,
        account.currency,
        account.balance,
        context.timestamp,
        tuple(Step(one.line, one.kind, one.key, charged=one.charged) for one in seen.decisions),
        tuple(listed),
        left_out,
        held_before=seen.held_before,
        digest=digest(seen.decisions, credits.current_credit(account)),
    )


def _decide_customer(
    db: Db,
    context: RequestContext,
    group: Group,
    catalog: Mapping[str, Package],
    lines: Sequence[Line],
    recorded: Mapping[LedgerKey, Entry],
    request: RunRequest,
) -> tuple[list[Decision], HeldBefore]:
    account = group.account
    held = loading.held_charges(db, account, group.assignments, context.today)
    standings = read_standings(db, account.customer_id, lines, recorded)
    lines = as_one_sum(db, context.today, group, catalog, lines, standings)
    charges = loading.charges_behind(db, lines)
    decisions = decide(lines, standings, held_on(held, lambda day: day == request.date), request, context.today, charges)
    return decisions, held_charges_before(held_on(held, lambda day: day < request.date), credits.current_credit(account))


def _explain_not_due(assignment: Assignment, package: Package, day: date, spend: Spend) -> NotDue:
    due = [one for one in dues(assignment, package, day, day) if one.kind != "setup"]
    reason = wording.nothing_to_charge(package, due) if due else wording.not_due_reason(assignment, package, day)
    period = running_period(assignment, package, day)
    if period is None:
        return NotDue(assignment.assignment_id, package.name, reason)
    spent, least = spend(assignment, period._replace(until=day + DAY)), minimum(assignment, package, period)
    progress = wording.spent_so_far(spent, least, package.currency, period.since)
    return NotDue(assignment.assignment_id, package.name, f"{reason}; {progress}", spent, max(money.ZERO, money.minus(least, spent)))
