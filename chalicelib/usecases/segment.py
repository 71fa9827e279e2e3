"""The loop that work on a segment goes through: read customers, plan, apply, hand on, finish.

What is done with them is a `SegmentWork`: the daily evaluation, Run Package and exports are three. A message may come more often
than once and end anywhere, so whatever a work applies has to come to the same when it is applied again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from ..domain.errors import Throttled
from ..storage.keys import Key
from .time_budget import STOP_SECONDS

PlanT = TypeVar("PlanT")
ResultT = TypeVar("ResultT")
SecondsLeft = Callable[[], float]
Unreadable = Callable[[str, Exception], None]
"""Is told of a customer, by id, some of whose items are not as this service writes them."""


class Member(Protocol):
    """A customer of a segment, as a work reads it."""

    @property
    def customer_id(self) -> str:
        """Who it is."""

    @property
    def last(self) -> Key | None:
        """The key to go on after."""


MemberT = TypeVar("MemberT", bound=Member)
Member_co = TypeVar("Member_co", bound=Member, covariant=True)
Member_contra = TypeVar("Member_contra", bound=Member, contravariant=True)


class Segment(Protocol[Member_co]):
    """What a message is for: the customers of a segment from some place on."""

    def members(self, unreadable: Unreadable) -> Iterator[Member_co]:
        """The customers, in an order that does not change."""

    def hand_on(self, cursor: Key) -> None:
        """Queue a message for those behind `cursor`."""


class LeftOut(NamedTuple):
    """A customer who could not be read or planned, and why; as it was read, if it was."""

    customer_id: str
    error: Exception
    member: Member | None = None


class Round(NamedTuple, Generic[PlanT]):
    """Customers whose plans are applied together. `last` is the key to go on after; None when nothing was planned."""

    plans: Sequence[PlanT]
    left_out: Sequence[LeftOut]
    last: Key | None


class RoundLimits(NamedTuple):
    """A round is applied once it has so many customers or so many lines: enough to fill the threads, few enough to hold."""

    customers: int
    lines: int


class SegmentWork(Protocol[Member_contra, PlanT, ResultT]):
    """What is done with the customers of a segment."""

    @property
    def limits(self) -> RoundLimits:
        """When a round is large enough."""

    @property
    def is_full(self) -> bool:
        """Whether this message has done so much that the rest is handed on."""

    def plan(self, member: Member_contra, /) -> PlanT:
        """What to do for a customer. One for whom this fails is left out and stops no other; `Throttled` stops the round."""

    def lines_of(self, plan: PlanT) -> int:
        """How many lines a plan has."""

    def apply(self, round_: Round[PlanT]) -> None:
        """Do what was planned. Raises `Throttled` when the database is busy and there is no time to wait."""

    def keep(self) -> ResultT:
        """Keep what this message has done, for the log too."""

    def finish(self, work_result: ResultT) -> ResultT:
        """Note that the whole segment is worked off; what is told of it."""


def work_through(segment: Segment[MemberT], work: SegmentWork[MemberT, PlanT, ResultT], seconds_left: SecondsLeft) -> ResultT:
    """Work off the segment, or what is left of it; what is not done in time is handed on by a message."""
    cursor = _apply_rounds(segment, work, seconds_left)
    work_result = work.keep()
    if cursor is None:
        return work.finish(work_result)
    segment.hand_on(cursor)
    return work_result


def _apply_rounds(segment: Segment[MemberT], work: SegmentWork[MemberT, PlanT, ResultT], seconds_left: SecondsLeft) -> Key | None:
    """Where to go on when time is short or enough was done; None at the end.

    What is throttled although there was patience, or because there was no time for it, is left to the next message. Raises
    `Throttled` when not one round was applied.
    """
    applied: Key | None = None
    try:
        for round_ in _rounds(segment, work):
            work.apply(round_)
            applied = round_.last or applied
            if round_.last and (seconds_left() < STOP_SECONDS or work.is_full):
                return round_.last
    except Throttled:
        if applied is None:
            raise
        return applied
    return None


def _rounds(segment: Segment[MemberT], work: SegmentWork[MemberT, PlanT, ResultT]) -> Iterator[Round[PlanT]]:
    plans: list[PlanT] = []
    left_out: list[LeftOut] = []
    last: Key | None = None
    lines = 0
    for member in segment.members(lambda *one: left_out.append(LeftOut(*one))):
        try:
            plans.append(work.plan(member))
        except Throttled:
            raise
        except Exception as error:  # noqa: BLE001 - the work tells of it, whatever it is
            left_out.append(LeftOut(member.customer_id, error, member))
            continue
        lines, last = lines + work.lines_of(plans[-1]), member.last
        if lines >= work.limits.lines or len(plans) >= work.limits.customers:
            yield Round(tuple(plans), tuple(left_out), last)
            plans.clear()
            left_out.clear()
            lines, last = 0, None
    if plans or left_out:
        yield Round(tuple(plans), tuple(left_out), last)
