"""The sample provider, read from `provider.yaml`, and the API requests that set it up.

The file is read as text throughout (YAML's base schema): an amount such as 0.9875 never passes through a
float. Mistakes in it are answered with the place and the field, because it is meant to be edited.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from demo.changes import PRICES, Change, read_changes
from demo.fields import BadProviderError, Fields, read_fields
from demo.traffic import CallPlan, Destination, Traffic, read_call_plan, read_destination, read_traffic

SAMPLE = Path(__file__).with_name("provider.yaml")
"""The sample that the demo loads."""

Body = dict[str, object]
"""A JSON request body: amounts are decimal strings, dates `YYYY-MM-DD`."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """One package; amounts are unit prices in `currency`, `cost` the provider's, `retail` the customer's.

    `prices` are the later price lists.
    """

    key: str
    name: str
    currency: str
    frequency: str
    frequency_match: tuple[str, ...]
    cost: Decimal
    retail: Decimal
    setup_cost: Decimal
    setup_retail: Decimal
    connexcs_package: str | None
    minimum_days: int
    type: str = "standard"
    destination: str = ""
    minimum_spend: bool = False
    every: int = 1
    proration: str = "none"
    account_code: str | None = None
    tax_code: str | None = None
    prices: tuple[Change, ...] = ()

    def request(self) -> Body:
        """The body of `POST /packages`."""
        match: list[object] = [int(m) if m.isdigit() else m for m in self.frequency_match]
        body: Body = {"name": self.name, "currency": self.currency, "frequency": self.frequency}
        body |= {field: str(getattr(self, field)) for field in PRICES}
        optional = {
            "frequency_match": match,
            "connexcs_package": self.connexcs_package,
            "minimum_days": self.minimum_days,
            "type": self.type,
            "destination": self.destination,
            "minimum_spend": self.minimum_spend,
            "every": self.every if self.every > 1 else None,
            "proration": self.proration if self.proration != "none" else None,
            "account_code": self.account_code,
            "tax_code": self.tax_code,
        }
        return body | {field: value for field, value in optional.items() if value}


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One package given to one customer; `start_date` and `end_date` are both charged days.

    Own prices of None are the package's; `discount` is in percent; `terms` are what changes later. What goes on from another
    assignment has its due dates `counted_from` the start of that one.
    """

    package: Package
    did: str | None
    quantity: int
    start_date: date
    end_date: date | None
    charge_from: date | None
    auto_decrement_credit: bool
    free_minutes: int = 0
    retail: Decimal | None = None
    cost: Decimal | None = None
    setup_retail: Decimal | None = None
    setup_cost: Decimal | None = None
    discount: Decimal = Decimal(0)
    terms: tuple[Change, ...] = ()
    counted_from: date | None = None

    def request(self, *, package_id: str) -> Body:
        """The body of `POST /customers/{id}/assignments`; `package_id` is the service's id."""
        body: Body = {"package_id": package_id, "quantity": self.quantity, "start_date": self.start_date.isoformat()}
        if self.auto_decrement_credit:
            body["auto_decrement_credit"] = True
        if self.free_minutes:
            body["free_minutes"] = self.free_minutes
        dates = {"end_date": self.end_date, "charge_from": self.charge_from}
        body |= {field: day.isoformat() for field, day in dates.items() if day}
        body |= {field: str(own) for field in PRICES if (own := getattr(self, field)) is not None}
        if self.discount:
            body["discount"] = str(self.discount)
        if self.terms:
            body["terms"] = [{"from": change.begins.isoformat()} | change.request() for change in self.terms]
        return body | ({"did": self.did} if self.did else {})


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Who is charged; `prepaid` is paid in before the first charge, no `debit_limit` is no limit, no `traffic` no calls."""

    id: str
    name: str
    currency: str
    prepaid: Decimal
    debit_limit: Decimal | None
    assignments: tuple[Assignment, ...]
    traffic: Traffic | None = None

    def request(self) -> Body:
        """The body of `PUT /customers/{id}`."""
        body: Body = {"name": self.name, "currency": self.currency}
        return body | ({} if self.debit_limit is None else {"debit_limit": str(self.debit_limit)})


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A payment that the story makes on the evening of `day`, after that day's evaluation."""

    customer: str
    day: date
    amount: Decimal
    reference: str


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """The number `did`, which is `customer`'s from `day` on."""

    did: str
    customer: str
    day: date


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happens when; all days are included. `report_day` comes after `last_day`."""

    first_day: date
    last_day: date
    outage_first_day: date
    outage_last_day: date
    payment: Payment
    calls: CallPlan
    transfer: Transfer
    report_customer: str
    report_day: date


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Everything in the file, checked for what this demo needs of it; the service checks the rest."""

    packages: tuple[Package, ...]
    customers: tuple[Customer, ...]
    story: Story

    def customer(self, customer_id: str) -> Customer:
        """The customer of that id; `BadProviderError` when the file has none."""
        for customer in self.customers:
            if customer.id == customer_id:
                return customer
        raise BadProviderError(f"customers: there is no {customer_id}")


def load(path: Path = SAMPLE) -> Provider:
    """Read a provider file; `BadProviderError` names what is wrong with it."""
    root = read_fields(path)
    packages = {key: _package(key, raw) for key, raw in root.mapping("packages").items()}
    destinations = {key: read_destination(key, raw) for key, raw in root.mapping("destinations").items()}
    customers = tuple(_customer(raw, packages, destinations) for raw in root.sequence("customers"))
    provider = Provider(packages=tuple(packages.values()), customers=customers, story=_story(root.fields("story")))
    root.finish()
    _check(provider)
    return provider


