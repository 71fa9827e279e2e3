"""A replay sends what stands in the ledger and in the history, each event as it was sent before."""

import json
from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal
from typing import Any

from chalicelib.domain.crediting import CreditRequest
from chalicelib.domain.events import EVENT_TYPES, EventType
from chalicelib.domain.posting_days import PostingDays
from chalicelib.domain.work import WorkRecord
from chalicelib.jobs.streams import EVENT_OF
from chalicelib.storage.db import decode
from chalicelib.storage.event_bus import EventBus
from chalicelib.usecases import crediting, customers, replays
from chalicelib.usecases.work import read_work
from tests.usecases.exporting import EVERY_DAY, days, work_off
from tests.world.stage import TODAY, Stage, furnished

ALL = frozenset(EVENT_TYPES)


class Bus:
    """An EventBridge that remembers what it took."""

    def __init__(self, refuses: Collection[str] = ()) -> None:
        self.taken: list[dict[str, Any]] = []
        self.refuses = refuses

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - as boto3 calls it
        return {"Entries": [self._take(json.loads(one["Detail"])) for one in Entries]}

    def _take(self, event: dict[str, Any]) -> dict[str, str]:
        if event["type"] in self.refuses:
            return {"ErrorCode": "InternalFailure"}
        self.taken.append(event)
        return {"EventId": "e"}


def told_stage(bus: Bus) -> tuple[Stage, dict[str, Any]]:
    """A stage with a payment and a credited charge, and the event of each item as it stands."""
    stage = furnished()
    customers.book_payment(stage.db, stage.context("pay"), "rich", Decimal(5), "bank")
    charged = next(item for item in stage.store.items("ledger") if item["pk"]["S"] == "rich" and "recurring" in item["sk"]["S"])
    asked = CreditRequest("goodwill", Decimal("0.5"))
    crediting.give_credit(stage.db, stage.context("credit"), "rich", f"rich~{charged['sk']['S']}", asked)
    stage.services = stage.services._replace(event_bus=lambda: EventBus(bus, "bus"))
    events = [EVENT_OF[table](decode(item)) for table in EVENT_OF for item in stage.store.items(table)]
    return stage, {one["id"]: one for one in events if one}


def replayed(stage: Stage, of: PostingDays = EVERY_DAY, types: frozenset[EventType] = ALL, name: str = "replay") -> WorkRecord:
    replays.request_replay(stage.services, stage.context(name), of, types)
    work_off(stage)
    return read_work(stage.db, name)


def test_everything_is_sent_again_as_it_was() -> None:
    stage, events = told_stage(bus := Bus())
    done = replayed(stage)
    assert done.state == "finished"
    assert {one["id"]: one for one in bus.taken} == events
    assert len(bus.taken) == len(events)
    assert {"charge.posted", "charge.credited", "credit.recorded", "payment.recorded", "package.changed"} <= {
        one["type"] for one in bus.taken
    }
    assert done.rows == len({one["type"] for one in bus.taken})


def test_only_the_types_that_are_asked_for_are_sent() -> None:
    stage, _ = told_stage(bus := Bus())
    replayed(stage, types=frozenset({"payment.recorded"}))
    assert [one["data"]["credit_change"] for one in bus.taken] == ["5.00"]


def test_of_some_days_what_was_recorded_or_may_have_changed_then_is_sent() -> None:
    """The credited charge was recorded before; that it was credited today can't be seen, so it is sent with what is older."""
    stage, events = told_stage(bus := Bus())
    replayed(stage, days(TODAY, TODAY))
    since = TODAY.isoformat()
    sent = {one["id"] for one in bus.taken}
    assert sent == {
        name for name, one in events.items()
        if one["data"].get("at", one["data"].get("recorded_at"))[:10] >= since or ("entry_id" in one["data"] and one["version"] > 1)
    }  # fmt: skip
    assert {one["type"] for one in bus.taken} >= {"charge.credited", "payment.recorded"}
    bus.taken.clear()
    replayed(stage, days(TODAY + timedelta(days=1), TODAY + timedelta(days=1)), name="tomorrow")
    assert {one["version"] > 1 for one in bus.taken} == {True}


def test_what_the_bus_refuses_is_named_and_stops_nothing_else() -> None:
    stage, events = told_stage(bus := Bus(refuses=("payment.recorded",)))
    done = replayed(stage)
    assert (done.state, done.failed) == ("finished_with_failures", 1)
    assert [(one.customer_id, one.code) for one in done.failures] == [("rich", "refused")]
    assert len(bus.taken) == len(events) - 1


def test_what_cannot_be_read_is_named_and_stops_nothing_else() -> None:
    stage, events = told_stage(bus := Bus())
    damaged = next(item for item in stage.store.items("ledger") if "3-payment" in item["sk"]["S"])
    key = {name: damaged[name] for name in ("pk", "sk")}
    stage.store.update_item(TableName="ledger", Key=key, UpdateExpression="REMOVE #c", ExpressionAttributeNames={"#c": "currency"})
    done = replayed(stage)
    assert (done.state, [one.code for one in done.failures]) == ("finished_with_failures", ["unreadable"])
    assert len(bus.taken) == len(events) - 1
