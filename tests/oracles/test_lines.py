"""Whatever facts there are: what the program charges, and which minutes it gives, is what the oracle says, line by line."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from chalicelib.domain.schedule import Period

pytest.importorskip("chalicelib.domain.terms")

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.charging import Line, priced_lines, schedule_of
from chalicelib.domain.minutes import bucket_on
from chalicelib.domain.prices import prices_on
from chalicelib.domain.terms import active_quantity, change_days, terms_on

from . import dated, draw
from .facts import FIRST, PRICES, as_assignment, as_facts, as_package

SPEND = st.dictionaries(st.integers(0, 200), draw.AMOUNTS, max_size=12)


def told(one: Line) -> tuple[object, ...]:
    return one.kind, one.due_date, Fraction(one.cost), Fraction(one.retail), Fraction(one.discount), one.auto_decrement_credit


def wanted(one: dated.Line) -> tuple[object, ...]:
    return one.kind, one.day, one.cost, one.retail, one.discount, one.auto_decrement_credit


@given(
    sold=draw.packages(), given_to=draw.assignments(), spent=SPEND, offset=st.integers(-20, 200), length=st.integers(0, 200),
)  # fmt: skip
@settings(max_examples=300)
def test_lines_are_the_oracles(
    sold: dated.Package, given_to: dated.Assignment, spent: dict[int, Fraction], offset: int, length: int
) -> None:
    spend = {given_to.start + timedelta(days=after): amount for after, amount in spent.items()}
    first = given_to.start + timedelta(days=offset)
    last = first + timedelta(days=length)

    def spent_in(_: Assignment, period: Period) -> Decimal:
        days = dated.each_day(period.since, period.until - dated.ONE_DAY)
        return sum((Decimal(int(spend.get(day, 0) * 1_000_000)).scaleb(-6) for day in days), Decimal(0))

    expected = dated.lines(sold, given_to, first, last, spend)
    for kind in {line.kind for line in expected}:
        event(kind)
    assert [told(one) for one in priced_lines(as_assignment(given_to), as_package(sold), first, last, spent_in)] == [
        wanted(one) for one in expected
    ]


@given(sold=draw.packages(minimum_spend=False), given_to=draw.assignments(), offset=st.integers(-20, 100))
@settings(max_examples=100)
def test_a_long_range_has_the_lines_of_its_days(sold: dated.Package, given_to: dated.Assignment, offset: int) -> None:
    """Field by field: many dues are not priced one by one."""
    first = given_to.start + timedelta(days=offset)
    days = [first + timedelta(days=n) for n in range(150)]
    one, package = as_assignment(given_to), as_package(sold)

    def nothing_spent(_: Assignment, __: Period) -> Decimal:
        return Decimal(0)

    apart = [line for day in days for line in priced_lines(one, package, day, day, nothing_spent)]
    event(f"{len(apart) // 10} times ten lines")
    assert priced_lines(one, package, first, days[-1], nothing_spent) == apart


@given(sold=draw.packages(), given_to=draw.assignments())
@settings(max_examples=100)
def test_facts_are_kept(sold: dated.Package, given_to: dated.Assignment) -> None:
    """What is compared is what was drawn."""
    assert as_facts(as_package(sold), as_assignment(given_to)) == (sold, given_to)


@given(sold=draw.packages(), given_to=draw.assignments(), offset=st.integers(0, 200))
@settings(max_examples=200)
def test_what_is_in_force_on_a_day(sold: dated.Package, given_to: dated.Assignment, offset: int) -> None:
    day = given_to.start + timedelta(days=offset)
    counted_from = given_to.counted_from or given_to.start
    package, assignment = as_package(sold), as_assignment(given_to)
    prices, expected = prices_on(package, day, counted_from), dated.prices_on(sold, day, counted_from)
    assert {name: Fraction(getattr(prices, name)) for name in PRICES} == expected
    terms, known = terms_on(assignment, day), dated.terms_on(given_to, day)
    assert [getattr(terms, name) for name in (*FIRST, "paused")] == [getattr(known, name) for name in (*FIRST, "paused")]
    period = schedule_of(assignment, package).period(day)
    assert (period and (period.since, period.until)) == (
        None if sold.frequency == "none" else dated.period(dated.rule_of(sold, given_to), day)
    )


@given(given_to=draw.assignments(), length=st.integers(0, 100))
@settings(max_examples=200)
def test_active_quantities_and_the_days_on_which_they_change(given_to: dated.Assignment, length: int) -> None:
    assignment, first = as_assignment(given_to), given_to.start - timedelta(days=3)
    last = first + timedelta(days=length)
    quantities = {day: dated.active_quantity(given_to, day) for day in dated.each_day(first - dated.ONE_DAY, last)}
    assert {day: active_quantity(assignment, day) for day in quantities} == quantities
    changed = {day for day in dated.each_day(first, last) if quantities[day] != quantities[day - dated.ONE_DAY]}
    assert changed <= set(change_days(assignment, first, last))


@given(sold=draw.packages(), given_to=draw.assignments(), offset=st.integers(-2, 200))
@settings(max_examples=300)
def test_minutes_are_the_oracles(sold: dated.Package, given_to: dated.Assignment, offset: int) -> None:
    day = given_to.start + timedelta(days=offset)
    found, expected = bucket_on(as_assignment(given_to), as_package(sold, type="free_minutes"), day), dated.bucket(sold, given_to, day)
    assert (found is None) == (expected is None)
    if found and expected:
        assert (found.begins, found.total_seconds, min(found.expires, dated.FAR)) == (
            expected.begins,
            expected.seconds,
            expected.expires,
        )
