"""Packages in `catalog`. The item counts its assignments, so that an index read can be told from a complete one."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from ..domain.package import Package, PriceList
from . import keys, progress
from .codec import WRITTEN, Codec, always, date_attribute, integer_attribute, numbers_attribute, plain_attribute, records_attribute
from .db import Action, Db, Item, put, put_new, update
from .keys import CATALOG, RUNS, Key

_PRICE_LIST: Final = {
    "begins": date_attribute("from"),
    "existing": plain_attribute("existing", True),
    "cost": plain_attribute("cost", None),
    "retail": plain_attribute("retail", None),
    "setup_cost": plain_attribute("setup_cost", None),
    "setup_retail": plain_attribute("setup_retail", None),
    "reason": plain_attribute("reason", ""),
    "entered_at": plain_attribute("entered", ""),
    "superseded_at": plain_attribute("superseded", None),
}
_PACKAGE_CODEC = Codec(
    Package,
    {
        "name": plain_attribute("name"),
        "currency": plain_attribute("currency"),
        "description": plain_attribute("description", ""),
        "cost": plain_attribute("cost", Decimal(0)),
        "retail": plain_attribute("retail", Decimal(0)),
        "setup_cost": plain_attribute("setup_cost", Decimal(0)),
        "setup_retail": plain_attribute("setup_retail", Decimal(0)),
        "frequency": plain_attribute("frequency", "none"),
        "frequency_match": numbers_attribute("frequency_match", ()),
        "connexcs_package": plain_attribute("connexcs_package", None),
        "minimum_days": integer_attribute("minimum_days", 0),
        "type": plain_attribute("type", "standard"),
        "destination": plain_attribute("destination", ""),
        "minimum_spend": plain_attribute("minimum_spend", False),
        "assignments": always(integer_attribute("assignments", 0)),
        "deleted": plain_attribute("deleted", False),
        "assigned": plain_attribute("assigned", False),
        "every": integer_attribute("every", 1),
        "proration": plain_attribute("proration", "none"),
        "price_lists": records_attribute("price_lists", PriceList, _PRICE_LIST),
        "superseded_lists": records_attribute("old_lists", PriceList, _PRICE_LIST),
        "account_code": plain_attribute("account_code", None),
        "tax_code": plain_attribute("tax_code", None),
        "notice_days": numbers_attribute("notice_days", None),
        "imported": plain_attribute("imported", None),
        **WRITTEN,
    },
    elsewhere=("package_id",),
)


def _package_item(package: Package) -> Item:
    return keys.package_key(package.package_id) | _PACKAGE_CODEC.item(package)


def package_from_item(item: Item) -> Package:
    return _PACKAGE_CODEC.entity(item, package_id=item["sk"])


def find_package(db: Db, package_id: str) -> Package | None:
    """The package, deleted ones included."""
    item = db.get(CATALOG, keys.package_key(package_id))
    return package_from_item(item) if item else None


def find_packages(db: Db, package_ids: Iterable[str]) -> dict[str, Package]:
    """Packages by id, deleted ones included."""
    items = db.get_many(CATALOG, [keys.package_key(package_id) for package_id in package_ids])
    return {package_id: package_from_item(item) for (_, package_id), item in items.items()}


def find_with_latest_started(db: Db, package_ids: Iterable[str]) -> tuple[dict[str, Package], date | None]:
    """The same, and the latest day whose evaluation has begun, in one request."""
    started = keys.latest_sweep_key()
    items = db.get_across([*((CATALOG, keys.package_key(one)) for one in package_ids), (RUNS, started)])
    begun = items.pop((started["pk"], started["sk"]), None)
    return {package_id: package_from_item(item) for (_, package_id), item in items.items()}, progress.day_of(begun)


def list_packages(
    db: Db, after: Key | None, limit: int, wanted: Callable[[Package], bool] = lambda _: True
) -> tuple[list[Package], Key | None]:
    """Up to `limit` packages that are wanted and not deleted, oldest first, and where to go on."""

    def listed(item: Item) -> bool:
        return not item.get("deleted") and wanted(package_from_item(item))

    page = db.query_some(CATALOG, "#pk = :pk", {"pk": keys.PACKAGE_PK}, listed, after, limit)
    return [package_from_item(item) for item in page.items], page.last


def create_package(package: Package) -> Action:
    """Write a new package."""
    return put_new(CATALOG, _package_item(package))


def update_package(old: Package, new: Package) -> Action:
    """Write `new` if the package is still as it was read, and as many assignments and the mark of the first one are."""
    unmarked = "" if old.assigned else " AND attribute_not_exists(#assigned)"
    return put(
        CATALOG,
        _package_item(new._replace(assigned=old.was_assigned)),
        condition="#version = :version AND #assignments = :assignments" + unmarked,
        values={"version": old.version, "assignments": old.assignments},
    )


def count_assignment(package: Package, more: int = 1) -> Action:
    """So many more assignments, provided that the package is as it was read and not deleted."""
    return update(
        CATALOG,
        keys.package_key(package.package_id),
        "SET #assignments = #assignments + :more, #assigned = :yes",
        condition="#version = :version AND attribute_not_exists(#deleted)",
        values={"more": more, "yes": True, "version": package.version},
    )


def uncount_assignment(package_id: str, fewer: int = 1) -> Action:
    """So many assignments less; only together with their removal. That there was one stays, also where a former release counted it."""
    return update(
        CATALOG,
        keys.package_key(package_id),
        "SET #assignments = #assignments - :fewer, #assigned = :yes",
        condition="#assignments >= :fewer",
        values={"fewer": fewer, "yes": True},
    )
