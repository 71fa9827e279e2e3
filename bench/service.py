"""The service in this process, on whatever client: the use cases of a day, without API and queue."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Final

from chalicelib.usecases.request_context import RequestContext
from chalicelib.usecases.runs import daily
from chalicelib.usecases.runs.messages import SegmentMessage, read_message
from tests.harness import InProcess, InThread

DAY: Final = date(2031, 1, 14)
YESTERDAY: Final = DAY - timedelta(days=1)
_ids = count(1)


def context(today: date = DAY) -> RequestContext:
    """A request by an operator, at three in the morning."""
    at = datetime(today.year, today.month, today.day, 3, 0, 0, 123456, tzinfo=UTC)
    return RequestContext("arn:aws:iam::123456789012:user/billing", at, today, f"{next(_ids):026}", lambda: at)


class Service(InProcess):
    """Use cases on a client; what they queue is worked off at once."""

    def __init__(self, client: Any, *, segments: int = 1, threads: Callable[[int], Executor] = InThread) -> None:
        super().__init__(client, segments=segments, threads=threads)
        self.segments = segments

    def evaluate(self, day: date) -> None:
        """A day's evaluation."""
        self.begin(day)
        while self.queued:
            self.work_next()

    def begin(self, day: date) -> None:
        """Record the run and queue its segments."""
        daily.start_evaluation(self.services, context(day), day, allow_future=True)

    def work_next(self) -> int:
        """Work off the next message, and say which segment that was."""
        message = read_message(self.queued.pop(0))
        if not isinstance(message, SegmentMessage):
            raise TypeError(message)
        work_result = daily.work_sweep(self.services, context(message.date), message, lambda: 900.0)
        if work_result.result.failures:
            raise RuntimeError(f"a charge failed: {work_result.result.failures[0]}")
        return message.segment


THREADS: Final = ThreadPoolExecutor
"""As deployed."""
