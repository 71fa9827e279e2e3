"""A small fixed world without chance, for tests that try one thing everywhere: two customers, four packages, some assignments.

One actor, no waiting: whatever is called runs at once and in the same order each time.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from typing import Any, Final, TypeVar

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.minutes import Call
from chalicelib.domain.package import Package
from chalicelib.domain.schedule import DAY
from chalicelib.jobs import queue
from chalicelib.storage.db import Db
from chalicelib.storage.keys import TABLES
from chalicelib.usecases import assignments, customers, daily_run, packages
from chalicelib.usecases.act import Act, Services

from .dynamodb import DynamoDb
from .scheduler import Crashed
from .tables import Item

T = TypeVar("T")
TODAY: Final = date(2024, 3, 1)
RETAINED: Final = timedelta(days=400)
MOST_ATTEMPTS: Final = 3


class _Inline:
    """As much of an executor as a worker needs, on its own thread."""

    def map(self, work: Callable[[Any], T], items: Iterable[Any]) -> list[T]:
        return [work(item) for item in items]


@contextmanager
def inline(size: int) -> Iterator[Executor]:
    """In place of a pool of threads."""
    yield _Inline()  # type: ignore[misc]


class Stage:
    """Tables, services and a queue. `today` moves when a test says so."""

    def __init__(self, *, segments: int = 2, max_lines: int = 1000, page_bytes: int = 700) -> None:
        self.store = DynamoDb(TABLES)
        self.store.knobs.page_bytes = lambda: page_bytes
        self.db = Db(self.store, {name: name for name in TABLES})
        self.services = Services(self.db, self._send, segments, max_lines, False, "USD", RETAINED, inline, 2)
        self.today = TODAY
        self.messages: list[str] = []
        self.workers: Iterator[str] = repeat("worker")

    def _send(self, messages: list[dict[str, object]]) -> None:
        self.messages += [json.dumps(message) for message in messages]

    def act(self, name: str) -> Act:
        at = datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=UTC)
        return Act("test", at, self.today, name, lambda: at)

    def state(self) -> dict[str, list[Item]]:
        """Everything that is stored."""
        return {name: self.store.items(name) for name in TABLES}

    def customer(self, customer_id: str, limit: str | None = None) -> None:
        account = Account(customer_id, "USD", debit_limit=None if limit is None else Decimal(limit))
        customers.write(self.db, self.act(customer_id), customer_id, None, lambda old: old or account)

    def package(self, package_id: str, **fields: Any) -> None:
        packages.create(self.db, self.act(package_id), Package("", package_id, "USD", **fields))

    def assign(self, name: str, customer_id: str, package_id: str, starts: int = 0, **fields: Any) -> None:
        """Give a package to a customer from `starts` days after today on."""
        draft = Assignment(customer_id, "", package_id, self.today + timedelta(days=starts), **fields)
        assignments.create(self.db, self.act(name), draft, None, True)

    def evaluate(self, name: str = "evaluate") -> None:
        """Begin today's evaluation and work off the queue."""
        daily_run.start(self.services, self.act(name), self.today, allow_future=False)
        self.work_off()

    def work_off(self) -> None:
        """Deliver what the queue holds. A crash leaves the message under way at its head."""
        while self.messages:
            self.deliver(self.messages[0])
            del self.messages[0]

    def deliver(self, body: str, seconds_left: float = 100.0) -> None:
        message = json.loads(body)
        queue._WORK[message.pop("kind")](self.services, self.act(next(self.workers)), message, lambda: seconds_left)

    def next_day(self) -> None:
        self.today += DAY

    def attempt(self, work: Callable[[], Any]) -> None:
        """Do some work and what it leaves in the queue; again after a crash, as a client and the queue would."""
        for task in (work, self.work_off):
            for _ in range(MOST_ATTEMPTS):
                if self._done(task):
                    break

    def _done(self, task: Callable[[], Any]) -> bool:
        try:
            task()
        except Crashed:
            self.store.hook = None
            return False
        return True


def furnished() -> Stage:
    """A stage with something of everything, evaluated through yesterday."""
    copied = Stage()
    copied.store.take_over(_furnished().store)
    return copied


@lru_cache(maxsize=1)
def _furnished() -> Stage:
    stage = Stage()
    stage.today = TODAY - 2 * DAY
    stage.customer("rich")
    stage.customer("poor", limit="5")
    stage.package("line", cost=Decimal(1), retail=Decimal(3), setup_retail=Decimal(2), frequency="daily")
    stage.package("mobile", cost=Decimal(1), retail=Decimal(4), frequency="daily", minimum_spend=True)
    stage.package("minutes", retail=Decimal(1), frequency="daily", type="free_minutes")
    stage.package("empty", retail=Decimal(1))
    stage.assign("rich-line", "rich", "line")
    stage.assign("rich-mobile", "rich", "mobile", did="4420")
    stage.assign("rich-minutes", "rich", "minutes", free_minutes=2)
    stage.assign("poor-line", "poor", "line", auto_decrement_credit=True)
    stage.assign("poor-minutes", "poor", "minutes", auto_decrement_credit=True, free_minutes=1)
    stage.assign("later", "rich", "line", starts=5)
    stage.evaluate("first")
    stage.next_day()
    stage.evaluate("second")
    stage.next_day()
    return stage


def call(number: int, seconds: int = 45, did: str | None = None) -> Call:
    """A call of today."""
    started = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC).isoformat()
    return Call(f"call-{number}", started, TODAY, "441234", seconds, Decimal("0.5"), did)