def _package(key: str, raw: object) -> Package:
    fields = Fields(raw, f"package {key}")
    match = fields.sequence("frequency_match") if fields.has("frequency_match") else []
    package = Package(
        key=key,
        name=fields.text("name"),
        currency=fields.text("currency"),
        frequency=fields.text("frequency", "none"),
        frequency_match=tuple(str(m) for m in match),
        cost=fields.amount("cost", "0"),
        retail=fields.amount("retail", "0"),
        setup_cost=fields.amount("setup_cost", "0"),
        setup_retail=fields.amount("setup_retail", "0"),
        connexcs_package=fields.optional("connexcs_package"),
        minimum_days=fields.whole("minimum_days", "0"),
        type=fields.text("type", "standard"),
        destination=fields.text("destination", ""),
        minimum_spend=fields.flag("minimum_spend"),
        every=fields.whole("every", "1"),
        proration=fields.text("proration", "none"),
        account_code=fields.optional("account_code"),
        tax_code=fields.optional("tax_code"),
        prices=read_changes(fields, "prices", key),
    )
    fields.finish()
    return package


def _customer(raw: object, packages: Mapping[str, Package], destinations: Mapping[str, Destination]) -> Customer:
    fields = Fields(raw, "customer")
    customer_id = fields.text("id")
    account = Fields(fields.mapping("account"), f"customer {customer_id}")
    currency, where = account.text("currency"), f"calls of {customer_id}"
    customer = Customer(
        id=customer_id,
        name=account.text("name"),
        currency=currency,
        prepaid=account.amount("prepaid", "0"),
        debit_limit=account.amount("debit_limit") if account.has("debit_limit") else None,
        assignments=tuple(_assignment(item, customer_id, packages) for item in fields.sequence("assignments")),
        traffic=read_traffic(Fields(fields.mapping("calls"), where), where, currency, destinations) if fields.has("calls") else None,
    )
    account.finish()
    fields.finish()
    return customer


def _assignment(raw: object, customer_id: str, packages: Mapping[str, Package]) -> Assignment:
    fields = Fields(raw, f"assignment of {customer_id}")
    key = fields.text("package")
    if key not in packages:
        raise BadProviderError(f"assignment of {customer_id}: there is no package {key}")
    assignment = Assignment(
        package=packages[key],
        did=fields.optional("did"),
        quantity=fields.whole("quantity", "1"),
        start_date=fields.day("start_date"),
        end_date=fields.optional_day("end_date"),
        charge_from=fields.optional_day("charge_from"),
        auto_decrement_credit=fields.flag("auto_decrement_credit"),
        free_minutes=fields.whole("free_minutes", "0"),
        discount=fields.amount("discount", "0"),
        terms=read_changes(fields, "terms", f"an assignment of {customer_id}"),
        counted_from=None,
        **{name: fields.optional_amount(name) for name in PRICES},
    )
    fields.finish()
    return assignment


def _story(fields: Fields) -> Story:
    outage, payment, transfer, report = (fields.fields(name) for name in ("outage", "payment", "transfer", "run_package"))
    story = Story(
        first_day=fields.day("first_day"),
        last_day=fields.day("last_day"),
        outage_first_day=outage.day("first_day"),
        outage_last_day=outage.day("last_day"),
        payment=Payment(
            customer=payment.text("customer"),
            day=payment.day("on"),
            amount=payment.amount("amount"),
            reference=payment.text("reference"),
        ),
        calls=read_call_plan(fields.fields("calls")),
        transfer=Transfer(did=transfer.text("did"), customer=transfer.text("customer"), day=transfer.day("on")),
        report_customer=report.text("customer"),
        report_day=report.day("date"),
    )
    for part in (fields, outage, payment, transfer, report):
        part.finish()
    return story


def _check(provider: Provider) -> None:
    """What the story itself relies on; prices, matches and the like are the service's to judge."""
    story = provider.story
    days = [story.first_day, story.payment.day, story.outage_first_day, story.outage_last_day, story.last_day]
    if not days[0] <= days[1] < days[2] - timedelta(days=1) <= days[3] < days[4]:
        raise BadProviderError("story: first_day, payment, a day, outage, last_day must follow each other in this order")
    if not (days[0] <= story.calls.first_day and days[3] < story.calls.last_day < days[4]):
        raise BadProviderError("story: calls begin with first_day or later, and end after the outage and before last_day")
    if not story.calls.last_day + timedelta(days=1) < story.transfer.day <= story.last_day:
        raise BadProviderError("story: the transfer comes after the run that follows the calls, and not after last_day")
    if story.report_day <= story.last_day:
        raise BadProviderError("story: run_package needs a date after last_day")
    ids = [customer.id for customer in provider.customers]
    for twice in (key for i, key in enumerate(ids) if key in ids[:i]):
        raise BadProviderError(f"customers: {twice} stands there twice")
    provider.customer(story.payment.customer)
    provider.customer(story.calls.queue_customer)
    provider.customer(story.transfer.customer)
    provider.customer(story.report_customer)
    for customer in provider.customers:
        _check_starts(customer, story.first_day)


def _check_starts(customer: Customer, first_day: date) -> None:
    """Before the first run there is no catching up, so nothing may fall due before the story begins."""
    for assignment in customer.assignments:
        if max(assignment.start_date, assignment.charge_from or assignment.start_date) < first_day:
            raise BadProviderError(
                f"assignment of {customer.id}: {assignment.package.key} starts before the story; give it charge_from: {first_day}"
            )
