"""What the overview says of customers beside their forecast: what they bring in a month, and what ends soon (rules: Forecast)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from . import money
from .assignment import Assignment, valid_on
from .forecast import NO_SUMS, ForecastRequest, Shortage
from .overview_kinds import WhatEnds
from .package import Package, PackageType
from .prices import Prices, prices_on
from .reconciliation import nearest, use_on
from .report import Totals, merge
from .schedule import DAY, Frequency
from .terms import Terms, active_quantity, terms_on
from .work import WorkRecord


class MonthlyValue(NamedTuple):
    """What `assignments` that are valid on a day bring and cost in a month, at the terms of that day."""

    assignments: int = 0
    retail: Decimal = money.ZERO
    cost: Decimal = money.ZERO

    @property
    def margin(self) -> Decimal:
        """What the provider earns."""
        return money.minus(self.retail, self.cost)


class PackageUse(NamedTuple):
    """What the assignments of one package that are valid on a day come to: how many they are, their quantity, and what they bring and cost
    in a month, exactly."""

    assignments: int = 0
    units: int = 0
    retail: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)

    @property
    def monthly(self) -> MonthlyValue:
        """The month, rounded."""
        return MonthlyValue(self.assignments, nearest(self.retail), nearest(self.cost))


class OverviewPackage(NamedTuple):
    """A package as the overview lists it, also one that nobody has."""

    package_id: str
    name: str
    currency: str
    type: PackageType
    frequency: Frequency
    units: int
    monthly: MonthlyValue


class PackageSums(NamedTuple):
    """What all packages with one currency come to: how many there are, how many of them nobody has, what is assigned."""

    packages: int = 0
    unassigned: int = 0
    units: int = 0
    monthly: MonthlyValue = MonthlyValue()


class OverviewCustomer(NamedTuple):
    """A customer as the overview lists it, and what it is found by: `held` charges, None where a former release left them out, and
    `words`. Of one who is parked nothing was planned, so that it is never short."""

    customer_id: str
    name: str
    currency: str
    balance: Decimal
    monthly: MonthlyValue
    shortage: Shortage | None = None
    parked: bool = False
    held: int | None = None
    words: tuple[str, ...] = ()


class Ending(NamedTuple):
    """The last day of an assignment that nothing replaces, or of some of its terms, and the `fields` that are others from then on."""

    last_day: date
    customer_id: str
    name: str
    assignment_id: str
    package_id: str
    package_name: str
    did: str | None
    ends: WhatEnds
    fields: tuple[str, ...] = ()


class AnnouncedPrice(NamedTuple):
    """A price list that begins on a day to come, of a package that somebody has: what new assignments pay before and from then on, and
    whether existing ones do."""

    begins: date
    package_id: str
    package_name: str
    currency: str
    existing: bool
    before: Prices
    after: Prices


class OverviewSums(NamedTuple):
    """What all customers with one currency come to: how many there are, who is parked, who runs short, what ends, their balances, what they
    bring in a month, and what the days planned bring."""

    customers: int = 0
    parked: int = 0
    short: int = 0
    ending: int = 0
    balance: Decimal = money.ZERO
    monthly: MonthlyValue = MonthlyValue()
    planned: Totals = NO_SUMS


class FoundOverview(NamedTuple):
    """The overview of the daily run of `run_date`: what was planned, and sums by currency."""

    work: WorkRecord
    run_date: date
    request: ForecastRequest
    expires_at: datetime
    sums: Mapping[str, OverviewSums]
    packages: Mapping[str, PackageSums]


def uses_by_package(found: Iterable[Assignment], packages: Mapping[str, Package], day: date) -> dict[str, PackageUse]:
    """What assignments come to in a month at the terms of a day: quantity, own prices, discounts and pauses included, one-off charges and
    the difference to a minimum spend's calls not."""
    uses: dict[str, PackageUse] = {}
    for one in found:
        if valid_on(one, day) and one.package_id in packages:
            use = use_on(one, packages[one.package_id], day)
            more = PackageUse(1, active_quantity(one, day), use.retail or Fraction(0), use.cost or Fraction(0))
            uses[one.package_id] = used_together([uses.get(one.package_id, PackageUse()), more])
    return uses


