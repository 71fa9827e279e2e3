"""The function in this process, with a calendar that moves: requests, daily evaluations, and what they charge."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final

import pytest

from chalicelib import deployment
from chalicelib.api import idempotent
from chalicelib.storage.keys import TABLES
from chalicelib.usecases.runs import daily
from tests.aws import gateway
from tests.aws.conftest import Queue
from tests.world.stage import Stage

CUSTOMER: Final = "/customers/{customer_id}"
ASSIGNMENTS: Final = f"{CUSTOMER}/assignments"
ASSIGNMENT: Final = f"{ASSIGNMENTS}/{{assignment_id}}"
TERMS: Final = f"{ASSIGNMENT}/terms"
ENTRY: Final = f"{TERMS}/{{from}}"
JSON: Final = {"Content-Type": "application/json"}
Json = dict[str, Any]


class Refused(Exception):
    """A problem document."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.code = status, body, body["code"]


class Calendar:
    """Requests of one customer `ann`, on days that a test walks through."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._evaluations = 0

    def ask(self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **options: Any) -> Json:
        """The answer as JSON. Raises `Refused`."""
        params, query = options.pop("params", {}), {name: [text] for name, text in options.items()}
        event = gateway.event(
            method, path, {"customer_id": "ann"} | params, query=query, body=None if body is None else json.dumps(body),
            headers=JSON | (headers or {}),
        )  # fmt: skip
        answer = gateway.answered(event)
        told: Json = json.loads(answer["body"]) if answer["body"] else {}
        if answer["statusCode"] >= 400:
            raise Refused(answer["statusCode"], told)
        return told

    def package(self, **fields: Any) -> str:
        """A new package's id."""
        return str(self.ask("POST", "/packages", {"name": "Line"} | fields)["package_id"])

    def assign(self, package: str, **fields: Any) -> "Assigned":
        """A new assignment of today, or of another day."""
        body = {"package_id": package, "start_date": str(self.stage.today)} | fields
        return Assigned(self, self.ask("POST", ASSIGNMENTS, body))

    def go_to(self, day: str, *, evaluating: bool = True) -> None:
        """Let it become a day; each evening its evaluation has been through, the last day's too."""
        while self.stage.today < date.fromisoformat(day):
            self.stage.today += timedelta(days=1)
            if evaluating:
                self.evaluate()

    def evaluate(self) -> None:
        """The evaluation of today."""
        self._evaluations += 1
        daily.start_evaluation(self.stage.services, self.stage.context(f"e{self._evaluations}"), self.stage.today, allow_future=False)
        self.stage.work_off()

    def ledger(self, customer: str = "ann") -> list[Json]:
        """All that a customer is charged."""
        return self.listed(f"{CUSTOMER}/ledger", customer_id=customer)

    def listed(self, path: str, **params: str) -> list[Json]:
        """All items of a list, page by page."""
        found: list[Json] = []
        cursor: dict[str, Any] = {}
        while True:
            page = self.ask("GET", path, params=params, limit="200", **cursor)
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def retails(self) -> list[str]:
        """What recurs: `04-01 12.50`."""
        return [f"{one['date'][5:]} {one['retail']}" for one in self.ledger() if one["kind"] == "recurring"]


class Assigned:
    """An assignment of the calendar's customer."""

    def __init__(self, calendar: Calendar, made: Json) -> None:
        self.calendar = calendar
        self.made = made
        self.params = {"assignment_id": made["assignment_id"]}

    def read(self) -> Json:
        return self.calendar.ask("GET", ASSIGNMENT, params=self.params)

    def patch(self, **fields: Any) -> Json:
        return self.calendar.ask("PATCH", ASSIGNMENT, fields, params=self.params)

    def terms(self) -> Json:
        return self.calendar.ask("GET", TERMS, params=self.params)

    def enter(self, begins: str, *, headers: dict[str, str] | None = None, correct: bool = False, **fields: Any) -> Json:
        more = {"correct": "true"} if correct else {}
        return self.calendar.ask("PUT", ENTRY, fields, params=self.params | {"from": begins}, headers=headers, **more)

    def remove(self, begins: str) -> Json:
        return self.calendar.ask("DELETE", ENTRY, params=self.params | {"from": begins})


@contextmanager
def calendar_from(first: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calendar]:
    """A world with one customer, on a day of which nothing is evaluated yet."""
    stage = Stage()
    stage.today = date.fromisoformat(first)
    stage.services = stage.services._replace(allow_future=True)
    stage.customer("ann")

    class Moving(datetime):
        """The edge's clock: noon of the calendar's day."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Moving":
            assert tz is UTC
            return cls(stage.today.year, stage.today.month, stage.today.day, 12, tzinfo=UTC)

    with monkeypatch.context() as patched:
        for name in TABLES:
            patched.setenv(f"{name.upper()}_TABLE", name)
        patched.setenv("AUTH_MODE", "iam")
        patched.setattr(deployment, "dynamodb", lambda: stage.store)
        patched.setattr(deployment, "sqs", Queue)
        for module in (deployment, idempotent):
            patched.setattr(module, "datetime", Moving)
        for cached in (deployment.configuration, deployment.shared_services):
            cached.cache_clear()
        yield Calendar(stage)
    for cached in (deployment.configuration, deployment.shared_services):
        cached.cache_clear()
