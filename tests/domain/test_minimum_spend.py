"""The minimum-spend line (rules 4, Minimum Spend): what is missing to the minimum over a billing period, once per period."""

from decimal import Decimal

import pytest

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.charging import dues, priced_lines
from chalicelib.domain.package import Package
from chalicelib.domain.schedule import Period

from .build import assignment, day, package

MINIMUM = package(frequency="monthly", frequency_match=(1,), retail="50", minimum_spend=True)
WITH_COST = MINIMUM._replace(cost=Decimal(31))
YEARLY = package(frequency="yearly", retail="366", minimum_spend=True)
DAILY = package(frequency="daily", retail="2", minimum_spend=True)
WITH_SETUP = MINIMUM._replace(setup_retail=Decimal(5))


def plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def planned(sold: Package, given_to: Assignment, since: str, until: str, spend: str = "0") -> str:
    """`date cost retail, from period's first day through its last, of whole days`, joined by |."""
    found = priced_lines(given_to, sold, day(since), day(until), lambda _, __: Decimal(spend))
    return "|".join(
        f"{one.due_date} {plain(one.cost)} {plain(one.retail)} {one.period.since}..{one.period.until} of {one.period.whole_days}"
        if one.period else f"{one.due_date} {one.kind}"
        for one in found
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sold", "quantity", "spend", "expected"),
    [
        (MINIMUM, 1, "25", "0 25"),
        (MINIMUM, 1, "0", "0 50"),
        (MINIMUM, 1, "49.999999", "0 0.000001"),
        (MINIMUM, 1, "50", None),
        (MINIMUM, 1, "75", None),
        (WITH_COST, 1, "25", "31 25"),
        (WITH_COST, 1, "50", "31 0"),
        (WITH_COST, 1, "1000", "31 0"),
        (MINIMUM, 3, "25", "0 125"),
        (WITH_COST, 3, "149.5", "93 0.5"),
    ],
    ids=[
        "rules 4: retail 50, spend 25: charge 25",
        "rules 4: nothing spent: the whole minimum",
        "rules 4: a millionth is missing",
        "rules 4: spend 50 and no cost: no line at all",
        "rules 4: spend above the minimum is never paid back",
        "rules 4: cost is charged as ever",
        "rules 4: spend 50: no retail, the cost line remains",
        "rules 4: spend far above: no retail, the cost line remains",
        "rules 4: the minimum is retail x quantity, spend is not multiplied",
        "rules 4: cost x quantity",
    ],
)
def test_amounts(sold: Package, quantity: int, spend: str, expected: str | None) -> None:
    found = priced_lines(
        assignment("2024-01-01", quantity=quantity), sold, day("2024-02-01"), day("2024-02-01"), lambda _, __: Decimal(spend)
    )
    assert [f"{one.cost} {one.retail}" for one in found] == ([expected] if expected else [])
    assert all((one.kind, one.spend) == ("minimum_spend", Decimal(spend)) for one in found)


