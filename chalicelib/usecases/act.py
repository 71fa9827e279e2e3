"""What every use case is given from outside: the tables, and who acts, when, and with which id."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import NamedTuple

from ..storage.db import Db


class Act(NamedTuple):
    """One request. `id` names what it makes; a retry of the same request has the same id. `today` is the billing time zone's.

    `at` is when the request began; `clock` tells the moment at which it is asked, for what takes effect later than that.
    `may_charge`: whether what is asked for may post charges, or give a customer more credit, on its way.
    """

    by: str
    at: datetime
    today: date
    id: str
    clock: Callable[[], datetime]
    may_charge: bool = True

    @property
    def stamp(self) -> str:
        """The moment, as stored."""
        return self.at.isoformat()


class Services(NamedTuple):
    """What use cases need from a deployment. `send` queues messages for `post_charges`; `threads(n)` posts n jobs at a time.

    A worker holds the plans of at most `round_customers` customers before it posts them.
    """

    db: Db
    send: Callable[[list[dict[str, object]]], None]
    segments: int
    max_lines: int
    allow_future: bool
    default_currency: str
    call_retention: timedelta
    threads: Callable[[int], Executor] = ThreadPoolExecutor
    round_customers: int = 2000
