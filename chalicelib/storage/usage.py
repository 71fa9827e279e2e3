"""Calls in `usage`: each recorded once, with the totals of its days and the buckets that it drew from."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from ..domain.minutes import BucketKey, Call, DayTotal, Draw, Place, Rated
from ..domain.schedule import DAY
from . import keys
from .codec import Codec, day, plain, whole
from .db import Action, Db, Item, create, update
from .keys import USAGE, Key

_KEPT_LONGER: Final = timedelta(days=2)
"""Calls are accepted by the day of the billing time zone, records expire by the second: a record must be the later to go."""

CustomersBucket = tuple[str, BucketKey]
"""Whose bucket it is, and its key."""

_CALL = Codec(
    Call,
    {
        "call_id": plain("call_id"),
        "started_at": plain("started"),
        "day": day("day"),
        "destination": plain("destination"),
        "seconds": whole("seconds"),
        "charge": plain("told_charge"),
        "did": plain("did"),
    },
)


def _rated(item: Item) -> Rated:
    drawn = tuple(Draw(BucketKey(one, date.fromisoformat(begins)), int(seconds)) for one, begins, seconds in item["drawn"])
    return Rated(_CALL.entity(item), int(item["free"]), item["charge"], drawn)


def find_calls(db: Db, customer_id: str, call_ids: Iterable[str]) -> dict[str, Rated]:
    """The calls that are recorded, by id."""
    found = db.get_many(USAGE, [keys.call(customer_id, call_id) for call_id in call_ids])
    return {item["call_id"]: _rated(item) for item in found.values()}


def record(customer_id: str, one: Rated, *, at: datetime, by: str, kept: timedelta) -> Action:
    """Record a call, for as long as it may be sent again: until `kept` and two days after the later of the call and now."""
    expires = max(datetime.fromisoformat(one.call.started_at), at) + kept + _KEPT_LONGER
    drawn = [[draw.key.assignment_id, draw.key.begins.isoformat(), draw.seconds] for draw in one.drawn]
    answer = {"free": one.free_seconds, "charge": one.charge, "drawn": drawn}
    facts = {"recorded": at.isoformat(), "recorder": by, "expires": int(expires.timestamp())}
    return create(USAGE, keys.call(customer_id, one.call.call_id) | _CALL.item(one.call) | answer | facts)


def add_to_day(customer_id: str, place: Place, total: DayTotal) -> Action:
    """Add calls to a day; only beside their records, whose condition keeps it from being sent twice."""
    values = {"charge": total.charge, "seconds": total.seconds, "free": total.free_seconds, "calls": total.calls}
    change = "ADD " + ", ".join(f"#{name} :{name}" for name in values)
    return update(USAGE, keys.usage_day(customer_id, *place), change, condition=None, values=values)


def draw(customer_id: str, key: BucketKey, seconds: int, *, used: int, left: int) -> Action:
    """Draw from a bucket of which `used` seconds were read as used and `left` as left.

    A draw that empties it was planned on just that; a smaller one only needs enough to be left.
    """
    exact = seconds == left
    condition, values = "#used <= :most", {"most": used + left - seconds}
    if exact and used:
        condition, values = "#used = :read", {"read": used}
    elif not used:
        condition, values = ("attribute_not_exists(#used)", {}) if exact else ("attribute_not_exists(#used) OR " + condition, values)
    change = "SET #used = if_not_exists(#used, :none) + :seconds"
    return update(USAGE, keys.bucket(customer_id, key), change, condition=condition, values=values | {"none": 0, "seconds": seconds})


def used(db: Db, buckets: Iterable[CustomersBucket]) -> dict[CustomersBucket, int]:
    """The seconds used of each bucket; one that nobody drew from has no entry."""
    wanted = {tuple(keys.bucket(*one).values()): one for one in buckets}
    found = db.get_many(USAGE, [keys.bucket(*one) for one in wanted.values()])
    return {wanted[place]: int(item["used"]) for place, item in found.items()}


def days(
    db: Db, customer_id: str, did: str | None, since: date | None, until: date | None, after: Key | None, limit: int
) -> tuple[list[tuple[date, DayTotal]], Key | None]:
    """Up to `limit` days with calls of the customer, or of one DID, oldest first, and where to go on."""
    page = db.query(USAGE, _RANGE, _range(customer_id, did, since or "", until or "9"), after=after, limit=limit)
    return [(_day(item), _total(item)) for item in page.items], page.last


def charges(db: Db, customer_id: str, did: str | None, since: date, until: date) -> dict[date, Decimal]:
    """The usage charges of a customer, or of one DID, by day: those of the days `since <= day < until` that have calls."""
    values = _range(customer_id, did, since, until - DAY)
    return {_day(item): item["charge"] for item in db.query_all(USAGE, _RANGE, values)}


_RANGE = "#pk = :pk AND #sk BETWEEN :since AND :until"


def _range(customer_id: str, did: str | None, since: date | str, until: date | str) -> dict[str, str]:
    first, last = keys.usage_day(customer_id, since, did), keys.usage_day(customer_id, until, did)
    return {"pk": customer_id, "since": first["sk"], "until": last["sk"]}


def _day(item: Item) -> date:
    return date.fromisoformat(item["sk"].rpartition("#")[2])


def _total(item: Item) -> DayTotal:
    return DayTotal(item["charge"], int(item["seconds"]), int(item["free"]), int(item["calls"]))
