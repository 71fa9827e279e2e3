"""What a use case finds of one customer, loaded once and handed on. It looks again only when another writer came first."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from ..domain import schedule
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.errors import NotFound
from ..domain.package import Package
from ..storage import assignments, packages
from ..storage.db import Db


class CustomerSnapshot(NamedTuple):
    """The customer, those of its assignments that were asked for and exist, their packages by id, and the latest day whose evaluation
    has begun, as far as it was asked for."""

    account: Account
    assignments: Sequence[Assignment]
    packages: Mapping[str, Package]
    latest_started: date | None = None

    def first_open_day(self, today: date) -> date:
        """The first open day, by what was loaded."""
        return schedule.first_open_day(today, self.latest_started)


def load_customer(db: Db, customer_id: str, assignment_ids: Iterable[str], package_ids: Iterable[str] = ()) -> CustomerSnapshot:
    """The customer with these assignments and their packages, and further packages: two requests. Raises `NotFound` without customer.

    Packages are read after assignments, so they are never older than what those were made from.
    """
    account, found = assignments.with_account(db, customer_id, assignment_ids)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    return CustomerSnapshot(account, found, *packages.find_with_latest_started(db, {*package_ids, *(one.package_id for one in found)}))
