"""`/console`: the page, its files, and the settings that it needs before anybody has signed in. Open to all, without any data."""

import hashlib
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from chalice.app import Blueprint, Response

from .. import deployment
from ..api import problems
from ..api.access import SCOPES, roles
from ..api.call import decoded
from ..api.routing import serve
from ..domain.currencies import DECIMALS
from ..domain.errors import NotFound
from ..domain.events import EVENT_TYPES
from ..logging_context import LogContext
from . import files

blueprint = Blueprint(__name__)
_CACHE_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_NEVER: Final = "no-store"
_GUARDS: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]+)?", re.ASCII)


def _open(path: str, cache: str) -> Callable[[Callable[..., tuple[str, str] | None]], None]:
    """A route that answers what a function gives: a content type and a text, or None for nothing."""

    def register(give: Callable[..., tuple[str, str] | None]) -> None:
        def respond(request: Any, params: dict[str, str], log: LogContext) -> Response:
            log.add(caller="anonymous")
            given = give(request, **decoded(params))
            return _missing() if given is None else _cached_response(request, *given, cache)

        serve(blueprint, "GET", path, f"console_{give.__name__}", respond)

    return register


def _cached_response(request: Any, content_type: str, text: str, cache: str) -> Response:
    """The text, or 304 for a browser that has it."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers: dict[str, str | list[str]] = {
        **_GUARDS, "Content-Type": content_type, "Content-Security-Policy": _policy(), "ETag": tag, "Cache-Control": cache,
    }  # fmt: skip
    known = tag in (request.headers.get("if-none-match") or "")
    return Response("", headers, 304) if known else Response(text, headers, 200)


def _missing() -> Response:
    response = problems.problem_response(NotFound("there is no such file: reload the console"))
    response.headers.update(_GUARDS)
    return response


def _policy() -> str:
    """What the page may load and talk to: itself, the bucket that takes large files, and in `jwt` mode the issuer people sign in at."""
    talks_to = " ".join(["'self'", *_sign_in_origins(), *upload_origins()])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src {talks_to}; form-action 'none'; base-uri 'none'"
    )


def _sign_in_origins() -> list[str]:
    """The issuer's origin, and those at which it has its other addresses."""
    configured = deployment.configuration()
    if configured.auth_mode != "jwt":
        return []
    parts = [urlsplit(url) for url in (configured.auth_issuer, *configured.auth_origins)]
    origins = dict.fromkeys(f"{one.scheme}://{one.netloc}" for one in parts)
    return [origin for origin in origins if _ORIGIN.fullmatch(origin)]


@lru_cache(maxsize=1)
def upload_origins() -> list[str]:
    """Where the links lead to which files are put."""
    if not deployment.configuration().results_bucket:
        return []
    link = urlsplit(deployment.objects().upload_link("imports"))
    return [f"{link.scheme}://{link.netloc}"]


@_open("/console", _ASK_AGAIN)
def console_page(request: Any) -> tuple[str, str]:
    """The page. Its files' addresses are relative, for a stage may stand before them; with a slash at its own end they differ."""
    slashed = str(request.context.get("path", "")).endswith("/")
    return "text/html; charset=utf-8", files.page_html("" if slashed else "console/")


@_open("/console/settings.json", _NEVER)
def page_settings(_request: Any) -> tuple[str, str]:
    """What the page needs to know first; nothing of it is secret."""
    configured = deployment.configuration()
    settings: dict[str, Any] = {
        "auth_mode": configured.auth_mode,
        "default_currency": configured.default_currency,
        "time_zone": configured.time_zone,
        "today": deployment.request_context("").today.isoformat(),
        "currencies": sorted(DECIMALS),
        "decimals": DECIMALS,
        "docs": configured.serve_docs,
        "events": EVENT_TYPES if deployment.keeps_events() else [],
    }
    if configured.auth_mode == "jwt":
        roled = roles(configured.auth_roles) if configured.auth_roles_claim else {}
        settings |= {
            "issuer": configured.auth_issuer, "client_id": configured.auth_client_id,
            "audience": min(configured.auth_audiences, default=""), "scope_prefix": configured.auth_scope_prefix,
            "scopes": configured.auth_client_scopes or " ".join(["openid", *(configured.auth_scope_prefix + scope for scope in SCOPES)]),
            "roles_claim": configured.auth_roles_claim,
            "roles": {name: sorted(allowed) for name, allowed in roled.items()},
        }  # fmt: skip
    return "application/json", json.dumps(settings)


@_open("/console/{version}/{name}", _CACHE_FOR_GOOD)
def console_file(_request: Any, version: str, name: str) -> tuple[str, str] | None:
    """A file of the present version; one of another version would be kept for good under a wrong address."""
    text = files.file_text(name) if version == files.version() else None
    return None if text is None else (files.content_type(name), text)
