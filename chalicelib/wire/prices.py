"""Price lists: what callers send of one, and what they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ..domain.errors import Fault
from ..domain.package import PRICE_FIELDS, Package, PriceList
from ..domain.price_lists import PriceLists
from . import answers
from .bodies import Body
from .field_values import fields_of, iso
from .fields import Flag, Price, Text


class PriceListBody(Body):
    """Prices from the day in the path on; those that are left out stay as they are."""

    read_only = frozenset(("from", "entered_at", "superseded_at"))

    existing: Flag = True
    cost: Price | None = None
    retail: Price | None = None
    setup_cost: Price | None = None
    setup_retail: Price | None = None
    reason: Text = ""
    confirm_backlog: Flag = False

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """There is something to it."""
        if all(name in values and values[name] is None for name in PRICE_FIELDS):
            yield Fault("", f"has no price: give at least one of {', '.join(PRICE_FIELDS)}")

    def price_list(self, begins: date) -> PriceList:
        """The list that begins on a day."""
        prices = {name: getattr(self, name) for name in PRICE_FIELDS}
        return PriceList(begins, self.existing, **prices, reason=self.reason.strip())


def price_list_view(one: PriceList) -> answers.PriceList:
    """A price list that has a day."""
    shown = fields_of(answers.PriceList, one, **{"from": iso(one.begins)})
    if one.superseded_at is None:
        del shown["superseded_at"]
    return shown


def price_lists_view(found: PriceLists) -> answers.PriceLists:
    """All price lists of a package, by the days on which they begin; the first has none."""
    package = found.package
    lists = sorted(package.price_lists, key=lambda one: one.begins)
    return fields_of(
        answers.PriceLists,
        package,
        first_open_day=iso(found.first_open_day),
        lists=[_first_list(package), *map(price_list_view, lists)],
        superseded=[price_list_view(one) for one in package.superseded_lists],
    )


def _first_list(package: Package) -> answers.PriceList:
    own = PriceList(date.min, True, *(getattr(package, name) for name in PRICE_FIELDS))
    return {**price_list_view(own), "from": None, "entered_at": None}
