"""Calls and buckets for the tables of the tests: everything has a value, a test names what matters."""

from datetime import date
from decimal import Decimal
from typing import Any

from chalicelib.domain.assignment import BucketKey
from chalicelib.domain.minutes import Bucket, Buckets, Call, Rated, left_in
from tests.domain.build import day

NEVER = date.max
THE_DAY = day("2024-03-05")


def a_call(seconds: int = 60, charge: str = "1", **fields: Any) -> Call:
    told: dict[str, Any] = {"call_id": "call", "started_at": f"{THE_DAY}T12:00:00+00:00", "day": THE_DAY, "destination": "441234"} | fields
    return Call(**told, seconds=seconds, charge=Decimal(charge))


def a_bucket(one: str = "a", seconds: int = 60, *prefixes: str, did: str | None = None, until: str | None = None) -> Bucket:
    """A bucket of an assignment `one` for these prefixes, every number without any; `until` is its first day without it."""
    gone = day(until) if until else None
    return Bucket(BucketKey(one, day("2024-03-01")), did, prefixes or ("",), seconds, gone, gone or NEVER)


def rate(call: Call, *found: Bucket, used: dict[str, int] | None = None) -> Rated:
    """The call as these buckets rate it, with so many seconds used of each already."""
    gone = {one.key: (used or {}).get(one.key.assignment_id, 0) for one in found}
    return Buckets(found, left_in(found, gone)).rate(call)


def drawn(rated: Rated) -> str:
    """`a 10, b 20`: from which bucket how many seconds, in order."""
    return ", ".join(f"{draw.key.assignment_id} {draw.seconds}" for draw in rated.drawn)


def told(rated: Rated) -> str:
    """`free billable charge`."""
    return f"{rated.free_seconds} {rated.billable_seconds} {rated.charge.normalize():f}"
