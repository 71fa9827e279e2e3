"""A customer with all assignments, for a Run Package: how many are looked at, by whom."""

from typing import NamedTuple

from ...domain.account import Account
from ...domain.assignment import Assignment
from ...domain.errors import Fault, Invalid, NotFound
from ...storage import assignments
from ...storage.db import Db
from .. import loading
from ..snapshot import CustomerSnapshot

SYNCHRONOUS_ASSIGNMENTS_MAX = 1000
"""Assignments of a customer whose live run is planned while the caller waits: each may be of a number with a spend of its own."""


class Limits(NamedTuple):
    """How much of a customer is looked at: assignments, and numbers that have a minimum spend. None is no limit. `instead` says what
    can be done for a customer who has more."""

    assignments: int | None = None
    numbers: int | None = None
    instead: str = "invoke the function run_package, which may take longer"


UNLIMITED = Limits()
REQUEST_LIMITS = Limits(20_000, 1000)
"""API Gateway waits for 29 seconds. 20,000 assignments take some 250 requests to the database, a number takes one."""


def load_first(db: Db, customer_id: str) -> tuple[Account, list[Assignment]]:
    """The customer with all assignments; with one more than are planned while the caller waits, if there are so many."""
    account, found = assignments.of_customer(db, customer_id, SYNCHRONOUS_ASSIGNMENTS_MAX)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    return account, found


def load_all(db: Db, customer_id: str, limits: Limits = UNLIMITED) -> tuple[Account, list[Assignment]]:
    account, found = assignments.of_customer(db, customer_id, limits.assignments)
    if account is None:
        raise NotFound(f"there is no customer {customer_id}")
    _demand_at_most(max(account.assignments, len(found)), limits.assignments, "assignments", limits)
    return account, found


def load_within(db: Db, customer_id: str, limits: Limits) -> CustomerSnapshot:
    """The customer with all assignments and their packages. Raises `Invalid` too_many for more than can be looked at in `limits`."""
    account, found = load_all(db, customer_id, limits)
    catalog = loading.packages_of(db, found)
    numbers = len({one.did for one in found if catalog[one.package_id].minimum_spend})
    _demand_at_most(numbers, limits.numbers, "numbers with a minimum spend", limits)
    return CustomerSnapshot(account, found, catalog)


def _demand_at_most(count: int, most: int | None, what: str, limits: Limits) -> None:
    if most is not None and count > most:
        raise Invalid([Fault("/customer", f"has more than {most} {what}: {limits.instead}")], code="too_many")
