"""How far the daily sweep is: a day for each segment, moved forward only, and the latest day that was begun.

When the number of segments changes, every segment starts from the earliest of the old ones.
"""

from collections import defaultdict
from contextlib import suppress
from datetime import date
from typing import NamedTuple

from . import keys
from .db import Db, update
from .errors import ConditionFailed
from .keys import PROGRESS_PK, RUNS, STARTED_SK


class Progress(NamedTuple):
    """`segments[count][n]` is the last day that segment n of `count` has passed; `first` and `latest` were begun."""

    segments: dict[int, dict[int, date]]
    first: date | None
    latest: date | None

    @property
    def evaluated(self) -> date | None:
        """The last day that the whole sweep has passed; None before the first."""
        whole = [min(days.values()) for count, days in self.segments.items() if len(days) == count]
        return max(whole, default=None)

    def of_segment(self, segment: int, count: int) -> date | None:
        """The last day that this segment has passed."""
        own = self.segments.get(count, {}).get(segment)
        return max((day for day in (own, self.evaluated) if day), default=None)


def read(db: Db) -> Progress:
    """All progress, in one query."""
    segments: dict[int, dict[int, date]] = defaultdict(dict)
    first = latest = None
    for item in db.query_all(RUNS, "#pk = :pk", {"pk": PROGRESS_PK}):
        if item["sk"] == STARTED_SK:
            first, latest = date.fromisoformat(item["first"]), date.fromisoformat(item["day"])
        else:
            count, segment = map(int, item["sk"].split("#"))
            segments[count][segment] = date.fromisoformat(item["day"])
    return Progress(dict(segments), first, latest)


def latest_started(db: Db) -> date | None:
    """The latest day whose evaluation has begun."""
    item = db.get(RUNS, keys.started())
    return date.fromisoformat(item["day"]) if item else None


def start(db: Db, day: date) -> None:
    """Note that the evaluation of `day` begins; before any worker does."""
    _forward(db, keys.started(), day, "SET #day = :day, #first = if_not_exists(#first, :day)")


def finish_segment(db: Db, segment: int, count: int, day: date) -> None:
    """Note that a segment has passed `day`."""
    _forward(db, keys.progress(count, segment), day, "SET #day = :day")


def _forward(db: Db, key: keys.Key, day: date, change: str) -> None:
    """A later day that stands there already is further than ours, whoever wrote it."""
    with suppress(ConditionFailed):
        db.write(update(RUNS, key, change, condition="attribute_not_exists(#day) OR #day < :day", values={"day": day.isoformat()}))
