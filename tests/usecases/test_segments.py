"""Keys of a table are shared out between segments for one scan, and AWS promises no more (rules: The daily evaluation)."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from chalicelib.domain.schedule import DAY
from chalicelib.usecases.runs import daily
from tests.harness import Message
from tests.world.stage import TODAY, Stage

CUSTOMERS = 20


def _swap(stage: Stage) -> None:
    """Each segment gets the keys that the other one had."""
    stage.store.knobs.part = lambda segment, count: (segment + 1) % count


def _stage(**options: int) -> Stage:
    """Twenty customers with a charge a day, evaluated today."""
    stage = Stage(**options)
    stage.package("line", retail=Decimal(1), frequency="daily")
    for n in range(CUSTOMERS):
        stage.customer(f"c{n}")
        stage.assign(f"a{n}", f"c{n}", "line")
    stage.evaluate()
    return stage


def _begin(stage: Stage) -> list[Message]:
    """Begin today's evaluation; the messages of its segments, in order."""
    daily.start_evaluation(stage.services, stage.context("start"), stage.today, allow_future=False)
    messages, stage.queued = stage.queued, []
    return messages


def _charges(stage: Stage) -> int:
    return len(stage.store.items("ledger"))


def _lost(stage: Stage, message: Message) -> None:
    """The other segment's message went to the dead letters, and nobody begins that day again."""


def _late(stage: Stage, message: Message) -> None:
    """The other segment's message comes only on the next day."""
    stage.next_day()
    _swap(stage)
    stage.deliver(message)
    stage.today -= DAY


def _begun_again(stage: Stage, message: Message) -> None:
    """The day is begun again on the next one, and only the segment that was missing is worked off."""
    stage.next_day()
    _swap(stage)
    daily.start_evaluation(stage.services, stage.context("again"), stage.today - DAY, allow_future=False)
    stage.deliver(stage.queued[1])
    stage.queued.clear()
    stage.today -= DAY


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=lambda order: f"A5-{order[0]} first")
@pytest.mark.parametrize("meanwhile", [_lost, _late, _begun_again], ids=["A5-lost", "A5-late", "A5-begun again"])
def test_a_day_that_one_segment_has_finished_is_swept_again_by_all(
    meanwhile: Callable[[Stage, Message], None], order: tuple[int, int]
) -> None:
    stage = _stage()
    stage.next_day()
    first, other = _begin(stage)
    stage.deliver(first)
    assert CUSTOMERS < _charges(stage) < 2 * CUSTOMERS
    meanwhile(stage, other)

    stage.next_day()
    _swap(stage)
    messages = _begin(stage)
    for number in order:
        stage.deliver(messages[number])
    assert _charges(stage) == 3 * CUSTOMERS
    assert daily.days_late(stage.services, stage.today) == 0


def test_a5_a_day_counts_as_evaluated_when_one_sweep_has_passed_all_segments() -> None:
    stage = _stage()
    stage.next_day()
    stage.deliver(_begin(stage)[0])
    stage.next_day()
    stage.deliver(_begin(stage)[1])
    assert daily.days_late(stage.services, stage.today) == 2


def test_a5_another_number_of_segments_begins_at_the_same_day() -> None:
    stage = _stage()
    stage.next_day()
    stage.deliver(_begin(stage)[0])
    stage.next_day()
    stage.services = stage.services._replace(segments=3)
    stage.evaluate("next")
    assert _charges(stage) == 3 * CUSTOMERS


def test_a5_a_segment_whose_cursor_is_not_its_own_any_more_is_read_from_its_beginning() -> None:
    stage = _stage()
    stage.next_day()
    first, other = _begin(stage)
    stage.deliver(first, seconds_left=10)
    (rest,) = stage.queued
    stage.queued.clear()
    _swap(stage)
    stage.deliver(rest)
    stage.deliver(other)
    stage.next_day()
    stage.evaluate("next")
    assert _charges(stage) == 3 * CUSTOMERS


def test_a5_a_finished_day_begun_again_on_another_one_writes_nothing() -> None:
    stage = _stage()
    stage.next_day()
    before, writes = stage.state(), stage.store.meter.writes
    daily.start_evaluation(stage.services, stage.context("again"), TODAY, allow_future=False)
    stage.work_off()
    assert (stage.state(), stage.store.meter.writes) == (before, writes)
