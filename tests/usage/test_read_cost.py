"""What days and spend cost to read depends on how many days are asked for, not on how many DIDs the customer has."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.package import Package
from chalicelib.storage import accounts
from chalicelib.storage.db import Db
from chalicelib.usecases import loading, usage
from tests.api.support import unique

from .build import THE_DAY, a_call
from .test_limits import ACT, KEPT

pytestmark = pytest.mark.deploy

DIDS, DAYS = 40, 5
LAST = THE_DAY + timedelta(days=DAYS - 1)


class Counting:
    """A client that counts the items that its queries read, answered or not."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.read = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def query(self, **arguments: Any) -> Any:
        answer = self._client.query(**arguments)
        self.read += answer["ScannedCount"]
        return answer


@pytest.fixture
def counting(db: Db) -> Counting:
    return Counting(db.client)


@pytest.fixture
def counted(db: Db, counting: Counting) -> Db:
    return Db(counting, db.tables)


@pytest.fixture
def customer(db: Db) -> str:
    """A customer with a call on each of many DIDs on each of a few days."""
    name = unique("u")
    db.write(accounts.create_account(Account(name, "USD")))
    for n in range(DAYS):
        day = THE_DAY + timedelta(days=n)
        usage.record_calls(db, ACT, name, [a_call(1, call_id=f"{day}-{did}", day=day, did=f"4420{did}") for did in range(DIDS)], KEPT)
    return name


def read(counting: Counting, work: Callable[[], Any]) -> tuple[Any, int]:
    """What it answers, and how many items it read for that."""
    before = counting.read
    return work(), counting.read - before


@pytest.mark.parametrize("did", [None, "44207"], ids=["the customer", "a DID"])
def test_days_read_what_they_answer(counted: Db, counting: Counting, customer: str, did: str | None) -> None:
    (found, more), cost = read(counting, lambda: usage.list_days(counted, customer, did, THE_DAY, LAST, None, 50))
    assert [total.calls for _, total in found] == [1 if did else DIDS] * DAYS
    assert more is None
    assert cost <= DAYS + 1


@pytest.mark.parametrize("did", [None, "44207"], ids=["the customer", "a DID"])
def test_spend_reads_the_days_of_its_period(counted: Db, counting: Counting, customer: str, did: str | None) -> None:
    weekly = Package("p", "Commitment", "USD", retail=Decimal(1000), frequency="weekly", minimum_spend=True)
    given = Assignment(customer, "a", "p", THE_DAY, did)
    due = THE_DAY + timedelta(days=7)
    (line,), cost = read(counting, lambda: loading.load_and_price(counted, given, weekly, due, due))
    assert line.spend == (1 if did else DIDS) * DAYS
    assert cost <= DAYS + 1
