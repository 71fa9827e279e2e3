"""What the tables were made for: the billing time zone that gave every stored date its meaning."""

from contextlib import suppress
from typing import Final

from ..domain.errors import Misconfigured
from . import keys
from .db import Db, put_new
from .errors import ConditionFailed, permitted
from .keys import CATALOG

_NOT_YET: Final = "no BILLING_TIMEZONE is stored with the tables yet, and this function may not store it: call GET /health once"


def agree_on_time_zone(db: Db, time_zone: str) -> None:
    """Store the time zone with new tables; refuse another one later. Raises `Misconfigured`."""
    item = db.get(CATALOG, keys.settings_key())
    if item is None:
        with suppress(ConditionFailed), permitted(_NOT_YET):
            db.write(put_new(CATALOG, keys.settings_key() | {"billing_timezone": time_zone}))
        item = db.get(CATALOG, keys.settings_key())
    stored = item["billing_timezone"] if item else None
    if stored != time_zone:
        raise Misconfigured(f"BILLING_TIMEZONE is {time_zone}, but the dates in the tables are in {stored}; start with that zone")
