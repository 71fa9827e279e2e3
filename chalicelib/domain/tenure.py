"""Who has a DID, from when to when; no two customers have it on the same day (rules: Words)."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from .assignment import Assignment
from .schedule import DAY


class DidTenure(NamedTuple):
    """Who has a DID by which assignment, both dates included; `end_date` None: for good."""

    customer_id: str
    assignment_id: str
    start_date: date
    end_date: date | None = None


def tenure_of(assignment: Assignment) -> DidTenure:
    """The days on which an assignment has its DID."""
    return DidTenure(assignment.customer_id, assignment.assignment_id, assignment.start_date, assignment.end_date)


def tenures_overlap(one: DidTenure, other: DidTenure) -> bool:
    """Whether two tenures share a day."""
    return one.start_date <= (other.end_date or date.max) and other.start_date <= (one.end_date or date.max)


class Clash(NamedTuple):
    """Who has a DID at the same time, and the first day from which on nobody else has it; None if somebody has it for good."""

    did: str
    holder: DidTenure
    free_from: date | None

    @property
    def detail(self) -> str:
        """What to do about it."""
        other = self.holder
        until = f"through {other.end_date}" if other.end_date else "on"
        way = f"start on {self.free_from} or later" if self.free_from else "end it there first, or transfer the number"
        return f"DID {self.did} is another customer's from {other.start_date} {until}: {way}"

    @property
    def extra(self) -> dict[str, Any]:
        """What a refusal says besides."""
        return {"free_from": self.free_from.isoformat()} if self.free_from else {}

    @property
    def for_readers(self) -> dict[str, Any]:
        """Who has it, for callers who may read."""
        return {"customer_id": self.holder.customer_id, "assignment_id": self.holder.assignment_id}


def clash(tenures: Iterable[DidTenure], new: Assignment) -> Clash | None:
    """Why an assignment can't have its DID besides these tenures: another customer has it at the same time."""
    mine = tenure_of(new)
    theirs = [one for one in tenures if one.customer_id != mine.customer_id]
    other = next((one for one in theirs if tenures_overlap(one, mine)), None)
    return other and Clash(new.did or "", other, free_from(theirs, mine.start_date))


def free_from(tenures: Sequence[DidTenure], day: date) -> date | None:
    """The first day, not before `day`, from which on nobody has it; None if somebody has it for good."""
    last = max((one.end_date or date.max for one in tenures), default=date.min)
    return None if last == date.max else max(day, last + DAY)
