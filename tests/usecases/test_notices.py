"""Notices in the daily run: once each, whatever is repeated; after the day's charges; of the whole customer (rules: Notices)."""

from datetime import date
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any

import pytest

from chalicelib.config import read_config
from chalicelib.domain import notices
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.notice_days import NoticeDays
from chalicelib.domain.notices import NoticeSpan
from chalicelib.domain.schedule import DAY
from chalicelib.jobs.streams import EVENT_OF
from chalicelib.storage.db import decode
from chalicelib.usecases import customers, loading
from chalicelib.usecases.runs import on_demand
from chalicelib.usecases.runs.notices import Notifier
from chalicelib.usecases.runs.rounds import CustomerPlan
from chalicelib.usecases.runs.sweep import read_group
from tests.harness import InThread
from tests.world.stage import Stage
from tests.world.test_crashes import CrashAt

MONDAY = date(2031, 2, 3)
DAYS = NoticeDays((7, 1), (45, 15))
NOTICES = ("charge.upcoming", "term.ending", "assignment.ended")


def stage(days: NoticeDays | None = DAYS, **knobs: Any) -> Stage:
    made = Stage(**knobs)
    made.services = made.services._replace(notices=days)
    made.today = MONDAY
    return made


def told(world: Stage, *types: str) -> list[Any]:
    """The events of the notices that are kept, by their ids."""
    events = [event for item in world.store.items("history") if (event := EVENT_OF["history"](decode(item)))]
    return sorted((one for one in events if one["type"] in (types or NOTICES)), key=lambda one: str(one["id"]))


def upcoming(world: Stage) -> list[tuple[str, int, str, bool]]:
    data = [one["data"] for one in told(world, "charge.upcoming")]
    return [(one["date"], one["days"], one["retail"], one["suffices"]) for one in data]


def evaluate_through(world: Stage, last: date) -> None:
    while world.today <= last:
        world.evaluate(f"day-{world.today}")
        world.next_day()


def test_a_customer_is_told_of_charges_with_the_balance_after_those_of_the_day() -> None:
    world = stage()
    world.customer("ann", limit="0")
    customers.book_payment(world.db, world.context("paid"), "ann", Decimal(25), "")
    world.package("daily", retail=Decimal(10), frequency="daily")
    world.assign("line", "ann", "daily", auto_decrement_credit=True)
    world.evaluate()
    assert upcoming(world) == [("2031-02-04", 1, "10.00", True), ("2031-02-10", 7, "10.00", False)]
    (tomorrow, _) = told(world, "charge.upcoming")
    assert tomorrow["data"]["balance"] == "15.00"
    assert [line["package_name"] for line in tomorrow["data"]["lines"]] == ["daily"]
    assert tomorrow["provider"] == {"by": "test"}
    world.next_day()
    world.evaluate("tuesday")
    assert (upcoming(world)[1:2], told(world)[1]["data"]["balance"]) == ([("2031-02-05", 1, "10.00", False)], "5.00")


def test_a_charge_that_nothing_is_debited_of_suffices_and_one_that_was_made_ahead_is_not_told() -> None:
    world = stage()
    world.customer("ann", limit="0")
    world.package("daily", retail=Decimal(10), frequency="daily")
    world.assign("line", "ann", "daily")
    on_demand.run_live(world.services, world.context("ahead"), RunRequest("ann", date(2031, 2, 4), "skip", "ahead"))
    world.evaluate()
    assert upcoming(world) == [("2031-02-10", 7, "10.00", True)]


def test_a_minimum_spend_is_told_with_what_is_spent_by_then() -> None:
    world = stage(NoticeDays((1,)))
    world.customer("ann")
    world.package("least", retail=Decimal(30), frequency="daily", minimum_spend=True)
    world.assign("least", "ann", "least")
    world.evaluate()
    assert upcoming(world) == [("2031-02-04", 1, "30.00", True)]


@pytest.mark.parametrize("page_bytes", [250, 700, 100_000])
def test_each_notice_is_kept_once_whatever_comes_twice(page_bytes: int) -> None:
    """Each message twice, each day evaluated twice, and an outage of three days."""
    world = stage(page_bytes=page_bytes)
    for name in ("ann", "bob", "cid"):
        world.customer(name)
    world.package("daily", retail=Decimal(10), frequency="daily")
    world.package("weekly", retail=Decimal(3), frequency="weekly", frequency_match=(0,))
    for name in ("ann", "bob", "cid"):
        world.assign(f"{name}-daily", name, "daily", end_date=date(2031, 3, 25))
        world.assign(f"{name}-weekly", name, "weekly", end_date=date(2031, 2, 12))
    for day in range(12):
        if day not in (3, 4, 5):
            for attempt in range(2):
                world.queued += 2 * world.queued
                world.evaluate(f"{day}-{attempt}")
        world.next_day()
    events = told(world)
    assert len({one["id"] for one in events}) == len(events)
    of_ann = [(one["type"], one["data"].get("date") or one["data"]["end_date"], one["data"].get("days")) for one in events
              if one["customer_id"] == "ann"]  # fmt: skip
    ends = [one for one in of_ann if one[0] != "charge.upcoming"]
    assert sorted(ends, key=str) == [
        ("assignment.ended", "2031-02-12", None), ("term.ending", "2031-03-25", 45),
    ]  # fmt: skip
    assert [one for one in of_ann if one[0] == "charge.upcoming" and one[2] == 1] == [
        ("charge.upcoming", f"2031-02-{day:02}", 1) for day in (4, 5, 6, 10, 11, 12, 13, 14, 15)
    ]  # fmt: skip
    assert [one[1] for one in of_ann if one[2] == 7] == [f"2031-02-{day:02}" for day in range(10, 22)]


