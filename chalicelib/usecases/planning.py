"""Loads what charges depend on and has them planned."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache

from ..domain import charging, money
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.charging import Line, Period, Spend
from ..domain.ledger import Entry
from ..domain.package import Package
from ..domain.schedule import DAY
from ..storage import assignments, ledger, packages, usage
from ..storage.db import Db


def packages_of(db: Db, found: Iterable[Assignment]) -> dict[str, Package]:
    """The packages of these assignments, read after them, so never older than what they were made from."""
    return packages.find_many(db, {assignment.package_id for assignment in found})


def lines(db: Db, assignment: Assignment, package: Package, since: date, until: date) -> list[Line]:
    """The charges of one assignment in `since..until`, with the spend of their periods looked up."""
    return charging.lines(assignment, package, since, until, spending(db, settled(assignment, package, since, until)))


Settled = tuple[Assignment, Period]
"""An assignment with a period whose spend is asked for."""


def settled(assignment: Assignment, package: Package, since: date, until: date) -> list[Settled]:
    """The minimum-spend periods that are settled in `since..until`."""
    if not package.minimum_spend:
        return []
    return [(assignment, due.period) for due in charging.dues(assignment, package, since, until) if due.period]


def settled_or_running(assignment: Assignment, package: Package, day: date) -> list[Settled]:
    """The minimum-spend periods that are settled on a date, and the one that runs then, through the date."""
    running = charging.running_period(assignment, package, day)
    return settled(assignment, package, day, day) + ([(assignment, running._replace(until=day + DAY))] if running else [])


def spending(db: Db, wanted: Iterable[Settled]) -> Spend:
    """Looks up the spend of these periods. A customer's days, and those of each of its numbers, are read once for all of them."""
    spans: dict[tuple[str, str | None], tuple[date, date]] = {}
    for one, period in wanted:
        since, until = spans.get((one.customer_id, one.did), (period.since, period.until))
        spans[one.customer_id, one.did] = min(since, period.since), max(until, period.until)

    @cache
    def charges(customer_id: str, did: str | None) -> dict[date, Decimal]:
        return usage.charges(db, customer_id, did, *spans[customer_id, did])

    @cache
    def spent(customer_id: str, did: str | None, since: date, until: date) -> Decimal:
        return money.total(charge for day, charge in charges(customer_id, did).items() if since <= day < until)

    return lambda one, period: spent(one.customer_id, one.did, period.since, period.until)


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


def lines_of_all(found: Iterable[Assignment], catalog: Mapping[str, Package], day: date, spend: Spend) -> list[Line]:
    """The charges of several assignments on one date, in the order in which they are tried."""
    return charging.in_order(line for one in found for line in charging.lines(one, catalog[one.package_id], day, day, spend))
