"""Run Package of all customers, summed up by package and by customer."""

from collections.abc import Iterable
from datetime import date
from itertools import islice
from typing import Final

from ..domain import account as credits
from ..domain.errors import Fault, Invalid
from ..domain.record import Result, RunRecord, merged
from ..domain.run import Outcome, Sum, Summary, Totals, add, simulated
from ..storage import plans, runs
from ..storage.db import Db
from .act import Act
from .look import Ask, looks
from .sweep import Catalog, customers

MOST_ASSIGNMENTS: Final = 20_000
LISTED_GROUPS: Final = 200
AT_ONCE: Final = 100
"""Customers whose charges are looked up together."""


class _Sums:
    """Adds outcomes up three ways."""

    def __init__(self) -> None:
        self._totals: dict[str, Totals] = {}
        self._packages: dict[str, Sum] = {}
        self._customers: dict[str, Sum] = {}

    def add(self, outcome: Outcome) -> None:
        line = outcome.line
        self._totals[line.currency] = add(self._totals.get(line.currency, Totals()), outcome)
        package = Sum(line.package_id, line.package_name, line.currency, Totals())
        customer = Sum(line.customer_id, line.customer_id, line.currency, Totals())
        for sums, new in ((self._packages, package), (self._customers, customer)):
            known = sums.get(new.id, new)
            sums[new.id] = known._replace(totals=add(known.totals, outcome))

    def summary(self, day: date, at: str, listed: int) -> Summary:
        packages, customers = _by_retail(self._packages.values()), _by_retail(self._customers.values())
        left_out = max(0, len(packages) - listed), max(0, len(customers) - listed)
        return Summary(day, at, self._totals, packages[:listed], customers[:listed], *left_out)


def simulate(db: Db, act: Act, ask: Ask, listed: int = LISTED_GROUPS) -> Summary:
    """What a live run of all customers would charge. Writes nothing. Raises `Invalid` too_many over 20,000 assignments."""
    sums, catalog, seen = _Sums(), Catalog(db), 0
    parked: list[str] = []
    groups = customers(db, 0, 1, None)
    while some := list(islice(groups, AT_ONCE)):
        found = [one for group in some for one in group.assignments]
        seen += len(found)
        if seen > MOST_ASSIGNMENTS:
            raise Invalid([Fault("/customer", f"more than {MOST_ASSIGNMENTS} assignments: simulate by customer")], code="too_many")
        parked += [group.account.customer_id for group in some if group.account.parked]
        for look in looks(db, act, [group for group in some if not group.account.parked], ask, catalog.of(found)):
            for outcome in simulated(look.decisions, credits.credit(look.account)):
                sums.add(outcome)
    shown = sorted(parked)[:listed]
    return sums.summary(ask.date, act.stamp, listed)._replace(parked_customers=shown, parked_left_out=len(parked) - len(shown))


def final(db: Db, run: RunRecord) -> Result:
    """What a live run of all customers brought, once it is through. Its summary is kept, so that nobody adds it up again."""
    totals = _summed_up(db, run)
    runs.save_summary(db, run.run_id, totals)
    return merged(runs.results(db, run.run_id))._replace(totals=totals.totals)


def summary(db: Db, run: RunRecord) -> Summary:
    """What a live run of all customers charged, as it was kept."""
    return runs.find_summary(db, run.run_id) or _summed_up(db, run)


def _summed_up(db: Db, run: RunRecord) -> Summary:
    sums = _Sums()
    for plan in plans.after(db, run.run_id):
        for step in plan.steps if plan.done else ():
            sums.add(step.outcome)
    return sums.summary(run.date, run.created_at, LISTED_GROUPS)


def _by_retail(sums: Iterable[Sum]) -> list[Sum]:
    return sorted(sums, key=lambda one: (-one.totals.retail, one.id))
