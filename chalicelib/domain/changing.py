"""Changes of many: which assignments or packages are meant, and what becomes of a package's prices (rules: Changes of many)."""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from . import money
from .assignment import Assignment, valid_on
from .currencies import DECIMALS
from .errors import Conflict
from .package import Package, PriceList
from .prices import prices_on

ChangeWhat = Literal["terms", "end", "replace", "price"]
PriceField = Literal["cost", "retail", "setup_cost", "setup_retail"]
COMPARED_DAYS: Final = 31
"""Days from the first open one on, for which it is said what they would bring more or less."""


class Where(NamedTuple):
    """Which ones are meant. What is empty or None narrows nothing."""

    packages: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    customer_prefix: str = ""
    currency: str | None = None
    dids: frozenset[str] = frozenset()
    valid_on: date | None = None
    assignments: frozenset[str] = frozenset()

    @property
    def is_everything(self) -> bool:
        """Whether nothing narrows it."""
        return self == Where()

    def means(self, one: Assignment, currency: str) -> bool:
        """Whether an assignment is meant, of a customer with this currency."""
        return (
            (not self.packages or one.package_id in self.packages)
            and (not self.customers or one.customer_id in self.customers)
            and one.customer_id.startswith(self.customer_prefix)
            and self.currency in (None, currency)
            and (not self.dids or one.did in self.dids)
            and (self.valid_on is None or valid_on(one, self.valid_on))
            and (not self.assignments or one.assignment_id in self.assignments)
        )

    def means_package(self, one: Package) -> bool:
        """Whether a package is meant."""
        return not one.deleted and (not self.packages or one.package_id in self.packages) and self.currency in (None, one.currency)


class PriceStep(NamedTuple):
    """By how much prices change, in percent or by an amount, and to how many decimals they are rounded, halves away from zero; None: to
    those of each package's currency."""

    fields: tuple[PriceField, ...]
    percent: Decimal | None
    amount: Decimal | None
    decimals: int | None
    existing: bool

    def applied(self, price: Decimal, currency: str) -> Decimal:
        """The new price."""
        decimals = DECIMALS[currency] if self.decimals is None else self.decimals
        new = price + self.amount if self.amount is not None else price * (100 + (self.percent or money.ZERO)) / 100
        return new.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


class Change(NamedTuple):
    """What is to become of those that are meant. `begins` is the first day of it; of an end it is the last day of the assignments.

    `values` are the terms, through `until`; `package_id` is what replaces; `step` says what becomes of prices.
    """

    what: ChangeWhat
    where: Where
    begins: date
    values: Mapping[str, Any] = MappingProxyType({})
    until: date | None = None
    package_id: str | None = None
    step: PriceStep | None = None


def stepped_list(package: Package, begins: date, step: PriceStep, at: str = "") -> PriceList:
    """The price list with which a package's prices change. Raises `Conflict` for one for which nobody can say that it is meant."""
    new, existing = prices_on(package, begins, begins), prices_on(package, begins, date.min)
    later = next((one for one in package.price_lists if one.begins > begins and set(one.named) & set(step.fields)), None)
    if later:
        raise Conflict(f"a price list begins later, on {later.begins}: change its prices one by one", code="later_list")
    prices: dict[str, Decimal] = {}
    for name in step.fields:
        price: Decimal = getattr(new, name)
        if step.existing and getattr(existing, name) != price:
            raise Conflict(f"new assignments pay another {name} than existing ones: change its prices one by one", code="two_prices")
        prices[name] = step.applied(price, package.currency)
        if not 0 <= prices[name] < money.AMOUNT_MAX:
            raise Conflict(f"{name} would be {money.text(prices[name])}", code="invalid")
    standing = next((one for one in package.price_lists if one.begins == begins), PriceList(begins, step.existing))
    if standing.named and standing.existing != step.existing:
        raise Conflict(f"the price list of {begins} is for other assignments: change its prices one by one", code="two_prices")
    values: dict[str, Any] = dict(prices)
    return standing._replace(entered_at=at, **values)


class ChangedPrice(NamedTuple):
    """A price before and after a change."""

    name: str
    before: Decimal
    after: Decimal


def changed_prices(package: Package, new: PriceList) -> list[ChangedPrice]:
    """What a list says that is not in force anyway."""
    now = prices_on(package, new.begins, new.begins if not new.existing else date.min)
    both = ((name, getattr(now, name), price) for name, price in new.named.items())
    return [ChangedPrice(name, before, after) for name, before, after in both if before != after]
