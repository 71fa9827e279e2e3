"""Warnings that need the tables: duplicates of an assignment, and charges after its end."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

from ..domain import charging
from ..domain.assignment import Assignment, duplicate_warning, duplicates
from ..domain.detail import Detail
from ..domain.ledger import ahead_warning, charge_key
from ..domain.package import Package
from ..domain.tenure import tenure_of, tenures_overlap
from ..domain.warning import WARNING_IDS_MAX, BillingWarning
from ..storage import assignments, did_tenures, ledger, packages
from ..storage.db import Db
from .terms import standing_charges

SEARCHED_ASSIGNMENTS_MAX: Final = 1000
"""How many of a customer's newest assignments are searched for duplicates of one without DID."""
_DATES_MAX: Final = 100
"""Due dates after the end of an assignment that are looked up: one batch of the database."""


def assignment_warnings(db: Db, detail: Detail) -> list[BillingWarning]:
    """What is odd about an assignment as it stands."""
    alike = duplicates(detail.assignment, _candidates(db, [detail.assignment]))
    others = {*detail.warnings, *_charged_ahead(db, detail.assignment, detail.package)}
    return [*([duplicate_warning(alike, {})] if alike else []), *sorted(others)]


def row_warnings(db: Db, rows: Sequence[tuple[int, Detail]]) -> dict[int, list[BillingWarning]]:
    """What is odd about the rows of a file, whether they are written or not: each is held against what stands, and the rows before."""
    new = [detail.assignment for _, detail in rows]
    numbers = {detail.assignment.assignment_id: number for number, detail in rows}
    known = [one for one in _candidates(db, new) if one.assignment_id not in numbers]
    found: dict[int, list[BillingWarning]] = {}
    for number, detail in rows:
        alike = duplicates(detail.assignment, known)
        found[number] = [*([duplicate_warning(alike, numbers)] if alike else []), *sorted(set(detail.warnings))]
        known.append(detail.assignment)
    return found


def end_warnings(db: Db, customer_id: str, assignment_id: str) -> list[BillingWarning]:
    """What is odd about an assignment that was ended, cancelled or removed."""
    left = assignments.find_assignment(db, customer_id, assignment_id)
    package = packages.find_package(db, left.package_id) if left else None
    return _charged_ahead(db, left, package) if left and package else []


def _charged_ahead(db: Db, assignment: Assignment, package: Package) -> list[BillingWarning]:
    """The charges that stand for days after the end of an assignment."""
    if not assignment.charged or not (assignment.cancelled or assignment.end_date):
        return []
    keys = [charge_key(identity) for identity in charging.after_end(assignment, package, _DATES_MAX)]
    found = sorted(key for _, key in ledger.find_entries(db, [(assignment.customer_id, key) for key in keys]))
    standing = list(standing_charges(db, assignment.customer_id, found[:WARNING_IDS_MAX]))
    return [ahead_warning(standing)] if standing else []


def _candidates(db: Db, new: Sequence[Assignment]) -> list[Assignment]:
    """The assignments among which those like new ones are: of their DIDs all others on the same days, of their customers the newest."""
    tenures = did_tenures.find_tenures_of_many(db, {one.did for one in new if one.did})
    own = {one.assignment_id for one in new}
    ids = {
        (tenure.customer_id, tenure.assignment_id)
        for one in new
        if one.did
        for tenure in tenures[one.did].all
        if tenure.customer_id == one.customer_id and tenure.assignment_id not in own and tenures_overlap(tenure, tenure_of(one))
    }
    customers = sorted({one.customer_id for one in new if not one.did})
    wide = (assignments.customer_wide(db, customer_id, SEARCHED_ASSIGNMENTS_MAX) for customer_id in customers)
    return [*assignments.find_assignments(db, sorted(ids)), *chain.from_iterable(wide)]
