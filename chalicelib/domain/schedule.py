"""When a package charges (rules: Frequency and Frequency Match).

Dates are always counted from the rule or the start date, never from the due date before, so they can't drift. A day that
a month lacks becomes the month's last day.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Literal, get_args

Frequency = Literal["none", "daily", "weekly", "monthly", "quarterly", "yearly"]
Match = tuple[int, ...]
"""Days 1..31 of a month, or weekdays 0..6 from Monday; empty follows the start date."""

FREQUENCIES: Final[tuple[Frequency, ...]] = get_args(Frequency)
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY: Final = timedelta(days=1)
_MONTHS: Final = {"monthly": 1, "quarterly": 3, "yearly": 12}
_PHASED: Final = ("quarterly", "yearly")
"""Which months are hit depends on the start date's: its number modulo 3 or 12 is the rule's phase."""
_GAPS: Final = {name: timedelta(days=days) for name, days in zip(FREQUENCIES, (366, 1, 7, 31, 92, 366), strict=True)}
_REMEMBERED: Final = {name: 2 * gap for name, gap in _GAPS.items()}
"""The longest ranges whose dates are kept: what is kept is bounded by its size, not by how often somebody asks."""

_STEP: Final = timedelta(days=366)


def longest_gap(frequency: Frequency) -> timedelta:
    """The most days that lie between a due date and the next."""
    return _GAPS[frequency]


def due_dates(frequency: Frequency, match: Match, start: date, since: date, until: date) -> tuple[date, ...]:
    """The due dates in `since..until`, both included, of something that starts on `start`; oldest first."""
    since = start if since < start else since  # noqa: FURB136 - max() takes three times as long, and a sweep is mostly this
    if since > until:
        return ()
    if frequency == "none":
        return (start,) if since == start else ()
    phase = start.month % _MONTHS[frequency] if frequency in _PHASED else 0
    own = match or _own_match(frequency, start)
    if until - since <= _REMEMBERED[frequency]:
        return _remembered(frequency, own, phase, since, until)
    return tuple(_pattern(frequency, own, phase, since, until))


def each_due(frequency: Frequency, match: Match, start: date, since: date, until: date) -> Iterator[date]:
    """What `due_dates` gives, date by date, for whoever may not want all of a long range."""
    begun = max(since, start)
    while begun <= until:
        last = min(until, begun + _STEP)
        yield from due_dates(frequency, match, start, begun, last)
        begun = last + DAY


def next_due(frequency: Frequency, match: Match, start: date, after: date) -> date | None:
    """The first due date later than `after`; None when there is none."""
    since = max(after + DAY, start)
    dates = due_dates(frequency, match, start, since, since + longest_gap(frequency))
    return dates[0] if dates else None


def upcoming(frequency: Frequency, match: Match, start: date, since: date, count: int) -> tuple[date, ...]:
    """The first `count` due dates from `since` on, as far as there are that many; oldest first."""
    found: list[date] = []
    day = since - DAY
    while len(found) < count and (due := next_due(frequency, match, start, day)):
        found.append(due)
        day = due
    return tuple(found)


def previous_due(frequency: Frequency, match: Match, start: date, before: date) -> date | None:
    """The last due date earlier than `before`; None when there is none."""
    if frequency == "none":
        return start if start < before else None
    until = before - DAY
    dates = due_dates(frequency, match, start, until - longest_gap(frequency), until)
    return dates[-1] if dates else None


def last_day(year: int, month: int) -> int:
    """How many days the month has."""
    return monthrange(year, month)[1]


def _own_match(frequency: Frequency, start: date) -> Match:
    if frequency == "daily":
        return ()
    return (start.weekday(),) if frequency == "weekly" else (start.day,)


@lru_cache(maxsize=4096)
def _remembered(frequency: Frequency, match: Match, phase: int, since: date, until: date) -> tuple[date, ...]:
    """Cached, because in one run almost every assignment asks for one of a few patterns over the same days."""
    return tuple(_pattern(frequency, match, phase, since, until))


def _pattern(frequency: Frequency, match: Match, phase: int, since: date, until: date) -> Iterator[date]:
    if frequency in ("daily", "weekly"):
        every = (since + DAY * n for n in range((until - since).days + 1))
        return every if frequency == "daily" else (day for day in every if day.weekday() in match)
    return (
        day
        for months in range(since.year * 12 + since.month - 1, until.year * 12 + until.month)
        if (months + 1 - phase) % _MONTHS[frequency] == 0
        for day in _days_of_month(months // 12, months % 12 + 1, match)
        if since <= day <= until
    )


def _days_of_month(year: int, month: int, match: Match) -> list[date]:
    last = last_day(year, month)
    return [date(year, month, day) for day in sorted({min(day, last) for day in match})]