def used_together(uses: Iterable[PackageUse]) -> PackageUse:
    """The sum of uses."""
    found = PackageUse()
    for one in uses:
        count, units = found.assignments + one.assignments, found.units + one.units
        found = PackageUse(count, units, found.retail + one.retail, found.cost + one.cost)
    return found


def monthly_value(found: Iterable[Assignment], packages: Mapping[str, Package], day: date) -> MonthlyValue:
    """The same of all of them together."""
    return used_together(uses_by_package(found, packages, day).values()).monthly


def endings(found: Iterable[Assignment], packages: Mapping[str, Package], name: str, first: date, last: date) -> Iterator[Ending]:
    """What ends on the days `first..last` of a customer's assignments; `name` is the customer's."""
    for one in found:
        package = packages.get(one.package_id)
        for day, what, fields in _last_days(one, first, last):
            package_name = package.name if package else ""
            yield Ending(day, one.customer_id, name, one.assignment_id, one.package_id, package_name, one.did, what, fields)


def announced_prices(packages: Iterable[Package], first: date) -> Iterator[AnnouncedPrice]:
    """The price lists of packages that begin on a day or later."""
    for one in packages:
        for coming in one.price_lists:
            if coming.begins >= first and not one.deleted:
                eve, day = coming.begins - DAY, coming.begins
                before, after = prices_on(one, eve, eve), prices_on(one, day, day)
                yield AnnouncedPrice(day, one.package_id, one.name, one.currency, coming.existing, before, after)


def _last_days(one: Assignment, first: date, last: date) -> Iterator[tuple[date, WhatEnds, tuple[str, ...]]]:
    if one.cancelled:
        return
    if one.end_date and first <= one.end_date <= last and one.replaced_by is None:
        yield one.end_date, "assignment", ()
    for day in sorted({entry.until for entry in one.terms if entry.until and first <= entry.until <= last}):
        if valid_on(one, day) and valid_on(one, day + DAY):
            before, after = terms_on(one, day), terms_on(one, day + DAY)
            fields = tuple(name for name in Terms._fields if getattr(before, name) != getattr(after, name))
            if fields:
                yield day, "terms", fields


def sums_of(one: OverviewCustomer, ending: int, planned: Totals) -> OverviewSums:
    """What a customer adds to the sums."""
    return OverviewSums(1, one.parked, one.shortage is not None, ending, one.balance, one.monthly, planned)


def sums_together(one: OverviewSums, other: OverviewSums) -> OverviewSums:
    """The sum of two sums."""
    return OverviewSums(
        one.customers + other.customers, one.parked + other.parked, one.short + other.short, one.ending + other.ending,
        money.plus(one.balance, other.balance), _months_together(one.monthly, other.monthly), merge(one.planned, other.planned),
    )  # fmt: skip


def package_sums_of(one: OverviewPackage) -> PackageSums:
    """What a package adds to the sums."""
    return PackageSums(1, one.monthly.assignments == 0, one.units, one.monthly)


def package_sums_together(one: PackageSums, other: PackageSums) -> PackageSums:
    """The sum of two sums."""
    return PackageSums(
        one.packages + other.packages, one.unassigned + other.unassigned, one.units + other.units,
        _months_together(one.monthly, other.monthly),
    )  # fmt: skip


def _months_together(mine: MonthlyValue, theirs: MonthlyValue) -> MonthlyValue:
    retail, cost = money.plus(mine.retail, theirs.retail), money.plus(mine.cost, theirs.cost)
    return MonthlyValue(mine.assignments + theirs.assignments, retail, cost)
