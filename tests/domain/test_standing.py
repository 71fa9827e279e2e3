"""What stands of a due date, and what it comes to when it is charged anew (rules 6)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain import wording
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.charging import Line, priced_lines
from chalicelib.domain.standing import less_negative_lines, standing_of
from chalicelib.domain.terms import TermsEntry

from .build import STAMP, assignment, day, entry, package, priced

FIFTY = package(frequency="monthly", frequency_match=(1,), proration="daily", retail="50", cost="5")


def period(one: Assignment) -> list[Line]:
    return priced_lines(one, FIFTY, day("2031-03-01"), day("2031-03-31"), lambda *_: Decimal(0))


def test_the_first_charge_stands_before_its_repeats() -> None:
    first = entry(priced("17"))
    later = entry(priced("9"), repeat=True, at=STAMP.at + timedelta(seconds=9))
    for order in ([first, later], [later, first]):
        assert (standing_of(order).charged, standing_of(order).first, standing_of(order).repeats) == (Decimal(17), first, 1)
    assert standing_of([first._replace(voided=True), later]).charged == Decimal(9)
    assert standing_of([first._replace(voided=True)]).charged is None


@pytest.mark.parametrize(
    ("terms", "due", "retail", "cost"),
    [
        ({"end_date": "2031-03-10"}, "2031-03-01", "16.129032", "1.612903"),
        ({"end_date": "2031-03-31"}, "2031-03-01", "50", "5"),
        (
            {"terms": (TermsEntry(day("2031-03-11"), values={"quantity": 2}),), "end_date": "2031-03-20"},
            "2031-03-01",
            "32.258065",
            "3.225807",
        ),
        (
            {"terms": (TermsEntry(day("2031-03-11"), values={"quantity": 2}),), "end_date": "2031-03-20"},
            "2031-03-11",
            "16.129032",
            "1.612903",
        ),
    ],
    ids=["the rest given back", "nothing given back", "a charge of two, beside a part", "the part"],
)
def test_a_recharge_is_one_sum_with_the_negative_lines_of_its_period(terms: dict[str, object], due: str, retail: str, cost: str) -> None:
    lines = period(assignment("2031-01-01", **terms))
    own = next(line for line in lines if line.due_date == date.fromisoformat(due))
    found = less_negative_lines(own, lines)
    assert (found.retail, found.cost) == (Decimal(retail), Decimal(cost))
    assert found.nominal_retail == own.retail


def test_its_explanation_says_what_was_given_back() -> None:
    lines = period(assignment("2031-01-01", end_date="2031-03-10"))
    assert wording.explanation(less_negative_lines(lines[0], lines)).endswith(
        "1 x 50.00 = 50.00 USD, less 33.870968 given back for later days: 16.129032 USD."
    )
    assert wording.explanation(lines[0]).endswith("1 x 50.00 = 50.00 USD.")


def test_negative_lines_that_a_later_run_makes_are_not_taken_off() -> None:
    lines = period(assignment("2031-01-01", end_date="2031-03-10"))
    assert less_negative_lines(lines[0], lines[:1]) == lines[0]
