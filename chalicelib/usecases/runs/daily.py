"""The daily evaluation: a run for a day, a message for each segment of the sweep, and what makes a segment finished.

Nothing depends on one sweep having seen an assignment: what may be uncharged says so itself (`evaluate_from`), and a
segment's progress moves only after all that it owes is posted or marked.
"""

from datetime import date, timedelta
from functools import partial
from typing import Final

from ...domain.errors import Fault, Invalid
from ...domain.history import run_started
from ...domain.progress import Sweep
from ...domain.record import DAILY, RunRecord, StartedEvaluation, WorkResult
from ...domain.schedule import DAY
from ...storage import progress, runs
from ...storage.retry import retry_on_contention
from ..history import record_change
from ..request_context import RequestContext, Services
from ..segment import SecondsLeft, work_through
from ..time_budget import within_time_budget
from .daily_work import SWEEP_THREADS, DailyWork
from .messages import SegmentMessage, body_of
from .sweep import RunSegment

CATCH_UP_MAX: Final = timedelta(days=400)


def start_evaluation(services: Services, context: RequestContext, day: date, *, allow_future: bool) -> StartedEvaluation:
    """Begin the evaluation of `day` and hand it to the queue. An evaluated day writes nothing, unless something is marked.

    Raises `Invalid` for a day after today that is not allowed, and for more than 400 days in one go.
    """
    if day > context.today and not (allow_future and services.allow_future):
        hint = "allow_future is not enabled here" if allow_future else "allow_future: true says that it is meant"
        raise Invalid([Fault("/date", f"lies after today, {context.today}; {hint}")])
    standing = progress.read_progress(services.db)
    since = standing.last_evaluated or standing.first
    if since and day - since > CATCH_UP_MAX:
        raise Invalid([Fault("/date", f"more than 400 days after {since}: evaluate in steps, at most {since + CATCH_UP_MAX} now")])
    run = RunRecord(f"{DAILY}{day}", "daily", day, context.timestamp, context.by, segments=services.segments)
    finished = standing.last_evaluated is not None and standing.last_evaluated >= day
    if not finished:
        progress.expire_corrections(services.db, standing, context.at)
        progress.start_sweep(services.db, Sweep(day, context.today), standing.last_evaluated)
        run = retry_on_contention(partial(runs.record_run, services.db, run, record_change(context, run_started(run))))
    again_id = f"{run.run_id}:{context.id}"
    messages = [SegmentMessage(run.run_id, day, n, run.segments, again_id, context.by, on=context.today) for n in range(run.segments)]
    services.send([body_of(message) for message in messages])
    recorded = not finished or runs.find_run(services.db, run.run_id) is not None
    return StartedEvaluation(run.run_id if recorded else None, day, run.segments, finished, standing.last_evaluated)


def days_late(services: Services, day: date) -> int:
    """How many days up to `day` are not evaluated; where no evaluation ever began, `day` itself. Writes nothing."""
    standing = progress.read_progress(services.db)
    last = standing.last_evaluated or (standing.first or day) - DAY
    return max((day - last).days, 0)


def work_sweep(services: Services, context: RequestContext, message: SegmentMessage, seconds_left: SecondsLeft) -> WorkResult:
    """Sweep a segment, or what is left of it, and post what is due. Safe to repeat at any point.

    A message that comes on another day of the calendar than its sweep began posts too, but finishes nothing: by then, keys
    may be shared out otherwise between the segments, and the others have finished without those of this one.
    """
    services = within_time_budget(services, seconds_left)
    standing = progress.read_progress(services.db)
    with services.threads(SWEEP_THREADS) as pool:
        sweep = DailyWork(services, context, message, standing, pool, seconds_left)
        return work_through(RunSegment(services, message, message.segments), sweep, seconds_left)
