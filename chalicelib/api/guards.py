"""What every answer says to browsers and to caches on the way, whatever made it; the only place that does."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalice.app import Response

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Unless an answer has its own: files that are the same for everybody may be kept, and pages may load what they name."""
FRAMES: Final = "frame-ancestors 'none'"
"""Part of every Content-Security-Policy, those of pages included."""


def guard(request: Any, answer: Callable[[Any], Response]) -> Response:
    """Middleware: the answer with these headers."""
    response = answer(request)
    headers = {**HEADERS, **response.headers}
    response.headers = headers | {"Content-Security-Policy": f"{headers['Content-Security-Policy']}; {FRAMES}"}
    return response
