"""How the price lists of a package are edited (rules: Price lists). Pure: the day and the instant are arguments.

A list that a charge may have used, which is any list of a package that was ever assigned, is kept when it is replaced or removed.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from .errors import Fault, Invalid
from .package import PRICE_FIELDS, Package, PriceList, below_cost
from .prices import Prices, prices_on
from .schedule import DAY
from .warning import BillingWarning

PRICE_LISTS_MAX: Final = 100
SUPERSEDED_LISTS_MAX: Final = 1000
"""What fits into the item of a package, with room to spare."""


class PriceLists(NamedTuple):
    """A package with all of its lists, and the first day on which another may begin. `created`: one was entered just now."""

    package: Package
    first_open_day: date
    created: bool = False


def find_list(package: Package, begins: date) -> PriceList | None:
    """The list that begins on a day."""
    return next((one for one in package.price_lists if one.begins == begins), None)


def with_list(package: Package, new: PriceList) -> Package:
    """The package with a list in place of the one that begins on the same day; the same package if that one says the same already.

    Raises `Invalid` too_many.
    """
    old = find_list(package, new.begins)
    if old and old._replace(entered_at=new.entered_at) == new:
        return package
    kept = without_list(package, old, new.entered_at) if old else package
    lists = tuple(sorted((*kept.price_lists, new), key=lambda one: one.begins))
    if len(lists) > PRICE_LISTS_MAX:
        raise Invalid([Fault("/from", f"a package has at most {PRICE_LISTS_MAX} price lists")], code="too_many")
    return kept._replace(price_lists=lists)


def without_list(package: Package, old: PriceList, at: str) -> Package:
    """The package without one of its lists. Raises `Invalid` too_many."""
    left = tuple(one for one in package.price_lists if one != old)
    if not package.was_assigned:
        return package._replace(price_lists=left)
    superseded = (*package.superseded_lists, old._replace(superseded_at=at))
    if len(superseded) > SUPERSEDED_LISTS_MAX:
        detail = f"a package keeps at most {SUPERSEDED_LISTS_MAX} replaced price lists; make a copy of the package (copy_of)"
        raise Invalid([Fault("/from", detail)], code="too_many")
    return package._replace(price_lists=left, superseded_lists=superseded)


def with_prices(package: Package, prices: Mapping[str, Decimal], day: date, at: str) -> Package:
    """The package with these prices from `day` on, the first open one: in the list of that day once it was assigned, in the first
    list before that. A price that every assignment has already from that day on is not named again."""
    new: dict[str, Any] = {name: price for name, price in prices.items() if not _is_general(package, name, price, day)}
    if not new:
        return package
    if not package.was_assigned:
        return _with_first_prices(package, new, day)
    old = find_list(package, day) or PriceList(day)
    return with_list(package, old._replace(**new, entered_at=at))


def _latest(package: Package, name: str, day: date) -> PriceList | None:
    """The last list to begin by `day` that names a price."""
    begun = (one for one in package.price_lists if one.begins <= day and name in one.named)
    return max(begun, key=lambda one: one.begins, default=None)


def _is_general(package: Package, name: str, price: Decimal, day: date) -> bool:
    latest = _latest(package, name, day)
    found: Decimal = getattr(latest or package, name)
    return found == price and (latest is None or latest.existing)


def _with_first_prices(package: Package, new: Mapping[str, Any], day: date) -> Package:
    """The package with prices in its first list, which lists that have begun by `day` do not set any more."""
    unnamed: dict[str, Any] = dict.fromkeys(new)
    lists = (one._replace(**unnamed) if one.begins <= day else one for one in package.price_lists)
    return package._replace(**new, price_lists=tuple(one for one in lists if one.named))


def newly_due(old: Package, new: Package, day: date) -> list[str]:
    """The prices by which something may be due that was not, when a list that begins on `day`, not an open one, is entered or replaced.

    Nothing is due where cost and retail are zero, nor where calls reach a minimum spend. After `day` prices change only where
    another list begins, which says the same before and after.
    """
    pairs = [(prices_on(old, day, begun), prices_on(new, day, begun)) for begun in _start_groups(old, day)]
    return [name for name in PRICE_FIELDS if any(_makes_due(new, name, *pair) for pair in pairs)]


def owed_dates(package: Package, fields: Collection[str], day: date, last: date) -> tuple[date, ...]:
    """The due dates through `last` of an assignment that begins on `day`, as long as a list that begins then sets one of the prices:
    no assignment has more of them, though one without match days may have others."""
    followers = [
        min((one.begins for one in package.price_lists if one.begins > day and one.existing and name in one.named), default=date.max)
        for name in fields
    ]
    through = min(last, max(followers) - DAY)
    dates = package.schedule(day).dates(day, through)
    return dates or ((day,) if day <= through else ())


def _start_groups(package: Package, day: date) -> list[date]:
    """The first days from which assignments pay other prices on `day`: lists for new assignments tell them apart."""
    return sorted({date.min, day, *(one.begins for one in package.price_lists if not one.existing and one.begins < day)})


def _makes_due(package: Package, name: str, before: Prices, after: Prices) -> bool:
    old, new = getattr(before, name), getattr(after, name)
    return bool(new > old and (not old or (package.minimum_spend and name == "retail")))


def list_warnings(package: Package, one: PriceList) -> Iterator[BillingWarning]:
    """What lies below its cost on the day on which a list begins, whenever assignments begin."""
    priced = (package._replace(**prices_on(package, one.begins, begun)._asdict()) for begun in _start_groups(package, one.begins))
    found = {warning.pointer: warning for each in priced for warning in below_cost(each)}
    for warning in found.values():
        if warning.pointer and _names(one, warning.pointer.removeprefix("/")):
            yield warning._replace(detail=f"from {one.begins}: {warning.detail}")


def _names(one: PriceList, retail: str) -> bool:
    """Whether a list names a retail or its cost: others are warned of where they are entered."""
    return not {retail, retail.replace("retail", "cost")}.isdisjoint(one.named)
