"""DIDs: who has one from when to when, and that no two customers have it at the same time."""

from collections.abc import Sequence

from ..domain.assignment import Assignment
from ..domain.errors import Conflict
from ..storage import assignments
from ..storage.assignments import Hold, Holds
from ..storage.db import Action, Db


def room(db: Db, new: Assignment) -> Holds | None:
    """The holds of the assignment's DID. Raises `Conflict` did_in_use when another customer has it at the same time."""
    if new.did is None:
        return None
    held = assignments.holds(db, new.did)
    taken = clash(held.holds, new)
    if taken:
        raise Conflict(taken, code="did_in_use")
    return held


def clash(holds: Sequence[Hold], new: Assignment) -> str | None:
    """Why an assignment can't have its DID beside these holds: another customer has it at the same time."""
    mine = assignments.hold(new)
    for other in holds:
        if other.customer_id != mine.customer_id and assignments.overlap(other, mine):
            until = "on" if other.end_date == assignments.FOREVER else f"to {other.end_date}"
            return f"DID {new.did} is another customer's from {other.start_date} {until}"
    return None


def hold(held: Holds | None, new: Assignment) -> list[Action]:
    """Have the assignment hold its DID, beside those that hold it as read."""
    return [assignments.write_holds(held, [*_others(held, new), assignments.hold(new)])] if held else []


def release(db: Db, gone: Assignment) -> list[Action]:
    """Have the assignment hold its DID no more."""
    held = assignments.holds(db, gone.did or "")
    return [assignments.write_holds(held, _others(held, gone))]


def _others(held: Holds, mine: Assignment) -> list[Hold]:
    return [hold for hold in held.holds if hold.assignment_id != mine.assignment_id]
