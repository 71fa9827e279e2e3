"""What an invocation tells: one line of JSON, and metrics for what it brought.

The line is gathered on the way and written at the end, whatever the end is. It has ids, counts and codes: never a body, a
header as it came, or a token. There is no line for a single charge.
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
from .domain.record import Brought

CORRELATION_HEADER: Final = "X-Correlation-Id"
LISTED_FAILURES: Final = 20
LONGEST_DETAIL: Final = 1000
_CORRELATION_ID: Final = re.compile(r"[A-Za-z0-9._:\-]{1,64}", re.ASCII)
_first: Final = iter((True,))
_log: Final = Logger(level=logging.INFO, location=None, sampling_rate=None, use_rfc3339=True, utc=True, serialize_stacktrace=False)
_WRITE: Final = {logging.INFO: _log.info, logging.WARNING: _log.warning, logging.ERROR: _log.error}


class Told:
    """What one invocation has told so far."""

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

    def bring(self, brought: Brought | None) -> None:
        """What was posted: counts, the first failures by their ids, and metrics."""
        if brought is None:
            return
        failures = [failure._asdict() for failure in brought.result.failures[:LISTED_FAILURES]]
        if failures:
            self.level = logging.WARNING
        self.add(
            posted=brought.posted, held=brought.held, failed=brought.failed, parked=brought.parked, swept=brought.swept,
            owed=brought.owed, segments_left=brought.left, failures=failures or None,
        )  # fmt: skip
        self.metrics.append(lambda ms: metrics.of_charges(brought, ms))


@contextmanager
def invocation(what: str, context: Any, *, correlation_id: str, request_id: str | None = None) -> Iterator[Told]:
    """Write one line about an invocation when it ends. `request_id` is the caller's; it is the function's own without one."""
    told = Told(correlation_id)
    told.add(
        function=context.function_name, request_id=request_id or context.aws_request_id, correlation_id=correlation_id,
        function_request_id=context.aws_request_id if request_id else None, cold_start=next(_first, False),
    )  # fmt: skip
    began = time.monotonic()
    try:
        yield told
    except Exception as error:
        told.level = logging.WARNING
        told.fail(error)
        raise
    finally:
        ms = (time.monotonic() - began) * 1000
        _WRITE[told.level](what, extra={**told.fields, "ms": round(ms)}, exc_info=told.error)
        for emit in told.metrics:
            emit(ms)


def request(http: Any, context: Any) -> AbstractContextManager[Told]:
    """Write one line about a call of the API when it ends. The gateway's request id is what the caller was given."""
    request_id = http.context.get("requestId") or context.aws_request_id
    given = correlation_id(http.headers.get(CORRELATION_HEADER), request_id)
    return invocation("request", context, correlation_id=given, request_id=request_id)


def failed_message(told: Told, message_id: str, error: Exception) -> None:
    """One line about a message that failed: of a batch, others may not have. Its body is not told, for it comes back."""
    extra = {name: told.fields[name] for name in ("function", "request_id", "correlation_id")} | {"message_id": message_id}
    if isinstance(error, BillingError):
        _log.error("message refused", extra=extra | {"code": error.code, "detail": error.detail[:LONGEST_DETAIL]})
    else:
        _log.error("message failed", extra=extra, exc_info=error)


def correlation_id(given: str | None, otherwise: str) -> str:
    """The id that the caller gave, if it can be one; else another."""
    return given if given is not None and _CORRELATION_ID.fullmatch(given) else otherwise


def configure() -> None:
    """Write each line once, and what libraries warn of as JSON too, by whatever handlers there are: Lambda brings one."""
    logging.getLogger(_log.service).propagate = False
    logging.basicConfig(level=logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_log.registered_formatter)
