"""The daily evaluation: a run for a day, a message for each segment of the sweep, and what makes a segment finished.

Nothing depends on one sweep having seen an assignment: what may be uncharged says so itself (`evaluate_from`), and a
segment's progress moves only after all that it owes is posted or marked.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Final, NamedTuple

from ..domain.errors import Fault, Invalid
from ..domain.record import DAILY, Brought, Result, RunRecord, merged
from ..domain.schedule import DAY
from ..storage import progress, runs
from ..storage.db import Db
from ..storage.progress import Sweep
from ..storage.retry import settle
from .act import Act, Services
from .patience import patient
from .piece import Piece
from .summary import finish_segment, sum_up
from .worker import Worker

LONGEST_CATCH_UP: Final = timedelta(days=400)


class Started(NamedTuple):
    """The answer to an evaluation: its run (None for a day that never had one), and whether the day had been finished before."""

    run_id: str | None
    day: date
    segments: int
    finished_before: bool
    evaluated: date | None


def start(services: Services, act: Act, day: date, *, allow_future: bool) -> Started:
    """Begin the evaluation of `day` and hand it to the queue. A finished day writes nothing, unless something is marked.

    Raises `Invalid` for a day after today that is not allowed, and for more than 400 days in one go.
    """
    if day > act.today and not (allow_future and services.allow_future):
        hint = "allow_future is not enabled here" if allow_future else "allow_future: true says that it is meant"
        raise Invalid([Fault("/date", f"lies after today, {act.today}; {hint}")])
    standing = progress.read(services.db)
    since = standing.evaluated or standing.first
    if since and day - since > LONGEST_CATCH_UP:
        raise Invalid([Fault("/date", f"more than 400 days after {since}: evaluate in steps, at most {since + LONGEST_CATCH_UP} now")])
    run = RunRecord(f"{DAILY}{day}", "daily", day, act.stamp, act.by, segments=services.segments)
    finished = standing.evaluated is not None and standing.evaluated >= day
    if not finished:
        progress.start(services.db, Sweep(day, act.today), standing.evaluated)
        run = settle(partial(runs.record, services.db, run))
    again_id = f"{run.run_id}:{act.id}"
    services.send([Piece(run.run_id, day, n, run.segments, again_id, act.by, on=act.today).message() for n in range(run.segments)])
    recorded = not finished or runs.find(services.db, run.run_id) is not None
    return Started(run.run_id if recorded else None, day, run.segments, finished, standing.evaluated)


def days_late(services: Services, day: date) -> int:
    """How many days up to `day` are not finished; where no day ever began, `day` itself. Writes nothing."""
    standing = progress.read(services.db)
    finished = standing.evaluated or (standing.first or day) - DAY
    return max((day - finished).days, 0)


def work(services: Services, act: Act, piece: Piece, seconds_left: Callable[[], float]) -> Brought:
    """Sweep a segment, or what is left of it, and post what is due. Safe to repeat at any point.

    A message that comes on another day of the calendar than its sweep began posts too, but finishes nothing: by then, keys
    may be shared out otherwise between the segments, and the others have passed without those of this one.
    """
    services = patient(services, seconds_left)
    standing = progress.read(services.db)
    since = standing.since(piece.date, piece.segment, piece.segments, act.today)
    again = since > piece.date
    worker = Worker(services, act, piece, since, again)
    cursor = worker.sweep(seconds_left)
    brought = worker.keep(act.stamp)
    if cursor:
        services.send([piece._replace(piece=piece.piece + 1, cursor=cursor).message()])
        return brought
    if not again and standing.begun == piece.sweep and piece.on in (date.min, act.today):
        progress.finish_segment(services.db, piece.segment, piece.segments, piece.sweep)
    return brought._replace(left=_finish(services.db, piece, act.stamp, brought.result))


def _finish(db: Db, piece: Piece, at: str, result: Result) -> int | None:
    """Note in the run that the segment is through, also when a later day has overtaken it; how many are left of one that runs.

    A finished run is left alone, unless this delivery came so late that it was finished without what this one brought.
    """
    run = runs.find(db, piece.run_id)
    if run is None or (run.state != "running" and not (result.totals or result.failed)):
        return None
    sum_up(db, run.run_id, piece.segment)
    left = finish_segment(db, run.run_id, piece.segment, at, lambda run: merged(runs.results(db, run.run_id)))
    return left if run.state == "running" else None
