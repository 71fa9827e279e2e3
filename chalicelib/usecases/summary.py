"""What a live run brought: summed up by the pieces that tell of themselves while it runs, by its lines at the end."""

from collections.abc import Sequence
from functools import partial

from ..domain.record import LISTED_FAILURES, Brought, Failure, Result, RunRecord, Step, merged
from ..domain.run import tally_by_currency
from ..storage import runs
from ..storage.db import Db
from ..storage.retry import settle


class Journal:
    """The lines that one attempt at a segment brings, kept as it goes: what it did is told even if it dies."""

    def __init__(self, db: Db, run_id: str, segment: int, attempt: str) -> None:
        self.steps: list[Step] = []
        self._save = partial(runs.save_lines, db, run_id, segment, attempt)
        self._kept = self._items = 0
        self.swept = self.owed = 0
        """Assignments seen, and those left uncharged."""

    def brought(self, failures: Sequence[Failure]) -> Brought:
        """All that the attempt brought; it failed at these."""
        totals = tally_by_currency(step.outcome for step in self.steps)
        held = sum(step.status == "held" for step in self.steps)
        parked = sum(failure.code == "parked" for failure in failures)
        return Brought(Result(totals, tuple(failures[:LISTED_FAILURES]), len(failures)), held, parked, self.swept, self.owed)

    def keep(self) -> None:
        """Keep what is not kept yet."""
        self._items = settle(partial(self._save, self._items, self.steps[self._kept :]))
        self._kept = len(self.steps)


def so_far(db: Db, run: RunRecord) -> Result:
    """The run's totals and failures: final, or of the pieces that are through. A piece delivered twice may count twice till the end."""
    return run.result or merged(runs.results(db, run.run_id))


def summed_up(db: Db, run: RunRecord) -> Result:
    """The final totals and failures. Deliveries of a piece may overlap, so the totals are of the lines, each once."""
    steps = runs.steps(db, run.run_id) if run.kind == "daily" else runs.done_steps(db, run.run_id)
    return merged(runs.results(db, run.run_id))._replace(totals=tally_by_currency(step.outcome for step in steps))
