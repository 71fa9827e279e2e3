"""Run Package: simulate or post what is due on one date, for one customer or for all.

A live run records what it decided before it posts anything; whoever carries it out later, after a crash too, carries out
the same decisions.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from ..domain import account as credits
from ..domain import money, wording
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.charging import Line, dues, minimum, running_period, still_due
from ..domain.errors import Conflict, NotFound
from ..domain.ledger import Entry, charge_key
from ..domain.package import Package
from ..domain.posting import recorded_status
from ..domain.record import Brought, Plan, Result, RunRecord, Step
from ..domain.run import (
    LEFT_ALONE,
    Decision,
    HeldBefore,
    IfCharged,
    NotDue,
    Outcome,
    Report,
    Status,
    Terms,
    decide,
    held_before,
    simulated,
    tally,
    tally_by_currency,
)
from ..domain.schedule import DAY
from ..storage import assignments, ledger, plans, runs, usage
from ..storage import lines as stored
from ..storage.db import Db
from ..storage.keys import Key
from ..storage.lines import Position
from ..storage.retry import settle
from . import planning
from .act import Act, Services
from .posting import Place, Poster, post
from .sweep import Group

LARGEST_AT_ONCE = 500
"""Lines that a live run posts while the caller waits."""

LISTED = 1000
"""Lines, and reasons, that a report lists."""


class Ask(NamedTuple):
    """What a caller wants run."""

    customer_id: str | None
    date: date
    if_charged: IfCharged
    run_id: str
    include_written_off: bool = False


class Live(NamedTuple):
    """A live run, and what carrying it out just now brought; None when that was done before, or is left to the queue."""

    run: RunRecord
    brought: Brought | None = None


class Look(NamedTuple):
    """What a run finds of one customer."""

    account: Account
    decisions: list[Decision]
    not_due: list[NotDue]
    held_before: HeldBefore


def looks(db: Db, act: Act, groups: Sequence[Group], ask: Ask, catalog: Mapping[str, Package]) -> list[Look]:
    """Plan one date of some customers: every line with what the ledger holds of it, and why other assignments have none."""
    planned = [planning.lines_of_all(db, group.assignments, catalog, ask.date) for group in groups]
    places = [(line.customer_id, charge_key(line.identity)) for lines in planned for line in lines]
    recorded = ledger.find_many(db, places)
    return [_look(db, act, group, lines, recorded, ask, catalog) for group, lines in zip(groups, planned, strict=True)]


def _look(
    db: Db, act: Act, group: Group, lines: list[Line], recorded: Mapping[Place, Entry], ask: Ask, catalog: Mapping[str, Package]
) -> Look:
    account = group.account
    held = planning.held_charges(db, account, group.assignments)
    places = ((account.customer_id, charge_key(line.identity)) for line in lines)
    own = {place[1]: _standing(db, recorded[place]) for place in places if place in recorded}
    terms = Terms(ask.run_id, ask.if_charged, act.today, ask.include_written_off)
    decisions = decide(lines, own, [entry for entry in held if entry.date == ask.date], terms)
    before = held_before([entry.line for entry in held if entry.line and entry.date < ask.date], credits.credit(account))
    charged = {decision.line.assignment_id for decision in decisions}
    idle = [one for one in group.assignments if one.assignment_id not in charged]
    return Look(account, decisions, [_not_due(db, one, catalog[one.package_id], ask.date) for one in idle], before)


def _standing(db: Db, entry: Entry) -> Entry:
    """What stands of a charge: of one that was written off the repeat, if somebody charged it all the same."""
    return (entry.written_off and ledger.standing_repeat(db, entry.customer_id, entry.key)) or entry


def _not_due(db: Db, assignment: Assignment, package: Package, day: date) -> NotDue:
    due = any(one.kind != "setup" for one in dues(assignment, package, day, day))
    reason = wording.nothing_to_charge(package) if due else wording.not_due(assignment, package, day)
    period = running_period(assignment, package, day)
    if period is None:
        return NotDue(assignment.assignment_id, package.name, reason)
    spent, least = usage.spend(db, assignment, period._replace(until=day + DAY)), minimum(assignment, package, period)
    told = wording.spent_so_far(spent, least, package.currency, period.since)
    return NotDue(assignment.assignment_id, package.name, f"{reason}; {told}", spent, max(money.ZERO, money.minus(least, spent)))


def simulate(db: Db, act: Act, ask: Ask) -> Report:
    """What a live run of one customer would charge. Writes nothing."""
    account, found = _customer(db, ask.customer_id or "")
    seen = looks(db, act, [Group(account, found)], ask, planning.packages_of(db, found))[0]
    outcomes = simulated(seen.decisions, credits.credit(account))
    after = money.minus(account.balance, tally(outcomes).credit_debited)
    return Report(
        None, True, ask.date, account.customer_id, account.currency, act.stamp, outcomes, seen.not_due, account.balance, after,
        seen.held_before, account.parked,
    )  # fmt: skip


def live(services: Services, act: Act, ask: Ask) -> Live:
    """Post what is due; the run's record is still `running` when it goes on in the background.

    The same run id again completes an interrupted or a partly failed run, or answers with the finished one.
    Raises `Conflict` run_id_reused, or parked.
    """
    db = services.db
    account = _customer(db, ask.customer_id)[0] if ask.customer_id else None
    if account and account.parked and not _finished(db, ask.run_id):
        demand_unparked(account)
    segments = 1 if account else services.segments
    asked = RunRecord(
        ask.run_id, "package", ask.date, act.stamp, act.by, ask.customer_id, ask.if_charged, segments,
        include_written_off=ask.include_written_off,
    )  # fmt: skip
    run = settle(partial(runs.record, db, asked))
    if _content(run) != _content(asked):
        raise Conflict(f"run {ask.run_id} was of another customer, date, if_charged or include_written_off", code="run_id_reused")
    if run.state == "finished":
        return Live(run)
    if ask.customer_id is None:
        services.send([_piece(run, segment) for segment in range(run.segments)])
        return Live(run)
    plan = first_look(services, act, run, ask.customer_id)
    if len(plan.steps) > LARGEST_AT_ONCE:
        services.send([{"kind": "customer_run", "run_id": run.run_id}])
        return Live(run)
    return complete(services, act, run, plan)


def _finished(db: Db, run_id: str) -> bool:
    run = runs.find(db, run_id)
    return run is not None and run.state == "finished"


def demand_unparked(account: Account) -> None:
    """Raise `Conflict` parked: whoever is parked is charged by nobody."""
    if account.parked:
        raise Conflict(f"customer {account.customer_id} is parked: nothing is charged until somebody unparks it", code="parked")


def _content(run: RunRecord) -> tuple[object, ...]:
    """What a run id stands for."""
    return run.kind, run.customer_id, run.date, run.if_charged, run.include_written_off


def first_look(services: Services, act: Act, run: RunRecord, customer_id: str) -> Plan:
    """The customer's plan in this run: the one that stands, or one made and recorded now."""
    db = services.db
    standing = plans.find(db, run.run_id, customer_id)
    if standing:
        return standing
    account, found = _customer(db, customer_id)
    demand_unparked(account)
    plan = make_plan(db, act, run, account, found, planning.packages_of(db, found))
    return plans.save(db, run.run_id, plan)


