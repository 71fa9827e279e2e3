"""What customers, packages and ends of assignments are found by, in `catalog`: items beside the entities, which say little, so that many
are read at once.

A customer or a package has one item for its id and one for each of its words, each with the others. They are written in the
transaction that writes the entity; the keys and all they hold follow from that entity alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.finding import customer_words, folded, words_of
from ..domain.package import Package
from . import keys
from .db import Action, Db, Item, check, put, remove
from .keys import ACCOUNTS, CATALOG, CONNEXCS_PK, ENDS_PK, PARKED_PK, RUNS, Key

READ_UNIT_BYTES: Final = 4096


class Kind(NamedTuple):
    """Whose items they are: the partition of the ids, and what those of words begin with."""

    ids: str
    words: str


CUSTOMERS: Final = Kind("CUSTOMERS", "CUSTOMER#")
PACKAGES: Final = Kind("PACKAGES", "PACKAGE#")


class Hit(NamedTuple):
    """An item that begins as was asked: of the word `term`, or of the id, where that is "". `words` are all that its owner had when it
    was written."""

    subject_id: str
    term: str
    words: tuple[str, ...]
    currency: str | None


class Hits(NamedTuple):
    """Some hits in their order, what reading them cost in read units, and whether they are the last."""

    hits: Sequence[Hit]
    units: int
    is_last: bool


def customer_items(account: Account) -> list[Item]:
    """What a customer is found by."""
    return _index_items(CUSTOMERS, account.customer_id, customer_words(account), {"currency": account.currency})


def package_items(package: Package) -> list[Item]:
    """What a package is found by; nothing once it is deleted."""
    if package.deleted:
        return []
    items = _index_items(PACKAGES, package.package_id, words_of(package.name), {})
    if package.connexcs_package:
        items.append({"pk": CONNEXCS_PK, "sk": f"{package.connexcs_package}#{package.package_id}"})
    return items


def end_items(assignment: Assignment) -> list[Item]:
    """What an assignment is found by that ends."""
    if assignment.end_date is None or assignment.cancelled:
        return []
    key = keys.end_key(assignment.end_date, assignment.customer_id, assignment.assignment_id)
    return [key | {"package": assignment.package_id}]


def ends_rewritten(old: Assignment | None, new: Assignment | None) -> list[Action]:
    """What an assignment is found by from now on; None for one that isn't there."""
    return rewritten(end_items(old) if old else (), end_items(new) if new else ())


def parked_items(account: Account) -> list[Item]:
    """What a customer is found by while it is parked, in `runs`: workers of runs park."""
    return [keys.parked_key(account.customer_id)] if account.parked else []


def _index_items(kind: Kind, subject_id: str, words: Sequence[str], also: Mapping[str, Any]) -> list[Item]:
    items: list[Item] = [{"pk": kind.ids, "sk": f"{folded(subject_id)}#{subject_id}", **_said(words), **also}]
    for word in words:
        others = [one for one in words if one != word]
        items.append({"pk": kind.words + word[0], "sk": f"{word}#{subject_id}", **_said(others)})
    return items


def _said(words: Sequence[str]) -> Item:
    return {"words": " ".join(words)} if words else {}


def rewritten(old: Iterable[Item], new: Iterable[Item]) -> list[Action]:
    """Write the items that something has now in place of those that it had. They go with its own item, whose condition guards them."""
    before, after = ({(item["pk"], item["sk"]): item for item in items} for items in (old, new))
    gone = [remove(_table(pk), {"pk": pk, "sk": sk}, condition=None) for pk, sk in before if (pk, sk) not in after]
    return [*gone, *(put(_table(key[0]), item) for key, item in after.items() if before.get(key) != item)]


def customer_as_read(account: Account) -> Action:
    """The condition that nobody has changed the customer since it was read, nor parked it, which former releases don't count as a
    change."""
    condition, values = "#version = :version AND attribute_not_exists(#parked)", {"version": account.version}
    if account.parked:
        condition, values["yes"] = "#version = :version AND #parked = :yes", True
    return check(ACCOUNTS, keys.account_key(account.customer_id), condition=condition, values=values)


