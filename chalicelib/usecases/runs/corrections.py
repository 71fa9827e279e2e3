"""What a sweep looks for again because the prices of past days were corrected (rules: Price lists).

That a package was corrected is noted once, beside the progress of the sweeps, however many assignments it has. Until a whole sweep
has looked for it, each plans its assignments from the corrected day on. What can't be charged by then is marked, for later runs to find.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from ...domain.assignment import Assignment
from ...storage.db import Db
from . import marks
from .sweep import Group


def looking_back(found: Iterable[Assignment], since: Mapping[str, date], corrected: Mapping[str, date]) -> dict[str, date]:
    """From when each assignment, by id, may be uncharged: the day in `since`, or that from which its package was `corrected`."""
    ids = {one.assignment_id: one.package_id for one in found}
    return {name: min(day, corrected.get(ids[name], day)) for name, day in since.items()}


def mark_waiting(db: Db, group: Group, corrected: Mapping[str, date]) -> None:
    """Have later runs look for what corrections make due of a customer whom this one does not charge.

    The customer's mark says it for all assignments but those with one of their own, which counts in its place.
    """
    waiting = [(one, corrected[one.package_id]) for one in group.assignments if one.package_id in corrected]
    if waiting:
        marks.set_back_customer(db, group.account.customer_id, min(since for _, since in waiting))
    own = {(one.customer_id, one.assignment_id): since for one, since in waiting if one.evaluate_from and one.evaluate_from > since}
    marks.mark_assignments(db, own)
