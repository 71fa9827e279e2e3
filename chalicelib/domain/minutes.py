"""Free minutes: buckets derived from the schedule, and the order in which a call draws from them (rules: Free Minutes).

Nothing is written to refill a bucket: a refill is a new bucket, named by the day on which it begins. Counted in seconds.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from . import money, numbers
from .assignment import Assignment, valid_on
from .charging import KIND_ORDER, Identity
from .ledger import charge_key
from .package import Package
from .schedule import DAY, next_due, previous_due

SECONDS_PER_MINUTE: Final = 60
MOST_DRAWS: Final = 48
"""Buckets that one call draws from: with their assignments' marks, its record and its days they fit one transaction."""


class Call(NamedTuple):
    """A call as the switch told it. `day` is the billing date on which it started; `charge` is before free minutes."""

    call_id: str
    started_at: str
    day: date
    destination: str
    seconds: int
    charge: Decimal
    did: str | None = None


class BucketKey(NamedTuple):
    """What makes a bucket the same bucket: its assignment and the day on which it begins."""

    assignment_id: str
    begins: date


class Bucket(NamedTuple):
    """The minutes of one assignment between two refills. `refills_on` None: never; `expires` is the first day without it."""

    key: BucketKey
    did: str | None
    prefixes: tuple[str, ...]
    total_seconds: int
    refills_on: date | None
    expires: date


class Draw(NamedTuple):
    """Seconds that a call takes from a bucket."""

    key: BucketKey
    seconds: int


class Rated(NamedTuple):
    """A call with what is free of it, what is left to bill, and what that costs."""

    call: Call
    free_seconds: int
    charge: Decimal
    drawn: tuple[Draw, ...]

    @property
    def billable_seconds(self) -> int:
        """What no bucket covered."""
        return self.call.seconds - self.free_seconds


def bucket(assignment: Assignment, package: Package, day: date) -> Bucket | None:
    """The assignment's bucket on `day`; None when it has none: not valid then, or no free minutes."""
    if assignment.free_minutes is None or not valid_on(assignment, day):
        return None
    rule = (package.frequency, package.frequency_match, assignment.start_date)
    begins = previous_due(*rule, day + DAY) or assignment.start_date
    refills_on = next_due(*rule, day)
    ends = assignment.end_date + DAY if assignment.end_date else date.max
    if refills_on is not None and refills_on >= ends:
        refills_on = None
    return Bucket(
        BucketKey(assignment.assignment_id, begins),
        assignment.did,
        prefixes(package.destination),
        assignment.free_minutes * SECONDS_PER_MINUTE,
        refills_on,
        refills_on or ends,
    )


def own_charge(of: Bucket) -> str:
    """The ledger key of the charge that pays for a bucket: the recurring one of the day on which it begins, if there is one."""
    return charge_key(Identity(of.key.begins, KIND_ORDER["recurring"], of.key.assignment_id))


def prefixes(destination: str) -> tuple[str, ...]:
    """The digit prefixes of a faultless pattern `^44|^91`; the empty one matches every number. `^0044` is `^44`."""
    return tuple(numbers.international(alternative.removeprefix("^")) for alternative in destination.split("|"))


class Buckets:
    """The buckets of one customer on one day, found by DID and prefix.

    A call costs a look-up a digit, however many buckets there are; those found empty are not looked at again. `left` holds
    the seconds left in each bucket that a call may draw from, and is drawn from; the days of one batch share it, for a bucket
    may span them.
    """

    def __init__(self, found: Sequence[Bucket], left: dict[BucketKey, int]) -> None:
        self._left = left
        self._by_place: dict[tuple[str | None, str], list[BucketKey]] = defaultdict(list)
        for one in sorted(found, key=lambda each: (each.expires, each.key.assignment_id), reverse=True):
            for prefix in dict.fromkeys(one.prefixes):
                self._by_place[one.did, prefix].append(one.key)

    def candidates(self, call: Call) -> Iterator[BucketKey]:
        """The buckets that the call may draw from; to be asked before any call is rated."""
        return (key for place in self._places(call) for key in place)

    def rate(self, call: Call) -> Rated:
        """Draw for the call: its DID's buckets first, then the longest prefix, the earliest expiry, the lowest assignment id."""
        drawn: list[Draw] = []
        missing = call.seconds
        for place in self._places(call):
            while missing and place and len(drawn) < MOST_DRAWS:
                taken = min(missing, self._left[place[-1]])
                if taken:
                    drawn.append(Draw(place[-1], taken))
                    self._left[place[-1]] -= taken
                    missing -= taken
                if not self._left[place[-1]]:
                    place.pop()
        free = call.seconds - missing
        charge = money.share(call.charge, missing, call.seconds) if free else call.charge
        return Rated(call, free, charge, tuple(drawn))

    def _places(self, call: Call) -> Iterator[list[BucketKey]]:
        """Where the call's buckets are; nowhere for a call that costs nothing."""
        if not call.charge:
            return
        for did in (call.did, None) if call.did else (None,):
            for length in range(len(call.destination), -1, -1):
                place = self._by_place.get((did, call.destination[:length]))
                if place:
                    yield place


def left_in(found: Iterable[Bucket], used: Mapping[BucketKey, int]) -> dict[BucketKey, int]:
    """The seconds left in each bucket; none when more is used than a lowered allotment gives."""
    return {one.key: max(0, one.total_seconds - used.get(one.key, 0)) for one in found}


class DayTotal(NamedTuple):
    """What the calls of a day come to, of a customer or of one DID; `charge` is after free minutes: the spend."""

    charge: Decimal = money.ZERO
    seconds: int = 0
    free_seconds: int = 0
    calls: int = 0


Place = tuple[date, str | None]
"""A day's totals: of the customer (None), or of one DID."""


def day_totals(rated: Iterable[Rated]) -> dict[Place, DayTotal]:
    """What the calls add to each day."""
    totals: dict[Place, DayTotal] = {}
    for one in rated:
        for did in places(one.call):
            known = totals.get((one.call.day, did), DayTotal())
            charge = money.plus(known.charge, one.charge)
            totals[one.call.day, did] = DayTotal(
                charge, known.seconds + one.call.seconds, known.free_seconds + one.free_seconds, known.calls + 1
            )
    return totals


def places(call: Call) -> tuple[str | None, ...]:
    """Whose days a call counts on: the customer's, and its DID's."""
    return (None, call.did) if call.did else (None,)


def draws(rated: Iterable[Rated]) -> dict[BucketKey, int]:
    """The seconds that the calls draw from each bucket."""
    drawn: dict[BucketKey, int] = defaultdict(int)
    for one in rated:
        for draw in one.drawn:
            drawn[draw.key] += draw.seconds
    return dict(drawn)


def fitting(calls: Iterable[Call], rate: Callable[[Call], Rated], uncharged: frozenset[str], room: int) -> list[Rated]:
    """Rate calls in order, as many as one transaction of `room` actions takes: a record each, their days, their buckets, and a
    mark for each assignment that is drawn from for the first time. At least one."""
    taken: list[Rated] = []
    others: set[object] = set()
    for call in calls:
        one = rate(call)
        keys = {draw.key for draw in one.drawn}
        more = {(call.day, did) for did in places(call)} | keys | {key.assignment_id for key in keys} & uncharged
        if taken and len(taken) + 1 + len(others | more) > room:
            break
        others |= more
        taken.append(one)
    return taken
