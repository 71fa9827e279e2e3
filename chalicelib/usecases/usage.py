"""Usage: calls recorded once each, with what is free of them; spend by day; what is left of free minutes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from ..domain import minutes, numbers
from ..domain.account import Account
from ..domain.amending import as_shown
from ..domain.assignment import Assignment, BucketKey
from ..domain.detail import MinutesInUse
from ..domain.errors import Conflict, Fault, Invalid, NotFound
from ..domain.history import Change
from ..domain.minutes import Bucket, Buckets, Call, DayTotal, Rated
from ..domain.minutes_notices import minutes_notice, most_used_for_same, percentage_passed
from ..domain.package import Package
from ..domain.posting import TRANSACTION_ACTIONS_MAX
from ..storage import accounts, assignments, did_tenures, ledger, usage
from ..storage.db import Action, Db
from ..storage.keys import Key
from ..storage.retry import retry_on_contention
from ..storage.usage import CustomersBucket
from . import customers, loading
from .history import record_change
from .request_context import RequestContext
from .snapshot import CustomerSnapshot

_NOTICES_ROOM: Final = 10
"""So many notices have their place in a transaction of calls."""


class _MinuteBalances(NamedTuple):
    """What a customer's next calls can draw from: the customer with its assignments, the buckets of each day, what was used of them and
    left in them when they were read, and assignments not charged yet. `exact`: it depends on which charges are held."""

    calls: list[Call]
    by_day: dict[date, Buckets]
    used: dict[BucketKey, int]
    left: dict[BucketKey, int]
    uncharged: dict[str, Assignment]
    snapshot: CustomerSnapshot
    buckets: dict[BucketKey, Bucket]
    exact: bool

    @property
    def account(self) -> Account:
        return self.snapshot.account

    @property
    def marks_account(self) -> bool:
        """Whether the account is written with the calls: they are the first, or depend on it."""
        return self.exact or not self.account.calls


def record_calls(db: Db, context: RequestContext, customer_id: str, calls: Sequence[Call], kept: timedelta) -> list[Rated]:
    """Record calls in order and say what each costs. A call that is already recorded changes nothing and is answered as before.

    Nothing is written before the whole batch is checked. Raises `NotFound`, `Invalid` for calls older than they are `kept`,
    `Conflict` call_id_reused. Sent again after any failure, it continues where it stopped.
    """
    loaded = iter([_giving(db, customer_id)])
    _demand_recent(calls, context.today - kept)
    _demand_known(db, calls)
    done = usage.find_calls(db, customer_id, {call.call_id for call in calls})
    _demand_same_calls(calls, done)
    while missing := [call for call in dict.fromkeys(calls) if call.call_id not in done]:
        done |= retry_on_contention(partial(_record_some, db, context, customer_id, missing, kept, loaded))
    return [done[call.call_id] for call in calls]


def _record_some(
    db: Db, context: RequestContext, customer_id: str, calls: list[Call], kept: timedelta, loaded: Iterator[CustomerSnapshot]
) -> dict[str, Rated]:
    """Record as many calls as one transaction takes; those that another request has recorded meanwhile come back as they are.

    The first attempt takes the snapshot that was `loaded` before anything was written. Later ones look again.
    """
    snapshot = next(loaded, None)
    if snapshot is None:
        known = usage.find_calls(db, customer_id, [call.call_id for call in calls])
        _demand_same_calls(calls, known)
        if known:
            return known
        snapshot = _giving(db, customer_id)
    seen = _load_balances(db, snapshot, calls)
    room = TRANSACTION_ACTIONS_MAX - seen.marks_account - min(len(seen.left), _NOTICES_ROOM)
    rated = minutes.rated_in_room(seen.calls, lambda call: seen.by_day[call.day].rate(call), frozenset(seen.uncharged), room)
    db.transact(_usage_actions(context, customer_id, rated, seen, kept))
    return {one.call.call_id: one for one in rated}


def _load_balances(db: Db, snapshot: CustomerSnapshot, calls: Iterable[Call]) -> _MinuteBalances:
    account, found, catalog, _ = snapshot
    customer_id = account.customer_id
    valid = {day: _buckets(found, catalog, day) for day in {call.day for call in calls}}
    calls = minutes.of_same_buckets(calls, valid)
    valid = {day: valid[day] for day in {call.day for call in calls}}
    of_days = _giving_buckets(db, account, valid)
    left: dict[BucketKey, int] = {}
    by_day = {day: Buckets(buckets, left) for day, buckets in of_days.items()}
    wanted = {key for call in calls for key in by_day[call.day].may_draw_from(call)}
    used = {key: seconds for (_, key), seconds in usage.used(db, ((customer_id, key) for key in wanted)).items()}
    left |= minutes.left_in((one for buckets in of_days.values() for one in buckets if one.key in wanted), used)
    uncharged = {one.assignment_id: one for one in found if not one.charged}
    buckets = {one.key: one for some in of_days.values() for one in some}
    return _MinuteBalances(calls, by_day, used, dict(left), uncharged, snapshot, buckets, exact=any(valid.values()))


def _giving_buckets(db: Db, account: Account, valid: Mapping[date, list[Bucket]]) -> dict[date, list[Bucket]]:
    """Of the buckets that are valid on each day those that give minutes: their own charge is not held."""
    waiting = _waiting(db, ((account, one) for buckets in valid.values() for one in buckets))
    return {day: [one for one in buckets if (account.customer_id, one.key) not in waiting] for day, buckets in valid.items()}


def _giving(db: Db, customer_id: str) -> CustomerSnapshot:
    """The customer with the assignments that give minutes. Raises `NotFound`."""
    account, found = assignments.giving_minutes(db, customer_id)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    return CustomerSnapshot(account, found, loading.packages_of(db, found))


def _waiting(db: Db, buckets: Iterable[tuple[Account, Bucket]]) -> set[CustomersBucket]:
    """Those of customers' buckets whose own charge is held."""
    by_charge = {(owner.customer_id, minutes.own_charge(one)): (owner.customer_id, one.key) for owner, one in buckets if owner.held}
    return {by_charge[place] for place, entry in ledger.find_entries(db, by_charge).items() if entry.status == "held"}


