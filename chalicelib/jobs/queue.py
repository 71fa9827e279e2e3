"""The queue's worker: pieces of daily runs and of live runs of many lines."""

import json
import logging
from collections.abc import Callable
from datetime import date
from typing import Any

from .. import deployment
from ..usecases import background, daily_run, usage
from ..usecases.act import Act, Services
from ..usecases.piece import Piece
from ..wire import jsontext
from ..wire.bodies import UsageMessage, parse

SecondsLeft = Callable[[], float]
_log = logging.getLogger("packages_billing")


def post_charges(event: dict[str, Any], seconds_left: SecondsLeft) -> dict[str, Any]:
    """Work off pieces of runs."""
    return _work_off(event, lambda body: _post(body, seconds_left))


def record_usage(event: dict[str, Any]) -> dict[str, Any]:
    """Record batches of calls, as over HTTP."""
    return _work_off(event, _record)


def _work_off(event: dict[str, Any], work: Callable[[str], None]) -> dict[str, Any]:
    """Work off the messages of a batch; those that failed come back, after 5 times to the dead-letter queue."""
    failed = [record["messageId"] for record in event["Records"] if not _worked_off(record, work)]
    _log.info("%d messages, %d failed", len(event["Records"]), len(failed))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _worked_off(record: dict[str, Any], work: Callable[[str], None]) -> bool:
    try:
        work(record["body"])
    except Exception:  # noqa: BLE001 - the message comes back, and after 5 times goes to the dead letters
        _log.exception("message %s failed", record.get("messageId"))
        return False
    return True


def _post(body: str, seconds_left: SecondsLeft) -> None:
    message = json.loads(body)
    _WORK[message.pop("kind")](deployment.services(), deployment.act("schedule"), message, seconds_left)


def _record(body: str) -> None:
    told = parse(UsageMessage, jsontext.read(body.encode()))
    services, zone = deployment.services(), deployment.settings().zone
    calls = [call.call(zone) for call in told.calls]
    usage.record(services.db, deployment.act("record_usage"), told.customer, calls, services.call_retention)


def _daily(services: Services, act: Act, message: dict[str, Any], seconds_left: SecondsLeft) -> None:
    piece = Piece(**message | {"date": date.fromisoformat(message["date"])})
    for failure in daily_run.work(services, act, piece, seconds_left):
        what = "customer parked" if failure.code == "parked" else "assignment failed"
        _log.error("%s: %s", what, json.dumps(failure._asdict(), default=str))


def _segment(services: Services, act: Act, message: dict[str, Any], seconds_left: SecondsLeft) -> None:
    background.work_segment(services, act, **{"cursor": None} | message, seconds_left=seconds_left)


def _customer(services: Services, act: Act, message: dict[str, Any], seconds_left: SecondsLeft) -> None:
    background.work_customer(services, act, **message, seconds_left=seconds_left)


_WORK: dict[str, Callable[[Services, Act, dict[str, Any], SecondsLeft], None]] = {
    "daily": _daily, "run": _segment, "customer_run": _customer,
}  # fmt: skip
