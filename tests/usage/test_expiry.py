"""Records of calls expire, what they added up to does not (rules 4: Free Minutes)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.package import Package
from chalicelib.storage import accounts, assignments, packages
from chalicelib.storage.db import Db
from chalicelib.storage.keys import TABLES
from chalicelib.usecases import usage
from chalicelib.usecases.request_context import RequestContext
from tests.api.support import unique
from tools.tables import table

from .build import a_call

pytestmark = pytest.mark.deploy

KEPT = timedelta(days=400)
LONGER = timedelta(days=2)
NOW = datetime(2089, 6, 1, 9, 30, tzinfo=UTC)
ACT = RequestContext("test", NOW, NOW.date(), "test", lambda: NOW)


@pytest.fixture
def customer(db: Db) -> str:
    """A customer with a bundle that is as old as calls may be."""
    name = unique("u")
    package = Package(unique("p"), "Bundle", "USD", type="free_minutes")
    given = Assignment(name, "a", package.package_id, date(2088, 1, 1), "4420", free_minutes=1)
    db.transact([accounts.create_account(Account(name, "USD")), packages.create_package(package), assignments.create_assignment(given)])
    return name


def record(db: Db, customer: str, at: datetime, context: RequestContext = ACT) -> dict[str, int | None]:
    """When each item of the customer's usage expires, once a call of this instant is recorded."""
    call = a_call(10, did="4420", started_at=at.isoformat(), day=at.date())
    usage.record_calls(db, context, customer, [call], KEPT)
    items = db.query_all("usage", "#pk = :pk", {"pk": customer})
    return {item["sk"].split("#")[0]: int(item["expires"]) if "expires" in item else None for item in items}


@pytest.mark.parametrize(
    ("at", "later"),
    [(NOW - timedelta(days=399), NOW), (NOW, NOW), (NOW + timedelta(days=30), NOW + timedelta(days=30))],
    ids=["a late call: kept from its recording", "at once", "a call of the future: kept from the call"],
)
def test_a_record_is_kept_from_the_later_of_call_and_recording(db: Db, customer: str, at: datetime, later: datetime) -> None:
    """rules 4: the day, the DID's day and the bucket stay."""
    expires = record(db, customer, at)
    assert expires.pop("CALL") == int((later + KEPT + LONGER).timestamp())
    assert expires.keys() >= {"DAY", "BUCKET"}
    assert set(expires.values()) == {None}


def test_c_a_record_outlives_the_last_day_on_which_its_call_is_accepted(db: Db, customer: str) -> None:
    """rules 4: a record that had expired while its call is still accepted would let the call count twice."""
    first_moment = datetime(2088, 6, 1, tzinfo=UTC)
    expires = record(db, customer, first_moment, ACT._replace(at=first_moment, today=first_moment.date()))["CALL"]
    last_day_accepted = first_moment.date() + KEPT
    end_of_that_day = datetime.combine(last_day_accepted + timedelta(days=1), datetime.min.time(), UTC)
    assert expires is not None
    assert datetime.fromtimestamp(expires, UTC) >= end_of_that_day + timedelta(hours=14)


def test_the_table_lets_records_expire() -> None:
    """The emulator keeps everything; what is deployed to AWS says which attribute to go by."""
    properties = table("usage", TABLES["usage"], is_local=False)["Properties"]
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
