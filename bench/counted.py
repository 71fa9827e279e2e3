"""The budgets that count units, requests and bytes: exact, and the same on every machine."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.minutes import Call
from chalicelib.domain.package import Package
from chalicelib.storage import accounts, assignments, packages
from chalicelib.storage.keys import TABLES
from chalicelib.usecases import usage
from chalicelib.usecases.runs import on_demand
from tests.harness import RETAINED
from tests.world.dynamodb import DynamoDb
from tests.world.sizes import item_size

from . import due_index, fleet
from .fleet import Fleet, Prototype
from .report import Budget
from .service import DAY, Service, context
from .split import Counts, Split, counts, forget

ASSIGNMENTS: Final = 2000
CALLS: Final = 50
MINIMUMS: Final = 500
PUT: Final = "one PutItem a charge"


class Evaluated(NamedTuple):
    """A day's evaluation: what it charged, and consumed of accounts and ledger, and of the other tables."""

    charges: int
    own: Counts
    shared: Counts

    @property
    def requests(self) -> float:
        """All requests, each charge's share."""
        return (self.own.requests + self.shared.requests) / self.charges

    def units(self, *, everything: bool = False) -> float:
        """Write units of charges and accounts, or of everything, each charge's share."""
        return (self.own.write_units + self.shared.write_units * everything) / self.charges


@lru_cache(maxsize=4)
def made(*, debits: bool, new: bool) -> Prototype:
    """The prototypes, made once."""
    return fleet.prototype(debits=debits, new=new)


def prepared(wanted: Fleet, segments: int = 1) -> tuple[Split, Service]:
    """A provider in its stores, everything evaluated through yesterday."""
    stores = Split()
    service = Service(stores, segments=segments)
    fleet.catalog(stores.shared, wanted)
    fleet.evaluated(service)
    fleet.load(stores.own, wanted, made(debits=wanted.debits, new=wanted.new))
    forget(stores.own, stores.shared)
    return stores, service


@lru_cache(maxsize=16)
def evaluated(wanted: Fleet) -> Evaluated:
    """The day's evaluation of a provider; raises `RuntimeError` unless every due charge is posted."""
    stores, service = prepared(wanted)
    service.evaluate(DAY)
    own, shared = counts(stores.own), counts(stores.shared)
    posted = len(stores.own.items("ledger"))
    if posted != wanted.charges and not wanted.minimum:
        raise RuntimeError(f"{posted} charges are posted, {wanted.charges} are due")
    return Evaluated(posted, own, shared)


def write_units() -> list[Budget]:
    """Write units a charge."""
    index = due_index.write_units_a_charge(DAY)
    free = evaluated(Fleet(ASSIGNMENTS))
    refers = "three conditional writes and a due-date index"
    found = [
        Budget("write units a charge, not debited", free.units(), "", index, refers, 2),
        Budget("the same with what the run itself writes", free.units(everything=True), "", index, refers),
    ]
    for due, limit in ((1, 4), (3, 2.7), (10, 2.2)):
        units = evaluated(Fleet(900 // due * due, each=due, debits=True)).units()
        found.append(Budget(f"write units a debited charge, {due} a customer", units, "", (2 * due + 2) / due, "(2n + 2) / n", limit))
    return found


def repeated() -> list[Budget]:
    """A finished day again."""
    stores, service = prepared(Fleet(200, debits=True))
    service.evaluate(DAY)
    forget(stores.own, stores.shared)
    service.evaluate(DAY)
    writes = counts(stores.own).write_requests + counts(stores.shared).write_requests
    return [Budget("writes of a repeated finished day", writes, limit=0)]


def reading() -> list[Budget]:
    """What the sweep reads."""
    wanted = Fleet(10_000, due=3)
    stores, service = prepared(wanted)
    assignment = next(item for item in stores.own.items("accounts") if "package" in item)
    service.evaluate(DAY)
    own = counts(stores.own)
    least = own.bytes_read / 4096
    swept = own.bytes_read / wanted.assignments
    return [
        Budget("read units of the sweep", own.read_units, "", least, "bytes read / 4,096", 1.1, of_ratio=True),
        Budget("bytes of an assignment", item_size(assignment), "", 250, "the aim", 1, of_ratio=True),
        Budget("bytes read an assignment, accounts included", swept),
    ]


def bulk() -> list[Budget]:
    """Requests of an evaluation, everything included."""
    recurring, first = evaluated(Fleet(ASSIGNMENTS)), evaluated(Fleet(ASSIGNMENTS // 2, new=True))
    debited = evaluated(Fleet(ASSIGNMENTS, debits=True))
    least = evaluated(Fleet(MINIMUMS, minimum=True)).requests - evaluated(Fleet(MINIMUMS)).requests
    allowed = ASSIGNMENTS / 10 + debited.charges / 99
    return [
        Budget("requests a charge, recurring", recurring.requests, "", 1, PUT, 0.05),
        Budget("requests a charge, setup and recurring of new assignments", first.requests, "", 1, PUT, 0.05),
        Budget(
            f"requests of {debited.charges:,} debits of {ASSIGNMENTS / 10:.0f} customers",
            debited.requests * debited.charges, "", allowed, "1 a customer + 1/99 a charge", 1, of_ratio=True,
        ),
        Budget("requests a minimum-spend line, beyond a charge's", least, "", 1, "the query of its spend", 1, of_ratio=True),
    ]  # fmt: skip


def simulation() -> list[Budget]:
    """A simulated Run Package of one customer with ten assignments."""
    stores, service = prepared(Fleet(10, debits=True))
    report = on_demand.simulate_customer(service.db, context(), RunRequest(f"{0:026}", DAY, "skip", ""))
    if len(report.outcomes) != 10:
        raise RuntimeError(f"{len(report.outcomes)} lines are simulated, 10 are due")
    requests = counts(stores.own).requests + counts(stores.shared).requests
    writes = counts(stores.own).write_requests + counts(stores.shared).write_requests
    return [
        Budget("requests of a simulation, 10 assignments", requests, limit=4),
        Budget("writes of a simulation", writes, limit=0),
    ]


def calls() -> list[Budget]:
    """Fifty calls of a day, a DID and a bucket: the first fifty, which mark what they draw from, and the next."""
    store = DynamoDb(TABLES)
    service = Service(store)
    customer = _with_minutes(service)
    spent = [_units_of_calls(service, store, customer, batch) for batch in range(2)]
    return [
        Budget(f"write units a call, {CALLS} calls, {which}", units, "", 2, "its record in a transaction", 2.2)
        for which, units in zip(("first", "next"), spent, strict=True)
    ]


def _with_minutes(service: Service) -> str:
    account = made(debits=False, new=True).account
    sold = Package("bundle", "1,000 minutes", "USD", type="free_minutes", frequency="monthly")
    given = Assignment(account.customer_id, f"{1:026}", sold.package_id, DAY, "15550000000", free_minutes=1000)
    service.db.transact([accounts.create_account(account), packages.create_package(sold), assignments.create_assignment(given)])
    return account.customer_id


def _units_of_calls(service: Service, store: DynamoDb, customer: str, batch: int) -> float:
    forget(store)
    begun = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC).isoformat()
    made_calls = [
        Call(f"switch-{batch}-{n:06}", begun, DAY, "442079460000", 180, Decimal("0.0345"), "15550000000") for n in range(CALLS)
    ]  # fmt: skip
    usage.record_calls(service.db, context(), customer, made_calls, RETAINED)
    return store.meter.write_units / CALLS


MEASURES: Final[tuple[Callable[[], list[Budget]], ...]] = (write_units, repeated, reading, bulk, simulation, calls)
