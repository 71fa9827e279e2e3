"""Who may call what: the scopes of tokens, and which a route needs."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from ..domain.errors import Forbidden

READ: Final = "billing:read"
WRITE_SCOPE: Final = "billing:write"
CHARGE: Final = "billing:charge"
SCOPES: Final = {
    READ: "read everything, and simulate runs",
    WRITE_SCOPE: "write packages, customers, assignments and usage",
    CHARGE: (
        "what moves money: live runs, reversals, credits, one-off charges, payments, adjustments, held charges, unparking; "
        "and, beside billing:write, changes that charge at once or raise a debit limit"
    ),
}
"""Each scope allows what it says and nothing else: none implies another."""
ANYTHING: Final = frozenset(SCOPES)
_ROLE: Final = re.compile(r"([^\s,=]+)=([^,=]+)")
Roles = Mapping[str, frozenset[str]]
"""What each role of the issuer's allows."""
NO_ROLES: Final[Roles] = {}


class Caller(NamedTuple):
    """Who calls, and what they may do. `prefix` stands before our scopes in their issuer's words.

    `name` is recorded with what they write. Their Idempotency-Keys are those of `owner`: where a role calls, `name` is one of
    its sessions, and a retry may come from another. None when nothing but the name is known.
    """

    name: str
    scopes: frozenset[str]
    prefix: str = ""
    owner: str | None = None
    roles_claim: str = ""

    def demand(self, scopes: tuple[str, ...]) -> None:
        """Raises `Forbidden` unless the caller has one of `scopes`; there may be none to have."""
        if scopes and not self.scopes & set(scopes):
            raise self.refusal(scopes)

    def refusal(self, scopes: tuple[str, ...], why: str = "") -> Forbidden:
        """The error that asks the caller for one of `scopes`, in the issuer's spelling; `why` says what it is needed for."""
        named = [self.prefix + scope for scope in dict.fromkeys(scopes)]
        lacks = f"the token lacks the scope {' or '.join(named)}"
        lacks += f", or its claim {self.roles_claim} does not allow it" if self.roles_claim else ""
        return Forbidden(f"{why}: {lacks}" if why else lacks, scope=" ".join(named))


def roles(text: str) -> Roles:
    """The roles that `AUTH_ROLES` names, as in `clerks=billing:read billing:write, owners=billing:charge`; by default our scopes.

    Raises `ValueError` for a text that is no such table.
    """
    if not text:
        return {scope: frozenset((scope,)) for scope in SCOPES}
    rows = [_ROLE.fullmatch(row.strip()) for row in text.split(",")]
    table = {row[1]: frozenset(row[2].split()) for row in rows if row}
    if len(table) != len(rows) or not all(allowed and allowed <= ANYTHING for allowed in table.values()):
        raise ValueError(f"roles with scopes, such as clerks={READ} {WRITE_SCOPE}, owners={CHARGE}")
    return table
