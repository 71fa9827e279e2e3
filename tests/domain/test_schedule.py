"""Due dates are those of rules 3: its table row by row, and every schedule against an oracle that asks each day by itself."""

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.schedule import FREQUENCIES, Frequency, Match, Schedule, days_in_month
from tests.oracles import charges as oracle

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
FIRST, LAST = date(1900, 1, 1), date(2302, 12, 31)
A_YEAR = timedelta(days=366)
FIXED: list[Frequency] = ["none", "daily", "quarterly", "yearly"]
MATCHED: list[Frequency] = ["weekly", "monthly"]


def schedule(frequency: Frequency, match: Match, start: date) -> Schedule:
    return Schedule(frequency, match, 1, start)


def days(text: str) -> list[date]:
    return [date.fromisoformat(word) for word in text.split()]


def case(rule: str, frequency: Frequency, match: Match, start: str, until: str, due: str) -> object:
    return pytest.param(frequency, match, date.fromisoformat(start), date.fromisoformat(until), days(due), id=f"rules 3: {rule}")


TABLE = [
    case(
        "monthly 15 and 31 clamps to 29 Feb and 30 Apr",
        "monthly", (15, 31), "2024-01-01", "2024-04-30",
        "2024-01-15 2024-01-31 2024-02-15 2024-02-29 2024-03-15 2024-03-31 2024-04-15 2024-04-30",
    ),
    case(
        "monthly 29, 30 and 31 meet on 28 Feb and charge once",
        "monthly", (29, 30, 31), "2023-02-01", "2023-03-31", "2023-02-28 2023-03-29 2023-03-30 2023-03-31",
    ),
    case(
        "monthly without match follows the start's day 31 and doesn't drift",
        "monthly", (), "2024-01-31", "2024-05-01", "2024-01-31 2024-02-29 2024-03-31 2024-04-30",
    ),
    case("weekly mon and thu", "weekly", (MON, THU), "2024-02-26", "2024-03-10", "2024-02-26 2024-02-29 2024-03-04 2024-03-07"),
    case("monthly 1 from mid-month starts with the next month", "monthly", (1,), "2024-01-15", "2024-03-01", "2024-02-01 2024-03-01"),
    case(
        "yearly from 29 Feb is due on 28 Feb and returns to the 29th",
        "yearly", (), "2024-02-29", "2028-12-31", "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29",
    ),
]  # fmt: skip

MORE = [
    case("none is due once, on the start date", "none", (), "2024-03-05", "2034-03-05", "2024-03-05"),
    case("daily is due every day, over the leap day", "daily", (), "2024-02-28", "2024-03-01", "2024-02-28 2024-02-29 2024-03-01"),
    case("weekly without match follows the start's weekday", "weekly", (), "2024-02-28", "2024-03-13", "2024-02-28 2024-03-06 2024-03-13"),
    case("weekly sun, the last of the names", "weekly", (SUN,), "2024-12-28", "2025-01-12", "2024-12-29 2025-01-05 2025-01-12"),
    case("weekly crosses a year without counting weeks", "weekly", (TUE,), "2024-12-25", "2025-01-07", "2024-12-31 2025-01-07"),
    case(
        "weekly with all seven days is due every day",
        "weekly", tuple(range(7)), "2024-05-01", "2024-05-04", "2024-05-01 2024-05-02 2024-05-03 2024-05-04",
    ),
    case("a match day equal to the start date is due on it", "monthly", (5,), "2024-03-05", "2024-04-04", "2024-03-05"),
    case("a match day before the start's is due next month", "monthly", (4,), "2024-03-05", "2024-04-04", "2024-04-04"),
    case("a start on a clamped day counts: monthly 31 from 30 Apr", "monthly", (31,), "2024-04-30", "2024-05-31", "2024-04-30 2024-05-31"),
    case("monthly 28 and 31 in a common February: one charge", "monthly", (28, 31), "2023-02-01", "2023-02-28", "2023-02-28"),
    case("monthly 28 and 31 in a leap February: two", "monthly", (28, 31), "2024-02-01", "2024-02-29", "2024-02-28 2024-02-29"),
    case(
        "monthly 30 is not clamped where the month has it",
        "monthly", (30,), "2024-01-01", "2024-04-30", "2024-01-30 2024-02-29 2024-03-30 2024-04-30",
    ),
    case("1900 was no leap year", "monthly", (29,), "1900-02-01", "1900-03-29", "1900-02-28 1900-03-29"),
    case("2000 was a leap year", "monthly", (30,), "2000-02-01", "2000-02-29", "2000-02-29"),
    case("2100 is no leap year", "yearly", (), "2096-02-29", "2104-12-31", " ".join(
        ["2096-02-29", *(f"{year}-02-28" for year in range(2097, 2104)), "2104-02-29"]
    )),
    case(
        "monthly 31 through a common year never drifts",
        "monthly", (31,), "2023-01-01", "2023-12-31",
        "2023-01-31 2023-02-28 2023-03-31 2023-04-30 2023-05-31 2023-06-30 "
        "2023-07-31 2023-08-31 2023-09-30 2023-10-31 2023-11-30 2023-12-31",
    ),
    case(
        "quarterly counts three months from the start, clamped, over the year's end",
        "quarterly", (), "2023-08-31", "2024-12-31", "2023-08-31 2023-11-30 2024-02-29 2024-05-31 2024-08-31 2024-11-30",
    ),
    case("quarterly from November", "quarterly", (), "2024-11-15", "2025-08-15", "2024-11-15 2025-02-15 2025-05-15 2025-08-15"),
    case("yearly on an ordinary day", "yearly", (), "2024-06-30", "2026-06-30", "2024-06-30 2025-06-30 2026-06-30"),
    case("yearly from 31 December", "yearly", (), "2024-12-31", "2026-12-30", "2024-12-31 2025-12-31"),
]  # fmt: skip


