"""A DID in the list of all (rules: Finding things): who has it, since when, what it brings a month, and from when it is free again."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from .reconciliation import NumberUse
from .schedule import DAY
from .tenure import DidTenure, free_from


class DidSummary(NamedTuple):
    """Who has a DID on a day, unbroken from `since` to `until` (None: for good), with what, and what a month of it comes to, as far as it
    recurs. Who has it next, or had it last; from when on nobody has it, None if somebody has it for good."""

    did: str
    customer_id: str | None = None
    customer_name: str = ""
    since: date | None = None
    until: date | None = None
    package_names: Sequence[str] = ()
    currency: str | None = None
    cost: Fraction | None = None
    retail: Fraction | None = None
    paused: bool = False
    free_from: date | None = None
    next_customer_id: str | None = None
    next_from: date | None = None
    last_customer_id: str | None = None
    last_day: date | None = None


def held_on(tenures: Sequence[DidTenure], day: date) -> list[DidTenure]:
    """The tenures that have a day; they are one customer's."""
    return [one for one in tenures if one.start_date <= day <= _last_day(one)]


def summary_of(did: str, tenures: Sequence[DidTenure], day: date, uses: Sequence[NumberUse]) -> DidSummary:
    """A DID on a day; `uses` are those of the assignments that have it then."""
    holding = held_on(tenures, day)
    holder = holding[0].customer_id if holding else None
    since, until = _unbroken([one for one in tenures if one.customer_id == holder], day) if holding else (day, day)
    coming = min((one for one in tenures if one.start_date > until), key=lambda one: one.start_date, default=None)
    past = max((one for one in tenures if _last_day(one) < since), key=_last_day, default=None)
    known = [one for one in uses if one.cost is not None and one.retail is not None]
    return DidSummary(
        did,
        holder,
        since=since if holding else None,
        until=None if until == date.max or not holding else until,
        package_names=tuple(one.package_name for one in uses),
        currency=uses[0].currency if uses else None,
        cost=sum((one.cost or Fraction(0) for one in known), Fraction(0)) if known else None,
        retail=sum((one.retail or Fraction(0) for one in known), Fraction(0)) if known else None,
        paused=bool(uses) and all(one.paused for one in uses),
        free_from=free_from(tenures, day),
        next_customer_id=coming.customer_id if coming else None,
        next_from=coming.start_date if coming else None,
        last_customer_id=past.customer_id if past else None,
        last_day=past.end_date if past else None,
    )


def _last_day(one: DidTenure) -> date:
    return one.end_date or date.max


def _unbroken(own: Sequence[DidTenure], day: date) -> tuple[date, date]:
    """The first and the last day of those around `day` on which one customer has it without a gap."""
    first = last = day
    while True:
        near = [one for one in own if one.start_date <= _behind(last) and first <= _behind(_last_day(one))]
        wider = min(one.start_date for one in near), max(_last_day(one) for one in near)
        if wider == (first, last):
            return wider
        first, last = wider


def _behind(day: date) -> date:
    return day if day == date.max else day + DAY
