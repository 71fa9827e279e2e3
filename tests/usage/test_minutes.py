"""Free minutes as a table: where buckets begin and end, which of them a call draws from first, and what is left to pay.

rules 4: Free Minutes. All of it by hand; `test_property.py` asks an oracle about the rest.
"""

from collections.abc import Iterable
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.assignment import Assignment, BucketKey
from chalicelib.domain.minutes import (
    CALL_DRAWS_MAX,
    Bucket,
    Buckets,
    Call,
    DayTotal,
    Rated,
    bucket_on,
    day_totals,
    draws,
    left_in,
    rated_in_room,
)
from chalicelib.domain.package import Package
from tests.domain.build import assignment, day, package

from .build import NEVER, a_bucket, a_call, drawn, rate, told

MONTHLY = package(type="free_minutes", frequency="monthly", frequency_match=(1,))
ONCE = package(type="free_minutes")
DAILY = package(type="free_minutes", frequency="daily")
WEEKLY = package(type="free_minutes", frequency="weekly", frequency_match=(0, 3))
ENDS = package(type="free_minutes", frequency="monthly", frequency_match=(31,))
QUARTERLY = package(type="free_minutes", frequency="quarterly")
YEARLY = package(type="free_minutes", frequency="yearly")


def given_to(start: str, end: str | None = None, **fields: object) -> Assignment:
    return assignment(start, end_date=end, **{"free_minutes": 10, **fields})


BUCKETS = [
    ("begins on the start date, mid-month, and refills on the next due date",
     MONTHLY, given_to("2024-01-15"), "2024-01-15", "2024-01-15 2024-02-01 2024-02-01"),
    ("the day before a refill still has the old one", MONTHLY, given_to("2024-01-15"), "2024-01-31", "2024-01-15 2024-02-01 2024-02-01"),
    ("a due date refills", MONTHLY, given_to("2024-01-15"), "2024-02-01", "2024-02-01 2024-03-01 2024-03-01"),
    ("a start on a due date refills once", MONTHLY, given_to("2024-02-01"), "2024-02-01", "2024-02-01 2024-03-01 2024-03-01"),
    ("none before the start", MONTHLY, given_to("2024-01-15"), "2024-01-14", None),
    ("years later", MONTHLY, given_to("2024-01-15"), "2031-12-31", "2031-12-01 2032-01-01 2032-01-01"),
    ("none is one allotment for ever", ONCE, given_to("2024-01-15"), "2040-06-30", "2024-01-15 None 9999-12-31"),
    ("none with an end is one allotment until then",
     ONCE, given_to("2024-01-15", "2024-06-30"), "2024-06-30", "2024-01-15 None 2024-07-01"),
    ("daily refills every day", DAILY, given_to("2024-02-28"), "2024-02-29", "2024-02-29 2024-03-01 2024-03-01"),
    ("weekly refills on its weekdays", WEEKLY, given_to("2024-02-28"), "2024-03-02", "2024-02-29 2024-03-04 2024-03-04"),
    ("weekly, before the first weekday", WEEKLY, given_to("2024-02-28"), "2024-02-28", "2024-02-28 2024-02-29 2024-02-29"),
    ("a refill on the 31st is on 29 February", ENDS, given_to("2024-01-31"), "2024-03-30", "2024-02-29 2024-03-31 2024-03-31"),
    ("quarterly, counted from the start", QUARTERLY, given_to("2023-11-30"), "2024-03-01", "2024-02-29 2024-05-30 2024-05-30"),
    ("yearly from 29 February", YEARLY, given_to("2024-02-29"), "2025-02-27", "2024-02-29 2025-02-28 2025-02-28"),
    ("yearly, on the day that stands for the 29th", YEARLY, given_to("2024-02-29"), "2025-02-28", "2025-02-28 2026-02-28 2026-02-28"),
    ("an end before the refill: no refill, gone the day after",
     MONTHLY, given_to("2024-01-15", "2024-01-20"), "2024-01-20", "2024-01-15 None 2024-01-21"),
    ("an end on the eve of a refill: no refill", MONTHLY, given_to("2024-01-15", "2024-01-31"), "2024-01-20", "2024-01-15 None 2024-02-01"),
    ("an end on a refill: that refill is had",
     MONTHLY, given_to("2024-01-15", "2024-02-01"), "2024-01-20", "2024-01-15 2024-02-01 2024-02-01"),
    ("an end on a refill: for that one day", MONTHLY, given_to("2024-01-15", "2024-02-01"), "2024-02-01", "2024-02-01 None 2024-02-02"),
    ("none after the end", MONTHLY, given_to("2024-01-15", "2024-02-01"), "2024-02-02", None),
    ("none when cancelled", MONTHLY, given_to("2024-01-15", cancelled=True), "2024-02-02", None),
    ("a package without minutes has none", MONTHLY, given_to("2024-01-15", free_minutes=None), "2024-01-15", None),
    ("charge_from moves no refill",
     MONTHLY, given_to("2024-01-15", charge_from=day("2024-02-10")), "2024-02-20", "2024-02-01 2024-03-01 2024-03-01"),
]  # fmt: skip


