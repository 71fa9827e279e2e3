"""Who calls, according to API Gateway or to a bearer token, depending on `AUTH_MODE`."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from .. import deployment
from . import access
from .access import ANYTHING, Caller

if TYPE_CHECKING:
    from .tokens import Verifier

_SESSION: Final = re.compile(r"(arn:[^:]+:sts::[0-9]+:assumed-role/[^/]+)/.+", re.ASCII)
"""A role's session: SDKs and Lambda name it anew for each process or refresh of credentials."""


def identified(request: Any, *, public: bool) -> Caller:
    """The caller of a request; of a public route whoever it is. Raises what `Verifier.caller` raises."""
    if public or deployment.configuration().auth_mode != "jwt":
        return Caller(caller_name(request.context), ANYTHING, owner=owner(request.context))
    return _verifier().caller(request.headers.get("authorization"))


def caller_name(context: dict[str, Any]) -> str:
    """Who signed the request; `anonymous` where nobody has to sign, or has not."""
    identity = context.get("identity") or {}
    return str(identity.get("userArn") or identity.get("caller") or "anonymous")


def owner(context: dict[str, Any]) -> str:
    """Who keeps being the same from call to call: a user, a federated user, or a role without its session.

    All identities of a Cognito pool are sessions of one role, all of the same name: they are told apart by their own ids.
    """
    session, identity_id = _SESSION.fullmatch(caller_name(context)), (context.get("identity") or {}).get("cognitoIdentityId")
    known = session[1] if session else caller_name(context)
    return f"{known}/{identity_id}" if identity_id else known


@lru_cache(maxsize=1)
def _verifier() -> "Verifier":
    """Made once a process: it keeps the issuer's keys. What reads tokens is loaded where they are read, not in other cold starts."""
    from .issuer import Issuer
    from .tokens import Verifier

    settings = deployment.configuration()
    return Verifier(
        Issuer(settings.auth_issuer), settings.auth_audiences, settings.auth_scope_prefix,
        settings.auth_roles_claim, access.roles(settings.auth_roles),
    )  # fmt: skip
