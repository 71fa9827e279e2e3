"""Bearer tokens (RFC 6750, RFC 9068): who calls and what for, by the word of an OIDC issuer.

Nothing of a token is logged, stored or answered but its subject. The library that reads tokens takes long to import; it is
not, until the first token comes.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ..domain.errors import Misconfigured, Unauthenticated
from .access import NO_ROLES, SCOPES, Caller, Roles
from .issuer import ALGORITHMS, Issuer

LEEWAY_SECONDS: Final = 30
TOKEN_CHARACTERS_MAX: Final = 16_384
_BEARER: Final = re.compile(r"bearer +([^ ,]+) *", re.ASCII | re.IGNORECASE)
_TOKEN: Final = re.compile(r"[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+", re.ASCII)
_NAME_PATTERN: Final = re.compile(r"[ -~]{1,255}", re.ASCII)
_ACCESS_TYPES: Final = ("jwt", "at+jwt", "application/at+jwt")
_OTHER_USES: Final = ("ID", "Refresh", "Offline", "Logout")
_REASONS: Final = {
    "ExpiredSignatureError": "the token has expired",
    "ImmatureSignatureError": "the token is not valid yet",
    "InvalidSignatureError": "the signature of the token is wrong",
    "MissingRequiredClaimError": "the token lacks exp or iss",
}


class Verifier(NamedTuple):
    """What tokens are held against. `scope_prefix` stands before our scopes where the issuer puts something there.

    With a `roles_claim`, a scope counts only if that claim allows it: `roles` says which scopes each of its values allows.
    """

    issuer: Issuer
    audiences: frozenset[str]
    scope_prefix: str
    roles_claim: str = ""
    roles: Roles = NO_ROLES

    def caller(self, authorization: str | None) -> Caller:
        """Who sent this `Authorization` header. Raises `Unauthenticated`, `IssuerUnreachable`, `Misconfigured`."""
        if not (self.issuer.url and self.audiences):
            raise Misconfigured("AUTH_MODE=jwt needs AUTH_ISSUER and AUTH_AUDIENCE")
        claims = self._claims(_token(authorization))
        self._demand_access(claims)
        return Caller(_subject(claims), self._allowed(claims), self.scope_prefix, roles_claim=self.roles_claim)

    def _allowed(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """Our scopes that the token has, as far as its roles allow them; what the roles allow, of a token without scopes of ours."""
        granted = _granted(claims)
        asked = frozenset(scope for scope in SCOPES if self.scope_prefix + scope in granted)
        if not self.roles_claim or (self.roles_claim not in claims and _is_cognito_program(claims)):
            return asked
        value = claims.get(self.roles_claim)
        named = value.split() if isinstance(value, str) else _texts(value)
        allowed = frozenset(scope for name in named for scope in self.roles.get(name, ()))
        return allowed & asked if asked else allowed

    def _claims(self, token: str) -> dict[str, Any]:
        """The claims of a token that the issuer signed and that is valid now."""
        import jwt

        try:
            seen = jwt.decode_complete(token, options={"verify_signature": False})
            algorithm = self._demand_ours(seen["header"], seen["payload"])
            key = self.issuer.key(seen["header"].get("kid"), algorithm)
            if key is None:
                raise Unauthenticated("the token is signed with no key of its issuer")
            return jwt.decode(
                token, key, algorithms=[algorithm], issuer=self.issuer.url, leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss"], "verify_aud": False, "enforce_minimum_key_length": True},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise Unauthenticated(_REASONS.get(type(error).__name__, "the token is not valid")) from None

    def _demand_ours(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        """The algorithm, of a token worth asking the issuer about; its signature is yet to be checked."""
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise Unauthenticated("the algorithm of the token is not accepted")
        if str(header.get("typ", "JWT")).lower() not in _ACCESS_TYPES:
            raise Unauthenticated("the token is not an access token")
        if claims.get("iss") != self.issuer.url:
            raise Unauthenticated("the token is of another issuer")
        if any(type(claims[name]) not in (int, float) for name in ("exp", "nbf", "iat") if name in claims):
            raise Unauthenticated("the token is not valid: exp, nbf and iat are numbers")
        return algorithm

    def _demand_access(self, claims: Mapping[str, Any]) -> None:
        """Refuse tokens for others, and those that tell who signed in where (id tokens) instead of what the bearer may do.

        Cognito's access tokens have no `aud`; the client that they were issued to stands for it.
        """
        if claims.get("token_use", "access") != "access" or claims.get("typ") in _OTHER_USES or {"at_hash", "c_hash"} & claims.keys():
            raise Unauthenticated("the token is not an access token")
        audience = claims.get("aud", claims.get("client_id") if claims.get("token_use") == "access" else None)
        if not self.audiences & set(_texts(audience)):
            raise Unauthenticated("the token is for another audience")


def _token(authorization: str | None) -> str:
    if authorization is None:
        raise Unauthenticated("a bearer token is needed", tried=False)
    found = _BEARER.fullmatch(authorization)
    if not found or len(found[1]) > TOKEN_CHARACTERS_MAX or not _TOKEN.fullmatch(found[1]):
        raise Unauthenticated("the Authorization header holds no bearer token that can be read")
    return found[1]


def _granted(claims: Mapping[str, Any]) -> set[str]:
    """The scopes: `scope` in most issuers' tokens, `scp` in those of Entra ID and Okta; one text or several."""
    return {scope for name in ("scope", "scp") for text in _texts(claims.get(name)) for scope in text.split(" ")}


def _is_cognito_program(claims: Mapping[str, Any]) -> bool:
    """Whether a token is an app client's own (client credentials): Cognito gives those no groups."""
    return claims.get("token_use") == "access" and claims.get("sub") == claims.get("client_id") and "username" not in claims


def _subject(claims: Mapping[str, Any]) -> str:
    """The subject, which the issuer never gives to another; a program without one is named by its client id.

    A subject that begins as such names do gets `sub:` before it, so that no two callers have one name.
    """
    subject, client = claims.get("sub"), claims.get("client_id") or claims.get("azp")
    name = subject or (client and f"client:{client}")
    if not isinstance(name, str) or not _NAME_PATTERN.fullmatch(name):
        raise Unauthenticated("the sub of the token is not 1 to 255 printable characters of ASCII")
    return f"sub:{name}" if subject and name.startswith(("client:", "sub:")) else name


def _texts(value: Any) -> list[str]:
    """A text, or several, as a list; nothing of anything else."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
