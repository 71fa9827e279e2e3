"""Negative lines when something dies, comes twice, or comes in between: what they take is taken once, and never more than stands."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.ledger import Entry
from chalicelib.domain.schedule import DAY
from chalicelib.storage import ledger
from chalicelib.usecases import assignments, customers
from chalicelib.usecases.runs import on_demand, reversal

from .dynamodb import Answer, Request
from .scheduler import Process
from .stage import Stage
from .test_crashes import CrashAt
from .watch import Watch

FIRST, LAST = date(2031, 3, 1), date(2031, 3, 10)


def prepared(limit: str | None = "70") -> Stage:
    """Ann has three, of which the limit holds one; a run by hand repeated one of them. The day after their end has come."""
    stage = Stage(segments=1)
    stage.watch = Watch(lambda: Process("test"))  # type: ignore[attr-defined]
    stage.store.observers.append(stage.watch)  # type: ignore[attr-defined]
    stage.today = FIRST
    stage.customer("ann", limit=limit)
    stage.package("phone", frequency="monthly", frequency_match=(1,), proration="daily", retail=Decimal(31), cost=Decimal(10))
    for name in ("a", "b", "c"):
        stage.assign(name, "ann", "phone", auto_decrement_credit=name != "c", end_date=LAST)
    stage.assign("d", "ann", "phone", auto_decrement_credit=True)
    stage.evaluate("first")
    on_demand.run_live(stage.services, stage.context("again"), RunRequest("ann", FIRST, "charge_again", "again"))
    stage.today = LAST
    stage.evaluate("last")
    stage.next_day()
    return stage


def pay(stage: Stage) -> Any:
    return customers.book_payment(stage.db, stage.context("pay"), "ann", Decimal(25), "cash")


def run(stage: Stage, customer: str | None = "ann", run_id: str = "by-hand") -> Any:
    return on_demand.run_live(stage.services, stage.context(run_id), RunRequest(customer, stage.today, "skip", run_id))


def reverse(stage: Stage) -> Any:
    return reversal.reverse(stage.services, stage.context("reverse"), "again")


def write_off(stage: Stage) -> Any:
    return customers.write_off(stage.db, stage.context("off"), f"ann~{FIRST}~1-recurring~a~again")


def assign_late(stage: Stage) -> Any:
    """What is due of it through yesterday is charged, and given back, at once."""
    stage.assign("late", "ann", "phone", starts=-10, end_date=LAST - DAY, auto_decrement_credit=True)


def end(stage: Stage) -> Any:
    return assignments.delete_assignment(stage.db, stage.context("end"), ("ann", "d"), None)


WORK: Mapping[str, Callable[[Stage], Any]] = {
    "evaluate": lambda stage: stage.evaluate("the end"),
    "pay and evaluate": lambda stage: (pay(stage), stage.evaluate("the end")),
    "run by hand": run,
    "run all by hand": partial(run, customer=None),
    "reverse before": lambda stage: (reverse(stage), stage.evaluate("the end")),
    "reverse after": lambda stage: (stage.evaluate("the end"), reverse(stage)),
    "write off before": lambda stage: (write_off(stage), stage.evaluate("the end")),
    "backlog": assign_late,
    "end": end,
}


def finished(stage: Stage) -> Stage:
    """The day evaluated to its end, and the next one: nothing comes of it any more."""
    stage.evaluate("the end")
    stage.next_day()
    stage.evaluate("the day after")
    assert stage.watch.broken == []  # type: ignore[attr-defined]
    assert credited_sums(stage) == explained_sums(stage)
    return stage


def ann(stage: Stage) -> list[Entry]:
    return [ledger.entry_from_item(item) for item in stage.db.query_all("ledger", "#pk = :pk", {"pk": "ann"})]


def credited_sums(stage: Stage) -> dict[str, tuple[Decimal, Decimal]]:
    """What was taken of each charge, as the charge says."""
    return {one.key: (one.credited_retail, one.credited_cost) for one in ann(stage) if one.credited_retail or one.credited_cost}


def explained_sums(stage: Stage) -> dict[str, tuple[Decimal, Decimal]]:
    """The same, as the entries say that took it."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for one in ann(stage):
        found = [(take.key, take.retail, take.cost) for take in one.takes]
        if one.reverses:
            found.append((one.reverses.partition("~")[2], -one.retail, -one.cost))
        for key, retail, cost in found:
            before = sums.get(key, (Decimal(0), Decimal(0)))
            sums[key] = before[0] + retail, before[1] + cost
    return {key: pair for key, pair in sums.items() if any(pair)}


@pytest.mark.parametrize("name", WORK)
def test_a_crash_anywhere_changes_nothing_in_the_end(name: str) -> None:
    def played(crash: CrashAt) -> Any:
        stage = prepared()
        stage.store.hook = crash
        stage.attempt(partial(WORK[name], stage))
        stage.store.hook = None
        return finished(stage).state()

    never = CrashAt(0, after=False)
    wanted = played(never)
    assert any("5-proration" in item["sk"]["S"] for item in wanted["ledger"])
    for number in range(1, never.calls + 1):
        for after in (False, True):
            left = played(CrashAt(number, after=after))
            for table in ("ledger", "accounts"):
                assert left[table] == wanted[table], f"crash {'after' if after else 'before'} call {number} of {never.calls}, {table}"


class Before:
    """A hook that lets somebody else act before the first transaction that takes something back."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self.acted = False

    def __call__(self, request: Request, effect: Callable[[], Answer]) -> Answer:
        puts = [action["Put"]["Item"]["sk"]["S"] for action in request.arguments.get("TransactItems", ()) if "Put" in action]
        if not self.acted and any("5-proration" in key for key in puts):
            self.acted = True
            self._act()
        return effect()


IN_BETWEEN: Mapping[str, Callable[[Stage], Any]] = {
    "the same message": lambda stage: stage.deliver(dict(stage.queued[0])),
    "a run by hand": run,
    "the reversal of the repeats": reverse,
    "a repeat": lambda stage: on_demand.run_live(
        stage.services, stage.context("more"), RunRequest("ann", FIRST, "charge_again", "more")
    ),
    "a payment": pay,
    "a write-off": write_off,
}  # fmt: skip


@pytest.mark.parametrize("name", IN_BETWEEN)
def test_whatever_comes_in_between(name: str) -> None:
    stage = prepared()
    hook = Before(partial(IN_BETWEEN[name], stage))
    stage.store.hook = hook
    stage.evaluate("the end")
    stage.store.hook = None
    assert hook.acted
    keys = [str(item["sk"]["S"]) for item in finished(stage).store.items("ledger")]
    for one in ("a", "b", "c"):
        assert f"2031-03-11~5-proration~{one}" in keys


@pytest.mark.parametrize("name", ["evaluate", "pay and evaluate"])
def test_a_message_that_comes_twice(name: str) -> None:
    once, twice = prepared(), prepared()
    WORK[name](once)
    send = twice.services.send
    twice.services = twice.services._replace(send=lambda messages: send([*messages, *messages]))
    WORK[name](twice)
    assert finished(twice).state()["ledger"] == finished(once).state()["ledger"]
