"""The log of an invocation: one line of JSON, and metrics of what it did.

The fields are collected on the way and written at the end, even after a failure. They are ids, counts and codes: never a body,
a raw header or a token. There is no line for a single charge.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from aws_lambda_powertools import Logger

from . import metrics
from .domain.errors import BillingError
from .domain.record import WorkResult

CORRELATION_HEADER: Final = "X-Correlation-Id"
LOGGED_FAILURES_MAX: Final = 20
LOGGED_DETAIL_CHARACTERS_MAX: Final = 1000
_CORRELATION_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9._:\-]{1,64}", re.ASCII)
_first: Final = iter((True,))
logger: Final = Logger(level=logging.INFO, location=None, sampling_rate=None, use_rfc3339=True, utc=True, serialize_stacktrace=False)
_LOG_BY_LEVEL: Final = {logging.INFO: logger.info, logging.WARNING: logger.warning, logging.ERROR: logger.error}


class LogContext:
    """The log fields of one invocation, collected so far."""

    def __init__(self, correlation_id: str) -> None:
        self.correlation_id = correlation_id
        self.fields: dict[str, Any] = {}
        self.level = logging.INFO
        self.error: Exception | None = None
        self.metrics: list[Callable[[float], None]] = []
        """What to emit at the end, when the milliseconds are known."""

    def add(self, **fields: Any) -> None:
        """More fields of the line; None is left out."""
        self.fields |= {name: value for name, value in fields.items() if value is not None}

    def fail(self, error: Exception) -> None:
        """What went wrong: a refusal by its code, anything else with its traceback."""
        if isinstance(error, BillingError):
            self.add(code=error.code)
        else:
            self.error, self.level = error, logging.ERROR

    def add_work(self, work_result: WorkResult | None) -> None:
        """What was posted: counts, the first failures by their ids, and metrics."""
        if work_result is None:
            return
        failures = [failure._asdict() for failure in work_result.result.failures[:LOGGED_FAILURES_MAX]]
        if failures:
            self.level = logging.WARNING
        self.add(
            posted=work_result.posted, held=work_result.held, failed=work_result.failed, parked=work_result.parked, swept=work_result.swept,
            owed=work_result.owed, segments_left=work_result.left, failures=failures or None,
        )  # fmt: skip
        self.metrics.append(lambda ms: metrics.of_charges(work_result, ms))


@contextmanager
def invocation(what: str, context: Any, *, correlation_id: str, request_id: str | None = None) -> Iterator[LogContext]:
    """Write one line about an invocation when it ends. `request_id` is the caller's; it is the function's own without one."""
    log = LogContext(correlation_id)
    log.add(
        function=context.function_name, request_id=request_id or context.aws_request_id, correlation_id=correlation_id,
        function_request_id=context.aws_request_id if request_id else None, cold_start=next(_first, False),
    )  # fmt: skip
    began = time.monotonic()
    try:
        yield log
    except Exception as error:
        log.level = logging.WARNING
        log.fail(error)
        raise
    finally:
        ms = (time.monotonic() - began) * 1000
        _LOG_BY_LEVEL[log.level](what, extra={**log.fields, "ms": round(ms)}, exc_info=log.error)
        for emit in log.metrics:
            emit(ms)


def request(http: Any, context: Any) -> AbstractContextManager[LogContext]:
    """Write one line about a call of the API when it ends. The gateway's request id is what the caller was given."""
    request_id = http.context.get("requestId") or context.aws_request_id
    given = valid_correlation_id(http.headers.get(CORRELATION_HEADER), request_id)
    return invocation("request", context, correlation_id=given, request_id=request_id)


def failed_message(log: LogContext, message_id: str, error: Exception) -> None:
    """One line about a message that failed; others of its batch may have succeeded. Its body is not logged: it is delivered again."""
    extra = {name: log.fields[name] for name in ("function", "request_id", "correlation_id")} | {"message_id": message_id}
    if isinstance(error, BillingError):
        logger.error("message refused", extra=extra | {"code": error.code, "detail": error.detail[:LOGGED_DETAIL_CHARACTERS_MAX]})
    else:
        logger.error("message failed", extra=extra, exc_info=error)


def valid_correlation_id(given: str | None, otherwise: str) -> str:
    """The id that the caller gave, if it can be one; else another."""
    return given if given is not None and _CORRELATION_ID_PATTERN.fullmatch(given) else otherwise


def configure() -> None:
    """Write each line once, and warnings of libraries as JSON too, with the existing handlers: Lambda installs one."""
    logging.getLogger(logger.service).propagate = False
    logging.basicConfig(level=logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(logger.registered_formatter)
