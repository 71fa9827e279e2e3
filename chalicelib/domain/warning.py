"""What a caller should know about a request that was carried out all the same: it is allowed, but may not be what was meant.

The rules that warn stand beside what they concern: `package.warnings`, `assignment.duplicate_warning`, `ledger.ahead_warning`,
`ledger.payment_warnings`.
"""

from typing import Final, Literal, NamedTuple

WarningCode = Literal["duplicate", "below_cost", "charged_once", "charged_ahead", "not_payable"]

MOST_NAMED: Final = 20
"""Ids that one warning names."""


class BillingWarning(NamedTuple):
    """`code` is stable and part of the contract; `pointer` leads to the field (`/retail`), `ids` name what else it is about."""

    code: WarningCode
    detail: str
    pointer: str | None = None
    ids: tuple[str, ...] = ()
