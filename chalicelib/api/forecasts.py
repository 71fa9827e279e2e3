"""`/forecasts`"""

from chalice.app import Blueprint

from ..wire import answers
from .access import READ
from .call import Answer, Call
from .formats import CSV, CSV_ROWS_MAX, forecast_as_csv
from .routing import run_route

blueprint = Blueprint(__name__)


@run_route(blueprint, "/forecasts", READ, forms={CSV: forecast_as_csv})
def forecast(call: Call) -> Answer[answers.Forecast]:
    """What the days to come bring to a customer: what is posted, what is held, and how much is short. Nothing is written."""
    from ..domain.forecast import FORECAST_LINES_LISTED  # not in cold starts
    from ..usecases.forecasts import ForecastAsk, forecast_customer
    from ..wire.forecast_bodies import ForecastBody
    from ..wire.forecast_views import forecast_view

    body = call.body(ForecastBody)
    ask = ForecastAsk(body.customer, body.to, body.since, body.changes.changes() if body.changes else None, body.package)
    listed = CSV_ROWS_MAX if call.form == CSV else FORECAST_LINES_LISTED
    return Answer(forecast_view(forecast_customer(call.services, call.context, ask, listed)))
