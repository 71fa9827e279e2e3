"""Loads what charges depend on and has them planned."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from ..domain import charging
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.charging import Line, Period
from ..domain.ledger import Entry
from ..domain.package import Package
from ..storage import assignments, ledger, packages, usage
from ..storage.db import Db


def packages_of(db: Db, found: Iterable[Assignment]) -> dict[str, Package]:
    """The packages of these assignments, read after them, so never older than what they were made from."""
    return packages.find_many(db, {assignment.package_id for assignment in found})


def lines(db: Db, assignment: Assignment, package: Package, since: date, until: date) -> list[Line]:
    """The charges of one assignment in `since..until`, with the spend of their periods looked up."""

    def spend(of: Assignment, period: Period) -> Decimal:
        return usage.spend(db, of, period)

    return charging.lines(assignment, package, since, until, spend)


def held_charges(db: Db, account: Account, found: Iterable[Assignment]) -> list[Entry]:
    """The customer's held charges in the order in which they are tried, with their lines as they are tried now.

    `found` are those of the customer's assignments that were read anyway.
    """
    held = ledger.held_of(db, account.customer_id, account.held) if account.held else []
    known = {one.assignment_id: one for one in found}
    for line in (entry.line for entry in held if entry.line):
        if line.assignment_id not in known and (one := assignments.find(db, account.customer_id, line.assignment_id)):
            known[line.assignment_id] = one
    return [e._replace(line=charging.as_tried(e.line, known.get(e.line.assignment_id))) for e in held if e.line]


def lines_of_all(db: Db, found: Iterable[Assignment], catalog: Mapping[str, Package], day: date) -> list[Line]:
    """The charges of several assignments on one date, in the order in which they are tried."""
    return charging.in_order(line for one in found for line in lines(db, one, catalog[one.package_id], day, day))
