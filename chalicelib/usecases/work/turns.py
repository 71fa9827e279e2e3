"""Begins and ends works. A few run at once, the others wait; whoever makes room begins the next.

The record and whose turn it is change in one transaction. The first message of a work is sent afterwards; until a worker has seen
it, everybody who passes by sends it again, so that a crash in between loses nothing.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from ...domain.errors import Conflict
from ...domain.history import work_finished
from ...domain.work import APPLIED_KINDS, KINDS_IN_STEPS, Turns, WorkRecord, WorkState
from ...storage import work
from ...storage.db import Action
from ...storage.errors import Cancelled, ConditionFailed
from ...storage.retry import retry_on_contention
from ..history import record_change
from ..request_context import RequestContext, Services
from .messages import BeginMessage, PieceMessage, WorkMessage, work_body


def begin_work(services: Services, wanted: WorkRecord, besides: Callable[[], Sequence[Action]] = tuple) -> WorkRecord:
    """Record a work, and begin it if its turn has come; the record that stands, ours or that of the same request before. What is to be
    written with it is asked for `besides`, again whenever another writer came first.

    Raises `Conflict` when too many wait, and what `besides` does.
    """
    standing = retry_on_contention(partial(_record_and_join, services, wanted, besides))
    hand_out(services)
    return standing


def _record_and_join(services: Services, wanted: WorkRecord, besides: Callable[[], Sequence[Action]]) -> WorkRecord:
    turns = work.find_turns(services.db)
    joined = turns.joined(wanted.work_id)
    begun = wanted._replace(started_at=wanted.created_at if wanted.work_id in joined.running else None)
    try:
        services.db.transact([*work.record_work(begun), work.write_turns(joined), *besides()])
    except Cancelled as cancelled:
        standing = work.find_work(services.db, wanted.work_id) if cancelled.failed(0) else None
        if standing is None:
            raise
        return standing
    return begun


def cancel_work(services: Services, context: RequestContext, found: WorkRecord) -> None:
    """Stop what has not begun of a work. Raises `Conflict` for one that is finished."""
    if not end_work(services, context, found, "cancelled"):
        standing = work.find_work(services.db, found.work_id)
        if standing and standing.state != "cancelled":
            raise Conflict("it is finished: there is nothing left to stop", code="not_running")
    hand_out(services)


def end_work(services: Services, context: RequestContext, found: WorkRecord, state: WorkState) -> bool:
    """Note what became of a work, with its history, and give its turn to the next; whether it was running until now."""
    return retry_on_contention(partial(_end, services, context, found, state))


def _end(services: Services, context: RequestContext, found: WorkRecord, state: WorkState) -> bool:
    turns = work.find_turns(services.db)
    left, at = turns.left(found.work_id), context.timestamp
    begun: list[Action] = [work.start_work(one, at) for one in left.running if one not in turns.running]
    ended = record_change(context, work_finished(found, state))
    try:
        services.db.transact([work.end_work(found, state, at), work.write_turns(left), *begun, ended])
    except Cancelled as cancelled:
        if not cancelled.failed(0):
            raise
        return False
    return True


def hand_out(services: Services) -> None:
    """Queue the first message of each work that runs and that no worker has seen."""
    _send_begun(services, work.find_turns(services.db))


def _send_begun(services: Services, turns: Turns) -> None:
    if turns.unseen:
        services.send_work([work_body(BeginMessage(one)) for one in turns.unseen])


def send_on(services: Services, found: WorkRecord, messages: Sequence[WorkMessage]) -> None:
    """Queue messages about a work that has begun, where it is done. Its first one goes to `do_work`, whatever it is."""
    send = services.send_apply if found.kind in APPLIED_KINDS else services.send_work
    send([work_body(message) for message in messages])


def fan_out(services: Services, found: WorkRecord) -> None:
    """Queue a message for each segment of a work, or for its first step, and note that a worker has seen it."""
    if not found.is_over:
        begun = 1 if found.kind in KINDS_IN_STEPS else found.segments
        send_on(services, found, [PieceMessage(found.work_id, segment) for segment in range(begun)])
    turns = work.find_turns(services.db)
    if found.work_id in turns.unseen:
        with suppress(ConditionFailed):  # whoever changed it meanwhile has the message sent once more, which does no harm
            services.db.write(work.write_turns(turns.seen(found.work_id)))
