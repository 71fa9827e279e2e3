"""The service as its callers see it, on the in-memory DynamoDB, with the day in the tests' hands.

Each request goes through the view that its route has, with the body as JSON and the answer as JSON: everything but HTTP.
What is queued is worked off before the request is over.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from chalicelib import ids
from chalicelib.api import assignments, customers, imports, packages, query, replacements, routing, runs, usage
from chalicelib.api.call import Call
from chalicelib.domain.errors import BillingError
from chalicelib.storage.keys import TABLES
from chalicelib.usecases.request_context import RequestContext
from chalicelib.usecases.runs import daily
from tests.harness import InProcess
from tests.world.dynamodb import DynamoDb

MODULES = (assignments, customers, imports, packages, replacements, runs, usage)
"""Imported for the routes that they register."""
PAGE = 200


class Answer:
    """What a request was answered: its JSON, or the code of its refusal."""

    def __init__(self, body: Any = None, refused: str | None = None) -> None:
        self.body = body
        self.refused = refused


class Service(InProcess):
    """A deployment that nobody else uses."""

    def __init__(self, today: date, segments: int) -> None:
        super().__init__(DynamoDb(TABLES), by="model", segments=segments)
        self.today = today
        self._requests = 0

    def _act(self, number: int) -> RequestContext:
        at = datetime.combine(self.today, time(1), UTC) + timedelta(seconds=number)
        return self.context_at(at, ids.derived(at, f"request {number}"))

    def request(
        self, method: str, path: str, body: Any = None, *, csv: str | None = None, again: int | None = None, **found: Any
    ) -> Answer:
        """One request; `found` are the ids in its path, then its query. `again` is the number of the request that it repeats."""
        route = next(one for one in routing.ROUTES if (one.method, one.path) == (method, path))
        if again is None:
            self._requests += 1
        params = {name: found.pop(name) for name in list(found) if f"{{{name}}}" in path}
        given = query.defaults(route.query) | {name.rstrip("_"): value for name, value in found.items()}
        call = Call(self.services, self._act(again or self._requests), params, given, {}, body, csv)
        try:
            answer = Answer(route.view(call).body)
        except BillingError as error:
            return Answer(refused=error.code)
        self._work_off()
        return answer

    @property
    def last_request(self) -> int:
        """The number of the last request."""
        return self._requests

    @property
    def writes(self) -> int:
        """How many requests that write the store has seen."""
        return self.store.meter.writes

    def evaluate(self, day: date) -> None:
        """The daily evaluation of a day, to its end."""
        self._requests += 1
        daily.start_evaluation(self.services, self._act(self._requests), day, allow_future=True)
        self._work_off()

    def _work_off(self) -> None:
        while self.queued:
            self.carry_out(self.queued.pop(0), self._act(self._requests), lambda: 600.0)

    def pages(self, path: str, **found: Any) -> list[Any]:
        """All items of a list."""
        items: list[Any] = []
        cursor: dict[str, Any] = {}
        while True:
            page = self.request("GET", path, **{**found, **cursor, "limit": PAGE}).body
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}
