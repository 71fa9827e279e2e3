"""A round of the daily evaluation: what is planned for each customer, and what follows from what was posted. No I/O."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from ...domain import charging
from ...domain.account import Account
from ...domain.assignment import Assignment
from ...domain.charging import Line, Spend, in_order
from ...domain.deciding import Decision, decide_held_first
from ...domain.errors import code_and_detail
from ...domain.ledger import Entry
from ...domain.package import Package
from ...domain.record import Failure, Step
from ..posting import LedgerKey, ledger_key
from .sweep import Group

CARRIED_OUT: Final = ("posted", "held", "repeat")


class ToPark(NamedTuple):
    """A customer over the safety bound, and the first day that stays unposted."""

    account: Account
    since: date


class DueLines(NamedTuple):
    """A customer's lines in the order in which they are tried, and the assignments, by id, that could not be planned."""

    lines: Sequence[Line] = ()
    failures: Mapping[str, Failure] = {}


class CustomerPlan(NamedTuple):
    """What a daily run does for a customer. `unplanned` are the assignments, by id, that could not be planned.

    `own` are the keys of the held charges that this very run held, at an earlier attempt.
    """

    group: Group
    decisions: Sequence[Decision] = ()
    unplanned: Mapping[str, Failure] = {}
    own: frozenset[str] = frozenset()
    to_park: ToPark | None = None

    @property
    def is_charged(self) -> bool:
        """Whether what is due of the customer is charged; nothing is of one who is parked."""
        return self.to_park is None and not self.group.account.parked


class RoundOutcome(NamedTuple):
    """What follows from what was posted of a round.

    `steps` are those of this run; `released` says whether one of them was held before. `marks` is the first day of each
    assignment, by (customer id, assignment id), that could not be planned or posted; marks are cleared from `charged` assignments
    and `caught_up` accounts. `swept` counts the assignments seen, `owed` those left uncharged.
    """

    steps: list[Step]
    released: bool
    marks: dict[tuple[str, str], date]
    to_park: list[ToPark]
    charged: list[Assignment]
    caught_up: list[Account]
    swept: int
    owed: int


def lines_due_through(
    found: Sequence[Assignment], catalog: Mapping[str, Package], since: Mapping[str, date], day: date, spend: Spend
) -> DueLines:
    """What is due through `day` of a customer's assignments, each from its day in `since`. One that fails stops no other."""
    lines: list[Line] = []
    failures: dict[str, Failure] = {}
    for one in found:
        first = since[one.assignment_id]
        if first > day:
            continue
        try:
            lines += charging.priced_lines(one, catalog[one.package_id], first, day, spend)
        except Exception as error:  # noqa: BLE001 - told and marked, whatever it is
            failures[one.assignment_id] = Failure(one.customer_id, one.assignment_id, first, *code_and_detail(error))
    return DueLines(in_order(lines), failures)


def plan_customer(group: Group, due: DueLines, held: Sequence[Entry], charges: Sequence[Entry], run_id: str) -> CustomerPlan:
    """Charge what is due, after what is held; `charges` are those that negative lines may take from."""
    own = frozenset(entry.key for entry in held if entry.run_id == run_id)
    return CustomerPlan(group, decide_held_first(held, due.lines, charges), due.failures, own)


def park_customer(group: Group, due: DueLines) -> CustomerPlan:
    """Charge nothing to a customer of whom more is due than the safety bound allows."""
    first = due.lines[0].due_date
    return CustomerPlan(group, unplanned=due.failures, to_park=ToPark(group.account, min(first, group.account.evaluate_from or first)))


def round_outcome(plans: Sequence[CustomerPlan], done: Mapping[LedgerKey, Step], day: date) -> RoundOutcome:
    """What follows from what became of the charges that were planned; one that is not `done` failed."""
    own = _own_steps_of_round(plans, done)
    marks = _marks(plans, done)
    failed = {assignment_id for _, assignment_id in marks}
    charged = [plan for plan in plans if plan.is_charged]
    return RoundOutcome(
        [step._replace(kind="charge") if step.key in plan.own else step for plan, step in own],
        any(step.kind == "retry" for _, step in own),
        marks,
        [plan.to_park for plan in plans if plan.to_park],
        [one for plan in charged for one in plan.group.assignments if _has_mark_to_clear(one, day, failed)],
        [plan.group.account for plan in charged if _is_caught_up(plan.group, failed)],
        sum(len(plan.group.assignments) for plan in plans),
        len(marks) + sum(len(plan.group.assignments) for plan in plans if not plan.is_charged),
    )


def _own_steps_of_round(plans: Sequence[CustomerPlan], done: Mapping[LedgerKey, Step]) -> list[tuple[CustomerPlan, Step]]:
    by_customer: dict[str, dict[str, Step]] = {}
    for (customer_id, key), step in done.items():
        by_customer.setdefault(customer_id, {})[key] = step
    return [(plan, step) for plan in plans for step in _own_steps(plan, by_customer.get(plan.group.account.customer_id, {}))]


def _own_steps(plan: CustomerPlan, done: Mapping[str, Step]) -> Iterator[Step]:
    """What this run posted or held, in the order of its decisions, then what came of them beside. A charge that another run held, and
    that is held still, it did not. What it held at an earlier attempt is a charge of its own, not one that it tried again."""
    planned = dict.fromkeys(decision.key for decision in plan.decisions)
    for step in (done[key] for key in (*planned, *(key for key in done if key not in planned)) if key in done):
        held_before = step.status == "held" and step.kind == "retry" and step.key not in plan.own
        if step.status in CARRIED_OUT and not held_before:
            yield step


def _marks(plans: Sequence[CustomerPlan], done: Mapping[LedgerKey, Step]) -> dict[tuple[str, str], date]:
    """Where later runs begin with an assignment that failed. A held charge needs no mark: it is tried anyway."""
    first = {(one.customer_id, assignment_id): one.due_date for plan in plans for assignment_id, one in plan.unplanned.items()}
    for decision in (decision for plan in plans for decision in plan.decisions):
        if ledger_key(decision) not in done and decision.kind != "retry":
            ids = (decision.line.customer_id, decision.line.assignment_id)
            first[ids] = min(decision.line.due_date, first.get(ids, decision.line.due_date))
    return first


def _has_mark_to_clear(one: Assignment, day: date, failed: set[str]) -> bool:
    """Whether it is marked, and all that it owes through `day` is charged."""
    return one.evaluate_from is not None and one.evaluate_from <= day and one.assignment_id not in failed


def _is_caught_up(group: Group, failed: set[str]) -> bool:
    """Whether all that a marked account owes is charged. Of a group that is not `whole` that can't be told: another message had the
    customer's first assignments."""
    return group.whole and group.account.evaluate_from is not None and failed.isdisjoint(one.assignment_id for one in group.assignments)