PERIODS = [
    (
        "the first due date equal to the start date has no line, the next settles the month between",
        MINIMUM, assignment("2024-01-01"), "2024-01-01", "2024-02-29", "2024-02-01 0 50 2024-01-01..2024-02-01 of 31",
    ),
    (
        "B24-the first period runs from the start date, and is charged for its days",
        MINIMUM, assignment("2024-01-20"), "2024-01-01", "2024-02-29", "2024-02-01 0 19.354839 2024-01-20..2024-02-01 of 31",
    ),
    (
        "B24-without match days the first period begins on the start date and is whole",
        MINIMUM._replace(frequency_match=()), assignment("2024-01-20"), "2024-01-01", "2024-02-29",
        "2024-02-20 0 50 2024-01-20..2024-02-20 of 31",
    ),
    (
        "the setup is charged on the start date as ever, the recurring line is replaced",
        WITH_SETUP, assignment("2024-02-01"), "2024-02-01", "2024-03-01", "2024-02-01 setup|2024-03-01 0 50 2024-02-01..2024-03-01 of 29",
    ),
    (
        "daily settles the day before",
        DAILY, assignment("2024-01-01"), "2024-01-01", "2024-01-03",
        "2024-01-02 0 2 2024-01-01..2024-01-02 of 1|2024-01-03 0 2 2024-01-02..2024-01-03 of 1",
    ),
    (
        "a due date within the range settles a period begun before it",
        MINIMUM, assignment("2024-01-01"), "2024-03-01", "2024-03-01", "2024-03-01 0 50 2024-02-01..2024-03-01 of 29",
    ),
    (
        "B24-an end date cuts the last period short: settled the day after, days P..E of P..N, rounded half-up",
        WITH_COST, assignment("2024-01-01", end_date="2024-02-14"), "2024-02-02", "2024-03-31",
        "2024-02-15 14.965517 24.137931 2024-02-01..2024-02-15 of 29",
    ),
    (
        "nothing on the end date itself",
        MINIMUM, assignment("2024-01-01", end_date="2024-02-14"), "2024-02-02", "2024-02-14", "",
    ),
    (
        "B24-an end before the first due date cuts the first period at both ends",
        MINIMUM, assignment("2024-01-22", end_date="2024-01-26"), "2024-01-01", "2024-03-31",
        "2024-01-27 0 8.064516 2024-01-22..2024-01-27 of 31",
    ),
    (
        "an end on a due date settles that period and one day of the next",
        WITH_COST, assignment("2024-01-01", end_date="2024-02-01"), "2024-01-01", "2024-03-31",
        "2024-02-01 31 50 2024-01-01..2024-02-01 of 31|2024-02-02 1.068966 1.724138 2024-02-01..2024-02-02 of 29",
    ),
    (
        "an end on the eve of a due date settles the whole period on that date, once",
        WITH_COST, assignment("2024-01-01", end_date="2024-01-31"), "2024-01-01", "2024-03-31",
        "2024-02-01 31 50 2024-01-01..2024-02-01 of 31",
    ),
    (
        "an assignment of one day owes one day",
        YEARLY, assignment("2024-01-01", end_date="2024-01-01"), "2024-01-01", "2025-12-31", "2024-01-02 0 1 2024-01-01..2024-01-02 of 366",
    ),
    (
        "daily with an end: the last day is settled whole on the day after",
        DAILY, assignment("2024-01-01", end_date="2024-01-02"), "2024-01-01", "2024-01-09",
        "2024-01-02 0 2 2024-01-01..2024-01-02 of 1|2024-01-03 0 2 2024-01-02..2024-01-03 of 1",
    ),
    (
        "B24-of a period begun before charge_from the days from it on are settled",
        MINIMUM, assignment("2024-01-01", charge_from="2024-01-02"), "2024-01-01", "2024-03-31",
        "2024-02-01 0 48.387097 2024-01-02..2024-02-01 of 31|2024-03-01 0 50 2024-02-01..2024-03-01 of 29",
    ),
    (
        "B24-charge_from on a due date: that period is not settled, the one it begins is",
        MINIMUM, assignment("2024-01-01", charge_from="2024-02-01"), "2024-01-01", "2024-03-31",
        "2024-03-01 0 50 2024-02-01..2024-03-01 of 29",
    ),
    (
        "B24-a closing period begun before charge_from is settled from it on",
        MINIMUM, assignment("2024-01-01", charge_from="2024-01-10", end_date="2024-01-20"), "2024-01-01", "2024-03-31",
        "2024-01-21 0 17.741935 2024-01-10..2024-01-21 of 31",
    ),
    (
        "nothing at all when it was over before charge_from",
        MINIMUM, assignment("2024-01-01", charge_from="2024-03-01", end_date="2024-02-20"), "2024-01-01", "2024-03-31", "",
    ),
    (
        "a cancelled assignment has no closing line",
        MINIMUM, assignment("2024-01-01", end_date="2024-01-20", cancelled=True), "2024-01-01", "2024-03-31", "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sold", "given_to", "since", "until", "expected"), [case[1:] for case in PERIODS], ids=[f"rules 4: {case[0]}" for case in PERIODS]
)
def test_periods(sold: Package, given_to: Assignment, since: str, until: str, expected: str) -> None:
    assert planned(sold, given_to, since, until) == expected


def test_the_spend_of_a_closing_period_is_taken_from_the_cut_minimum() -> None:
    """rules 4: minimum and cost x days/days, rounded, less the spend of P..E."""
    given_to = assignment("2024-01-01", end_date="2024-02-14")
    assert planned(WITH_COST, given_to, "2024-02-15", "2024-02-15", spend="24.13793") == (
        "2024-02-15 14.965517 0.000001 2024-02-01..2024-02-15 of 29"
    )
    assert planned(WITH_COST, given_to, "2024-02-15", "2024-02-15", spend="30").startswith("2024-02-15 14.965517 0 ")


def test_spend_is_asked_for_the_days_of_the_period_and_for_no_others() -> None:
    """rules 4: spend of [P, D), D's own counts towards the next; a cut period's ends with E. Setups ask for none."""
    asked: list[Period] = []

    def spend(_: Assignment, period: Period) -> Decimal:
        asked.append(period)
        return Decimal(0)

    priced_lines(assignment("2024-01-15", end_date="2024-02-14"), WITH_SETUP, day("2024-01-01"), day("2024-03-31"), spend)
    assert [(str(period.since), str(period.until), period.days) for period in asked] == [
        ("2024-01-15", "2024-02-01", 17),
        ("2024-02-01", "2024-02-15", 14),
    ]


def test_periods_follow_each_other_without_gap_or_overlap() -> None:
    """rules 4: [P, D) with P the due date before, so that each call counts in one period."""
    sold = package(frequency="monthly", frequency_match=(15, 29, 30, 31), retail="1", minimum_spend=True)
    periods = [due.period for due in dues(assignment("2023-01-05", end_date="2024-12-20"), sold, day("2023-01-01"), day("2025-12-31"))]
    spans = [(period.since, period.until) for period in periods if period]
    assert [until for _, until in spans[:-1]] == [since for since, _ in spans[1:]]
    assert (spans[0][0], spans[-1][1]) == (day("2023-01-05"), day("2024-12-21"))