def _buckets(found: Iterable[Assignment], catalog: Mapping[str, Package], day: date) -> list[Bucket]:
    buckets = (minutes.bucket_on(one, catalog[one.package_id], day) for one in found)
    return [one for one in buckets if one]


def _usage_actions(context: RequestContext, customer_id: str, rated: list[Rated], seen: _MinuteBalances, kept: timedelta) -> list[Action]:
    drawn = minutes.draws(rated)
    marked = {draw.assignment_id for one in rated for draw in one.drawn} & seen.uncharged.keys()
    actions = [
        *(usage.create_call(customer_id, one, at=context.at, by=context.by, kept=kept) for one in rated),
        *(usage.add_to_day(customer_id, place, total) for place, total in minutes.day_totals(rated).items()),
        *(_draw(customer_id, key, seconds, seen) for key, seconds in drawn.items()),
        *(assignments.mark_charged(seen.uncharged[one]) for one in sorted(marked)),
        *([accounts.mark_calls(seen.account, exact=seen.exact)] if seen.marks_account else []),
    ]
    told = (record_change(context, one) for one in _minutes_used(drawn, seen))
    return [*actions, *islice(told, max(0, TRANSACTION_ACTIONS_MAX - len(actions)))]  # a call that fills it draws from dozens


def _draw(customer_id: str, key: BucketKey, seconds: int, seen: _MinuteBalances) -> Action:
    used, left = seen.used.get(key, 0), seen.left[key]
    return usage.draw(customer_id, key, seconds, used=used, left=left, most=most_used_for_same(used + left, used, seconds))


