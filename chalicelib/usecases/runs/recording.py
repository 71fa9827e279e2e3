"""Records what a run does: its lines as they are posted, its totals when a segment is through, its end."""

from collections.abc import Callable, Sequence
from functools import partial

from ...domain.errors import Throttled, code_and_detail
from ...domain.history import run_finished
from ...domain.record import RESULT_FAILURES_MAX, Failure, Result, RunRecord, Step, WorkResult, by_customer
from ...domain.report import tally_by_currency
from ...storage import lines, runs
from ...storage.db import Db
from ...storage.retry import retry_on_contention
from ..history import record_change
from ..request_context import RequestContext


class LineRecorder:
    """The lines that one attempt at a segment brings, kept as it goes: what it did is told even if it dies."""

    def __init__(self, db: Db, run_id: str, segment: int, attempt: str) -> None:
        self.steps: list[Step] = []
        self._save = partial(lines.save_lines, db, run_id, segment, attempt)
        self._kept = self._items = 0
        self.swept = self.owed = 0
        """Assignments seen, and those left uncharged."""

    def work_result(self, failures: Sequence[Failure]) -> WorkResult:
        """All that the attempt did; it failed at these."""
        totals = tally_by_currency(step.outcome for step in self.steps)
        held = sum(step.status == "held" for step in self.steps)
        parked = sum(failure.code == "parked" for failure in failures)
        return WorkResult(Result(totals, tuple(failures[:RESULT_FAILURES_MAX]), len(failures)), held, parked, self.swept, self.owed)

    def keep(self) -> list[Failure]:
        """Keep what is not kept yet; the customers whose lines can't be kept. Raises `Throttled`.

        Their charges stand, so nobody else's posting waits for them.
        """
        failures = self._keep(self.steps[self._kept :])
        self._kept = len(self.steps)
        return failures

    def _keep(self, steps: list[Step]) -> list[Failure]:
        try:
            self._items = retry_on_contention(partial(self._save, self._items, steps))
        except Throttled:
            raise
        except Exception as error:  # noqa: BLE001 - told, whatever it is
            customers = by_customer(steps)
            if len(customers) > 1:
                return [failure for own in customers for failure in self._keep(own)]
            code, detail = code_and_detail(error)
            line = steps[0].line
            return [Failure(line.customer_id, None, line.due_date, code, f"is charged, but its lines are missing here: {detail}")]
        return []


def sum_up(db: Db, run_id: str, segment: int) -> None:
    """Keep the totals of a daily run's segment. Deliveries of a piece may overlap, so they are those of its lines, each once."""
    totals = tally_by_currency(step.outcome for step in lines.of_segment(db, run_id, segment))
    if totals:
        runs.save_totals(db, run_id, segment, totals)


def complete_segment(db: Db, context: RequestContext, run_id: str, segment: int, final: Callable[[RunRecord], Result]) -> int:
    """Note that a segment of a run is through; the last one finishes the run. How many are left."""
    run = runs.finish_segment(db, run_id, segment)
    if len(run.done) >= run.segments:
        finish_run(db, context, run, final(run))
    return run.segments - len(run.done)


def finish_run(db: Db, context: RequestContext, run: RunRecord, result: Result) -> RunRecord:
    """Note that a run is through, and what it brought; the record as it is then."""

    def attempt() -> RunRecord:
        return runs.finish_run(db, run, result, context.timestamp, record_change(context, run_finished(run, result)))

    return retry_on_contention(attempt)
