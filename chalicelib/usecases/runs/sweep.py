"""The segments of a run: all assignments of one, customer by customer, in bounded memory."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple, NoReturn

from ...domain.account import Account
from ...domain.assignment import Assignment
from ...domain.errors import BillingError
from ...domain.features import FeatureState
from ...domain.package import Package
from ...storage import accounts, assignments, features_told, packages
from ...storage.db import Db, Item
from ...storage.keys import ACCOUNTS, Key
from ..request_context import Services
from ..segment import Unreadable
from .messages import KeptRunSegmentMessage, RunPackageSegmentMessage, SegmentMessage, body_of


class Group(NamedTuple):
    """One customer with its assignments, and the key after which to go on.

    It is not `whole` when an earlier message of the segment had the customer's first assignments: then these are the later ones.
    `features` are what was told of its features.
    """

    account: Account
    assignments: list[Assignment]
    last: Key | None = None
    whole: bool = True
    features: tuple[FeatureState, ...] = ()

    @property
    def customer_id(self) -> str:
        """Who it is."""
        return self.account.customer_id


class RunSegment(NamedTuple):
    """The segment of a run that a message is for; the run has so many `segments`."""

    services: Services
    message: SegmentMessage | RunPackageSegmentMessage | KeptRunSegmentMessage
    segments: int

    def members(self, unreadable: Unreadable) -> Iterator[Group]:
        """The customers behind the message's cursor, with their assignments."""
        return customers(self.services.db, self.message.segment, self.segments, self.message.cursor, unreadable)

    def hand_on(self, cursor: Key) -> None:
        """Queue a message for the rest of the segment."""
        self.services.send([body_of(self.message._replace(piece=self.message.piece + 1, cursor=cursor))])


def _raised(_: str, error: Exception) -> NoReturn:
    raise error


def customers(db: Db, segment: int, count: int, after: Key | None, unreadable: Unreadable = _raised) -> Iterator[Group]:
    """The customers of a segment. One that a page cuts in two is read on before it is given out; an unreadable one is left out.

    A segment whose keys are not shared out any more as when `after` was given is read from its beginning.
    """
    carried: list[Item] = []
    for page in db.segment_pages(ACCOUNTS, (segment, count), after):
        groups = [list(items) for _, items in groupby(carried + page.items, key=lambda item: item["pk"])]
        carried = groups.pop() if groups and page.last else []
        yield from filter(None, (_readable_group(db, items, unreadable) for items in groups))


def named_customers(db: Db, customer_ids: Iterable[str], after: Key | None, unreadable: Unreadable) -> Iterator[Group]:
    """Those of some customers that there are, in the order of their ids, each read by itself."""
    for customer_id in sorted(customer_ids):
        if after is None or customer_id > after["pk"]:
            items = list(db.query_all(ACCOUNTS, "#pk = :pk", {"pk": customer_id}))
            group = _readable_group(db, items, unreadable) if items else None
            if group:
                yield group


def _readable_group(db: Db, items: list[Item], unreadable: Unreadable) -> Group | None:
    try:
        return _group_of_items(db, items)
    except BillingError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one customer must not stop the others
        unreadable(str(items[0]["pk"]), error)
        return None


def _group_of_items(db: Db, items: list[Item]) -> Group | None:
    """The group of one customer's items. Without its account item, which an earlier message had, the account is read; None for what was
    told of its features alone."""
    head = items[0]
    whole = accounts.is_account(head)
    if features_told.is_feature(head):
        return None
    account = accounts.account_from_item(head) if whole else accounts.find_account(db, head["pk"])
    if account is None:
        return None
    found = [assignments.assignment_from_item(item) for item in items if assignments.is_assignment(item)]
    told = tuple(features_told.feature_from_item(item) for item in items if features_told.is_feature(item))
    return Group(account, found, {"pk": items[-1]["pk"], "sk": items[-1]["sk"]}, whole, told)


def read_group(db: Db, customer_id: str) -> Group | None:
    """A whole customer, read by itself."""
    items = list(db.query_all(ACCOUNTS, "#pk = :pk", {"pk": customer_id}))
    return _group_of_items(db, items) if items else None


class Catalog:
    """Packages as a worker needs them: read when first met, and again when an assignment was made from a newer version."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._held: dict[str, Package] = {}

    def of(self, found: list[Assignment]) -> dict[str, Package]:
        """The packages of these assignments, by id."""
        missing = {one.package_id for one in found if self._outdated(one)}
        if missing:
            self._held |= packages.find_packages(self._db, missing)
        return self._held

    def _outdated(self, one: Assignment) -> bool:
        held = self._held.get(one.package_id)
        return held is None or held.version < one.package_version