def test_a_worker_that_crashes_anywhere_leaves_each_notice_to_be_told_once() -> None:
    """Before and after each call to the tables in turn."""
    whole = stage()
    _furnish(whole)
    whole.store.hook = counted = CrashAt(0, after=False)
    whole.evaluate()
    assert counted.calls < 40
    expected = [one["id"] for one in told(whole)]
    assert len(expected) == 6
    for place, after in product(range(1, 40), (False, True)):
        world = stage()
        _furnish(world)
        world.store.hook = CrashAt(place, after=after)
        world.attempt(partial(world.evaluate, "evaluate"))
        world.store.hook = None
        world.evaluate("again")
        assert [one["id"] for one in told(world)] == expected, place


def _furnish(world: Stage) -> None:
    for name, limit in (("ann", None), ("bob", "100")):
        world.customer(name, limit=limit)
    world.package("daily", retail=Decimal(10), frequency="daily")
    world.assign("ann-daily", "ann", "daily", end_date=date(2031, 2, 18))
    world.assign("bob-daily", "bob", "daily", auto_decrement_credit=True, end_date=date(2031, 2, 18))


def test_a_customer_who_cannot_be_told_stops_nobody_and_is_told_by_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    world = stage()
    for name in ("ann", "bob"):
        world.customer(name)
    world.package("weekly", retail=Decimal(3), frequency="weekly", frequency_match=(0,))
    for name in ("ann", "bob"):
        world.assign(f"{name}-weekly", name, "weekly", end_date=date(2031, 2, 18))
    ends = notices.ends_told

    def broken(found: Any, *rest: Any) -> Any:
        if found[0].customer_id == "ann":
            raise ValueError("broken")
        return ends(found, *rest)

    monkeypatch.setattr(notices, "ends_told", broken)
    world.evaluate("first")
    assert [one["customer_id"] for one in told(world)] == ["bob", "bob"]
    monkeypatch.undo()
    world.next_day()
    world.evaluate("second")
    assert [(one["customer_id"], one["type"]) for one in told(world)] == [
        ("ann", "term.ending"), ("ann", "charge.upcoming"), ("bob", "term.ending"), ("bob", "charge.upcoming"),
    ]  # fmt: skip


def test_a_parked_customer_is_not_told_of_charges() -> None:
    world = stage(max_lines=1)
    world.customer("ann")
    world.package("daily", retail=Decimal(10), frequency="daily")
    for name in ("a", "b"):
        world.assign(name, "ann", "daily", end_date=date(2031, 2, 18))
    world.evaluate()
    assert [one["type"] for one in told(world)] == ["term.ending", "term.ending"]


def test_nothing_is_read_or_written_where_nothing_is_set() -> None:
    calls = []
    for days in (None, NoticeDays()):
        world = stage(days)
        _furnish(world)
        world.db.calls = 0
        world.evaluate()
        calls.append(world.db.calls)
    assert calls[0] == calls[1]


def test_of_a_customer_whom_the_sweep_saw_a_part_of_the_whole_is_told() -> None:
    world = stage()
    world.customer("ann")
    world.package("daily", retail=Decimal(10), frequency="daily")
    for name in ("a", "b", "c"):
        world.assign(name, "ann", "daily", starts=-1)
    whole = read_group(world.db, "ann")
    assert whole is not None
    part = whole._replace(assignments=whole.assignments[2:], whole=False)
    span = NoticeSpan(MONDAY - DAY, MONDAY, MONDAY)
    context = world.context("sweep")
    notifier = Notifier(world.services, context, DAYS, span, lambda found: loading.packages_of(world.db, found))
    notifier.tell([CustomerPlan(part)], InThread())
    assert [(one["data"]["date"], one["data"]["lines_total"]) for one in told(world)] == [("2031-02-04", 3), ("2031-02-10", 3)]


def test_the_variables_of_a_deployment_say_when() -> None:
    assert read_config({}).notices == NoticeDays()
    assert read_config({"NOTICE_DAYS": "7 1", "TERM_NOTICE_DAYS": "45 15"}).notices == DAYS
