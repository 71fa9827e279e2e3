"""The service in this process, without HTTP and without AWS: what every world of the tests is made of.

Tables are in memory unless a test brings a client of others. What is queued stays in `queued` until somebody works it off.
What a world adds is its own: a small fixed cast (`world/stage.py`), chance and faults (`world/simulation.py`), a clock that
moves when somebody waits (`operators/world.py`), requests by their routes (`model/service.py`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.domain.history import HistoryItem, run_finished
from chalicelib.domain.low_balance import DefaultThresholds
from chalicelib.domain.record import Result, WorkResult
from chalicelib.jobs.strategies import strategy_of
from chalicelib.storage import history, runs
from chalicelib.storage.db import Action, Db
from chalicelib.storage.keys import TABLES
from chalicelib.storage.objects import Objects
from chalicelib.usecases import work
from chalicelib.usecases.request_context import RequestContext, Services
from chalicelib.usecases.runs import read_message, work_off
from tests.world.s3 import S3

Message = dict[str, Any]
RETAINED: Final = timedelta(days=400)


class InThread(Executor):
    """In place of a pool of threads: does each job when it is given, in the thread that asks. What a job raises is raised at once."""

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads

    def submit(self, job: Callable[..., Any], /, *args: Any, **named: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(job(*args, **named))
        return done


class InProcess:
    """Use cases on a store, with a queue."""

    def __init__(
        self,
        store: Any,
        *,
        tables: Mapping[str, str] | None = None,
        by: str = "test",
        segments: int = 2,
        max_lines: int = 20_000,
        allow_future: bool = True,
        threads: Callable[[int], Any] = InThread,
        round_customers: int = 2000,
    ) -> None:
        self.store = store
        self.by = by
        self.db = Db(store, dict(tables or {name: name for name in TABLES}))
        self.queued: list[Message] = []
        """Messages of `post_charges`, the first one first."""
        self.queued_work: list[Message] = []
        """Messages of `do_work` and of `apply_work`."""
        self.thresholds: DefaultThresholds = {}
        """Of a low balance, for customers without their own."""
        self.s3 = S3()
        self.services = Services(
            self.db, self.send, segments, max_lines, allow_future, "USD", RETAINED, threads, round_customers,
            self.send_work, self.send_work, lambda: Objects(self.s3, "results"),
        )  # fmt: skip

    def send(self, messages: list[dict[str, object]]) -> None:
        """Queue messages, as JSON has them."""
        self.queued += [json.loads(json.dumps(message)) for message in messages]

    def send_work(self, messages: list[dict[str, object]]) -> None:
        """Queue messages of long work."""
        self.queued_work += [json.loads(json.dumps(message)) for message in messages]

    def carry_out_work(self, message: Message, context: RequestContext, seconds_left: Callable[[], float]) -> None:
        """Do what a message of long work asks for, once."""
        work.work_off(self.services, context, work.read_work_message(message), strategy_of, seconds_left)

    def context_at(self, at: datetime, name: str, clock: Callable[[], datetime] | None = None) -> RequestContext:
        """A request that began at a moment; time stands still in it unless there is a clock."""
        return RequestContext(self.by, at, at.date(), name, clock or (lambda: at), thresholds=self.thresholds)

    def carry_out(self, message: Message, context: RequestContext, seconds_left: Callable[[], float]) -> WorkResult | None:
        """Do what a message asks for, once."""
        return work_off(self.services, context, read_message(message), seconds_left)


def finish_a_run(db: Db, run_id: str, result: Result, at: str) -> None:
    """Note that a run is through."""
    run = runs.find_run(db, run_id)
    assert run
    item = HistoryItem(at, "test", run_finished(run, result))
    runs.finish_run(db, run, result, at, history.write_item(item, RETAINED))


def lose_an_answer(db: Db) -> None:
    """Have the next transaction sent twice, as the SDK does when the answer to it is lost; later than a client token lasts."""
    transact, rest = db.transact, iter((True,))

    def twice(actions: Sequence[Action]) -> None:
        transact(actions)
        if next(rest, False):
            transact(actions)

    db.transact = twice  # type: ignore[method-assign]
