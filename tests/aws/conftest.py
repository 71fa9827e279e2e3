"""The deployed function in this process, on a small world in memory whose ids have all the characters that ids may have."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import pytest

from chalicelib import deployment
from chalicelib.api import idempotent
from chalicelib.domain.deciding import RunRequest
from chalicelib.storage.keys import TABLES
from chalicelib.storage.objects import Objects
from chalicelib.usecases.runs import on_demand
from tests.aws import gateway
from tests.aws.gateway import Event
from tests.world.stage import TODAY, Stage, furnished
from tests.world.tables import Change, place

CUSTOMER: Final = "acme:uk_1.b-2"
NOW: Final = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)


class Clock(datetime):
    """The edge's clock stands still: what the same requests make is the same."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Clock":
        assert tz is UTC
        return cls.fromisoformat(NOW.isoformat())


class Queue:
    """Takes what the function queues."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def send_message(self, **message: Any) -> None:
        self.bodies.append(message["MessageBody"])


class World:
    """What requests are asked of: tables that can be put back to how they were."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.queue = Queue()
        self._written: list[Change] = []
        stage.store.observers.append(self._written.extend)

    def ask(self, *args: Any, **options: Any) -> Event:
        """The answer to one request, as `gateway.event` takes it."""
        return gateway.answered(gateway.event(*args, **options))

    def read(self, *args: Any, **options: Any) -> Any:
        """The JSON of an answer that succeeds."""
        answer = self.ask(*args, **options)
        assert 200 <= answer["statusCode"] < 300, answer
        return json.loads(answer["body"])

    def kept(self) -> int:
        """A mark of all that is stored, to go back to later."""
        return len(self._written)

    def put_back(self, kept: int) -> None:
        """Have the tables as they were, by undoing what was written since: a copy of large tables takes seconds."""
        store = self.stage.store
        for change in reversed(self._written[kept:]):
            if one := change.old or change.new:
                store.tables[change.table].write(place(one), change.old, store.knobs.now())
        del self._written[kept:]

    @property
    def held(self) -> str:
        """The id of a held charge of the customer."""
        (entry,) = self.read("GET", "/held", query={"customer": [CUSTOMER]})["items"][:1]
        return str(entry["entry_id"])


def _staged() -> Stage:
    """Beside the usual customers one whose id has colons, a held charge, and a live run with a colon in its id."""
    stage = furnished()
    stage.customer(CUSTOMER, limit="0")
    stage.assign(f"{CUSTOMER}-line", CUSTOMER, "line", auto_decrement_credit=True)
    stage.evaluate("third")
    on_demand.run_live(stage.services, stage.context("run:1"), RunRequest("rich", TODAY, "charge_again", "run:1"))
    return stage


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Tables, a queue and a clock behind the function, with AUTH_MODE=iam."""
    made = World(_staged())
    for name in TABLES:
        monkeypatch.setenv(f"{name.upper()}_TABLE", name)
    monkeypatch.setenv("AUTH_MODE", "iam")
    monkeypatch.setattr(deployment, "dynamodb", lambda: made.stage.store)
    monkeypatch.setattr(deployment, "sqs", lambda: made.queue)
    monkeypatch.setattr(deployment, "objects", lambda: Objects(made.stage.s3, "results"))
    for module in (deployment, idempotent):
        monkeypatch.setattr(module, "datetime", Clock)
    for cached in (deployment.configuration, deployment.shared_services):
        cached.cache_clear()
    made.ask("GET", "/health")  # the first use of the tables stores their time zone
    yield made
    for cached in (deployment.configuration, deployment.shared_services):
        cached.cache_clear()
