"""The queue's worker: pieces of daily runs and of live runs of many lines."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from .. import deployment, telling
from ..domain.record import Brought, Undone
from ..telling import Told
from ..usecases import background, daily_run, patience, reversal, usage
from ..usecases.act import Act, Services
from ..usecases.piece import Piece
from ..wire import jsontext
from ..wire.bodies import UsageMessage, parse

SecondsLeft = Callable[[], float]
Work = Callable[[str, str, Told], None]
"""Works off a message: its body, its correlation id, and where to tell what came of it."""
LONGEST_RETRY: Final = 30
"""In units of `RETRY_SECONDS`, which is how long a message that failed once waits."""


def post_charges(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work off pieces of runs."""
    return _work_off("charges", event, context, partial(_post, _seconds_left(context)), deployment.settings().queue_url)


def record_usage(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Record batches of calls, as over HTTP."""
    return _work_off("usage", event, context, partial(_record, _seconds_left(context)), deployment.settings().usage_queue_url)


def _seconds_left(context: Any) -> SecondsLeft:
    return lambda: float(context.get_remaining_time_in_millis()) / 1000


def _work_off(what: str, event: dict[str, Any], context: Any, work: Work, queue_url: str) -> dict[str, Any]:
    """Work off the messages of a batch; those that failed come back, after 10 times to the dead-letter queue."""
    records = event["Records"]
    ids = " ".join(dict.fromkeys(map(_correlation_id, records)))
    with telling.invocation(what, context, correlation_id=ids) as told:
        failed = [record for record in records if not _worked_off(record, work, told)]
        told.add(messages=len(records), messages_failed=len(failed))
    for record in failed:
        if queue_url and "receiptHandle" in record:  # not when somebody invoked the function by hand
            deployment.bring_back(queue_url, record["receiptHandle"], _retry_seconds(record))
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}


def _retry_seconds(record: dict[str, Any]) -> int:
    """How long a failed message waits: twice as long each time, up to a few minutes. Its queue's own time is for work that was cut off."""
    received = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
    return int(deployment.settings().retry_seconds * min(2 ** (received - 1), LONGEST_RETRY))


def _correlation_id(record: dict[str, Any]) -> str:
    """What the message belongs to: by its attribute, which older ones and those sent again by hand lack, else itself."""
    attribute = record.get("messageAttributes", {}).get(deployment.CORRELATION_ID, {})
    return telling.correlation_id(attribute.get("stringValue"), record["messageId"])


def _worked_off(record: dict[str, Any], work: Work, told: Told) -> bool:
    try:
        work(record["body"], _correlation_id(record), told)
    except Exception as error:  # noqa: BLE001 - the message comes back, and after 10 times goes to the dead letters
        telling.failed_message(told, record["messageId"], error)
        return False
    return True


def _post(seconds_left: SecondsLeft, body: str, correlation_id: str, told: Told) -> None:
    message = json.loads(body)
    told.add(run_id=message.get("run_id"), segment=message.get("segment"), piece=message.get("piece"))
    work = _WORK[message.pop("kind")]
    told.bring(work(deployment.services(correlation_id), deployment.act("schedule"), message, seconds_left))


def _record(seconds_left: SecondsLeft, body: str, _: str, told: Told) -> None:
    given = parse(UsageMessage, jsontext.read(body.encode()))
    services, zone = patience.patient_while(deployment.services(), seconds_left), deployment.settings().zone
    calls = [call.call(zone) for call in given.calls]
    usage.record(services.db, deployment.act("record_usage"), given.customer, calls, services.call_retention)
    told.add(calls=told.fields.get("calls", 0) + len(calls))


def _daily(services: Services, act: Act, message: dict[str, Any], seconds_left: SecondsLeft) -> Brought:
    return daily_run.work(services, act, Piece.of(message), seconds_left)


def _segment(services: Services, act: Act, message: dict[str, Any], seconds_left: SecondsLeft) -> Brought:
    return background.work_segment(services, act, **{"cursor": None} | message, seconds_left=seconds_left)


def _customer(services: Services, act: Act, message: dict[str, Any], seconds_left: SecondsLeft) -> Brought | None:
    return background.work_customer(services, act, **message, seconds_left=seconds_left)


def _reversal(services: Services, act: Act, message: dict[str, Any], seconds_left: SecondsLeft) -> Brought:
    return reversal.work(services, act, message["run_id"], message["after"], Undone(*message["undone"]), seconds_left)


_WORK: dict[str, Callable[[Services, Act, dict[str, Any], SecondsLeft], Brought | None]] = {
    "daily": _daily, "run": _segment, "customer_run": _customer, "reversal": _reversal,
}  # fmt: skip
