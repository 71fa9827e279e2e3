"""Who may call what: the scopes of tokens, and which a route needs."""

from typing import Final

READ: Final = "billing:read"
WRITE: Final = "billing:write"
CHARGE: Final = "billing:charge"
SCOPES: Final = {
    READ: "read everything, and simulate runs",
    WRITE: "write packages, customers, assignments and usage",
    CHARGE: "what moves money: live runs, reversals, payments, held charges, unparking",
}
"""Each scope allows what it says and nothing else: none implies another."""


def scopes(method: str, path: str, given: tuple[str, ...], *, public: bool) -> tuple[str, ...]:
    """The scopes of which a route needs one; none for a public one. Raises `ValueError` for a writing route that names none."""
    if public:
        return ()
    if not given and method != "GET":
        raise ValueError(f"{method} {path} must say which scope it needs")
    return given or (READ,)
