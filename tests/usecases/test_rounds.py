"""What follows from what was posted of a round of the daily evaluation (rules 5)."""

from datetime import date
from typing import Any

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.charging import Line
from chalicelib.domain.deciding import Decision
from chalicelib.domain.record import Failure, Step
from chalicelib.domain.report import Status
from chalicelib.usecases.posting import ledger_key
from chalicelib.usecases.runs.rounds import CustomerPlan, DueLines, park_customer, plan_customer, round_outcome
from chalicelib.usecases.runs.sweep import Group
from tests.domain.build import entry, priced

DAY = date(2024, 1, 1)
BEFORE, AFTER = date(2023, 12, 31), date(2024, 1, 2)


def an_assignment(name: str, evaluate_from: date | None = None) -> Assignment:
    return Assignment("ann", name, "p", BEFORE, evaluate_from=evaluate_from)


def a_line(name: str, due: date = DAY) -> Line:
    return priced(retail="3")._replace(customer_id="ann", assignment_id=name, due_date=due)


def a_plan(*names: str, held: tuple[str, ...] = (), own: tuple[str, ...] = (), **fields: Any) -> CustomerPlan:
    """A customer with a line for each name; of `held` and `own` ones the charge is held, by another run and by this one."""
    entries = [entry(a_line(name), status="held", run_id="this" if name in own else "other") for name in (*held, *own)]
    group = Group(
        fields.pop("account", Account("ann", "USD")), [an_assignment(name, fields.pop(name, None)) for name in (*names, *held, *own)]
    )
    due = DueLines([a_line(name) for name in names], fields.pop("failures", {}))
    return plan_customer(group._replace(**fields), due, entries, (), "this")


def came_of(plan: CustomerPlan, **statuses: Status) -> Any:
    """The outcome when the charges of these assignments got these statuses, and others failed."""
    acted = [one for one in plan.decisions if one.line.assignment_id in statuses]
    became = {ledger_key(one): Step(one.line, one.kind, one.key, statuses[one.line.assignment_id]) for one in acted}
    return round_outcome([plan], became, DAY)


@pytest.mark.parametrize(
    ("plan", "statuses", "steps", "released"),
    [
        (a_plan("a", "b"), {"a": "posted", "b": "held"}, [("a", "charge", "posted"), ("b", "charge", "held")], False),
        (a_plan("a", "b"), {"a": "already_charged", "b": "no_longer_due"}, [], False),
        (a_plan("a", "b"), {"a": "posted"}, [("a", "charge", "posted")], False),
        (a_plan(held=("h",)), {"h": "posted"}, [("h", "retry", "posted")], True),
        (a_plan(held=("h",)), {"h": "held"}, [], False),
        (a_plan(held=("h",)), {"h": "written_off"}, [], False),
        (a_plan(own=("o",)), {"o": "held"}, [("o", "charge", "held")], True),
        (a_plan(own=("o",)), {"o": "posted"}, [("o", "charge", "posted")], True),
    ],
    ids=["posted and held", "by others", "one failed", "another's held is posted", "another's held stays held", "written off meanwhile",
         "its own held at an earlier attempt", "its own held is posted"],
)  # fmt: skip
def test_what_a_run_brought(plan: CustomerPlan, statuses: dict[str, Status], steps: list[tuple[str, str, str]], released: bool) -> None:
    came = came_of(plan, **statuses)
    assert [(one.line.assignment_id, one.kind, one.status) for one in came.steps] == steps
    assert came.released is released


def test_what_was_not_posted_is_marked_from_its_first_day() -> None:
    """rules 5: later runs begin where this one failed; held charges are tried again anyway."""
    group = Group(Account("ann", "USD"), [an_assignment("a"), an_assignment("b")])
    decisions = [Decision(a_line("a", day), "charge", f"{day}") for day in (AFTER, DAY, BEFORE)] + [Decision(a_line("h"), "retry", "h")]
    unplanned = {"b": Failure("ann", "b", BEFORE, "internal", "")}
    posted = {("ann", f"{BEFORE}"): Step(a_line("a", BEFORE), "charge", f"{BEFORE}", "posted")}
    came = round_outcome([CustomerPlan(group, decisions, unplanned)], posted, DAY)
    assert came.marks == {("ann", "a"): DAY, ("ann", "b"): BEFORE}
    assert (came.swept, came.owed) == (2, 2)


MARKED, FAILED = Account("ann", "USD", evaluate_from=BEFORE), {"a": Failure("ann", "a", BEFORE, "internal", "")}


@pytest.mark.parametrize(
    ("plan", "passed", "caught_up"),
    [
        (a_plan("a", "b", a=BEFORE, b=DAY), ["a", "b"], False),
        (a_plan("a", "b", a=AFTER), [], False),
        (a_plan("a", account=MARKED), [], True),
        (a_plan("a", "b", a=BEFORE, b=BEFORE, account=MARKED, failures=FAILED), ["b"], False),
        (a_plan("a", a=BEFORE, account=MARKED, whole=False), ["a"], False),
        (a_plan("a", a=BEFORE, account=MARKED._replace(parked=True)), [], False),
        (park_customer(Group(MARKED, [an_assignment("a", BEFORE)]), DueLines([a_line("a")])), [], False),
    ],
    ids=["marked assignments", "marked from a later day", "a marked customer", "one assignment failed", "the end of a customer only",
         "parked", "to be parked"],
)  # fmt: skip
def test_which_marks_are_cleared(plan: CustomerPlan, passed: list[str], caught_up: bool) -> None:
    """rules 5: those of what is charged through the day; nothing of a customer who is parked, or was seen in part."""
    came = came_of(plan, a="posted", b="posted")
    assert [one.assignment_id for one in came.charged] == passed
    assert came.caught_up == ([plan.group.account] if caught_up else [])


@pytest.mark.parametrize("marked", [None, BEFORE, AFTER])
def test_a_customer_over_the_bound_is_parked_from_the_first_day_that_stays_unposted(marked: date | None) -> None:
    account = Account("ann", "USD", evaluate_from=marked)
    plan = park_customer(Group(account, [an_assignment("a"), an_assignment("b")]), DueLines([a_line("a"), a_line("b", AFTER)], FAILED))
    came = round_outcome([plan], {}, DAY)
    assert [(one.account, one.since) for one in came.to_park] == [(account, min(DAY, marked or DAY))]
    assert (came.steps, came.marks, came.swept) == ([], {("ann", "a"): BEFORE}, 2)
    assert plan.decisions == ()
