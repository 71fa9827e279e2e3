"""What a receiver of events knows of seeded worlds, however the bus delivers: doubled, in any order, lost and sent again.

It keeps the highest version of each subject and nothing else. From that it makes balances and held charges, which must be the
service's own. Every second world makes notices, which changes nothing of what is drawn before its first daily run.
"""

import json
import random
from base64 import b64encode
from collections import Counter
from decimal import Decimal
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from chalicelib.domain.events import EVENT_TYPES
from chalicelib.domain.notice_days import NoticeDays
from chalicelib.jobs.streams import EVENT_OF, item_of_image
from chalicelib.storage.accounts import account_from_item
from chalicelib.storage.db import decode
from tools.events import schema

from .simulation import World
from .tables import Change

SEEDS = 80
Event = Any


class Streams:
    """An observer of the tables: the new images of the ledger and of the history, as their streams have them."""

    def __init__(self) -> None:
        self.images: list[tuple[str, Any]] = []

    def __call__(self, changes: list[Change]) -> None:
        self.images += [(one.table, one.new) for one in changes if one.table in EVENT_OF and one.new is not None and one.new != one.old]


@cache
def validator(type_: str) -> Draft202012Validator:
    made = schema(type_)  # type: ignore[arg-type]
    for part in (made, made["properties"]["data"], made["properties"]["provider"]):
        part["additionalProperties"] = False
    return Draft202012Validator(made)


def event_of(table: str, image: Any) -> Event | None:
    """The event of an image as Lambda gives it: JSON, in which binary is base64."""
    as_given = json.loads(json.dumps(image, default=lambda packed: b64encode(packed).decode()))
    return EVENT_OF[table](item_of_image(as_given))


def received(events: list[Event]) -> dict[str, Event]:
    """What a receiver keeps."""
    kept: dict[str, Event] = {}
    for one in events:
        if one["subject"] not in kept or kept[one["subject"]]["version"] < one["version"]:
            kept[one["subject"]] = one
    return kept


def badly_delivered(events: list[Event], replayed: list[Event], chance: random.Random) -> list[Event]:
    """Some are lost; what is sent again makes good for that. Some come twice; none comes in its order."""
    lost = [one for one in events if chance.random() < 0.3]
    ids = {one["id"] for one in lost}
    came = [one for one in events if one["id"] not in ids]
    came += [one for one in came if chance.random() < 0.3] + replayed
    chance.shuffle(came)
    return came


def test_a_receiver_of_events_knows_balances_and_held_charges_however_they_are_delivered() -> None:
    types: Counter[str] = Counter()
    for seed in range(SEEDS):
        world, streams = World(seed), Streams()
        world.store.observers.append(streams)
        world.services = world.services._replace(notices=NoticeDays((1, 3), (2,)) if seed % 2 else None)
        world.play()
        events = [made for table, image in streams.images if (made := event_of(table, image))]
        replayed = [made for table in EVENT_OF for image in world.store.items(table) if (made := event_of(table, image))]
        judge(world, events, replayed)
        types.update(one["type"] for one in events)
    rare = {
        "charge.released", "charge.cancelled", "charge.credited", "credit.recorded", "customer.parked", "price.announced",
        "charge.upcoming", "term.ending", "assignment.ended",
    }  # fmt: skip
    assert rare <= types.keys() <= set(EVENT_TYPES), types


def judge(world: World, events: list[Event], replayed: list[Event]) -> None:
    by_id: dict[str, str] = {}
    for one in (*events, *replayed):
        said = json.dumps(one)
        assert by_id.setdefault(one["id"], said) == said, "an id names one event for good"
        validator(one["type"]).validate(one)
    assert {one["id"] for one in replayed} <= {one["id"] for one in events}, "what is sent again was sent before"
    kept = received(badly_delivered(events, replayed, random.Random(world.seed)))
    assert kept == received(events)
    entries = [one for one in kept.values() if "entry_id" in one["data"]]
    for item in world.store.items("accounts"):
        if item["sk"]["S"] != "ACCOUNT":
            continue
        account = account_from_item(decode(item))
        own = [one["data"] for one in entries if one["customer_id"] == account.customer_id]
        assert sum(Decimal(one["credit_change"]) for one in own) == account.balance, (world.seed, account)
        assert sum(one["status"] == "held" for one in own) == account.held, (world.seed, account)
