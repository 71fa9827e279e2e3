"""Reads all assignments of one segment, customer by customer, in bounded memory."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple, NoReturn

from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.errors import BillingError, Malformed
from ..domain.package import Package
from ..storage import accounts, assignments, packages
from ..storage.db import Db, Item, Page
from ..storage.keys import ACCOUNTS, Key


class Group(NamedTuple):
    """One customer with its assignments, and the key to go on after.

    Not `whole` are those of a customer that was given out before, up to where another piece began: newer ones only.
    """

    account: Account
    assignments: list[Assignment]
    last: Key | None = None
    whole: bool = True


Unreadable = Callable[[str, Exception], None]
"""Is told of a customer, by id, some of whose items are not as this service writes them."""


def _raised(_: str, error: Exception) -> NoReturn:
    raise error


def customers(db: Db, segment: int, count: int, after: Key | None, unreadable: Unreadable = _raised) -> Iterator[Group]:
    """The customers of a segment. One that a page cuts in two is read on before it is given out; an unreadable one is left out.

    A segment whose keys are not shared out any more as when `after` was given is read from its beginning.
    """
    carried: list[Item] = []
    page = _first_page(db, (segment, count), after)
    while True:
        groups = [list(items) for _, items in groupby(carried + page.items, key=lambda item: item["pk"])]
        carried = groups.pop() if groups and page.last else []
        yield from filter(None, (_group(db, items, unreadable) for items in groups))
        if page.last is None:
            return
        page = db.scan(ACCOUNTS, segment=(segment, count), after=page.last)


def _first_page(db: Db, segment: tuple[int, int], after: Key | None) -> Page:
    try:
        return db.scan(ACCOUNTS, segment=segment, after=after)
    except Malformed:
        return db.scan(ACCOUNTS, segment=segment)


def _group(db: Db, items: list[Item], unreadable: Unreadable) -> Group | None:
    try:
        return _read(db, items)
    except BillingError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one customer must not stop the others
        unreadable(str(items[0]["pk"]), error)
        return None


def _read(db: Db, items: list[Item]) -> Group | None:
    """The group of one customer's items. Without its account item, which an earlier piece had, the account is read."""
    head = items[0]
    whole = not assignments.is_assignment(head)
    account = accounts.from_item(head) if whole else accounts.find(db, head["pk"])
    if account is None:
        return None
    found = [assignments.from_item(item) for item in items if assignments.is_assignment(item)]
    return Group(account, found, {"pk": items[-1]["pk"], "sk": items[-1]["sk"]}, whole)


class Catalog:
    """Packages as a worker needs them: read when first met, and again when an assignment was made from a newer version."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._held: dict[str, Package] = {}

    def of(self, found: list[Assignment]) -> dict[str, Package]:
        """The packages of these assignments, by id."""
        missing = {one.package_id for one in found if self._outdated(one)}
        if missing:
            self._held |= packages.find_many(self._db, missing)
        return self._held

    def _outdated(self, one: Assignment) -> bool:
        held = self._held.get(one.package_id)
        return held is None or held.version < one.package_version
