"""Run Package: simulate or post what is due on one date, for one customer or for all.

A live run records what it decided before it posts anything; whoever carries it out later, after a crash too, carries out
the same decisions.
"""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from ..domain import account as credits
from ..domain import money
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.charging import still_due
from ..domain.errors import Conflict, Fault, Invalid, NotFound
from ..domain.package import Package
from ..domain.posting import recorded_status
from ..domain.record import Brought, Plan, Result, RunRecord, Step
from ..domain.run import (
    LEFT_ALONE,
    Decision,
    Outcome,
    Report,
    Status,
    simulated,
    tally,
    tally_by_currency,
)
from ..storage import accounts, assignments, ledger, plans, runs
from ..storage import lines as stored
from ..storage.db import Db
from ..storage.keys import Key
from ..storage.lines import Position
from ..storage.retry import settle
from . import planning
from .act import Act, Services
from .look import Ask, looks
from .posting import Place, Poster, post
from .sweep import Group

LARGEST_AT_ONCE = 500
"""Lines that a live run posts while the caller waits."""

PLANNED_AT_ONCE = 1000
"""Assignments of a customer whose live run is planned while the caller waits: each may be of a number with a spend of its own."""

LISTED = 1000
"""Lines, and reasons, that a report lists."""


class Limits(NamedTuple):
    """How much of a customer a simulation looks at: assignments, and numbers that have a minimum spend. None is no limit."""

    assignments: int | None = None
    numbers: int | None = None


UNLIMITED = Limits()
OF_A_REQUEST = Limits(20_000, 1000)
"""API Gateway waits for 29 seconds. 20,000 assignments take some 250 requests to the database, a number takes one."""


class Live(NamedTuple):
    """A live run, and what carrying it out just now brought; None when that was done before, or is left to the queue."""

    run: RunRecord
    brought: Brought | None = None


def simulate(db: Db, act: Act, ask: Ask, limits: Limits = UNLIMITED) -> Report:
    """What a live run of one customer would charge. Writes nothing.

    Raises `Invalid` too_many for a customer with more than can be looked at in `limits`.
    """
    account, found = _customer(db, ask.customer_id or "", limits)
    catalog = planning.packages_of(db, found)
    _demand(len({one.did for one in found if catalog[one.package_id].minimum_spend}), limits.numbers, "numbers with a minimum spend")
    seen = looks(db, act, [Group(account, found)], ask, catalog)[0]
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
    account = _account(db, ask.customer_id) if ask.customer_id else None
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
    if run.is_over:
        return Live(run)
    if ask.customer_id is None:
        services.send([_piece(run, segment) for segment in range(run.segments)])
        return Live(run)
    is_large = account is not None and account.assignments > PLANNED_AT_ONCE
    plan = None if is_large else first_look(services, act, run, ask.customer_id)
    if plan is None or len(plan.steps) > LARGEST_AT_ONCE:
        services.send([{"kind": "customer_run", "run_id": run.run_id}])
        return Live(run)
    return complete(services, act, run, plan)


def _finished(db: Db, run_id: str) -> bool:
    run = runs.find(db, run_id)
    return run is not None and run.is_over


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


def _account(db: Db, customer_id: str) -> Account:
    account = accounts.find(db, customer_id)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    return account


def _customer(db: Db, customer_id: str, limits: Limits = UNLIMITED) -> tuple[Account, list[Assignment]]:
    account, found = assignments.of_customer(db, customer_id, limits.assignments)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    _demand(max(account.assignments, len(found)), limits.assignments, "assignments")
    return account, found


def _demand(count: int, most: int | None, what: str) -> None:
    if most is not None and count > most:
        raise Invalid(
            [Fault("/customer", f"has more than {most} {what}: invoke the function run_package, which may take longer")], code="too_many"
        )
