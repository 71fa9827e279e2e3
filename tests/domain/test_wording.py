"""Sentences that a billing clerk understands: why a line was charged (rules 4), and why there is none (rules 6)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.charging import dues, lines
from chalicelib.domain.package import Package
from chalicelib.domain.schedule import Frequency, Match
from chalicelib.domain.wording import clamped, clamping, explanation, not_due, nothing_to_charge, ordinal, rule, spent_so_far

from .build import assignment, day, package

DID = {"name": "DID rental", "retail": "12.50"}
MONTHLY = package(frequency="monthly", frequency_match=(15, 31), **DID)
MINIMUM = package(frequency="monthly", frequency_match=(1,), name="Trunk", retail="50", minimum_spend=True)


@pytest.mark.parametrize(
    ("frequency", "match", "expected"),
    [
        ("none", (), "once, on the start date 2024-01-31"),
        ("daily", (), "every day"),
        ("weekly", (), "weekly on Wednesday"),
        ("weekly", (0, 3, 6), "weekly on Monday, Thursday and Sunday"),
        ("monthly", (), "monthly on 31"),
        ("monthly", (15, 31), "monthly on 15 and 31"),
        ("monthly", (1, 15, 31), "monthly on 1, 15 and 31"),
        ("quarterly", (), "every 3 months from 2024-01-31"),
        ("yearly", (), "every year from 2024-01-31"),
    ],
    ids=lambda value: f"rules 3: {value}" if isinstance(value, str) and " " in value else None,
)
def test_rules_in_words(frequency: Frequency, match: Match, expected: str) -> None:
    assert rule(frequency, match, date(2024, 1, 31)) == expected


@pytest.mark.parametrize(
    ("frequency", "match", "due", "expected"),
    [
        ("monthly", (15, 31), "2024-02-29", [31]),
        ("monthly", (29, 30, 31), "2023-02-28", [29, 30, 31]),
        ("monthly", (29, 30, 31), "2024-02-29", [30, 31]),
        ("monthly", (30, 31), "2024-04-30", [31]),
        ("monthly", (28,), "2023-02-28", []),
        ("monthly", (15, 31), "2024-02-15", []),
        ("monthly", (31,), "2024-03-31", []),
        ("monthly", (), "2024-04-30", [31]),
        ("quarterly", (), "2024-04-30", [31]),
        ("yearly", (), "2025-01-31", []),
        ("weekly", (2,), "2024-01-31", []),
        ("daily", (), "2024-02-29", []),
    ],
    ids=lambda value: f"rules 3: {value}" if isinstance(value, str) else None,
)
def test_days_that_the_month_lacks(frequency: Frequency, match: Match, due: str, expected: list[int]) -> None:
    assert clamped(frequency, match, date(2024, 1, 31), day(due)) == expected


EXPLANATIONS = [
    (
        "an ordinary due date",
        MONTHLY, assignment(), "2024-02-15", '"DID rental", monthly on 15 and 31: 1 x 12.50 = 12.50 USD.',
    ),
    (
        "a day that the month lacks",
        MONTHLY, assignment("2023-01-01"), "2023-02-28",
        '"DID rental", monthly on 15 and 31; February has no 31, so the 28th: 1 x 12.50 = 12.50 USD.',
    ),
    (
        "several days that the month lacks",
        package(frequency="monthly", frequency_match=(30, 31), **DID), assignment(), "2024-02-29",
        '"DID rental", monthly on 30 and 31; February has no 30 or 31, so the 29th: 1 x 12.50 = 12.50 USD.',
    ),
    (
        "a start day that the month lacks",
        package(frequency="quarterly", **DID), assignment("2024-01-31"), "2024-04-30",
        '"DID rental", every 3 months from 2024-01-31; April has no 31, so the 30th: 1 x 12.50 = 12.50 USD.',
    ),
    (
        "a leap day in a common year",
        package(frequency="yearly", **DID), assignment("2024-02-29"), "2025-02-28",
        '"DID rental", every year from 2024-02-29; February has no 29, so the 28th: 1 x 12.50 = 12.50 USD.',
    ),
    (
        "quantity",
        package(frequency="weekly", frequency_match=(0, 3), **DID), assignment(quantity=3), "2024-01-04",
        '"DID rental", weekly on Monday and Thursday: 3 x 12.50 = 37.50 USD.',
    ),
    (
        "setup",
        package(name="Line", setup_retail="25", frequency="monthly", frequency_match=(9,)), assignment("2024-01-31", quantity=2),
        "2024-01-31",
        'Setup of "Line", once, on the start date 2024-01-31: 2 x 25.00 = 50.00 USD.',
    ),
    (
        "a one-off",
        package(name="Install", retail="0.0001"), assignment("2024-01-31"), "2024-01-31",
        '"Install", once, on the start date 2024-01-31: 1 x 0.0001 = 0.0001 USD.',
    ),
    (
        "minimum spend: what was spent, when, and what is missing",
        MINIMUM, assignment("2024-01-01"), "2024-02-01",
        'Minimum spend of "Trunk", monthly on 1: minimum 1 x 50.00, spent 25.00 from 2024-01-01 through 2024-01-31, to pay 25.00 USD.',
    ),
    (
        "minimum spend on a day that the month lacks",
        MINIMUM._replace(frequency_match=(31,)), assignment("2024-01-31"), "2024-02-29",
        ('Minimum spend of "Trunk", monthly on 31; February has no 31, so the 29th: '
        "minimum 1 x 50.00, spent 25.00 from 2024-01-31 through 2024-02-28, to pay 25.00 USD."),
    ),
    (
        "minimum spend: a last period cut short",
        MINIMUM, assignment("2024-01-01", end_date="2024-02-20", quantity=2), "2024-02-21",
        ('Minimum spend of "Trunk", monthly on 1; ended on 2024-02-20, so the last period is settled on the day after: '
        "minimum 2 x 50.00 x 20/29 days, spent 25.00 from 2024-02-01 through 2024-02-20, to pay 43.965517 USD."),
    ),
    (
        "minimum spend: an end on the eve cuts nothing",
        MINIMUM, assignment("2024-01-01", end_date="2024-01-31"), "2024-02-01",
        'Minimum spend of "Trunk", monthly on 1: minimum 1 x 50.00, spent 25.00 from 2024-01-01 through 2024-01-31, to pay 25.00 USD.',
    ),
    (
        "minimum spend: reached, the cost remains",
        MINIMUM._replace(retail=Decimal(20), cost=Decimal(3)), assignment(), "2024-02-01",
        'Minimum spend of "Trunk", monthly on 1: minimum 1 x 20.00, spent 25.00 from 2024-01-01 through 2024-01-31, to pay 0.00 USD.',
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sold", "given_to", "due", "expected"), [case[1:] for case in EXPLANATIONS], ids=[f"rules 4: {case[0]}" for case in EXPLANATIONS]
)
def test_explanations(sold: Package, given_to: Assignment, due: str, expected: str) -> None:
    [charge] = lines(given_to, sold, day(due), day(due), lambda _, __: Decimal(25))
    assert explanation(charge) == expected


TAKEN_OVER = {"charge_from": "2024-03-10"}
YEARLY = package(frequency="yearly", retail="9")
REASONS = [
    ("starts on", MONTHLY, assignment("2024-05-01"), "2024-04-30", "starts on 2024-05-01"),
    ("next due", MONTHLY, assignment("2024-01-01"), "2024-02-16", "next due 2024-02-29"),
    ("next due, asked on a due date", MONTHLY, assignment("2024-01-01"), "2024-01-15", "next due 2024-01-31"),
    ("next due in a year", YEARLY, assignment("2024-02-29"), "2024-02-29", "next due 2025-02-28"),
    ("next due before the end", MONTHLY, assignment("2024-01-01", end_date="2024-01-31"), "2024-01-16", "next due 2024-01-31"),
    ("ended on", MONTHLY, assignment("2024-01-01", end_date="2024-01-31"), "2024-02-01", "ended on 2024-01-31"),
    ("nothing more", MONTHLY, assignment("2024-01-01", end_date="2024-02-14"), "2024-02-01", "nothing more due, ends on 2024-02-14"),
    ("charged once", package(retail="9"), assignment("2024-01-01"), "2024-02-01", "charged once, on 2024-01-01"),
    ("charged once, still valid", package(retail="9"), assignment(end_date="2024-03-01"), "2024-02-01", "charged once, on 2024-01-01"),
    ("charged once, ended", package(retail="9"), assignment(end_date="2024-01-05"), "2024-02-01", "ended on 2024-01-05"),
    (
        "charged elsewhere",
        MONTHLY, assignment("2024-01-01", **TAKEN_OVER), "2024-03-09", "charged elsewhere until 2024-03-09, here from 2024-03-10",
    ),
    ("taken over, next due", MONTHLY, assignment("2024-01-01", **TAKEN_OVER), "2024-03-10", "next due 2024-03-15"),
    ("taken over, not begun", MONTHLY, assignment("2024-01-01", **TAKEN_OVER), "2023-12-31", "starts on 2024-01-01"),
    (
        "a one-off taken over",
        package(retail="9"), assignment("2024-01-01", **TAKEN_OVER), "2024-04-01", "charged elsewhere, once, on 2024-01-01",
    ),
    ("cancelled", MONTHLY, assignment("2024-05-01", cancelled=True), "2024-04-30", "cancelled before it began"),
    (
        "minimum spend: the closing line is still to come",
        MINIMUM, assignment("2024-01-01", end_date="2024-02-14"), "2024-02-14", "next due 2024-02-15, the day after it ends",
    ),
    (
        "minimum spend: ended on the eve",
        MINIMUM, assignment("2024-01-01", end_date="2024-01-31"), "2024-01-20", "next due 2024-02-01, the day after it ends",
    ),
    ("minimum spend: no period passed on the start date", MINIMUM, assignment("2024-01-01"), "2024-01-01", "next due 2024-02-01"),
    (
        "minimum spend: a period begun elsewhere is not promised",
        MINIMUM, assignment("2024-01-01", charge_from="2024-01-15"), "2024-01-20", "next due 2024-03-01",
    ),
    (
        "minimum spend: a closing line of a period begun elsewhere is not promised",
        MINIMUM, assignment("2024-01-01", charge_from="2024-01-15", end_date="2024-01-25"), "2024-01-20",
        "nothing more due, ends on 2024-01-25",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sold", "given_to", "on", "expected"), [case[1:] for case in REASONS], ids=[f"rules 6: {case[0]}" for case in REASONS]
)
def test_reasons(sold: Package, given_to: Assignment, on: str, expected: str) -> None:
    assert not_due(given_to, sold, day(on)) == expected


@pytest.mark.parametrize(("sold", "given_to"), [(case[1], case[2]) for case in REASONS], ids=[f"rules 6: {case[0]}" for case in REASONS])
def test_a_promised_date_is_kept(sold: Package, given_to: Assignment) -> None:
    """Whatever day is asked: `next due` names the first date on which anything is charged, and nothing is silently due."""
    for offset in range(-3, 100):
        on = given_to.start_date + timedelta(days=offset)
        told = not_due(given_to, sold, on)
        following = dues(given_to, sold, on + timedelta(days=1), on + timedelta(days=800))
        if told.startswith("next due "):
            assert told[9:19] == str(following[0].due_date)
        elif "starts on" not in told and "here from" not in told:
            assert following == []


def test_nothing_is_promised_from_a_day_after_the_end() -> None:
    """rules 4: taken over from a day after its end, it was charged elsewhere to its last day."""
    given_to = assignment("2024-01-01", end_date="2024-01-20", charge_from="2024-02-01")
    assert not_due(given_to, MONTHLY, day("2024-01-10")).startswith("charged elsewhere")
    assert "here from" not in not_due(given_to, MONTHLY, day("2024-01-10"))


@pytest.mark.parametrize(
    ("sold", "expected"),
    [(MONTHLY, "due, but cost and retail are zero"), (MINIMUM, "due, but nothing is left to pay")],
    ids=["rules 4: zero lines are not made", "rules 4: the minimum is reached"],
)
def test_due_without_a_line(sold: Package, expected: str) -> None:
    assert nothing_to_charge(sold) == expected


@pytest.mark.parametrize(
    ("spent", "expected"),
    [
        ("25", "spent 25.00 of 50.00 USD since 2024-01-01, 25.00 missing"),
        ("49.999999", "spent 49.999999 of 50.00 USD since 2024-01-01, 0.000001 missing"),
        ("50", "spent 50.00 of 50.00 USD since 2024-01-01, the minimum is reached"),
        ("75", "spent 75.00 of 50.00 USD since 2024-01-01, the minimum is reached"),
    ],
    ids=["rules 4: half", "rules 4: a millionth missing", "rules 4: exactly", "rules 4: more"],
)
def test_spent_so_far(spent: str, expected: str) -> None:
    assert spent_so_far(Decimal(spent), Decimal(50), "USD", date(2024, 1, 1)) == expected


ORDINALS = "1st 2nd 3rd 4th 5th 9th 10th 11th 12th 13th 14th 19th 20th 21st 22nd 23rd 24th 28th 29th 30th 31st"


@pytest.mark.parametrize("expected", ORDINALS.split())
def test_ordinals(expected: str) -> None:
    assert ordinal(int(expected[:-2])) == expected


@pytest.mark.parametrize(
    ("match", "due", "expected"),
    [
        ((31,), "2023-02-28", "February has no 31, so the 28th"),
        ((29, 30, 31), "2023-02-28", "February has no 29, 30 or 31, so the 28th"),
        ((), "2023-04-30", "April has no 31, so the 30th"),
        ((31,), "2023-03-31", None),
    ],
    ids=["one day", "three days", "the start date's", "none is lacking"],
)
def test_why_a_due_date_is_not_a_day_of_its_rule(match: Match, due: str, expected: str | None) -> None:
    assert clamping("monthly", match, day("2023-01-31"), day(due)) == expected
