"""An OIDC issuer on this machine, and the tokens that it, and others, may make.

Tokens are put together by hand with `cryptography`, not by the library that reads them: forged ones can't be had from it.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, NamedTuple, Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

AUDIENCE = "packages-billing"
READ, WRITE, CHARGE = "billing:read", "billing:write", "billing:charge"
EVERYTHING = f"{READ} {WRITE} {CHARGE}"
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
_CURVES: dict[str, tuple[type[ec.EllipticCurve], str, int]] = {
    "256": (ec.SECP256R1, "P-256", 32), "384": (ec.SECP384R1, "P-384", 48), "512": (ec.SECP521R1, "P-521", 66),
}  # fmt: skip


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _number(value: int, size: int | None = None) -> str:
    return encoded(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Key(NamedTuple):
    """A private key with its id, and the algorithm it signs with."""

    kid: str
    algorithm: str
    private: Any

    @classmethod
    def make(cls, kid: str, algorithm: str = "RS256", bits: int = 2048) -> Self:
        private: Any = ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else None
        if algorithm.startswith("ES"):
            private = ec.generate_private_key(_CURVES[algorithm[2:]][0]())
        return cls(kid, algorithm, private or rsa.generate_private_key(65537, bits))

    def published(self) -> dict[str, Any]:
        """The public half, as an issuer publishes it."""
        jwk: dict[str, Any] = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        public = self.private.public_key()
        if self.algorithm == "EdDSA":
            return jwk | {"kty": "OKP", "crv": "Ed25519", "x": encoded(public.public_bytes_raw())}
        if self.algorithm.startswith("ES"):
            numbers, (_, curve, size) = public.public_numbers(), _CURVES[self.algorithm[2:]]
            return jwk | {"kty": "EC", "crv": curve, "x": _number(numbers.x, size), "y": _number(numbers.y, size)}
        return jwk | {"kty": "RSA", "n": _number(public.public_numbers().n), "e": _number(public.public_numbers().e)}

    def pem(self) -> bytes:
        """The public half as a file: what HS256 is signed with by who hopes that keys are taken for secrets."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return bytes(self.private.public_key().public_bytes(serialization.Encoding.PEM, form))

    def sign(self, content: bytes, algorithm: str | None = None) -> bytes:
        """The signature by this key; of RSA keys by any algorithm of theirs."""
        name = algorithm or self.algorithm
        if name == "EdDSA":
            return bytes(self.private.sign(content))
        hash_ = _HASHES[name[2:]]()
        if name.startswith("ES"):
            size = _CURVES[name[2:]][2]
            r, s = decode_dss_signature(self.private.sign(content, ec.ECDSA(hash_)))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        pad = padding.PSS(padding.MGF1(hash_), hash_.digest_size) if name.startswith("PS") else padding.PKCS1v15()
        return bytes(self.private.sign(content, pad, hash_))


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    return ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))


def signed(key: Key, claims: Mapping[str, Any], *, algorithm: str | None = None, **header: Any) -> str:
    """A token; a header given as None is left out."""
    named = {"alg": algorithm or key.algorithm, "kid": key.kid, "typ": "at+jwt"} | header
    text = unsigned({name: value for name, value in named.items() if value is not None}, claims)
    return f"{text}.{encoded(key.sign(text.encode(), algorithm))}"


def hmac_signed(secret: bytes, claims: Mapping[str, Any], **header: Any) -> str:
    """A token that treats `secret` as one shared with its reader."""
    text = unsigned({"alg": "HS256", "typ": "at+jwt"} | header, claims)
    return f"{text}.{encoded(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


class LocalIssuer:
    """Publishes its keys over HTTP until stopped, counts what it is asked, and makes tokens.

    `documents` are answered by path: tests may spoil them. A stopped issuer starts again on the same port.
    """

    def __init__(self, *keys: Key) -> None:
        self.asked: list[str] = []
        self.documents: dict[str, Any] = {}
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self.keys = keys or (Key.make("first"),)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def key(self) -> Key:
        return self.keys[0]

    def rotate(self, *keys: Key) -> None:
        """Publishes these keys and no others; signs with the first."""
        self.keys = keys
        self.documents["/keys"] = {"keys": [key.published() for key in keys]}

    def claims(self, **changed: Any) -> dict[str, Any]:
        """What a good access token says, with changes; a claim given as None is left out."""
        now = int(time.time())
        good = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "scope": EVERYTHING, "iat": now, "exp": now + 3600}
        return {name: value for name, value in (good | changed).items() if value is not None}

    def token(self, **changed: Any) -> str:
        return signed(self.key, self.claims(**changed))

    def start(self) -> None:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                found = issuer.documents.get(self.path)
                content = found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(200 if found is not None else 404)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Tests look at `asked`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_port
        self.documents["/.well-known/openid-configuration"] = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.rotate(*self.keys)
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
