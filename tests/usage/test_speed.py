"""Rating a call costs a look-up a digit, however many buckets a customer has: at most 50 microseconds with 10,000 of them.

Measured in units of a loop of plain look-ups, so that a slow or busy machine is no fault of the service.
"""

import time
from collections.abc import Callable
from statistics import median

from chalicelib.domain.assignment import BucketKey
from chalicelib.domain.minutes import Bucket, Buckets, Call, left_in
from tests.domain.build import day

from .build import a_call

BUCKETS, PREFIXES_EACH, CALLS = 10_000, 3, 2_000
WANTED_MICROSECONDS = 50
UNIT_MICROSECONDS = 12
"""What the loop takes where the figure is meant: on one idle core of 2020 or later."""


def unit() -> int:
    """A hundred look-ups by a tuple with a slice of text in it."""
    table: dict[tuple[str | None, str], int] = {("4420", "441234567890"[:length]): length for length in range(12)}
    return sum(table.get((None, "441234567890"[: n % 12]), 1) for n in range(100))


def microseconds(work: Callable[[], object], times: int) -> float:
    """The median of many."""
    found = []
    for _ in range(times):
        began = time.perf_counter_ns()
        work()
        found.append(time.perf_counter_ns() - began)
    return median(found) / 1000


def many(count: int) -> list[Bucket]:
    """Buckets of a minute with three prefixes of 2 to 7 digits each; every tenth is a DID's."""
    return [
        Bucket(
            BucketKey(f"{n:06}", day("2024-03-01")),
            f"4420{n % 100}" if n % 10 == 0 else None,
            tuple(f"{(n * 7919 + k * 104_729) % 10 ** (2 + (n + k) % 6)}" for k in range(PREFIXES_EACH)),
            60,
            None,
            day(f"2024-04-{1 + n % 28:02}"),
        )
        for n in range(count)
    ]


def calls(found: list[Bucket]) -> list[Call]:
    """Calls to numbers that some bucket serves, of up to four minutes; every second one from a DID that may have its own."""
    numbers = [found[n * 37 % len(found)].prefixes[n % PREFIXES_EACH] + "5550001" for n in range(CALLS)]
    dids = [f"4420{n % 100}" if n % 2 else None for n in range(CALLS)]
    return [
        a_call(n % 240, "0.123456", call_id=f"{n}", destination=number, did=did)
        for n, (number, did) in enumerate(zip(numbers, dids, strict=True))
    ]


def rating(count: int) -> tuple[float, int]:
    """Microseconds a call, the median over many, and how many of them were free at least in part."""
    found = many(count)
    shared = Buckets(found, left_in(found, {}))
    waiting = iter(calls(found))
    free: list[int] = []
    return microseconds(lambda: free.append(shared.rate(next(waiting)).free_seconds), CALLS), sum(map(bool, free))


def test_ten_thousand_buckets_and_thirty_thousand_prefixes() -> None:
    """rules 4: Free Minutes: matching is linear in the number's length, not in the number of buckets."""
    slowness = max(1.0, microseconds(unit, 500) / UNIT_MICROSECONDS)
    taken, free = min(rating(BUCKETS) for _ in range(3))
    print(f"\nrating a call with {BUCKETS:,} buckets: {taken:.1f} us (machine at {slowness:.2f} of the usual time)")
    assert free > CALLS / 2
    assert taken <= WANTED_MICROSECONDS * slowness


def test_finding_what_a_call_may_draw_from() -> None:
    """Before calls are rated it is looked up what is used of their buckets: by the same look-ups, not by asking each bucket."""
    found = many(BUCKETS)
    indexed = Buckets(found, {})
    waiting = iter(calls(found))
    slowness = max(1.0, microseconds(unit, 500) / UNIT_MICROSECONDS)
    taken = microseconds(lambda: list(indexed.may_draw_from(next(waiting))), CALLS)
    print(f"\nfinding a call's buckets among {BUCKETS:,}: {taken:.1f} us")
    assert taken <= WANTED_MICROSECONDS * slowness


def test_a_thousand_times_the_buckets_take_little_longer() -> None:
    few, many_ = (min(rating(count)[0] for _ in range(3)) for count in (10, BUCKETS))
    print(f"\n10 buckets: {few:.1f} us, {BUCKETS:,} buckets: {many_:.1f} us")
    assert many_ < 10 * few


def test_one_place_shared_by_all_buckets() -> None:
    """Empty ones are not looked at again: a hundred calls through 10,000 used-up buckets cost one pass through them."""
    alike = [one._replace(did=None, prefixes=("44",)) for one in many(BUCKETS)]
    left = dict.fromkeys((one.key for one in alike), 0)
    left[max(alike, key=lambda one: (one.expires, one.key.assignment_id)).key] = 10_000
    shared = Buckets(alike, left)
    answers = [shared.rate(a_call(60)) for _ in range(100)]
    assert [answer.free_seconds for answer in answers] == [60] * 100
    assert microseconds(lambda: shared.rate(a_call(1)), 500) <= WANTED_MICROSECONDS * max(1.0, microseconds(unit, 500) / UNIT_MICROSECONDS)
