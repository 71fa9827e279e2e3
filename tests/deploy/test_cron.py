"""The UTC time of the daily evaluation lies between 02:00 and 03:59 local time on every day of the year."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tools.cron import NoCommonTimeError, check_expression, evaluation_time, schedule_expression

ZONES = [
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Africa/Casablanca",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
]


@pytest.mark.parametrize("zone", ZONES)
def test_fires_in_the_window_every_day(zone: str) -> None:
    hour, minute = evaluation_time(zone, year=2026)
    first = datetime(2026, 1, 1, hour, minute, tzinfo=UTC)
    local = [(first + timedelta(days=day)).astimezone(ZoneInfo(zone)) for day in range(2 * 365)]
    assert {moment.hour for moment in local} <= {2, 3}


@pytest.mark.parametrize("zone", ZONES)
def test_each_local_date_is_evaluated_once(zone: str) -> None:
    hour, minute = evaluation_time(zone, year=2026)
    first = datetime(2026, 1, 1, hour, minute, tzinfo=UTC)
    dates = [(first + timedelta(days=day)).astimezone(ZoneInfo(zone)).date() for day in range(2 * 365)]
    assert all(later - earlier == timedelta(days=1) for earlier, later in itertools.pairwise(dates))


@pytest.mark.parametrize(
    ("zone", "expression"),
    [
        ("UTC", "cron(0 3 * * ? *)"),
        ("Europe/Berlin", "cron(30 1 * * ? *)"),
        ("America/New_York", "cron(30 7 * * ? *)"),
        ("Asia/Kathmandu", "cron(15 21 * * ? *)"),
        ("Australia/Lord_Howe", "cron(15 16 * * ? *)"),
    ],
)
def test_expression(zone: str, expression: str) -> None:
    assert schedule_expression(zone, year=2026) == expression


def test_a_zone_two_hours_apart_is_refused() -> None:
    with pytest.raises(NoCommonTimeError, match="Antarctica/Troll"):
        evaluation_time("Antarctica/Troll", year=2026)


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_is_checked_by_six_and_not_before_five(zone: str) -> None:
    minute, hour, *rest = check_expression(zone, year=2026).removeprefix("cron(").removesuffix(")").split()
    first = datetime(2026, 1, 1, int(hour), int(minute), tzinfo=UTC)
    local = [(first + timedelta(days=day)).astimezone(ZoneInfo(zone)).time() for day in range(2 * 365)]
    assert min(local).hour >= 5
    assert (max(local).hour, max(local).minute) == (6, 0)
    assert rest == ["*", "*", "?", "*"]
