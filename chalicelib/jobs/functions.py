"""What the scheduled and the invoked function do."""

import logging
from datetime import date
from typing import Any

from chalice.app import BaseLambdaEvent

from .. import deployment
from ..domain.errors import BillingError, Fault, Invalid
from ..usecases import daily_run
from ..wire import running, views
from ..wire.bodies import EvaluationBody, RunBody, parse
from ..wire.jsontext import Number
from .errors import Refused


class AnyEvent(BaseLambdaEvent):
    """An event as it came: Chalice's own class demands the schedule's fields and dies of any other event."""

    def _extract_attributes(self, event_dict: dict[str, Any]) -> None:
        """Take nothing out; `to_dict` has it all."""


_SCHEDULE_FIELDS = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}
_log = logging.getLogger("packages_billing")


def evaluate(event: Any) -> dict[str, Any]:
    """Begin the evaluation of a day, today or `date`; with `check`, only tell whether it is finished. Raises `Refused`."""
    scheduled = isinstance(event, dict) and event.get("source") == "aws.events" and event.keys() <= _SCHEDULE_FIELDS
    try:
        body = parse(EvaluationBody, {} if scheduled else _exact(event))
        act = deployment.act("schedule" if scheduled else "evaluate_due_charges")
        if body.check:
            return _checked(body.date or act.today)
        started = daily_run.start(deployment.services(), act, body.date or act.today, allow_future=body.allow_future)
    except BillingError as error:
        _log.warning("evaluation refused: %s", error.detail)
        raise Refused(error) from None
    _log.info("evaluation of %s handed to the queue as %s", started.day, started.run_id)
    return views.started(started)


def _checked(day: date) -> dict[str, Any]:
    """What each morning is asked: whether the day is finished. An alarm listens."""
    late = daily_run.days_late(deployment.services(), day)
    _log.log(logging.WARNING if late else logging.INFO, "up to %s, %d days are not finished", day, late)
    return {"date": day.isoformat(), "days_late": late}


def run_package(event: Any, request_id: str) -> dict[str, Any]:
    """Run Package; a live run without `run_id` has the invocation's own, so that AWS's retries of it charge once. Raises `Refused`."""
    try:
        body = parse(RunBody, _exact(event))
        act = deployment.act("run_package")._replace(id=request_id)
        ran = running.run(deployment.services(), act, body)
    except BillingError as error:
        _log.warning("run refused: %s", error.detail)
        raise Refused(error) from None
    _log.info("run for %s on %s: simulate=%s", body.customer, ran.answer["date"], body.simulate)
    return ran.answer


def _exact(event: Any) -> Any:
    """The event as a body; its numbers were read by Lambda, which keeps whole ones only."""
    if not isinstance(event, dict):
        raise Invalid([Fault("", "must be an object")])
    return {name: Number(repr(value)) if isinstance(value, float) else value for name, value in event.items()}
