"""An OIDC issuer at which a person signs in: authorization code with PKCE, and tokens that the service checks."""

import base64
import hashlib
import html
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.auth.local_issuer import AUDIENCE, Key, signed

CLIENT_ID = "console"


class SignInIssuer:
    """Grants `scopes` for `seconds` to whoever presses its button; a browser that has done so once is not asked again.

    A code counts once, for its client, its address and its verifier.
    """

    def __init__(self) -> None:
        self.like_cognito = False
        self.scopes = "openid billing:read billing:write billing:charge"
        self.seconds = 3600
        self.refuses = False
        self.audience = AUDIENCE
        self.roles: list[str] = []
        self.signed_in: list[str] = []
        self._key = Key.make("person")
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def documents(self) -> dict[str, Any]:
        """What it publishes."""
        discovery = {
            "issuer": self.url, "jwks_uri": f"{self.url}/keys", "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "end_session_endpoint": f"{self.url}/ended",
            "code_challenge_methods_supported": ["S256"],
        }  # fmt: skip
        return {"/.well-known/openid-configuration": discovery, "/keys": {"keys": [self._key.published()]}}

    def redirect(self, asked: dict[str, str]) -> str:
        """Where the browser goes from here, with a code or with a refusal."""
        if self.refuses:
            answer = {"error": "access_denied", "error_description": "Ask your administrator", "state": asked["state"]}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            self.signed_in.append(asked["scope"])
            answer = {"code": code, "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, given: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer to a code."""
        asked = self._codes.pop(given.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        proved = asked and (asked["code_challenge_method"], asked["code_challenge"]) == ("S256", challenge)
        if not asked or not proved or any(given.get(name) != asked[name] for name in ("client_id", "redirect_uri")):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "sub": "ada", "iat": now, "exp": now + self.seconds}
        access = signed(self._key, claims | {"aud": self.audience, "scope": self.scopes, "groups": self.roles})
        person = signed(self._key, claims | {"aud": CLIENT_ID, "name": "Ada Lovelace"}, typ="JWT")
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": self.seconds, "id_token": person}
        return 200, answer if self.like_cognito else answer | {"scope": self.scopes}

    def page(self, path: str, query: str, *, known: bool) -> tuple[int, str, dict[str, str]]:
        """Status, content and headers of what a browser asks for."""
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if path in self.documents():
            return 200, json.dumps(self.documents()[path]), {"Content-Type": "application/json"}
        if path == "/enter" or (path == "/authorize" and known):
            return 302, "", {"Location": self.redirect(asked), "Set-Cookie": "seen=1"}
        if path == "/authorize":
            target = html.escape(f"/enter?{query}")
            return 200, f'<h1>Issuer</h1><a href="{target}">Sign in as Ada</a>', {"Content-Type": "text/html"}
        if self.like_cognito and path == "/ended":
            return self.ended(asked)
        return 200, "<h1>Signed out</h1>", {"Content-Type": "text/html"}

    def ended(self, asked: dict[str, str]) -> tuple[int, str, dict[str, str]]:
        """As Cognito's /logout: back to `logout_uri`, and an error page for those who name no such address."""
        if asked.get("client_id") != CLIENT_ID or "logout_uri" not in asked:
            return 400, "<h1>An error was encountered with the requested page.</h1>", {"Content-Type": "text/html"}
        return 302, "", {"Location": asked["logout_uri"], "Set-Cookie": "seen=; Max-Age=0"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self, status: int, content: str, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in ({"Access-Control-Allow-Origin": "*", "Content-Length": str(len(content.encode()))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content.encode())

            def do_GET(self) -> None:
                where = urlsplit(self.path)
                self.answer(*issuer.page(where.path, where.query, known="seen=1" in self.headers.get("Cookie", "")))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, content = issuer.token({name: values[0] for name, values in parse_qs(body).items()})
                self.answer(status, json.dumps(content), {"Content-Type": "application/json"})

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        return Handler
