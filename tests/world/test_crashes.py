"""A crash before and after each store call of each use case; the same request or message again ends where it would have ended."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from itertools import count
from typing import Any

import pytest

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.crediting import CreditRequest
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import NotFound
from chalicelib.domain.one_off import OneOffRequest
from chalicelib.domain.schedule import DAY
from chalicelib.storage import assignments as storing
from chalicelib.storage import lines
from chalicelib.usecases import assignments, crediting, customers, one_off, packages, replacements, usage
from chalicelib.usecases.runs import on_demand, reports, reversal
from chalicelib.usecases.runs.marks import park_customers
from chalicelib.usecases.runs.rounds import ToPark
from tests.harness import RETAINED

from .dynamodb import Answer, Request
from .indexed import index_due, index_of
from .scheduler import Crashed
from .stage import TODAY, Stage, call, furnished

UseCase = Callable[[Stage], Any]
HELD = "2024-03-01~1-recurring~poor-line"


class CrashAt:
    """A hook of the tables, of the bucket, or of both, that ends the process before or after a call; it counts all of them."""

    def __init__(self, call: int, *, after: bool) -> None:
        self.calls = 0
        self.requests: list[Any] = []
        self._call = call
        self._after = after

    def __call__(self, request: Any, effect: Callable[[], Answer]) -> Answer:
        self.calls += 1
        self.requests.append(request)
        if self.calls != self._call:
            return effect()
        if self._after:
            effect()
        raise Crashed


def _edit(stage: Stage, **fields: Any) -> Any:
    return assignments.change_assignment(
        stage.db, stage.context("edit"), ("rich", "rich-line"), None, lambda one: one._replace(**fields), True
    )


def _move(stage: Stage, name: str, starts: int) -> Any:
    starts_on = TODAY.replace(day=1 + starts) if starts else TODAY
    return assignments.change_assignment(
        stage.db, stage.context("move"), ("rich", name), None, lambda one: one._replace(start_date=starts_on), True
    )


def _run(stage: Stage, customer: str | None, again: Any = "charge_again") -> Any:
    return on_demand.run_live(stage.services, stage.context("run"), RunRequest(customer, TODAY, again, "run-1"))


@lru_cache(maxsize=1)
def _seen() -> str:
    """The digest of what a run of today would post."""
    stage = furnished()
    return on_demand.simulate_customer(stage.db, stage.context("look"), RunRequest("poor", TODAY, "charge_again", "")).digest or ""


def _run_as_seen(stage: Stage) -> Any:
    asked = RunRequest("poor", TODAY, "charge_again", "run-1", expect=_seen())
    return on_demand.run_live(stage.services, stage.context("run"), asked)


def _reverse(stage: Stage) -> Any:
    return reversal.reverse(stage.services, stage.context("reverse"), "run-0")


def _cancel(stage: Stage) -> Any:
    return customers.write_off(stage.db, stage.context("cancel"), f"poor~{HELD}")


def _credit(stage: Stage, **asked: Any) -> Any:
    asked_ = CreditRequest("faulty", **asked)
    return crediting.give_credit(stage.db, stage.context("credit"), "poor", "poor~2024-02-28~1-recurring~poor-line", asked_)


def _visit(stage: Stage, customer: str, *, debit: bool = True) -> Any:
    asked = OneOffRequest("visit", TODAY, Decimal(50), cost=Decimal(20), auto_decrement_credit=debit)
    return one_off.charge_one_off(stage.db, stage.context("visit"), customer, asked)


def _cancel_visit(stage: Stage) -> Any:
    return customers.write_off(stage.db, stage.context("cancel"), f"poor~{TODAY}~7-one_off~visit")


def _price(stage: Stage) -> Any:
    return packages.change_package(stage.db, stage.context("price"), "line", None, lambda old: old._replace(retail=Decimal(7)))


def _reshape(stage: Stage) -> Any:
    return packages.change_package(stage.db, stage.context("reshape"), "empty", None, lambda old: old._replace(frequency="weekly"))


def _limit(stage: Stage) -> Any:
    return customers.change_customer(stage.db, stage.context("limit"), "poor", None, lambda old: old._replace(debit_limit=Decimal(100)))


def _rename(stage: Stage, name: str) -> Any:
    return customers.change_customer(stage.db, stage.context("rename"), "rich", None, lambda old: old._replace(name=name))


def _delete_customer(stage: Stage) -> Any:
    with suppress(NotFound):
        customers.delete_customer(stage.db, stage.context("delete"), "brief", None)


def _rename_package(stage: Stage) -> Any:
    return packages.change_package(stage.db, stage.context("rename"), "line", None, lambda old: old._replace(name="A line"))


def _delete_package(stage: Stage) -> Any:
    with suppress(NotFound):
        packages.delete_package(stage.db, stage.context("delete"), "empty", None)


def _park(stage: Stage) -> Any:
    return park_customers(stage.db, stage.context("park"), [ToPark(customers.read_customer(stage.db, "rich"), TODAY)])


def _replace(stage: Stage) -> Any:
    successor = replacements.Successor("mobile", TODAY, {"quantity": 2})
    return replacements.replace(stage.db, stage.context("replace"), ("rich", "rich-mobile"), None, successor, dry_run=False)


def _transfer(stage: Stage) -> Any:
    to = "poor", TODAY
    return replacements.transfer(stage.db, stage.context("transfer"), "4420", to, ["moved-1", "moved-2"], dry_run=False)


def _undo(stage: Stage, ids: tuple[str, str]) -> Any:
    with suppress(NotFound):  # what an attempt has undone is gone for the next one
        assignments.delete_assignment(stage.db, stage.context("undo"), ids, None)


USE_CASES: Mapping[str, UseCase] = {
    "create an assignment": lambda stage: stage.assign("new", "poor", "line", auto_decrement_credit=True),
    "create an assignment with backlog": lambda stage: stage.assign("new", "poor", "line", -3, auto_decrement_credit=True),
    "create an assignment to a DID": lambda stage: stage.assign("new", "rich", "line", -1, did="4421"),
    "change a quantity": partial(_edit, quantity=3),
    "change an end date": partial(_edit, end_date=TODAY),
    "move the start date ahead": partial(_move, name="later", starts=9),
    "move the start date back": partial(_move, name="later", starts=0),
    "end an assignment": lambda stage: assignments.delete_assignment(stage.db, stage.context("end"), ("rich", "rich-mobile"), None),
    "replace an assignment": _replace,
    "transfer a DID": _transfer,
    "undo a replacement": partial(_undo, ids=("rich", "replace")),
    "undo a transfer": partial(_undo, ids=("poor", "moved-1")),
    "pay": lambda stage: customers.book_payment(stage.db, stage.context("pay"), "poor", Decimal(50), "x"),
    "adjust a balance": lambda stage: customers.book_adjustment(stage.db, stage.context("adjust"), "poor", Decimal(-5), "x"),
    "charge a visit": partial(_visit, customer="rich"),
    "charge a visit that does not fit": partial(_visit, customer="poor"),
    "charge a visit to be invoiced": partial(_visit, customer="poor", debit=False),
    "write off a visit": _cancel_visit,
    "create a customer": lambda stage: stage.customer("third"),
    "rename a customer": partial(_rename, name="Rich Aunt"),
    "delete a customer": _delete_customer,
    "park a customer": _park,
    "change a debit limit": _limit,
    "create a package": lambda stage: stage.package("new", retail=Decimal(1)),
    "change a price": _price,
    "rename a package": _rename_package,
    "delete a package": _delete_package,
    "change the rules of an unused package": _reshape,
    "run a package live": partial(_run, customer="poor"),
    "run a package live as it was seen": _run_as_seen,
    "run a package live without debits": partial(_run, customer="rich", again="skip"),
    "run all packages live": partial(_run, customer=None),
    "reverse a run": _reverse,
    "cancel a held charge": _cancel,
    "credit a part of a charge": partial(_credit, retail=Decimal(1)),
    "credit a charge to charge it again": partial(_credit, recharge=True),
    "evaluate a day": lambda stage: stage.evaluate("third"),
    "record calls": lambda stage: usage.record_calls(
        stage.db, stage.context("usage"), "rich", [call(1), call(2, 100), call(3, 60, "4420"), call(1)], RETAINED
    ),
}


def _prepared(name: str) -> Stage:
    stage = furnished()
    if name == "delete a customer":
        stage.customer("brief")
    if name == "cancel a held charge":
        stage.evaluate("third")
    if name == "write off a visit":
        _visit(stage, "poor")
    if name == "undo a replacement":
        _replace(stage)
    if name == "undo a transfer":
        _transfer(stage)
    if name == "reverse a run":
        on_demand.run_live(stage.services, stage.context("run-0"), RunRequest("poor", TODAY, "charge_again", "run-0"))
    return stage


def _played(name: str, crash: CrashAt) -> Stage:
    """Carry out a use case with a crash, retried; then evaluate the day, for some work is left to that by design."""
    stage = _prepared(name)
    stage.store.hook = crash
    stage.attempt(partial(USE_CASES[name], stage))
    stage.store.hook = None
    stage.evaluate("last")
    return stage


@pytest.mark.parametrize("name", USE_CASES)
def test_a_crash_anywhere_changes_nothing_in_the_end(name: str) -> None:
    never = CrashAt(0, after=False)
    undisturbed = _played(name, never)
    wanted = undisturbed.state()
    assert never.calls
    assert index_of(undisturbed.store) == index_due(undisturbed.store)
    for number in range(1, never.calls + 1):
        for after in (False, True):
            left = _played(name, CrashAt(number, after=after)).state()
            for table in wanted:
                assert left[table] == wanted[table], f"crash {'after' if after else 'before'} call {number} of {never.calls}, {table}"


def _told(crash: CrashAt) -> tuple[Decimal, int, int]:
    """What the run of a day tells in the end: retail, lines, lines listed. Each delivery is a worker of its own, as on AWS."""
    stage = furnished()
    stage.workers = (f"worker{number}" for number in count())
    customers.book_payment(stage.db, stage.context("pay"), "poor", Decimal(15), "")
    stage.store.hook = crash
    stage.attempt(lambda: stage.evaluate("third"))
    stage.store.hook = None
    stage.evaluate("last")
    run = reports.read_run(stage.db, f"daily:{TODAY}")
    totals = reports.so_far(stage.db, run).totals["USD"]
    return totals.retail, totals.lines, len(lines.find_lines(stage.db, run, None, 1000)[0])


def _releases(request: Request) -> bool:
    """Whether held charges are posted."""
    return any("Update" in action and action["Update"]["TableName"] == "ledger" for action in request.arguments.get("TransactItems", ()))


def test_a_run_tells_the_same_after_a_crash_anywhere() -> None:
    """All but the crash between a held charge's posting and its note: whoever comes next finds nothing held, and can't know."""
    never = CrashAt(0, after=False)
    wanted = _told(never)
    released = 1 + next(number for number, request in enumerate(never.requests) if _releases(request))
    untold = {(released, True), (released + 1, False)}
    for number in range(1, len(never.requests) + 1):
        for after in (False, True):
            if (number, after) not in untold:
                assert _told(CrashAt(number, after=after)) == wanted, f"crash {'after' if after else 'before'} call {number}"


def _told_of_a_mark(crash: CrashAt) -> list[tuple[str, date]]:
    """The lines that a day's run has in the end of an assignment that is marked from the day before, which is finished."""
    stage = furnished()
    stage.workers = (f"worker{number}" for number in count())
    marked = Assignment("rich", "marked", "line", TODAY - DAY, evaluate_from=TODAY - DAY)
    stage.db.write(storing.create_assignment(marked))
    stage.store.hook = crash
    stage.attempt(lambda: stage.evaluate("third"))
    stage.store.hook = None
    stage.evaluate("last")
    run = reports.read_run(stage.db, f"daily:{TODAY}")
    steps = lines.find_lines(stage.db, run, None, 1000)[0]
    return [(one.line.kind, one.line.due_date) for one in steps if one.line.assignment_id == "marked"]


def test_a_run_tells_what_a_mark_led_to_after_a_crash_anywhere() -> None:
    """Once the mark is cleared nothing leads to the charge of the day before, so its line is kept by then."""
    never = CrashAt(0, after=False)
    wanted = _told_of_a_mark(never)
    assert wanted == [("setup", TODAY - DAY), ("recurring", TODAY - DAY), ("recurring", TODAY)]
    for number in range(1, len(never.requests) + 1):
        for after in (False, True):
            assert _told_of_a_mark(CrashAt(number, after=after)) == wanted, f"crash {'after' if after else 'before'} call {number}"
