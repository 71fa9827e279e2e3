"""When the daily evaluation fires: EventBridge rules know only UTC, it belongs to a night of the billing time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EARLIEST_MINUTE = 2 * 60
LATEST_MINUTE = 3 * 60 + 59
CHECK_MINUTE = 6 * 60
YEARS_AHEAD = 5
MINUTES_PER_DAY = 24 * 60


class NoCommonTimeError(ValueError):
    """The zone's offsets differ by so much that no one UTC time falls into the window all year."""


def utc_offsets(timezone: str, *, year: int) -> set[int]:
    """Every offset from UTC, in minutes, that the zone has at some noon of the years from `year` on."""
    zone = ZoneInfo(timezone)
    start = datetime(year, 1, 1, 12, tzinfo=UTC)
    days = (start + timedelta(days=day) for day in range(366 * YEARS_AHEAD))
    return {int(offset.total_seconds()) // 60 for day in days if (offset := day.astimezone(zone).utcoffset()) is not None}


def evaluation_time(timezone: str, *, year: int) -> tuple[int, int]:
    """The UTC hour and minute that lie between 02:00 and 03:59 local time under every offset of the zone.

    The middle of what is possible, so that a rule that fires some minutes late still hits. Years are counted from
    `year`, so the same sources give the same package on any day of it.
    Raises `NoCommonTimeError` for a zone such as Antarctica/Troll, whose two offsets are two hours apart.
    """
    offsets = utc_offsets(timezone, year=year)
    first, last = EARLIEST_MINUTE - min(offsets), LATEST_MINUTE - max(offsets)
    if first > last:
        raise NoCommonTimeError(f"no UTC time is between 02:00 and 03:59 all year in {timezone}: its offsets are {sorted(offsets)} minutes")
    return divmod((first + last + 1) // 2 % MINUTES_PER_DAY, 60)


def schedule_expression(timezone: str, *, year: int) -> str:
    """The schedule of `evaluate_due_charges` as EventBridge writes it."""
    hour, minute = evaluation_time(timezone, year=year)
    return f"cron({minute} {hour} * * ? *)"


def check_expression(timezone: str, *, year: int) -> str:
    """When a day has to be finished: 06:00 local time where the clock is furthest ahead, so 05:00 in many a winter."""
    hour, minute = divmod((CHECK_MINUTE - max(utc_offsets(timezone, year=year))) % MINUTES_PER_DAY, 60)
    return f"cron({minute} {hour} * * ? *)"