@pytest.mark.parametrize(("sold", "to", "on", "expected"), [case[1:] for case in BUCKETS], ids=[f"rules 4: {case[0]}" for case in BUCKETS])
def test_where_a_bucket_begins_and_ends(sold: Package, to: Assignment, on: str, expected: str | None) -> None:
    """Begins, refills, first day without it."""
    found = bucket_on(to, sold, day(on))
    assert (f"{found.key.begins} {found.refills_on} {found.expires}" if found else None) == expected


def test_a_bucket_knows_its_place() -> None:
    """rules 4: Free Minutes: per assignment, not multiplied by quantity; counted in seconds; for the DID of the assignment."""
    sold = MONTHLY._replace(destination="^44|^91")
    found = bucket_on(given_to("2024-01-01", assignment_id="bundle", did="4420", quantity=7), sold, day("2024-01-01"))
    assert found == Bucket(BucketKey("bundle", day("2024-01-01")), "4420", ("44", "91"), 600, day("2024-02-01"), day("2024-02-01"))


def test_what_is_left_expires_with_the_refill() -> None:
    """rules 4: Free Minutes: no roll-over: each bucket begins with the whole allotment, whatever the one before has left."""
    before, after = (bucket_on(given_to("2024-01-01"), MONTHLY, day(on)) for on in ("2024-01-31", "2024-02-01"))
    assert before is not None
    assert after is not None
    assert before.key != after.key
    assert left_in([before, after], {before.key: 1}) == {before.key: 599, after.key: 600}


def test_b18_a_call_that_costs_nothing_draws_nothing() -> None:
    """rules 4: Free Minutes: minutes are for calls that cost something; 0 seconds of it are free, and it is billed 0."""
    found = a_bucket("a", 60)
    left = left_in([found], {})
    buckets = Buckets([found], left)
    assert (told(buckets.rate(a_call(45, charge="0"))), left) == ("0 45 0", {found.key: 60})
    assert list(buckets.may_draw_from(a_call(45, charge="0"))) == []
    assert told(buckets.rate(a_call(45, charge="0.000001"))) == "45 0 0"


TO_44, TO_4 = a_bucket("x", 10, "44"), a_bucket("x", 10, "4")
ORDER = [
    ("a DID's bucket goes first, whatever its prefix, expiry and id",
     [a_bucket("z", 10, did="4420"), a_bucket("a", 10, "44123", until="2024-03-06")], "z 10, a 10"),
    ("then the longest prefix, whatever expiry and id",
     [a_bucket("z", 10, "441"), a_bucket("y", 10, "44"), a_bucket("a", 10, until="2024-03-06")], "z 10, y 10, a 10"),
    ("the prefix that counts is the longest that matches, not the longest there is",
     [a_bucket("a", 10, "4", "449999999"), a_bucket("b", 10, "44")], "b 10, a 10"),
    ("then the earliest expiry, whatever the id",
     [a_bucket("a", 10, until="2024-04-01"), a_bucket("b", 10, until="2024-03-20")], "b 10, a 10"),
    ("one that never expires goes last", [a_bucket("a", 10), a_bucket("b", 10, until="2999-12-31")], "b 10, a 10"),
    ("then the lowest id", [a_bucket("b", 10), a_bucket("a", 10), a_bucket("c", 10)], "a 10, b 10, c 10"),
    ("all of it, one difference at a time",
     [a_bucket("h", 5), a_bucket("g", 5), a_bucket("z", 5, until="2024-04-01"), a_bucket("zz", 5, "4"),
      a_bucket("zzz", 5, did="4420"), a_bucket("zzzz", 5, "44", did="4420")], "zzzz 5, zzz 5, zz 5, z 5, g 5, h 5"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), [case[1:] for case in ORDER], ids=[f"rules 4: {case[0]}" for case in ORDER])
