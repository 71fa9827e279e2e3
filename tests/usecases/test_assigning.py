"""A single request is a file of one row: both make the same assignment, warn of the same, and refuse the same."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.assigning import RequestedAssignment
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.errors import Conflict, Invalid
from chalicelib.domain.importing import FileOfAssignments
from chalicelib.storage import accounts, assignments
from chalicelib.usecases import assigning, imports, warnings
from tests.world.stage import TODAY, Stage

Seen = tuple[Assignment | None, list[tuple[str, str]]]
FIELDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "below cost": {"retail": Decimal(1), "cost": Decimal(2)},
    "alike": {"did": "4410"},
    "in the past": {"start_date": TODAY - timedelta(days=2)},
    "too early": {"start_date": TODAY - timedelta(days=9)},
    "taken": {"did": "4420"},
    "unknown package": {"package_id": "none"},
    "minutes": {"free_minutes": 5},
    "ends early": {"end_date": TODAY - timedelta(days=1)},
}


def stage_with_numbers() -> Stage:
    stage = Stage()
    for customer in ("ann", "eve"):
        stage.customer(customer)
    stage.package("line", retail=Decimal(10), frequency="daily")
    stage.assign("eve-4420", "eve", "line", did="4420")
    stage.assign("ann-4410", "ann", "line", did="4410")
    return stage


def alone(stage: Stage, draft: Assignment) -> Seen:
    try:
        made = assigning.create_assignment(stage.db, stage.context("new"), draft, None, False)
    except (Invalid, Conflict) as error:
        return None, [(fault.pointer, fault.detail) for fault in getattr(error, "faults", [])] or [("", error.detail)]
    return made.assignment, [(one.code, one.detail) for one in warnings.assignment_warnings(stage.db, made)]


def in_a_file(stage: Stage, draft: Assignment) -> Seen:
    row = RequestedAssignment(2, draft._replace(assignment_id="new"))
    try:
        (made,) = imports.assign(stage.db, stage.context("file"), FileOfAssignments([row]), dry_run=False)
    except Invalid as error:
        return None, [(fault.pointer.removeprefix("/rows/2"), fault.detail) for fault in error.faults]
    return made.detail.assignment, [(one.code, one.detail) for one in made.warnings]


@pytest.mark.parametrize("name", FIELDS)
def test_a_single_request_is_a_file_of_one_row(name: str) -> None:
    stages = stage_with_numbers(), stage_with_numbers()
    drafts = [Assignment("ann", "", "line", stage.today)._replace(**FIELDS[name]) for stage in stages]
    (own, own_words), (filed, filed_words) = alone(stages[0], drafts[0]), in_a_file(stages[1], drafts[1])
    assert own == filed
    assert [detail for _, detail in own_words] == [detail for _, detail in filed_words]
    refused = name in ("too early", "taken", "unknown package", "minutes", "ends early")
    assert (own is None, bool(own_words)) == (refused, refused or name in ("below cost", "alike"))
    for stage in stages:
        stood = {one.customer_id: one.assignments for one in accounts.find_accounts(stage.db, ["ann", "eve"]).values()}
        assert stood == {"ann": 1 if refused else 2, "eve": 1}
        assert (assignments.find_assignment(stage.db, "ann", "new") is None) == refused


def test_days_are_known_to_have_begun_before_the_prices_of_their_packages_are_read() -> None:
    """Otherwise a price that is entered between the two would be taken for final as it was before."""
    stage = stage_with_numbers()
    read: list[set[str]] = []
    batch: Callable[..., Any] = stage.store.batch_get_item

    def noted(**arguments: Any) -> Any:
        read.append({name for name in ("runs", "catalog") if any(name in table for table in arguments["RequestItems"])})
        return batch(**arguments)

    stage.store.batch_get_item = noted
    assigning.create_assignment(stage.db, stage.context("new"), Assignment("ann", "", "line", TODAY + timedelta(days=1)), None, False)
    assert read[:2] == [{"runs"}, {"catalog"}]
