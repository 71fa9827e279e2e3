"""Who has a DID, from when to when; no two customers have it on the same day (rules: Words)."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from .assignment import Assignment


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


def clash(tenures: Iterable[DidTenure], new: Assignment) -> str | None:
    """Why an assignment can't have its DID besides these tenures: another customer has it at the same time."""
    mine = tenure_of(new)
    for other in tenures:
        if other.customer_id != mine.customer_id and tenures_overlap(other, mine):
            until = f"to {other.end_date}" if other.end_date else "on"
            return f"DID {new.did} is another customer's from {other.start_date} {until}"
    return None
