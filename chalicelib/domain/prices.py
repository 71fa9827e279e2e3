"""What a package costs on a day (rules: What a due date charges). `pricing` reads the package itself only while it has no later lists.

The prices of the package itself are its first list, which has no date and names all of them. Later lists name some.
"""

from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Final, NamedTuple

from .package import Package, PriceList

__all__: Final = ("PriceList", "Prices", "as_paid", "highest", "in_force", "prices_on")


class Prices(NamedTuple):
    """Unit prices, all of them."""

    cost: Decimal
    retail: Decimal
    setup_cost: Decimal
    setup_retail: Decimal


def prices_on(package: Package, day: date, counted_from: date) -> Prices:
    """What a line costs whose first day is `day`, of an assignment that counts from `counted_from`.

    Each price is that of the latest list that names it and has begun. A list that is not for existing assignments counts for
    those that begin on its day or later.
    """
    prices = Prices(package.cost, package.retail, package.setup_cost, package.setup_retail)
    if not package.price_lists:
        return prices
    begun = (one for one in package.price_lists if one.begins <= day and (one.existing or one.begins <= counted_from))
    for one in sorted(begun, key=lambda each: each.begins):
        prices = prices._replace(**one.named)
    return prices


def in_force(package: Package, day: date) -> Package:
    """The package as it is shown on `day`: what an assignment that begins then pays as its own prices, and only the lists after it."""
    if not package.price_lists:
        return package
    later = sorted((one for one in package.price_lists if one.begins > day), key=lambda each: each.begins)
    return package._replace(**prices_on(package, day, day)._asdict(), price_lists=tuple(later))


def as_paid(package: Package, day: date, counted_from: date) -> Package:
    """The package with the prices that an assignment pays on `day` which counts from `counted_from`, and the lists after it that are for
    such an assignment."""
    later = tuple(one for one in package.price_lists if one.begins > day and one.existing)
    return package._replace(**prices_on(package, day, counted_from)._asdict(), price_lists=later)


def highest(package: Package) -> Decimal:
    """The highest price in any list."""
    later = chain.from_iterable(one.named.values() for one in package.price_lists)
    return max(package.cost, package.retail, package.setup_cost, package.setup_retail, *later)
