"""Who calls: as API Gateway tells, or by a bearer token; `AUTH_MODE` decides."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .. import deployment
from .access import ANYTHING, Caller

if TYPE_CHECKING:
    from .tokens import Verifier


def identified(request: Any, *, public: bool) -> Caller:
    """The caller of a request; of a public route whoever it is. Raises what `Verifier.caller` raises.

    Where a token says who it is, the request's context is told, as an authorizer of the gateway would have told it.
    """
    if public or deployment.settings().auth_mode != "jwt":
        return Caller(name(request.context), ANYTHING)
    found = _verifier().caller(request.headers.get("authorization"))
    request.context["authorizer"] = {"principalId": found.name}
    return found


def name(context: dict[str, Any]) -> str:
    """The signed-in principal; `anonymous` where nobody has to sign in, or has not."""
    told, identity = context.get("authorizer") or {}, context.get("identity") or {}
    return str(told.get("principalId") or identity.get("userArn") or identity.get("caller") or "anonymous")


@lru_cache(maxsize=1)
def _verifier() -> "Verifier":
    """Made once a process: it keeps the issuer's keys. What reads tokens is loaded where they are read, not in other cold starts."""
    from .issuer import Issuer
    from .tokens import Verifier

    settings = deployment.settings()
    return Verifier(Issuer(settings.auth_issuer), settings.auth_audiences, settings.auth_scope_prefix)
