"""Free minutes counted a second time without the service: call by call in the order of arrival, every bucket looked at.

As plain as it gets, sharing no code with what it checks: buckets are a dictionary, prefixes are matched by `re`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from demo.calls import Call
from demo.independent import MICRO, ONE_DAY, begin, is_valid, next_due
from demo.provider import Assignment, Customer

Bucket = tuple[int, date]
"""The minutes of an assignment, by its place in the file, from one refill to the next, by the day they begin."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A call with what is free of it, what the rest costs, and the seconds that it takes from each bucket."""

    call: Call
    free_seconds: int
    charge: Decimal
    drawn: tuple[tuple[Bucket, int], ...]


@dataclass
class CallCount:
    """All calls of a customer so far; `ids` are its assignments' ids, which decide between equals."""

    customer: Customer
    ids: Sequence[str]
    counted: list[Counted] = field(default_factory=list)
    used: dict[Bucket, int] = field(default_factory=dict)

    def add(self, call: Call) -> Counted:
        """The next call that arrives."""
        drawn, missing = [], call.seconds
        for bucket in self._buckets_for(call):
            left = self.customer.assignments[bucket[0]].free_minutes * 60 - self.used.get(bucket, 0)
            taken = min(left, missing)
            if taken > 0:
                drawn.append((bucket, taken))
                self.used[bucket] = self.used.get(bucket, 0) + taken
                missing -= taken
        charge = call.charge
        if drawn:
            charge = (call.charge * missing / call.seconds).quantize(MICRO, ROUND_HALF_UP)
        found = Counted(call=call, free_seconds=call.seconds - missing, charge=charge, drawn=tuple(drawn))
        self.counted.append(found)
        return found

    def of_day(self, day: date, did: str | None) -> list[Counted]:
        """The calls of a day, of one DID if given."""
        return [one for one in self.counted if one.call.day == day and did in (None, one.call.did)]

    def spend(self, did: str | None, since: date, until: date) -> Decimal:
        """What the calls from `since` up to `until`, that day left out, cost after free minutes."""
        calls = (one for one in self.counted if since <= one.call.day < until and did in (None, one.call.did))
        return sum((one.charge for one in calls), Decimal(0))

    def _buckets_for(self, call: Call) -> list[Bucket]:
        """In the order in which they are drawn from: the DID's own, the longest prefix, the earliest expiry, the lowest id."""
        ranked = []
        for index, assignment in enumerate(self.customer.assignments):
            prefix = _prefix(assignment, call)
            if prefix is not None and is_valid(assignment, call.day) and assignment.did in (None, call.did):
                bucket = index, begin(assignment, call.day)
                rank = (assignment.did is None, -len(prefix), _expires(assignment, call.day), self.ids[index])
                ranked.append((rank, bucket))
        return [bucket for _, bucket in sorted(ranked)]


def _prefix(assignment: Assignment, call: Call) -> str | None:
    """The longest of the package's prefixes that the number has; None when it has none, or the package gives no minutes."""
    if assignment.package.type != "free_minutes":
        return None
    patterns = assignment.package.destination.split("|")
    found = [match.group() for match in (re.match(pattern, call.number) for pattern in patterns) if match]
    return max(found, key=len, default=None)


def _expires(assignment: Assignment, day: date) -> date:
    """The first day without the bucket of `day`."""
    ends = date.max if assignment.end_date is None else assignment.end_date + ONE_DAY
    return ends if assignment.package.frequency == "none" else min(ends, next_due(assignment, day))
