"""What is enabled after all events is what the API says is enabled, whatever happened (rules: Notices)."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.assignment import TermsEntry
from chalicelib.domain.errors import BillingError
from chalicelib.domain.notice_days import NoticeDays
from chalicelib.domain.schedule import DAY
from chalicelib.jobs.streams import EVENT_OF
from chalicelib.storage.db import decode
from chalicelib.usecases import assignments, customers, replacements
from chalicelib.usecases.replacements import Successor
from tests.world.stage import Stage
from tests.world.test_crashes import CrashAt

MONDAY = date(2031, 2, 3)
PEOPLE = ("ann", "bob")
PACKAGES = ("fax", "fax-plus", "pbx", "plain")
FEATURES = {"fax": "fax", "fax-plus": "fax", "pbx": "asr", "plain": None}


def stage(page_bytes: int = 700) -> Stage:
    world = Stage(page_bytes=page_bytes)
    world.services = world.services._replace(notices=NoticeDays())
    world.today = MONDAY
    for name in PEOPLE:
        world.customer(name)
    for name in PACKAGES:
        world.package(name, retail=Decimal(PACKAGES.index(name)), frequency="daily", connexcs_package=FEATURES[name])
    return world


def events(world: Stage) -> list[Any]:
    found = [event for item in world.store.items("history") if (event := EVENT_OF["history"](decode(item)))]
    return [one for one in found if one["type"].startswith("feature.")]


def known(found: list[Any]) -> set[tuple[str, str]]:
    """What a receiver takes to be enabled: of each subject the highest version."""
    latest: dict[str, Any] = {}
    for one in found:
        if one["subject"] not in latest or latest[one["subject"]]["version"] < one["version"]:
            latest[one["subject"]] = one
    return {(one["customer_id"], one["data"]["connexcs_package"]) for one in latest.values() if one["type"] == "feature.enabled"}


def enabled(world: Stage) -> set[tuple[str, str]]:
    return {(name, feature) for name in PEOPLE for feature in customers.features(world.db, name, world.today)}


def evaluate(world: Stage, name: str = "evaluate") -> None:
    world.evaluate(f"{name}-{world.today}")


def test_a_feature_is_told_when_it_is_enabled_and_when_it_is_not_any_more() -> None:
    world = stage()
    world.assign("a", "ann", "fax", starts=1, end_date=MONDAY + 2 * DAY)
    told = []
    for _ in range(4):
        evaluate(world)
        told.append(known(events(world)))
        world.next_day()
    assert told == [set(), {("ann", "fax")}, {("ann", "fax")}, set()]
    first, last = sorted(events(world), key=lambda one: int(one["version"]))
    assert (first["type"], first["subject"], first["data"]["date"]) == ("feature.enabled", "ann~fax", "2031-02-04")
    assert (last["type"], last["subject"], last["data"]["date"]) == ("feature.disabled", "ann~fax", "2031-02-06")


def test_what_another_assignment_carries_stays_enabled_and_what_an_outage_missed_is_told() -> None:
    world = stage()
    world.assign("a", "ann", "fax", end_date=MONDAY + 2 * DAY)
    world.assign("b", "ann", "fax-plus", starts=2, end_date=MONDAY + 5 * DAY)
    evaluate(world)
    world.today += 4 * DAY
    evaluate(world)
    assert [one["type"] for one in events(world)] == ["feature.enabled"]
    world.today += 30 * DAY
    evaluate(world)
    assert [one["type"] for one in events(world)] == ["feature.enabled", "feature.disabled"]


def test_what_begins_before_it_is_entered_is_told_and_what_is_removed_again_too() -> None:
    world = stage()
    evaluate(world)
    world.assign("a", "ann", "fax", starts=-9)
    world.assign("b", "bob", "pbx")
    world.next_day()
    evaluate(world)
    assert known(events(world)) == {("ann", "fax"), ("bob", "asr")} == enabled(world)


def test_a_customer_who_is_deleted_has_nothing_enabled_any_more() -> None:
    """The assignment begins on a day that may be evaluated early, and is removed before it begins."""
    world = stage()
    world.services = world.services._replace(allow_future=True)
    world.assign("a", "ann", "fax", starts=1)
    world.today += DAY
    evaluate(world)
    world.today -= DAY
    assert known(events(world)) == {("ann", "fax")}
    assignments.delete_assignment(world.services.db, world.context("gone"), ("ann", "a"), None)
    customers.delete_customer(world.db, world.context("gone"), "ann", None)
    assert known(events(world)) == set()
    assert [item["sk"]["S"] for item in world.store.items("accounts") if item["pk"]["S"] == "ann"] == []


def _actions(world: Stage, chance: random.Random) -> list[Callable[[str], Any]]:
    who, package = chance.choice(PEOPLE), chance.choice(PACKAGES)
    found = [item for item in world.store.items("accounts") if item["sk"]["S"].startswith("ASSIGNMENT#")]
    ids = chance.choice([(item["pk"]["S"], item["sk"]["S"].removeprefix("ASSIGNMENT#")) for item in found] or [("ann", "none")])
    starts = chance.randint(-4, 4)
    ends = world.today + timedelta(days=starts + chance.randint(0, 6)) if chance.random() < 0.5 else None
    pause = TermsEntry(world.today + chance.randint(0, 2) * DAY, world.today + 4 * DAY, {"paused": True})
    change = world.today + chance.randint(0, 3) * DAY
    return [
        lambda name: world.assign(name, who, package, starts=starts, end_date=ends),
        lambda name: world.assign(name, who, package, starts=starts, end_date=ends),
        lambda name: assignments.delete_assignment(world.db, world.context(name), ids, None),
        lambda name: assignments.change_assignment(world.db, world.context(name), ids, None, lambda one: one._replace(end_date=ends), True),
        lambda name: assignments.write_terms(world.db, world.context(name), ids, None, pause, True, correct=False),
        lambda name: replacements.replace(world.db, world.context(name), ids, None, Successor(package, change, {}), dry_run=False),
    ]


@pytest.mark.parametrize("seed", range(25))
def test_a_receiver_knows_what_is_enabled_whatever_happened(seed: int) -> None:
    """Seeded: edits of the past and of the future, days without evaluation, messages twice, workers that crash, lost events again."""
    chance = random.Random(seed)
    world = stage(chance.choice((300, 700, 100_000)))
    done = 0
    for step in range(25):
        with suppress(BillingError):
            chance.choice(_actions(world, chance))(f"step-{step}")
            done += 1
        if chance.random() < 0.5:
            if chance.random() < 0.4:
                world.store.hook = CrashAt(chance.randint(1, 30), after=chance.random() < 0.5)
            world.attempt(lambda: evaluate(world))
            world.store.hook = None
            if chance.random() < 0.3:
                world.queued += 2 * world.queued
                evaluate(world, "again")
        world.today += chance.choice((0, 1, 1, 3)) * DAY
    world.next_day()
    evaluate(world)
    found = events(world)
    assert done > 5
    assert len({one["id"] for one in found}) == len(found)
    chance.shuffle(found)
    assert known(found) == enabled(world)
