"""What falls due and what it costs (rules 4): recurring packages row by row, and every plan against the oracle's story of it."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.charging import Line, dues, in_order, next_charge, priced_line, priced_lines
from chalicelib.domain.package import Package
from chalicelib.domain.schedule import Period
from tests.oracles import charges as oracle

from .build import assignment, day, package

PRICES = {"cost": "4", "retail": "10", "setup_cost": "1", "setup_retail": "5"}
MONTHLY = package(frequency="monthly", frequency_match=(1, 15), **PRICES)
ONCE = package(**PRICES)


def nothing_spent(_: Assignment, __: Period) -> Decimal:
    return Decimal(0)


def told(one: Line) -> str:
    return f"{one.due_date} {one.kind} {one.cost} {one.retail}"


CASES = [
    (
        "setup once, on the start date, before the recurring charge of that date",
        MONTHLY, assignment("2024-01-01"),
        "2024-01-01 setup 1 5|2024-01-01 recurring 4 10|2024-01-15 recurring 4 10|2024-02-01 recurring 4 10",
    ),
    (
        "setup on a start date that is no due date",
        MONTHLY, assignment("2024-01-20"), "2024-01-20 setup 1 5|2024-02-01 recurring 4 10",
    ),
    (
        "quantity multiplies setup, cost and retail",
        MONTHLY, assignment("2024-01-20", quantity=3), "2024-01-20 setup 3 15|2024-02-01 recurring 12 30",
    ),
    (
        "the end date is a due date still (rules 3: inclusive)",
        MONTHLY, assignment("2024-01-02", end_date="2024-01-15"), "2024-01-02 setup 1 5|2024-01-15 recurring 4 10",
    ),
    (
        "no charge after the end date, and no closing line without minimum spend",
        MONTHLY, assignment("2024-01-02", end_date="2024-01-14"), "2024-01-02 setup 1 5",
    ),
    (
        "an assignment of one day charges setup and recurring",
        MONTHLY, assignment("2024-01-15", end_date="2024-01-15"), "2024-01-15 setup 1 5|2024-01-15 recurring 4 10",
    ),
    (
        "a one-off charges once, with its setup, on the start date",
        ONCE, assignment("2024-01-10"), "2024-01-10 setup 1 5|2024-01-10 recurring 4 10",
    ),
    (
        "charge_from takes over: setup and what is due before it were charged elsewhere",
        MONTHLY, assignment("2024-01-01", charge_from="2024-01-02"), "2024-01-15 recurring 4 10|2024-02-01 recurring 4 10",
    ),
    (
        "charge_from on a due date charges that date",
        MONTHLY, assignment("2024-01-01", charge_from="2024-01-15"), "2024-01-15 recurring 4 10|2024-02-01 recurring 4 10",
    ),
    (
        "charge_from on the start date changes nothing",
        MONTHLY, assignment("2024-01-20", charge_from="2024-01-20"), "2024-01-20 setup 1 5|2024-02-01 recurring 4 10",
    ),
    (
        "charge_from before the start date changes nothing",
        MONTHLY, assignment("2024-01-20", charge_from="2023-01-20"), "2024-01-20 setup 1 5|2024-02-01 recurring 4 10",
    ),
    (
        "dates still count from the start date after a take-over",
        package(frequency="monthly", retail="10"), assignment("2023-12-31", charge_from="2024-01-05"), "2024-01-31 recurring 0 10",
    ),
    (
        "a one-off taken over is charged elsewhere",
        ONCE, assignment("2024-01-10", charge_from="2024-01-11"), "",
    ),
    (
        "a line whose cost and retail are zero is not made",
        package(frequency="monthly", frequency_match=(15,)), assignment("2024-01-01"), "",
    ),
    (
        "a free setup is not made, the recurring charge is",
        package(retail="10"), assignment("2024-01-01"), "2024-01-01 recurring 0 10",
    ),
    (
        "a cost without retail is a line",
        package(cost="4"), assignment("2024-01-01"), "2024-01-01 recurring 4 0",
    ),
    (
        "whole amounts: a start just before the due date is charged in full (no proration)",
        MONTHLY, assignment("2024-01-31"), "2024-01-31 setup 1 5|2024-02-01 recurring 4 10",
    ),
    (
        "a cancelled assignment charges nothing more",
        MONTHLY, assignment("2024-01-01", cancelled=True), "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sold", "given_to", "expected"), [case[1:] for case in CASES], ids=[f"rules 4: {case[0]}" for case in CASES])
def test_lines(sold: Package, given_to: Assignment, expected: str) -> None:
    found = priced_lines(given_to, sold, date(2023, 12, 1), date(2024, 2, 5), nothing_spent)
    assert "|".join(told(one) for one in found) == expected


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [("2024-01-01", "2024-01-01", 2), ("2024-01-02", "2024-01-14", 0), ("2024-01-15", "2024-01-15", 1), ("2024-01-02", "2024-02-01", 2)],
    ids=[f"rules 5: {what}" for what in ("the start date alone", "between due dates", "one due date", "a range without the start date")],
)
def test_lines_of_a_range(since: str, until: str, expected: int) -> None:
    assert len(priced_lines(assignment("2024-01-01"), MONTHLY, day(since), day(until), nothing_spent)) == expected


def test_a_line_keeps_what_it_was_computed_from() -> None:
    """rules 4: package name, unit prices, quantity, period and spend stand in the charge."""
    given_to = assignment("2024-01-15", did="4420", quantity=2, auto_decrement_credit=True)
    assert priced_lines(given_to, MONTHLY, day("2024-02-01"), day("2024-02-01"), nothing_spent) == [
        Line(
            customer_id="c", assignment_id="a", package_id="p", package_name="Package", did="4420", kind="recurring",
            due_date=day("2024-02-01"), currency="USD", quantity=2, unit_cost=Decimal(4), unit_retail=Decimal(10), cost=Decimal(8),
            retail=Decimal(20), auto_decrement_credit=True, frequency="monthly", frequency_match=(1, 15), start_date=day("2024-01-15"),
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("debits", "expected"), [(True, "10"), (False, "0")], ids=["rules 4: on debits retail", "rules 4: off debits nothing"]
)
def test_auto_decrement_credit(debits: bool, expected: str) -> None:
    first, given_to = day("2024-01-10"), assignment("2024-01-10", auto_decrement_credit=debits)
    [one] = priced_lines(given_to, package(retail="10", cost="4"), first, first, nothing_spent)
    assert (one.debit, one.margin) == (Decimal(expected), Decimal(6))


def test_charges_are_tried_by_due_date_then_setup_first_then_assignment() -> None:
    """rules 4, Auto Decrement Credit: the order in which charges are tried."""
    given = [assignment("2024-01-01", assignment_id=one) for one in ("b", "a")]
    found = [one for each in given for one in priced_lines(each, MONTHLY, day("2024-01-01"), day("2024-01-15"), nothing_spent)]
    assert [(one.due_date.day, one.kind, one.assignment_id) for one in in_order(found)] == [
        (1, "setup", "a"), (1, "setup", "b"), (1, "recurring", "a"), (1, "recurring", "b"), (15, "recurring", "a"), (15, "recurring", "b"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given_to", "sold", "after", "expected"),
    [
        (assignment("2024-01-05"), MONTHLY, "2024-01-05", "2024-01-15"),
        (assignment("2024-01-05"), MONTHLY, "2024-01-14", "2024-01-15"),
        (assignment("2024-01-05"), MONTHLY, "2024-01-15", "2024-02-01"),
        (assignment("2024-01-05"), MONTHLY, "2020-01-01", "2024-01-15"),
        (assignment("2024-01-05"), ONCE, "2020-01-01", "2024-01-05"),
        (assignment("2024-01-05"), ONCE, "2024-01-05", None),
        (assignment("2024-01-05", end_date="2024-01-31"), MONTHLY, "2024-01-15", None),
        (assignment("2024-01-05", charge_from="2024-03-10"), MONTHLY, "2024-01-15", "2024-03-15"),
        (assignment("2024-02-29"), package(frequency="yearly"), "2027-03-01", "2028-02-29"),
        (assignment("2024-01-05"), package(frequency="daily"), "2024-01-05", "2024-01-06"),
        (assignment("2024-01-05", cancelled=True), MONTHLY, "2024-01-05", None),
    ],
    ids=[
        f"rules 3: next: {what}"
        for what in (
            "the setup is not meant", "the day before", "on a due date the one after", "before the start", "a one-off ahead",
            "a one-off past", "none after the end", "none before charge_from", "a leap day a year away", "daily", "none when cancelled",
        )
    ],
)  # fmt: skip
def test_next_charge(given_to: Assignment, sold: Package, after: str, expected: str | None) -> None:
    found = next_charge(given_to, sold, day(after))
    assert (str(found.due_date) if found else None) == expected


# Every plan, against the oracle.

HORIZON = timedelta(days=500)
AMOUNTS = st.integers(0, 9_999_999).map(lambda count: Decimal(count).scaleb(-5))
FREQUENCIES = {"none": 1, "daily": 1, "weekly": 7, "monthly": 31, "quarterly": 1, "yearly": 1}


@st.composite
def packages(draw: st.DrawFn, minimum_spend: bool) -> Package:
    frequency = draw(st.sampled_from([name for name in FREQUENCIES if name != "none" or not minimum_spend]))
    values = {"weekly": st.integers(0, 6), "monthly": st.integers(1, 31)}.get(frequency, st.nothing())
    match = draw(st.sets(values, max_size=4)) if frequency in ("weekly", "monthly") else ()
    prices = {name: draw(st.just(Decimal(0)) | AMOUNTS) for name in PRICES}
    return package(frequency=frequency, frequency_match=tuple(sorted(match)), minimum_spend=minimum_spend, **prices)


@st.composite
def assignments(draw: st.DrawFn) -> Assignment:
    start = draw(st.dates(date(2022, 12, 1), date(2024, 6, 30)))
    days = st.integers(0, 450).map(lambda length: start + timedelta(days=length))
    end, charge_from = draw(st.none() | days), draw(st.none() | days)
    return assignment(str(start), end_date=end, charge_from=charge_from, quantity=draw(st.sampled_from([1, 1, 3, 1000])))


def fractions(spend: Mapping[date, Decimal]) -> dict[date, Fraction]:
    return {on: Fraction(amount) for on, amount in spend.items()}


def terms(given_to: Assignment, sold: Package, spend: Mapping[date, Decimal]) -> oracle.Terms:
    return oracle.Terms(
        frequency=sold.frequency, match=sold.frequency_match, start=given_to.start_date, end=given_to.end_date,
        charge_from=given_to.charge_from, quantity=given_to.quantity, cost=Fraction(sold.cost), retail=Fraction(sold.retail),
        setup_cost=Fraction(sold.setup_cost), setup_retail=Fraction(sold.setup_retail), minimum_spend=sold.minimum_spend,
        spend=fractions(spend),
    )  # fmt: skip


@settings(max_examples=300)
@given(
    data=st.data(),
    minimum_spend=st.booleans(),
    given_to=assignments(),
    offset=st.integers(-20, 450),
    length=st.integers(0, 120),
    usage=st.dictionaries(st.integers(0, 600), AMOUNTS, max_size=30),
)
def test_plans_are_the_oracles(
    data: st.DataObject, minimum_spend: bool, given_to: Assignment, offset: int, length: int, usage: dict[int, Decimal]
) -> None:
    sold = data.draw(packages(minimum_spend))
    spend = {given_to.start_date + timedelta(days=n): amount for n, amount in usage.items()}
    since = given_to.start_date + timedelta(days=offset)
    until = since + timedelta(days=length)

    def spent(_: Assignment, period: Period) -> Decimal:
        return sum((amount for on, amount in spend.items() if period.since <= on < period.until), Decimal(0))

    found = priced_lines(given_to, sold, since, until, spent)
    plain = [(one.due_date, one.kind, Fraction(one.cost), Fraction(one.retail)) for one in found]
    assert plain == oracle.charges(terms(given_to, sold, spend), since, until)


@settings(max_examples=200)
@given(data=st.data(), minimum_spend=st.booleans(), given_to=assignments(), cuts=st.sets(st.integers(0, HORIZON.days), max_size=6))
def test_a_range_in_pieces_is_the_whole_range(data: st.DataObject, minimum_spend: bool, given_to: Assignment, cuts: set[int]) -> None:
    """rules 5: days missed by an outage are caught up, and nothing is charged twice at a seam."""
    sold = data.draw(packages(minimum_spend))
    first = given_to.start_date - timedelta(days=1)
    seams = [first + timedelta(days=n) for n in sorted({0, *cuts, HORIZON.days + 1})]
    pieces = [due for since, after in pairwise(seams) for due in dues(given_to, sold, since, after - timedelta(days=1))]
    assert pieces == dues(given_to, sold, first, first + HORIZON)


@settings(max_examples=200)
@given(data=st.data(), minimum_spend=st.booleans(), given_to=assignments(), offset=st.integers(-20, 450))
def test_next_charge_is_the_first_of_all_that_follow(data: st.DataObject, minimum_spend: bool, given_to: Assignment, offset: int) -> None:
    sold = data.draw(packages(minimum_spend))
    after = given_to.start_date + timedelta(days=offset)
    following = dues(given_to, sold, after + timedelta(days=1), after + timedelta(days=1300))
    assert next_charge(given_to, sold, after) == next((due for due in following if due.kind != "setup"), None)


@settings(max_examples=100)
@given(data=st.data(), minimum_spend=st.booleans(), given_to=assignments())
def test_no_two_charges_share_an_identity(data: st.DataObject, minimum_spend: bool, given_to: Assignment) -> None:
    """rules 5: a charge is identified by assignment, kind and due date."""
    found = dues(given_to, data.draw(packages(minimum_spend)), date(2022, 1, 1), date(2026, 1, 1))
    assert len({(due.kind, due.due_date) for due in found}) == len(found)
    assert found == sorted(found, key=lambda due: (due.due_date, due.kind != "setup"))


def test_an_unpriced_due_makes_no_line() -> None:
    """rules 4: a line whose cost and retail are both zero is not made."""
    free = package(frequency="daily")
    [due] = dues(assignment("2024-01-01"), free, day("2024-01-02"), day("2024-01-02"))
    assert priced_line(assignment("2024-01-01"), free, due) is None


COVERED = [
    ("monthly from the due date to the eve of the next", MONTHLY, "2024-01-01", "2024-01-15", "2024-01-15 2024-02-01"),
    ("not shortened by an end date", MONTHLY, "2024-01-01", "2024-02-01", "2024-02-01 2024-02-15"),
    ("a day that a month lacks", package(frequency="monthly", frequency_match=(31,), retail="1"), "2024-01-31", "2024-02-29",
     "2024-02-29 2024-03-31"),
    ("daily", package(frequency="daily", retail="1"), "2024-02-28", "2024-02-29", "2024-02-29 2024-03-01"),
    ("weekly on two days", package(frequency="weekly", frequency_match=(0, 3), retail="1"), "2024-02-26", "2024-02-29",
     "2024-02-29 2024-03-04"),
    ("quarterly", package(frequency="quarterly", retail="1"), "2023-11-30", "2024-02-29", "2024-02-29 2024-05-30"),
    ("yearly from 29 February", package(frequency="yearly", retail="1"), "2024-02-29", "2027-02-28", "2027-02-28 2028-02-29"),
    ("a one-off has none", ONCE, "2024-01-01", "2024-01-01", None),
]  # fmt: skip


@pytest.mark.parametrize(("sold", "start", "due", "expected"), [case[1:] for case in COVERED], ids=[f"B2-{case[0]}" for case in COVERED])
def test_what_a_recurring_line_covers(sold: Package, start: str, due: str, expected: str | None) -> None:
    """rules 4: from its due date up to, not including, the next due date by the rule."""
    given = assignment(start, end_date="2027-03-01")
    (found,) = [one for one in priced_lines(given, sold, day(due), day(due), nothing_spent) if one.kind == "recurring"]
    covered = found.covers
    assert (f"{covered.since} {covered.until}" if covered else None) == expected


def test_b2_a_setup_covers_nothing_and_a_minimum_spend_its_period() -> None:
    setup = priced_lines(assignment("2024-01-20"), MONTHLY, day("2024-01-20"), day("2024-01-20"), nothing_spent)[0]
    (minimum,) = priced_lines(
        assignment("2024-01-01"), MONTHLY._replace(minimum_spend=True), day("2024-01-15"), day("2024-01-15"), nothing_spent
    )
    assert (setup.kind, setup.covers) == ("setup", None)
    assert (minimum.kind, minimum.covers) == ("minimum_spend", minimum.period)
