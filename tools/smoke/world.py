"""What the checks of a deployed stack share: clients of it, things of their own to work on, and a record of what was seen."""

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import httpx
from botocore.credentials import Credentials

from tools.aws import Aws
from tools.checks import Failed, NotProven
from tools.signed import SigV4

Json = dict[str, Any]
REQUEST_SECONDS = 35
"""A little more than API Gateway gives a request."""
TEXT_CHARACTERS_MAX = 2_000
LOOK_SECONDS = 2.0
TOO_MANY, REFUSALS_MAX = 429, 30


class Asked(NamedTuple):
    """What is checked, and how long to wait for it. `role`: one whose sessions may call the API."""

    stack: str
    role: str | None
    patience: float


class World:
    """A deployed stack, and what is made in it. `prefix` stands before every id that is made."""

    def __init__(self, aws: Aws, asked: Asked) -> None:
        self.aws, self.asked, self.stack = aws, asked, asked.stack
        self.prefix = f"smoke-{datetime.now(UTC):%Y%m%d%H%M%S}"
        self.seen: list[Json] = []
        self.customers: list[str] = []
        self.assignments: list[str] = []
        self.packages: list[str] = []

    @cached_property
    def outputs(self) -> dict[str, str]:
        return self.aws.outputs(self.stack)

    @cached_property
    def variables(self) -> dict[str, str]:
        """The environment of the stack's functions."""
        told = self.aws.client("lambda").get_function_configuration(FunctionName=f"{self.stack}-api_handler")
        return dict(told["Environment"]["Variables"])

    @property
    def mode(self) -> str:
        return self.variables["AUTH_MODE"]

    @cached_property
    def today(self) -> date:
        """Today where the stack bills."""
        return datetime.now(ZoneInfo(self.variables["BILLING_TIMEZONE"])).date()

    @property
    def address(self) -> str:
        """The API's address, without a slash at its end; the embedded gateway has one of its own."""
        if self.aws.endpoint:
            return f"{self.aws.endpoint}/restapis/{self.outputs['RestAPIId']}/api/_user_request_"
        return self.outputs["EndpointURL"].rstrip("/")

    def client(self, credentials: Credentials | None = None) -> httpx.Client:
        """A client that calls as the stack wants it: signed, with the token of BILLING_TOKEN, or plainly. Raises `NotProven`."""
        client = self.stranger()
        if self.mode == "jwt":
            if not (token := os.environ.get("BILLING_TOKEN")):
                raise NotProven("the stack wants tokens: set BILLING_TOKEN to one with all scopes")
            client.headers["Authorization"] = f"Bearer {token}"
        elif self.mode == "iam":
            client.auth = self._signature(credentials or self.aws.credentials)
        return client

    def _signature(self, credentials: Credentials | None) -> SigV4:
        if credentials is None or self.aws.region is None:
            raise Failed("there are no credentials to sign with, or no region")
        return SigV4(credentials, self.aws.region)

    def stranger(self) -> httpx.Client:
        """A client without credentials."""
        return httpx.Client(
            base_url=self.address, timeout=REQUEST_SECONDS, trust_env=self.aws.endpoint is None, event_hooks={"response": [self._note]}
        )

    @cached_property
    def api(self) -> httpx.Client:
        return self.client()

    def _note(self, answer: httpx.Response) -> None:
        """Keeps what was asked and answered; neither signatures nor tokens."""
        answer.read()
        asked = {"method": answer.request.method, "url": str(answer.request.url), "body": answer.request.read().decode()}
        self.note(asked | {"status": answer.status_code, "answer": answer.text[:TEXT_CHARACTERS_MAX], "headers": dict(answer.headers)})

    def note(self, what: Json) -> None:
        self.seen.append({"at": datetime.now(UTC).isoformat(timespec="seconds")} | what)

    def invoke(self, function: str, payload: Json) -> Json:
        """What a function answers. Raises `Failed` when it raised."""
        answer = self.aws.client("lambda").invoke(FunctionName=f"{self.stack}-{function}", Payload=json.dumps(payload).encode())
        result = json.loads(answer["Payload"].read() or b"null")
        self.note({"function": function, "payload": payload, "answer": result})
        if answer.get("FunctionError"):
            raise Failed(f"{function} raised: {str(result)[:TEXT_CHARACTERS_MAX]}")
        return dict(result)

    def until(self, look: Callable[[], Any], *, seconds: float | None = None) -> Any:
        """What `look` answers as soon as it is something; None when the time is up."""
        deadline = time.monotonic() + (self.asked.patience if seconds is None else seconds)
        while not (answer := look()):
            if time.monotonic() > deadline:
                return None
            time.sleep(0.1 if self.aws.endpoint else LOOK_SECONDS)
        return answer

    # Things to work on

    def customer(self, **fields: Any) -> str:
        name = f"{self.prefix}-{len(self.customers) + 1}"
        expect(self.api.put(f"/customers/{name}", json={"currency": "USD"} | fields), 201)
        self.customers.append(name)
        return name

    def package(self, **fields: Any) -> str:
        made = expect(self.api.post("/packages", json={"name": self.prefix, "currency": "USD"} | fields), 201)
        self.packages.append(made["package_id"])
        return str(made["package_id"])

    def assignment(self, customer: str, package: str, **fields: Any) -> str:
        body = {"package_id": package, "start_date": self.today.isoformat()} | fields
        made = expect(self.api.post(f"/customers/{customer}/assignments", json=body), 201)
        self.assignments.append(f"/customers/{customer}/assignments/{made['assignment_id']}")
        return self.assignments[-1]

    def balance(self, customer: str) -> Decimal:
        return Decimal(expect(self.api.get(f"/customers/{customer}"))["balance"])


def patiently(client: httpx.Client, url: str | httpx.URL, **options: Any) -> httpx.Response:
    """A GET that waits as it is told where the API's bounds refuse it: a page is asked for several times here."""
    answer = client.get(url, **options)
    for _ in range(REFUSALS_MAX):
        if answer.status_code != TOO_MANY:
            break
        time.sleep(int(answer.headers.get("Retry-After", LOOK_SECONDS)))
        answer = client.get(url, **options)
    return answer


def expect(answer: httpx.Response, *statuses: int) -> Any:
    """The body of an answer with one of these statuses, 200 if none is said. Raises `Failed`."""
    if answer.status_code not in (statuses or (200,)):
        raise Failed(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}")
    return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer.text


def demand(truth: bool, says: str) -> None:
    """Raises `Failed` unless something is so."""
    if not truth:
        raise Failed(says)
