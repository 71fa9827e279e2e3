"""What every use case gets from outside: the services, and who asks, when, and with which id."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..domain.errors import Misconfigured
from ..domain.low_balance import DefaultThresholds
from ..domain.notice_days import NoticeDays
from ..storage.db import Db
from ..storage.objects import Objects

if TYPE_CHECKING:
    from ..domain.importing import ImportRow
    from ..storage.event_bus import EventBus

Send = Callable[[list[dict[str, object]]], None]
"""Queues messages."""

HISTORY_RETENTION: Final = timedelta(days=3650)


class RequestContext(NamedTuple):
    """One request. `id` is the id of what it creates; a retry of the same request has the same id. `today` is the billing time zone's.

    `at` is when the request began; `clock` tells the moment at which it is asked, for what takes effect later than that.
    `may_charge`: whether the request may post charges or give a customer more credit. What it changes is kept in the history for
    `history_retention`. `thresholds` are those of a low balance, for customers without their own. `import_row` is the row that is
    applied, by itself.
    """

    by: str
    at: datetime
    today: date
    id: str
    clock: Callable[[], datetime]
    may_charge: bool = True
    history_retention: timedelta = HISTORY_RETENTION
    thresholds: DefaultThresholds = MappingProxyType({})
    import_row: "ImportRow | None" = None

    @property
    def timestamp(self) -> str:
        """The moment, as stored."""
        return self.at.isoformat()

    def written(self, version: int) -> dict[str, Any]:
        """Who writes a version of something, when, and for which row of an import, if for one: the fields that say so."""
        marked = {"imported": self.import_row.mark(version)} if self.import_row else {}
        return {"version": version, "updated_at": self.timestamp, "updated_by": self.by, **marked}


def _no_queue(_: list[dict[str, object]]) -> None:
    raise Misconfigured("this deployment has no queue for long work")


def _no_objects() -> Objects:
    raise Misconfigured("this deployment has no bucket for results")


def _no_bus() -> "EventBus":
    raise Misconfigured("this deployment has no bus of events")


class Services(NamedTuple):
    """What use cases need from a deployment. `send` queues messages for `post_charges`, `send_work` for `do_work`, `send_apply` for
    `apply_work`; `objects` are made when they are asked for first; `threads(n)` posts n jobs at a time.

    A worker holds the plans of at most `round_customers` customers before it posts them. `overview`: whether a forecast of all customers
    is made after each daily run. `notices`: how many days before customers are told what comes; None: nothing of the calendar is told.
    """

    db: Db
    send: Send
    segments: int
    max_lines: int
    allow_future: bool
    default_currency: str
    call_retention: timedelta
    threads: Callable[[int], Executor] = ThreadPoolExecutor
    round_customers: int = 2000
    send_work: Send = _no_queue
    send_apply: Send = _no_queue
    objects: Callable[[], Objects] = _no_objects
    overview: bool = False
    event_bus: "Callable[[], EventBus]" = _no_bus
    notices: NoticeDays | None = None
