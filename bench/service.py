"""The service in this process, on whatever client: the use cases of a day, without API and queue."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Final, ParamSpec, TypeVar

from chalicelib.storage.db import Db
from chalicelib.storage.keys import TABLES
from chalicelib.usecases import daily_run
from chalicelib.usecases.act import Act, Services
from chalicelib.usecases.piece import Piece

DAY: Final = date(2031, 1, 14)
YESTERDAY: Final = DAY - timedelta(days=1)
KEPT: Final = timedelta(days=400)
_ids = count(1)
P = ParamSpec("P")
T = TypeVar("T")


class AtOnce(Executor):
    """Does jobs when they are submitted: one after the other, in this thread."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def at_once(_: int) -> Executor:
    """In place of threads."""
    return AtOnce()


def act(today: date = DAY) -> Act:
    """A request by an operator, at three in the morning."""
    at = datetime(today.year, today.month, today.day, 3, 0, 0, 123456, tzinfo=UTC)
    return Act("arn:aws:iam::123456789012:user/billing", at, today, f"{next(_ids):026}", lambda: at)


class Service:
    """Use cases on a client; what they queue is worked off at once."""

    def __init__(self, client: Any, *, segments: int = 1, threads: Callable[[int], Executor] = at_once) -> None:
        self.db = Db(client, {name: name for name in TABLES})
        self.segments = segments
        self.queued: list[dict[str, Any]] = []
        self.services = Services(self.db, self.queued.extend, segments, 20_000, True, "USD", KEPT, threads)

    def evaluate(self, day: date) -> None:
        """A day's evaluation."""
        self.begin(day)
        while self.queued:
            self.work_next()

    def begin(self, day: date) -> None:
        """Record the run and queue its segments."""
        daily_run.start(self.services, act(day), day, allow_future=True)

    def work_next(self) -> int:
        """Work off the next message, and say which segment that was."""
        piece = Piece.of(self.queued.pop(0))
        brought = daily_run.work(self.services, act(piece.date), piece, lambda: 900.0)
        if brought.result.failures:
            raise RuntimeError(f"a charge failed: {brought.result.failures[0]}")
        return piece.segment


THREADS: Final = ThreadPoolExecutor
"""As deployed."""
