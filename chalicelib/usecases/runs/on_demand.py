"""Run Package: simulate or post what is due on one date, for one customer or for all.

A live run records what it decided before it posts anything; whoever carries it out later, after a crash too, carries out
the same decisions.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

from ...domain import account as credits
from ...domain import money
from ...domain.account import demand_unparked
from ...domain.assignment import Assignment
from ...domain.charging import still_due
from ...domain.deciding import Decision, RunRequest
from ...domain.digest import digest
from ...domain.errors import Conflict
from ...domain.history import run_started
from ...domain.ledger import due_date_key
from ...domain.posting import recorded_status
from ...domain.record import Plan, Result, RunRecord, Step, WorkResult
from ...domain.report import LEFT_ALONE, Report, tally_by_currency, total_of
from ...domain.simulating import simulated
from ...domain.taking_back import charges_of_period
from ...storage import ledger, plans, runs
from ...storage.db import Action, Db
from ...storage.retry import retry_on_contention
from .. import loading
from ..history import record_change
from ..poster import Poster
from ..posting import LedgerKey, post_decisions
from ..request_context import RequestContext, Services
from ..snapshot import CustomerSnapshot
from .deciding import load_and_decide, make_plan
from .kept import demand_kept
from .limits import SYNCHRONOUS_ASSIGNMENTS_MAX, UNLIMITED, Limits, load_all, load_first, load_within
from .messages import CustomerMessage, KeptRunSegmentMessage, RunPackageSegmentMessage, body_of
from .recording import finish_run
from .reports import read_run
from .standings import charged_meanwhile, missed_negative_lines
from .sweep import Group

SYNCHRONOUS_LINES_MAX = 500
"""Lines that a live run posts while the caller waits."""


class LiveRun(NamedTuple):
    """A live run, what carrying it out just now brought, and the plan that was carried out; None when that was done before, or is left
    to the queue."""

    run: RunRecord
    work_result: WorkResult | None = None
    plan: Plan | None = None


class RunAtHand(NamedTuple):
    """A run of one customer that is to be carried out, with its plan if there is one, and what that was made of just now."""

    run: RunRecord
    plan: Plan | None = None
    loaded: CustomerSnapshot | None = None


def simulate_customer(db: Db, context: RequestContext, ask: RunRequest, limits: Limits = UNLIMITED) -> Report:
    """What a live run of one customer would charge. Writes nothing.

    Raises `Invalid` too_many for a customer with more than can be looked at in `limits`.
    """
    account, found, catalog, _ = load_within(db, ask.customer_id or "", limits)
    seen = load_and_decide(db, context, [Group(account, list(found))], ask, catalog)[0]
    credit = credits.current_credit(account)
    outcomes = simulated(seen.decisions, credit)
    after = money.minus(account.balance, total_of(outcomes).credit_debited)
    return Report(
        None, True, ask.date, account.customer_id, account.currency, context.timestamp, outcomes, seen.not_due, account.balance, after,
        seen.held_before, account.parked, digest(seen.decisions, credit),
    )  # fmt: skip


def run_live(services: Services, context: RequestContext, ask: RunRequest, limits: Limits = UNLIMITED) -> LiveRun:
    """Post what is due; the run's record is still `running` when it goes on in the background.

    The same run id again completes an interrupted or a partly failed run, or answers with the finished one. What is expected is
    planned within `limits` while the caller waits. Raises `Conflict` run_id_reused, parked, or differs with the report as it is now; of all
    customers `Invalid` for what is no kept simulation of the same, `Conflict` in_progress for one that is not finished.
    """
    db, segments = services.db, 1 if ask.customer_id else services.segments
    asked = RunRecord(
        ask.run_id, "package", ask.date, context.timestamp, context.by, ask.customer_id, ask.if_charged, segments,
        include_written_off=ask.include_written_off, expect=None if ask.customer_id else ask.expect,
    )  # fmt: skip
    if ask.customer_id:
        return _run_customer(services, context, ask, asked, limits)
    if ask.expect:
        demand_kept(db, context, ask)
    run = _write_record(db, context, asked)
    _demand_same(run, asked)
    run = _reopened(db, run)
    if not run.is_over:
        message = KeptRunSegmentMessage if run.expect else RunPackageSegmentMessage
        services.send([body_of(message(run.run_id, segment)) for segment in range(run.segments)])
    return LiveRun(run)


def _run_customer(services: Services, context: RequestContext, ask: RunRequest, asked: RunRecord, limits: Limits) -> LiveRun:
    db, customer_id = services.db, asked.customer_id or ""
    account, found = load_first(db, customer_id)
    standing = runs.find_run(db, ask.run_id)
    if not (standing and standing.is_over):
        demand_unparked(account)
    many = max(account.assignments, len(found)) > SYNCHRONOUS_ASSIGNMENTS_MAX
    if standing is None:
        loaded = None if many else CustomerSnapshot(account, found, loading.packages_of(db, found))
        at_hand = _begun(services, context, ask, asked, loaded, limits)
    else:
        at_hand = _taken_up(services, context, ask, asked, standing, limits)
    if at_hand.run.is_over:
        return LiveRun(at_hand.run)
    if at_hand.plan is None and many:
        return _left_to_the_queue(services, at_hand.run)
    plan = at_hand.plan or plan_once(services, context, at_hand.run, customer_id)
    if len(plan.steps) > SYNCHRONOUS_LINES_MAX:
        return _left_to_the_queue(services, at_hand.run)
    return complete_run(services, context, at_hand.run, plan, at_hand.loaded)


def _begun(
    services: Services, context: RequestContext, ask: RunRequest, asked: RunRecord, loaded: CustomerSnapshot | None, limits: Limits
) -> RunAtHand:
    """A new run; without a plan if it is planned later. If another request has recorded it first, that one's."""
    db, plan, seen = services.db, None, loaded
    if loaded or ask.expect:
        seen = loaded or load_within(db, asked.customer_id or "", limits)
        plan = make_plan(db, context, asked, seen.account, seen.assignments, seen.packages)
        _demand_expected(db, context, ask, plan, limits)
    run = _write_record(db, context, asked, *([plans.create_plan(db, asked.run_id, plan)] if plan else []))
    return RunAtHand(run, plan, seen) if run is asked else _taken_up(services, context, ask, asked, run, limits)


