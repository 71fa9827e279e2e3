"""When a package charges (rules: Frequency and Frequency Match).

Dates are always counted from the rule or the start date, never from the due date before, so they can't drift. A day that
a month lacks becomes the month's last day.
"""

from calendar import monthrange
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
LONGEST_GAP: Final = timedelta(days=366)


def due_dates(frequency: Frequency, match: Match, start: date, since: date, until: date) -> tuple[date, ...]:
    """The due dates in `since..until`, both included, of something that starts on `start`; oldest first."""
    since = start if since < start else since  # noqa: FURB136 - max() takes three times as long, and a sweep is mostly this
    if since > until:
        return ()
    if frequency == "none":
        return (start,) if since == start else ()
    phase = start.month % _MONTHS[frequency] if frequency in _PHASED else 0
    return _pattern(frequency, match or _own_match(frequency, start), phase, since, until)


def next_due(frequency: Frequency, match: Match, start: date, after: date) -> date | None:
    """The first due date later than `after`; None when there is none."""
    since = max(after + DAY, start)
    dates = due_dates(frequency, match, start, since, since + (DAY if frequency == "daily" else LONGEST_GAP))
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
    dates = due_dates(frequency, match, start, until - (DAY if frequency == "daily" else LONGEST_GAP), until)
    return dates[-1] if dates else None


def last_day(year: int, month: int) -> int:
    """How many days the month has."""
    return monthrange(year, month)[1]


def _own_match(frequency: Frequency, start: date) -> Match:
    if frequency == "daily":
        return ()
    return (start.weekday(),) if frequency == "weekly" else (start.day,)


@lru_cache(maxsize=8192)
def _pattern(frequency: Frequency, match: Match, phase: int, since: date, until: date) -> tuple[date, ...]:
    """Cached, because in one run almost every assignment asks for one of a few patterns over the same days."""
    if frequency == "daily":
        return tuple(since + DAY * n for n in range((until - since).days + 1))
    if frequency == "weekly":
        return tuple(day for n in range((until - since).days + 1) if (day := since + DAY * n).weekday() in match)
    return tuple(
        day
        for months in range(since.year * 12 + since.month - 1, until.year * 12 + until.month)
        if (months + 1 - phase) % _MONTHS[frequency] == 0
        for day in _days_of_month(months // 12, months % 12 + 1, match)
        if since <= day <= until
    )


def _days_of_month(year: int, month: int, match: Match) -> list[date]:
    last = last_day(year, month)
    return [date(year, month, day) for day in sorted({min(day, last) for day in match})]
