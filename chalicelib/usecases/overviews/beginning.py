"""The overview: the forecast of all customers for 31 days that is made after each daily run, where the deployment has it made.

Its id is the run's day, so a run has one, however often it is tried again and its messages come.
"""

from contextlib import suppress
from datetime import date, timedelta
from typing import Final

from ...domain.errors import Conflict
from ...domain.schedule import DAY
from ...domain.work import WorkRecord
from ...storage import runs, work
from ..forecasts import ForecastAsk, checked_request
from ..forecasts_of_all import asked_for
from ..request_context import RequestContext, Services
from ..work import turns
from .packages import PACKAGES

OVERVIEW_DAYS: Final = 31
OVERVIEW: Final = "overview"
"""What the record of an overview says more than that of another forecast: the day of its run."""


def overview_id(day: date) -> str:
    """The work that a daily run begins."""
    return f"overview:{day}"


def begin_overview(services: Services, context: RequestContext, run_id: str) -> None:
    """Have the overview made of a daily run that is over, once, whatever it failed at. The run does not depend on it: if too much work
    waits, this run has none."""
    run = runs.find_run(services.db, run_id)
    if run is None or run.state == "running":
        return
    name = overview_id(run.date)
    if work.find_work(services.db, name):
        turns.hand_out(services)  # whoever began it may have gone before it was queued
        return
    last = max(run.date + DAY, context.today) + timedelta(days=OVERVIEW_DAYS - 1)
    request, first_open = checked_request(services.db, context, ForecastAsk(last), listed=0)
    with suppress(Conflict):
        asked = {**asked_for(request, first_open), OVERVIEW: run.date.isoformat(), PACKAGES: "yes"}
        segments = services.segments + 1  # the last one is the packages
        turns.begin_work(services, WorkRecord(name, "forecast", asked, context.timestamp, context.by, segments))
