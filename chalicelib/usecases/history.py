"""Writes a change into the history, and reads the history page by page. `domain.history` says what a change is."""

from ..domain.errors import NotFound
from ..domain.history import Change, HistoryItem
from ..storage import accounts, history, packages
from ..storage.db import Action, Db
from ..storage.keys import Key
from .request_context import RequestContext


def record_change(context: RequestContext, change: Change) -> Action:
    """What goes into the transaction of a change, to tell who made it, and when."""
    return history.write_item(HistoryItem(context.clock().isoformat(), context.by, change), context.history_retention)


def read_package_history(db: Db, package_id: str, after: Key | None, limit: int) -> tuple[list[HistoryItem], Key | None]:
    """A page of a package's history, newest first; of a deleted package too. Raises `NotFound` where there never was one."""
    found, last = history.package_items(db, package_id, after, limit)
    if not found and after is None and packages.find_package(db, package_id) is None:
        raise NotFound(f"there is no package {package_id}")
    return found, last


def read_customer_history(db: Db, customer_id: str, after: Key | None, limit: int) -> tuple[list[HistoryItem], Key | None]:
    """A page of a customer's history, newest first, with that of the assignments; of a deleted customer too. Raises `NotFound` where
    there never was one."""
    found, last = history.customer_items(db, customer_id, after, limit)
    if not found and after is None and accounts.find_account(db, customer_id) is None:
        raise NotFound(f"there is no customer {customer_id}")
    return found, last
