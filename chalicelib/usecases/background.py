"""Live runs that are carried out by the queue: one large customer, or all customers segment by segment."""

from collections.abc import Callable
from functools import partial

from ..domain.errors import Conflict, told
from ..domain.record import Brought, Failure, Plan, Result, RunRecord, together
from ..storage import plans, runs
from ..storage.db import Db
from ..storage.keys import Key
from . import run_all, run_package
from .act import Act, Services
from .patience import STOP_SECONDS, patient
from .summary import finish_segment
from .sweep import Catalog, Group, customers


def work_customer(services: Services, act: Act, run_id: str, seconds_left: Callable[[], float]) -> Brought | None:
    """Carry out a recorded run of one customer; what that brought, None for a run that is through already."""
    services = patient(services, seconds_left)
    run = run_package.read(services.db, run_id)
    if run.is_over or not run.customer_id:
        return None
    try:
        plan = run_package.first_look(services, act, run, run.customer_id)
        return run_package.complete(services, act, run, plan).brought
    except Conflict as error:  # the customer was parked meanwhile: trying again does not help
        brought = _failed(run, run.customer_id, error)
        runs.finish(services.db, run_id, brought.result, act.stamp)
        return brought


def work_segment(
    services: Services, act: Act, run_id: str, segment: int, piece: int, cursor: Key | None, seconds_left: Callable[[], float]
) -> Brought:
    """Carry out a recorded run of all customers in one segment, or in what is left of it; what that brought."""
    services = patient(services, seconds_left)
    run = run_package.read(services.db, run_id)
    if run.is_over:  # a message that was delivered again, late: it may not charge what is new since then
        return Brought(Result({}))
    catalog = Catalog(services.db)
    of_customers: list[Brought] = []
    last: Key | None = None

    def unreadable(customer_id: str, error: Exception) -> None:
        of_customers.append(_failed(run, customer_id, error))

    for group in customers(services.db, segment, run.segments, cursor, unreadable):
        of_customers.append(_run_customer(services, act, run, group, catalog))
        if seconds_left() < STOP_SECONDS:
            last = group.last
            break
    brought = together(of_customers)
    runs.save_result(services.db, run_id, segment, piece, brought.result)
    if last:
        message = {"kind": "run", "run_id": run_id, "segment": segment, "piece": piece + 1, "cursor": last}
        services.send([message])
        return brought
    final = partial(run_all.final, services.db)
    return brought._replace(left=finish_segment(services.db, run_id, segment, act.stamp, final))


def _run_customer(services: Services, act: Act, run: RunRecord, group: Group, catalog: Catalog) -> Brought:
    """Carry out one customer. A failure is told and stops no other; the same run id again completes it."""
    try:
        plan = _carried_out(services.db, act, run, group, catalog)
    except Exception as error:  # noqa: BLE001 - told, whatever it is
        return _failed(run, group.account.customer_id, error)
    return run_package.brought(plan)


def _failed(run: RunRecord, customer_id: str, error: Exception) -> Brought:
    return Brought(Result({}, (Failure(customer_id, None, run.date, *told(error)),), 1))


def _carried_out(db: Db, act: Act, run: RunRecord, group: Group, catalog: Catalog) -> Plan:
    """Decide and carry out; the decisions stand once they are recorded."""
    plan = plans.find(db, run.run_id, group.account.customer_id)
    if plan is None:
        run_package.demand_unparked(group.account)
        plan = run_package.make_plan(db, act, run, group.account, group.assignments, catalog.of(group.assignments))
        if not plan.steps:
            return plan
        plan = plans.save(db, run.run_id, plan)
    return run_package.carry_out(db, act, run, plan)
