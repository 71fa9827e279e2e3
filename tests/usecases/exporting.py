"""Exports in a world of the tests: asked for, worked off, and read."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, Final, TypeVar

from chalicelib.domain.export import POSTED_EXPORTS, ExportFormat, ExportWhat
from chalicelib.domain.posting_days import PostingDays
from chalicelib.domain.schedule import DAY
from chalicelib.domain.work import WorkRecord
from chalicelib.storage import ledger
from chalicelib.usecases import exports
from chalicelib.usecases.exports import ExportRequest
from chalicelib.wire.export_views import ledger_row
from tests.harness import InProcess, Message
from tests.world.scheduler import Crashed
from tests.world.test_crashes import CrashAt

Row = dict[str, Any]
W = TypeVar("W", bound=InProcess)
AT: Final = datetime(2024, 3, 1, 12, tzinfo=UTC)


def days(first: date, last: date) -> PostingDays:
    since, until = (datetime.combine(day, time(), UTC) for day in (first, last + DAY))
    return PostingDays(first, last, since, until)


EVERY_DAY: Final = days(AT.date() - timedelta(days=400), AT.date() + timedelta(days=400))


def ask(
    world: InProcess,
    name: str = "export",
    what: ExportWhat = "ledger",
    form: ExportFormat = "jsonl",
    of: PostingDays = EVERY_DAY,
) -> WorkRecord:
    return exports.request_export(
        world.services, world.context_at(AT, name), ExportRequest(what, form, "UTC", of if what in POSTED_EXPORTS else None)
    )


def work_off(world: InProcess, seconds_left: float = 100.0) -> int:
    """Deliver what the queue of long work holds; how many messages it took. Each is an invocation with an id of its own."""
    for number in range(10_000):
        if not world.queued_work:
            return number
        world.carry_out_work(world.queued_work[0], world.context_at(AT, f"worker-{number}"), lambda: seconds_left)
        del world.queued_work[0]
    raise AssertionError("the work does not end")


def work_off_despite_crash(world: W, asked: Callable[[W], object], seconds_left: float, crash: CrashAt | None = None) -> None:
    """Ask for a work and work it off, one message again after a crash as another invocation."""
    world.store.hook = world.s3.hook = crash
    asked(world)
    for _ in range(5):
        try:
            work_off(world, seconds_left)
        except Crashed:
            world.store.hook = world.s3.hook = None
            world.queued_work[:] = world.queued_work[1:] + world.queued_work[:1]  # others come before it is visible again
        else:
            break
    world.store.hook = world.s3.hook = None


def work_off_doubled(world: InProcess) -> None:
    """Work off what the queue of long work holds, the newest message first, all that came before delivered once more after each."""
    delivered: list[Message] = []
    invocations = count()
    while world.queued_work:
        message = world.queued_work.pop()
        delivered.append(message)
        for again in (message, *delivered[::-1]):
            world.carry_out_work(again, world.context_at(AT, f"worker-{next(invocations)}"), lambda: 10.0)
        new = [one for one in world.queued_work if one not in delivered]
        world.queued_work[:] = [one for n, one in enumerate(new) if one not in new[:n]]


def calls_that_may_crash(
    furnish: Callable[[], W], asked: Callable[[W], object], result: Callable[[W], object], seconds_left: float, *, after: bool
) -> int:
    """How many calls of the stores a work makes: a crash at each, before or after its effect, leaves the same result."""
    whole, counter = furnish(), CrashAt(0, after=False)
    work_off_despite_crash(whole, asked, seconds_left, counter)
    expected = result(whole)
    for call in range(1, counter.calls + 1):
        world = furnish()
        hook = CrashAt(call, after=after)
        try:
            work_off_despite_crash(world, asked, seconds_left, hook)
        except Crashed:  # of the request: the caller sends it again
            work_off_despite_crash(world, asked, seconds_left)
        assert hook.calls >= call
        assert result(world) == expected, f"crash at call {call}"
    return counter.calls


def files(world: InProcess, name: str = "export") -> list[bytes]:
    """The files of a finished export."""
    found = exports.read_export(world.db, name)
    assert found.work.state == "finished", found.work
    return [world.s3.objects[one.key] for one in found.files]


def rows(world: InProcess, name: str = "export") -> list[Row]:
    """The rows of one in JSON lines."""
    return [json.loads(line) for file in files(world, name) for line in file.splitlines()]


def exported(world: InProcess, name: str = "export", **asked: Any) -> list[Row]:
    ask(world, name, **asked)
    work_off(world)
    return rows(world, name)


def ledgers(world: InProcess) -> Iterator[Row]:
    """What the ledgers have that was posted, by customer, then in their order."""
    for customer_id in sorted({item["pk"]["S"] for item in world.store.items("ledger")}):
        for entry in ledger.entries_of(world.db, customer_id):
            if entry.posted_at:
                yield json.loads(json.dumps(ledger_row(entry)))
