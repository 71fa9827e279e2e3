"""What callers ask of a forecast."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from ..domain.errors import Fault
from ..domain.forecast_changes import Changes, DiscountChange, PriceChange
from ..domain.package import PRICE_FIELDS
from ..domain.prices import PriceList
from .bodies import Body
from .fields import Day, Flag, Id, Percent, Price


class PriceChangeBody(Body):
    """Prices of a package from a day on; those that are left out stay as they are."""

    package_id: Id
    since: Annotated[Day, Field(alias="from")]
    existing: Flag = True
    cost: Price | None = None
    retail: Price | None = None
    setup_cost: Price | None = None
    setup_retail: Price | None = None

    def change(self) -> PriceChange:
        """The price list that is tried."""
        return PriceChange(self.package_id, PriceList(self.since, self.existing, *(getattr(self, name) for name in PRICE_FIELDS)))


class DiscountChangeBody(Body):
    """A discount from a day on, of a package or of all, for a customer or for all."""

    package_id: Id | None = None
    customer_id: Id | None = None
    since: Annotated[Day, Field(alias="from")]
    until: Day | None = None
    percent: Percent

    def change(self) -> DiscountChange:
        """The discount that is tried."""
        return DiscountChange(self.package_id, self.customer_id, self.since, self.until, self.percent)


class ChangesBody(Body):
    """What is tried: prices, then discounts."""

    prices: Annotated[list[PriceChangeBody], Field(default_factory=list, max_length=100)]
    discounts: Annotated[list[DiscountChangeBody], Field(default_factory=list, max_length=100)]

    def changes(self) -> Changes:
        """The same as values of the domain."""
        return Changes([one.change() for one in self.prices], [one.change() for one in self.discounts])


class ForecastBody(Body):
    """The days asked for, both included, of a customer or of all, of all packages or of one, and what is tried. Without `from` they begin
    on the first open day."""

    since: Annotated[Day | None, Field(alias="from")] = None
    to: Day
    customer: Id | None = None
    package: Id | None = None
    changes: ChangesBody | None = None

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """The last day against the first, each change by itself."""
        since, to, changes = values.get("since"), values.get("to"), values.get("changes")
        if since and to and to < since:
            yield Fault("/to", f"lies before from, {since}")
        if changes:
            yield from _change_faults(changes)


def _change_faults(changes: ChangesBody) -> Iterator[Fault]:
    for n, price in enumerate(changes.prices):
        if all(getattr(price, name) is None for name in PRICE_FIELDS):
            yield Fault(f"/changes/prices/{n}", f"has no price: give at least one of {', '.join(PRICE_FIELDS)}")
    for n, discount in enumerate(changes.discounts):
        if discount.until and discount.until < discount.since:
            yield Fault(f"/changes/discounts/{n}/until", f"lies before from, {discount.since}")
