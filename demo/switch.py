"""The customers' telephone switch: tells the service every call, in batches, some of them twice, one day's by queue."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from demo.calls import Call, make_calls
from demo.loading import in_parallel
from demo.provider import Body, Customer, Provider
from demo.service import Service, ServiceError

BATCH_CALLS = 100
"""As many as a request takes."""
REPEATED_EVERY = 5
"""After every fifth batch a customer's switch has lost the answer to the one before the last, and sends that again."""
QUEUE = "record_usage"
QUEUE_SECONDS_MAX = 60
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Batch:
    """Calls sent together, and what the service answered to each."""

    calls: tuple[Call, ...]
    answers: tuple[Any, ...]
    by_queue: bool


@dataclass
class Line:
    """One customer's side: the calls still to be sent, what was sent, and the answers that changed when sent again."""

    customer: Customer
    waiting: list[Call]
    sent: list[Batch] = field(default_factory=list)
    repeated: int = 0
    problems: list[str] = field(default_factory=list)

    def answered(self) -> Iterator[tuple[Call, Any]]:
        """Every call with its answer, in the order of arrival."""
        for batch in self.sent:
            yield from zip(batch.calls, batch.answers, strict=True)


class Switch:
    """All customers' calls of the story; sends those that have ended when it is told to."""

    def __init__(self, service: Service, provider: Provider) -> None:
        self._service, self.plan = service, provider.story.calls
        lines = [Line(customer, make_calls(customer, self.plan)) for customer in provider.customers if customer.traffic]
        self.lines = {line.customer.id: line for line in lines}

    def deliver(self, last: date) -> None:
        """Send the calls up to `last` that were not sent yet: of each customer in order, of several customers at once."""
        waiting = [line for line in self.lines.values() if line.waiting and line.waiting[0].day <= last]
        in_parallel(lambda line: self._deliver(line, last), waiting, lambda: None)

    def _deliver(self, line: Line, last: date) -> None:
        ready = [call for call in line.waiting if call.day <= last]
        line.waiting = line.waiting[len(ready) :]
        for first in range(0, len(ready), BATCH_CALLS):
            self._send(line, tuple(ready[first : first + BATCH_CALLS]))
            if len(line.sent) % REPEATED_EVERY == 0:
                self._send_again(line, line.sent[-2])

    def _send(self, line: Line, calls: tuple[Call, ...]) -> None:
        by_queue = line.customer.id == self.plan.queue_customer and any(call.day == self.plan.queue_day for call in calls)
        if by_queue:
            self._enqueue(line, calls)
        line.sent.append(Batch(calls, self._post(line, calls), by_queue))

    def _send_again(self, line: Line, batch: Batch) -> None:
        line.repeated += 1
        answers = self._post(line, batch.calls)
        pairs = zip(batch.answers, answers, strict=True)
        line.problems += [f"{line.customer.id}: {then} became {now}" for then, now in pairs if then != now]

    def _post(self, line: Line, calls: tuple[Call, ...]) -> tuple[Any, ...]:
        told = [call.request() for call in calls]
        return tuple(self._service.post(f"/customers/{line.customer.id}/usage", {"calls": told})["calls"])

    def _enqueue(self, line: Line, calls: tuple[Call, ...]) -> None:
        """Send them by queue, which may deliver twice and answers nothing: wait until the calls are counted."""
        message: Body = {"customer": line.customer.id, "calls": [call.request() for call in calls]}
        wanted = sum(len(batch.calls) for batch in line.sent) + len(calls)
        for _ in range(2):
            self._service.enqueue(QUEUE, message)
        give_up = time.monotonic() + QUEUE_SECONDS_MAX
        while sum(day["calls"] for day in self._service.items(f"/customers/{line.customer.id}/usage")) < wanted:
            if time.monotonic() > give_up:
                raise ServiceError(f"the calls of {line.customer.id} sent by queue are not recorded after {QUEUE_SECONDS_MAX} seconds")
            time.sleep(POLL_SECONDS)