def test_which_bucket_a_call_draws_from_first(found: list[Bucket], expected: str) -> None:
    """In whatever order they were found."""
    for order in list(permutations(found))[:24]:
        assert drawn(rate(a_call(1000, did="4420"), *order)) == expected


@pytest.mark.parametrize(
    ("found", "fields"),
    [
        (a_bucket("a", 60, "91", "45"), {}),
        (a_bucket("a", 60, "4412345"), {}),
        (a_bucket("a", 60, did="4420"), {}),
        (a_bucket("a", 60, did="4420"), {"did": "4421"}),
        (a_bucket("a", 60, did="4420"), {"did": "442"}),
    ],
    ids=["another prefix", "a prefix longer than the number", "a DID's, the call has none", "another DID's", "a DID that begins alike"],
)
def test_buckets_that_a_call_has_no_part_in(found: Bucket, fields: dict[str, str]) -> None:
    """rules 4: Free Minutes: nothing drawn, the charge as told."""
    call = a_call(60, "1.23", **fields)
    assert told(rate(call, found)) == "0 60 1.23"
    assert not list(Buckets([found], {found.key: 60}).may_draw_from(call))


def test_a_customers_bucket_serves_every_did_and_the_longest_number() -> None:
    longest = a_call(60, "1", destination="4" * 32, did="99999999999999999999")
    assert told(rate(longest, a_bucket("a", 60, "4" * 32))) == "60 0 0"
    assert told(rate(a_call(60, "1", destination="1"), a_bucket("a", 60, "1"))) == "60 0 0"


EXAMPLES = [
    ("PortaBilling: two minutes left, an eight-minute call at 0.10 a minute: 0.60", a_call(480, "0.80"), 120, "120 360 0.6"),
    ("A2Billing: ten seconds left, a twenty-second call: ten free, ten paid", a_call(20, "0.02"), 10, "10 10 0.01"),
    ("all of it is free", a_call(60, "5"), 60, "60 0 0"),
    ("one second is not", a_call(61, "5"), 60, "60 1 0.081967"),
    ("nothing left: the charge as told, to the last digit", a_call(60, "0.123457"), 0, "0 60 0.123457"),
    ("no seconds: the charge as told, nothing drawn", a_call(0, "0.5"), 60, "0 0 0.5"),
    ("a third of a millionth rounds to nothing", a_call(3, "0.000001"), 2, "2 1 0"),
    ("half a millionth rounds up", a_call(2, "0.000001"), 1, "1 1 0.000001"),
    ("a millionth and a half rounds up", a_call(2, "0.000003"), 1, "1 1 0.000002"),
    ("just below the half rounds down", a_call(1_000_000, "0.000001"), 500_001, "500001 499999 0"),
    ("two thirds", a_call(3, "1"), 1, "1 2 0.666667"),
    ("the largest call there is", a_call(1_000_000, "999999999999.999999"), 1, "1 999999 999998999999.999999"),
    ("B18-a call that costs nothing draws nothing", a_call(60, "0"), 30, "0 60 0"),
]


@pytest.mark.parametrize(("call", "left", "expected"), [case[1:] for case in EXAMPLES], ids=[f"rules 4: {case[0]}" for case in EXAMPLES])
def test_what_a_call_costs(call: Call, left: int, expected: str) -> None:
    """Free seconds, billable seconds, charge."""
    rated = rate(call, a_bucket("a", 1_000_000), used={"a": 1_000_000 - left})
    assert told(rated) == expected
    assert drawn(rated) == (f"a {rated.free_seconds}" if rated.free_seconds else "")


def test_a_split_call_is_rounded_once() -> None:
    """rules 4: Free Minutes: what outlasts a bucket goes on in the next; the rest is billed, rounded once."""
    found = [a_bucket("a", 1), a_bucket("b", 1), a_bucket("c", 1)]
    rated = rate(a_call(7, "0.00001"), *found)
    assert (drawn(rated), told(rated)) == ("a 1, b 1, c 1", "3 4 0.000006")


def test_a_call_draws_from_48_buckets_at_most() -> None:
    found = [a_bucket(f"{n:03}", 1) for n in range(CALL_DRAWS_MAX + 2)]
    rated = rate(a_call(60), *found)
    assert (CALL_DRAWS_MAX, len(rated.drawn), rated.free_seconds) == (48, 48, 48)


