"""What runs report: their records, their lines, and what they come to; of all customers summed up by package and by customer."""

from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Final

from ...domain import account as credits
from ...domain import money
from ...domain.deciding import RunRequest
from ...domain.errors import Fault, Invalid, NotFound
from ...domain.one_off import NO_PACKAGE
from ...domain.record import Plan, Result, RunRecord, merged_results
from ...domain.report import Outcome, Report, Summary, SummaryGroup, Totals, add, total_of
from ...domain.simulating import simulated
from ...storage import lines as stored
from ...storage import plans, runs
from ...storage.db import Db
from ...storage.keys import Key
from ...storage.lines import Position
from ..request_context import RequestContext
from .deciding import load_and_decide
from .sweep import Catalog, customers

SIMULATION_ASSIGNMENTS_MAX: Final = 20_000
SUMMARY_GROUPS_MAX: Final = 200
UNDER_WAY_RUNS_MAX: Final = 8
SIMULATED_AT_ONCE: Final = 100
"""Customers whose charges are looked up together."""


class SummaryGroups:
    """Adds outcomes up three ways."""

    def __init__(self) -> None:
        self._totals: dict[str, Totals] = {}
        self._packages: dict[tuple[str, str], SummaryGroup] = {}
        self._customers: dict[tuple[str, str], SummaryGroup] = {}

    @property
    def packages(self) -> list[SummaryGroup]:
        """The sums by package."""
        return list(self._packages.values())

    def add(self, outcome: Outcome) -> None:
        """Add a line."""
        line = outcome.line
        self._totals[line.currency] = add(self._totals.get(line.currency, Totals()), outcome)
        name = NO_PACKAGE if line.is_one_off else line.package_name
        package = SummaryGroup(line.package_id, name, line.currency, Totals())
        customer = SummaryGroup(line.customer_id, line.customer_id, line.currency, Totals())
        for sums, new in ((self._packages, package), (self._customers, customer)):
            known = sums.get((new.id, new.currency), new)
            sums[new.id, new.currency] = known._replace(totals=add(known.totals, outcome))

    def summary(self, day: date, at: str, listed: int) -> Summary:
        """The sums, with the largest groups."""
        packages, customers = (sorted(sums.values(), key=by_retail) for sums in (self._packages, self._customers))
        left_out = max(0, len(packages) - listed), max(0, len(customers) - listed)
        return Summary(day, at, self._totals, packages[:listed], customers[:listed], *left_out)


def simulate_all(db: Db, context: RequestContext, ask: RunRequest, listed: int = SUMMARY_GROUPS_MAX) -> Summary:
    """What a live run of all customers would charge. Writes nothing. Raises `Invalid` too_many over 20,000 assignments."""
    sums, catalog, seen = SummaryGroups(), Catalog(db), 0
    parked: list[str] = []
    groups = customers(db, 0, 1, None)
    while some := list(islice(groups, SIMULATED_AT_ONCE)):
        found = [one for group in some for one in group.assignments]
        seen += len(found)
        if seen > SIMULATION_ASSIGNMENTS_MAX:
            raise Invalid(
                [Fault("/customer", f"more than {SIMULATION_ASSIGNMENTS_MAX} assignments: simulate by customer")], code="too_many"
            )
        parked += [group.account.customer_id for group in some if group.account.parked]
        for own in load_and_decide(db, context, [group for group in some if not group.account.parked], ask, catalog.of(found)):
            for outcome in simulated(own.decisions, credits.current_credit(own.account)):
                sums.add(outcome)
    shown = sorted(parked)[:listed]
    return sums.summary(ask.date, context.timestamp, listed)._replace(parked_customers=shown, parked_left_out=len(parked) - len(shown))


def final_result(db: Db, run: RunRecord) -> Result:
    """The totals and failures of a live run of all customers, once it is through. Its summary is kept, so that nobody adds it up again."""
    totals = _summary_of_plans(db, run)
    runs.save_summary(db, run.run_id, totals)
    return merged_results(runs.results(db, run.run_id))._replace(totals=totals.totals)


def read_summary(db: Db, run: RunRecord) -> Summary:
    """What a live run of all customers charged, as it was kept."""
    return runs.find_summary(db, run.run_id) or _summary_of_plans(db, run)


def _summary_of_plans(db: Db, run: RunRecord) -> Summary:
    sums = SummaryGroups()
    for plan in plans.plans_after(db, run.run_id):
        for step in plan.steps if plan.done else ():
            sums.add(step.outcome)
    return sums.summary(run.date, run.created_at, SUMMARY_GROUPS_MAX)


def by_retail(one: SummaryGroup) -> tuple[Decimal, str]:
    """Sorts the largest first."""
    return -one.totals.retail, one.id


def read_report(db: Db, run: RunRecord) -> Report:
    """The report of a finished run of one customer, as it was then."""
    plan = plans.find_plan(db, run.run_id, run.customer_id or "")
    if plan is None:
        raise NotFound(f"run {run.run_id} has no report yet")
    return report_of(run, plan)


def report_of(run: RunRecord, plan: Plan) -> Report:
    """The report of a finished run of one customer, whose plan was carried out."""
    outcomes = [step.outcome for step in plan.steps]
    after = money.minus(plan.balance, total_of(outcomes).credit_debited)
    return Report(
        run.run_id, False, run.date, plan.customer_id, plan.currency, plan.generated_at, outcomes, plan.not_due, plan.balance, after,
        plan.held_before, digest=plan.digest,
    )  # fmt: skip


def read_run(db: Db, run_id: str) -> RunRecord:
    """The record of a live run. Raises `NotFound`."""
    run = runs.find_run(db, run_id)
    if run is None:
        raise NotFound(f"there is no run {run_id}")
    return run


def runs_page(db: Db, after: Key | None, limit: int) -> tuple[list[RunRecord], Key | None]:
    """Up to `limit` live runs, newest first, and where to go on; fewer if many are under way, since the pieces of each are added up."""
    found, last = runs.page_of_runs(db, after, limit)
    under_way = [n for n, run in enumerate(found) if run.result is None]
    if len(under_way) <= UNDER_WAY_RUNS_MAX:
        return found, last
    shown = found[: under_way[UNDER_WAY_RUNS_MAX]]
    return shown, runs.place_in_list(shown[-1])


def list_lines(db: Db, run_id: str, after: Position | None, limit: int) -> tuple[list[Outcome], Position | None]:
    """Up to `limit` lines of a run, and where to go on. While the run goes on, one worked off twice may be there twice."""
    found, last = stored.find_lines(db, read_run(db, run_id), after, limit)
    return [step.outcome for step in found], last


def so_far(db: Db, run: RunRecord) -> Result:
    """The run's totals and failures: final, or of what is through. A piece delivered twice may count twice until its segment is."""
    return run.result or merged_results(runs.results(db, run.run_id))
