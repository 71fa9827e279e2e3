"""A call that needs many buckets is applied whole or not at all, like any other (rules 4: Free Minutes)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.package import Package
from chalicelib.storage import accounts, assignments, packages
from chalicelib.storage.db import Db
from chalicelib.usecases import usage
from chalicelib.usecases.request_context import RequestContext
from tests.api.support import unique

from .build import THE_DAY, a_call, told

pytestmark = pytest.mark.deploy

ACT = RequestContext("test", datetime(2024, 3, 20, tzinfo=UTC), date(2024, 3, 20), "test", lambda: datetime(2024, 3, 20, tzinfo=UTC))
KEPT = timedelta(days=50_000)


def a_customer_with(db: Db, bundles: int) -> str:
    """A customer with so many bundles of one minute each."""
    customer = unique("u")
    package = Package(unique("p"), "Minute", "USD", type="free_minutes", frequency="monthly")
    given = [Assignment(customer, f"a{n:03}", package.package_id, THE_DAY, free_minutes=1) for n in range(bundles)]
    db.transact([accounts.create_account(Account(customer, "USD")), packages.create_package(package)])
    for start in range(0, bundles, 50):
        some = given[start : start + 50]
        db.transact([*map(assignments.create_assignment, some), accounts.count_assignments(Account(customer, "USD"), some)])
    return customer


@pytest.mark.parametrize("bundles", [48, 49, 60, 120])
def test_c_a_call_through_many_bundles_is_answered(db: Db, bundles: int) -> None:
    """One that outlasts them all: the rest is billable, whatever the service can draw at once."""
    customer = a_customer_with(db, bundles)
    seconds = bundles * 60 + 60
    rated = usage.record_calls(db, ACT, customer, [a_call(seconds, f"{seconds}.00", did="4420")], KEPT)[0]
    assert rated.free_seconds + rated.billable_seconds == seconds
    assert rated.charge == Decimal(rated.billable_seconds)
    assert len({draw.key for draw in rated.drawn}) == len(rated.drawn) > 40
    assert usage.record_calls(db, ACT, customer, [a_call(seconds, f"{seconds}.00", did="4420")], KEPT) == [rated]


def test_what_one_call_could_not_draw_the_next_does(db: Db) -> None:
    customer = a_customer_with(db, 60)
    answers = [usage.record_calls(db, ACT, customer, [a_call(3600, "36", call_id=f"{n}")], KEPT)[0] for n in range(3)]
    assert sum(one.free_seconds for one in answers) == 3600, [told(one) for one in answers]
