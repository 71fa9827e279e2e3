"""rules 3 and 5: the minimum-spend period that runs on a day, its minimum, and what an edit leaves due of a plan."""

from datetime import date
from decimal import Decimal

import pytest

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.charging import Line, minimum, priced_line, priced_lines, running_period, still_due
from chalicelib.domain.pricing import Due
from chalicelib.domain.schedule import Period
from chalicelib.domain.wording import not_due_reason
from tests.domain.build import assignment, day, package, priced

MONTHLY = package(frequency="monthly", minimum_spend=True, retail="31")


@pytest.mark.parametrize(
    ("given_to", "on", "expected"),
    [
        (assignment("2024-01-10"), "2024-01-10", "2024-01-10 2024-02-10 2024-02-10"),
        (assignment("2024-01-10"), "2024-02-09", "2024-01-10 2024-02-10 2024-02-10"),
        (assignment("2024-01-10"), "2024-02-10", "2024-02-10 2024-03-10 2024-03-10"),
        (assignment("2024-01-10", end_date="2024-02-20"), "2024-02-15", "2024-02-10 2024-02-21 2024-03-10"),
        (assignment("2024-01-10", end_date="2024-04-20"), "2024-02-15", "2024-02-10 2024-03-10 2024-03-10"),
        (assignment("2024-01-10", end_date="2024-02-14"), "2024-02-15", None),
        (assignment("2024-01-10"), "2024-01-09", None),
        (assignment("2024-01-10", cancelled=True), "2024-02-15", None),
        (assignment("2024-01-10", charge_from="2024-02-10"), "2024-02-15", "2024-02-10 2024-03-10 2024-03-10"),
        (assignment("2024-01-10", charge_from="2024-02-11"), "2024-02-15", "2024-02-11 2024-03-10 2024-03-10"),
        (assignment("2024-01-10", charge_from="2024-02-11"), "2024-02-10", None),
    ],
    ids=[
        "its first day", "its last day", "the next begins", "cut by the end date", "an end date later on", "after the end",
        "before the start", "cancelled", "taken over when it began", "begun elsewhere", "still elsewhere",
    ],
)  # fmt: skip
def test_the_period_that_runs(given_to: Assignment, on: str, expected: str | None) -> None:
    found = running_period(given_to, MONTHLY, day(on))
    assert (" ".join(map(str, found[:3])) if found else None) == expected
    assert found is None or str(found.whole.since) in ("2024-01-10", "2024-02-10")


def test_no_period_runs_without_minimum_spend_or_frequency() -> None:
    assert running_period(assignment(), MONTHLY._replace(minimum_spend=False), day("2024-01-02")) is None
    assert running_period(assignment(), MONTHLY._replace(frequency="none"), day("2024-01-02")) is None


def test_the_minimum_of_a_cut_period_is_its_share_of_days() -> None:
    period = Period(since=day("2024-01-01"), until=day("2024-01-11"), whole_until=day("2024-02-01"))
    assert minimum(assignment(quantity=2), MONTHLY, period) == Decimal(20)


def settlement(on: str) -> Line:
    made = priced_line(assignment(), MONTHLY, Due("minimum_spend", day(on), Period.uncut(day("2024-01-01"), day(on))), Decimal(0))
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("charge", "edited", "expected"),
    [
        (priced(on="2024-01-01"), assignment(), True),
        (priced(on="2024-01-01"), assignment(end_date="2024-01-01"), True),
        (priced(on="2024-01-01"), assignment(cancelled=True), False),
        (priced(on="2024-01-01"), assignment("2023-12-31"), False),
        (priced(on="2024-01-01"), assignment(charge_from="2024-01-02"), False),
        (priced(on="2024-01-01")._replace(due_date=day("2024-01-05")), assignment(end_date="2024-01-05"), True),
        (priced(on="2024-01-01")._replace(due_date=day("2024-01-05")), assignment(end_date="2024-01-04"), False),
        (settlement("2024-02-01"), assignment(), True),
        (settlement("2024-02-01"), assignment(end_date="2024-01-31"), True),
        (settlement("2024-02-01"), assignment(end_date="2024-01-30"), False),
        (settlement("2024-02-01"), assignment(end_date=date.max), True),
        (settlement("2024-02-01"), assignment(charge_from="2024-01-15"), False),
    ],
    ids=[
        "untouched", "ends that day", "cancelled", "starts elsewhen", "taken over later", "on the end date", "after the end date",
        "a settlement", "a settlement the day after the end", "a settlement later", "no day after the last",
        "a period begun before a take-over",
    ],
)  # fmt: skip
def test_still_due_after_an_edit(charge: Line, edited: Assignment, expected: bool) -> None:
    assert still_due(charge, edited) is expected


def test_spend_is_asked_for_the_assignment() -> None:
    asked: list[Assignment] = []

    def spent(of: Assignment, _: Period) -> Decimal:
        asked.append(of)
        return Decimal(1)

    assert priced_lines(assignment(), MONTHLY, day("2024-02-01"), day("2024-02-01"), spent)
    assert asked == [assignment()]


def test_a_take_over_on_the_last_day_leaves_that_day_to_us() -> None:
    taken_over = assignment("2024-01-01", end_date="2024-01-10", charge_from="2024-01-10")
    said = not_due_reason(taken_over, package(frequency="daily", retail="1"), day("2024-01-05"))
    assert said == "charged elsewhere until 2024-01-09, here from 2024-01-10"
