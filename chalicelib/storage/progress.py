"""How far the daily sweep is: which sweep each segment has passed last, and the latest one that was begun.

The keys of a table are shared out between segments for one parallel scan, and AWS promises no more. So a segment's progress
counts for the sweep that it belongs to, and every segment of the next sweep starts at the same day: the one after the last
day that all segments had passed together, whatever their number.
"""

from collections import defaultdict
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple

from ..domain.schedule import DAY
from . import keys
from .db import Db, Item, update
from .errors import ConditionFailed
from .keys import PROGRESS_PK, RUNS, STARTED_SK


class Sweep(NamedTuple):
    """The sweep for `day` that was begun `on` a day of the calendar; begun again on another one, it is another sweep.

    Former releases did not say `on`; they compare as `date.min`.
    """

    day: date
    on: date = date.min


class Progress(NamedTuple):
    """`segments[count][n]` is the sweep that segment n of `count` has passed last, `begun` the latest one.

    `first` is the day of the first sweep, `before` the last day that all had passed when `begun` began; None: no such day.
    """

    segments: dict[int, dict[int, Sweep]]
    begun: Sweep | None
    first: date | None
    before: date | None

    @property
    def evaluated(self) -> date | None:
        """The last day that the whole sweep has passed; None before the first."""
        if self.begun and any(len(passed) == count and set(passed.values()) == {self.begun} for count, passed in self.segments.items()):
            return self.begun.day
        if self.begun and self.begun.on > date.min:
            return self.before
        whole = [min(passed.values()).day for count, passed in self.segments.items() if len(passed) == count]
        return max(whole, default=None)

    def since(self, day: date, segment: int, count: int, today: date) -> date:
        """The first day that this segment may owe when `day` is swept; later than `day` if it has passed that already."""
        own = self.segments.get(count, {}).get(segment)
        if own and own == self.begun and own.on in (date.min, today):
            return own.day + DAY
        return self.evaluated + DAY if self.evaluated else min(self.first or day, day)


def read(db: Db) -> Progress:
    """All progress, in one query."""
    segments: dict[int, dict[int, Sweep]] = defaultdict(dict)
    started: Item = {}
    for item in db.query_all(RUNS, "#pk = :pk", {"pk": PROGRESS_PK}):
        if item["sk"] == STARTED_SK:
            started = item
        else:
            count, segment = map(int, item["sk"].split("#"))
            segments[count][segment] = _sweep(item)
    return Progress(dict(segments), _sweep(started) if started else None, _day(started, "first"), _day(started, "before"))


def _sweep(item: Item) -> Sweep:
    return Sweep(date.fromisoformat(item["day"]), _day(item, "on") or date.min)


def _day(item: Item, name: str) -> date | None:
    return date.fromisoformat(item[name]) if name in item else None


def latest_started(db: Db) -> date | None:
    """The latest day whose evaluation has begun."""
    item = db.get(RUNS, keys.started())
    return date.fromisoformat(item["day"]) if item else None


def start(db: Db, sweep: Sweep, evaluated: date | None) -> None:
    """Note that a sweep begins, and through which day all is evaluated by then; before any worker does."""
    change = "SET #day = :day, #on = :on, #first = if_not_exists(#first, :day)"
    before = {"before": evaluated.isoformat()} if evaluated else {}
    _forward(db, keys.started(), sweep, change + (", #before = :before" if before else ""), before)


def finish_segment(db: Db, segment: int, count: int, sweep: Sweep) -> None:
    """Note that a segment has passed a sweep."""
    _forward(db, keys.progress(count, segment), sweep, "SET #day = :day, #on = :on", {})


def _forward(db: Db, key: keys.Key, sweep: Sweep, change: str, more: dict[str, Any]) -> None:
    """A later sweep that stands there already is further than ours, whoever wrote it."""
    values = {"day": sweep.day.isoformat(), "on": sweep.on.isoformat()} | more
    condition = "attribute_not_exists(#day) OR #day < :day OR (#day = :day AND (attribute_not_exists(#on) OR #on < :on))"
    with suppress(ConditionFailed):
        db.write(update(RUNS, key, change, condition=condition, values=values))
