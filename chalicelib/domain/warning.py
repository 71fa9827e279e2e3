"""What a caller should know about a request that was carried out: it is allowed, but may not be what was intended.

The rules that warn are next to what they concern: `package.package_warnings`, `assignment.duplicate_warning`, `amending.terms_warnings`,
`ledger.ahead_warning`, `ledger.payment_warnings`, `one_off.one_off_warnings`.
"""

from decimal import Decimal
from typing import Final, Literal, NamedTuple

from . import money

WarningCode = Literal["duplicate", "below_cost", "charged_once", "charged_ahead", "not_payable", "skips_due_dates", "no_line_affected"]

WARNING_IDS_MAX: Final = 20
"""Ids that one warning names."""


class BillingWarning(NamedTuple):
    """`code` is stable and part of the contract; `pointer` leads to the field (`/retail`), `ids` name what else it is about."""

    code: WarningCode
    detail: str
    pointer: str | None = None
    ids: tuple[str, ...] = ()


def below_cost_warning(field: str, retail: Decimal, cost: Decimal, currency: str) -> BillingWarning:
    """Warns of a price in `field` that lies below its cost."""
    below = f"{money.shown(retail, currency)} lies below the cost, {money.shown(cost, currency)} {currency}"
    return BillingWarning("below_cost", f"{below}: each unit charged loses the difference", f"/{field}")
