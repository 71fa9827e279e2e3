"""The deployed service with AUTH_MODE=jwt: what refusals leave behind, who is recorded, and when the issuer is gone."""

import json
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest

from tests.auth.local_issuer import AUDIENCE, CHARGE, EVERYTHING, READ, WRITE, Key, LocalIssuer
from tests.conftest import client_of
from tools.embedded import EmbeddedStack

NUMBERS = count(1)


class Caller:
    """Somebody with a token, calling the guarded API."""

    def __init__(self, client: httpx.Client, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self._client.request(method, path, json=body, headers=self._headers | headers)

    def done(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.ask(method, path, body, **headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def ada(client: httpx.Client, issuer: LocalIssuer) -> Caller:
    return Caller(client, issuer.token(sub="ada"))


@pytest.fixture
def bob(client: httpx.Client, issuer: LocalIssuer) -> Caller:
    return Caller(client, issuer.token(sub="auth0|bob"))


@pytest.fixture
def customer(ada: Caller) -> str:
    customer_id = f"guarded-{next(NUMBERS)}"
    ada.done("PUT", f"/customers/{customer_id}", {"name": "Acme", "debit_limit": "0"})
    return customer_id


def items(stack: EmbeddedStack) -> list[dict[str, Any]]:
    """Everything that is stored."""
    tables = [stack.table_name(name) for name in ("catalog", "accounts", "ledger", "usage", "runs")]
    return [item for table in tables for item in stack.client("dynamodb").scan(TableName=table)["Items"]]


def test_a_refused_call_writes_nothing(client: httpx.Client, guarded: EmbeddedStack, issuer: LocalIssuer, customer: str) -> None:
    before = items(guarded)
    good = {"name": "Phone", "retail": "1"}
    for token in (None, issuer.token(exp=int(time.time()) - 60), issuer.token(scope=f"{READ} {CHARGE}")):
        headers = {"Idempotency-Key": "refused"} | ({"Authorization": f"Bearer {token}"} if token else {})
        assert client.post("/packages", json=good, headers=headers).status_code in (401, 403)
    reader = Caller(client, issuer.token(scope=f"{READ} {WRITE}"))
    live = {"customer": customer, "simulate": "no", "run_id": f"refused-{customer}"}
    assert reader.ask("POST", "/runs", live, **{"Idempotency-Key": "refused"}).status_code == 403
    assert reader.ask("POST", f"/customers/{customer}/payments", {"amount": "1", "reference": "x"}).status_code == 403
    assert items(guarded) == before


@pytest.mark.parametrize("token", [None, "secret"])
def test_what_is_there_is_not_revealed(token: str | None, client: httpx.Client, customer: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    there, missing = (client.get(f"/customers/{one}?no=such", headers=headers) for one in (customer, "nobody"))
    assert (there.status_code, there.json()) == (missing.status_code, missing.json())


@pytest.mark.parametrize("content", ["{", '{"simulate": "maybe"}', "[]", '{"simulate": "no", "customer": 7}', '"no"', ""])
@pytest.mark.parametrize(
    ("scope", "statuses"),
    [(None, {401}), ("", {403}), (WRITE, {403}), (READ, {400, 403, 422}), (CHARGE, {400, 422}), (EVERYTHING, {400, 422})],
)
def test_runs_that_can_not_be_read(scope: str | None, statuses: set[int], content: str, client: httpx.Client, issuer: LocalIssuer) -> None:
    headers = {"Content-Type": "application/json"} | ({} if scope is None else {"Authorization": f"Bearer {issuer.token(scope=scope)}"})
    assert client.post("/runs", content=content, headers=headers).status_code in statuses


def test_unknown_paths_are_not_found(client: httpx.Client) -> None:
    answer = client.get("/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_every_write_records_the_subject(ada: Caller, bob: Caller, customer: str, guarded: EmbeddedStack) -> None:
    package = bob.done("POST", "/packages", {"name": "Phone", "retail": "5"})["package_id"]
    ada.done("PATCH", f"/packages/{package}", {"retail": "6"})
    today = ada.done("POST", "/runs", {"customer": customer})["date"]
    assignment = bob.done(
        "POST", f"/customers/{customer}/assignments",
        {"package_id": package, "start_date": today, "auto_decrement_credit": True},
    )["assignment_id"]  # fmt: skip
    ada.done("POST", f"/customers/{customer}/payments", {"amount": "100", "reference": "bank"})
    live = {"customer": customer, "simulate": "no", "date": today, "run_id": f"run-{customer}"}
    assert bob.done("POST", "/runs", live)["lines"][0]["status"] == "posted"
    call = {"call_id": "1", "started_at": f"{today}T00:00:00Z", "destination": "44", "seconds": 60, "charge": "1"}
    bob.done("POST", f"/customers/{customer}/usage", {"calls": [call]})
    ada.done("POST", f"/runs/run-{customer}/reversal")
    written = [ada.done("GET", path) for path in (f"/packages/{package}", f"/customers/{customer}/assignments/{assignment}")]
    assert [(one["created_by"], one["updated_by"]) for one in written] == [("auth0|bob", "ada"), ("auth0|bob", "auth0|bob")]
    entries = ada.done("GET", f"/customers/{customer}/ledger")["items"]
    assert {(entry["kind"], entry["recorded_by"]) for entry in entries} == {
        ("payment", "ada"), ("recurring", "auth0|bob"), ("reversal", "ada"),
    }  # fmt: skip
    run = ada.done("GET", f"/runs/run-{customer}")
    assert (run["created_by"], run["reversal"]["by"]) == ("auth0|bob", "ada")
    (call_item,) = [item for item in items(guarded) if (item["pk"]["S"], item["sk"]["S"]) == (customer, "CALL#1")]
    assert "auth0|bob" in {value.get("S") for value in call_item.values()}


def test_unparking_records_the_subject(ada: Caller, bob: Caller, customer: str, guarded: EmbeddedStack) -> None:
    guarded.client("dynamodb").update_item(
        TableName=guarded.table_name("accounts"), Key={"pk": {"S": customer}, "sk": {"S": "ACCOUNT"}},
        UpdateExpression="SET parked = :yes, evaluate_from = :day",
        ExpressionAttributeValues={":yes": {"BOOL": True}, ":day": {"S": "2031-01-01"}},
    )  # fmt: skip
    assert bob.done("POST", f"/customers/{customer}/unpark")["updated_by"] == "auth0|bob"
    assert ada.done("GET", f"/customers/{customer}")["created_by"] == "ada"


def test_a_held_charge_is_written_off_by_somebody(ada: Caller, bob: Caller, customer: str) -> None:
    package = ada.done("POST", "/packages", {"name": "Phone", "retail": "5"})["package_id"]
    today = ada.done("POST", "/runs", {"customer": customer})["date"]
    assigned = {"package_id": package, "start_date": today, "auto_decrement_credit": True}
    ada.done("POST", f"/customers/{customer}/assignments", assigned)
    ada.done("POST", "/runs", {"customer": customer, "simulate": "no", "date": today, "run_id": f"held-{customer}"})
    (held,) = ada.done("GET", f"/held?customer={customer}")["items"]
    cancelled = bob.done("POST", f"/held/{held['entry_id']}/cancellation")
    assert (cancelled["recorded_by"], cancelled["cancelled_by"]) == ("ada", "auth0|bob")


def test_idempotency_keys_belong_to_the_subject(ada: Caller, bob: Caller, client: httpx.Client, issuer: LocalIssuer, customer: str) -> None:
    key, path, payment = {"Idempotency-Key": customer}, f"/customers/{customer}/payments", {"amount": "1", "reference": "x"}
    first = ada.done("POST", path, payment, **key)
    later = Caller(client, issuer.token(sub="ada", jti="another token")).done("POST", path, payment, **key)
    other = bob.done("POST", path, payment, **key)
    assert first == later != other


def test_an_answer_is_kept_from_who_may_not_have_it(ada: Caller, client: httpx.Client, issuer: LocalIssuer, customer: str) -> None:
    key, path, payment = {"Idempotency-Key": customer}, f"/customers/{customer}/payments", {"amount": "1", "reference": "x"}
    ada.done("POST", path, payment, **key)
    assert Caller(client, issuer.token(sub="ada", scope=READ)).ask("POST", path, payment, **key).status_code == 403


def test_tokens_are_in_no_log_and_no_table(ada: Caller, client: httpx.Client, guarded: EmbeddedStack, issuer: LocalIssuer) -> None:
    tokens = [issuer.token(sub="ada", jti="kept secret"), issuer.token(exp=1), issuer.token(scope=READ)]
    for token in tokens:
        Caller(client, token).ask("POST", "/packages", {"name": "x"}, **{"Idempotency-Key": "secret"})
    written = guarded.function_log("api_handler") + json.dumps(items(guarded), default=str) + guarded.log()
    assert '"caller":"ada"' in written
    for token in tokens:
        for part in token.split(".")[1:]:
            assert part not in written


def test_health_is_open_whatever_is_shown(client: httpx.Client) -> None:
    for headers in ({}, {"Authorization": "Bearer secret"}, {"Authorization": "Basic YTpi"}):
        assert client.get("/health", headers=headers).status_code == 200


def test_a_new_key_is_taken_while_the_service_runs(client: httpx.Client, guarded: EmbeddedStack, issuer: LocalIssuer) -> None:
    old, new = issuer.key, Key.make(f"rotated-{next(NUMBERS)}", "ES256")
    assert Caller(client, issuer.token()).ask("GET", "/packages").status_code == 200
    issuer.rotate(new, old)
    deadline = time.monotonic() + 15
    while Caller(client, issuer.token()).ask("GET", "/packages").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    issuer.rotate(old, new)


@pytest.fixture(scope="module")
def lonely() -> Iterator[tuple[LocalIssuer, EmbeddedStack]]:
    """A service whose issuer has stopped before the first call."""
    with LocalIssuer() as issuer:
        env = {"AUTH_MODE": "jwt", "AUTH_ISSUER": issuer.url, "AUTH_AUDIENCE": f"other {AUDIENCE}", "AUTH_SCOPE_PREFIX": "packages/"}
        with EmbeddedStack(env=env) as stack:
            issuer.stop()
            yield issuer, stack


def test_an_issuer_that_is_away_and_comes_and_goes(lonely: tuple[LocalIssuer, EmbeddedStack]) -> None:
    issuer, stack = lonely
    with client_of(stack) as client:
        caller = Caller(client, issuer.token(scope=f"packages/{READ}"))
        answer = caller.ask("GET", "/packages")
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "issuer_unreachable", "2")
        assert Caller(client, "secret").ask("GET", "/packages").status_code == 401
        issuer.start()
        time.sleep(2)
        assert caller.ask("GET", "/packages").status_code == 200
        refused = caller.ask("POST", "/packages", {"name": "x"})
        assert (refused.status_code, f'scope="packages/{WRITE}"' in refused.headers["www-authenticate"]) == (403, True)
        issuer.stop()
        assert caller.ask("GET", "/packages").status_code == 200
