"""The forecast of all customers, as long work: asked for, planned customer by customer, summed, and read.

`planning` is the strategy of the work, `rows` says how its results are written, `reading` reads them.
"""

from ...domain.work import WorkRecord
from ..forecasts import ForecastAsk, checked_request
from ..request_context import RequestContext, Services
from ..work import turns
from .planning import ForecastByUse, ForecastOfAll, asked_for, asked_of, file_name
from .reading import CustomersAsked, customers_page, read_forecast, short_page
from .rows import text_of_changes

__all__ = [
    "CustomersAsked",
    "ForecastByUse",
    "ForecastOfAll",
    "asked_for",
    "asked_of",
    "customers_page",
    "file_name",
    "read_forecast",
    "request_forecast",
    "short_page",
]


def request_forecast(services: Services, context: RequestContext, ask: ForecastAsk) -> WorkRecord:
    """Have all customers forecast. Raises `NotOpen`, `Invalid`, or `Conflict` when too much work waits."""
    request, first_open = checked_request(services.db, context, ask, listed=0)
    said = asked_for(request, first_open)
    if ask.package_id:
        said["package"] = ask.package_id
    if ask.changes:
        said["changes"] = text_of_changes(ask.changes)
    return turns.begin_work(services, WorkRecord(context.id, "forecast", said, context.timestamp, context.by, services.segments))
