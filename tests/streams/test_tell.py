"""What `tell` makes of a batch of records: what is sent, what comes again, and what is given up."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final

import pytest

from chalicelib import deployment
from chalicelib.config import read_config
from chalicelib.domain.history import Change, FieldChange, HistoryItem, NoticeLine
from chalicelib.jobs import streams
from chalicelib.storage.db import encode
from chalicelib.storage.event_bus import BusEvent, EventBus
from chalicelib.storage.history import write_item
from chalicelib.storage.ledger import entry_item
from tests.domain.build import entry, priced

ARN: Final = "arn:aws:dynamodb:us-east-1:000000000000:table/ledger/stream/2031-01-01T00:00:00.000"
CONTEXT: Final = SimpleNamespace(function_name="tell", aws_request_id="request-1")


class Bus:
    """An EventBridge that refuses what it is told to, by the subject of an event."""

    def __init__(self, refuses: Mapping[str, str] | None = None) -> None:
        self.refuses = refuses or {}
        self.requests: list[list[dict[str, Any]]] = []

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - as boto3 calls it
        self.requests.append(Entries)
        return {"Entries": [self._answer(json.loads(one["Detail"])["data"].get("assignment_id", "")) for one in Entries]}

    def _answer(self, assignment: str) -> dict[str, str]:
        return {"ErrorCode": self.refuses[assignment]} if assignment in self.refuses else {"EventId": "e"}

    @property
    def taken(self) -> list[str]:
        details = [json.loads(one["Detail"]) for entries in self.requests for one in entries]
        return [one["data"]["assignment_id"] for one in details if one["data"]["assignment_id"] not in self.refuses]


@pytest.fixture
def dead_letters(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(deployment, "send_messages", lambda _, url, messages: found.extend((url, one) for one in messages))
    return found


def configure(monkeypatch: pytest.MonkeyPatch, bus: Bus, **environment: str) -> None:
    named = {"LEDGER_TABLE": "ledger", "HISTORY_TABLE": "history", "TELL_DEAD_LETTERS_URL": "dead", "EVENT_TYPES": "all"}
    monkeypatch.setattr(deployment, "configuration", lambda: read_config(named | environment))
    monkeypatch.setattr(deployment, "event_bus", lambda: EventBus(bus, "bus"))


def record(assignment: str, number: int = 1, **changed: Any) -> dict[str, Any]:
    image = encode(entry_item(entry(priced(one=assignment)))) | changed
    return {"eventSourceARN": ARN, "dynamodb": {"SequenceNumber": str(number), "Keys": {"pk": {"S": "c"}}, "NewImage": image}}


def tell(*records: dict[str, Any]) -> Any:
    return streams.tell({"Records": list(records)}, CONTEXT)


def test_what_happened_is_sent_ten_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, bus := Bus())
    assert tell(*(record(f"a{n:02}", n) for n in range(23))) == {"batchItemFailures": []}
    assert [len(one) for one in bus.requests] == [10, 10, 3]
    assert bus.taken == [f"a{n:02}" for n in range(23)]
    first = bus.requests[0][0]
    assert (first["EventBusName"], first["Source"], first["DetailType"]) == ("bus", "packages-billing", "charge.posted")


def test_large_events_share_no_request() -> None:
    bus = Bus()
    detail = json.dumps({"data": {"assignment_id": "a"}, "text": "ü" * 60_000}, ensure_ascii=False)
    assert EventBus(bus, "bus").send([BusEvent("t", detail)] * 4) == [None] * 4
    assert [len(one) for one in bus.requests] == [1, 1, 1, 1]


def test_what_the_bus_could_not_take_comes_again_and_stops_nothing_else(monkeypatch: pytest.MonkeyPatch, dead_letters: list[Any]) -> None:
    configure(monkeypatch, bus := Bus({"b": "ThrottlingException"}))
    again = tell(record("a", 1), record("b", 2), record("c", 3))
    assert again == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert bus.taken == ["a", "c"]
    assert dead_letters == []


def test_what_is_stored_as_binary_is_told_as_what_it_holds(monkeypatch: pytest.MonkeyPatch, dead_letters: list[Any]) -> None:
    """The lines of a notice: Lambda gives binary as base64."""
    configure(monkeypatch, bus := Bus())
    lines = (NoticeLine("a", "Line", None, "recurring", 2, Decimal("9.90")),)
    change = Change(
        "charge.upcoming", 1, (FieldChange("days", None, 7),), "c", notice_id="c~2031-03-01~7", dated=date(2031, 2, 22), lines=lines
    )
    image = write_item(HistoryItem("2031-02-22T03:00:00+00:00", "test", change), timedelta(days=1))["Put"]["Item"]
    given = json.loads(json.dumps(image, default=lambda packed: b64encode(packed).decode()))
    told = {"SequenceNumber": "1", "Keys": {}, "NewImage": given}
    assert tell({"eventSourceARN": ARN.replace("ledger", "history"), "dynamodb": told}) == {"batchItemFailures": []}
    assert dead_letters == []
    (sent,) = (json.loads(one["Detail"])["data"] for entries in bus.requests for one in entries)
    assert (sent["days"], [(one["package_name"], one["retail"]) for one in sent["lines"]]) == (7, [("Line", "9.90")])


def test_what_can_never_be_told_is_given_up_and_stops_nothing_else(monkeypatch: pytest.MonkeyPatch, dead_letters: list[Any]) -> None:
    configure(monkeypatch, bus := Bus({"b": "MalformedDetail"}))
    damaged = record("a", 1, currency={"NULL": True}, qty={"S": "many"})
    assert tell(damaged, record("b", 2), record("c", 3)) == {"batchItemFailures": []}
    assert bus.taken == ["c"]
    assert [(url, one["SequenceNumber"], one["fault"][:10]) for url, one in dead_letters] == [
        ("dead", "1", "ValueError"), ("dead", "2", "MalformedD"),
    ]  # fmt: skip
    assert all(one["Keys"] == {"pk": {"S": "c"}} and "NewImage" not in one for _, one in dead_letters)


def test_where_nobody_asks_which_record_failed_all_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, Bus({"b": "InternalFailure"}), RAISE_UNTOLD="true")
    with pytest.raises(streams.NotTold, match="1 events: InternalFailure"):
        tell(record("a"), record("b"))


@pytest.mark.parametrize(("types", "requests"), [("default", 0), ("payment.recorded", 0), ("charge.posted", 1)])
def test_only_the_chosen_types_are_sent(monkeypatch: pytest.MonkeyPatch, types: str, requests: int) -> None:
    configure(monkeypatch, bus := Bus(), EVENT_TYPES=types)
    tell(record("a"))
    assert len(bus.requests) == requests


def test_what_expired_is_told_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, bus := Bus())
    removed = {"eventSourceARN": ARN, "dynamodb": {"SequenceNumber": "1", "Keys": {}}, "eventName": "REMOVE"}
    assert tell(removed) == {"batchItemFailures": []}
    assert bus.requests == []
