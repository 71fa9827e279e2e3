"""A small fixed world without chance, for tests that try one thing everywhere: two customers, four packages, some assignments.

One actor, no waiting: whatever is called runs at once and in the same order each time.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, wraps
from itertools import repeat
from typing import Any, Final

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.minutes import Call
from chalicelib.domain.package import Package
from chalicelib.domain.schedule import DAY
from chalicelib.storage.keys import TABLES
from chalicelib.usecases import assigning, customers, packages
from chalicelib.usecases.request_context import RequestContext
from chalicelib.usecases.runs import daily
from tests.harness import InProcess, Message

from .dynamodb import DynamoDb
from .scheduler import Crashed
from .tables import Item

TODAY: Final = date(2024, 3, 1)
MOST_ATTEMPTS: Final = 3


class Stage(InProcess):
    """Tables, services and a queue. `today` moves when a test says so."""

    def __init__(self, *, segments: int = 2, max_lines: int = 1000, page_bytes: int = 700) -> None:
        super().__init__(DynamoDb(TABLES), segments=segments, max_lines=max_lines, allow_future=False, round_customers=2)
        self.store.knobs.page_bytes = lambda: page_bytes
        self.today = TODAY
        self.workers: Iterator[str] = repeat("worker")

    def context(self, name: str) -> RequestContext:
        at = datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=UTC)
        return self.context_at(at, name)

    def state(self) -> dict[str, list[Item]]:
        """Everything that is stored."""
        return {name: self.store.items(name) for name in TABLES}

    def customer(self, customer_id: str, limit: str | None = None) -> None:
        account = Account(customer_id, "USD", debit_limit=None if limit is None else Decimal(limit))
        customers.write_customer(self.db, self.context(customer_id), customer_id, None, lambda old: old or account)

    def package(self, package_id: str, **fields: Any) -> None:
        packages.create_package(self.db, self.context(package_id), Package("", package_id, "USD", **fields))

    def assign(self, name: str, customer_id: str, package_id: str, starts: int = 0, **fields: Any) -> None:
        """Give a package to a customer from `starts` days after today on."""
        draft = Assignment(customer_id, "", package_id, self.today + timedelta(days=starts), **fields)
        assigning.create_assignment(self.db, self.context(name), draft, None, True)

    def evaluate(self, name: str = "evaluate") -> None:
        """Begin today's evaluation and work off the queue."""
        daily.start_evaluation(self.services, self.context(name), self.today, allow_future=False)
        self.work_off()

    def work_off(self) -> None:
        """Deliver what the queue holds. A crash leaves the message under way at its head."""
        while self.queued:
            self.deliver(self.queued[0])
            del self.queued[0]

    def deliver(self, message: Message, seconds_left: float = 100.0) -> None:
        self.carry_out(message, self.context(next(self.workers)), lambda: seconds_left)

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


def made_once(make: Callable[[], Stage]) -> Callable[[], Stage]:
    """Makes a stage once; each call gets a copy of it to itself."""
    once = lru_cache(maxsize=1)(make)

    @wraps(make)
    def copy() -> Stage:
        copied = Stage()
        copied.store.take_over(once().store)
        return copied

    return copy


@made_once
def furnished() -> Stage:
    """A stage with something of everything, evaluated through yesterday."""
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
