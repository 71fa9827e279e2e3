"""What the scheduled and the invoked function do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from chalice.app import BaseLambdaEvent

from .. import deployment, metrics, telling
from ..domain.errors import BillingError, Fault, Invalid
from ..domain.schedule import DAY
from ..telling import Told
from ..usecases import daily_run
from ..usecases.act import Services
from ..wire import running, views
from ..wire.bodies import EvaluationBody, RunBody, parse
from ..wire.jsontext import Number
from .errors import Refused


class AnyEvent(BaseLambdaEvent):
    """An event as it came: Chalice's own class demands the schedule's fields and dies of any other event."""

    def _extract_attributes(self, event_dict: dict[str, Any]) -> None:
        """Take nothing out; `to_dict` has it all."""


_SCHEDULE_FIELDS = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}


def evaluate(event: Any, context: Any) -> dict[str, Any]:
    """Begin the evaluation of a day, today or `date`; with `check`, only tell whether it is finished. Raises `Refused`."""
    scheduled = isinstance(event, dict) and event.get("source") == "aws.events" and event.keys() <= _SCHEDULE_FIELDS
    own_id = context.aws_request_id
    correlation_id = telling.correlation_id(str(event.get("id")), own_id) if scheduled else own_id
    with _refusing(), telling.invocation("evaluation", context, correlation_id=correlation_id) as told:
        body = parse(EvaluationBody, {} if scheduled else _exact(event))
        act = deployment.act("schedule" if scheduled else "evaluate_due_charges")
        services, day = deployment.services(correlation_id), body.date or act.today
        told.add(by=act.by, date=str(day))
        if body.check:
            return _checked(services, day, act.today, told)
        started = daily_run.start(services, act, day, allow_future=body.allow_future)
        told.add(run_id=started.run_id)
        if day >= act.today:
            _tell_late(daily_run.days_late(services, act.today - DAY), told)
    return views.started(started)


def _checked(services: Services, day: date, today: date, told: Told) -> dict[str, Any]:
    """What each morning is asked: whether the day is finished. An alarm listens, but not to questions about other days."""
    late = daily_run.days_late(services, day)
    told.add(days_late=late)
    if day == today:
        _tell_late(late, told)
    return {"date": day.isoformat(), "days_late": late}


def _tell_late(days: int, told: Told) -> None:
    told.add(days_late=days)
    told.metrics.append(lambda _: metrics.of_lateness(days))


def run_package(event: Any, context: Any) -> dict[str, Any]:
    """Run Package; a live run without `run_id` has the invocation's own, so that AWS's retries of it charge once. Raises `Refused`."""
    request_id = context.aws_request_id
    with _refusing(), telling.invocation("run", context, correlation_id=request_id) as told:
        body = parse(RunBody, _exact(event))
        act = deployment.act("run_package")._replace(id=request_id)
        ran = running.run(deployment.services(request_id), act, body)
        told.add(run_id=ran.answer["run_id"], customer=body.customer, date=ran.answer["date"], simulate=body.simulate)
        told.bring(ran.brought)
    return ran.answer


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
