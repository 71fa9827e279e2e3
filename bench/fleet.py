"""Providers of any size, in the state that a service is in on most days: everything was evaluated through yesterday.

One customer with one assignment is made by the use cases and charged once; the others are copies under ids of their own,
so that items have the size that real ones have.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.package import Package
from chalicelib.domain.progress import Sweep
from chalicelib.storage import accounts, assignments, packages, progress
from chalicelib.storage.keys import TABLES
from chalicelib.usecases import assigning, customers
from chalicelib.usecases import packages as pricing
from tests.world.dynamodb import DynamoDb

from .service import DAY, YESTERDAY, Service, context

PACKAGES: Final = 40
_MONTH_DAYS: Final = [day for day in range(1, 29) if day != DAY.day]


class Fleet(NamedTuple):
    """So many assignments, `each` to a customer, of which the first `due` of every hundred are due today.

    `new`: nothing was charged yet and everything starts today. `minimum`: a minimum spend for each customer.
    """

    assignments: int
    due: int = 100
    each: int = 10
    debits: bool = False
    new: bool = False
    minimum: bool = False

    @property
    def customers(self) -> int:
        """How many customers."""
        return -(-self.assignments // self.each)

    @property
    def charges(self) -> int:
        """How many charges are due today."""
        whole, rest = divmod(self.assignments, 100)
        return (whole * self.due + min(rest, self.due)) * (2 if self.new else 1)


class Prototype(NamedTuple):
    """A customer and an assignment as use cases leave them, before or after the first charge."""

    account: Account
    assignment: Assignment


def prototype(*, debits: bool, new: bool) -> Prototype:
    """Made by the use cases in a store of its own."""
    service = Service(DynamoDb(TABLES))
    db, made = service.db, context(YESTERDAY)
    customers.write_customer(db, made, made.id, None, lambda _: Account(made.id, "USD", "A customer of the usual kind", Decimal(1_000_000)))
    sold = pricing.create_package(
        db, made, _package(0, setup=new, minimum=False)._replace(package_id="", frequency="daily", frequency_match=())
    )
    begins = DAY if new else YESTERDAY
    draft = Assignment(made.id, "", sold.package_id, begins, "15550000000", 3, auto_decrement_credit=debits)
    assigning.create_assignment(db, context(YESTERDAY - timedelta(days=1)), draft, None, False)
    if not new:
        service.evaluate(YESTERDAY)
    account, found = assignments.of_customer(db, made.id)
    if account is None:
        raise LookupError(made.id)
    return Prototype(account, found[0])


def _package(number: int, *, setup: bool, minimum: bool) -> Package:
    """Package 0 is due today, the others on the other days of a month."""
    day = _MONTH_DAYS[number % len(_MONTH_DAYS)] if number else DAY.day
    return Package(
        f"{number:026}", f"Hosted phone system, per seat {number}", "USD", cost=Decimal("4.25"), retail=Decimal("9.95"),
        setup_retail=Decimal(25 if setup else 0), frequency="monthly", frequency_match=(day,), minimum_spend=minimum,
    )  # fmt: skip


def catalog(store: DynamoDb, fleet: Fleet) -> None:
    """Put the packages into a store."""
    for number in range(PACKAGES):
        sold = _package(number, setup=fleet.new, minimum=fleet.minimum)
        store.put_item(**packages.create_package(sold)["Put"])


def evaluated(service: Service) -> None:
    """Note that everything is evaluated through yesterday."""
    sweep = Sweep(YESTERDAY, YESTERDAY)
    progress.start_sweep(service.db, sweep, None)
    for segment in range(service.segments):
        progress.finish_sweep(service.db, segment, service.segments, sweep)


def load(store: DynamoDb, fleet: Fleet, made: Prototype, *, share: tuple[int, int] = (0, 1), terms: tuple[TermsEntry, ...] = ()) -> int:
    """Put part n of m of the customers and their assignments into a store, every second one with some terms; how many charges are due on
    them today."""
    part, parts = share
    due = 0
    for customer in range(part, fleet.customers, parts):
        given = list(_given(fleet, made, customer))
        account = made.account._replace(customer_id=f"{customer:026}", assignments=len(given))
        store.put_item(**accounts.create_account(account)["Put"])
        for number, one in enumerate(given):
            one = one._replace(terms=terms) if number % 2 else one  # noqa: PLW2901
            store.put_item(**assignments.create_assignment(one)["Put"])
        due += sum(one.package_id == f"{0:026}" for one in given)
    return due * (2 if fleet.new else 1)


def _given(fleet: Fleet, made: Prototype, customer: int) -> Iterator[Assignment]:
    for number in range(customer * fleet.each, min((customer + 1) * fleet.each, fleet.assignments)):
        package = 0 if number % 100 < fleet.due else 1 + number % (PACKAGES - 1)
        yield made.assignment._replace(
            customer_id=f"{customer:026}",
            assignment_id=f"{number:026}",
            package_id=f"{package:026}",
            did=None if fleet.minimum else f"1555{number:07}",
            start_date=_start(fleet, number),
        )


def _start(fleet: Fleet, number: int) -> date:
    """Spread over two years; on the day of the month that is charged, so that a minimum spend has whole periods."""
    return DAY if fleet.new else date(2029 + number % 2, 1 + number % 12, DAY.day)
