"""A customer at a glance: loaded as for a forecast, and planned by it. Writes nothing."""

from datetime import timedelta
from typing import Final

from ..domain.assignment import has_ended
from ..domain.forecast import ForecastRequest, forecast
from ..domain.outlook import Outlook, outlook
from ..domain.schedule import first_open_day
from ..storage import ledger, progress
from .forecasts import FORECAST_ENTRIES_MAX, FORECAST_LIMITS, REQUEST_LINES_MAX, FactsWanted, gather_facts
from .request_context import RequestContext, Services
from .runs.limits import load_within

FEW_ASSIGNMENTS: Final = 50
"""Of a customer with so many, a year is looked ahead, so that what is due yearly is seen; of others a month."""
DAYS_OF_FEW: Final = 366
DAYS_OF_MANY: Final = 31
NEWEST_ENTRIES: Final = 1000
"""Among which the last payment is looked for."""


def read_outlook(services: Services, context: RequestContext, customer_id: str) -> Outlook:
    """A customer at a glance. Raises `NotFound`, or `Invalid` too_many."""
    db = services.db
    snapshot = load_within(db, customer_id, FORECAST_LIMITS)
    standing = progress.read_progress(db)
    first = first_open_day(context.today, standing.latest_started)
    going_on = sum(not has_ended(one, context.today) for one in snapshot.assignments)
    last = first + timedelta(days=(DAYS_OF_FEW if going_on <= FEW_ASSIGNMENTS else DAYS_OF_MANY) - 1)
    facts = gather_facts(db, snapshot, standing, FactsWanted(first, last, context.at, services.max_lines, FORECAST_ENTRIES_MAX))
    planned = forecast(facts, ForecastRequest(first, last, context.today, most=REQUEST_LINES_MAX))
    payment = ledger.latest_payment(db, customer_id, NEWEST_ENTRIES) if snapshot.account.entries else None
    return outlook(planned, context.today, payment)
