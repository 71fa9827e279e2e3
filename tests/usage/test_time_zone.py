"""A call belongs to the day of the billing time zone on which it starts, to the second, when clocks change too (rules 2).

In process for every zone; deployed for one, whose minutes and minimum spend turn over at local midnight of a due date.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from chalicelib.domain.charging import dues
from chalicelib.domain.minutes import bucket_on
from chalicelib.wire.bodies import UsageBody, parse
from tests.api.support import Json, a_customer, run
from tests.conftest import REQUEST_SECONDS
from tests.domain.build import assignment, day, package
from tools.embedded import EmbeddedStack

from .support import a_bundle, a_commitment, buckets, call, record, spend

MINUTES = package(type="free_minutes", frequency="daily")
MINIMUM = package(frequency="daily", minimum_spend=True, retail="1")
EDGES = [
    ("Europe/London", "2026-03-29T00:00:00Z", "2026-03-29", "midnight before the clocks go forward"),
    ("Europe/London", "2026-03-28T23:59:59Z", "2026-03-28", "the second before it"),
    ("Europe/London", "2026-03-29T22:59:59Z", "2026-03-29", "the last second of a day of 23 hours"),
    ("Europe/London", "2026-03-29T23:00:00Z", "2026-03-30", "midnight after it, already in summer time"),
    ("Europe/London", "2026-10-24T22:59:59Z", "2026-10-24", "the last second of summer's last whole day"),
    ("Europe/London", "2026-10-24T23:00:00Z", "2026-10-25", "midnight before the clocks go back"),
    ("Europe/London", "2026-10-25T23:59:59Z", "2026-10-25", "the last second of a day of 25 hours"),
    ("Europe/London", "2026-10-26T00:00:00Z", "2026-10-26", "midnight after it"),
    ("Europe/London", "2026-10-25T01:59:59+01:00", "2026-10-25", "the first of two hours of one name"),
    ("Europe/London", "2026-10-25T01:00:00+00:00", "2026-10-25", "the second of them"),
    ("Asia/Kolkata", "2026-03-28T18:29:59Z", "2026-03-28", "India: the last second"),
    ("Asia/Kolkata", "2026-03-28T18:30:00Z", "2026-03-29", "India: midnight"),
    ("Asia/Kolkata", "2026-10-24T18:29:59Z", "2026-10-24", "India in October: the last second"),
    ("Asia/Kolkata", "2026-10-24T18:30:00Z", "2026-10-25", "India in October: midnight"),
    ("Asia/Kolkata", "2026-10-25T00:00:00+05:30", "2026-10-25", "India: midnight in its own offset"),
    ("Asia/Kolkata", "2026-10-24T23:59:59.999999+05:30", "2026-10-24", "India: the last microsecond"),
    ("UTC", "2026-10-25T00:00:00Z", "2026-10-25", "UTC: midnight"),
    ("UTC", "2026-10-25T00:59:59+01:00", "2026-10-24", "UTC: the last second, told in summer time"),
]


@pytest.mark.parametrize(("zone", "instant", "on"), [edge[:3] for edge in EDGES], ids=[edge[3] for edge in EDGES])
def test_a_call_falls_into_the_periods_of_its_day(zone: str, instant: str, on: str) -> None:
    """The day, the bucket that begins on it, and the minimum-spend period [P, D) that has it."""
    told = parse(UsageBody, {"calls": [call("1") | {"started_at": instant}]}).calls[0].call(ZoneInfo(zone))
    assert str(told.day) == on
    assert datetime.fromisoformat(told.started_at) == datetime.fromisoformat(instant)
    drawn = bucket_on(assignment("2026-01-01", free_minutes=1), MINUTES, told.day)
    assert drawn is not None
    assert str(drawn.key.begins) == on
    settled = dues(assignment("2026-01-01"), MINIMUM, day("2026-01-02"), day("2026-12-31"))
    assert [str(due.period.since) for due in settled if due.period and due.period.since <= told.day < due.period.until] == [on]


@pytest.fixture(scope="module")
def london() -> Iterator[httpx.Client]:
    """A client of the service deployed for London."""
    with (
        EmbeddedStack(env={"BILLING_TIMEZONE": "Europe/London"}) as stack,
        httpx.Client(base_url=stack.base_url, timeout=REQUEST_SECONDS, trust_env=False) as client,
    ):
        yield client


def local(text: str) -> str:
    """London's wall clock as an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London")).astimezone(UTC).isoformat()


def at(name: str, wall_clock: str, seconds: int) -> Json:
    return call(name, seconds, f"{seconds}.00") | {"started_at": local(wall_clock)}


CHANGES = [("2090-03-25", "2090-03-26", "2090-03-27", 23), ("2090-10-28", "2090-10-29", "2090-10-30", 25)]


@pytest.mark.deploy
@pytest.mark.parametrize(("eve", "due", "after", "hours"), CHANGES, ids=["clocks go forward", "clocks go back"])
def test_deployed_for_london(london: httpx.Client, eve: str, due: str, after: str, hours: int) -> None:
    """Monthly minutes and minimum spend that turn over on the very day on which clocks change, and on the day after."""
    midnights = [datetime.fromisoformat(local(f"{one}T00:00:00")) for one in (due, after)]
    assert (midnights[1] - midnights[0]).total_seconds() == hours * 3600
    customer, match = a_customer(london), [int(due[-2:]), int(after[-2:])]
    a_bundle(london, customer, 1, sold={"frequency": "monthly", "frequency_match": match}, start_date="2090-01-01")
    a_commitment(london, customer, "1000", sold={"frequency_match": match}, start_date="2090-01-01")
    record(
        london, customer,
        at("1", f"{eve}T23:59:59", 61), at("2", f"{due}T00:00:00", 62), at("3", f"{due}T23:59:59", 3), at("4", f"{after}T00:00:00", 64),
    )  # fmt: skip
    assert spend(london, customer) == {eve: "1.00", due: "5.00", after: "4.00"}
    used = [(one["used"], one["began_on"]) for date in (due, after) for one in buckets(london, customer, date)]
    assert used == [(60, due), (60, after)]
    settled = [run(london, customer, date)["lines"][0]["spend"] for date in (due, after)]
    assert settled == ["1.00", "5.00"]
