"""Reads what a forecast of all customers came to: its sums, and pages of its customers."""

import heapq
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

from ...domain.errors import Conflict, Fault, Invalid, NotFound
from ...domain.forecast_changes import Changes
from ...domain.forecast_effects import Effect
from ...domain.forecast_of_all import NOTHING_PLANNED, CurrencyForecast, CustomerCounts, CustomerForecast, FoundForecast, PlannedSums
from ...domain.pricing import ChargeKind
from ...domain.work import ResultFile, WorkRecord
from ...storage import packages, work
from ...storage.db import Db
from ...storage.keys import Key
from ...storage.objects import Objects
from ..request_context import RequestContext, Services
from ..work import read_work
from ..work.results import expiry_of, files_named, has_result, rows_from, rows_page
from .planning import COUNTS, asked_of, file_name
from .rows import customer_of, planned_of

PACKAGES_LISTED: Final = 1000
PARKED_LISTED: Final = 200


class CustomersAsked(NamedTuple):
    """Customers with a currency: all, or those to whom changes do something."""

    currency: str
    effect: Effect | None = None


def read_forecast(services: Services, context: RequestContext, work_id: str) -> FoundForecast:
    """A forecast of all customers. Raises `NotFound`."""
    found = _forecast_work(services.db, work_id)
    request, first_open, changes = asked_of(found)
    tried = _packages_tried(changes) if changes else set[str]()
    known = packages.find_packages(services.db, tried) if tried else {}
    made = FoundForecast(found, request, first_open, expiry_of(found), changes, packages=known)
    if not has_result(found, context):
        return made
    files, objects = [one.file for one in work.file_results(services.db, work_id)], services.objects()
    currencies = [_currency_forecast(objects, files, one) for one in _currencies(files)]
    parked = files_named(files, file_name("parked"))
    listed, _ = rows_page(objects, parked, None, PARKED_LISTED)
    named = {package_id for one in currencies for package_id in one.by_package if package_id} - tried
    return made._replace(
        currencies=currencies, parked=[one["row"] for one in listed], parked_left_out=sum(file.rows for file in parked) - len(listed),
        packages={**known, **(packages.find_packages(services.db, named) if named else {})},
    )  # fmt: skip


def customers_page(
    services: Services, context: RequestContext, work_id: str, of: CustomersAsked, after: Key | None, limit: int
) -> tuple[list[CustomerForecast], Key | None]:
    """Customers with one currency, those with the largest retail first; those to whom changes do something by how much that is.
    Raises `NotFound`, `Invalid` for an effect of no changes, `Conflict` in_progress."""
    if of.effect and asked_of(_forecast_work(services.db, work_id)).changes is None:
        raise Invalid([Fault("/effect", "is for a forecast with changes: this one has none")])
    return _customers(services, context, work_id, file_name(of.effect or "customers", of.currency), after, limit)


def short_page(
    services: Services, context: RequestContext, work_id: str, after: Key | None, limit: int
) -> tuple[list[CustomerForecast], Key | None]:
    """Customers who run short, the first to do so first. Raises `NotFound`, `Conflict` in_progress."""
    return _customers(services, context, work_id, file_name("short"), after, limit)


def _packages_tried(changes: Changes) -> set[str]:
    return {one.package_id for one in changes.prices} | {one.package_id for one in changes.discounts if one.package_id}


def _customers(
    services: Services, context: RequestContext, work_id: str, name: str, after: Key | None, limit: int
) -> tuple[list[CustomerForecast], Key | None]:
    found = _forecast_work(services.db, work_id)
    if not found.is_over:
        raise Conflict("the forecast is not finished: poll it until it is", code="in_progress")
    if not has_result(found, context):
        raise NotFound("the forecast has no result: it was cancelled, or it has expired")
    files = files_named([one.file for one in work.file_results(services.db, work_id)], name)
    rows, last = rows_page(services.objects(), files, after, limit)
    return [customer_of(one["row"]) for one in rows], last


def _forecast_work(db: Db, work_id: str) -> WorkRecord:
    found = read_work(db, work_id)
    if found.kind != "forecast":
        raise NotFound(f"there is no forecast {work_id}")
    return found


def _currencies(files: Sequence[ResultFile]) -> list[str]:
    sums = file_name("sums") + "-"
    return list(dict.fromkeys(file.name.removeprefix(sums) for file in files if file.name.startswith(sums)))


def _currency_forecast(objects: Objects, files: Sequence[ResultFile], currency: str) -> CurrencyForecast:
    groups: dict[str, dict[str, PlannedSums]] = {name: {} for name in ("total", "month", "day", "kind")}
    counts, count, largest = CustomerCounts(), 0, list[tuple[Any, ...]]()
    for _, row in rows_from(objects, files_named(files, file_name("sums", currency))):
        group, key = row["group"], row["key"]
        if group == COUNTS:
            counts = CustomerCounts(*row["row"])
        elif group == "package":
            sums = planned_of(row["row"])
            count += 1
            keep = heapq.heappush if len(largest) < PACKAGES_LISTED else heapq.heappushpop
            keep(largest, (sums.sums.retail, count, key, sums))
        else:
            groups[group][key] = planned_of(row["row"])
    by_package = {key: sums for *_, key, sums in sorted(largest, key=lambda one: (-one[0], one[2]))}
    return CurrencyForecast(
        currency, counts, groups["total"].get("", NOTHING_PLANNED), groups["month"], groups["day"], by_package, count - len(by_package),
        cast(dict[ChargeKind, PlannedSums], groups["kind"]),
    )  # fmt: skip
