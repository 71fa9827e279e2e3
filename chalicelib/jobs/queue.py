"""The queue's worker: pieces of daily runs and of live runs of many lines."""

import json
import logging
from collections.abc import Callable
from datetime import date
from typing import Any

from .. import deployment
from ..usecases import background, daily_run
from ..usecases.act import Act, Services
from ..usecases.worker import Piece

SecondsLeft = Callable[[], float]
_log = logging.getLogger("packages_billing")


def post_charges(event: dict[str, Any], seconds_left: SecondsLeft) -> dict[str, Any]:
    """Work off the messages of a batch; those that failed come back, after 5 times to the dead-letter queue."""
    failed = [record["messageId"] for record in event["Records"] if not _worked_off(record, seconds_left)]
    _log.info("%d messages, %d failed", len(event["Records"]), len(failed))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _worked_off(record: dict[str, Any], seconds_left: SecondsLeft) -> bool:
    try:
        message = json.loads(record["body"])
        _WORK[message.pop("kind")](deployment.services(), deployment.act("schedule"), message, seconds_left)
    except Exception:  # noqa: BLE001 - the message comes back, and after 5 times goes to the dead letters
        _log.exception("message %s failed", record.get("messageId"))
        return False
    return True


def _daily(services: Services, act: Act, message: dict[str, Any], seconds_left: SecondsLeft) -> None:
    piece = Piece(**message | {"date": date.fromisoformat(message["date"])})
    daily_run.work(services, act, piece, seconds_left)


def _segment(services: Services, act: Act, message: dict[str, Any], seconds_left: SecondsLeft) -> None:
    background.work_segment(services, act, **{"cursor": None} | message, seconds_left=seconds_left)


def _customer(services: Services, act: Act, message: dict[str, Any], _: SecondsLeft) -> None:
    background.work_customer(services, act, **message)


_WORK: dict[str, Callable[[Services, Act, dict[str, Any], SecondsLeft], None]] = {
    "daily": _daily, "run": _segment, "customer_run": _customer,
}  # fmt: skip
