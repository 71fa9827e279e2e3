"""In seeded worlds each fall of a balance below a threshold, and each recovery, is told once, in the commit that moves the balance.

The oracle reads what is committed: it knows each threshold by itself, and nothing of how the service decides.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any, Final

import pytest

from chalicelib.domain.account import Threshold
from chalicelib.domain.crediting import CreditRequest
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import Conflict
from chalicelib.domain.low_balance import default_thresholds
from chalicelib.domain.one_off import OneOffRequest
from chalicelib.storage.accounts import account_from_item
from chalicelib.storage.db import decode
from chalicelib.storage.history import history_from_item
from chalicelib.usecases import crediting, customers, one_off
from chalicelib.usecases.runs import on_demand, reversal

from .simulation import World
from .stage import TODAY, Stage, made_once
from .tables import Change
from .test_runs_at_once import InBetween

SEEDS: Final = 200
THRESHOLDS: Final = (("15", "15"), ("8", "9"), ("2", "4"), ("-3", "-2"), ("-12", "-8"))
DEFAULTS: Final = default_thresholds("USD:" + ";".join(map("/".join, THRESHOLDS)))
Work = Callable[[Stage, str], object]
Told = tuple[str, str, str, Decimal]
"""Customer, type, threshold, and the available amount."""


class Oracle:
    """An observer of the tables: what is to be told by the balances that were committed, and what the history says."""

    def __init__(self) -> None:
        self.low: dict[str, set[str]] = defaultdict(set)
        self.due: list[Told] = []
        self.told: list[Told] = []

    def __call__(self, changes: list[Change]) -> None:
        due: list[Told] = []
        for one in changes:
            if one.table == "accounts" and one.old and one.new and one.new["sk"]["S"] == "ACCOUNT":
                due += self.judge(decode(one.old), decode(one.new))
        told = [said for one in changes if one.table == "history" and one.new and not one.old for said in crossing(decode(one.new))]
        assert sorted(due) == sorted(told), "what a commit does to balances and what it tells"
        self.due += due
        self.told += told

    def judge(self, old: Any, new: Any) -> list[Told]:
        before, after = account_from_item(old), account_from_item(new)
        facts = [(one.balance, one.debit_limit, one.balance_notices) for one in (before, after)]
        known = after.balance != before.balance or before.assignments or before.entries or before.calls
        if facts[0] == facts[1] or not known:
            return []
        own = THRESHOLDS if after.balance_notices is None else [(f"{one.below:f}", f"{one.restored_at:f}") for one in after.balance_notices]
        left, low = after.balance + (after.debit_limit or 0), {below for below, _ in own} & self.low[after.customer_id]
        fallen = [below for below, _ in own if below not in low and left < Decimal(below)]
        risen = [below for below, restored in own if below in low and left >= Decimal(restored)]
        self.low[after.customer_id] = (low | set(fallen)) - set(risen)
        if fallen:
            return [(after.customer_id, "balance.low", f"{min(map(Decimal, fallen)):.2f}", left)]
        return [(after.customer_id, "balance.restored", f"{max(map(Decimal, risen)):.2f}", left)] if risen else []


def crossing(item: Any) -> list[Told]:
    change = history_from_item(item).change
    if not change.type.startswith("balance."):
        return []
    values = {one.field: one.after for one in change.fields}
    return [(change.customer_id or "", change.type, str(values["below"]), Decimal(str(values["available"])))]


def test_rules_4_each_crossing_is_told_once_in_worlds_with_faults() -> None:
    types: Counter[str] = Counter()
    for seed in range(SEEDS):
        world, oracle = World(seed), Oracle()
        world.thresholds = DEFAULTS
        world.store.observers.append(oracle)
        world.play()
        versions = Counter(
            (change.customer_id, change.version)
            for item in world.store.items("history")
            if (change := history_from_item(decode(item)).change).type.startswith("balance.")
        )
        assert set(versions.values()) <= {1}, "each version once"
        assert len(versions) == len(oracle.told)
        types.update(one[1] for one in oracle.told)
    assert min(types["balance.low"], types["balance.restored"]) > SEEDS // 10, types


def pays(amount: int) -> Work:
    return lambda stage, name: customers.book_payment(stage.db, stage.context(name), "ann", Decimal(amount), "")


def edits(**fields: Any) -> Work:
    return lambda stage, name: customers.change_customer(stage.db, stage.context(name), "ann", None, lambda old: old._replace(**fields))


def charges_one_off(stage: Stage, name: str) -> object:
    return one_off.charge_one_off(stage.db, stage.context(name), "ann", OneOffRequest("visit", TODAY, Decimal(25)))


def runs_package(stage: Stage, name: str) -> object:
    return on_demand.run_live(stage.services, stage.context(name), RunRequest("ann", TODAY, "charge_again", name))


def credits_a_charge(stage: Stage, name: str) -> None:
    entry_id = "ann~2024-03-01~1-recurring~a"
    with suppress(Conflict):  # if it was reversed in between
        crediting.give_credit(stage.db, stage.context(name), "ann", entry_id, CreditRequest("wrong", Decimal(20)))


def reverses(stage: Stage, name: str) -> object:
    return reversal.reverse(stage.services, stage.context(name), "first")


WORKS: dict[str, Work] = {
    "pays": pays(30), "is corrected": pays(-25), "is corrected a little": pays(-8), "one-off": charges_one_off, "runs": runs_package,
    "credits": credits_a_charge, "reverses": reverses, "limit": edits(debit_limit=Decimal(40)),
    "higher threshold": edits(balance_notices=(Threshold(Decimal(38), Decimal(60)),)),
    "lower threshold": edits(balance_notices=(Threshold(Decimal(25), Decimal(25)),)),
}  # fmt: skip


@made_once
def charged() -> Stage:
    """Ann has 30.00 left of 60.00, and is told below 20.00."""
    stage = Stage(segments=1)
    stage.customer("ann", limit="0")
    stage.package("line", retail=Decimal(30), frequency="daily")
    edits(balance_notices=(Threshold(Decimal(20), Decimal(50)), Threshold(Decimal(5), Decimal(5))))(stage, "thresholds")
    pays(60)(stage, "paid")
    stage.assign("a", "ann", "line", auto_decrement_credit=True)
    runs_package(stage, "first")
    return stage


def carry_out(work: Work, stage: Stage) -> None:
    work(stage, "between")


@pytest.mark.parametrize("first", WORKS)
def test_rules_4_whatever_comes_between_each_crossing_is_told_once(first: str) -> None:
    """Another move or edit is made before each store call of the first one: what each commits is told, once."""
    told = 0
    for second in WORKS.values():
        for call in count(1):
            stage, oracle = charged(), Oracle()
            between = InBetween(call, partial(carry_out, second, stage))
            stage.store.observers.append(oracle)
            stage.store.hook = between
            WORKS[first](stage, "once")
            told += len(oracle.told)
            if between.calls < call:
                break
    assert told