def _write_record(db: Db, context: RequestContext, asked: RunRecord, *plan: Action) -> RunRecord:
    return retry_on_contention(partial(runs.record_run, db, asked, record_change(context, run_started(asked)), *plan))


def _taken_up(services: Services, context: RequestContext, ask: RunRequest, asked: RunRecord, run: RunRecord, limits: Limits) -> RunAtHand:
    """A run that stands already, open again if it failed in part; with its plan if that has to be what was seen."""
    _demand_same(run, asked)
    plan = plan_once(services, context, run, asked.customer_id or "") if ask.expect else None
    if plan:
        _demand_expected(services.db, context, ask, plan, limits)
    return RunAtHand(_reopened(services.db, run), plan)


def _demand_same(run: RunRecord, asked: RunRecord) -> None:
    """Raise `Conflict` run_id_reused for a run that was recorded for something else."""
    if _run_identity(run) != _run_identity(asked):
        other = "customer, date, if_charged, include_written_off or simulation"
        raise Conflict(f"run {run.run_id} was made with another {other}", code="run_id_reused")


def _reopened(db: Db, run: RunRecord) -> RunRecord:
    """The run, open again if it failed in part."""
    if run.state != "finished_with_failures":
        return run
    runs.reopen_run(db, run.run_id)
    return read_run(db, run.run_id)


def _demand_expected(db: Db, context: RequestContext, ask: RunRequest, plan: Plan, limits: Limits) -> None:
    """Raise `Conflict` differs, with the report as it is now, when the plan is not the one that was seen."""
    if ask.expect and ask.expect != plan.digest:
        now = simulate_customer(db, context, ask, limits)
        raise Conflict("what the run would post is not what was seen; look at the report and send its digest", code="differs", report=now)


def _left_to_the_queue(services: Services, run: RunRecord) -> LiveRun:
    services.send([body_of(CustomerMessage(run.run_id))])
    return LiveRun(run)


def _run_identity(run: RunRecord) -> tuple[object, ...]:
    """What a run id stands for."""
    return run.kind, run.customer_id, run.date, run.if_charged, run.include_written_off, run.expect


def plan_once(services: Services, context: RequestContext, run: RunRecord, customer_id: str) -> Plan:
    """The customer's plan in this run: the one that stands, or one made and recorded now."""
    db = services.db
    standing = plans.find_plan(db, run.run_id, customer_id)
    if standing:
        return standing
    account, found = load_all(db, customer_id)
    demand_unparked(account)
    plan = make_plan(db, context, run, account, found, loading.packages_of(db, found))
    return plans.save_plan(db, run.run_id, plan)


def complete_run(
    services: Services, context: RequestContext, run: RunRecord, plan: Plan, loaded: CustomerSnapshot | None = None
) -> LiveRun:
    """Carry out a run of one customer and finish it."""
    carried_out = carry_out(services.db, context, run, plan, loaded)
    done = work_of_plan(carried_out)
    result = done.result._replace(totals=done.result.totals or {plan.currency: total_of(())})
    return LiveRun(finish_run(services.db, context, run, result), done, carried_out)


def work_of_plan(plan: Plan) -> WorkResult:
    """What a customer's plan brought that was carried out."""
    totals = tally_by_currency(step.outcome for step in plan.steps)
    return WorkResult(Result(totals), sum(step.status == "held" for step in plan.steps))