def make_plan(db: Db, act: Act, run: RunRecord, account: Account, found: list[Assignment], catalog: Mapping[str, Package]) -> Plan:
    """What the run decides at its first look at a customer."""
    ask = Ask(account.customer_id, run.date, run.if_charged or "skip", run.run_id, run.include_written_off)
    seen = looks(db, act, [Group(account, found)], ask, catalog)[0]
    steps = tuple(Step(*decision) for decision in seen.decisions)
    listed, left_out = seen.not_due[:LISTED], max(0, len(seen.not_due) - LISTED)
    return Plan(
        account.customer_id, account.currency, account.balance, act.stamp, steps, tuple(listed), left_out, held_before=seen.held_before
    )


def complete(services: Services, act: Act, run: RunRecord, plan: Plan) -> Live:
    """Carry out a run of one customer and finish it."""
    done = brought(carry_out(services.db, act, run, plan))
    result = done.result._replace(totals=done.result.totals or {plan.currency: tally(())})
    runs.finish(services.db, run.run_id, result, act.stamp)
    return Live(runs.find(services.db, run.run_id) or run, done)


def brought(plan: Plan) -> Brought:
    """What a customer's plan brought that was carried out."""
    totals = tally_by_currency(step.outcome for step in plan.steps)
    return Brought(Result(totals), sum(step.status == "held" for step in plan.steps))


