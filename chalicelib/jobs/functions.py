"""What the scheduled and the invoked function do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from .. import deployment, logging_context, metrics
from ..domain.errors import BillingError, Fault, Invalid
from ..domain.schedule import DAY
from ..logging_context import LogContext
from ..usecases.request_context import Services
from ..usecases.runs import daily, requests
from ..wire import answers, views
from ..wire.bodies import EvaluationBody, RunBody, parse
from ..wire.jsontext import Number
from .errors import Refused

_SCHEDULE_FIELDS = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}


def evaluate(event: Any, context: Any) -> answers.Started | answers.Lateness:
    """Begin the evaluation of a day, today or `date`; with `check`, only tell whether it is finished. Raises `Refused`."""
    scheduled = isinstance(event, dict) and event.get("source") == "aws.events" and event.keys() <= _SCHEDULE_FIELDS
    own_id = context.aws_request_id
    correlation_id = logging_context.valid_correlation_id(str(event.get("id")), own_id) if scheduled else own_id
    with _refusing(), logging_context.invocation("evaluation", context, correlation_id=correlation_id) as log:
        body = parse(EvaluationBody, {} if scheduled else _exact(event))
        request_context = deployment.request_context("schedule" if scheduled else "evaluate_due_charges")
        services, day = deployment.services(correlation_id), body.date or request_context.today
        log.add(by=request_context.by, date=str(day))
        if body.check:
            return _checked(services, day, request_context.today, log)
        started = daily.start_evaluation(services, request_context, day, allow_future=body.allow_future)
        log.add(run_id=started.run_id)
        if day >= request_context.today:
            _tell_late(daily.days_late(services, request_context.today - DAY), log)
    return views.started_view(started)


def _checked(services: Services, day: date, today: date, log: LogContext) -> answers.Lateness:
    """What each morning is asked: whether the day is finished. An alarm listens, but not to questions about other days."""
    late = daily.days_late(services, day)
    log.add(days_late=late)
    if day == today:
        _tell_late(late, log)
    return {"date": day.isoformat(), "days_late": late}


def _tell_late(days: int, log: LogContext) -> None:
    log.add(days_late=days)
    log.metrics.append(lambda _: metrics.of_lateness(days))


def run_package(event: Any, context: Any) -> answers.AnyReport:
    """Run Package; a live run without `run_id` has the invocation's own, so that AWS's retries of it charge once. Raises `Refused`."""
    request_id = context.aws_request_id
    with _refusing(), logging_context.invocation("run", context, correlation_id=request_id) as log:
        body = parse(RunBody, _exact(event))
        request_context = deployment.request_context("run_package")._replace(id=request_id)
        services, request = deployment.services(request_id), body.request(request_context.today, request_id)
        log.add(customer=body.customer, date=str(request.date), simulate=body.simulate)
        if body.simulate:
            return views.simulation_view(requests.simulate_request(services.db, request_context, request))
        done, work_result = requests.run_request(services, request_context, request)
        log.add(run_id=request.run_id)
        log.add_work(work_result)
        return views.recorded_run_view(done)


@contextmanager
def _refusing() -> Iterator[None]:
    """Callers that are no HTTP clients get a refusal as an error they can read."""
    try:
        yield
    except BillingError as error:
        raise Refused(error) from None


def _exact(event: Any) -> Any:
    """The event as a body; its numbers were read by Lambda, which keeps whole ones only."""
    if not isinstance(event, dict):
        raise Invalid([Fault("", "must be an object")])
    return {name: Number(repr(value)) if isinstance(value, float) else value for name, value in event.items()}
