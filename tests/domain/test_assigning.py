"""New assignments: what stands against them, row by row (rules: 4 Editing, Minimum Days; 5 Backlog)."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.assigning import AssigningFacts, Obstacle, RequestedAssignment, demand_no_obstacle, plan_assignments
from chalicelib.domain.assignment import TermsEntry
from chalicelib.domain.errors import Conflict, Invalid
from chalicelib.domain.tenure import DidTenure
from tests.domain.build import account, assignment, day, package

TODAY = day("2031-06-15")
BEFORE = TODAY - timedelta(days=1)
FACTS = AssigningFacts(
    accounts={"c": account(), "parked": account(customer_id="parked", parked=True)},
    packages={
        "p": package(retail="1", frequency="daily"),
        "yen": package(package_id="yen", currency="JPY", retail="1"),
        "gone": package(package_id="gone", retail="1", deleted=True),
        "bound": package(package_id="bound", retail="1", minimum_days=30),
        "free": package(package_id="free", frequency="daily"),
        "minutes": package(package_id="minutes", type="free_minutes", destination="^44"),
    },
    tenures={
        "4420": (DidTenure("other", "x", day("2031-01-01"), day("2031-06-20")),),
        "4430": (DidTenure("other", "y", day("2031-07-01")),),
        "4440": (),
    },
    today=TODAY,
    open_day=TODAY,
)


def requested(row: int = 2, days: int = 0, *, minimum: int | None = None, confirmed: bool = False, **fields: Any) -> RequestedAssignment:
    """A row that starts so many days from today."""
    draft = assignment(str(TODAY + timedelta(days=days)), assignment_id=f"a{row}", **fields)
    return RequestedAssignment(row, draft, minimum, confirmed)


def against(*rows: RequestedAssignment, facts: AssigningFacts = FACTS) -> dict[int, list[tuple[str, str]]]:
    """By row, the codes of what stands against it, and where."""
    _, found = plan_assignments(rows, facts, "2031-06-15T12:00:00+00:00", "anna")
    return {row: [(one.code, one.pointer) for one in obstacles] for row, obstacles in found.items()}


CASES: list[tuple[str, RequestedAssignment, list[tuple[str, str]]]] = [
    ("nothing", requested(), []),
    ("no such customer", requested(customer_id="nobody"), [("invalid", "/customer_id")]),
    ("no such package", requested(package_id="none"), [("invalid", "/package_id")]),
    ("a deleted package", requested(package_id="gone"), [("invalid", "/package_id")]),
    ("neither of them", requested(customer_id="nobody", package_id="none"), [("invalid", "/customer_id"), ("invalid", "/package_id")]),
    ("another currency", requested(package_id="yen"), [("invalid", "/package_id")]),
    ("no minutes", requested(package_id="minutes"), [("invalid", "/free_minutes")]),
    ("minutes of another type", requested(free_minutes=5), [("invalid", "/free_minutes")]),
    ("other minimum days than the package's", requested(package_id="bound", minimum=5, did="4440"), [("invalid", "/minimum_days")]),
    ("an end before the start", requested(end_date=str(BEFORE)), [("invalid", "/end_date")]),
    ("an end before the package's minimum days", requested(package_id="bound", end_date="2031-07-14"), [("minimum_days", "/end_date")]),
    ("an end after the package's minimum days", requested(package_id="bound", end_date="2031-07-15"), []),
    ("an end before its own minimum days", requested(minimum=10, did="4440", end_date="2031-06-24"), [("minimum_days", "/end_date")]),
    ("a DID that is another's", requested(did="4420"), [("did_in_use", "/did")]),
    ("a DID that was another's", requested(days=6, did="4420"), []),
    ("a DID until it is another's", requested(did="4430", end_date="2031-06-30"), []),
    ("a DID while it is another's", requested(did="4430", end_date="2031-07-01"), [("did_in_use", "/did")]),
    ("three due dates before today", requested(days=-3), []),
    ("four due dates before today", requested(days=-4), [("backlog", "/confirm_backlog")]),
    ("four due dates, confirmed", requested(days=-4, confirmed=True), []),
    ("one that is 31 days old", requested(days=-31, end_date=str(TODAY - timedelta(days=31))), []),
    ("one that is 32 days old", requested(days=-32, end_date=str(TODAY - timedelta(days=32))), [("backlog", "/confirm_backlog")]),
    ("400 due dates, confirmed", requested(days=-400, confirmed=True), []),
    ("401 due dates, confirmed", requested(days=-401, confirmed=True), [("backlog_too_long", "/charge_from")]),
    ("401 due dates without charge", requested(days=-401, package_id="free"), []),
    ("charged elsewhere until today", requested(days=-401, charge_from=str(TODAY)), []),
    ("a parked customer's backlog", requested(days=-1, customer_id="parked"), [("parked", "/customer_id")]),
    ("a parked customer without backlog", requested(customer_id="parked"), []),
    (
        "all at once",
        requested(days=-5, customer_id="parked", package_id="yen", did="4420"),
        [("invalid", "/package_id"), ("did_in_use", "/did"), ("parked", "/customer_id")],
    ),
]


@pytest.mark.parametrize(("one", "expected"), [(one, expected) for _, one, expected in CASES], ids=[name for name, *_ in CASES])
def test_what_stands_against_an_assignment(one: RequestedAssignment, expected: list[tuple[str, str]]) -> None:
    assert against(one) == ({2: expected} if expected else {})


def test_a_did_goes_to_the_first_row_that_asks_for_it() -> None:
    rows = [requested(2, did="4440"), requested(3, did="4440", customer_id="parked"), requested(4, did="4440")]
    assert against(*rows) == {3: [("did_in_use", "/did")]}


def test_today_is_backlog_once_its_evaluation_has_begun() -> None:
    begun = FACTS._replace(open_day=TODAY + timedelta(days=1))
    assert against(requested(days=-3), facts=begun) == {2: [("backlog", "/confirm_backlog")]}
    assert against(requested(customer_id="parked"), facts=begun) == {2: [("parked", "/customer_id")]}


def test_what_an_assignment_takes_from_its_package_and_from_the_request() -> None:
    rows = [requested(2, package_id="bound"), requested(3, minimum=7, did="4440"), requested(4, days=-2, charge_from=str(TODAY))]
    made, _ = plan_assignments(rows, FACTS, "at", "anna")
    found = [made[row].assignment for row in (2, 3, 4)]
    assert [(one.minimum_days, one.evaluate_from) for one in found] == [(30, TODAY), (7, TODAY), (0, TODAY)]
    assert {(one.created_at, one.created_by, one.updated_at, one.updated_by) for one in found} == {("at", "anna", "at", "anna")}
    assert [made[row].dates for row in (2, 3, 4)] == [set(), set(), set()]


def test_the_terms_that_an_assignment_is_made_with_say_when_they_were_entered() -> None:
    terms = (TermsEntry(TODAY, values={"quantity": 5}), TermsEntry(TODAY + timedelta(days=9), values={"paused": True}))
    made, _ = plan_assignments([requested(terms=terms)], FACTS, "at", "anna")
    assert [(one.values, one.entered_at) for one in made[2].assignment.terms] == [({"quantity": 5}, "at"), ({"paused": True}, "at")]


def test_a_request_is_refused_for_its_faults_first_and_then_for_the_first_conflict() -> None:
    taken, parked = Obstacle("/did", "is taken", "did_in_use"), Obstacle("", "is parked", "parked", {"more": 1})
    demand_no_obstacle([])
    with pytest.raises(Invalid, match="/package_id: is unknown; /end_date: is early"):
        demand_no_obstacle([taken, Obstacle("/package_id", "is unknown"), Obstacle("/end_date", "is early")])
    with pytest.raises(Conflict, match="is parked") as refused:
        demand_no_obstacle([parked, taken])
    assert (refused.value.code, refused.value.extra) == ("parked", {"more": 1})
