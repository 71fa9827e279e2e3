"""Whose an Idempotency-Key is, by each kind of identity that API Gateway tells of, and who is recorded as the author."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

import pytest
from chalice.app import Response

from chalicelib import ids
from chalicelib.api import callers, idempotent
from chalicelib.api.access import ANYTHING, Caller
from chalicelib.storage import idempotency
from chalicelib.storage.idempotency import ClaimRecord
from chalicelib.usecases.request_context import RequestContext
from tests.aws import gateway
from tests.aws.conftest import CUSTOMER, NOW, World
from tests.aws.gateway import Event

PAYMENT = json.dumps({"amount": "5", "reference": "bank"})
JSON = {"Content-Type": "application/json"}
ROUTE = "/customers/{customer_id}/payments"


class Pair(NamedTuple):
    """Two calls' identities, and whether they have the same Idempotency-Keys."""

    first: Event
    second: Event
    same: bool


PAIRS: Mapping[str, Pair] = {
    "two sessions of a role": Pair(gateway.role("billing", "session-1"), gateway.role("billing", "session-2"), True),
    "a session named by a mail address": Pair(gateway.role("billing", "session-1"), gateway.role("billing", "ada@example.com"), True),
    "two roles": Pair(gateway.role("billing", "session-1"), gateway.role("billing-2", "session-1"), False),
    "a role in another partition": Pair(gateway.role("billing", "s"), gateway.role("billing", "s", partition="aws-cn"), False),
    "sessions of a role in China": Pair(
        gateway.role("billing", "1", partition="aws-cn"), gateway.role("billing", "2", partition="aws-cn"), True
    ),
    "a user": Pair(gateway.user("ada"), gateway.user("ada"), True),
    "two users": Pair(gateway.user("ada"), gateway.user("bob"), False),
    "users of the same name in two paths": Pair(gateway.user("sales/ada"), gateway.user("support/ada"), False),
    "a user and a role of one name": Pair(gateway.user("billing"), gateway.role("billing", "billing"), False),
    "two federated users": Pair(gateway.federated("ada"), gateway.federated("bob"), False),
    "a federated user": Pair(gateway.federated("ada"), gateway.federated("ada"), True),
    "the root and a user": Pair(gateway.root(), gateway.user("root"), False),
    "a Cognito identity": Pair(gateway.cognito("eu-west-1:aaaa"), gateway.cognito("eu-west-1:aaaa"), True),
    "two Cognito identities of a pool": Pair(gateway.cognito("eu-west-1:aaaa"), gateway.cognito("eu-west-1:bbbb"), False),
}


def paid(world: World, identity: Event, key: str = "key-1") -> Event:
    headers = JSON | {"Idempotency-Key": key}
    return world.ask("POST", ROUTE, {"customer_id": CUSTOMER}, body=PAYMENT, headers=headers, identity=identity)


def payments(world: World) -> list[Event]:
    found: list[Event] = []
    query: dict[str, list[str]] = {}
    while True:
        page = world.read("GET", "/customers/{customer_id}/ledger", {"customer_id": CUSTOMER}, query=query)
        found += [entry for entry in page["items"] if entry["kind"] == "payment"]
        if page["next_cursor"] is None:
            return found
        query = {"cursor": [page["next_cursor"]]}


@pytest.mark.parametrize("name", PAIRS)
def test_a4_a_key_belongs_to_the_role_or_user_not_to_the_session(name: str, world: World) -> None:
    first, second, same = PAIRS[name]
    one, other = paid(world, first), paid(world, second)
    assert (one["statusCode"], other["statusCode"]) == (201, 201)
    assert (one["body"] == other["body"]) == same
    authors = [first["userArn"]] if same else [first["userArn"], second["userArn"]]
    assert sorted(entry["recorded_by"] for entry in payments(world)) == sorted(authors)


def test_a4_another_body_with_the_key_of_the_role_is_refused_in_any_session(world: World) -> None:
    paid(world, gateway.role("billing", "session-1"))
    answer = world.ask(
        "POST", ROUTE, {"customer_id": CUSTOMER}, body=json.dumps({"amount": "6"}), headers=JSON | {"Idempotency-Key": "key-1"},
        identity=gateway.role("billing", "session-2"),
    )  # fmt: skip
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (422, "idempotency_key_reused")


def test_a4_what_the_former_release_answered_is_found_by_the_same_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It took keys as the session's. Another session can't know the name of that one, so its retry is a new request, as ever."""
    with monkeypatch.context() as former:
        former.setattr(callers, "owner", callers.caller_name)
        before = paid(world, gateway.role("billing", "session-1"))
    again, elsewhere = (paid(world, gateway.role("billing", session)) for session in ("session-1", "session-2"))
    assert again == before
    assert elsewhere["body"] != before["body"]
    assert len(payments(world)) == 2


def test_a4_a_claim_that_the_former_release_left_is_taken_over(world: World) -> None:
    """So what its retry makes has the ids that the first attempt made."""
    who, begun = Caller("session", ANYTHING, owner="role"), NOW - timedelta(minutes=1)
    fingerprint, body_hash = (hashlib.sha256(text.encode()).hexdigest() for text in ('["session", "POST x", "key"]', "null"))
    claim = ClaimRecord(fingerprint, body_hash, begun.isoformat(), (NOW - timedelta(seconds=30)).isoformat())
    idempotency.write_claim(world.stage.db, claim, None)
    made: list[str] = []

    def work(request_context: RequestContext) -> Response:
        made.append(request_context.id)
        return Response({}, {}, 201)

    idempotent.answered(world.stage.db, who, "POST x", "key", None, work)
    assert made == [ids.derived(begun, fingerprint)]


def test_who_signs_nothing_is_anonymous() -> None:
    context = {"identity": gateway.nobody()}
    assert (callers.caller_name(context), callers.owner(context)) == ("anonymous", "anonymous")


def test_what_the_query_says_belongs_to_a_key(world: World) -> None:
    """A dry run that was answered under a key is not the answer to the request that is meant."""
    made = world.read(
        "POST", "/packages/import", {}, query={"dry_run": ["false"]}, body="name\nNew\n", headers={"Content-Type": "text/csv"}
    )
    undo, headers = ("POST", "/imports/{import_id}/undo", {"import_id": made["import_id"]}), {"Idempotency-Key": "undo"}
    world.read(*undo, query={"dry_run": ["true"]}, headers=headers)
    refused = world.ask(*undo, headers=headers)
    assert (refused["statusCode"], json.loads(refused["body"])["code"]) == (422, "idempotency_key_reused")


def test_a_file_that_a_former_release_made_is_known_by_its_hash(world: World) -> None:
    """A retry may come after an update: what is hashed of a file and its query stays what it was on 2026-11-28."""
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "a file"}
    world.read("POST", "/packages/import", {}, query={"dry_run": ["false"]}, body="name\nNew\n", headers=headers)
    items = [item for (pk, _), item in world.stage.store.tables["runs"].items.items() if pk.startswith("IDEMPOTENCY#")]
    assert [item["body_hash"]["S"] for item in items] == ["fd480d9431250207a7c17163ebbbf97cd499e6d7c9203ee555aa3c3e61eaa44b"]
