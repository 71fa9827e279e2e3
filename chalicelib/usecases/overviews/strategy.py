"""Plans all customers as a forecast does, and says more of each. Its results have all that a forecast's have, and files of their own:
customers in several orders, what ends, and sums.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import reduce
from itertools import chain
from typing import Final, Literal

from ...domain.assignment import has_ended
from ...domain.finding import customer_words, words_of
from ...domain.overview import (
    OverviewCustomer,
    OverviewPackage,
    OverviewSums,
    PackageUse,
    announced_prices,
    endings,
    package_sums_together,
    sums_of,
    sums_together,
    used_together,
    uses_by_package,
)
from ...domain.overview_kinds import OverviewSort
from ...domain.report import Totals
from ...domain.work import WorkFailure, WorkRecord
from ...storage.keys import Key
from ..forecasts_of_all import ForecastByUse, ForecastOfAll
from ..forecasts_of_all.rows import customer_of
from ..reindexing import PackagesSlice, packages_slices
from ..request_context import Services
from ..runs.sweep import Group
from ..segment import Member, Unreadable
from ..work.strategy import Record, Resort
from ..work.sums import Json, largest_first
from .beginning import OVERVIEW
from .packages import (
    PACKAGES,
    is_of_package,
    json_of_package_sums,
    package_of_records,
    package_records,
    package_rows,
    package_sums_from,
    summed,
)
from .rows import (
    announced_of,
    by_name,
    ending_of,
    json_of_announced,
    json_of_ending,
    json_of_monthly,
    json_of_overview_sums,
    json_of_row,
    monthly_of,
    sums_from,
)

Use = Literal["ending", "overview", "never_short", "prices"] | OverviewSort
"""What rows are for, beside those of a forecast: what ends, by date; price lists to come, by
date; sums; customers in the order of their names, balances and so on,
those who never run short apart. Amounts are sorted from the largest on."""
SUMS: Final[Use] = "overview"
ENDING: Final[Use] = "ending"
NEVER_SHORT: Final[Use] = "never_short"
PRICES: Final[Use] = "prices"


class OverviewStrategy(ForecastOfAll):
    """A forecast of all that says more of each customer."""

    def __init__(self, services: Services, found: WorkRecord) -> None:
        super().__init__(services, found)
        self._run_date = date.fromisoformat(found.asked[OVERVIEW])
        self._lists_packages = PACKAGES in found.asked
        if self._lists_packages:
            self._segments -= 1  # the last one is the packages

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[Member]:
        """Customers; in the last segment, packages."""
        if segment == self._segments:
            return packages_slices(self._db, cursor)
        return super().members(segment, cursor, unreadable)

    @property
    def resort(self) -> Resort:
        """By what the rows are for."""
        return _ByUse()

    def records(self, member: Group | PackagesSlice) -> Iterator[Record | WorkFailure]:
        """What a forecast keeps of the customer, and what it brings in a month and what ends, also of one who is parked; and which packages
        there are."""
        if isinstance(member, PackagesSlice):
            there = {one.package_id: one for one in member.packages}
            yield from package_records(there, dict.fromkeys(there, PackageUse()))
            return
        account, request = member.account, self._asked.request
        catalog = self._catalog.of(member.assignments)
        uses = uses_by_package(member.assignments, catalog, max(request.today, self._run_date))
        monthly = used_together(uses.values()).monthly
        own = [
            account.name,
            account.currency,
            format(account.balance, "f"),
            json_of_monthly(monthly),
            account.held,
            customer_words(account),
        ]
        ending = list(map(json_of_ending, endings(member.assignments, catalog, account.name, request.first, request.last)))
        going_on = sorted({each.package_id for each in member.assignments if not has_ended(each, request.first)})
        sold = [catalog[one] for one in going_on if one in catalog]
        announced = list(map(json_of_announced, announced_prices(sold, request.first)))
        prices = [announced] if announced else []  # the release before knows none
        if self._lists_packages:
            yield from package_records(catalog, uses, member.customer_id)
        for one in super().records(member):
            yield Record(one.key, [one.value, own, ending, *prices]) if isinstance(one, Record) else one

    def row(self, records: Iterator[Record]) -> dict[str, Json]:
        """A row as its record has it; of sums, all that were made apart together."""
        first = next(records)
        if first.key[0] == SUMS:
            return {"row": json_of_overview_sums(reduce(sums_together, (sums_from(one.value) for one in chain([first], records))))}
        if first.key[0] == PACKAGES:
            sums = reduce(package_sums_together, (package_sums_from(one.value) for one in chain([first], records)))
            return {"row": json_of_package_sums(sums)}
        return super().row(chain([first], records))


class _ByUse:
    """Makes of the records of customers what a forecast makes of them, the rows of each use, and the sums of these customers; of those
    of packages, which come last, rows and sums as well."""

    depth: Final = 1

    def records(self, number: int, groups: Iterator[Iterator[Record]]) -> Iterator[Record]:
        """Rows, and sums of this call's customers, told apart from those of others by `number`."""
        told: list[tuple[OverviewCustomer, Totals, Json]] = []
        announced: dict[tuple[str, ...], Record] = {}
        packages: list[OverviewPackage] = []

        def forecasts() -> Iterator[Iterator[Record]]:
            for group in groups:
                record = next(group)
                if is_of_package(record):
                    packages.append(package_of_records(chain([record], group)))
                    continue
                forecast, own, ending, *prices = record.value  # no prices in what the release before kept
                announced.update((one.key, one) for each in prices for one in map(_announced, each))
                told.append((*_told_customer(record.key[0], forecast, own), ending))
                yield iter((Record(record.key, forecast),))

        yield from ForecastByUse().records(number, forecasts())
        sums: dict[str, OverviewSums] = {}
        for one, planned_sums, ending in told:
            yield from _rows_by_use(one)
            yield from map(_ending, ending)
            more = sums_of(one, len(ending), planned_sums)
            sums[one.currency] = sums_together(sums[one.currency], more) if one.currency in sums else more
        yield from announced.values()
        for package in packages:
            yield from package_rows(package)
        yield from summed(packages, number)
        for currency, some in sums.items():
            yield Record((SUMS, currency, "", "", f"{number:06}"), json_of_overview_sums(some))


