"""Free minutes: buckets derived from the schedule, and the order in which a call draws from them (rules: Free Minutes).

Nothing is written to refill a bucket: a refill is a new bucket, named by the day on which it begins. Counted in seconds.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from . import money, numbers
from .assignment import Assignment, BucketKey, valid_on
from .charging import KIND_ORDER, Identity, schedule_of
from .ledger import charge_key
from .package import Package
from .pricing import ChargeKind
from .schedule import DAY, Period
from .terms import active_quantity, change_days, first_active_day, terms_on

SECONDS_PER_MINUTE: Final = 60
CALL_DRAWS_MAX: Final = 48
"""Buckets that one call draws from: with their assignments' marks, its record and its days they fit one transaction."""


class Call(NamedTuple):
    """A call as the switch reported it. `day` is the billing date on which it started; `charge` is before free minutes."""

    call_id: str
    started_at: str
    day: date
    destination: str
    seconds: int
    charge: Decimal
    did: str | None = None


class Bucket(NamedTuple):
    """The minutes of one assignment between two refills. `refills_on` None: never; `expires` is the first day without it.

    A pause may end a bucket and begin another one within the same period; what was drawn from the one counts as used of the other,
    so both have the period's key, and the other says that it `resumed`. `paid_by` is the kind of charge that the day on which it
    begins may have. `drawn_by` is the assignment that goes on with a bucket of the one that it replaced.
    """

    key: BucketKey
    did: str | None
    prefixes: tuple[str, ...]
    total_seconds: int
    refills_on: date | None
    expires: date
    resumed: date | None = None
    paid_by: ChargeKind = "recurring"
    drawn_by: str | None = None

    @property
    def assignment_id(self) -> str:
        """The assignment that gives it."""
        return self.drawn_by or self.key.assignment_id

    @property
    def begins(self) -> date:
        """The first day with it."""
        return self.resumed or self.key.begins


class Draw(NamedTuple):
    """Seconds that a call takes from a bucket. `drawn_by` as in `Bucket`."""

    key: BucketKey
    seconds: int
    drawn_by: str | None = None

    @property
    def assignment_id(self) -> str:
        """The assignment that gives them."""
        return self.drawn_by or self.key.assignment_id


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


def bucket_on(assignment: Assignment, package: Package, day: date) -> Bucket | None:
    """The assignment's bucket on `day`; None when it has none: not valid or paused then, its due date skipped, or no free minutes."""
    allotment = terms_on(assignment, day).free_minutes
    if allotment is None or not active_quantity(assignment, day):
        return None
    period = schedule_of(assignment, package).period(day)
    since = max(period.since, assignment.start_date) if period else assignment.start_date
    prorated = period is not None and package.proration == "daily"
    begins = _active_since(assignment, since, day) if prorated else since
    on_due_date = period is None or begins == period.since
    key = bucket_key(assignment, package, day)
    shared = key.assignment_id != assignment.assignment_id
    if _is_skipped(assignment, begins if on_due_date else None, key.begins if shared and not prorated else None):
        return None
    return Bucket(
        key,
        assignment.did,
        prefixes(package.destination),
        _allotted_seconds(allotment, period if prorated else None, begins),
        _refill(assignment, package, day),
        _expiry(assignment, period),
        begins if prorated and begins > key.begins else None,
        "recurring" if on_due_date or not prorated else "proration",
        assignment.assignment_id if shared else None,
    )


def _allotted_seconds(minutes: int, prorated: Period | None, begins: date) -> int:
    """The seconds of a bucket; of a `prorated` period the share from the day on which the bucket begins."""
    seconds = minutes * SECONDS_PER_MINUTE
    return seconds * (prorated.until - begins).days // prorated.days if prorated else seconds


def _expiry(assignment: Assignment, period: Period | None) -> date:
    """The first day on which a bucket gives no minutes any more."""
    ends = assignment.end_date + DAY if assignment.end_date else date.max
    return min(period.until, ends) if period else ends


def _is_skipped(assignment: Assignment, due: date | None, shared_since: date | None) -> bool:
    """Whether the due date on which a bucket begins is skipped. One that is shared with the assignment before began on a day that only
    a pause can skip."""
    if shared_since is not None:
        return terms_on(assignment, shared_since).paused
    return due is not None and not active_quantity(assignment, due)


def bucket_key(assignment: Assignment, package: Package, day: date) -> BucketKey:
    """What draws of `day` count under. What goes on from another assignment with the same package goes on with its bucket, to the
    end of the period."""
    period = schedule_of(assignment, package).period(day)
    if assignment.drawn_from and (period is None or period.since < assignment.start_date):
        return assignment.drawn_from
    return BucketKey(assignment.assignment_id, max(period.since, assignment.start_date) if period else assignment.start_date)


def _active_since(assignment: Assignment, since: date, day: date) -> date:
    """The first of the active days from `since` on that lead up to `day` without a gap."""
    gaps = (each for each in change_days(assignment, since, day) if not active_quantity(assignment, each - DAY))
    return max(gaps, default=since)


