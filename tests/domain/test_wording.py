"""Sentences that a billing clerk understands: why a line was charged (rules 4), and why there is none (rules 6)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.charging import dues, priced_lines
from chalicelib.domain.package import Package
from chalicelib.domain.pricing import ChargeKind, Due
from chalicelib.domain.schedule import Frequency, Match, Schedule
from chalicelib.domain.wording import clamped, clamping, explanation, not_due_reason, nothing_to_charge, ordinal, rule, spent_so_far

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
    assert rule(Schedule(frequency, match, 1, date(2024, 1, 31))) == expected


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
    assert clamped(Schedule(frequency, match, 1, date(2024, 1, 31)), day(due)) == expected


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
        "minimum spend: a first period that began before the start",
        MINIMUM, assignment("2024-01-20", quantity=2), "2024-02-01",
        ('Minimum spend of "Trunk", monthly on 1: '
        "minimum 2 x 50.00 x 12/31 days, spent 25.00 from 2024-01-20 through 2024-01-31, to pay 13.709677 USD."),
    ),
    (
        "minimum spend: quantities that change",
        MINIMUM, assignment("2024-01-01", quantity=2, terms=(TermsEntry(day("2024-01-22"), None, {"quantity": 3}),)), "2024-02-01",
        ('Minimum spend of "Trunk", monthly on 1: '
        "minimum 50.00 x 72/31 (quantities of its days added up), spent 25.00 from 2024-01-01 through 2024-01-31, to pay 91.129032 USD."),
    ),
    (
        "minimum spend: paused days do not count",
        MINIMUM, assignment("2023-12-01", terms=(TermsEntry(day("2024-01-01"), day("2024-01-10"), {"paused": True}),)), "2024-02-01",
        ('Minimum spend of "Trunk", monthly on 1: '
        "minimum 50.00 x 21/31 (quantities of its days added up), spent 25.00 from 2024-01-01 through 2024-01-31, to pay 8.870968 USD."),
    ),
    (
        "every so many months",
        package(frequency="monthly", frequency_match=(15,), every=3, **DID), assignment("2024-01-01"), "2024-04-15",
        '"DID rental", every 3 months on 15: 1 x 12.50 = 12.50 USD.',
    ),
    (
        "every so many weeks",
        package(frequency="weekly", every=2, **DID), assignment("2024-01-01"), "2024-01-15",
        '"DID rental", every 2 weeks on Monday: 1 x 12.50 = 12.50 USD.',
    ),
    (
        "every so many days",
        package(frequency="daily", every=10, **DID), assignment("2024-01-01"), "2024-01-11",
        '"DID rental", every 10 days from 2024-01-01: 1 x 12.50 = 12.50 USD.',
    ),
    (
        "an own price and a discount",
        MONTHLY, assignment(quantity=4, retail=Decimal("9.99"), discount=Decimal("20.0000")), "2024-02-15",
        '"DID rental", monthly on 15 and 31: 4 x 9.99 (own price instead of 12.50) less 20 % = 31.968 USD.',
    ),
    (
        "a part of a period",
        package(name="Hosted phone", retail="249.95", frequency="monthly", frequency_match=(15,), proration="daily"),
        assignment("2012-05-03"), "2012-05-03", '"Hosted phone" from 3 May through 14 May, 12 of 30 days: 1 x 249.95 x 12/30 = 99.98 USD.',
    ),
    (
        "a part of a period that is not over with the year, less than before",
        package(name="Hosted phone", retail="31", frequency="monthly", frequency_match=(15,), proration="daily"),
        assignment("2023-12-15", end_date="2023-12-24", quantity=2), "2023-12-25",
        '"Hosted phone" from 25 December 2023 through 14 January 2024, 21 of 31 days: -2 x 31.00 x 21/31 = -42.00 USD.',
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
    [charge] = priced_lines(given_to, sold, day(due), day(due), lambda _, __: Decimal(25))
    assert explanation(charge) == expected


def test_of_a_negative_line_it_is_told_how_much_it_takes_back() -> None:
    """rules 4: Proration: of the charge a part was credited before."""
    sold = package(name="Hosted phone", retail="31", frequency="monthly", frequency_match=(1,), proration="daily")
    [line] = priced_lines(
        assignment("2024-03-01", end_date="2024-03-10"), sold, day("2024-03-11"), day("2024-03-11"), lambda _, __: Decimal(0)
    )
    told = explanation(line._replace(retail=Decimal("-7.45")))
    assert told == (
        '"Hosted phone" from 11 March through 31 March, 21 of 31 days: -1 x 31.00 x 21/31 = -21.00 USD, of which this line takes back 7.45.'
    )


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
    ("paused", MONTHLY, assignment("2024-01-01", terms=(TermsEntry(day("2024-02-10"), None, {"paused": True}),)), "2024-02-15", "paused"),
    (
        "paused for a while",
        MONTHLY, assignment("2024-01-01", terms=(TermsEntry(day("2024-02-10"), day("2024-02-29"), {"paused": True}),)), "2024-02-15",
        "paused until 2024-02-29",
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
        "minimum spend: a period begun elsewhere is settled here",
        MINIMUM, assignment("2024-01-01", charge_from="2024-01-15"), "2024-01-20", "next due 2024-02-01",
    ),
    (
        "minimum spend: the closing line of a period begun elsewhere",
        MINIMUM, assignment("2024-01-01", charge_from="2024-01-15", end_date="2024-01-25"), "2024-01-20",
        "next due 2024-01-26, the day after it ends",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sold", "given_to", "on", "expected"), [case[1:] for case in REASONS], ids=[f"rules 6: {case[0]}" for case in REASONS]
)
def test_reasons(sold: Package, given_to: Assignment, on: str, expected: str) -> None:
    assert not_due_reason(given_to, sold, day(on)) == expected


@pytest.mark.parametrize(("sold", "given_to"), [(case[1], case[2]) for case in REASONS], ids=[f"rules 6: {case[0]}" for case in REASONS])
def test_a_promised_date_is_kept(sold: Package, given_to: Assignment) -> None:
    """Whatever day is asked: `next due` names the first date on which anything is charged, and nothing is silently due."""
    for offset in range(-3, 100):
        on = given_to.start_date + timedelta(days=offset)
        told = not_due_reason(given_to, sold, on)
        following = dues(given_to, sold, on + timedelta(days=1), on + timedelta(days=800))
        if told.startswith("next due "):
            assert told[9:19] == str(following[0].due_date)
        elif not any(words in told for words in ("starts on", "here from", "paused")):
            assert following == []


def test_nothing_is_promised_from_a_day_after_the_end() -> None:
    """rules 4: taken over from a day after its end, it was charged elsewhere to its last day."""
    given_to = assignment("2024-01-01", end_date="2024-01-20", charge_from="2024-02-01")
    assert not_due_reason(given_to, MONTHLY, day("2024-01-10")).startswith("charged elsewhere")
    assert "here from" not in not_due_reason(given_to, MONTHLY, day("2024-01-10"))


@pytest.mark.parametrize(
    ("sold", "kind", "expected"),
    [
        (MONTHLY, "recurring", "due, but cost and retail are zero"),
        (MINIMUM, "minimum_spend", "due, but nothing is left to pay"),
        (MONTHLY, "proration", "due, but nothing is left to take back"),
    ],
    ids=["rules 4: zero lines are not made", "rules 4: the minimum is reached", "rules 4: nothing is left"],
)
def test_due_without_a_line(sold: Package, kind: ChargeKind, expected: str) -> None:
    assert nothing_to_charge(sold, [Due(kind, day("2024-01-01"))]) == expected


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
    assert clamping(Schedule("monthly", match, 1, day("2023-01-31")), day(due)) == expected
