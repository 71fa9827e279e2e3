"""What the daily evaluation does with the customers of a segment: plans all that each owes, posts, marks what failed, clears marks."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Final

from ...domain.account import is_to_be_parked
from ...domain.assignment import Assignment, uncharged_since
from ...domain.errors import Throttled, code_and_detail
from ...domain.history import run_started
from ...domain.notices import NoticeSpan
from ...domain.package import Package
from ...domain.progress import Progress
from ...domain.record import Failure, Result, RunRecord, WorkResult, merged_results
from ...domain.schedule import DAY
from ...storage import progress, runs
from ...storage.retry import retry_on_contention
from .. import loading
from ..history import record_change
from ..poster import Poster
from ..request_context import RequestContext, Services
from ..segment import LeftOut, Round, RoundLimits, SecondsLeft
from . import corrections, marks
from .bulk import BulkPoster
from .messages import SegmentMessage
from .notices import Notifier
from .recording import LineRecorder, complete_segment, finish_run, sum_up
from .rounds import CustomerPlan, ToPark, lines_due_through, park_customer, plan_customer, round_outcome
from .sweep import Catalog, Group

ROUND_LINES_MAX: Final = 1600
SWEEP_THREADS: Final = 8
MESSAGE_LINES_MAX: Final = 20_000
"""Lines that a message keeps until its end, when it tells of them: the rest is handed on."""


class DailyWork:
    """One message of a day's sweep. A segment that had finished the day before posts only what is marked, under a run of its own."""

    def __init__(
        self, services: Services, context: RequestContext, message: SegmentMessage, standing: Progress, pool: Executor,
        seconds_left: SecondsLeft,
    ) -> None:  # fmt: skip
        self._services, self._db, self._context, self._message = services, services.db, context, message
        self._standing, self._pool, self._seconds_left = standing, pool, seconds_left
        self._since = standing.since(message.date, message.segment, message.segments, context.today)
        self._again = _another_run(message, context) if self._since > message.date else None
        self._run_id = self._again.run_id if self._again else message.run_id
        self._corrected = standing.corrected
        self._poster = Poster(self._run_id, context._replace(by=message.by))
        self._catalog = Catalog(services.db)
        self._recorder = LineRecorder(services.db, self._run_id, message.segment, context.id)
        self._failures: list[Failure] = []
        self._notifier = self._make_notifier()
        self.limits = RoundLimits(services.round_customers, ROUND_LINES_MAX)

    def _make_notifier(self) -> Notifier | None:
        """None where nothing is told of the calendar, or was told when the segment finished the day."""
        services, message = self._services, self._message
        if services.notices is None or self._again:
            return None
        span = NoticeSpan(self._since - DAY, message.date, self._context.today)
        return Notifier(services, self._context._replace(by=message.by), services.notices, span, self._catalog.of)

    @property
    def is_full(self) -> bool:
        """Whether it keeps as many lines as a message may."""
        return len(self._recorder.steps) >= MESSAGE_LINES_MAX

    def lines_of(self, plan: CustomerPlan) -> int:
        """How many charges are planned."""
        return len(plan.decisions)

    def plan(self, group: Group) -> CustomerPlan:
        """Plan one customer; one with more lines than the safety bound is to be parked."""
        account = group.account
        if account.parked:
            return CustomerPlan(group)
        catalog = self._catalog.of(group.assignments)
        ordinary = {one.assignment_id: uncharged_since(one, self._since, account.evaluate_from) for one in group.assignments}
        since = corrections.looking_back(group.assignments, ordinary, self._corrected)
        spend = loading.load_spend(self._db, _spend_periods(group.assignments, catalog, since, self._message.date))
        due = lines_due_through(group.assignments, catalog, since, self._message.date, spend)
        if since != ordinary:
            due = due._replace(lines=loading.without_posted(self._db, due.lines, ordinary))
        if is_to_be_parked(account, len(due.lines), self._services.max_lines):
            return park_customer(group, due)
        held = loading.held_charges(self._db, account, group.assignments, self._context.today)
        return plan_customer(group, due, held, loading.charges_behind(self._db, due.lines), self._run_id)

    def apply(self, round_: Round[CustomerPlan]) -> None:
        """Post a round and note what became of it. What failed in a round that is throttled is told by the next message."""
        before = len(self._failures)
        try:
            self._apply(round_)
        except Throttled:
            del self._failures[before:]
            raise

    def _apply(self, round_: Round[CustomerPlan]) -> None:
        """The order counts, for this may end between any two steps, and another attempt must find what is left to do.

        Marks are set before any is cleared, so that nothing is uncharged and unmarked. Lines are kept before that by which
        another attempt would find them goes: a held charge when it is released, everything else when its mark is cleared.
        """
        self._leave_out(round_.left_out)
        decisions = [decision for plan in round_.plans for decision in plan.decisions]
        found = [one for plan in round_.plans for one in plan.group.assignments]
        bulk = BulkPoster(self._db, self._poster, found, self._seconds_left)
        done = bulk.post(decisions, [plan.group.account for plan in round_.plans], self._pool)
        outcome = round_outcome(round_.plans, done, self._message.date)
        self._failures += [failure for plan in round_.plans for failure in plan.unplanned.values()] + bulk.failures
        marks.mark_assignments(self._db, outcome.marks)
        self._park(outcome.to_park)
        for plan in round_.plans:
            if not plan.is_charged:
                corrections.mark_waiting(self._db, plan.group, self._corrected)
        if self._notifier:
            self._notifier.tell(round_.plans, self._pool)
            self._failures += self._notifier.failures
            self._notifier.failures.clear()
        self._recorder.steps += outcome.steps
        if outcome.released:
            self._keep_lines()
        if outcome.charged or outcome.caught_up:
            self._keep_lines()
            marks.clear_marks(self._db, self._pool, outcome.charged, outcome.caught_up, self._message.date)
        self._recorder.swept += outcome.swept
        self._recorder.owed += outcome.owed

    def _leave_out(self, left_out: Sequence[LeftOut]) -> None:
        """Tell of customers who can't be planned, and have later runs begin with them here."""
        since = min(self._since, self._message.date, *self._corrected.values())
        for customer_id, error, member in left_out:
            marks.set_back_customer(self._db, customer_id, since)
            if isinstance(member, Group):
                corrections.mark_waiting(self._db, member, self._corrected)
            self._failures.append(Failure(customer_id, None, since, *code_and_detail(error)))

    def _park(self, to_park: Sequence[ToPark]) -> None:
        marks.park_customers(self._db, self._context._replace(by=self._message.by), to_park)
        detail = f"more than {self._services.max_lines} lines are due; unpark the customer to post them"
        self._failures += [Failure(account.customer_id, None, since, "parked", detail) for account, since in to_park]

    @property
    def _did_anything(self) -> bool:
        return bool(self._recorder.steps or self._failures)

    def _keep_lines(self) -> None:
        if self._again and self._did_anything:
            told = record_change(self._context, run_started(self._again))
            retry_on_contention(partial(runs.record_run, self._db, self._again, told))
        self._failures += self._recorder.keep()

    def keep(self) -> WorkResult:
        """Keep what this message has done, if anything."""
        if self._did_anything:
            self._keep_lines()
        work_result = self._recorder.work_result(self._failures)
        if self._did_anything:
            runs.save_result(self._db, self._run_id, self._message.segment, self._message.piece, work_result.result)
        if self._again and runs.find_run(self._db, self._run_id):
            sum_up(self._db, self._run_id, self._message.segment)
            finish_run(self._db, self._context, self._again, merged_results(runs.results(self._db, self._run_id)))
        return work_result

    def finish(self, work_result: WorkResult) -> WorkResult:
        """Move the segment's progress forward, unless the message came on another day of the calendar than its sweep began."""
        message = self._message
        in_time = self._standing.begun == message.sweep and message.on in (date.min, self._context.today)
        if in_time and not self._again:
            progress.finish_sweep(self._db, message.segment, message.segments, message.sweep)
        left = self._finish_run(work_result.result)
        if self._services.overview:
            from ..overviews import begin_overview  # made of what runs are made of, and not in cold starts

            begin_overview(self._services, self._context, message.run_id)
        return work_result._replace(left=left)

    def _finish_run(self, result: Result) -> int | None:
        """Note in the run that the segment is through, also when a later day has overtaken it; how many are left of one that runs.

        A finished run is left alone, unless this delivery came so late that it was finished without what this one has done.
        """
        db, message = self._db, self._message
        run = runs.find_run(db, message.run_id)
        if run is None or (run.state != "running" and not (result.totals or result.failed)):
            return None
        sum_up(db, run.run_id, message.segment)
        left = complete_segment(db, self._context, run.run_id, message.segment, lambda run: merged_results(runs.results(db, run.run_id)))
        return left if run.state == "running" else None


def _another_run(message: SegmentMessage, context: RequestContext) -> RunRecord:
    """The run of a day that the segment had finished."""
    return RunRecord(message.again_id, "daily", message.date, context.timestamp, context.by, segments=message.segments)


def _spend_periods(
    found: Sequence[Assignment], catalog: Mapping[str, Package], since: Mapping[str, date], day: date
) -> Iterator[loading.AssignmentPeriod]:
    """The minimum-spend periods of a customer. An assignment that they can't be found of is told when it is planned."""
    for one in found:
        with suppress(Exception):
            yield from loading.settled_periods(one, catalog[one.package_id], since[one.assignment_id], day)
