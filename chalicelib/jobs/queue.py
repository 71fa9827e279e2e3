"""The workers of queues: pieces of daily runs and of live runs of many lines, calls, pieces of long work."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from .. import deployment, logging_context
from ..logging_context import LogContext
from ..usecases import runs, time_budget, usage, work
from ..usecases.segment import SecondsLeft
from ..wire import jsontext
from ..wire.bodies import UsageMessage, parse
from .strategies import strategy_of

SqsRecord = dict[str, Any]
"""A message as SQS gives it to a function."""
MessageWorker = Callable[[SqsRecord, LogContext], None]
"""Works off a message, and tells what came of it."""
RETRY_UNITS_MAX: Final = 30
"""In units of `RETRY_SECONDS`, which is how long a message that failed once waits."""


def post_charges(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work off pieces of runs."""
    return _work_off_batch("charges", event, context, partial(_work_charges, _seconds_left(context)), deployment.configuration().queue_url)


def do_work(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work off pieces of long work."""
    queue_url = deployment.configuration().work_queue_url
    return _work_off_batch("work", event, context, partial(_work_long, _seconds_left(context)), queue_url)


def apply_work(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work off pieces of long work that writes."""
    queue_url = deployment.configuration().apply_queue_url
    return _work_off_batch("work", event, context, partial(_work_long, _seconds_left(context)), queue_url)


def record_usage(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Record batches of calls, as over HTTP."""
    return _work_off_batch(
        "usage", event, context, partial(_work_usage, _seconds_left(context)), deployment.configuration().usage_queue_url
    )


def _seconds_left(context: Any) -> SecondsLeft:
    return lambda: float(context.get_remaining_time_in_millis()) / 1000


def _work_off_batch(what: str, event: dict[str, Any], context: Any, work: MessageWorker, queue_url: str) -> dict[str, Any]:
    """Work off the messages of a batch; those that failed come back, after 10 times to the dead-letter queue."""
    records = event["Records"]
    ids = " ".join(dict.fromkeys(map(_correlation_id_of, records)))
    with logging_context.invocation(what, context, correlation_id=ids) as log:
        failed = [record for record in records if not _worked_off(record, work, log)]
        log.add(messages=len(records), messages_failed=len(failed))
    for record in failed:
        if queue_url and "receiptHandle" in record:  # not when somebody invoked the function by hand
            deployment.bring_back(queue_url, record["receiptHandle"], _retry_seconds(record))
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}


def _retry_seconds(record: SqsRecord) -> int:
    """How long a failed message waits: twice as long each time, up to a few minutes. Its queue's own time is for work that was cut off."""
    received = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
    return int(deployment.configuration().retry_seconds * min(2 ** (received - 1), RETRY_UNITS_MAX))


def _correlation_id_of(record: SqsRecord) -> str:
    """What the message belongs to: by its attribute, which older ones and those sent again by hand lack, else itself."""
    return logging_context.valid_correlation_id(_attribute(record, deployment.CORRELATION_ATTRIBUTE), record["messageId"])


def _version_of(record: SqsRecord) -> int:
    """The version of the message's body: by its attribute, which messages of former releases and those sent again by hand lack."""
    return int(_attribute(record, deployment.VERSION_ATTRIBUTE) or 1)


def _attribute(record: SqsRecord, name: str) -> str | None:
    value: str | None = record.get("messageAttributes", {}).get(name, {}).get("stringValue")
    return value


def _worked_off(record: SqsRecord, work: MessageWorker, log: LogContext) -> bool:
    try:
        work(record, log)
    except Exception as error:  # noqa: BLE001 - the message comes back, and after 10 times goes to the dead letters
        logging_context.failed_message(log, record["messageId"], error)
        return False
    return True


def _work_charges(seconds_left: SecondsLeft, record: SqsRecord, log: LogContext) -> None:
    message = runs.read_message(json.loads(record["body"]), _version_of(record))
    log.add(**{name: getattr(message, name, None) for name in ("run_id", "segment", "piece")})
    services = deployment.services(_correlation_id_of(record))
    log.add_work(runs.work_off(services, deployment.request_context("schedule"), message, seconds_left))


def _work_long(seconds_left: SecondsLeft, record: SqsRecord, log: LogContext) -> None:
    message = work.read_work_message(json.loads(record["body"]), _version_of(record))
    log.add(**{name: getattr(message, name, None) for name in ("work_id", "segment", "piece", "number")})
    services = deployment.services(_correlation_id_of(record))
    work.work_off(services, deployment.request_context("do_work"), message, strategy_of, seconds_left)


def _work_usage(seconds_left: SecondsLeft, record: SqsRecord, log: LogContext) -> None:
    given = parse(UsageMessage, jsontext.read_json(record["body"].encode()))
    services, zone = time_budget.while_time_is_left(deployment.services(), seconds_left), deployment.configuration().zone
    calls = [call.call(zone) for call in given.calls]
    usage.record_calls(services.db, deployment.request_context("record_usage"), given.customer, calls, services.call_retention)
    log.add(calls=log.fields.get("calls", 0) + len(calls))
