"""DIDs in `catalog`: who has one from when to when, and beside that the list of all of them, which is written with it."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

from ..domain.package import Package
from ..domain.tenure import DidTenure
from . import keys, packages
from .db import Action, Db, Item, check, put, put_new
from .finding import READ_UNIT_BYTES, rewritten
from .keys import CATALOG, DIDS_PK, Key

_OPEN_END: Final = date.max.isoformat()


class DidTenures(NamedTuple):
    """All tenures of a DID, and the version that was read."""

    did: str
    version: int
    all: tuple[DidTenure, ...]


def find_tenures(db: Db, did: str) -> DidTenures:
    """Who has the DID."""
    return _tenures(did, db.get(CATALOG, keys.did_tenures_key(did)))


def find_tenures_of_many(db: Db, dids: Iterable[str]) -> dict[str, DidTenures]:
    """Who has each of the DIDs."""
    return find_packages_and_tenures(db, (), dids)[1]


def find_packages_and_tenures(db: Db, package_ids: Iterable[str], dids: Iterable[str]) -> tuple[dict[str, Package], dict[str, DidTenures]]:
    """Packages by id, deleted ones included, and who has each of the DIDs, in one request for up to 100 of both."""
    wanted = {did: keys.did_tenures_key(did) for did in dids}
    items = db.get_many(CATALOG, [*map(keys.package_key, package_ids), *wanted.values()])
    tenures = {did: _tenures(did, items.pop((key["pk"], key["sk"]), None)) for did, key in wanted.items()}
    return {package_id: packages.package_from_item(item) for (_, package_id), item in items.items()}, tenures


def _tenures(did: str, stored: Item | None) -> DidTenures:
    item = stored or {"version": 0, "holds": {}}
    return DidTenures(did, int(item["version"]), _tenures_of(item["holds"]))


def _tenures_of(holds: Item) -> tuple[DidTenure, ...]:
    return tuple(sorted((_tenure(key, *value) for key, value in holds.items()), key=lambda tenure: tenure.assignment_id))


def _tenure(assignment_id: str, customer_id: str, start_date: str, end_date: str) -> DidTenure:
    end = None if end_date == _OPEN_END else date.fromisoformat(end_date)
    return DidTenure(customer_id, assignment_id, date.fromisoformat(start_date), end)


def write_tenures(tenures: DidTenures, new: Sequence[DidTenure]) -> list[Action]:
    """Write all tenures of a DID, if nobody else has since they were read, and list it by them."""
    item = keys.did_tenures_key(tenures.did) | {"version": tenures.version + 1, "holds": _stored(new)}
    condition, values = "#version = :read", {"read": tenures.version}
    write = put(CATALOG, item, condition=condition, values=values) if tenures.version else put_new(CATALOG, item)
    return [write, *rewritten(did_items(tenures.did, tenures.all), did_items(tenures.did, new))]


def tenures_as_read(tenures: DidTenures) -> Action:
    """The condition that nobody has changed who has the DID since it was read."""
    return check(CATALOG, keys.did_tenures_key(tenures.did), condition="#version = :read", values={"read": tenures.version})


def _stored(tenures: Iterable[DidTenure]) -> Item:
    return {
        one.assignment_id: [one.customer_id, one.start_date.isoformat(), one.end_date.isoformat() if one.end_date else _OPEN_END]
        for one in tenures
    }


def did_items(did: str, tenures: Sequence[DidTenure]) -> list[Item]:
    """What a DID is listed by, as long as somebody has, had or will have it."""
    return [keys.listed_did_key(did) | {"holds": _stored(tenures)}] if tenures else []


class ListedDid(NamedTuple):
    """A DID in the list, with its tenures."""

    did: str
    tenures: Sequence[DidTenure]


class ListedDids(NamedTuple):
    """Some DIDs in their order, what reading them cost in read units, and whether they are the last."""

    found: Sequence[ListedDid]
    units: int
    is_last: bool


def list_dids(db: Db, beginning: str, after: Key | None, limit: int) -> ListedDids:
    """Up to `limit` DIDs that begin so, behind one."""
    values = {"pk": DIDS_PK} | ({"beginning": beginning} if beginning else {})
    condition = "#pk = :pk AND begins_with(#sk, :beginning)" if beginning else "#pk = :pk"
    page = db.query(CATALOG, condition, values, after=after, limit=limit)
    size = sum(len(str(item)) for item in page.items)
    found = [ListedDid(item["sk"], _tenures_of(item["holds"])) for item in page.items]
    return ListedDids(found, max(1, -(-size // READ_UNIT_BYTES)), page.last is None)
