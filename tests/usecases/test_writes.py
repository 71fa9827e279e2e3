"""What use cases ask of DynamoDB: requests of a simulation, writes of a repeated day, write units of a charge.

Runs the use cases in this process on tables of the test's own in the embedded DynamoDB, which tells what each call consumed.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

import boto3
import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.package import Package
from chalicelib.storage import ledger
from chalicelib.storage.keys import TABLES
from chalicelib.storage.ledger import Window
from chalicelib.usecases import assigning, customers, packages
from chalicelib.usecases.request_context import RequestContext
from chalicelib.usecases.runs import daily, on_demand
from tests.harness import InProcess
from tools.embedded import EmbeddedStack

TODAY = date(2031, 1, 14)
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}
READS = {"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"}
SEGMENTS = 2
_ids = count(1)


class Meter:
    """Counts a client's requests by operation, and the write units by table that they consumed."""

    def __init__(self, client: Any) -> None:
        self.requests: Counter[str] = Counter()
        self.units: Counter[str] = Counter()
        client.meta.events.register("before-parameter-build.dynamodb", self._ask)
        client.meta.events.register("after-call.dynamodb", self._note)

    def _ask(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        params.setdefault("ReturnConsumedCapacity", "TOTAL")

    def _note(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        self.requests[model.name] += 1
        consumed = parsed.get("ConsumedCapacity", []) if model.name in WRITES else []
        for one in [consumed] if isinstance(consumed, dict) else consumed:
            self.units[one["TableName"].rsplit("-", 1)[-1]] += one["CapacityUnits"]

    def reset(self) -> None:
        self.requests.clear()
        self.units.clear()

    @property
    def writes(self) -> int:
        """Requests that write."""
        return sum(number for name, number in self.requests.items() if name in WRITES)


class World(InProcess):
    """A service on tables of its own."""

    def __init__(self, stack: EmbeddedStack) -> None:
        tables = {name: f"{uuid4().hex[:8]}-{name}" for name in TABLES}
        for name, arguments in TABLES.items():
            wanted = {key: value for key, value in arguments.items() if key != "TimeToLive"}
            stack.client("dynamodb").create_table(TableName=tables[name], BillingMode="PAY_PER_REQUEST", **wanted)
        client = boto3.client(
            "dynamodb", endpoint_url=stack.endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        super().__init__(client, tables=tables, segments=SEGMENTS, threads=ThreadPoolExecutor)
        self.meter = Meter(client)

    def context(self, today: date = TODAY) -> RequestContext:
        at = datetime(today.year, today.month, today.day, 3, tzinfo=UTC)
        return self.context_at(at, f"{next(_ids):026}")

    def customer(self) -> str:
        context = self.context()
        customers.write_customer(self.db, context, context.id, None, lambda _: Account(context.id, "USD", name="A customer's name"))
        return context.id

    def package(self, **fields: Any) -> Package:
        priced: dict[str, Any] = {"cost": Decimal("4.25"), "retail": Decimal("9.95"), "frequency": "daily"}
        return packages.create_package(self.db, self.context(), Package("", "Hosted phone system, per seat", "USD", **priced | fields))

    def give(self, customer: str, package: Package, *, debits: bool = False) -> None:
        draft = Assignment(
            customer, "", package.package_id, TODAY + timedelta(days=1), f"1555{next(_ids):07}", 3, auto_decrement_credit=debits
        )
        assigning.create_assignment(self.db, self.context(), draft, None, False)

    def evaluate(self, day: date) -> None:
        """A day's evaluation, worked off in this process."""
        daily.start_evaluation(self.services, self.context(), day, allow_future=True)
        while self.queued:
            done = self.carry_out(self.queued.pop(0), self.context(), lambda: 900.0)
            assert done is not None
            assert done.result.failures == ()

    def charges(self, customer: str) -> int:
        return len(ledger.find_statement(self.db, customer, Window(), None, 10_000)[0])


@pytest.fixture
def world(stack: EmbeddedStack) -> World:
    """A service on fresh tables, and a meter on its client."""
    return World(stack)


@pytest.fixture
def customer_of_ten(world: World) -> str:
    """A customer with 10 assignments of 10 packages, half of them debited, due tomorrow."""
    customer = world.customer()
    for n in range(10):
        world.give(customer, world.package(setup_retail=Decimal(1)), debits=bool(n % 2))
    return customer


@pytest.mark.parametrize("posted_before", [False, True])
def test_a_simulation_makes_four_requests_and_no_write(world: World, customer_of_ten: str, posted_before: bool) -> None:
    """rules 6: a simulation writes nothing."""
    if posted_before:
        world.evaluate(TODAY + timedelta(days=1))
    world.meter.reset()
    ask = RunRequest(customer_of_ten, TODAY + timedelta(days=1), "charge_again", "")
    report = on_demand.simulate_customer(world.db, world.context(), ask)
    assert len(report.outcomes) == 20
    assert world.meter.writes == 0
    assert sum(world.meter.requests.values()) <= 4, world.meter.requests
    assert world.meter.requests.keys() <= READS


def test_a_repeated_finished_day_writes_nothing(world: World, customer_of_ten: str) -> None:
    """rules 5: a finished day evaluated again is recognised before anything is written."""
    tomorrow = TODAY + timedelta(days=1)
    world.evaluate(tomorrow)
    assert world.charges(customer_of_ten) == 20
    world.meter.reset()
    world.evaluate(tomorrow)
    world.evaluate(tomorrow - timedelta(days=1))
    assert world.meter.writes == 0, world.meter.requests
    assert world.charges(customer_of_ten) == 20


def steady_state(world: World, customers_: int, assignments_: int, *, debits: bool) -> tuple[float, float]:
    """Write units a charge on the second due date: of charges and accounts, and of everything."""
    package = world.package()
    given = [world.customer() for _ in range(customers_)]
    for customer in given:
        for _ in range(assignments_):
            world.give(customer, package, debits=debits)
    world.evaluate(TODAY + timedelta(days=1))
    world.meter.reset()
    world.evaluate(TODAY + timedelta(days=2))
    made = customers_ * assignments_
    assert world.charges(given[-1]) == 2 * assignments_
    return (world.meter.units["ledger"] + world.meter.units["accounts"]) / made, sum(world.meter.units.values()) / made


def test_write_units_of_a_charge_that_is_invoiced(world: World) -> None:
    """A charge that debits nothing costs at most two write units from its second due date on, with all that goes along."""
    posting, everything = steady_state(world, 20, 10, debits=False)
    assert posting <= 2, (posting, everything)
    assert everything <= 2.2


@pytest.mark.parametrize(("due", "units"), [(1, 4), (3, 2.7), (10, 2.2)])
def test_write_units_of_a_charge_that_is_debited(world: World, due: int, units: float) -> None:
    """A customer's debits of a day share one update of the account: (2n + 2) / n write units a charge."""
    posting, everything = steady_state(world, 100 // due, due, debits=True)
    assert posting <= units, (posting, everything)
    assert everything <= units + 0.3


def test_requests_of_a_bulk_of_invoiced_charges(world: World) -> None:
    """Charges that debit nothing share transactions, across customers."""
    package = world.package(setup_retail=Decimal(1))
    for _ in range(200):
        world.give(world.customer(), package)
    world.evaluate(TODAY + timedelta(days=1))
    world.meter.reset()
    world.evaluate(TODAY + timedelta(days=2))
    assert world.meter.requests["TransactWriteItems"] <= 0.05 * 200
    assert world.meter.requests["PutItem"] + world.meter.requests["UpdateItem"] <= 20, world.meter.requests
