"""A service in this process, on a DynamoDB in memory whose clock only moves when somebody calls or waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.package import Package
from chalicelib.domain.record import Result, RunRecord
from chalicelib.storage import accounts, assignments, packages, runs
from chalicelib.storage.keys import TABLES
from chalicelib.storage.retry import WAITING, Waiting
from chalicelib.usecases.request_context import RequestContext
from chalicelib.usecases.runs import daily
from tests.harness import InProcess, Message
from tests.world.dynamodb import PAGE_BYTES, Answer, DynamoDb, Knobs, Request, error

TODAY = date(2031, 1, 14)
FUNCTION_SECONDS = 900.0
VISIBILITY_SECONDS = 5400.0
MOST_RECEIVES = 5
_ids = count(1)


class Dead(Exception):
    """A message was given up."""


class World(InProcess):
    """The service, its tables, its queue and its clock."""

    def __init__(self, *, segments: int = 1, max_lines: int = 20_000, round_customers: int = 2000, page_bytes: int = PAGE_BYTES) -> None:
        self.now = 0.0
        self.call_seconds = 0.0
        """How long a call takes."""
        store = DynamoDb(TABLES, Knobs(now=lambda: self.now, page_bytes=lambda: page_bytes))
        super().__init__(store, segments=segments, max_lines=max_lines, round_customers=round_customers)
        self.handled: list[Message] = []
        self.failed: list[Exception] = []
        """What messages failed of."""
        self.refuses: Callable[[Request], bool] = lambda _: False
        """Which calls are throttled."""
        self.refused = 0
        self.breaks: Callable[[Request], bool] = lambda _: False
        """Which calls DynamoDB finds invalid, as it does an item of more than 400 KB."""
        self.store.hook = self.call

    def call(self, request: Request, effect: Callable[[], Answer]) -> Answer:
        """The way of each call: it takes its time, and is refused, breaks or has its effect."""
        self.now += self.call_seconds
        if self.refuses(request):
            self.refused += 1
            raise error("ProvisionedThroughputExceededException")
        if self.breaks(request):
            raise error("ValidationException")
        return effect()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Waiting moves the clock, and takes no time."""

        def pause(seconds: float) -> None:
            self.now += seconds

        token = WAITING.set(Waiting(lambda: self.now, pause))
        try:
            yield
        finally:
            WAITING.reset(token)

    def context(self, today: date = TODAY) -> RequestContext:
        """A request at three in the morning; its clock goes on as the world's does."""
        at, began = datetime(today.year, today.month, today.day, 3, tzinfo=UTC), self.now
        return self.context_at(at, f"{next(_ids):026}", lambda: at + timedelta(seconds=self.now - began))

    def package(self, *, assigned: int, **fields: Any) -> Package:
        """A package with that many assignments, which the caller makes."""
        package = Package(f"{next(_ids):026}", "Number", "USD", retail=Decimal("1.50"), assignments=assigned)._replace(**fields)
        self.db.write(packages.create_package(package))
        return package

    def customer(self, customer_id: str, package: Package, numbers: int, *, debits: bool, limit: str | None = None) -> None:
        """A customer with a package for each of so many numbers, from today."""
        self.db.write(accounts.create_account(Account(customer_id, "USD", debit_limit=Decimal(limit) if limit else None)))
        for n in range(numbers):
            one = Assignment(customer_id, f"{customer_id}-{n:06}", package.package_id, TODAY, f"{n:011}", auto_decrement_credit=debits)
            self.db.write(assignments.create_assignment(one))

    def evaluate(self, day: date) -> tuple[RunRecord, Result]:
        """A day's evaluation, worked off as the queue does it: what fails comes back, and is given up after five times."""
        with self.waiting():
            started = daily.start_evaluation(self.services, self.context(day), day, allow_future=True)
        self.work_off(day)
        run = runs.find_run(self.db, started.run_id or "")
        assert run is not None
        return run, run.result or Result({})

    def work_off(self, day: date = TODAY) -> None:
        """Do what is queued, as the queue has it done: what fails comes back, and is given up after five times."""
        received: dict[str, int] = {}
        with self.waiting():
            while self.queued:
                message = self.queued.pop(0)
                self.handled.append(message)
                if not self._worked_off(message, day):
                    received[str(message)] = received.get(str(message), 0) + 1
                    if received[str(message)] >= MOST_RECEIVES:
                        raise Dead(message)
                    self.now += VISIBILITY_SECONDS
                    self.queued.append(message)

    def _worked_off(self, message: Message, day: date) -> bool:
        begun = self.now
        try:
            self.carry_out(message, self.context(day), lambda: FUNCTION_SECONDS - (self.now - begun))
        except Exception as failed:  # noqa: BLE001 - the queue brings it back, whatever it is
            self.failed.append(failed)
            return False
        assert self.now - begun <= FUNCTION_SECONDS, "the function would have been stopped"
        return True

    def charged(self) -> int:
        return len(self.store.items("ledger"))
