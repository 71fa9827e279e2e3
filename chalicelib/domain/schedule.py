"""When a package charges (rules: Frequency and Frequency Match).

Dates are always counted from the rule or the start date, never from the due date before, so they can't drift. A day that
a month lacks becomes the month's last day.

`first` and `last` are the ends of closed ranges, `since` and `until` of half-open ones.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple, get_args

from dateutil.relativedelta import relativedelta

Frequency = Literal["none", "daily", "weekly", "monthly", "quarterly", "yearly"]
Match = tuple[int, ...]
"""Days 1..31 of a month, or weekdays 0..6 from Monday; empty follows the start date."""

FREQUENCIES: Final[tuple[Frequency, ...]] = get_args(Frequency)
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY: Final = timedelta(days=1)
_OF_NO_PHASE: Final = frozenset(("weekly", "monthly"))
"""Their dates don't depend on the start, if each week or month counts and days are matched."""
_MONTHS: Final = {"quarterly": 3, "yearly": 12}
_GAPS: Final = {name: timedelta(days=days) for name, days in zip(FREQUENCIES, (366, 1, 7, 31, 92, 366), strict=True)}
REMEMBERED_DATES: Final = 64
"""About so many dates of a range are kept at most: what is kept is bounded by its size, not by how often somebody asks."""
_STEP: Final = timedelta(days=366)


class Period(NamedTuple):
    """The days `since <= day < until` of a billing period that goes, uncut, from `whole_since` (None: `since`) to `whole_until`.

    Made by `uncut` and `part`, which say what is meant; four dates in a row do not.
    """

    since: date
    until: date
    whole_until: date
    whole_since: date | None = None

    @classmethod
    def uncut(cls, since: date, until: date) -> "Period":
        """A period of which nothing is cut off."""
        return cls(since, until, whole_until=until)

    def part(self, since: date, until: date) -> "Period":
        """The days `since <= day < until` of this period, which is uncut."""
        return Period(since, until, whole_until=self.until, whole_since=self.since)

    @property
    def whole(self) -> "Period":
        """The period by the rule, uncut."""
        return Period.uncut(self.whole_since or self.since, self.whole_until)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days

    @property
    def whole_days(self) -> int:
        """How many days it has by the rule, uncut."""
        return self.whole.days


class Schedule(NamedTuple):
    """A rule: `every` so many days, weeks or months that are counted from `start`, each matched day."""

    frequency: Frequency
    match: Match
    every: int
    start: date

    @property
    def longest_gap(self) -> timedelta:
        """The most days that lie between a due date and the next."""
        return _GAPS[self.frequency] * self.every

    def dates(self, first: date, last: date) -> tuple[date, ...]:
        """The due dates in `first..last`, both included, none of them before the start; oldest first."""
        return due_dates(*self, first, last)

    def each(self, first: date, last: date) -> Iterator[date]:
        """The same as `dates`, one by one, for callers that may not need all of a long range."""
        begun = max(first, self.start)
        while begun <= last:
            end = min(last, begun + _STEP)
            yield from self.dates(begun, end)
            begun = end + DAY

    def next(self, after: date) -> date | None:
        """The first due date later than `after`; None when there is none."""
        first = max(after + DAY, self.start)
        dates = self.dates(first, first + self.longest_gap)
        return dates[0] if dates else None

    def previous(self, before: date) -> date | None:
        """The last due date earlier than `before`; None when there is none."""
        if self.frequency == "none":
            return self.start if self.start < before else None
        last = before - DAY
        dates = self.dates(last - self.longest_gap, last)
        return dates[-1] if dates else None

    def upcoming(self, first: date, count: int) -> tuple[date, ...]:
        """The first `count` due dates from `first` on, as far as there are that many; oldest first."""
        found: list[date] = []
        day = first - DAY
        while len(found) < count and (due := self.next(day)):
            found.append(due)
            day = due
        return tuple(found)

    def period(self, day: date) -> Period | None:
        """The period of the rule that has `day`, a day from the start on; None for a rule of one date.

        With match days the rule is taken as if it had begun long before the start; else nothing lies before that.
        """
        if self.frequency == "none":
            return None
        since = _rule_dates(*self, day - self.longest_gap, day)[-1] if self.match else self.previous(day + DAY) or self.start
        until = _rule_dates(*self, day + DAY, day + self.longest_gap)[0]
        return Period.uncut(since, until)


def due_dates(frequency: Frequency, match: Match, every: int, start: date, first: date, last: date) -> tuple[date, ...]:
    """`Schedule.dates` for the sweep, which asks it of every assignment and has no time to make a schedule first."""
    first = start if first < start else first  # noqa: FURB136 - max() takes three times as long
    if first > last:
        return ()
    if first == last and every == 1 and match and frequency in _OF_NO_PHASE:  # most of what a sweep asks
        return remembered_pattern(frequency, match, 1, 0, first, last)
    return (start,) * (first == start) if frequency == "none" else _rule_dates(frequency, match, every, start, first, last)


def _rule_dates(frequency: Frequency, match: Match, every: int, start: date, first: date, last: date) -> tuple[date, ...]:
    """The dates of the rule in `first..last`, also those before the start."""
    step = _MONTHS.get(frequency, every)
    phase = _unit(frequency, start) % step if step > 1 else 0
    one_day = first == last  # as a sweep asks of every assignment
    pattern = remembered_pattern if one_day or last - first <= _GAPS[frequency] * (REMEMBERED_DATES // (len(match) or 1)) else _pattern
    return pattern(frequency, match or _own_match(frequency, start), step, phase, first, last)


def first_open_day(today: date, latest_started: date | None) -> date:
    """The first day after yesterday, and after the latest day whose evaluation has begun, `latest_started`."""
    return max(today, latest_started + DAY) if latest_started else today


def days_in_month(year: int, month: int) -> int:
    """How many days the month has."""
    return monthrange(year, month)[1]


def _own_match(frequency: Frequency, start: date) -> Match:
    if frequency == "daily":
        return ()
    return (start.weekday(),) if frequency == "weekly" else (start.day,)


def _pattern(frequency: Frequency, match: Match, step: int, phase: int, first: date, last: date) -> tuple[date, ...]:
    """The dates in `first..last` in every `step`th day, week or month: those whose number modulo `step` is `phase`."""
    begun = _unit(frequency, first)
    units = range(begun + (phase - begun) % step, _unit(frequency, last) + 1, step)
    return tuple(day for unit in units for day in matched_days(frequency, match, unit) if first <= day <= last)


remembered_pattern: Final = lru_cache(maxsize=4096)(_pattern)
"""Cached, because in one run almost every assignment asks for one of a few patterns over the same days."""


def _unit(frequency: Frequency, day: date) -> int:
    """The number of the day, of its week from Monday, or of its month."""
    if frequency == "daily":
        return day.toordinal()
    return (day.toordinal() - 1) // 7 if frequency == "weekly" else day.year * 12 + day.month - 1


def matched_days(frequency: Frequency, match: Match, unit: int) -> Iterator[date]:
    """The matched days of a week or month, or the one of a day."""
    if frequency == "daily":
        yield date.fromordinal(unit)
    elif frequency == "weekly":
        yield from (date.fromordinal(unit * 7 + 1 + weekday) for weekday in match)
    else:
        begun = date(unit // 12, unit % 12 + 1, 1)
        yield from sorted({begun + relativedelta(day=day) for day in match})