def _told_customer(customer_id: str, forecast: Json, own: Json) -> tuple[OverviewCustomer, Totals]:
    """The customer as it is listed, and what the days bring, nothing if it is parked."""
    name, currency, balance, monthly, *more = own
    held, words = more or (None, words_of(name))  # nothing more in what the release before kept
    one = OverviewCustomer(customer_id, name, currency, Decimal(balance), monthly_of(monthly), None, forecast is None, held, tuple(words))
    if forecast is None:
        return one, Totals()
    planned = customer_of(forecast[0])
    return one._replace(shortage=planned.shortage), planned.planned.sums


def _rows_by_use(one: OverviewCustomer) -> Iterator[Record]:
    short = one.shortage
    orders: dict[Use, str] = {
        "name": by_name(one.name or one.customer_id), "balance": largest_first(one.balance), "value": largest_first(one.monthly.retail),
        "margin": largest_first(one.monthly.margin), **({"short_on": f"{short.short_on}"} if short else {NEVER_SHORT: ""}),
    }  # fmt: skip
    row = json_of_row(one)
    return (Record((use, one.currency, order, one.customer_id), row) for use, order in orders.items())


def _ending(value: Json) -> Record:
    one = ending_of(value)
    return Record((ENDING, "", f"{one.last_day}", f"{one.customer_id} {one.assignment_id} {one.ends}"), value)


def _announced(value: Json) -> Record:
    """A price list to come: once, however many have the package."""
    one = announced_of(value)
    return Record((PRICES, "", f"{one.begins}", one.package_id), value)