@pytest.mark.parametrize(("frequency", "match", "start", "until", "expected"), TABLE + MORE)
def test_due_dates(frequency: Frequency, match: Match, start: date, until: date, expected: list[date]) -> None:
    assert list(schedule(frequency, match, start).dates(start, until)) == expected


@pytest.mark.parametrize(("frequency", "match", "start", "until", "expected"), TABLE + MORE)
def test_the_table_was_worked_out_right(frequency: Frequency, match: Match, start: date, until: date, expected: list[date]) -> None:
    assert oracle.due_days(frequency, match, start, start, until) == expected


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2024-01-31", "2024-02-29", "2024-01-31 2024-02-29"),
        ("2024-02-01", "2024-02-28", ""),
        ("2024-02-29", "2024-02-29", "2024-02-29"),
        ("2023-01-01", "2024-01-30", ""),
        ("2023-01-01", "2024-01-31", "2024-01-31"),
        ("2024-03-01", "2024-02-01", ""),
    ],
    ids=[
        "rules 3: both ends of a range are included",
        "rules 3: nothing between two due dates",
        "rules 3: a range of one day that is due",
        "rules 3: nothing before the start date",
        "rules 3: the start date itself is due",
        "rules 3: an empty range has no due dates",
    ],
)
def test_ranges(since: str, until: str, expected: str) -> None:
    found = schedule("monthly", (31,), date(2024, 1, 31)).dates(date.fromisoformat(since), date.fromisoformat(until))
    assert list(found) == days(expected)


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_nothing_is_due_before_the_start_date(frequency: Frequency) -> None:
    start = date(2024, 5, 15)
    assert schedule(frequency, (), start).dates(start - A_YEAR, start - timedelta(days=1)) == ()


@pytest.mark.parametrize(
    ("year", "month", "expected"), [(1900, 2, 28), (2000, 2, 29), (2023, 2, 28), (2024, 2, 29), (2024, 4, 30), (2024, 12, 31)]
)
def test_last_day_of_a_month(year: int, month: int, expected: int) -> None:
    assert days_in_month(year, month) == expected


# Against the oracle.


@st.composite
def rules(draw: st.DrawFn) -> tuple[Frequency, Match, date]:
    frequency = draw(st.sampled_from(FREQUENCIES))
    values = st.integers(0, 6) if frequency == "weekly" else st.integers(1, 31) if frequency == "monthly" else st.nothing()
    match = tuple(sorted(draw(st.sets(values, max_size=8)))) if frequency in MATCHED else ()
    return frequency, match, draw(st.dates(FIRST, LAST))


@settings(max_examples=300)
@given(rule=rules(), offset=st.integers(-40, 4_000), length=st.integers(-2, 800))
def test_due_dates_are_the_days_that_say_so(rule: tuple[Frequency, Match, date], offset: int, length: int) -> None:
    since = rule[2] + timedelta(days=offset)
    until = since + timedelta(days=length)
    assert list(schedule(*rule).dates(since, until)) == oracle.due_days(*rule, since, until)


