"""Warnings that are rules: which assignments are alike, and what is due after an end."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.assignment import Assignment, duplicate_warning, duplicates, valid_on
from chalicelib.domain.charging import after_end, dues
from chalicelib.domain.currencies import DECIMALS

from .build import assignment, package

FIRST = date(2024, 1, 1)
DAYS = st.integers(0, 6).map(lambda n: FIRST + timedelta(days=n))


@st.composite
def few(draw: st.DrawFn) -> Assignment:
    """An assignment of a small world, in which many are alike."""
    start = draw(DAYS)
    return Assignment(
        draw(st.sampled_from("cd")), draw(st.sampled_from("abc")), draw(st.sampled_from("pq")), start,
        did=draw(st.sampled_from((None, "441", "442"))),
        end_date=draw(st.none() | st.integers(0, 4).map(lambda n: start + timedelta(days=n))),
        cancelled=draw(st.booleans()),
    )  # fmt: skip


@given(few(), st.lists(few(), max_size=5))
def test_b4_alike_are_those_that_are_valid_on_one_day_for_the_same_package_and_holder(one: Assignment, others: list[Assignment]) -> None:
    def alike(other: Assignment) -> bool:
        same = all(getattr(one, name) == getattr(other, name) for name in ("customer_id", "did", "package_id"))
        days = [FIRST + timedelta(days=n) for n in range(20)]
        return same and one.assignment_id != other.assignment_id and any(valid_on(one, d) and valid_on(other, d) for d in days)

    assert duplicates(one, others) == [other for other in others if alike(other)]


def test_b4_a_warning_names_rows_by_their_numbers_and_at_most_20_ids() -> None:
    standing = [assignment("2024-01-01", assignment_id=f"a{n}", did="441") for n in range(30)]
    told = duplicate_warning([assignment("2024-01-01", assignment_id="new", end_date="2024-01-05", did="441"), *standing], {"new": 7})
    assert told.detail == "DID 441 has this package already, from 2024-01-01 to 2024-01-05 (row 7), and 30 more: each is charged"
    assert told.ids == tuple(f"a{n}" for n in range(20))


@pytest.mark.parametrize(
    ("fields", "prices", "expected"),
    [
        ({"cancelled": True}, {"frequency": "monthly"}, [("2024-01-01", 0), ("2024-01-01", 1), ("2024-02-01", 1)]),
        ({"end_date": "2024-01-01"}, {"frequency": "monthly"}, [("2024-02-01", 1), ("2024-03-01", 1)]),
        ({"end_date": "2024-01-31"}, {"frequency": "monthly", "minimum_spend": True}, [("2024-03-01", 2), ("2024-04-01", 2)]),
        ({"end_date": "2024-01-05"}, {}, []),
        ({"cancelled": True}, {}, [("2024-01-01", 0), ("2024-01-01", 1)]),
    ],
    ids=["cancelled", "ended", "closing line is due", "once", "once, cancelled"],
)
def test_b22_what_would_be_due_after_the_end(fields: dict[str, object], prices: dict[str, object], expected: list[tuple[str, int]]) -> None:
    found = after_end(assignment("2024-01-01", **fields), package(**prices), 2)
    assert [(str(one.due_date), one.kind_order) for one in found] == expected


@given(st.integers(0, 400), st.booleans(), st.sampled_from(("daily", "weekly", "monthly", "quarterly", "yearly")))
def test_b22_nothing_after_the_end_is_due_on_the_ended_assignment(days: int, minimum_spend: bool, frequency: str) -> None:
    ended, sold = (
        assignment("2024-01-31", end_date=date(2024, 1, 31) + timedelta(days=days)),
        package(frequency=frequency, minimum_spend=minimum_spend),
    )
    own = {due.due_date for due in dues(ended, sold, date(2024, 1, 1), date(2029, 1, 1))}
    beyond = after_end(ended, sold, 5)
    assert len(beyond) == 5
    assert not own & {one.due_date for one in beyond}


def test_c_every_currency_has_its_decimals() -> None:
    assert len(DECIMALS) == 157
    assert {code: DECIMALS[code] for code in ("USD", "JPY", "KWD", "CLP", "ISK", "UGX", "TND")} == {
        "USD": 2, "JPY": 0, "KWD": 3, "CLP": 0, "ISK": 0, "UGX": 0, "TND": 3,
    }  # fmt: skip
