"""Run Package as callers ask for it: one customer or all, simulated or live, and what there is to tell of a live run."""

from ...domain.deciding import RunRequest
from ...domain.record import Plan, RecordedRun, RunRecord, WorkResult
from ...domain.report import Report, Summary
from ...storage.db import Db
from ..request_context import RequestContext, Services
from . import on_demand, reports
from .limits import UNLIMITED, Limits


def simulate_request(
    db: Db, context: RequestContext, request: RunRequest, groups: int | None = None, limits: Limits = UNLIMITED
) -> Report | Summary:
    """What a run would charge. A summary lists as many groups as ever, or `groups`; a customer is looked at within `limits`."""
    if request.customer_id is None:
        return reports.simulate_all(db, context, request, groups or reports.SUMMARY_GROUPS_MAX)
    return on_demand.simulate_customer(db, context, request, limits)


def run_request(
    services: Services, context: RequestContext, request: RunRequest, limits: Limits = UNLIMITED
) -> tuple[RecordedRun, WorkResult | None]:
    """Run live; also what was posted on the way, unless the run goes on in the background. What is expected is planned within `limits`."""
    run, work_result, plan = on_demand.run_live(services, context, request, limits)
    return recorded_run(services.db, run, plan), work_result


def recorded_run(db: Db, found: RunRecord, plan: Plan | None = None) -> RecordedRun:
    """A live run: its record while it runs, with its report once it is finished; by its plan if that was carried out just now."""
    known = RecordedRun(found, reports.so_far(db, found))
    if found.kind == "daily" or found.state == "running":
        return known
    if found.customer_id is None:
        return known._replace(summary=reports.read_summary(db, found))
    return known._replace(report=reports.report_of(found, plan) if plan else reports.read_report(db, found))
