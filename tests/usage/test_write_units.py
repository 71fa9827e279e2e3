"""What recording calls costs in DynamoDB's own units: records dominate, days and buckets are written once a transaction."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.package import Package
from chalicelib.storage import accounts, assignments, packages
from chalicelib.storage.db import Db, put, put_new
from chalicelib.usecases import usage
from tests.api.support import unique

from .build import THE_DAY, a_call
from .test_limits import ACT, KEPT

pytestmark = pytest.mark.deploy

CALLS, MOST_A_CALL = 50, 2.2
NOTICE_UNITS = 2
"""The first batch uses all minutes, which is told once."""
WRITES = ("put_item", "update_item", "delete_item", "transact_write_items")
DID = "4" * 20


class Metered:
    """A client that adds up the write units of what it sends."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.units = 0.0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return self._metered(method) if name in WRITES else method

    def _metered(self, method: Any) -> Any:
        def call(**arguments: Any) -> Any:
            answer = method(**arguments, ReturnConsumedCapacity="TOTAL")
            told = answer["ConsumedCapacity"]
            for one in told if isinstance(told, list) else [told]:
                self.units += one["CapacityUnits"]
            return answer

        return call


@pytest.fixture
def meter(db: Db) -> Metered:
    return Metered(db.client)


@pytest.fixture
def metered(db: Db, meter: Metered) -> Db:
    return Db(meter, db.tables)


def a_customer(db: Db) -> str:
    """A customer with one bundle on a DID, never drawn from; ids are as long as they may be."""
    customer = unique("u").ljust(64, "u")
    package = Package(unique("p"), "Bundle", "USD", type="free_minutes", frequency="monthly")
    given = Assignment(customer, "0" * 26, package.package_id, THE_DAY, DID, free_minutes=40)
    db.transact([accounts.create_account(Account(customer, "USD")), packages.create_package(package), assignments.create_assignment(given)])
    return customer


def record(db: Db, customer: str, first: int) -> int:
    """Record fifty long calls of one day and DID; how many seconds of them were free."""
    long = {"destination": "4" * 32, "did": DID, "started_at": datetime(2024, 3, 5, 12, 0, 0, 123456, UTC).isoformat()}
    calls = [a_call(60, "123456789012.123456", call_id=f"{n}".rjust(64, "c"), **long) for n in range(first, first + CALLS)]
    return sum(one.free_seconds for one in usage.record_calls(db, ACT, customer, calls, KEPT))


def test_fifty_calls_cost_little_more_than_their_records(metered: Db, meter: Metered) -> None:
    """The first batch marks what it is the first to draw from; the second runs out of free minutes; a replay writes nothing."""
    customer = a_customer(metered)
    spent, free = [], []
    for first in (0, CALLS, 0):
        before = meter.units
        free.append(record(metered, customer, first))
        spent.append((meter.units - before) / CALLS)
    print(f"\nwrite units a call, of {CALLS} a batch: first {spent[0]:.2f}, second {spent[1]:.2f}, replay {spent[2]:.2f}")
    assert free == [2400, 0, 2400]
    assert max(spent) <= MOST_A_CALL + NOTICE_UNITS / CALLS
    assert spent[2] == 0


def test_the_meter_counts(metered: Db, meter: Metered) -> None:
    """A write costs a unit a kilobyte begun, in a transaction two."""
    items = [{"pk": unique(), "sk": "x", "text": "x" * length} for length in (1, 900, 1100)]
    metered.transact([put_new("usage", item) for item in items])
    assert meter.units == 2 + 2 + 4
    metered.write(put("usage", items[0]))
    assert meter.units == 9
