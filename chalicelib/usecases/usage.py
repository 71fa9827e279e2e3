"""Usage: calls recorded once each, with what is free of them; spend by day; what is left of free minutes."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from ..domain import minutes, numbers
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.errors import Conflict, Fault, Invalid, NotFound
from ..domain.minutes import Bucket, BucketKey, Buckets, Call, DayTotal, Rated
from ..domain.package import Package
from ..domain.posting import MAX_ACTIONS
from ..storage import accounts, assignments, ledger, usage
from ..storage.db import Action, Db
from ..storage.keys import Key
from ..storage.retry import settle
from ..storage.usage import CustomersBucket
from . import customers, planning
from .act import Act


class Minutes(NamedTuple):
    """A bucket with its assignment and package, the seconds used of it, and whether it gives none until its charge is paid."""

    assignment: Assignment
    package: Package
    bucket: Bucket
    used: int = 0
    waiting: bool = False


class _Look(NamedTuple):
    """What a customer's calls can draw from: the customer's account and buckets of each day, what was used of them and left in
    them when they were read, and assignments not charged yet. `exact`: it depends on which charges are held."""

    by_day: dict[date, Buckets]
    used: dict[BucketKey, int]
    left: dict[BucketKey, int]
    uncharged: dict[str, Assignment]
    account: Account
    exact: bool

    @property
    def marks_account(self) -> bool:
        """Whether the account is written with the calls: they are the first, or depend on it."""
        return self.exact or not self.account.calls


def record(db: Db, act: Act, customer_id: str, calls: Sequence[Call], kept: timedelta) -> list[Rated]:
    """Record calls in order and say what each costs. A call that is recorded already changes nothing and answers as then.

    Nothing is written before the whole batch is checked. Raises `NotFound`, `Invalid` for calls older than they are `kept`,
    `Conflict` call_id_reused. Sent again after any failure, it goes on where it stopped.
    """
    customers.read(db, customer_id)
    _demand_recent(calls, act.today - kept)
    _demand_known(db, calls)
    done = usage.find_calls(db, customer_id, {call.call_id for call in calls})
    _demand_same(calls, done)
    while missing := [call for call in dict.fromkeys(calls) if call.call_id not in done]:
        done |= settle(partial(_record_some, db, act, customer_id, missing, kept))
    return [done[call.call_id] for call in calls]


def _record_some(db: Db, act: Act, customer_id: str, calls: list[Call], kept: timedelta) -> dict[str, Rated]:
    """Record as many calls as one transaction takes; those that another request has recorded meanwhile come back as they are."""
    known = usage.find_calls(db, customer_id, [call.call_id for call in calls])
    _demand_same(calls, known)
    if known:
        return known
    seen = _look(db, customer_id, calls)
    rated = minutes.fitting(
        calls, lambda call: seen.by_day[call.day].rate(call), frozenset(seen.uncharged), MAX_ACTIONS - seen.marks_account
    )
    db.transact(_actions(act, customer_id, rated, seen, kept))
    return {one.call.call_id: one for one in rated}


def _look(db: Db, customer_id: str, calls: Iterable[Call]) -> _Look:
    account, found = _giving(db, customer_id)
    catalog = planning.packages_of(db, found)
    valid = {day: _buckets(found, catalog, day) for day in {call.day for call in calls}}
    waiting = _waiting(db, ((account, one) for buckets in valid.values() for one in buckets))
    of_days = {day: [one for one in buckets if (customer_id, one.key) not in waiting] for day, buckets in valid.items()}
    left: dict[BucketKey, int] = {}
    by_day = {day: Buckets(buckets, left) for day, buckets in of_days.items()}
    wanted = {key for call in calls for key in by_day[call.day].candidates(call)}
    used = {key: seconds for (_, key), seconds in usage.used(db, ((customer_id, key) for key in wanted)).items()}
    left |= minutes.left_in((one for buckets in of_days.values() for one in buckets if one.key in wanted), used)
    uncharged = {one.assignment_id: one for one in found if not one.charged}
    return _Look(by_day, used, dict(left), uncharged, account, exact=any(valid.values()))


def _giving(db: Db, customer_id: str) -> tuple[Account, list[Assignment]]:
    """The customer, and the assignments that give minutes. Raises `NotFound`."""
    account, found = assignments.giving_minutes(db, customer_id)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    return account, found


def _waiting(db: Db, buckets: Iterable[tuple[Account, Bucket]]) -> set[CustomersBucket]:
    """Those of customers' buckets whose own charge is held."""
    by_charge = {(owner.customer_id, minutes.own_charge(one)): (owner.customer_id, one.key) for owner, one in buckets if owner.held}
    return {by_charge[place] for place, entry in ledger.find_many(db, by_charge).items() if entry.status == "held"}


