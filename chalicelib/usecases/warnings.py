"""Warnings that need a look at the tables: what an assignment is like, and what stands beyond its end."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from ..domain import charging
from ..domain.assignment import Assignment, duplicate_warning, duplicates
from ..domain.ledger import Entry, ahead_warning, charge_key
from ..domain.package import Package
from ..domain.warning import MOST_NAMED, BillingWarning
from ..storage import assignments, ledger, packages, runs
from ..storage.db import Db
from .assignments import Detail

NEWEST: Final = 1000
"""Of a customer's assignments, those among which one without DID is looked for."""
_DATES: Final = 100
"""Due dates after the end of an assignment that are looked up: one batch of the database."""


def of_assignment(db: Db, detail: Detail) -> list[BillingWarning]:
    """What is odd about an assignment as it stands."""
    alike = duplicates(detail.assignment, _candidates(db, [detail.assignment]))
    return [*([duplicate_warning(alike, {})] if alike else []), *_charged_ahead(db, detail.assignment, detail.package)]


def of_rows(db: Db, rows: Sequence[tuple[int, Assignment]]) -> dict[int, list[BillingWarning]]:
    """What is odd about the rows of a file, whether they are written or not: each is held against what stands, and the rows before."""
    new = [assignment for _, assignment in rows]
    numbers = {assignment.assignment_id: number for number, assignment in rows}
    known = [one for one in _candidates(db, new) if one.assignment_id not in numbers]
    found: dict[int, list[BillingWarning]] = {}
    for number, assignment in rows:
        alike = duplicates(assignment, known)
        found[number] = [duplicate_warning(alike, numbers)] if alike else []
        known.append(assignment)
    return found


def of_ended(db: Db, customer_id: str, assignment_id: str) -> list[BillingWarning]:
    """What is odd about an assignment that was ended, cancelled or removed."""
    left = assignments.find(db, customer_id, assignment_id)
    package = packages.find(db, left.package_id) if left else None
    return _charged_ahead(db, left, package) if left and package else []


def _charged_ahead(db: Db, assignment: Assignment, package: Package) -> list[BillingWarning]:
    """The charges that stand for days after the end of an assignment."""
    if not assignment.charged or not (assignment.cancelled or assignment.end_date):
        return []
    keys = [charge_key(identity) for identity in charging.after_end(assignment, package, _DATES)]
    found = sorted(key for _, key in ledger.find_many(db, [(assignment.customer_id, key) for key in keys]))
    standing = list(_standing(db, assignment.customer_id, found[:MOST_NAMED]))
    return [ahead_warning(standing)] if standing else []


def _standing(db: Db, customer_id: str, keys: Sequence[str]) -> Iterator[Entry]:
    """The charges and their repeats, without those that are written off, or whose run is reversed."""
    entries = list(chain.from_iterable(ledger.with_repeats(db, customer_id, key) for key in keys))
    found = {run_id: runs.find(db, run_id) for run_id in {one.run_id for one in entries if one.run_id}}
    reversed_ = {run_id for run_id, run in found.items() if run and run.reversed_on}
    return (one for one in entries if one.status != "cancelled" and one.run_id not in reversed_)


def _candidates(db: Db, new: Sequence[Assignment]) -> list[Assignment]:
    """The assignments among which those like new ones are: of their DIDs all on the same days, of their customers the newest."""
    held = assignments.holds_of_many(db, {one.did for one in new if one.did})
    ids = {
        (hold.customer_id, hold.assignment_id)
        for one in new
        if one.did
        for hold in held[one.did].holds
        if hold.customer_id == one.customer_id and assignments.overlap(hold, assignments.hold(one))
    }
    customers = sorted({one.customer_id for one in new if not one.did})
    wide = (assignments.customer_wide(db, customer_id, NEWEST) for customer_id in customers)
    return [*assignments.find_many(db, sorted(ids)), *chain.from_iterable(wide)]
