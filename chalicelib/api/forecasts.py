"""`/forecasts`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint

from ..domain.forecast_effects import EFFECTS
from ..wire import answers, fields
from .access import READ
from .call import Answer, Call, Sent
from .formats import CSV, CSV_ROWS_MAX, forecast_as_csv, forecast_customers_as_csv, forecast_sums_as_csv
from .query import LIST, OneOf, Parameter
from .routing import get, run_route

blueprint = Blueprint(__name__)
_CUSTOMERS: Mapping[str, Parameter] = {"currency": Parameter(fields.currency, required=True), "effect": Parameter(OneOf(EFFECTS)), **LIST}


def _is_work(sent: Sent, _query: Mapping[str, Any]) -> bool:
    """Whether a forecast is work, of which a record is written: that of all customers."""
    return isinstance(sent.json, dict) and sent.json.get("customer") is None


@run_route(blueprint, "/forecasts", READ, live=_is_work, forms={CSV: forecast_as_csv})
def forecast(call: Call) -> Answer[answers.Forecast | answers.ForecastOfAll]:
    """What the days to come bring: what is posted, what is held, and how much is short. No charge is written."""
    from ..domain.forecast import FORECAST_LINES_LISTED  # not in cold starts
    from ..usecases.forecasts import ForecastAsk, forecast_customer
    from ..usecases.forecasts_of_all import request_forecast
    from ..wire.forecast_bodies import ForecastBody
    from ..wire.forecast_views import forecast_view

    body = call.body(ForecastBody)
    ask = ForecastAsk(body.to, body.since, body.changes.changes() if body.changes else None, body.package)
    if body.customer is None:
        made = request_forecast(call.services, call.context, ask)
        return Answer(_found(call, made.work_id), 202, {"Location": f"forecasts/{made.work_id}"})
    listed = CSV_ROWS_MAX if call.form == CSV else FORECAST_LINES_LISTED
    return Answer(forecast_view(forecast_customer(call.services, call.context, body.customer, ask, listed)))


@get(blueprint, "/forecasts/{work_id}", forms={CSV: forecast_sums_as_csv})
def read_forecast(call: Call) -> Answer[answers.ForecastOfAll]:
    """A forecast of all customers: how far it is, and its sums once it is finished."""
    return Answer(_found(call, call.params["work_id"]))


@get(blueprint, "/forecasts/{work_id}/customers", _CUSTOMERS, forms={CSV: forecast_customers_as_csv})
def list_forecast_customers(call: Call) -> Answer[answers.Page[answers.ForecastCustomer]]:
    """What a forecast brings to each customer with one currency, those with the largest retail first; or to whom its changes do something,
    those first to whom they do most."""
    from ..usecases.forecasts_of_all import CustomersAsked, customers_page  # not in cold starts
    from ..wire.forecast_of_all_views import customer_forecast_view

    work_id, of = call.params["work_id"], CustomersAsked(call.query["currency"], call.query.get("effect"))
    return call.page(
        " ".join(["forecast", work_id, *filter(None, of)]),
        lambda after, limit: customers_page(call.services, call.context, work_id, of, after, limit),
        customer_forecast_view,
    )


@get(blueprint, "/forecasts/{work_id}/short", LIST, forms={CSV: forecast_customers_as_csv})
def list_forecast_short(call: Call) -> Answer[answers.Page[answers.ForecastCustomer]]:
    """Who runs short in the days of a forecast, by the first day on which a charge would be held."""
    from ..usecases.forecasts_of_all import short_page  # not in cold starts
    from ..wire.forecast_of_all_views import customer_forecast_view

    work_id = call.params["work_id"]
    return call.page(
        f"forecast {work_id} short",
        lambda after, limit: short_page(call.services, call.context, work_id, after, limit),
        customer_forecast_view,
    )


def _found(call: Call, work_id: str) -> answers.ForecastOfAll:
    from ..usecases.forecasts_of_all import read_forecast  # not in cold starts
    from ..wire.forecast_of_all_views import forecast_of_all_view

    return forecast_of_all_view(read_forecast(call.services, call.context, work_id))