def _buckets(found: Iterable[Assignment], catalog: dict[str, Package], day: date) -> list[Bucket]:
    buckets = (minutes.bucket(one, catalog[one.package_id], day) for one in found)
    return [one for one in buckets if one]


def _actions(act: Act, customer_id: str, rated: list[Rated], seen: _Look, kept: timedelta) -> list[Action]:
    drawn = minutes.draws(rated)
    marked = {key.assignment_id for key in drawn} & seen.uncharged.keys()
    return [
        *(usage.record(customer_id, one, at=act.at, by=act.by, kept=kept) for one in rated),
        *(usage.add_to_day(customer_id, place, total) for place, total in minutes.day_totals(rated).items()),
        *(usage.draw(customer_id, key, seconds, used=seen.used.get(key, 0), left=seen.left[key]) for key, seconds in drawn.items()),
        *(assignments.mark_charged(seen.uncharged[one]) for one in sorted(marked)),
        *([accounts.mark_calls(seen.account, exact=seen.exact)] if seen.marks_account else []),
    ]


def _demand_recent(calls: Sequence[Call], oldest: date) -> None:
    faults = [
        Fault(f"/calls/{n}/started_at", f"lies before {oldest}; such a record may have expired, and the call be counted twice")
        for n, call in enumerate(calls)
        if call.day < oldest
    ]
    if faults:
        raise Invalid(faults)


def _demand_known(db: Db, calls: Sequence[Call]) -> None:
    """Raise `Invalid` for DIDs that begin with 0, but for those that were assigned before such were refused."""
    odd = {call.did for call in calls if call.did and call.did.startswith("0")}
    held = assignments.holds_of_many(db, odd)
    faults = [Fault(f"/calls/{n}/did", numbers.NO_SUCH_DID) for n, call in enumerate(calls) if call.did in odd and not held[call.did].holds]
    if faults:
        raise Invalid(faults)


def _as_told(standing: Call, call: Call) -> Call:
    """A recorded call, on the day of the one that is told again, its numbers as they are kept now."""
    did = standing.did and numbers.international(standing.did)
    return standing._replace(day=call.day, destination=numbers.international(standing.destination), did=did)


def _demand_same(calls: Sequence[Call], known: dict[str, Rated]) -> None:
    """Raise `Conflict` when a call id stands for another call, recorded or in this batch."""
    first: dict[str, Call] = {}
    reused = []
    for n, call in enumerate(calls):
        standing = _as_told(known[call.call_id].call, call) if call.call_id in known else first.setdefault(call.call_id, call)
        if standing != call:
            reused.append(Fault(f"/calls/{n}/call_id", f"{call.call_id} is another call"))
    if reused:
        raise Conflict("a call_id is recorded with other content", code="call_id_reused", errors=[one._asdict() for one in reused])


def days(
    db: Db, customer_id: str, did: str | None, since: date | None, until: date | None, after: Key | None, limit: int
) -> tuple[list[tuple[date, DayTotal]], Key | None]:
    """A page of the days on which the customer, or one DID, has calls."""
    customers.read(db, customer_id)
    return usage.days(db, customer_id, did, since, until, after, limit)


def left(db: Db, customer_id: str, day: date) -> list[Minutes]:
    """The buckets of the customer's assignments on `day`."""
    _, found = _giving(db, customer_id)
    return of_assignments(db, found, planning.packages_of(db, found), day)


def of_assignments(db: Db, found: Iterable[Assignment], catalog: dict[str, Package], day: date) -> list[Minutes]:
    """The buckets of these assignments on `day`, in their order; one without bucket has none."""
    pairs = [(one, minutes.bucket(one, catalog[one.package_id], day)) for one in found]
    given = [Minutes(one, catalog[one.package_id], bucket) for one, bucket in pairs if bucket]
    owners = accounts.find_many(db, {one.assignment.customer_id for one in given})
    places = [(one.assignment.customer_id, one.bucket.key) for one in given]
    used = usage.used(db, places)
    waiting = _waiting(db, ((owners[one.assignment.customer_id], one.bucket) for one in given))
    return [one._replace(used=used.get(place, 0), waiting=place in waiting) for one, place in zip(given, places, strict=True)]
