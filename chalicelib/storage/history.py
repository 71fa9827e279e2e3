"""Who changed what, in `history`: an item a change, in the partition of its customer, its package, or its run of all customers.

An item is written once, in the transaction of its change, and expires. Nothing that charges reads it.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any, Final

from ..domain.history import Change, FieldChange, HistoryItem
from ..domain.posting import TRANSACTION_ACTIONS_MAX
from . import keys
from .codec import Attribute, Codec, date_attribute, integer_attribute, plain_attribute, records_attribute
from .db import Action, Db, Item, put, put_new
from .errors import Cancelled, ConditionFailed
from .keys import EXPIRES, HISTORY, Key
from .packing import pack_notice_lines, unpack_notice_lines
from .retry import retry_on_contention

HISTORY_FORMAT: Final = 1
"""What readers of the table and of its stream have to know. Attributes may be added without another number."""
_TOLD: Final = "told"
"""What a notice of the calendar tells, as JSON: a sweep may make as many as it posts charges, and a map for each field takes twice the
time."""
_LINES_BYTES_TOGETHER: Final = 350
"""With the rest of a notice they fit into 1,000 bytes, which are two write units in a transaction, and one outside."""


def _json_value(stored: Any) -> Any:
    """Whole numbers as such: amounts are stored as text."""
    if isinstance(stored, list):
        return [_json_value(one) for one in stored]
    return int(stored) if isinstance(stored, Decimal) else stored


def _value_attribute(name: str) -> Attribute:
    return plain_attribute(name, None)._replace(read=_json_value)


_FIELD: Final = {
    "field": plain_attribute("field"),
    "before": _value_attribute("before"),
    "after": _value_attribute("after"),
    "begins": date_attribute("from", None),
}
_CHANGE_CODEC = Codec(
    Change,
    {
        "type": plain_attribute("type"),
        "version": integer_attribute("version"),
        "fields": records_attribute("fields", FieldChange, _FIELD),
        "customer_id": plain_attribute("customer", None),
        "package_id": plain_attribute("package", None),
        "assignment_id": plain_attribute("assignment", None),
        "run_id": plain_attribute("run", None),
        "entry_id": plain_attribute("entry", None),
        "work_id": plain_attribute("work", None),
        "assignments": integer_attribute("assignments", None),
        "notice_id": plain_attribute("notice", None),
        "dated": date_attribute("dated", None),
        "lines": Attribute("lines", pack_notice_lines, unpack_notice_lines, ()),
    },
)


def write_item(item: HistoryItem, retention: timedelta) -> Action:
    """Keep an item for so long. Only together with its change, whose condition keeps it from being written twice."""
    return put(HISTORY, _stored(item, retention))


def _stored(item: HistoryItem, retention: timedelta) -> Item:
    expires = ceil((datetime.fromisoformat(item.at) + retention).timestamp())
    written = {"format": HISTORY_FORMAT, "at": item.at, "by": item.by, EXPIRES: expires}
    key, change = keys.history_key(_partition(item.change), item.history_id), item.change
    if change.dated is None:
        return key | _CHANGE_CODEC.item(change) | written
    told = json.dumps({one.field: one.after for one in change.fields}, ensure_ascii=False, separators=(",", ":"))
    return key | _CHANGE_CODEC.item(change._replace(fields=())) | {_TOLD: told} | written


def notice_batches(notices: Iterable[HistoryItem], retention: timedelta) -> list[list[Action]]:
    """Notices to be kept, those together that one transaction takes. A large one stands alone, where a write costs half as much."""
    batches: list[list[Action]] = [[]]
    alone: list[list[Action]] = []
    for stored in (_stored(one, retention) for one in notices):
        action = put_new(HISTORY, stored)
        if len(stored.get("lines", b"")) > _LINES_BYTES_TOGETHER:
            alone.append([action])
            continue
        if len(batches[-1]) == TRANSACTION_ACTIONS_MAX:
            batches.append([])
        batches[-1].append(action)
    return [batch for batch in (*batches, *alone) if batch]


def keep_notices(db: Db, batch: Sequence[Action]) -> None:
    """Keep those notices of a batch that are not kept yet."""
    missing = list(batch)

    def attempt() -> None:
        if len(missing) == 1:
            with suppress(ConditionFailed):
                db.write(missing[0])
            return
        try:
            db.transact(missing)
        except Cancelled as cancelled:
            missing[:] = [one for place, one in enumerate(missing) if not cancelled.failed(place)]
            if missing:
                raise

    retry_on_contention(attempt)


def _partition(change: Change) -> str:
    if change.customer_id is not None:
        return keys.customer_history(change.customer_id)
    if change.work_id is not None:
        return keys.work_history(change.work_id)
    return keys.package_history(change.package_id) if change.package_id is not None else keys.run_history(change.run_id or "")


def history_from_item(item: Item) -> HistoryItem:
    """The item of history that an item of the table holds."""
    change = _CHANGE_CODEC.entity(item)
    if _TOLD in item:
        change = change._replace(fields=tuple(FieldChange(name, None, value) for name, value in json.loads(item[_TOLD]).items()))
    return HistoryItem(item["at"], item["by"], change)


def package_items(db: Db, package_id: str, after: Key | None, limit: int) -> tuple[list[HistoryItem], Key | None]:
    """Up to `limit` changes of a package and its price lists, newest first, and where to go on."""
    return _page(db, keys.package_history(package_id), after, limit)


def customer_items(db: Db, customer_id: str, after: Key | None, limit: int) -> tuple[list[HistoryItem], Key | None]:
    """The same of a customer, with the assignments, their terms, the runs and the charges written off."""
    return _page(db, keys.customer_history(customer_id), after, limit)


def _page(db: Db, partition: str, after: Key | None, limit: int) -> tuple[list[HistoryItem], Key | None]:
    page = db.query(HISTORY, "#pk = :pk", {"pk": partition}, after=after, limit=limit, newest_first=True)
    return [history_from_item(item) for item in page.items], page.last
