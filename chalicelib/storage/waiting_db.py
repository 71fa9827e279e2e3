"""A database that waits while it is throttled, for workers, which have no caller to ask for a retry."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from ..domain.errors import Throttled
from .db import Action, Db, Item, Page
from .keys import Key
from .retry import retry_on_contention

T = TypeVar("T")


class WaitingDb(Db):
    """`db`, each call made again while it is throttled, for as many seconds as `seconds_max` says at the time.

    A call whose answer was lost may be carried out and then made again, as by the SDK; the conditions of writes allow for that.
    """

    def __init__(self, db: Db, seconds_max: Callable[[], float]) -> None:
        self._db = db
        self._seconds_max = seconds_max

    def _bear(self, call: Callable[[], T]) -> T:
        return retry_on_contention(call, seconds_max=self._seconds_max(), over=Throttled)

    def get(self, table: str, key: Key) -> Item | None:
        return self._bear(partial(self._db.get, table, key))

    def get_many(self, table: str, keys: Sequence[Key]) -> dict[tuple[str, str], Item]:
        return self._bear(partial(self._db.get_many, table, keys))

    def get_across(self, wanted: Sequence[tuple[str, Key]]) -> dict[tuple[str, str], Item]:
        return self._bear(partial(self._db.get_across, wanted))

    def query(self, *arguments: Any, **options: Any) -> Page:
        return self._bear(partial(self._db.query, *arguments, **options))

    def scan(self, *arguments: Any, **options: Any) -> Page:
        return self._bear(partial(self._db.scan, *arguments, **options))

    def write(self, action: Action) -> Item:
        return self._bear(partial(self._db.write, action))

    def transact(self, actions: Sequence[Action]) -> None:
        self._bear(partial(self._db.transact, actions))
