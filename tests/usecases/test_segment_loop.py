"""The loop that all work on segments goes through, with a work that only writes down what it is asked (rules 5)."""

from collections.abc import Callable, Sequence
from itertools import chain, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.account import Account
from chalicelib.domain.errors import Throttled
from chalicelib.domain.record import Result, WorkResult
from chalicelib.storage import accounts
from chalicelib.usecases.runs import RunPackageSegmentMessage, read_message
from chalicelib.usecases.runs.sweep import Group, RunSegment, customers
from chalicelib.usecases.segment import Round, RoundLimits, work_through
from chalicelib.usecases.time_budget import STOP_SECONDS
from tests.world.stage import Stage

AMPLE, SHORT = STOP_SECONDS, STOP_SECONDS - 1


def _stage_of(customer_ids: Sequence[str]) -> Stage:
    stage = Stage(segments=1)
    for customer_id in customer_ids:
        stage.db.write(accounts.create_account(Account(customer_id, "USD")))
    return stage


NAMES = [group.account.customer_id for group in customers(_stage_of([f"c{n}" for n in range(12)]).db, 0, 1, None)]
"""Customers in the order in which a segment has them."""


class Diary:
    """What several messages of one segment did, one after the other."""

    def __init__(self, limits: RoundLimits, fails: frozenset[str], throttled: Sequence[bool], kept_at_most: int) -> None:
        self.limits, self.fails, self.kept_at_most = limits, fails, kept_at_most
        self.throttled = chain(throttled, repeat(False))
        self.rounds: list[tuple[list[str], list[str]]] = []
        self.kept = self.finished = self.since_kept = 0

    @property
    def is_full(self) -> bool:
        return self.since_kept >= self.kept_at_most

    def plan(self, group: Group) -> str:
        if group.customer_id in self.fails:
            raise ValueError(group.customer_id)
        return group.customer_id

    def lines_of(self, plan: str) -> int:
        return NAMES.index(plan) % 4

    def apply(self, round_: Round[str]) -> None:
        if next(self.throttled):
            raise Throttled("busy")
        self.rounds.append((list(round_.plans), [one.customer_id for one in round_.left_out]))
        self.since_kept += len(round_.plans)

    def keep(self) -> WorkResult:
        self.kept, self.since_kept = self.kept + 1, 0
        return WorkResult(Result({}))

    def finish(self, work_result: WorkResult) -> WorkResult:
        self.finished += 1
        return work_result._replace(left=0)

    @property
    def planned(self) -> list[str]:
        return [one for plans, _ in self.rounds for one in plans]

    @property
    def left_out(self) -> list[str]:
        return [one for _, left_out in self.rounds for one in left_out]


def a_stage(number: int, *unreadable: str) -> Stage:
    stage = _stage_of(NAMES[:number])
    for item in stage.store.items("accounts"):
        if item["pk"]["S"] in unreadable:
            stage.store.put_item(TableName="accounts", Item={name: value for name, value in item.items() if name != "currency"})
    return stage


def a_diary(
    customers: int = 100, lines: int = 100, fails: frozenset[str] = frozenset(), throttled: Sequence[bool] = (), kept_at_most: int = 1000
) -> Diary:
    return Diary(RoundLimits(customers, lines), fails, throttled, kept_at_most)


def worked_off(stage: Stage, diary: Diary, seconds_left: Callable[[], float]) -> int:
    """Work off all messages of the segment, each again for as long as it fails; how many messages it took."""
    stage.queued = [{"kind": "run", "run_id": "run", "segment": 0}]
    pieces = []
    while stage.queued:
        message = read_message(stage.queued[0])
        assert isinstance(message, RunPackageSegmentMessage)
        try:
            work_through(RunSegment(stage.services, message, 1), diary, seconds_left)
        except Throttled:
            continue
        pieces.append(message.piece)
        del stage.queued[0]
    assert pieces == list(range(len(pieces)))
    return len(pieces)


def names(numbers: Sequence[int]) -> list[str]:
    return [NAMES[n] for n in numbers]


@pytest.mark.parametrize(
    ("diary", "rounds"),
    [
        (a_diary(), [range(7)]),
        (a_diary(customers=3), [range(3), range(3, 6), [6]]),
        (a_diary(lines=5), [range(4), range(4, 7)]),
        (a_diary(customers=3, fails=frozenset(names([1, 6]))), [[0, 2, 3], [4, 5]]),
    ],
    ids=["one round", "by customers", "by lines", "some left out"],
)
def test_rounds_are_as_large_as_the_work_wants(diary: Diary, rounds: list[Sequence[int]]) -> None:
    assert worked_off(a_stage(7), diary, lambda: AMPLE) == 1
    assert [plans for plans, _ in diary.rounds] == [names(one) for one in rounds]
    assert (set(diary.left_out), diary.kept, diary.finished) == (diary.fails, 1, 1)


@pytest.mark.parametrize(
    ("diary", "seconds", "messages"),
    [
        (a_diary(customers=2), AMPLE, 1),
        (a_diary(customers=2), SHORT, 5),
        (a_diary(customers=2, kept_at_most=4), AMPLE, 2),
        (a_diary(customers=2, throttled=[False, True]), AMPLE, 2),
        (a_diary(customers=2, throttled=[True, False, True, True]), AMPLE, 2),
    ],
    ids=["time enough", "no time", "enough done", "throttled", "throttled at once, too"],
)
def test_the_rest_is_handed_on(diary: Diary, seconds: float, messages: int) -> None:
    """With less than a minute left, with enough done, and when the database is busy after something was done."""
    assert worked_off(a_stage(7), diary, lambda: seconds) == messages
    assert (diary.planned, diary.kept, diary.finished) == (names(range(7)), messages, 1)


def test_nobody_is_left_out_silently() -> None:
    """One that can't be read and one that can't be planned, at the end of the segment too, without a round of their own."""
    diary = a_diary(customers=2, fails=frozenset([NAMES[1]]))
    worked_off(a_stage(5, NAMES[4]), diary, lambda: AMPLE)
    assert diary.rounds == [([NAMES[0], NAMES[2]], [NAMES[1]]), ([NAMES[3]], [NAMES[4]])]
    only = a_diary(customers=1)
    worked_off(a_stage(2, NAMES[1]), only, lambda: SHORT)
    assert (only.planned, only.left_out, only.finished) == ([NAMES[0]], [NAMES[1]], 1)


@settings(max_examples=150)
@given(
    st.integers(0, len(NAMES)), st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)), st.integers(1, 5), st.integers(1, 8),
    st.integers(1, 9), st.lists(st.booleans(), max_size=6), st.lists(st.sampled_from([AMPLE, SHORT]), max_size=12),
)  # fmt: skip
def test_every_customer_is_dealt_with_once_wherever_messages_end(
    number: int, unreadable: set[int], fails: set[int], round_customers: int, lines: int, kept: int, throttled: list[bool],
    seconds: list[float],
) -> None:  # fmt: skip
    """Planned ones exactly once and in order; one that is left out at least once, for another message may meet it again."""
    diary = a_diary(round_customers, lines, frozenset(names(sorted(fails))), throttled, kept)
    left = chain(seconds, repeat(AMPLE))
    worked_off(a_stage(number, *names(sorted(unreadable))), diary, lambda: next(left))
    whole = names([n for n in range(number) if n not in unreadable | fails])
    assert diary.planned == whole
    assert set(diary.left_out) == set(names(range(number))) - set(whole)
    assert diary.finished == 1