def package_as_read(package: Package) -> Action:
    """The condition that nobody has changed the package since it was read."""
    return check(CATALOG, keys.package_key(package.package_id), condition="#version = :version", values={"version": package.version})


def assignment_as_read(assignment: Assignment) -> Action:
    """The condition that nobody has edited the assignment since it was read."""
    return check(
        ACCOUNTS,
        keys.assignment_key(assignment.customer_id, assignment.assignment_id),
        condition="#version = :read",
        values={"read": assignment.version},
    )


def missing(db: Db, due: Sequence[Item]) -> list[Action]:
    """Write those of some items that don't stand as they should."""
    standing = db.get_across([(_table(item["pk"]), {"pk": item["pk"], "sk": item["sk"]}) for item in due])
    return [put(_table(item["pk"]), item) for item in due if standing.get((item["pk"], item["sk"])) != item]


def _table(pk: str) -> str:
    return RUNS if pk == PARKED_PK else CATALOG


def look_up(db: Db, kind: Kind, beginning: str, after: Hit | None, limit: int, *, by_id: bool) -> Hits:
    """Up to `limit` items whose id, or else whose word, begins so."""
    pk = kind.ids if by_id else kind.words + beginning[0]
    start = {"pk": pk, "sk": f"{folded(after.subject_id) if by_id else after.term}#{after.subject_id}"} if after else None
    condition, values = "#pk = :pk AND begins_with(#sk, :beginning)", {"pk": pk, "beginning": beginning}
    if not beginning:
        condition, values = "#pk = :pk", {"pk": pk}
    page = db.query(CATALOG, condition, values, after=start, limit=limit)
    size = sum(len(name) + len(value.encode()) for item in page.items for name, value in item.items())
    return Hits([_hit(item, by_id) for item in page.items], max(1, -(-size // READ_UNIT_BYTES)), page.last is None)


def _hit(item: Item, by_id: bool) -> Hit:
    term, subject_id = item["sk"].rsplit("#", 1)
    words = tuple(item["words"].split(" ")) if "words" in item else ()
    return Hit(subject_id, "" if by_id else term, words if by_id else (term, *words), item.get("currency"))


def parked_ids(db: Db, after: Key | None, limit: int) -> tuple[list[str], Key | None]:
    """Up to `limit` ids of customers who are parked, and where to go on."""
    page = db.query(RUNS, "#pk = :pk", {"pk": PARKED_PK}, after=after, limit=limit)
    return [item["sk"] for item in page.items], page.last


class End(NamedTuple):
    """An assignment that ends, by its customer id and its own, and its package."""

    ids: tuple[str, str]
    package_id: str


def ends_page(db: Db, first: date, last: date, after: Key | None, limit: int) -> tuple[list[tuple[Key, End]], Key | None]:
    """Up to `limit` assignments that end in `first..last`, by date, each with its key, and where to go on."""
    values = {"pk": ENDS_PK, "first": first.isoformat(), "behind": f"{last}~"}
    page = db.query(CATALOG, "#pk = :pk AND #sk BETWEEN :first AND :behind", values, after=after, limit=limit)
    return [({name: item[name] for name in ("pk", "sk")}, _end_of(item)) for item in page.items], page.last


def _end_of(item: Item) -> End:
    _, customer_id, assignment_id = item["sk"].split("#")
    return End((customer_id, assignment_id), item["package"])


def enabling(db: Db, connexcs_package: str) -> list[str]:
    """The ids of the packages that enable a package of ConnexCS."""
    beginning = f"{connexcs_package}#"
    found = db.query_all(CATALOG, "#pk = :pk AND begins_with(#sk, :beginning)", {"pk": CONNEXCS_PK, "beginning": beginning})
    ids = (item["sk"].removeprefix(beginning) for item in found)
    return [one for one in ids if "#" not in one]