def _minutes_used(drawn: Mapping[BucketKey, int], seen: _MinuteBalances) -> Iterator[Change]:
    """Tells of the buckets of which 80 or 100 % are used with these draws."""
    owners = {one.assignment_id: one for one in seen.snapshot.assignments}
    for key, seconds in drawn.items():
        bucket = seen.buckets[key]
        percent = percentage_passed(bucket.total_seconds, seen.used.get(key, 0), seconds)
        if percent:
            one = owners[bucket.assignment_id]
            yield minutes_notice(bucket, one, seen.snapshot.packages[one.package_id], percent)


def _demand_recent(calls: Sequence[Call], oldest: date) -> None:
    faults = [
        Fault(f"/calls/{n}/started_at", f"lies before {oldest}; its record may have expired, so the call could be counted twice")
        for n, call in enumerate(calls)
        if call.day < oldest
    ]
    if faults:
        raise Invalid(faults)


def _demand_known(db: Db, calls: Sequence[Call]) -> None:
    """Raise `Invalid` for DIDs that begin with 0, but for those that were assigned before such were refused."""
    odd = {call.did for call in calls if call.did and call.did.startswith("0")}
    tenures = did_tenures.find_tenures_of_many(db, odd)
    faults = [
        Fault(f"/calls/{n}/did", numbers.NO_SUCH_DID) for n, call in enumerate(calls) if call.did in odd and not tenures[call.did].all
    ]
    if faults:
        raise Invalid(faults)


def _as_told(standing: Call, call: Call) -> Call:
    """A recorded call, on the day of the one that is told again, its numbers as they are kept now."""
    did = standing.did and numbers.international(standing.did)
    return standing._replace(day=call.day, destination=numbers.international(standing.destination), did=did)


def _demand_same_calls(calls: Sequence[Call], known: dict[str, Rated]) -> None:
    """Raise `Conflict` when a call id stands for another call, recorded or in this batch."""
    first: dict[str, Call] = {}
    reused = []
    for n, call in enumerate(calls):
        standing = _as_told(known[call.call_id].call, call) if call.call_id in known else first.setdefault(call.call_id, call)
        if standing != call:
            reused.append(Fault(f"/calls/{n}/call_id", f"{call.call_id} is another call"))
    if reused:
        raise Conflict("a call_id is recorded with other content", code="call_id_reused", errors=[one._asdict() for one in reused])


def list_days(
    db: Db, customer_id: str, did: str | None, first: date | None, last: date | None, after: Key | None, limit: int
) -> tuple[list[tuple[date, DayTotal]], Key | None]:
    """A page of the days in `first..last` on which the customer, or one DID, has calls."""
    customers.read_customer(db, customer_id)
    return usage.find_days(db, customer_id, did, first, last, after, limit)


def read_minutes(db: Db, customer_id: str, day: date) -> list[MinutesInUse]:
    """The buckets of the customer's assignments on `day`."""
    _, found, catalog, _ = _giving(db, customer_id)
    return minutes_of(db, found, catalog, day)


def minutes_of(db: Db, found: Iterable[Assignment], catalog: Mapping[str, Package], day: date) -> list[MinutesInUse]:
    """The buckets of these assignments on `day`, in their order; one without bucket has none."""
    pairs = [(one, minutes.bucket_on(one, catalog[one.package_id], day)) for one in found]
    given = [MinutesInUse(as_shown(one, day), catalog[one.package_id], bucket) for one, bucket in pairs if bucket]
    owners = accounts.find_accounts(db, {one.assignment.customer_id for one in given})
    places = [(one.assignment.customer_id, one.bucket.key) for one in given]
    used = usage.used(db, places)
    waiting = _waiting(db, ((owners[one.assignment.customer_id], one.bucket) for one in given))
    return [one._replace(used=used.get(place, 0), waiting=place in waiting) for one, place in zip(given, places, strict=True)]
