"""Forecasts of all customers in a world of the tests: asked for, worked off, and read; and the same made of the forecasts of each."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from chalicelib.domain.forecast import NO_SUMS, Forecast
from chalicelib.domain.forecast_changes import WhatIf
from chalicelib.domain.forecast_effects import Effect
from chalicelib.domain.forecast_of_all import CustomerForecast, FoundForecast, PlannedSums, customer_forecast
from chalicelib.domain.report import Totals, merge
from chalicelib.domain.work import WorkRecord
from chalicelib.usecases import forecasts_of_all
from chalicelib.usecases.forecasts import ForecastAsk
from chalicelib.usecases.request_context import RequestContext
from tests.harness import InProcess
from tests.usecases.exporting import work_off

NAME: Final = "forecast"
Sums = dict[tuple[str, str, str], PlannedSums]
"""Sums by currency, group and key."""


def request(world: InProcess, context: RequestContext, last: date, **asked: Any) -> WorkRecord:
    return forecasts_of_all.request_forecast(world.services, context, ForecastAsk(last, **asked))


def made(world: InProcess, context: RequestContext, last: date, **asked: Any) -> FoundForecast:
    """A finished forecast."""
    request(world, context, last, **asked)
    work_off(world)
    return forecasts_of_all.read_forecast(world.services, context, context.id)


def pages(
    world: InProcess, context: RequestContext, currency: str | None, limit: int = 200, effect: Effect | None = None
) -> list[list[CustomerForecast]]:
    """The pages of customers with a currency, all or those to whom changes do something, or of those who run short."""
    found: list[list[CustomerForecast]] = []
    after, last = None, None
    while not found or last is not None:
        if currency is None:
            page, last = forecasts_of_all.short_page(world.services, context, context.id, after, limit)
        else:
            asked = forecasts_of_all.CustomersAsked(currency, effect)
            page, last = forecasts_of_all.customers_page(world.services, context, context.id, asked, after, limit)
        found.append(page)
        after = last
    return found


def rows(world: InProcess, context: RequestContext, currency: str | None, effect: Effect | None = None) -> list[CustomerForecast]:
    return [one for page in pages(world, context, currency, effect=effect) for one in page]


def sums_told(found: FoundForecast) -> Sums:
    """Every sum that is told, by currency, group and key."""
    told: Sums = {}
    for one in found.currencies or ():
        groups = {"month": one.by_month, "day": one.by_day, "package": one.by_package, "kind": one.by_kind}
        told |= {(one.currency, group, key): sums for group, by_key in groups.items() for key, sums in by_key.items()}  # type: ignore[attr-defined]
        told[one.currency, "total", ""] = one.total
    return told


def sums_of_each(found: Iterable[Forecast | WhatIf]) -> Sums:
    """The same from the forecasts of each customer."""
    sides = [_sides(one) for one in found]
    after: dict[tuple[str, str, str], Totals] = {}
    before: dict[tuple[str, str, str], Totals] = {}
    for now, then in sides:
        _add(after, now)
        if then:
            _add(before, then)
    if not before:
        return {place: PlannedSums(sums) for place, sums in after.items()}
    places = after.keys() | before.keys()
    return {place: PlannedSums(after.get(place, NO_SUMS), before.get(place, NO_SUMS)) for place in places}


def rows_of_each(found: Iterable[Forecast | WhatIf]) -> list[CustomerForecast]:
    """Their rows, in the order of the pages."""
    made_of = [customer_forecast(*_sides(one)) for one in found]
    return sorted(made_of, key=lambda one: (one.currency, -one.planned.sums.retail, one.customer_id))


def _sides(one: Forecast | WhatIf) -> tuple[Forecast, Forecast | None]:
    return (one.after, one.before) if isinstance(one, WhatIf) else (one, None)


def _add(sums: dict[tuple[str, str, str], Totals], one: Forecast) -> None:
    currency = one.facts.account.currency
    groups: dict[str, dict[str, Totals]] = {
        "month": dict(one.by_month), "day": {day.isoformat(): some for day, some in one.by_day.items()},
        "package": dict(one.by_package), "kind": {str(kind): some for kind, some in one.by_kind.items()}, "total": {"": one.sums},
    }  # fmt: skip
    for group, by_key in groups.items():
        for key, some in by_key.items():
            place = currency, group, key
            sums[place] = merge(sums.get(place, NO_SUMS), some)