def _refill(assignment: Assignment, package: Package, day: date) -> date | None:
    """The first day after `day`'s period on which a bucket begins: a due date that is not skipped, or the end of a pause over one."""
    schedule = schedule_of(assignment, package)
    due = schedule.next(day)
    while due is not None and valid_on(assignment, due) and not active_quantity(assignment, due):
        resumed = first_active_day(assignment, due, date.max)
        if resumed is None:
            return None
        due = resumed if package.proration == "daily" else schedule.next(resumed - DAY)
    return due if due is not None and valid_on(assignment, due) else None


def own_charge(of: Bucket) -> str:
    """The ledger key of the charge that pays for a bucket: that of the day on which it begins, if there is one."""
    owner = of.assignment_id if of.resumed else of.key.assignment_id
    return charge_key(Identity(of.begins, KIND_ORDER[of.paid_by], owner))


def prefixes(destination: str) -> tuple[str, ...]:
    """The digit prefixes of a faultless pattern `^44|^91`; the empty one matches every number. `^0044` is `^44`."""
    return tuple(numbers.international(alternative.removeprefix("^")) for alternative in destination.split("|"))


class Buckets:
    """The buckets of one customer on one day, found by DID and prefix.

    A call costs one look-up per digit, however many buckets there are; empty ones are dropped. `left` holds
    the seconds left in each bucket that a call may draw from, and is drawn from; the days of one batch share it, because a
    bucket may span them.
    """

    def __init__(self, found: Sequence[Bucket], left: dict[BucketKey, int]) -> None:
        self._left = left
        self._drawn_by = {one.key: one.drawn_by for one in found}
        self._by_place: dict[tuple[str | None, str], list[BucketKey]] = defaultdict(list)
        for one in sorted(found, key=lambda each: (each.expires, each.assignment_id), reverse=True):
            for prefix in dict.fromkeys(one.prefixes):
                self._by_place[one.did, prefix].append(one.key)

    def may_draw_from(self, call: Call) -> Iterator[BucketKey]:
        """The buckets that the call may draw from; to be asked before any call is rated."""
        return (key for place in self._places(call) for key in place)

    def rate(self, call: Call) -> Rated:
        """Draw for the call: its DID's buckets first, then the longest prefix, the earliest expiry, the lowest assignment id."""
        drawn: list[Draw] = []
        missing = call.seconds
        for place in self._places(call):
            while missing and place and len(drawn) < CALL_DRAWS_MAX:
                taken = min(missing, self._left[place[-1]])
                if taken:
                    drawn.append(Draw(place[-1], taken, self._drawn_by[place[-1]]))
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


def of_same_buckets(calls: Iterable[Call], valid: Mapping[date, Iterable[Bucket]]) -> list[Call]:
    """The first calls, as many as find their days' buckets of one size: a day on which the terms change ends them. At least one."""
    taken: list[Call] = []
    known: dict[BucketKey, tuple[int, date]] = {}
    for call in calls:
        of_day = {one.key: (one.total_seconds, one.begins) for one in valid[call.day]}
        if any(known.get(key, size) != size for key, size in of_day.items()):
            break
        known |= of_day
        taken.append(call)
    return taken


def left_in(found: Iterable[Bucket], used: Mapping[BucketKey, int]) -> dict[BucketKey, int]:
    """The seconds left in each bucket; none when more is used than a lowered allotment gives."""
    return {one.key: max(0, one.total_seconds - used.get(one.key, 0)) for one in found}


class DayTotal(NamedTuple):
    """What the calls of a day come to, of a customer or of one DID; `charge` is after free minutes: the spend."""

    charge: Decimal = money.ZERO
    seconds: int = 0
    free_seconds: int = 0
    calls: int = 0


UsedDay = tuple[date, str | None]
"""A day's totals: of the customer (None), or of one DID."""


def day_totals(rated: Iterable[Rated]) -> dict[UsedDay, DayTotal]:
    """What the calls add to each day."""
    totals: dict[UsedDay, DayTotal] = {}
    for one in rated:
        for did in counted_on(one.call):
            known = totals.get((one.call.day, did), DayTotal())
            charge = money.plus(known.charge, one.charge)
            totals[one.call.day, did] = DayTotal(
                charge, known.seconds + one.call.seconds, known.free_seconds + one.free_seconds, known.calls + 1
            )
    return totals


def counted_on(call: Call) -> tuple[str | None, ...]:
    """Whose days a call counts on: the customer's, and its DID's."""
    return (None, call.did) if call.did else (None,)


def draws(rated: Iterable[Rated]) -> dict[BucketKey, int]:
    """The seconds that the calls draw from each bucket."""
    drawn: dict[BucketKey, int] = defaultdict(int)
    for one in rated:
        for draw in one.drawn:
            drawn[draw.key] += draw.seconds
    return dict(drawn)


def rated_in_room(calls: Iterable[Call], rate: Callable[[Call], Rated], uncharged: frozenset[str], room: int) -> list[Rated]:
    """Rate calls in order, as many as one transaction of `room` actions takes: a record each, their days, their buckets, and a
    mark for each assignment that is drawn from for the first time. At least one."""
    taken: list[Rated] = []
    others: set[object] = set()
    for call in calls:
        one = rate(call)
        keys = {draw.key for draw in one.drawn}
        more = {(call.day, did) for did in counted_on(call)} | keys | {draw.assignment_id for draw in one.drawn} & uncharged
        if taken and len(taken) + 1 + len(others | more) > room:
            break
        others |= more
        taken.append(one)
    return taken
