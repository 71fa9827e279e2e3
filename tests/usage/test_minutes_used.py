"""That 80 and 100 % of a bucket are used is told once each, however calls come (rules: Notices)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.minutes import Call
from chalicelib.domain.minutes_notices import most_used_for_same, percentage_passed
from chalicelib.jobs.streams import EVENT_OF
from chalicelib.storage.db import decode
from chalicelib.usecases import assignments, usage
from tests.harness import RETAINED
from tests.world.stage import TODAY, Stage, call


@pytest.mark.parametrize(
    ("total", "used", "seconds", "told"),
    [(100, 0, 79, None), (100, 0, 80, 80), (100, 79, 1, 80), (100, 80, 1, None), (100, 80, 19, None), (100, 80, 20, 100),
     (100, 0, 100, 100), (1, 0, 1, 100), (6, 4, 1, 80), (100, 100, 0, None)],
)  # fmt: skip
def test_rules_18_the_highest_percentage_that_a_draw_passes(total: int, used: int, seconds: int, told: int | None) -> None:
    assert percentage_passed(total, used, seconds) == told


def test_rules_18_a_draw_fits_as_long_as_it_passes_the_same() -> None:
    """For every bucket, and whatever was drawn since it was read: exactly then."""
    for total in (1, 2, 3, 5, 6, 10, 13):
        for used in range(total):
            for seconds in range(1, total - used + 1):
                most = most_used_for_same(total, used, seconds)
                for now in range(used, total):
                    same = percentage_passed(total, now, seconds) == percentage_passed(total, used, seconds)
                    assert (now <= most) == (now + seconds <= total and same and not percentage_passed(total, used, now - used)), (
                        total, used, seconds, now,
                    )  # fmt: skip


def stage(minutes: int = 10) -> Stage:
    made = Stage()
    made.customer("ann")
    made.package("bundle", retail=Decimal(1), frequency="monthly", type="free_minutes")
    made.assign("bundle", "ann", "bundle", free_minutes=minutes)
    return made


def record(world: Stage, *calls: Call) -> None:
    usage.record_calls(world.db, world.context("calls"), "ann", calls, RETAINED)


def told(world: Stage) -> list[tuple[int, int]]:
    """Percent and size of the bucket."""
    events = [event for item in world.store.items("history") if (event := EVENT_OF["history"](decode(item)))]
    assert len({event["id"] for event in events}) == len(events)
    return sorted((one["data"]["percent"], one["data"]["total_seconds"]) for one in events if one["type"] == "minutes.used")


def test_rules_18_calls_tell_of_80_and_of_100_percent_once_each() -> None:
    world = stage()
    record(world, call(1, 479))
    assert told(world) == []
    record(world, call(2, 1))
    record(world, call(2, 1))
    record(world, call(3, 60), call(4, 60))
    record(world, call(5, 60))
    assert told(world) == [(80, 600), (100, 600)]


def test_rules_18_another_allotment_has_percentages_of_its_own() -> None:
    world = stage()
    record(world, call(1, 500))
    assignments.change_assignment(world.db, world.context("more"), ("ann", "bundle"), None, lambda one: one._replace(free_minutes=20), True)
    record(world, call(2, 400))
    record(world, call(3, 100))
    assert told(world) == [(80, 600), (80, 1200)]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(300, 300, [(100, 600)]), (100, 100, []), (400, 150, [(80, 600)]), (470, 20, [(80, 600)]), (500, 60, [(80, 600)])],
)  # fmt: skip
def test_rules_18_of_two_calls_at_once_one_tells(first: int, second: int, expected: list[tuple[int, int]]) -> None:
    """The second one is recorded between the first one's reading and its writing."""
    world = stage()

    def hook(request: Any, effect: Callable[[], Any]) -> Any:
        if request.operation == "transact_write_items":
            world.store.hook = None
            record(world, call(2, second))
        return effect()

    world.store.hook = hook
    record(world, call(1, first))
    assert told(world) == expected
    (bucket,) = (item for item in world.store.items("usage") if item["sk"]["S"].startswith("BUCKET#"))
    assert int(bucket["used"]["N"]) == first + second
    assert world.today == TODAY
