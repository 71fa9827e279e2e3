"""Dated terms of an assignment: when they may begin, what a change of them alters, what may be due by it."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain
from typing import NamedTuple

from ..domain import amending
from ..domain.assignment import Assignment, first_day
from ..domain.errors import demand_open
from ..domain.ledger import Entry, ahead_warning, charge_key
from ..domain.package import Package
from ..domain.warning import WARNING_IDS_MAX, BillingWarning
from ..storage import ledger, runs
from ..storage.db import Db
from .request_context import RequestContext


class TermsChange(NamedTuple):
    """A change of terms that begins on a day: the assignment with it, from when it may owe what it did not (None: that day is open and
    has to be when it is written), what is odd about it."""

    new: Assignment
    begins: date
    owes_from: date | None = None
    warnings: Sequence[BillingWarning] = ()


def plan_terms_change(
    db: Db, context: RequestContext, old: Assignment, new: Assignment, package: Package, begins: date, open_day: date, *, correct: bool
) -> TermsChange:
    """Check a change of terms from `begins` on. What it replaces is kept for audits where a charge may have used it.

    Raises `NotOpen` for a day that is not open, unless it is a correction, or nothing is charged yet.
    """
    owes_from = None
    if begins < open_day:
        if not correct and (old.charged or begins < old.start_date):
            demand_open(begins, open_day)
        owes_from = max(begins, first_day(new))
    ahead = list(_standing_ahead(db, old, new, package, max(begins, open_day)))
    if ahead or (old.charged and begins < open_day):
        new = amending.superseding(old, new, context.timestamp)
    warned = [*amending.terms_warnings(new, package, [begins]), *([ahead_warning(ahead)] if ahead else [])]
    return TermsChange(new, begins, owes_from, warned)


def _standing_ahead(db: Db, old: Assignment, new: Assignment, package: Package, since: date) -> Iterator[Entry]:
    """The charges of coming days that stand although the change would alter them."""
    if not old.charged:
        return iter(())
    before, after = amending.altered(old, new, package, since)
    keys = {charge_key(line.identity) for line in (*before, *after)}
    found = sorted(key for _, key in ledger.find_entries(db, [(old.customer_id, key) for key in keys]))
    return standing_charges(db, old.customer_id, found[:WARNING_IDS_MAX])


def standing_charges(db: Db, customer_id: str, keys: Sequence[str]) -> Iterator[Entry]:
    """The charges and their repeats, without those that are written off, or whose run is reversed."""
    entries = list(chain.from_iterable(ledger.with_repeats(db, customer_id, key) for key in keys))
    found = {run_id: runs.find_run(db, run_id) for run_id in {one.run_id for one in entries if one.run_id}}
    reversed_ = {run_id for run_id, run in found.items() if run and run.reversed_on}
    return (one for one in entries if one.status != "cancelled" and one.run_id not in reversed_)
