"""Long work: recorded, cut into pieces, done by a queue of its own, merged into files.

`turns` begins and ends works, at most a few at once. `pieces` goes through a segment and keeps sorted records of its members,
`merging` makes rows of them and writes the files. What is done for whom is a `Strategy`; each kind of work has one.
"""

from collections.abc import Callable
from typing import Final

from ...domain.errors import NotFound
from ...domain.work import WorkKind, WorkRecord
from ...storage import work
from ...storage.db import Db
from ...storage.keys import Key
from ..request_context import RequestContext, Services
from ..segment import SecondsLeft
from ..time_budget import within_time_budget
from . import turns
from .messages import BeginMessage, MergeMessage, PieceMessage, WorkMessage, read_work_message, work_body
from .strategy import Strategy

__all__ = [
    "BeginMessage",
    "MergeMessage",
    "PieceMessage",
    "Strategy",
    "StrategyOf",
    "WorkMessage",
    "read_work",
    "read_work_message",
    "turns",
    "work_body",
    "work_off",
    "works_page",
]  # fmt: skip

_LOOKS: Final = 5
StrategyOf = Callable[[Services, RequestContext, WorkRecord], Strategy]
"""Makes the strategy of a work for an invocation."""


def read_work(db: Db, work_id: str) -> WorkRecord:
    """A work. Raises `NotFound`."""
    found = work.find_work(db, work_id)
    if found is None:
        raise NotFound(f"there is no work {work_id}")
    return found


def works_page(db: Db, kind: WorkKind | None, after: Key | None, limit: int) -> tuple[list[WorkRecord], Key | None]:
    """Works, or those of one kind, newest first, and where to go on: beyond a page that has any, or beyond some pages that have none."""
    found: list[WorkRecord] = []
    for _ in range(_LOOKS):
        listed, after = work.list_works(db, after, limit)
        found = [one for one in listed if kind in (None, one.kind)]
        if found or after is None:
            break
    return found, after


def work_off(services: Services, context: RequestContext, message: WorkMessage, strategy_of: StrategyOf, seconds_left: SecondsLeft) -> None:
    """Do what a message asks for, as often as it comes; nothing for a work that is over."""
    from . import merging, pieces  # not in cold starts of the API

    services = within_time_budget(services, seconds_left)
    found = read_work(services.db, message.work_id)
    if isinstance(message, BeginMessage):
        turns.fan_out(services, found)
    elif found.is_over:  # cancelled, or a message that was delivered again, late
        turns.hand_out(services)
    elif isinstance(message, PieceMessage):
        pieces.work_piece(services, context, found, message, strategy_of(services, context, found), seconds_left)
    else:
        merging.work_merge(services, context, found, message, strategy_of(services, context, found), seconds_left)
