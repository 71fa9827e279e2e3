"""A database that waits: for workers, who have no caller to tell that the database is busy."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from ..domain.errors import Throttled
from .db import Action, Db, Item, Page
from .keys import Key
from .retry import settle

T = TypeVar("T")


class PatientDb(Db):
    """`db`, each call made again while it is throttled, for as many seconds as `patience_seconds` says at the time.

    A call whose answer was lost may so be carried out and made again, as the SDK does it too: conditions bear that.
    """

    def __init__(self, db: Db, patience_seconds: Callable[[], float]) -> None:
        self._db = db
        self._patience_seconds = patience_seconds

    def _bear(self, call: Callable[[], T]) -> T:
        return settle(call, patience_seconds=self._patience_seconds(), over=Throttled)

    def get(self, table: str, key: Key) -> Item | None:
        return self._bear(partial(self._db.get, table, key))

    def get_many(self, table: str, keys: Sequence[Key]) -> dict[tuple[str, str], Item]:
        return self._bear(partial(self._db.get_many, table, keys))

    def query(self, *arguments: Any, **options: Any) -> Page:
        return self._bear(partial(self._db.query, *arguments, **options))

    def scan(self, *arguments: Any, **options: Any) -> Page:
        return self._bear(partial(self._db.scan, *arguments, **options))

    def write(self, action: Action) -> Item:
        return self._bear(partial(self._db.write, action))

    def transact(self, actions: Sequence[Action]) -> None:
        self._bear(partial(self._db.transact, actions))