def carry_out(db: Db, context: RequestContext, run: RunRecord, plan: Plan, loaded: CustomerSnapshot | None = None) -> Plan:
    """Post a customer's decided lines and keep what became of each; a plan that was carried out is left alone.

    `loaded` is what the plan was made of just now, by whoever began the run: nothing can be posted under it yet. Raises `Conflict` parked.
    """
    if plan.done:
        return plan
    account, found = loaded[:2] if loaded else load_all(db, plan.customer_id)
    demand_unparked(account)
    current = {one.assignment_id: one for one in found}
    uncharged = {one.assignment_id: one for one in found if not one.charged}
    poster = Poster(run.run_id, context._replace(by=run.created_by))
    came_of = {} if loaded else _decided_earlier(db, plan, run.run_id)
    left = [step for step in plan.steps if (plan.customer_id, step.key) not in came_of and _goes_on(step, current)]
    acting = _decisions(db, plan.customer_id, left)
    came_of |= post_decisions(db, poster, [d for d in acting if not d.moves_account], None, uncharged)
    came_of |= post_decisions(db, poster, [d for d in acting if d.moves_account], account, uncharged)
    missed = missed_negative_lines(db, [step.line for step in plan.steps if step.kind == "recharge"], found)
    came_of |= {place: step for place, step in post_decisions(db, poster, missed, account, {}).items() if step.status != "no_longer_due"}
    done = plan._replace(steps=_carried_out(plan, came_of), done=True)
    plans.finish_plan(db, run.run_id, done)
    return done


def _decisions(db: Db, customer_id: str, steps: Sequence[Step]) -> list[Decision]:
    """What is to be carried out, in the order of the plan, with what is held as it stands, and what can be taken back."""
    held = ledger.find_entries(db, [(customer_id, step.key) for step in steps if step.kind == "retry"])
    charges = loading.charges_behind(db, [step.line for step in steps if step.kind == "take_back"])

    def decision(step: Step) -> Decision:
        behind = charges_of_period(step.line, charges) if step.kind == "take_back" else ()
        return Decision(step.line, step.kind, step.key, held.get((customer_id, step.key)), behind, step.charged)

    return [decision(step) for step in steps]


def _decided_earlier(db: Db, plan: Plan, run_id: str) -> dict[LedgerKey, Step]:
    """What became of the lines of a plan since it was decided: by an earlier attempt at this run, or by other runs."""
    own = _own_earlier(db, plan, run_id)
    recharges = [step for step in plan.steps if step.kind == "recharge" and (plan.customer_id, step.key) not in own]
    return own | charged_meanwhile(db, plan.customer_id, recharges)


def _own_earlier(db: Db, plan: Plan, run_id: str) -> dict[LedgerKey, Step]:
    """What became of lines that an earlier attempt at this run has posted or held; they are not tried again."""
    standing = ledger.find_entries(db, [(plan.customer_id, step.key) for step in plan.steps])
    own = [entry for entry in standing.values() if entry.run_id == run_id]
    parts = [one for entry in own if entry.takes_back for one in ledger.repeats(db, entry.customer_id, entry.key)]
    kinds = {step.key: step.kind for step in plan.steps}
    return {
        (entry.customer_id, entry.key): Step(entry.line, kinds.get(entry.key, "take_back"), entry.key, recorded_status(entry, run_id))
        for entry in (*own, *parts)
        if entry.line
    }


def _goes_on(step: Step, current: Mapping[str, Assignment]) -> bool:
    """Whether a decided line is still to be carried out: an edit since then may have taken a first charge away."""
    assignment = current.get(step.line.assignment_id)
    if step.kind not in ("charge", "take_back"):
        return step.kind not in LEFT_ALONE
    return assignment is not None and still_due(step.line, assignment)


def _carried_out(plan: Plan, came_of: Mapping[LedgerKey, Step]) -> tuple[Step, ...]:
    """The lines with what became of them; a negative line with the amounts that it came to, and its further parts after it."""
    beside: dict[str, list[Step]] = {}
    planned = {step.key for step in plan.steps}
    for (_, key), step in came_of.items():
        if key not in planned:
            beside.setdefault(due_date_key(key), []).append(step)
    carried_out = []
    for step in plan.steps:
        carried_out += [_with_status(step, came_of.get((plan.customer_id, step.key))), *beside.pop(step.key, ())]
    return (*carried_out, *chain.from_iterable(beside.values()))


def _with_status(step: Step, came: Step | None) -> Step:
    if came is None:
        return step._replace(status=LEFT_ALONE.get(step.kind, "no_longer_due"))
    line = came.line if step.kind == "take_back" else step.line
    return step._replace(status=came.status, line=line, charged=step.charged if came.charged is None else came.charged)