def carry_out(db: Db, act: Act, run: RunRecord, plan: Plan) -> Plan:
    """Post a customer's decided lines and keep what became of each; a plan that was carried out is left alone.

    Raises `Conflict` parked.
    """
    if plan.done:
        return plan
    account, found = _customer(db, plan.customer_id)
    demand_unparked(account)
    current = {one.assignment_id: one for one in found}
    uncharged = {one.assignment_id: one for one in found if not one.charged}
    poster = Poster(run.run_id, run.created_by, act.clock)
    statuses = _own_earlier(db, plan, run.run_id)
    left = [step for step in plan.steps if (plan.customer_id, step.key) not in statuses and _goes_on(step, current)]
    acting = [Decision(step.line, step.act, step.key) for step in left]
    statuses |= post(db, poster, [d for d in acting if not d.moves_account], None, uncharged)
    statuses |= post(db, poster, [d for d in acting if d.moves_account], account, uncharged)
    done = plan._replace(steps=tuple(_with_status(plan.customer_id, step, statuses) for step in plan.steps), done=True)
    plans.finish(db, run.run_id, done)
    return done


def _own_earlier(db: Db, plan: Plan, run_id: str) -> dict[Place, Status]:
    """What became of lines that an earlier attempt at this run has posted or held; they are not tried again."""
    standing = ledger.find_many(db, [(plan.customer_id, step.key) for step in plan.steps])
    return {place: recorded_status(entry, run_id) for place, entry in standing.items() if entry.run_id == run_id}


def _goes_on(step: Step, current: Mapping[str, Assignment]) -> bool:
    """Whether a decided line is still to be carried out: an edit since then may have taken a first charge away."""
    assignment = current.get(step.line.assignment_id)
    if step.act != "charge":
        return step.act not in LEFT_ALONE
    return assignment is not None and still_due(step.line, assignment)


def _with_status(customer_id: str, step: Step, statuses: Mapping[Place, Status]) -> Step:
    return step._replace(status=statuses.get((customer_id, step.key), LEFT_ALONE.get(step.act, "no_longer_due")))


def report(db: Db, run: RunRecord) -> Report:
    """The report of a finished run of one customer, as it was then."""
    plan = plans.find(db, run.run_id, run.customer_id or "")
    if plan is None:
        raise NotFound(f"run {run.run_id} has no report yet")
    outcomes = [step.outcome for step in plan.steps]
    after = money.minus(plan.balance, tally(outcomes).credit_debited)
    return Report(
        run.run_id, False, run.date, plan.customer_id, plan.currency, plan.generated_at, outcomes, plan.not_due, plan.balance, after,
        plan.held_before,
    )  # fmt: skip


def read(db: Db, run_id: str) -> RunRecord:
    """The record of a live run. Raises `NotFound`."""
    run = runs.find(db, run_id)
    if run is None:
        raise NotFound(f"there is no run {run_id}")
    return run


def listed(db: Db, after: Key | None, limit: int) -> tuple[list[RunRecord], Key | None]:
    """A page of live runs, newest first."""
    return runs.listed(db, after, limit)


def lines(db: Db, run_id: str, after: Position | None, limit: int) -> tuple[list[Outcome], Position | None]:
    """Up to `limit` lines of a run, and where to go on. While the run goes on, one worked off twice may be there twice."""
    found, last = stored.page(db, read(db, run_id), after, limit)
    return [step.outcome for step in found], last


def _piece(run: RunRecord, segment: int) -> dict[str, object]:
    return {"kind": "run", "run_id": run.run_id, "segment": segment, "piece": 0}


def _customer(db: Db, customer_id: str) -> tuple[Account, list[Assignment]]:
    account, found = assignments.of_customer(db, customer_id)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    return account, found
