"""Run Package of all customers, summed up by package and by customer."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from typing import Final, NamedTuple

from ..domain import account as credits
from ..domain.errors import Fault, Invalid
from ..domain.record import RunRecord
from ..domain.run import Outcome, Totals, add, simulated
from ..storage import runs
from ..storage.db import Db
from .act import Act
from .run_package import Ask, looks
from .sweep import Catalog, customers

MOST_ASSIGNMENTS: Final = 20_000
LISTED_GROUPS: Final = 200
AT_ONCE: Final = 100
"""Customers whose charges are looked up together."""


class Sum(NamedTuple):
    """The totals of one package or one customer; both have one currency."""

    id: str
    name: str
    currency: str
    totals: Totals


class Summary(NamedTuple):
    """Totals by currency, by package and by customer (the largest by retail), and how many of these were left out.

    `parked_customers` are those that a simulation left out, for a live run would charge them nothing: the first by id.
    """

    date: date
    generated_at: str
    totals: dict[str, Totals]
    by_package: list[Sum]
    by_customer: list[Sum]
    packages_left_out: int = 0
    customers_left_out: int = 0
    parked_customers: Sequence[str] = ()
    parked_left_out: int = 0


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
        for look in looks(db, [group for group in some if not group.account.parked], ask, catalog.of(found)):
            for outcome in simulated(look.decisions, credits.credit(look.account)):
                sums.add(outcome)
    shown = sorted(parked)[:listed]
    return sums.summary(ask.date, act.stamp, listed)._replace(parked_customers=shown, parked_left_out=len(parked) - len(shown))


def summary(db: Db, run: RunRecord) -> Summary:
    """What a live run of all customers charged, as far as it is through."""
    sums = _Sums()
    for plan in runs.plans(db, run.run_id):
        for step in plan.steps if plan.done else ():
            sums.add(step.outcome)
    return sums.summary(run.date, run.created_at, LISTED_GROUPS)


def _by_retail(sums: Iterable[Sum]) -> list[Sum]:
    return sorted(sums, key=lambda one: (-one.totals.retail, one.id))
