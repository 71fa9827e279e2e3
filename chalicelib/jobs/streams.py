"""What others are told: the streams of the ledger and of the history become events on the bus.

A record that can't be told for good, because it can't be read or the bus refuses it, goes to the dead letters, so that it stops no
other. Whatever else fails is delivered again: from the first record that failed on, which is why an event may come twice.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NamedTuple

from .. import deployment, logging_context
from ..domain.events import chosen_types
from ..logging_context import LogContext
from ..storage.db import Item, decode
from ..storage.event_bus import BusEvent
from ..storage.history import history_from_item
from ..storage.keys import HISTORY, LEDGER
from ..storage.ledger import entry_from_item
from ..wire import answers
from ..wire.event_views import change_event_view, entry_event_view

StreamRecord = Mapping[str, Any]
"""A record as Lambda gives it to a function."""
_COME_AGAIN: Final = ("InternalFailure", "InternalException", "ThrottlingException")
"""What the bus refuses now and will take later. Anything else it will refuse again."""
EVENT_OF: Final[Mapping[str, Callable[[Item], answers.Event | None]]] = {
    LEDGER: lambda item: entry_event_view(entry_from_item(item)),
    HISTORY: lambda item: change_event_view(history_from_item(item)),
}
"""The event of an item, by its table; None if nobody is told of it."""


class _MappedRecord(NamedTuple):
    """A record with what became of it: its event, or why it has none."""

    record: StreamRecord
    event: answers.Event | None = None
    fault: str | None = None


class NotTold(Exception):
    """Some events could not be sent, where nothing asks which."""


def tell(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Tell of the records of a batch. Answers which one to begin with again; raises `NotTold` instead where that is asked for."""
    records: Sequence[StreamRecord] = event["Records"]
    with logging_context.invocation("events", context, correlation_id=context.aws_request_id) as log:
        mapped = [_mapped(record) for record in records]
        chosen = chosen_types(deployment.configuration().event_types)
        wanted = [one for one in mapped if one.event and one.event["type"] in chosen]
        codes = deployment.event_bus().send([_bus_event(one.event) for one in wanted if one.event]) if wanted else []
        if deployment.configuration().events_file:
            taken = [one.event for one, code in zip(wanted, codes, strict=True) if one.event and not code]
            deployment.event_file().append(taken, partial(datetime.now, UTC))
        refused = [one._replace(fault=code) for one, code in zip(wanted, codes, strict=True) if code]
        again = [one.record for one in refused if one.fault in _COME_AGAIN]
        dead = [one for one in (*mapped, *refused) if one.fault and one.fault not in _COME_AGAIN]
        log.add(records=len(records), events=len(wanted) - len(refused), events_failed=len(again), events_dead=len(dead) or None)
        _bury(dead, log)
        if again and deployment.configuration().raise_untold:
            raise NotTold(f"{len(again)} events: {refused[0].fault}")
    return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]} for record in again]}


def _mapped(record: StreamRecord) -> _MappedRecord:
    """Removed items, which have expired, are told to nobody."""
    image = record["dynamodb"].get("NewImage")
    if image is None:
        return _MappedRecord(record)
    try:
        return _MappedRecord(record, _event_of(record, item_of_image(image)))
    except Exception as error:  # noqa: BLE001 - it would stop every record behind it
        return _MappedRecord(record, fault=f"{type(error).__name__}: {error}")


def item_of_image(image: Mapping[str, Any]) -> Item:
    """The item of an image as Lambda gives it: binary stands in its JSON as base64."""
    return decode({name: {"B": b64decode(value["B"])} if "B" in value else value for name, value in image.items()})


def _event_of(record: StreamRecord, item: Item) -> answers.Event | None:
    name = str(record["eventSourceARN"]).split("/")[1]
    logical = {name: logical for logical, name in deployment.configuration().tables.items()}
    return EVENT_OF[logical[name]](item)


def bus_event_of(table: str, item: Item) -> BusEvent | None:
    """The event of an item, as the bus takes it; None if nobody is told of it."""
    event = EVENT_OF[table](item)
    return _bus_event(event) if event else None


def _bus_event(event: answers.Event) -> BusEvent:
    return BusEvent(event["type"], json.dumps(event, ensure_ascii=False, separators=(",", ":")))


def _bury(dead: Sequence[_MappedRecord], log: LogContext) -> None:
    """Keep what can't be told where an operator finds it."""
    if not dead:
        return
    keys = [{name: one.record["dynamodb"].get(name) for name in ("Keys", "SequenceNumber")} for one in dead]
    url = deployment.configuration().tell_dead_letters_url
    for one, named in zip(dead, keys, strict=True):
        log.fail(ValueError(one.fault))
        deployment.send_messages(None, url, [{"source": one.record["eventSourceARN"], "fault": one.fault, **named}])
