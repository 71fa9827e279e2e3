"""Prices and discounts that are only tried: what a customer's days to come would bring with them (rules: Forecast)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from .assignment import Assignment, TermsEntry
from .forecast import Forecast
from .forecast_days import CustomerFacts
from .price_lists import with_list
from .prices import PriceList


class PriceChange(NamedTuple):
    """A price list of a package, in place of one that begins on the same day."""

    package_id: str
    prices: PriceList


class DiscountChange(NamedTuple):
    """A discount, in percent, in place of that in force: of a package or of all, for a customer or for all."""

    package_id: str | None
    customer_id: str | None
    begins: date
    until: date | None
    percent: Decimal


class Changes(NamedTuple):
    """What is tried, in this order."""

    prices: Sequence[PriceChange] = ()
    discounts: Sequence[DiscountChange] = ()


class WhatIf(NamedTuple):
    """The same days without and with changes."""

    before: Forecast
    after: Forecast


def with_changes(facts: CustomerFacts, changes: Changes) -> CustomerFacts:
    """The facts as they would be. Raises `Invalid` too_many for a package that can have no further price list."""
    packages = dict(facts.packages)
    for change in changes.prices:
        if change.package_id in packages:
            packages[change.package_id] = with_list(packages[change.package_id], change.prices)
    found = list(facts.assignments)
    for discount in changes.discounts:
        found = [_discounted(one, discount) for one in found]
    return facts._replace(assignments=found, packages=packages)


def _discounted(one: Assignment, discount: DiscountChange) -> Assignment:
    concerned = discount.package_id in (None, one.package_id) and discount.customer_id in (None, one.customer_id)
    begins = max(discount.begins, one.start_date)
    if not concerned or (discount.until and discount.until < begins):
        return one
    return one._replace(terms=(*one.terms, TermsEntry(begins, discount.until, {"discount": discount.percent})))
