"""The deployed service as its callers see it: HTTP requests and invoked functions, nothing else."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import httpx

from demo.provider import Body

Invoke = Callable[[str, Mapping[str, object]], Any]
"""Invokes a deployed function by name with a JSON event; answers its result."""

Enqueue = Callable[[str, str], None]
"""Sends a text to a deployed queue by name."""

POLL_SECONDS = 0.02
"""A daily run of the sample takes about a fifth of a second, and asking for it as long as this pause."""
RUN_SECONDS_MAX = 120
"""A daily run that takes longer than this has stopped."""
REQUEST_SECONDS_MAX = 60
PAGE_ITEMS = 200


class ServiceError(RuntimeError):
    """The service refused something that the story needs, or did not answer as promised."""


class Service:
    """A thin client; every answer is JSON whose amounts are decimal strings."""

    def __init__(
        self, *, base_url: str, invoke: Invoke, enqueue: Enqueue | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._invoke, self._enqueue = invoke, enqueue
        self._http = httpx.Client(timeout=REQUEST_SECONDS_MAX, trust_env=False, transport=transport)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:
        """The answer of a GET."""
        return self._request("GET", path, params=query)

    def put(self, path: str, body: Body) -> Any:
        """The answer of a PUT."""
        return self._request("PUT", path, json=body)

    def patch(self, path: str, body: Body) -> Any:
        """The answer of a PATCH."""
        return self._request("PATCH", path, json=body)

    def post(self, path: str, body: Body, *, key: str | None = None) -> Any:
        """The answer of a POST; with `key`, the same body posted again under it changes nothing."""
        headers = {"Idempotency-Key": _idempotency_key(key, body)} if key else {}
        return self._request("POST", path, json=body, headers=headers)

    def items(self, path: str, **query: str) -> list[Any]:
        """Everything that a list holds, page after page."""
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit=PAGE_ITEMS, **query, **cursor)
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def evaluate(self, day: date) -> Any:
        """Run the daily evaluation of `day`, wait for its end and answer its run record."""
        event = {"date": day.isoformat(), "allow_future": True}
        summary = self._invoke("evaluate_due_charges", event)
        if not isinstance(summary, dict) or "run_id" not in summary:
            raise ServiceError(f"evaluating {day} answered {summary!r} instead of a summary with a run_id")
        give_up = time.monotonic() + RUN_SECONDS_MAX
        while time.monotonic() < give_up:
            run = self.get(f"/runs/{summary['run_id']}")
            if run["status"] != "running":
                return run
            time.sleep(POLL_SECONDS)
        raise ServiceError(f"the daily run of {day} has not finished within {RUN_SECONDS_MAX} seconds")

    def enqueue(self, queue: str, message: Body) -> None:
        """Send a message to a queue, which answers nothing."""
        if self._enqueue is None:
            raise ServiceError(f"there is no way to the queue {queue}")
        self._enqueue(queue, json.dumps(message))

    def _request(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            response = self._http.request(method, self.base_url + path, **arguments)
        except httpx.HTTPError as error:
            raise ServiceError(f"{method} {path}: no answer ({error})") from error
        if response.is_error:
            raise ServiceError(f"{method} {path} is answered {response.status_code}: {_problem(response)}")
        return json.loads(response.content, parse_float=Decimal)


def _problem(response: httpx.Response) -> str:
    """What a problem document says; the plain text of anything else."""
    try:
        problem = response.json()
        return f"{problem['code']}, {problem.get('detail', problem['title'])}"
    except (ValueError, KeyError, TypeError):
        return response.text


def _idempotency_key(key: str, body: Body) -> str:
    """A changed body is a new request, so that an edited sample can be loaded beside the old one."""
    digest = hashlib.sha256(json.dumps([key, body], sort_keys=True).encode()).hexdigest()
    return f"sample-{digest[:40]}"
