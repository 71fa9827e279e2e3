"""When a customer is told what comes and what is over, by dates (rules: Notices)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.forecast_account import PlannedLine
from chalicelib.domain.history import Change
from chalicelib.domain.notice_days import days_before
from chalicelib.domain.notices import NoticeSpan, dates_ahead, ends_told, lines_due_on, upcoming_charges, upcoming_notice
from chalicelib.domain.package import Package
from chalicelib.domain.schedule import DAY

from .build import account, assignment, day, package

NONE: tuple[int, ...] = ()


def span(passed: str, on: str, today: str | None = None) -> NoticeSpan:
    return NoticeSpan(day(passed), day(on), day(today or on))


def told_upcoming(one: Assignment, of: Package, seen: NoticeSpan, usual: tuple[int, ...]) -> list[Change]:
    """What is told of an assignment whose charges all fit."""
    catalog = {of.package_id: of}
    asked = upcoming_charges([one], catalog, seen, usual)
    of_dates = ((each, lines_due_on([one], catalog, each)) for each in asked)
    made = (upcoming_notice(account(), each, [PlannedLine(each.date, line, "", "posted") for line in lines]) for each, lines in of_dates)
    return [notice for notice in made if notice]


def days_told(one: Assignment, of: Package, usual: tuple[int, ...], first: str, last: str) -> list[tuple[str, str]]:
    """The days on which something is told when each day is evaluated, with the date that it is about."""
    days, until = [], day(first)
    while until <= day(last):
        seen = NoticeSpan(until - DAY, until, until)
        days += [(until.isoformat(), str(value(notice, "date"))) for notice in told_upcoming(one, of, seen, usual)]
        until += DAY
    return days


def value(notice: Change, field: str) -> object:
    return next(one.after for one in notice.fields if one.field == field)


def test_rules_18_seven_days_before_what_is_not_free() -> None:
    free = TermsEntry(day("2012-04-01"), day("2012-04-30"), {"discount": Decimal(100)})
    one, of = assignment("2012-04-01", terms=(free,)), package(retail="10", frequency="monthly", frequency_match=(1,))
    assert days_told(one, of, (7,), "2012-03-01", "2012-05-31") == [("2012-04-24", "2012-05-01"), ("2012-05-25", "2012-06-01")]


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (None, ["2031-02-22", "2031-02-28"]),
        ((3,), ["2031-02-26"]),
        ((0,), []),
    ],
)
def test_rules_18_a_package_may_have_days_of_its_own(own: tuple[int, ...] | None, told: list[str]) -> None:
    of = package(retail="10", frequency="monthly", frequency_match=(1,), notice_days=own)
    assert [on for on, _ in days_told(assignment("2031-01-15"), of, (7, 1), "2031-02-05", "2031-03-05")] == told


@pytest.mark.parametrize(
    ("passed", "on", "today", "told"),
    [
        ("2031-02-21", "2031-02-22", None, [7]),
        ("2031-02-22", "2031-02-23", None, []),
        ("2031-02-20", "2031-02-25", None, [7]),
        ("2031-02-20", "2031-02-28", None, [1]),
        ("2031-02-20", "2031-03-01", None, []),
        ("2031-02-27", "2031-02-28", None, [1]),
        ("2031-02-21", "2031-02-22", "2031-02-27", [7]),
        ("2031-02-21", "2031-02-22", "2031-02-28", []),
        ("2031-02-21", "2031-02-22", "2031-03-02", []),
    ],
    ids=["in time", "once", "late", "the later one only", "not of what has come", "the day before", "caught up on",
         "the later one will be told", "caught up on too late"],
)  # fmt: skip
def test_rules_18_what_an_outage_missed_is_told_once_if_it_still_lies_ahead(
    passed: str, on: str, today: str | None, told: list[int]
) -> None:
    of = package(retail="10", frequency="monthly", frequency_match=(1,))
    found = told_upcoming(assignment("2031-02-01"), of, span(passed, on, today), (7, 1))
    assert [value(one, "days") for one in found] == told


def told_ends(one: Assignment, seen: NoticeSpan, term: tuple[int, ...] = NONE) -> list[tuple[str, date | None]]:
    return [(notice.type, notice.dated) for notice in ends_told([one], {"p": package()}, seen, term)]


def test_rules_18_a_term_ends_in_45_and_in_15_days() -> None:
    one, days = assignment("2029-07-01", end_date="2031-06-30"), (day("2031-05-01") + timedelta(days=n) for n in range(70))
    told = [(on.isoformat(), type_) for on in days for type_, _ in told_ends(one, NoticeSpan(on - DAY, on, on), (45, 15))]
    assert told == [("2031-05-16", "term.ending"), ("2031-06-15", "term.ending"), ("2031-07-01", "assignment.over")]


def test_rules_18_an_assignment_is_over_on_the_day_after_its_end_also_when_that_was_missed() -> None:
    one = assignment(end_date="2031-06-30")
    assert told_ends(one, span("2031-06-29", "2031-06-30")) == []
    assert told_ends(one, span("2031-06-20", "2031-07-09")) == [("assignment.over", day("2031-07-01"))]
    assert told_ends(one, span("2031-07-01", "2031-07-02")) == []
    assert told_ends(one._replace(cancelled=True), span("2031-06-30", "2031-07-01")) == []


def test_rules_18_what_goes_on_as_another_assignment_is_no_end_of_a_term() -> None:
    one = assignment(end_date="2031-06-30", replaced_by="b")
    assert told_ends(one, span("2031-06-14", "2031-06-15"), (45, 15)) == []
    (over,) = ends_told([one], {"p": package()}, span("2031-06-30", "2031-07-01"), NONE)
    assert value(over, "replaced_by") == "b"


def test_rules_18_one_notice_a_customer_date_and_distance() -> None:
    of = {"p": package(retail="10", frequency="monthly", frequency_match=(1,)), "q": package(package_id="q", retail="3", frequency="daily")}
    found = [assignment("2031-01-01", assignment_id=name, package_id=which) for name, which in (("a", "p"), ("b", "p"), ("c", "q"))]
    asked = upcoming_charges(found, of, span("2031-02-21", "2031-02-22"), (7, 1))
    assert [(one.date, one.days, sorted(one.assignments)) for one in asked] == [
        (day("2031-02-23"), 1, ["c"]), (day("2031-03-01"), 7, ["a", "b", "c"]),
    ]  # fmt: skip
    lines = [PlannedLine(asked[1].date, line, "", "posted") for line in lines_due_on(found, of, asked[1])]
    notice = upcoming_notice(account(balance="5"), asked[1], lines)
    assert notice is not None
    told = {one.field: one.after for one in notice.fields}
    assert told == {
        "date": "2031-03-01", "days": 7, "currency": "USD", "lines_total": 3, "retail": "23.00", "balance": "5.00", "suffices": True,
    }  # fmt: skip
    assert [(line.assignment_id, line.retail) for line in notice.lines] == [("a", 10), ("b", 10), ("c", 3)]


def test_rules_18_the_first_hundred_lines_are_listed_and_a_held_one_says_that_the_balance_does_not_suffice() -> None:
    of = {"p": package(retail="10", frequency="daily")}
    found = [assignment("2031-01-01", assignment_id=f"a{n:03}") for n in range(130)]
    (asked,) = upcoming_charges(found, of, span("2031-02-21", "2031-02-22"), (1,))
    lines = [PlannedLine(asked.date, line, "k", "held" if n == 129 else "posted") for n, line in enumerate(lines_due_on(found, of, asked))]
    notice = upcoming_notice(account(), asked, lines)
    assert notice is not None
    assert (value(notice, "lines_total"), value(notice, "retail"), value(notice, "suffices")) == (130, "1300.00", False)
    assert [line.assignment_id for line in notice.lines] == [f"a{n:03}" for n in range(100)]


def test_the_end_of_the_calendar_is_no_date_ahead() -> None:
    assert dates_ahead(NoticeSpan(date.max - 2 * DAY, date.max - DAY, date.max - DAY), (7, 1))[-1].last == date.max
    assert dates_ahead(NoticeSpan(date.max - DAY, date.max, date.max), (7, 1)) == ()


@pytest.mark.parametrize("text", ["0", "7 7", "1 2 3 4 5 6", "366", "-1", "x", "1.5"])
def test_a_variable_has_up_to_five_different_numbers_of_days(text: str) -> None:
    with pytest.raises(ValueError, match="different numbers of days"):
        days_before(text)
    assert days_before(" 7  1 ") == (7, 1)
    assert days_before("") == ()
