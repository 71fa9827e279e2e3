"""Loads what charges depend on and has them planned."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache

from ..domain import charging, money
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.charging import Line, Spend
from ..domain.ledger import Entry, charge_key
from ..domain.package import Package
from ..domain.schedule import DAY, Period
from ..storage import assignments, ledger, packages, usage
from ..storage.db import Db


def packages_of(db: Db, found: Iterable[Assignment]) -> dict[str, Package]:
    """The packages of these assignments, read after them, so never older than what they were made from."""
    return packages.find_packages(db, {assignment.package_id for assignment in found})


def load_and_price(db: Db, assignment: Assignment, package: Package, first: date, last: date) -> list[Line]:
    """The charges of one assignment in `first..last`, with the spend of their periods looked up."""
    return charging.priced_lines(assignment, package, first, last, load_spend(db, settled_periods(assignment, package, first, last)))


def without_posted(db: Db, lines: Sequence[Line], since: Mapping[str, date] | None = None) -> list[Line]:
    """Those that are not in the ledger. With `since`, by assignment id, only the lines of days before it are looked up."""
    doubtful = {(one.customer_id, charge_key(one.identity)): one for one in lines if not since or one.due_date < since[one.assignment_id]}
    posted = {doubtful[place].identity for place in ledger.find_entries(db, doubtful)}
    return [line for line in lines if line.identity not in posted]


AssignmentPeriod = tuple[Assignment, Period]
"""An assignment with a period whose spend is asked for."""


def settled_periods(assignment: Assignment, package: Package, first: date, last: date) -> list[AssignmentPeriod]:
    """The minimum-spend periods that are settled in `first..last`."""
    if not package.minimum_spend:
        return []
    return [(assignment, due.period) for due in charging.dues(assignment, package, first, last) if due.period]


def periods_on(assignment: Assignment, package: Package, day: date) -> list[AssignmentPeriod]:
    """The minimum-spend periods that are settled on a date, and the one that runs then, through the date."""
    running = charging.running_period(assignment, package, day)
    return settled_periods(assignment, package, day, day) + ([(assignment, running._replace(until=day + DAY))] if running else [])


def load_spend(db: Db, wanted: Iterable[AssignmentPeriod]) -> Spend:
    """Looks up the spend of these periods. A customer's days, and those of each of its numbers, are read once for all of them."""
    spans: dict[tuple[str, str | None], tuple[date, date]] = {}
    for one, period in wanted:
        since, until = spans.get((one.customer_id, one.did), (period.since, period.until))
        spans[one.customer_id, one.did] = min(since, period.since), max(until, period.until)

    @cache
    def by_day(customer_id: str, did: str | None) -> dict[date, Decimal]:
        return usage.spend_by_day(db, customer_id, did, *spans[customer_id, did])

    @cache
    def spent(customer_id: str, did: str | None, since: date, until: date) -> Decimal:
        return money.total(charge for day, charge in by_day(customer_id, did).items() if since <= day < until)

    return lambda one, period: spent(one.customer_id, one.did, period.since, period.until)


def charges_behind(db: Db, lines: Iterable[Line]) -> list[Entry]:
    """The entries of one customer's ledger among which are the charges that its negative lines may take from; without such lines
    nothing is read."""
    negative = [(line.customer_id, line.period.whole) for line in lines if line.takes_back and line.period]
    if not negative:
        return []
    since, until = min(period.since for _, period in negative), max(period.until for _, period in negative)
    return ledger.dated_in(db, negative[0][0], since, until)


def held_charges(db: Db, account: Account, found: Iterable[Assignment], today: date) -> list[Entry]:
    """The customer's held charges in the order in which they are tried, with their lines as they are tried today.

    `found` are those of the customer's assignments that were read anyway.
    """
    held = ledger.held_of(db, account.customer_id, account.held) if account.held else []
    known = {one.assignment_id: one for one in found}
    for line in (entry.line for entry in held if entry.line and not entry.line.is_one_off):
        if line.assignment_id not in known and (one := assignments.find_assignment(db, account.customer_id, line.assignment_id)):
            known[line.assignment_id] = one
    return [e._replace(line=charging.as_tried(e.line, known.get(e.line.assignment_id), today)) for e in held if e.line]


def price_all(found: Iterable[Assignment], catalog: Mapping[str, Package], day: date, spend: Spend) -> list[Line]:
    """The charges of several assignments on one date, in the order in which they are tried; those that come to nothing as well."""
    return charging.in_order(
        line for one in found for line in charging.priced_lines(one, catalog[one.package_id], day, day, spend, free=True)
    )
