"""What a live run brought: summed up by the pieces that tell of themselves while it runs, by its lines at the end."""

from collections.abc import Callable, Sequence
from functools import partial

from ..domain.errors import Throttled, told
from ..domain.record import LISTED_FAILURES, Brought, Failure, Result, RunRecord, Step, by_customer, merged
from ..domain.run import tally_by_currency
from ..storage import lines, runs
from ..storage.db import Db
from ..storage.retry import settle


class Journal:
    """The lines that one attempt at a segment brings, kept as it goes: what it did is told even if it dies."""

    def __init__(self, db: Db, run_id: str, segment: int, attempt: str) -> None:
        self.steps: list[Step] = []
        self._save = partial(lines.save, db, run_id, segment, attempt)
        self._kept = self._items = 0
        self.swept = self.owed = 0
        """Assignments seen, and those left uncharged."""

    def brought(self, failures: Sequence[Failure]) -> Brought:
        """All that the attempt brought; it failed at these."""
        totals = tally_by_currency(step.outcome for step in self.steps)
        held = sum(step.status == "held" for step in self.steps)
        parked = sum(failure.code == "parked" for failure in failures)
        return Brought(Result(totals, tuple(failures[:LISTED_FAILURES]), len(failures)), held, parked, self.swept, self.owed)

    def keep(self) -> list[Failure]:
        """Keep what is not kept yet; the customers whose lines can't be kept. Raises `Throttled`.

        Their charges stand, so nobody else's posting waits for them.
        """
        failures = self._keep(self.steps[self._kept :])
        self._kept = len(self.steps)
        return failures

    def _keep(self, steps: list[Step]) -> list[Failure]:
        try:
            self._items = settle(partial(self._save, self._items, steps))
        except Throttled:
            raise
        except Exception as error:  # noqa: BLE001 - told, whatever it is
            customers = by_customer(steps)
            if len(customers) > 1:
                return [failure for own in customers for failure in self._keep(own)]
            code, detail = told(error)
            line = steps[0].line
            return [Failure(line.customer_id, None, line.due_date, code, f"is charged, but its lines are missing here: {detail}")]
        return []


def so_far(db: Db, run: RunRecord) -> Result:
    """The run's totals and failures: final, or of what is through. A piece delivered twice may count twice until its segment is."""
    return run.result or merged(runs.results(db, run.run_id))


def sum_up(db: Db, run_id: str, segment: int) -> None:
    """Keep the totals of a daily run's segment. Deliveries of a piece may overlap, so they are those of its lines, each once."""
    totals = tally_by_currency(step.outcome for step in lines.of_segment(db, run_id, segment))
    if totals:
        runs.save_totals(db, run_id, segment, totals)


def finish_segment(db: Db, run_id: str, segment: int, at: str, final: Callable[[RunRecord], Result]) -> int:
    """Note that a segment of a run is through; the last one finishes the run. How many are left."""
    run = runs.finish_segment(db, run_id, segment)
    if len(run.done) >= run.segments:
        runs.finish(db, run_id, final(run), at)
    return run.segments - len(run.done)
