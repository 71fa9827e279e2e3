"""Domain errors as HTTP answers (RFC 9457). The one table of statuses."""

import json
from typing import Any, Final

from chalice.app import Response

from ..domain.errors import (
    BillingError,
    Conflict,
    Contention,
    Forbidden,
    Invalid,
    IssuerUnreachable,
    Malformed,
    Misconfigured,
    NotFound,
    Throttled,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
    VersionMismatch,
)  # fmt: skip
from ..wire.problem_views import problem_fields
from . import formats

PROBLEM_STATUSES: Final[dict[type[BillingError], tuple[int, str]]] = {
    Malformed: (400, "The request can't be read"),
    Unauthenticated: (401, "The caller is not known"),
    Forbidden: (403, "The caller may not do this"),
    NotFound: (404, "There is no such thing"),
    Conflict: (409, "That can't be done now"),
    VersionMismatch: (412, "Somebody else changed it"),
    TooLarge: (413, "The body is too large"),
    UnsupportedMediaType: (415, "The body is of another media type"),
    Invalid: (422, "Some fields are not right"),
    Throttled: (503, "Busy"),
    Contention: (503, "Busy"),
    IssuerUnreachable: (503, "Tokens can't be checked"),
    Misconfigured: (503, "The deployment contradicts its tables"),
}
PROBLEM: Final = "application/problem+json"


def problem_response(error: BillingError) -> Response:
    """The problem document of an error."""
    status, title = next(PROBLEM_STATUSES[kind] for kind in type(error).__mro__ if kind in PROBLEM_STATUSES)
    body: dict[str, Any] = {
        "type": f"urn:packages-billing:problem:{error.code}",
        "title": title,
        "status": status,
        "detail": error.detail,
        "code": error.code,
    }
    text = json.dumps(body | problem_fields(error))
    headers: dict[str, str | list[str]] = {"Content-Type": PROBLEM}
    if isinstance(error, Unauthenticated | Forbidden):
        headers["WWW-Authenticate"] = _challenge(error)
    if isinstance(error, Throttled | Contention | IssuerUnreachable) or error.code == "in_progress":
        headers["Retry-After"] = str(Throttled.retry_after_seconds)
    return Response(text if formats.fits_answer(text) else json.dumps(body), headers, status)


def _challenge(error: Unauthenticated | Forbidden) -> str:
    """What a client needs to get a token that will do (RFC 6750). API Gateway answers it as `x-amzn-Remapped-WWW-Authenticate`."""
    parts = ['realm="packages-billing"']
    if isinstance(error, Forbidden):
        parts += ['error="insufficient_scope"', f'scope="{error.scope}"']
    elif error.tried:
        parts += ['error="invalid_token"', f'error_description="{error.detail}"']
    return f"Bearer {', '.join(parts)}"


def unforeseen(request_id: str) -> Response:
    """A 500: a request id and nothing else."""
    body = {
        "type": "urn:packages-billing:problem:internal", "title": "Something went wrong here", "status": 500, "code": "internal",
        "request_id": request_id,
    }  # fmt: skip
    return Response(json.dumps(body), {"Content-Type": PROBLEM}, 500)
