"""Goes through a segment of a work: keeps records of its members, sorted, in objects of bounded size."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple

from ...domain.errors import Throttled, code_and_detail
from ...domain.work import KINDS_IN_STEPS, SLOW_KINDS, WORK_FAILURES_MAX, WorkFailure, WorkRecord
from ...storage import work
from ...storage.keys import Key
from ...storage.work import Chunk, PieceResult
from ..request_context import RequestContext, Services
from ..segment import LeftOut, Member, Round, RoundLimits, SecondsLeft, Unreadable, work_through
from .messages import MergeMessage, PieceMessage
from .strategy import Strategy, line_of
from .turns import send_on

CHUNK_RECORDS: Final = 10_000
"""Of an object: some 10 MB, which a worker holds at once."""
RECORD_BYTES: Final = 1024
"""Of a record that counts as one."""
READ_ROUND: Final = RoundLimits(customers=CHUNK_RECORDS, lines=CHUNK_RECORDS)
SLOW_ROUND: Final = RoundLimits(customers=200, lines=200)
"""What is written or sent member by member takes much longer: so much of it is done between two looks at the time."""
CHUNKS_MAX: Final = 200
"""Of a message: what one item of `runs` can name."""


def work_piece(
    services: Services, context: RequestContext, found: WorkRecord, message: PieceMessage, strategy: Strategy, seconds_left: SecondsLeft
) -> None:
    """Work off a segment, or what is left of it. Of several deliveries, the first that comes to its end counts."""
    piece = PieceWork(services, context, found, message, strategy)
    work_through(piece, piece, seconds_left)


class PlannedRecords(NamedTuple):
    """The lines that are kept of a member, what of it fails, and its records by what they count as."""

    lines: list[bytes]
    failures: list[WorkFailure]
    counts: Counter[str]


class PieceWork:
    """One message of a segment: which members it is for, and what is done with them."""

    limits = READ_ROUND

    def __init__(self, services: Services, context: RequestContext, found: WorkRecord, message: PieceMessage, strategy: Strategy) -> None:
        self._services, self._work, self._message, self._strategy = services, found, message, strategy
        self._attempt = context.id
        if found.kind in SLOW_KINDS:
            self.limits = SLOW_ROUND
        self._chunks: list[Chunk] = []
        self._failures: list[WorkFailure] = []
        self._counts = Counter[str]()

    def members(self, unreadable: Unreadable) -> Iterator[Member]:
        """The members of the segment, from the message's cursor on."""
        return self._strategy.members(self._message.segment, self._message.cursor, unreadable)

    @property
    def is_full(self) -> bool:
        """Whether the objects are as many as one item can name."""
        return len(self._chunks) >= CHUNKS_MAX

    def plan(self, member: Any) -> PlannedRecords:
        """What is kept of a member."""
        plan = PlannedRecords([], [], Counter())
        for one in self._strategy.records(member):
            if isinstance(one, WorkFailure):
                plan.failures.append(one)
            else:
                plan.lines.append(line_of(one))
                plan.counts.update(filter(None, [self._strategy.counted(one)]))
        return plan

    def lines_of(self, plan: PlannedRecords) -> int:
        """One for each record, or for each kilobyte of a large one."""
        return sum(1 + len(line) // RECORD_BYTES for line in plan.lines)

    def apply(self, round_: Round[PlannedRecords]) -> None:
        """Write what is kept of a round as one object."""
        self._failures += [_failure(one) for one in round_.left_out]
        self._failures += [failure for plan in round_.plans for failure in plan.failures]
        lines = sorted(line for plan in round_.plans for line in plan.lines)
        if lines:
            body = b"".join(lines)
            key = f"{self._work.work_id}/pieces/{self._message.segment:04}-{self._message.piece:06}-{self._attempt}-{len(self._chunks):04}"
            self._services.objects().put(key, body)
            self._chunks.append(Chunk(key, len(body)))
        self._count(round_)

    def _count(self, round_: Round[PlannedRecords]) -> None:
        """Tell how far it is: one write a round, which may fail."""
        before = self._counts.total()
        for plan in round_.plans:
            self._counts.update(plan.counts)
        if self._counts.total() > before:
            with suppress(Throttled):
                work.note_counts(self._services.db, self._work, self._message.segment, self._message.piece, self._counts)

    def keep(self) -> None:
        """Nothing yet: what is kept says whether the segment goes on, which `hand_on` and `finish` know."""

    def hand_on(self, cursor: Key) -> None:
        """Keep what was done, and queue the next piece."""
        self._continue(self._keep(cursor))

    def finish(self, _: None) -> None:
        """Keep what was done; the last segment that is through has the files made. Where another delivery stands that has handed on,
        the segment is not through."""
        kept = self._keep(None)
        if kept.cursor is not None:
            self._continue(kept)
            return
        found = work.finish_work_segment(self._services.db, self._work.work_id, self._message.segment)
        if len(found.done) >= found.segments:
            send_on(self._services, found, [MergeMessage(found.work_id)])
        elif found.kind in KINDS_IN_STEPS:
            send_on(self._services, found, [PieceMessage(found.work_id, len(found.done))])

    def _keep(self, cursor: Key | None) -> PieceResult:
        failures = tuple(self._failures[:WORK_FAILURES_MAX])
        result = PieceResult(tuple(self._chunks), cursor, failures, len(self._failures), self._counts)
        return work.keep_piece(self._services.db, self._work, self._message.segment, self._message.piece, result)

    def _continue(self, kept: PieceResult) -> None:
        if kept.cursor is None:  # another delivery came to the end of the segment
            self.finish(None)
        else:
            send_on(self._services, self._work, [self._message._replace(piece=self._message.piece + 1, cursor=kept.cursor)])


def _failure(left_out: LeftOut) -> WorkFailure:
    return WorkFailure(left_out.customer_id, *code_and_detail(left_out.error))
