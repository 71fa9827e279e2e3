"""Writes a change into the history, and reads the history page by page. `domain.history` says what a change is."""

from collections.abc import Callable
from decimal import Decimal

from ..domain.account import Account
from ..domain.errors import NotFound
from ..domain.history import Change, HistoryItem, balance_crossing
from ..domain.low_balance import Watch, watch
from ..storage import accounts, history, packages
from ..storage.db import Action, Db
from ..storage.keys import Key
from .request_context import RequestContext


def record_change(context: RequestContext, change: Change) -> Action:
    """What goes into the transaction of a change, to tell who made it, and when."""
    return history.write_item(HistoryItem(context.clock().isoformat(), context.by, change), context.history_retention)


def record_crossing(context: RequestContext, account: Account, watched: Watch | None) -> list[Action]:
    """What goes into the transaction that moves a balance, if that crosses a threshold."""
    return [record_change(context, balance_crossing(account, watched.crossing))] if watched and watched.crossing else []


def move_balance(context: RequestContext, account: Account, change: Decimal, write: Callable[[Watch | None], Action]) -> list[Action]:
    """A move of a balance by `change`, as `write` makes it, with what is told if it crosses a threshold."""
    watched = watch(account, context.thresholds, change) if change else None
    return [write(watched), *record_crossing(context, account, watched)]


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