def test_an_empty_bucket_is_passed_over() -> None:
    rated = rate(a_call(60, "1"), a_bucket("a", 60), a_bucket("b", 60), used={"a": 60})
    assert drawn(rated) == "b 60"


@pytest.mark.parametrize("used", [601, 100_000])
def test_an_allotment_lowered_below_what_is_used_leaves_nothing(used: int) -> None:
    """rules 4: Edits: in the running bucket the allotment changes, the used part stays."""
    lowered = a_bucket("a", 600)
    assert left_in([lowered], {lowered.key: used}) == {lowered.key: 0}
    assert told(rate(a_call(60, "1"), lowered, used={"a": used})) == "0 60 1"


def test_calls_draw_one_after_the_other() -> None:
    """rules 4: Free Minutes: draws follow arrival."""
    found = [a_bucket("a", 100, until="2024-04-01"), a_bucket("b", 50)]
    shared = Buckets(found, left_in(found, {}))
    answers = [drawn(shared.rate(a_call(70, call_id=name))) for name in "123"]
    assert answers == ["a 70", "a 30, b 40", "b 10"]


def test_days_share_what_is_left() -> None:
    """A bucket spans days: what one day's calls drew is gone for the next's."""
    one = a_bucket("a", 100)
    left = left_in([one], {})
    first, second = Buckets([one], left), Buckets([one], left)
    assert [first.rate(a_call(70)).free_seconds, second.rate(a_call(70)).free_seconds, first.rate(a_call(70)).free_seconds] == [70, 30, 0]


def test_totals_of_days_and_draws() -> None:
    """rules 4: spend is what is charged after free minutes; a DID's calls count for the customer too."""
    found = [a_bucket("a", 90)]
    shared = Buckets(found, left_in(found, {}))
    calls = [a_call(60, "1", call_id="1", did="4420"), a_call(60, "1", call_id="2"), a_call(5, "0.1", call_id="3", did="4420")]
    rated = [shared.rate(call) for call in calls]
    assert draws(rated) == {found[0].key: 90}
    assert day_totals(rated) == {
        (calls[0].day, None): DayTotal(Decimal("0.6"), 125, 90, 3),
        (calls[0].day, "4420"): DayTotal(Decimal("0.1"), 65, 60, 2),
    }


def actions(taken: Iterable[Rated], uncharged: frozenset[str]) -> int:
    """What a transaction of these calls writes: records, days, DIDs' days, buckets, first draws."""
    taken = list(taken)
    keys = {draw.key for one in taken for draw in one.drawn}
    days = {(one.call.day, None) for one in taken} | {(one.call.day, one.call.did) for one in taken if one.call.did}
    return len(taken) + len(days) + len(keys) + len({key.assignment_id for key in keys} & uncharged)


@settings(max_examples=200)
@given(
    calls=st.lists(st.tuples(st.integers(0, 40), st.sampled_from([None, "100", "200"]), st.integers(0, 300)), min_size=1, max_size=100),
    uncharged=st.sets(st.sampled_from("abcdefgh")),
    room=st.integers(2, 100),
)
def test_a_transaction_takes_as_many_calls_as_fit(calls: list[tuple[int, str | None, int]], uncharged: set[str], room: int) -> None:
    """rules 4: Free Minutes: whole calls, in order; never more than there is room for, at least one, and no fewer than fit."""
    found = [a_bucket(name, 100) for name in "abcdefgh"]
    told_ = [a_call(s, call_id=str(n), did=did, day=day(f"2024-{1 + d // 28:02}-{1 + d % 28:02}")) for n, (d, did, s) in enumerate(calls)]
    new = frozenset(uncharged)
    taken = rated_in_room(told_, Buckets(found, left_in(found, {})).rate, new, room)
    assert [one.call for one in taken] == told_[: len(taken)]
    assert len(taken) == 1 or actions(taken, new) <= room
    shared = Buckets(found, left_in(found, {}))
    every = [shared.rate(call) for call in told_]
    assert len(taken) >= 1
    assert len(taken) == len(told_) or actions(every[: len(taken) + 1], new) > room


def test_no_bucket_outlives_time() -> None:
    """The last days that callers may name don't overflow."""
    found = bucket_on(given_to("2999-12-31"), YEARLY, day("2999-12-31"))
    assert found is not None
    assert found.expires > day("2999-12-31")
    endless = bucket_on(given_to("1900-01-01"), ONCE, day("2999-12-31"))
    assert endless is not None
    assert endless.expires == NEVER
