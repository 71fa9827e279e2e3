"""Packages in `catalog`. The item counts its assignments, so that an index read can be told from a complete one."""

from collections.abc import Iterable

from ..domain.package import Package
from . import keys
from .codec import WRITTEN, Codec, numbers, plain, whole
from .db import Action, Db, Item, create, put, update
from .keys import CATALOG, Key

_CODEC = Codec(
    Package,
    {
        "name": plain("name"),
        "currency": plain("currency"),
        "description": plain("description"),
        "cost": plain("cost"),
        "retail": plain("retail"),
        "setup_cost": plain("setup_cost"),
        "setup_retail": plain("setup_retail"),
        "frequency": plain("frequency"),
        "frequency_match": numbers("frequency_match"),
        "connexcs_package": plain("connexcs_package"),
        "minimum_days": whole("minimum_days"),
        "type": plain("type"),
        "destination": plain("destination"),
        "minimum_spend": plain("minimum_spend"),
        "assignments": whole("assignments"),
        "deleted": plain("deleted"),
        "assigned": plain("assigned"),
        **WRITTEN,
    },
)


def _item(package: Package) -> Item:
    return keys.package(package.package_id) | _CODEC.item(package) | {"assignments": package.assignments, "version": package.version}


def _package(item: Item) -> Package:
    return _CODEC.entity(item, package_id=item["sk"])


def find(db: Db, package_id: str) -> Package | None:
    """The package, deleted ones included."""
    item = db.get(CATALOG, keys.package(package_id))
    return _package(item) if item else None


def find_many(db: Db, package_ids: Iterable[str]) -> dict[str, Package]:
    """Packages by id, deleted ones included."""
    items = db.get_many(CATALOG, [keys.package(package_id) for package_id in package_ids])
    return {package_id: _package(item) for (_, package_id), item in items.items()}


def listed(db: Db, after: Key | None, limit: int) -> tuple[list[Package], Key | None]:
    """Up to `limit` packages that are not deleted, oldest first, and where to go on."""
    page = db.query_some(CATALOG, "#pk = :pk", {"pk": keys.PACKAGE_PK}, lambda item: not item.get("deleted"), after, limit)
    return [_package(item) for item in page.items], page.last


def creation(package: Package) -> Action:
    """Write a new package."""
    return create(CATALOG, _item(package))


def replacement(old: Package, new: Package) -> Action:
    """Write `new` if the package is still as it was read, and as many assignments and the mark of the first one are."""
    unmarked = "" if old.assigned else " AND attribute_not_exists(#assigned)"
    return put(
        CATALOG,
        _item(new._replace(assigned=old.was_assigned)),
        condition="#version = :version AND #assignments = :assignments" + unmarked,
        values={"version": old.version, "assignments": old.assignments},
    )


def count_assignment(package: Package, more: int = 1) -> Action:
    """So many more assignments, provided that the package is as it was read and not deleted."""
    return update(
        CATALOG,
        keys.package(package.package_id),
        "SET #assignments = #assignments + :more, #assigned = :yes",
        condition="#version = :version AND attribute_not_exists(#deleted)",
        values={"more": more, "yes": True, "version": package.version},
    )


def uncount_assignment(package_id: str) -> Action:
    """One assignment less; only together with its removal. That there was one stays, also where a former release counted it."""
    return update(
        CATALOG,
        keys.package(package_id),
        "SET #assignments = #assignments - :one, #assigned = :yes",
        condition="#assignments >= :one",
        values={"one": 1, "yes": True},
    )
