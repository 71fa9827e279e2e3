"""How what a carrier lists can differ from what is billed. Apart from `reconciliation`, so that cold starts load no fractions."""

from typing import Final, Literal, get_args

DiscrepancyKind = Literal["unbilled", "unlisted", "cost", "customer"]
"""A number that the carrier lists and nobody is billed for; one that is billed and not listed; one whose cost differs; one of which the
carrier names another customer."""
DISCREPANCY_KINDS: Final[tuple[DiscrepancyKind, ...]] = get_args(DiscrepancyKind)
