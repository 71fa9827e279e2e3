"""Who calls: as API Gateway tells, or by a bearer token; `AUTH_MODE` decides."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .. import deployment
from .access import ANYTHING, Caller

if TYPE_CHECKING:
    from .tokens import Verifier


def identified(request: Any, *, public: bool) -> Caller:
    """The caller of a request; of a public route whoever it is. Raises what `Verifier.caller` raises."""
    if public or deployment.settings().auth_mode != "jwt":
        return Caller(name(request.context), ANYTHING)
    return _verifier().caller(request.headers.get("authorization"))


def name(context: dict[str, Any]) -> str:
    """Who signed the request; `anonymous` where nobody has to sign, or has not."""
    identity = context.get("identity") or {}
    return str(identity.get("userArn") or identity.get("caller") or "anonymous")


@lru_cache(maxsize=1)
def _verifier() -> "Verifier":
    """Made once a process: it keeps the issuer's keys. What reads tokens is loaded where they are read, not in other cold starts."""
    from .issuer import Issuer
    from .tokens import Verifier

    settings = deployment.settings()
    return Verifier(Issuer(settings.auth_issuer), settings.auth_audiences, settings.auth_scope_prefix)
