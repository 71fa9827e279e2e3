"""How far the daily sweep is, and from which day on each segment may owe something (rules: The daily evaluation).

The keys of a table are shared out between segments for one parallel scan, and AWS promises no more. So a segment's progress
counts for the sweep that it belongs to, and every segment of the next sweep starts at the same day: the one after the last
evaluated day, whose sweep all of them had finished, whatever their number.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from .schedule import DAY


class Sweep(NamedTuple):
    """The sweep for `day` that was begun `on` a day of the calendar; begun again on another one, it is another sweep.

    Former releases did not say `on`; they compare as `date.min`.
    """

    day: date
    on: date = date.min


class PriceCorrection(NamedTuple):
    """What is due from `since` on may be uncharged on all assignments of a package, until a whole sweep of `open_day` or a later day
    has looked for it. `open_day` was the first open day when the prices were corrected."""

    since: date
    open_day: date


class Progress(NamedTuple):
    """`segments[count][n]` is the sweep that segment n of `count` has finished last, `begun` the latest one.

    `first` is the day of the first sweep, `evaluated_before` the last evaluated day when `begun` began; None: no such day.
    `corrections` are those of prices, by package id, done with or not.
    """

    segments: dict[int, dict[int, Sweep]]
    begun: Sweep | None
    first: date | None
    evaluated_before: date | None
    corrections: Mapping[str, PriceCorrection] = {}

    @property
    def latest_started(self) -> date | None:
        """The latest day whose sweep has begun; None before the first."""
        return self.begun.day if self.begun else None

    @property
    def last_evaluated(self) -> date | None:
        """The last day whose sweep all segments have finished; None before the first."""
        if self.begun and any(len(done) == count and set(done.values()) == {self.begun} for count, done in self.segments.items()):
            return self.begun.day
        if self.begun and self.begun.on > date.min:
            return self.evaluated_before
        whole = [min(done.values()).day for count, done in self.segments.items() if len(done) == count]
        return max(whole, default=None)

    @property
    def corrected(self) -> dict[str, date]:
        """From when the assignments of a package, by its id, may owe something that a correction of its prices has made due."""
        return {name: one.since for name, one in self.corrections.items() if not self._is_done(one)}

    def _is_done(self, correction: PriceCorrection) -> bool:
        return self.last_evaluated is not None and self.last_evaluated >= correction.open_day

    def since(self, day: date, segment: int, count: int, today: date) -> date:
        """The first day that this segment may owe when `day` is swept; later than `day` if it has finished that already."""
        own = self.segments.get(count, {}).get(segment)
        if own and own == self.begun and own.on in (date.min, today):
            return own.day + DAY
        return self.first_unevaluated_day(day)

    def first_unevaluated_day(self, day: date) -> date:
        """The first day that any segment may owe when `day` is swept: everything before it is evaluated."""
        return self.last_evaluated + DAY if self.last_evaluated else min(self.first or day, day)
