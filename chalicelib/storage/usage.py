"""Calls in `usage`: each recorded once, with the totals of its days and the buckets that it drew from."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from ..domain.assignment import BucketKey
from ..domain.minutes import Call, DayTotal, Draw, Rated, UsedDay
from ..domain.schedule import DAY
from . import keys
from .codec import Attribute, Codec, date_attribute, integer_attribute, plain_attribute
from .db import Action, Db, Item, put_new, update
from .keys import USAGE, Key

_KEPT_LONGER: Final = timedelta(days=2)
"""Calls are accepted by the day of the billing time zone, records expire by the second: a record must be the later to go."""

CustomersBucket = tuple[str, BucketKey]
"""Whose bucket it is, and its key."""

_CALL = Codec(
    Call,
    {
        "call_id": plain_attribute("call_id"),
        "started_at": plain_attribute("started"),
        "day": date_attribute("day"),
        "destination": plain_attribute("destination"),
        "seconds": integer_attribute("seconds"),
        "charge": plain_attribute("told_charge"),
        "did": plain_attribute("did", None),
    },
)
_RATED = Codec(
    Rated,
    {
        "free_seconds": integer_attribute("free"),
        "charge": plain_attribute("charge"),
        "drawn": Attribute("drawn", lambda drawn: [*map(_written, drawn)], lambda stored: tuple(_drawn(*one) for one in stored)),
    },
    elsewhere=("call",),
)
TOTAL_CODEC = Codec(
    DayTotal,
    {
        "charge": plain_attribute("charge"),
        "seconds": integer_attribute("seconds"),
        "free_seconds": integer_attribute("free"),
        "calls": integer_attribute("calls"),
    },
)


def _written(draw: Draw) -> list[Any]:
    written = [draw.key.assignment_id, draw.key.begins.isoformat(), draw.seconds]
    return [*written, draw.drawn_by] if draw.drawn_by else written


def _drawn(assignment_id: str, begins: str, seconds: Decimal, drawn_by: str | None = None) -> Draw:
    return Draw(BucketKey(assignment_id, date.fromisoformat(begins)), int(seconds), drawn_by)


def rated_from_item(item: Item) -> Rated:
    """The rated call that an item of `usage` holds."""
    return _RATED.entity(item, call=_CALL.entity(item))


def find_calls(db: Db, customer_id: str, call_ids: Iterable[str]) -> dict[str, Rated]:
    """The calls that are recorded, by id."""
    found = db.get_many(USAGE, [keys.call_key(customer_id, call_id) for call_id in call_ids])
    return {item["call_id"]: rated_from_item(item) for item in found.values()}


def create_call(customer_id: str, one: Rated, *, at: datetime, by: str, kept: timedelta) -> Action:
    """Record a call, for as long as it may be sent again: until `kept` and two days after the later of the call and now."""
    expires = max(datetime.fromisoformat(one.call.started_at), at) + kept + _KEPT_LONGER
    facts = {"recorded": at.isoformat(), "recorder": by, "expires": int(expires.timestamp())}
    return put_new(USAGE, keys.call_key(customer_id, one.call.call_id) | _CALL.item(one.call) | _RATED.item(one) | facts)


def add_to_day(customer_id: str, place: UsedDay, total: DayTotal) -> Action:
    """Add calls to a day; only beside their records, whose condition keeps it from being sent twice."""
    values = TOTAL_CODEC.item(total)
    change = "ADD " + ", ".join(f"#{name} :{name}" for name in values)
    return update(USAGE, keys.usage_day_key(customer_id, *place), change, condition=None, values=values)


def draw(customer_id: str, key: BucketKey, seconds: int, *, used: int, left: int, most: int) -> Action:
    """Draw from a bucket of which `used` seconds were read as used and `left` as left.

    A draw that empties it was planned on just that; a smaller one needs that at `most` so many are used.
    """
    exact = seconds == left
    condition, values = "#used <= :most", {"most": most}
    if exact and used:
        condition, values = "#used = :read", {"read": used}
    elif not used:
        condition, values = ("attribute_not_exists(#used)", {}) if exact else ("attribute_not_exists(#used) OR " + condition, values)
    change = "SET #used = if_not_exists(#used, :none) + :seconds"
    return update(
        USAGE, keys.bucket_item_key(customer_id, key), change, condition=condition, values=values | {"none": 0, "seconds": seconds}
    )


def used(db: Db, buckets: Iterable[CustomersBucket]) -> dict[CustomersBucket, int]:
    """The seconds used of each bucket; one that nobody drew from has no entry."""
    wanted = {tuple(keys.bucket_item_key(*one).values()): one for one in buckets}
    found = db.get_many(USAGE, [keys.bucket_item_key(*one) for one in wanted.values()])
    return {wanted[place]: int(item["used"]) for place, item in found.items()}


def find_days(
    db: Db, customer_id: str, did: str | None, first: date | None, last: date | None, after: Key | None, limit: int
) -> tuple[list[tuple[date, DayTotal]], Key | None]:
    """Up to `limit` days of `first..last` with calls of the customer, or of one DID, oldest first, and where to go on."""
    page = db.query(USAGE, _DAY_RANGE, _day_range(customer_id, did, first or "", last or "9"), after=after, limit=limit)
    return [(_date_of_item(item), TOTAL_CODEC.entity(item)) for item in page.items], page.last


def spend_by_day(db: Db, customer_id: str, did: str | None, since: date, until: date) -> dict[date, Decimal]:
    """The spend of a customer, or of one DID, by day: what the calls cost on the days `since <= day < until` that have calls."""
    values = _day_range(customer_id, did, since, until - DAY)
    return {_date_of_item(item): item["charge"] for item in db.query_all(USAGE, _DAY_RANGE, values)}


_DAY_RANGE = "#pk = :pk AND #sk BETWEEN :first AND :last"


def _day_range(customer_id: str, did: str | None, first: date | str, last: date | str) -> dict[str, str]:
    ends = {"first": keys.usage_day_key(customer_id, first, did), "last": keys.usage_day_key(customer_id, last, did)}
    return {"pk": customer_id, **{name: key["sk"] for name, key in ends.items()}}


def _date_of_item(item: Item) -> date:
    return date.fromisoformat(item["sk"].rpartition("#")[2])
