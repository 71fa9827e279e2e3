"""An issuer that answers slowly, or publishes nonsense: a call is refused, in time, and never a defect of the service."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from chalicelib.api import issuer as module
from chalicelib.api.issuer import Issuer, fetched
from tests.auth.local_issuer import Key

GOOD = Key.make("first").published()


@contextmanager
def dripping(beginning: bytes, drop: bytes) -> Iterator[str]:
    """The URL of a server that answers a beginning, and then for ever a drop each tenth of a second."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(beginning)
                try:
                    for _ in range(300):
                        time.sleep(0.1)
                        connection.sendall(drop)
                except OSError:
                    return

        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


DRIPS = {
    "D13-status": (b"", b"H"),
    "D13-header": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "D13-headers": (b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"),
    "D13-body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" "),
    "D13-chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
}


@pytest.mark.parametrize(("beginning", "drop"), DRIPS.values(), ids=DRIPS)
def test_an_answer_that_drips_ends_in_time(beginning: bytes, drop: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
    began = time.monotonic()
    with dripping(beginning, drop) as url, pytest.raises(module.FETCH_FAULTS):
        fetched(url)
    assert time.monotonic() - began < 2


NONSENSE: dict[str, dict[str, Any]] = {
    "D13-key_ops a number": {"key_ops": 5},
    "D13-key_ops a text": {"key_ops": "verify"},
    "D13-key_ops an object": {"key_ops": {"verify": True}},
    "D13-key_ops without verify": {"key_ops": ["sign"]},
    "D13-key_ops of lists": {"key_ops": [["verify"]]},
    "D13-n a number": {"n": 5},
    "D13-n no base64": {"n": "é!"},
    "D13-n empty": {"n": ""},
    "D13-e null": {"e": None},
    "D13-e a list": {"e": ["AQAB"]},
    "D13-kty a list": {"kty": ["RSA"]},
    "D13-use a list": {"use": ["sig"]},
}


@pytest.mark.parametrize("changed", NONSENSE.values(), ids=NONSENSE)
def test_a_key_that_makes_no_sense_is_no_key(changed: dict[str, Any]) -> None:
    documents = {
        "https://issuer.example/.well-known/openid-configuration": {
            "issuer": "https://issuer.example",
            "jwks_uri": "https://issuer.example/k",
        },
        "https://issuer.example/k": {"keys": [GOOD | changed]},
    }
    assert Issuer("https://issuer.example", documents.__getitem__).key("first", "RS256") is None


@pytest.mark.parametrize("good", [{}, {"key_ops": ["verify"]}, {"key_ops": ["verify", "wrapKey"]}, {"key_ops": None}], ids=str)
def test_a_key_that_verifies_is_one(good: dict[str, Any]) -> None:
    documents = {
        "https://issuer.example/.well-known/openid-configuration": {
            "issuer": "https://issuer.example",
            "jwks_uri": "https://issuer.example/k",
        },
        "https://issuer.example/k": {"keys": [GOOD | good]},
    }
    assert Issuer("https://issuer.example", documents.__getitem__).key("first", "RS256") is not None
