"""The issuer's keys: changed, withdrawn, unreachable, asked for by made-up ids. The issuer is real; the clock is turned by hand."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.api import issuer as keys
from chalicelib.api.issuer import Issuer
from chalicelib.api.tokens import Verifier
from chalicelib.domain.errors import IssuerUnreachable, Unauthenticated
from tests.auth.local_issuer import AUDIENCE, Key, LocalIssuer, signed

FIRST, SECOND = Key.make("first"), Key.make("second", "ES256")
A_FETCH = ["/.well-known/openid-configuration", "/keys"]
DISCOVERY = A_FETCH[0]


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def local() -> Iterator[LocalIssuer]:
    with LocalIssuer(FIRST) as running:
        yield running


@pytest.fixture
def passes(local: LocalIssuer, clock: Clock) -> Callable[[Key], bool]:
    """Whether a token signed by a key passes; one verifier for the whole test."""
    checked = Verifier(Issuer(local.url, clock=clock), frozenset({AUDIENCE}), "")

    def ask(key: Key) -> bool:
        try:
            return checked.caller(f"Bearer {signed(key, local.claims())}").name == "ada"
        except Unauthenticated:
            return False

    return ask


Passes = Callable[[Key], bool]


def test_keys_are_fetched_once(local: LocalIssuer, passes: Passes, clock: Clock) -> None:
    for _ in range(20):
        assert passes(FIRST)
        clock.now += 29
    assert local.asked == A_FETCH


def test_a_new_key_counts_at_once_and_the_old_one_no_more(local: LocalIssuer, passes: Passes) -> None:
    assert passes(FIRST)
    local.rotate(SECOND, FIRST)
    assert passes(SECOND)
    assert passes(FIRST)
    assert local.asked == A_FETCH * 2


def test_a_withdrawn_key_counts_until_keys_are_fetched_again(local: LocalIssuer, passes: Passes, clock: Clock) -> None:
    assert passes(FIRST)
    local.rotate(SECOND)
    clock.now += keys.FRESH_SECONDS - 1
    assert passes(FIRST)
    clock.now += 1
    assert passes(SECOND)
    assert not passes(FIRST)


def test_a_new_key_under_an_old_id_takes_its_place(local: LocalIssuer, passes: Passes, clock: Clock) -> None:
    assert passes(FIRST)
    local.rotate(Key.make("first"))
    clock.now += keys.FRESH_SECONDS
    assert passes(local.key)
    assert not passes(FIRST)


def test_two_changes_within_seconds_delay_the_second(local: LocalIssuer, passes: Passes, clock: Clock) -> None:
    assert passes(FIRST)
    local.rotate(SECOND)
    assert passes(SECOND)
    local.rotate(Key.make("third"))
    assert not passes(local.key)
    clock.now += keys.MISS_SECONDS
    assert passes(local.key)


def test_a_flood_of_unknown_key_ids_does_not_reach_the_issuer(local: LocalIssuer, passes: Passes, clock: Clock) -> None:
    assert passes(FIRST)
    stranger = Key.make("0")
    for n in range(1_000):
        assert not passes(stranger._replace(kid=f"made-up-{n}"))
        clock.now += 0.02
        assert passes(FIRST) or n % 50
    assert len(local.asked) <= len(A_FETCH) * (1 + 1_000 * 0.02 / keys.MISS_SECONDS + 1)


def test_a_stopped_issuer_locks_nobody_out(local: LocalIssuer, passes: Passes, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    assert passes(FIRST)
    local.stop()
    for _ in range(10):
        clock.now += keys.FRESH_SECONDS
        assert passes(FIRST)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 10
    assert all("can't be fetched" in record.getMessage() for record in warnings)


def test_a_stopped_issuer_is_asked_now_and_then(local: LocalIssuer, passes: Passes, clock: Clock) -> None:
    assert passes(FIRST)
    del local.documents["/keys"]
    clock.now += keys.FRESH_SECONDS
    for _ in range(100):
        assert passes(FIRST)
        clock.now += 1
    assert len(local.asked) == len(A_FETCH) * (1 + 4)
    local.rotate(SECOND)
    clock.now += keys.RETRY_SECONDS
    assert not passes(FIRST)


def test_the_first_call_with_a_stopped_issuer_is_not_the_callers_fault(local: LocalIssuer, passes: Passes, clock: Clock) -> None:
    local.stop()
    with pytest.raises(IssuerUnreachable):
        passes(FIRST)
    local.start()
    with pytest.raises(IssuerUnreachable):
        passes(FIRST)
    assert local.asked == []
    clock.now += keys.RETRY_WITHOUT_KEYS_SECONDS
    assert passes(FIRST)


def test_tokens_that_can_not_be_the_issuers_do_not_reach_it(local: LocalIssuer, clock: Clock) -> None:
    checked = Verifier(Issuer(local.url, clock=clock), frozenset({AUDIENCE}), "")
    for token in ("x.y.z", signed(FIRST, local.claims(iss="http://127.0.0.1:1")), signed(FIRST, local.claims(), alg="HS256")):
        with pytest.raises(Unauthenticated):
            checked.caller(f"Bearer {token}")
    assert local.asked == []


SPOILT: dict[str, tuple[str, Callable[[LocalIssuer], Any]]] = {
    "no discovery": (DISCOVERY, lambda _: None),
    "discovery no JSON": (DISCOVERY, lambda _: b"<html>"),
    "discovery no object": (DISCOVERY, lambda _: []),
    "another issuer's": (DISCOVERY, lambda local: {"issuer": "https://elsewhere.example", "jwks_uri": f"{local.url}/keys"}),
    "no place": (DISCOVERY, lambda local: {"issuer": local.url}),
    "place a file": (DISCOVERY, lambda local: {"issuer": local.url, "jwks_uri": "file:///etc/passwd"}),
    "place nowhere": (DISCOVERY, lambda local: {"issuer": local.url, "jwks_uri": "http://127.0.0.1:1/keys"}),
    "no keys": ("/keys", lambda _: {}),
    "keys no list": ("/keys", lambda _: {"keys": {}}),
    "keys nested": ("/keys", lambda _: b"[" * 100_000),
    "keys too large": ("/keys", lambda local: json.dumps(local.documents["/keys"]).encode() + b" " * keys.ISSUER_ANSWER_BYTES_MAX),
    "keys no UTF-8": ("/keys", lambda _: b"\xff\xfe\xfd"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_an_issuer_that_answers_nonsense_is_not_reached(case: str, local: LocalIssuer, passes: Passes) -> None:
    path, spoil = SPOILT[case]
    local.documents[path] = spoil(local)
    with pytest.raises(IssuerUnreachable):
        passes(FIRST)


@pytest.mark.parametrize(
    "published",
    [
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"alg": "RS512"},
        {"kty": "EC"},
        {"n": None},
        {"n": 5},
        {"n": "AQ"},
        {"kid": None},
    ],
    ids=str,
)
def test_keys_for_something_else_check_no_token(published: dict[str, Any], local: LocalIssuer, passes: Passes) -> None:
    local.documents["/keys"] = {"keys": [FIRST.published() | published, 7, None, SECOND.published()]}
    assert not passes(FIRST)
    assert passes(SECOND)


def test_redirects_are_not_followed(local: LocalIssuer) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", local.url + "/keys")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        with pytest.raises(OSError, match="302"):
            keys.fetched(f"http://127.0.0.1:{server.server_port}/keys")
    finally:
        server.shutdown()
        server.server_close()
    assert local.asked == []