@settings(max_examples=300)
@given(rule=rules(), offset=st.integers(-40, 4_000))
def test_next_due_is_the_first_day_later_that_says_so(rule: tuple[Frequency, Match, date], offset: int) -> None:
    after = rule[2] + timedelta(days=offset)
    later = oracle.due_days(*rule, after + timedelta(days=1), max(after, rule[2]) + A_YEAR)
    assert schedule(*rule).next(after) == (later[0] if later else None)


@settings(max_examples=300)
@given(rule=rules(), offset=st.integers(-40, 4_000))
@example(rule=("none", (), date(2024, 1, 1)), offset=731)
def test_previous_due_is_the_last_day_earlier_that_says_so(rule: tuple[Frequency, Match, date], offset: int) -> None:
    before = rule[2] + timedelta(days=offset)
    earlier = oracle.due_days(*rule, rule[2], before - timedelta(days=1))
    assert schedule(*rule).previous(before) == (earlier[-1] if earlier else None)


def random_matches(frequency: Frequency, count: int) -> list[Match]:
    """The same sets every time; the empty one first."""
    generator = Random(f"match {frequency}")
    population = range(7) if frequency == "weekly" else range(1, 32)
    sizes = [generator.randint(1, len(population)) for _ in range(count - 1)]
    return [(), *(tuple(sorted(generator.sample(population, size))) for size in sizes)]


def first_difference(frequency: Frequency, match: Match, start: date, until: date) -> date | None:
    """The first day on which schedule and oracle disagree."""
    found, wanted = set(schedule(frequency, match, start).dates(start, until)), set(oracle.due_days(frequency, match, start, start, until))
    return min(found ^ wanted, default=None)


@pytest.mark.parametrize("frequency", MATCHED)
def test_200_match_sets_over_twelve_years(frequency: Frequency) -> None:
    """Starts wander through the years, so that each set meets other months, weekdays and leap days."""
    for n, match in enumerate(random_matches(frequency, 200)):
        start = date(1900 + 2 * n, 1 + n % 12, 1 + n % 28)
        assert first_difference(frequency, match, start, start + 12 * A_YEAR) is None, (match, start)


@pytest.mark.parametrize("frequency", FIXED)
def test_every_start_day_of_a_leap_cycle(frequency: Frequency) -> None:
    for start in oracle.each_day(date(2023, 1, 1), date(2024, 12, 31)):
        assert first_difference(frequency, (), start, start + (A_YEAR if frequency == "daily" else 2 * A_YEAR)) is None, start


@pytest.mark.parametrize(
    ("frequency", "match", "start"),
    [
        ("none", (), date(1900, 1, 1)),
        ("daily", (), date(1900, 1, 1)),
        ("weekly", (MON, THU), date(1900, 1, 1)),
        ("monthly", (), date(1900, 1, 31)),
        ("monthly", (15, 29, 30, 31), date(1900, 2, 1)),
        ("quarterly", (), date(1900, 11, 30)),
        ("yearly", (), date(1904, 2, 29)),
    ],
    ids=str,
)
def test_400_years(frequency: Frequency, match: Match, start: date) -> None:
    assert first_difference(frequency, match, start, LAST) is None


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_a_range_of_one_day_tells_what_a_long_range_does(frequency: Frequency) -> None:
    """The daily run asks for single days, catching up asks for ranges: both must find the same dates."""
    start, until = date(2023, 12, 31), date(2025, 3, 1)
    for match in random_matches(frequency, 5) if frequency in MATCHED else [()]:
        one_by_one = [day for day in oracle.each_day(start, until) if schedule(frequency, match, start).dates(day, day)]
        assert tuple(one_by_one) == schedule(frequency, match, start).dates(start, until)


@pytest.mark.parametrize(
    ("frequency", "match", "since", "count", "expected"),
    [
        ("monthly", (31,), "2024-02-29", 3, "2024-02-29 2024-03-31 2024-04-30"),
        ("monthly", (31,), "2024-03-01", 1, "2024-03-31"),
        ("yearly", (), "2024-01-16", 2, "2025-01-15 2026-01-15"),
        ("daily", (), "2024-01-01", 2, "2024-01-15 2024-01-16"),
        ("none", (), "2024-01-15", 3, "2024-01-15"),
        ("none", (), "2024-01-16", 3, ""),
        ("daily", (), "2024-01-15", 0, ""),
    ],
    ids=["from a due date on", "one", "years", "not before the start", "a one-off", "a one-off that was", "none asked for"],
)
def test_upcoming(frequency: Frequency, match: Match, since: str, count: int, expected: str) -> None:
    found = schedule(frequency, match, date(2024, 1, 15)).upcoming(date.fromisoformat(since), count)
    assert " ".join(map(str, found)) == expected
