"""An assignment's life (rules 4, Minimum Days and Deleting; rules 3: inclusive dates) and how it may go with its package."""

from datetime import date
from typing import Any

import pytest

from chalicelib.domain.assignment import (
    Assignment,
    assignment_faults,
    earliest_end,
    first_day,
    has_ended,
    last_due_day,
    minimum_days_faults,
    package_faults,
    valid_on,
)
from chalicelib.domain.package import Package

from .build import assignment, day, package

OPEN = assignment("2024-01-10")
CLOSED = assignment("2024-01-10", end_date="2024-01-31")
CANCELLED = assignment("2024-01-10", end_date="2024-01-31", cancelled=True)
PLAIN = package(frequency="monthly")
MINIMUM = package(frequency="monthly", minimum_spend=True)


@pytest.mark.parametrize(
    ("start", "minimum_days", "expected"),
    [
        ("2024-01-10", 0, "2024-01-10"),
        ("2024-01-10", 30, "2024-02-09"),
        ("2024-02-28", 2, "2024-03-01"),
        ("2024-01-01", 3650, "2033-12-29"),
    ],
    ids=["rules 4: no minimum", "rules 4: start date + 30 days", "rules 4: over a leap day", "rules 4: the longest minimum, 3650 days"],
)
def test_earliest_end(start: str, minimum_days: int, expected: str) -> None:
    assert earliest_end(assignment(start, minimum_days=minimum_days)) == day(expected)


@pytest.mark.parametrize(
    ("charge_from", "expected"),
    [(None, "2024-01-10"), ("2024-02-01", "2024-02-01"), ("2024-01-10", "2024-01-10"), ("2023-01-01", "2024-01-10")],
    ids=[
        f"rules 4: {what}" for what in ("the start date", "charge_from after it", "charge_from on it", "charge_from before it is the start")
    ],
)
def test_first_day_that_is_charged(charge_from: str | None, expected: str) -> None:
    assert first_day(OPEN._replace(charge_from=None if charge_from is None else day(charge_from))) == day(expected)


@pytest.mark.parametrize(
    ("given_to", "on", "valid", "over"),
    [
        (CLOSED, "2024-01-09", False, False),
        (CLOSED, "2024-01-10", True, False),
        (CLOSED, "2024-01-31", True, False),
        (CLOSED, "2024-02-01", False, True),
        (OPEN, "2999-12-31", True, False),
        (CANCELLED, "2024-01-20", False, True),
        (CANCELLED, "2024-01-01", False, True),
    ],
    ids=[
        "rules 3: not valid before the start date",
        "rules 3: the start date is included",
        "rules 3: the end date is included",
        "rules 3: over on the day after the end",
        "rules 3: without end, valid for ever",
        "rules 4: a cancelled one is not valid",
        "rules 4: a cancelled one is over before it begins",
    ],
)
def test_validity(given_to: Assignment, on: str, valid: bool, over: bool) -> None:
    assert (valid_on(given_to, day(on)), has_ended(given_to, day(on))) == (valid, over)


@pytest.mark.parametrize(
    ("given_to", "sold", "expected"),
    [(CLOSED, PLAIN, "2024-01-31"), (CLOSED, MINIMUM, "2024-02-01"), (OPEN, PLAIN, "9999-12-31"), (OPEN, MINIMUM, "9999-12-31")],
    ids=[
        "rules 3: the end date is the last",
        "rules 3: the closing minimum-spend line is dated the day after",
        "rules 3: no end, no last day",
        "rules 3: no end, no closing line",
    ],
)
def test_last_due_day(given_to: Assignment, sold: Package, expected: str) -> None:
    assert last_due_day(given_to, sold) == day(expected)


DATES = {"start_date": date(2024, 1, 10)}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (DATES | {"end_date": date(2024, 1, 9)}, ["/end_date"]),
        (DATES | {"end_date": date(2024, 1, 10)}, []),
        (DATES | {"end_date": None}, []),
        ({"end_date": date(2024, 1, 9)}, []),
        ({"minimum_days": 30, "did": None}, ["/minimum_days"]),
        ({"minimum_days": 30, "did": "4420"}, []),
        ({"minimum_days": 0, "did": None}, []),
        ({"minimum_days": 30}, []),
        (DATES | {"end_date": date(2024, 1, 9), "minimum_days": 1, "did": None}, ["/end_date", "/minimum_days"]),
    ],
    ids=[
        "rules 3: an end before the start is refused",
        "rules 3: an assignment of one day",
        "rules 1: an end date is optional",
        "a start date faulty by itself judges nothing",
        "rules 4, Minimum Days: only on an assignment to a DID",
        "rules 4, Minimum Days: given for a DID",
        "rules 4, Minimum Days: 0 is none",
        "a DID faulty by itself judges nothing",
        "both faults are told at once",
    ],
)
def test_cross_faults(values: dict[str, Any], expected: list[str]) -> None:
    assert [fault.pointer for fault in assignment_faults(values)] == expected


@pytest.mark.parametrize(
    ("currency", "kind", "minutes", "expected"),
    [
        ("USD", "standard", None, []),
        ("EUR", "standard", None, ["/package_id"]),
        ("USD", "free_minutes", 100, []),
        ("USD", "free_minutes", None, ["/free_minutes"]),
        ("USD", "standard", 100, ["/free_minutes"]),
        ("EUR", "free_minutes", None, ["/package_id", "/free_minutes"]),
    ],
    ids=[
        "rules 2: the customer's currency",
        "rules 2: another currency is refused",
        "rules 4, Free Minutes: minutes given",
        "rules 4, Free Minutes: required for such a package",
        "rules 4, Free Minutes: refused for any other",
        "both faults are told at once",
    ],
)
def test_package_faults(currency: str, kind: str, minutes: int | None, expected: list[str]) -> None:
    found = package_faults(OPEN._replace(free_minutes=minutes), package(type=kind), currency)
    assert [fault.pointer for fault in found] == expected


@pytest.mark.parametrize(
    ("given", "packages_own", "faulty"),
    [(None, 0, False), (None, 30, False), (10, 0, False), (10, 30, True), (40, 30, True), (30, 30, False)],
    ids=[
        "rules 4, Minimum Days: none anywhere",
        "rules 4, Minimum Days: the package's",
        "rules 4, Minimum Days: one's own where the package has none",
        "rules 4, Minimum Days: the package's can't be undercut",
        "rules 4, Minimum Days: nor exceeded",
        "rules 4, Minimum Days: the same again is no fault",
    ],
)
def test_minimum_days_faults(given: int | None, packages_own: int, faulty: bool) -> None:
    assert bool(list(minimum_days_faults(given, package(minimum_days=packages_own)))) is faulty
