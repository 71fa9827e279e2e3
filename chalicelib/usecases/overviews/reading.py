"""Reads the newest overview: its sums, and pages of customers and of what ends. A list goes on in the overview that it began in."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from ...domain.errors import Fault, Invalid, Malformed, NotFound
from ...domain.finding import Sought, words_of
from ...domain.overview import AnnouncedPrice, Ending, FoundOverview, OverviewCustomer, OverviewPackage, OverviewSums, PackageSums
from ...domain.overview_kinds import OverviewSort, PackageSort
from ...domain.schedule import DAY
from ...domain.work import ResultFile, WorkRecord
from ...storage import progress, work
from ...storage.keys import Key
from ..forecasts_of_all import asked_of, file_name
from ..request_context import RequestContext, Services
from ..work.results import expiry_of, files_named, has_result, rows_back_page, rows_from, rows_page
from .beginning import OVERVIEW, overview_id
from .packages import PACKAGES, package_of, package_sums_from, package_use
from .rows import announced_of, customer_of, ending_of, sums_from
from .strategy import ENDING, NEVER_SHORT, PRICES, SUMS, Use

_WORK: Final = "work"
"""What a cursor calls the overview in which its list goes on."""
_STORED_DESCENDING: Final[Sequence[OverviewSort]] = ("balance", "value", "margin")


class OverviewAsked(NamedTuple):
    """Customers with a currency, which may be left out if all have the same, in an order. None of the others: whatever it is."""

    sort: OverviewSort = "name"
    descending: bool = False
    currency: str | None = None
    search: Sought | None = None
    held: bool | None = None
    parked: bool | None = None

    def means(self, one: OverviewCustomer) -> bool:
        """Whether a customer is meant. Raises `NotFound` where the overview does not say what is asked."""
        if self.held is not None and one.held is None:
            raise NotFound("the newest overview was made by the release before, which did not keep who has held charges; the next one does")
        return (
            (self.search is None or self.search.finds(one.customer_id, one.words))
            and self.held in (None, bool(one.held))
            and self.parked in (None, one.parked)
        )


class OverviewPackagesAsked(NamedTuple):
    """The same of packages."""

    sort: PackageSort = "name"
    descending: bool = False
    currency: str | None = None
    search: Sought | None = None
    type: str | None = None
    frequency: str | None = None

    def means(self, one: OverviewPackage) -> bool:
        """Whether a package is meant."""
        return (
            (self.search is None or self.search.finds(one.package_id, words_of(one.name)))
            and self.type in (None, one.type)
            and self.frequency in (None, one.frequency)
        )


class _Opened(NamedTuple):
    work: WorkRecord
    files: Sequence[ResultFile]
    place: Key | None
    """Where in its files a list goes on."""

    def next_key(self, place: Key | None) -> Key | None:
        return place and {_WORK: self.work.work_id, **place}


def read_overview(services: Services, context: RequestContext) -> FoundOverview:
    """The newest overview that is finished. Raises `NotFound`."""
    opened = _opened(services, context, None)
    found, objects = opened.work, services.objects()
    sums: dict[str, OverviewSums] = {}
    packages: dict[str, PackageSums] = {}
    for currency in _currencies_in(opened.files):
        ((_, row),) = rows_from(objects, files_named(opened.files, file_name(SUMS, currency)))
        sums[currency] = sums_from(row["row"])
    for currency in _currencies_in(opened.files, PACKAGES):
        ((_, row),) = rows_from(objects, files_named(opened.files, file_name(PACKAGES, currency)))
        packages[currency] = package_sums_from(row["row"])
    return FoundOverview(found, date.fromisoformat(found.asked[OVERVIEW]), asked_of(found).request, expiry_of(found), sums, packages)


def overview_page(
    services: Services, context: RequestContext, asked: OverviewAsked, after: Key | None, limit: int
) -> tuple[list[OverviewCustomer], Key | None]:
    """Customers in an order, maybe fewer than `limit` or none where they are narrowed, and where to go on. By `short_on` those come last
    who never run short, in either direction. Raises `NotFound`, and `Invalid` where the currency has to be said."""
    opened = _opened(services, context, after)
    currency = asked.currency or _only(_currencies_in(opened.files))
    backwards = asked.descending != (asked.sort in _STORED_DESCENDING)
    uses: list[Use] = [asked.sort, NEVER_SHORT] if asked.sort == "short_on" else [asked.sort]
    in_order = uses[::-1] if backwards else uses
    files = [file for use in in_order for file in files_named(opened.files, file_name(use, currency))]
    page = rows_back_page if backwards else rows_page
    rows, last = page(services.objects(), files, opened.place, limit, lambda one: asked.means(customer_of(one["row"])))
    return [customer_of(one["row"]) for one in rows], opened.next_key(last)


def packages_page(
    services: Services, context: RequestContext, asked: OverviewPackagesAsked, after: Key | None, limit: int
) -> tuple[list[OverviewPackage], Key | None]:
    """Packages in an order, as customers are listed. Raises `NotFound`, also where the release before made the overview, and `Invalid`."""
    opened = _opened(services, context, after)
    if PACKAGES not in opened.work.asked:
        raise NotFound("the newest overview was made by the release before, which did not list packages; the next one does")
    currency = asked.currency or _only(_currencies_in(opened.files, PACKAGES), "packages")
    page = rows_back_page if asked.descending != (asked.sort != "name") else rows_page
    files = files_named(opened.files, file_name(package_use(asked.sort), currency))
    rows, last = page(services.objects(), files, opened.place, limit, lambda one: asked.means(package_of(one["row"])))
    return [package_of(one["row"]) for one in rows], opened.next_key(last)


def ending_page(services: Services, context: RequestContext, after: Key | None, limit: int) -> tuple[list[Ending], Key | None]:
    """What ends on the days of the overview, the first to end first. Raises `NotFound`."""
    opened = _opened(services, context, after)
    rows, last = rows_page(services.objects(), files_named(opened.files, file_name(ENDING)), opened.place, limit)
    return [ending_of(one["row"]) for one in rows], opened.next_key(last)


def prices_page(services: Services, context: RequestContext, after: Key | None, limit: int) -> tuple[list[AnnouncedPrice], Key | None]:
    """Price lists to come of packages that somebody has, the first to begin first. Raises `NotFound`."""
    opened = _opened(services, context, after)
    rows, last = rows_page(services.objects(), files_named(opened.files, file_name(PRICES)), opened.place, limit)
    return [announced_of(one["row"]) for one in rows], opened.next_key(last)


def _opened(services: Services, context: RequestContext, after: Key | None) -> _Opened:
    """The overview that a list goes on in; the newest for one that begins."""
    if after is None:
        found = _newest(services, context)
    else:
        named = work.find_work(services.db, after.get(_WORK, ""))
        if named is None or OVERVIEW not in named.asked:
            raise Malformed("the cursor was not given by this list")
        if not has_result(named, context):
            raise NotFound("the overview that this list began with has expired: read the list from its beginning")
        found = named
    place = after and {name: value for name, value in after.items() if name != _WORK}
    return _Opened(found, [one.file for one in work.file_results(services.db, found.work_id)], place)


def _newest(services: Services, context: RequestContext) -> WorkRecord:
    last = max(context.today, progress.latest_started(services.db) or context.today)
    days = (last - n * DAY for n in range(work.RESULT_DAYS.days + 1))
    there = [one for one in work.find_works(services.db, map(overview_id, days)) if has_result(one, context)]
    if not there:
        raise NotFound(
            "there is no overview yet: it is made after each daily run, unless the service is deployed with OVERVIEW=false; "
            "POST /forecasts forecasts all customers at any time"
        )
    return max(there, key=lambda one: one.created_at)


def _currencies_in(files: Sequence[ResultFile], use: str = SUMS) -> list[str]:
    sums = file_name(use) + "-"
    return [file.name.removeprefix(sums) for file in files if file.name.startswith(sums)]


def _only(currencies: Sequence[str], what: str = "customers") -> str:
    if len(currencies) > 1:
        raise Invalid([Fault("/currency", f"is required: there are {what} with {', '.join(currencies)}")])
    return currencies[0] if currencies else ""
