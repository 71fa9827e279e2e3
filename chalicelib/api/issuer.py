"""The keys of an OIDC issuer: found by discovery, kept in the process, fetched again when they are old or one is missing.

While the issuer is down, tokens signed with known keys are still accepted.
Tokens with made-up key ids can't make this service flood the issuer with requests.
"""

import json
import logging
import socket
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..domain.errors import IssuerUnreachable

if TYPE_CHECKING:
    from jwt import PyJWK

FRESH_SECONDS: Final = 600.0
"""Afterwards keys are fetched again: those that the issuer withdrew are refused from then on."""
MISS_SECONDS: Final = 5.0
"""Between two fetches because of a key id that is not known."""
RETRY_SECONDS: Final = 30.0
"""Between two tries to renew old keys; they count until one succeeds."""
RETRY_WITHOUT_KEYS_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 4.0
ISSUER_ANSWER_BYTES_MAX: Final = 1 << 19
ALGORITHMS: Final[Mapping[str, tuple[str, str | None]]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", None)),
    "ES256": ("EC", "P-256"), "ES384": ("EC", "P-384"), "ES512": ("EC", "P-521"), "EdDSA": ("OKP", "Ed25519"),
}  # fmt: skip
"""What a signature may be made with: by public key only. Each with the type and the curve of its keys."""
_PUBLIC: Final = ("kty", "crv", "n", "e", "x", "y")
FETCH_FAULTS: Final = (OSError, HTTPException, ValueError, RecursionError)
"""What fetching a document may raise."""
_log = logging.getLogger("packages_billing")

Fetch = Callable[[str], Any]


class KeySet(NamedTuple):
    """The keys that an issuer publishes, as it spells them."""

    keys: tuple[Mapping[str, Any], ...]

    def find(self, kid: str | None, algorithm: str) -> Mapping[str, Any] | None:
        """The one key of that id that makes signatures of that algorithm; a token without `kid` needs a sole one."""
        found = [key for key in self.keys if (kid is None or key.get("kid") == kid) and _signs(key, algorithm)]
        return found[0] if len(found) == 1 else None


def _signs(key: Mapping[str, Any], algorithm: str) -> bool:
    (kind, curve), uses = ALGORITHMS[algorithm], key.get("key_ops")
    verifies = key.get("use", "sig") == "sig" and (uses is None or (isinstance(uses, list) and "verify" in uses))
    return verifies and key.get("kty") == kind and curve in (None, key.get("crv")) and key.get("alg", algorithm) == algorithm


class Issuer:
    """An issuer by its URL. `fetch` gets a JSON document, raising `OSError` or `ValueError`; `clock` counts seconds."""

    def __init__(self, url: str, fetch: Fetch | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self._fetch = fetch or fetched
        self._clock = clock
        self._lock = Lock()
        self._set: KeySet | None = None
        self._made: dict[tuple[str | None, str], PyJWK] = {}
        self._due_at = self._miss_at = float("-inf")

    def key(self, kid: str | None, algorithm: str) -> "PyJWK | None":
        """The key of that id for that algorithm, None if the issuer has none. Raises `IssuerUnreachable` when no keys are known."""
        with self._lock:
            return self._known(kid, algorithm) or self._made_key(kid, algorithm)

    def _known(self, kid: str | None, algorithm: str) -> "PyJWK | None":
        return self._made.get((kid, algorithm)) if self._clock() < self._due_at else None

    def _made_key(self, kid: str | None, algorithm: str) -> "PyJWK | None":
        from jwt import PyJWK, PyJWTError

        found = self._found(kid, algorithm)
        if found is None:
            return None
        try:
            made = PyJWK({name: found[name] for name in _PUBLIC if isinstance(found.get(name), str)}, algorithm)
        except (PyJWTError, ValueError) as error:
            _log.warning("a key of %s can't be read: %s", self.url, error)
            return None
        self._made[kid, algorithm] = made
        return made

    def _found(self, kid: str | None, algorithm: str) -> Mapping[str, Any] | None:
        if self._clock() >= self._due_at:
            self._renew()
        elif self._set and not self._set.find(kid, algorithm) and self._clock() >= self._miss_at:
            self._miss_at = self._clock() + MISS_SECONDS
            self._renew()
        if self._set is None:
            raise IssuerUnreachable("the token issuer does not answer correctly, and none of its keys are known")
        return self._set.find(kid, algorithm)

    def _renew(self) -> None:
        """Fetch the keys; on failure keep those that are known."""
        try:
            self._set, self._made = self._published(), {}
        except FETCH_FAULTS as error:
            _log.warning("the keys of %s can't be fetched: %s", self.url, error)
            self._due_at = self._clock() + (RETRY_SECONDS if self._set else RETRY_WITHOUT_KEYS_SECONDS)
        else:
            self._due_at = self._clock() + FRESH_SECONDS

    def _published(self) -> KeySet:
        """The issuer's keys, by way of its discovery document. Raises `ValueError` for documents that are not what they must be."""
        document = self._fetch(f"{self.url.rstrip('/')}/.well-known/openid-configuration")
        if not isinstance(document, dict) or document.get("issuer") != self.url:
            raise ValueError("its discovery document names another issuer")
        place = document.get("jwks_uri")
        if not isinstance(place, str) or not place.startswith(("https://", "http://") if self.url.startswith("http://") else "https://"):
            raise ValueError("its discovery document names no keys that can be fetched safely")
        found = self._fetch(place)
        keys = found.get("keys") if isinstance(found, dict) else None
        if not isinstance(keys, list):
            raise ValueError("its key document has no keys")
        return KeySet(tuple(key for key in keys if isinstance(key, dict)))


class _Bounded(HTTPConnection):
    """A connection that ends after some seconds, however it is used: a socket's own timeout begins anew with each byte."""

    def connect(self) -> None:
        """Connect, and see to the end."""
        self._kept: socket.socket | None = None
        timer = Timer(ANSWER_SECONDS, self._end)
        timer.daemon = True
        timer.start()
        super().connect()
        self._kept = self.sock

    def _end(self) -> None:
        for one in (self.sock, self._kept):  # urllib takes the first away once the headers are read
            with suppress(OSError):
                if one is not None:
                    one.shutdown(socket.SHUT_RDWR)


class _BoundedTls(_Bounded, HTTPSConnection):
    """The same over TLS."""


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_Bounded, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_BoundedTls, req)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An issuer's documents are where it says they are."""

    def redirect_request(self, *_: Any) -> None:
        """Leave the redirect as an answer that is no good."""


def fetched(url: str) -> Any:
    """The JSON at `url`, without following redirects. Raises `OSError`, `HTTPException` or `ValueError`; takes some seconds at most."""
    proxies = urllib.request.ProxyHandler({} if url.startswith("http://") else None)
    asked = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - https, or a local stage's issuer
    deadline, body = time.monotonic() + ANSWER_SECONDS, b""
    with urllib.request.build_opener(_NoRedirect, _Http, _Https, proxies).open(asked, timeout=ANSWER_SECONDS) as answer:
        while part := answer.read1(65_536):
            body += part
            if len(body) > ISSUER_ANSWER_BYTES_MAX or time.monotonic() > deadline:
                raise ValueError("its answer is too large, or too slow")
    return json.loads(body)
