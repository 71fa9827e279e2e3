"""What the tables were made for: the billing time zone that gave every stored date its meaning."""

from contextlib import suppress
from typing import Final

from ..domain.errors import Misconfigured
from . import keys
from .db import Db, create
from .errors import ConditionFailed, permitted
from .keys import CATALOG

_NOT_YET: Final = (
    "the tables don't say yet which BILLING_TIMEZONE their dates are of, and this function may not store it: call GET /health once"
)


def agree_on_time_zone(db: Db, time_zone: str) -> None:
    """Store the time zone with new tables; refuse another one later. Raises `Misconfigured`."""
    item = db.get(CATALOG, keys.settings())
    if item is None:
        with suppress(ConditionFailed), permitted(_NOT_YET):
            db.write(create(CATALOG, keys.settings() | {"billing_timezone": time_zone}))
        item = db.get(CATALOG, keys.settings())
    stored = item["billing_timezone"] if item else None
    if stored != time_zone:
        raise Misconfigured(f"BILLING_TIMEZONE is {time_zone}, but the tables' dates are of {stored}; start with that one")
