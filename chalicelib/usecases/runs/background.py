"""Live runs that are carried out by the queue: one large customer, or all customers segment by segment."""

from functools import partial
from typing import Final

from ...domain.account import demand_unparked
from ...domain.errors import Conflict, code_and_detail
from ...domain.record import Failure, Plan, Result, RunRecord, WorkResult, summed_work
from ...storage import plans, runs
from ...storage.db import Db
from ..request_context import RequestContext, Services
from ..segment import LeftOut, Round, RoundLimits, SecondsLeft, work_through
from ..time_budget import within_time_budget
from . import on_demand, reports
from .deciding import decide_for, plan_of
from .kept import KeptPlans
from .messages import CustomerMessage, KeptRunSegmentMessage, RunPackageSegmentMessage
from .recording import complete_segment, finish_run
from .sweep import Catalog, Group, RunSegment

RunMessage = RunPackageSegmentMessage | KeptRunSegmentMessage
"""A segment of a live run of all customers."""


def work_customer(services: Services, context: RequestContext, message: CustomerMessage, seconds_left: SecondsLeft) -> WorkResult | None:
    """Carry out a recorded run of one customer; what that did, None for a run that is through already."""
    services = within_time_budget(services, seconds_left)
    run = reports.read_run(services.db, message.run_id)
    if run.is_over or not run.customer_id:
        return None
    try:
        plan = on_demand.plan_once(services, context, run, run.customer_id)
        return on_demand.complete_run(services, context, run, plan).work_result
    except Conflict as error:  # the customer was parked meanwhile: trying again does not help
        work_result = failed_work(run, run.customer_id, error)
        finish_run(services.db, context, run, work_result.result)
        return work_result


def work_segment(services: Services, context: RequestContext, message: RunMessage, seconds_left: SecondsLeft) -> WorkResult:
    """Carry out a recorded run of all customers in one segment, or in what is left of it; what that did."""
    services = within_time_budget(services, seconds_left)
    run = reports.read_run(services.db, message.run_id)
    if run.is_over:  # a message that was delivered again, late: it may not charge what is new since then
        return WorkResult(Result({}))
    kept = KeptPlans(services, run.expect) if run.expect else None
    work = RunPackageWork(services.db, context, run, message, kept)
    return work_through(RunSegment(services, message, run.segments), work, seconds_left)


class RunPackageWork:
    """One message of a run of all customers. A failure is told and stops no other customer; the same run id again completes it."""

    limits: Final = RoundLimits(customers=1, lines=1)
    """Customer by customer: whoever was decided for is charged next."""
    is_full: Final = False

    def __init__(self, db: Db, context: RequestContext, run: RunRecord, message: RunMessage, kept: KeptPlans | None = None) -> None:
        self._db, self._context, self._run, self._message, self._kept = db, context, run, message, kept
        self._catalog = Catalog(db)
        self._work_results: list[WorkResult] = []

    def lines_of(self, _: Plan | LeftOut) -> int:
        """A customer is a round."""
        return 1

    def plan(self, group: Group) -> Plan | LeftOut:
        """Decide for a customer. A database that stays busy fails this customer as everything else does."""
        try:
            return self._decide(group)
        except Exception as error:  # noqa: BLE001 - told, whatever it is
            return LeftOut(group.account.customer_id, error)

    def _decide(self, group: Group) -> Plan:
        """The decisions, which stand once they are recorded. Where nothing is due, nothing is. Raises `Conflict` differs for decisions that
        are not the expected ones."""
        customer_id, found = group.account.customer_id, group.assignments
        standing = plans.find_plan(self._db, self._run.run_id, customer_id)
        if standing:
            return standing
        demand_unparked(group.account)
        seen = decide_for(self._db, self._context, self._run, group, self._catalog.of(found))
        if self._kept and group.whole:  # of one who is not whole an earlier message has looked at everything
            self._kept.demand_same(seen)
        plan = plan_of(self._context, seen)
        return plans.save_plan(self._db, self._run.run_id, plan) if plan.steps else plan._replace(done=True)

    def apply(self, round_: Round[Plan | LeftOut]) -> None:
        """Carry out what was decided."""
        self._work_results += [self._failed(one) for one in round_.left_out]
        self._work_results += [self._failed(one) if isinstance(one, LeftOut) else self._carry_out(one) for one in round_.plans]

    def _carry_out(self, plan: Plan) -> WorkResult:
        try:
            return on_demand.work_of_plan(on_demand.carry_out(self._db, self._context, self._run, plan))
        except Exception as error:  # noqa: BLE001 - told, whatever it is
            return self._failed(LeftOut(plan.customer_id, error))

    def _failed(self, left_out: LeftOut) -> WorkResult:
        return failed_work(self._run, left_out.customer_id, left_out.error)

    def keep(self) -> WorkResult:
        """Keep what this message has done."""
        work_result = summed_work(self._work_results)
        runs.save_result(self._db, self._run.run_id, self._message.segment, self._message.piece, work_result.result)
        return work_result

    def finish(self, work_result: WorkResult) -> WorkResult:
        """Note in the run that the segment is through; the last one finishes the run."""
        runs.clear_results_after(self._db, self._run.run_id, self._message.segment, self._message.piece)
        final = partial(reports.final_result, self._db)
        left = complete_segment(self._db, self._context, self._run.run_id, self._message.segment, final)
        return work_result._replace(left=left)


def failed_work(run: RunRecord, customer_id: str, error: Exception) -> WorkResult:
    """A customer for whom a run failed."""
    return WorkResult(Result({}, (Failure(customer_id, None, run.date, *code_and_detail(error)),), 1))
