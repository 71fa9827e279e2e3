"""Which sweep each segment has finished last, and the latest one that was begun.

Beside it stand corrections of prices by which past days may owe something anew: sweeps look for that until all segments have
finished one.
"""

from collections import defaultdict
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from ..domain.progress import PriceCorrection, Progress, Sweep
from . import keys
from .db import Action, Db, Item, check, put, update
from .errors import ConditionFailed
from .keys import PRICES_PREFIX, PROGRESS_PK, RUNS, STARTED_SK


def read_progress(db: Db) -> Progress:
    """All progress, in one query."""
    segments: dict[int, dict[int, Sweep]] = defaultdict(dict)
    corrections: dict[str, PriceCorrection] = {}
    started: Item = {}
    for item in db.query_all(RUNS, "#pk = :pk", {"pk": PROGRESS_PK}):
        if item["sk"] == STARTED_SK:
            started = item
        elif item["sk"].startswith(PRICES_PREFIX):
            days = map(date.fromisoformat, (item["since"], item["open"]))
            corrections[item["sk"].removeprefix(PRICES_PREFIX)] = PriceCorrection(*days)
        else:
            count, segment = map(int, item["sk"].split("#"))
            segments[count][segment] = _sweep(item)
    begun, first, before = _sweep(started) if started else None, _optional_date(started, "first"), _optional_date(started, "before")
    return Progress(dict(segments), begun, first, before, corrections)


def _sweep(item: Item) -> Sweep:
    return Sweep(date.fromisoformat(item["day"]), _optional_date(item, "on") or date.min)


def _optional_date(item: Item, name: str) -> date | None:
    return date.fromisoformat(item[name]) if name in item else None


def latest_started(db: Db) -> date | None:
    """The latest day whose evaluation has begun."""
    return day_of(db.get(RUNS, keys.latest_sweep_key()))


def day_of(latest_sweep: Item | None) -> date | None:
    """The day of the item that `keys.latest_sweep_key` leads to."""
    return date.fromisoformat(latest_sweep["day"]) if latest_sweep else None


def not_begun(day: date) -> Action:
    """Change nothing, on condition that the evaluation of `day` has not begun, nor that of a later day."""
    condition = "attribute_not_exists(#day) OR #day < :day"
    return check(RUNS, keys.latest_sweep_key(), condition=condition, values={"day": day.isoformat()})


def note_correction(standing: Progress, package_id: str, since: date, open_day: date) -> list[Action]:
    """Have the sweeps of `open_day` and later look for what is due on a package from `since` on, beside what an earlier correction
    made them look for, on condition that the evaluation of `open_day` has not begun."""
    first = min(since, standing.corrected.get(package_id, since))
    item = keys.price_correction_key(package_id) | {"since": first.isoformat(), "open": open_day.isoformat()}
    return [put(RUNS, item), not_begun(open_day)]


def expire_corrections(db: Db, standing: Progress, at: datetime) -> None:
    """Let the database remove the corrections for which all segments have finished a sweep."""
    for package_id in standing.corrections.keys() - standing.corrected.keys():
        open_day = standing.corrections[package_id].open_day.isoformat()
        values = {"at": int(at.timestamp()), "read": open_day}
        with suppress(ConditionFailed):
            db.write(update(RUNS, keys.price_correction_key(package_id), "SET #expires = :at", condition="#open = :read", values=values))


def start_sweep(db: Db, sweep: Sweep, last_evaluated: date | None) -> None:
    """Note that a sweep begins, and which day is the last evaluated one by then; before any worker does."""
    change = "SET #day = :day, #on = :on, #first = if_not_exists(#first, :day)"
    before = {"before": last_evaluated.isoformat()} if last_evaluated else {}
    _forward(db, keys.latest_sweep_key(), sweep, change + (", #before = :before" if before else ""), before)


def finish_sweep(db: Db, segment: int, count: int, sweep: Sweep) -> None:
    """Note that a segment has finished a sweep."""
    _forward(db, keys.progress_key(count, segment), sweep, "SET #day = :day, #on = :on", {})


def _forward(db: Db, key: keys.Key, sweep: Sweep, change: str, more: dict[str, Any]) -> None:
    """A later sweep that stands there already is further than ours, whoever wrote it."""
    values = {"day": sweep.day.isoformat(), "on": sweep.on.isoformat()} | more
    condition = "attribute_not_exists(#day) OR #day < :day OR (#day = :day AND (attribute_not_exists(#on) OR #on < :on))"
    with suppress(ConditionFailed):
        db.write(update(RUNS, key, change, condition=condition, values=values))
