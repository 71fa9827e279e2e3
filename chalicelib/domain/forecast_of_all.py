"""What the forecast of all customers tells: a row for each customer, and the sums of all by currency (rules: Forecast)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from .forecast import NO_SUMS, Forecast, ForecastRequest, Shortage
from .forecast_changes import Changes
from .forecast_effects import EFFECTS, effects_of
from .package import Package
from .pricing import ChargeKind
from .report import Totals, merge
from .work import WorkRecord

SumsGroup = Literal["day", "kind", "month", "package", "total"]
"""What sums are grouped by. The key of a group is a day, a kind, a month such as `2031-01`, a package id, or nothing."""


class PlannedSums(NamedTuple):
    """What some days bring; with changes also what they would bring without them."""

    sums: Totals
    before: Totals | None = None


NOTHING_PLANNED: Final = PlannedSums(NO_SUMS)


class CustomerForecast(NamedTuple):
    """What the days asked for bring to a customer. `short_on_before` is when the customer runs short without the changes."""

    customer_id: str
    name: str
    currency: str
    planned: PlannedSums
    balance_before: Decimal
    balance_after: Decimal
    shortage: Shortage | None = None
    short_on_before: date | None = None
    parks_on: date | None = None


class CustomerCounts(NamedTuple):
    """How many customers there are, who run short, and who would be parked; with changes, who pays more, who pays less, and who comes to
    be charged below cost."""

    customers: int = 0
    short: int = 0
    parks: int = 0
    pay_more: int = 0
    pay_less: int = 0
    fall_below_cost: int = 0


class CurrencyForecast(NamedTuple):
    """The sums of all customers with one currency. Of the packages, those with the largest retail."""

    currency: str
    counts: CustomerCounts
    total: PlannedSums
    by_month: Mapping[str, PlannedSums]
    by_day: Mapping[str, PlannedSums]
    by_package: Mapping[str, PlannedSums]
    packages_left_out: int
    by_kind: Mapping[ChargeKind, PlannedSums]


class FoundForecast(NamedTuple):
    """A forecast of all customers. Its sums are there once it is finished, and until it expires; `parked` are the first parked customers,
    by id, `packages` those that the sums and the changes name."""

    work: WorkRecord
    request: ForecastRequest
    first_open_day: date
    expires_at: datetime
    changes: Changes | None = None
    currencies: Sequence[CurrencyForecast] | None = None
    parked: Sequence[str] = ()
    parked_left_out: int = 0
    packages: Mapping[str, Package] = MappingProxyType({})


def customer_forecast(after: Forecast, before: Forecast | None) -> CustomerForecast:
    """The row of a customer, planned with changes and, then, also without them."""
    account = after.facts.account
    short_before = before.shortage.short_on if before and before.shortage else None
    planned = PlannedSums(after.sums, before.sums if before else None)
    return CustomerForecast(
        account.customer_id, account.name, account.currency, planned, account.balance, after.balance_after, after.shortage, short_before,
        after.parks_on,
    )  # fmt: skip


def counts_of(one: CustomerForecast) -> CustomerCounts:
    """What a customer adds to the counts."""
    found = effects_of(*one.planned)
    more, less, below = (effect in found for effect in EFFECTS)
    return CustomerCounts(1, one.shortage is not None, one.parks_on is not None, more, less, below)


def counted(one: CustomerCounts, other: CustomerCounts) -> CustomerCounts:
    """The sum of two counts."""
    return CustomerCounts(*(a + b for a, b in zip(one, other, strict=True)))


def planned_groups(after: Forecast, before: Forecast | None) -> Iterator[tuple[SumsGroup, str, PlannedSums]]:
    """The sums of a customer by group and key, but for months, which are the sums of their days."""
    groups = dict(_groups(after))
    earlier = dict(_groups(before)) if before else None
    for group, key in sorted(groups.keys() | (earlier or {}).keys()):
        known = earlier.get((group, key), NO_SUMS) if earlier is not None else None
        yield group, key, PlannedSums(groups.get((group, key), NO_SUMS), known)


def _groups(found: Forecast) -> Iterator[tuple[tuple[SumsGroup, str], Totals]]:
    yield from ((("day", day.isoformat()), sums) for day, sums in found.by_day.items())
    yield from ((("kind", kind), sums) for kind, sums in found.by_kind.items())
    yield from ((("package", package_id), sums) for package_id, sums in found.by_package.items())


def added(one: PlannedSums, other: PlannedSums) -> PlannedSums:
    """The sum of two sums."""
    before = one.before if other.before is None else merge(one.before or NO_SUMS, other.before)
    return PlannedSums(merge(one.sums, other.sums), before)
