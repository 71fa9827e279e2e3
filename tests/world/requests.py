"""What people and systems ask of a world: each function draws one request, or None when there is nothing to ask it of.

A request is work that takes an `RequestContext`. Those with an Idempotency-Key keep their id and day when they are sent again.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.charging import KIND_ORDER
from chalicelib.domain.crediting import CreditRequest
from chalicelib.domain.deciding import IfCharged, RunRequest
from chalicelib.domain.minutes import Call
from chalicelib.domain.one_off import OneOffRequest
from chalicelib.domain.package import PRICE_FIELDS, Package, PriceList
from chalicelib.usecases import assigning, assignments, crediting, customers, one_off, packages, prices, replacements, usage
from chalicelib.usecases.request_context import RequestContext
from chalicelib.usecases.runs import daily, on_demand, reports, reversal
from tests.harness import RETAINED

from .watch import text

if TYPE_CHECKING:
    from .simulation import World

DIDS: Final = ("4420", "4421")
TRANSFERRED_MAX: Final = 24
CHARGED: Final = tuple(f"{order}-{kind}" for kind, order in KIND_ORDER.items())
"""How the keys of charges name their kinds."""


class Request(NamedTuple):
    """`keyed`: sent again with the same id and day; else as a new request of its moment. `reads`: it may write nothing."""

    name: str
    work: Callable[[RequestContext], Any]
    keyed: bool = False
    reads: bool = False


def days_from(day: date, offset: int) -> date:
    return day + timedelta(days=offset)


def create(world: "World") -> Request:
    """Assign a package."""
    package, start = world.a_package(), world.near(-3, 2)
    ends = days_from(start, world.pick((0, 1, 2, 4))) if world.perhaps(0.3) else None
    draft = Assignment(
        world.a_customer(),
        "",
        package,
        start,
        did=world.pick(DIDS) if world.perhaps(0.3) else None,
        quantity=world.pick((1, 1, 2)),
        end_date=ends,
        auto_decrement_credit=world.perhaps(0.7),
        free_minutes=world.pick((1, 2)) if world.gives_minutes(package) else None,
        charge_from=days_from(start, world.pick((1, 3))) if world.perhaps(0.15) else None,
        terms=(_pause(world, start),) if world.perhaps(0.2) else (),
    )
    confirmed = world.perhaps(0.9)
    return Request("create", lambda context: assigning.create_assignment(world.db, context, draft, None, confirmed), keyed=True)


def _pause(world: "World", start: date) -> TermsEntry:
    begins = days_from(start, world.pick((1, 2, 4)))
    return TermsEntry(begins, days_from(begins, world.pick((0, 1, 3))), {"paused": True})


def change(world: "World") -> Request | None:
    """Edit an assignment."""
    ids = world.an_assignment()
    if ids is None:
        return None
    name, value = world.pick(
        (
            ("quantity", world.pick((1, 2, 3))),
            ("end_date", world.near(-1, 3)),
            ("end_date", None),
            ("start_date", world.near(-2, 3)),
            ("charge_from", world.near(-2, 2)),
            ("auto_decrement_credit", world.perhaps(0.5)),
            ("free_minutes", world.pick((1, 2, 3))),
        )
    )
    return Request(f"change {name}", lambda context: assignments.change_assignment(world.db, context, ids, None, _edit(name, value), True))


def change_ahead(world: "World") -> Request | None:
    """Move an end or a start around days after today that are evaluated already."""
    ids = world.an_assignment() if world.profile.ahead else None
    if ids is None:
        return None
    name = world.pick(("end_date", "end_date", "start_date", "charge_from"))
    value = None if name == "end_date" and world.perhaps(0.3) else world.near(0, world.profile.ahead + 1)
    return Request(
        f"change {name} ahead", lambda context: assignments.change_assignment(world.db, context, ids, None, _edit(name, value), True)
    )


def _edit(name: str, value: object) -> Callable[[Assignment], Assignment]:
    def edit(one: Assignment) -> Assignment:
        new = one._replace(**{name: value})  # type: ignore[arg-type]
        return one if new.end_date and new.end_date < new.start_date else new

    return edit


def end(world: "World") -> Request | None:
    """Delete an assignment."""
    ids = world.an_assignment()
    return Request("end", lambda context: assignments.delete_assignment(world.db, context, ids, None)) if ids else None


def pay(world: "World") -> Request:
    """Book a payment or a correction."""
    customer, amount = world.a_customer(), Decimal(world.pick(("5", "10", "2.5", "-4")))
    return Request("pay", lambda context: customers.book_payment(world.db, context, customer, amount, "sim"), keyed=True)


def set_limit(world: "World") -> Request:
    """Move a debit limit, and give the customer another name."""
    customer, limit = world.a_customer(), world.pick((None, Decimal(0), Decimal(4), Decimal(12)))

    def edit(old: Account) -> Account:
        return old._replace(debit_limit=limit, name="" if limit is None else f"Limit {limit} of {customer}")

    return Request("set limit", lambda context: customers.change_customer(world.db, context, customer, None, edit))


def record_calls(world: "World") -> Request:
    """Tell of calls; some ids come twice."""
    customer = world.a_customer()
    calls = tuple(dict.fromkeys(_call(world, customer) for _ in range(world.pick((1, 2, 3)))))
    return Request("usage", lambda context: usage.record_calls(world.db, context, customer, calls, RETAINED))


def _call(world: "World", customer: str) -> Call:
    """A call; its content follows from its id."""
    world.called += 0 if world.called and world.perhaps(0.2) else 1
    number, day = world.called, world.first_day + timedelta(days=world.called % 3)
    started = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).isoformat()
    did = DIDS[number % 2] if number % 3 == 0 else None
    return Call(
        f"call-{number}", started, day, ("441", "12", "33")[number % 3], (30, 45, 100, 200)[number % 4], Decimal(number % 5) / 4, did
    )


def run_customer(world: "World") -> Request:
    """Run Package for one customer, live."""
    return _run(world, world.a_customer())


def run_everybody(world: "World") -> Request:
    """Run Package for all customers, live."""
    return _run(world, None)


def _run(world: "World", customer: str | None) -> Request:
    again: IfCharged = "charge_again" if world.perhaps(0.4) else "skip"
    return _run_on(world, customer, world.near(-2, 1), again)


def _run_on(world: "World", customer: str | None, day: date, again: IfCharged, revive: bool = False) -> Request:
    return Request(
        "run package",
        lambda context: _run_live(world, context, RunRequest(customer, day, again, context.id, revive)),
        keyed=True,
    )


def _run_live(world: "World", context: RequestContext, asked: RunRequest) -> on_demand.LiveRun:
    world.watch.asked(asked.run_id)
    return on_demand.run_live(world.services, context, asked)


def run_again(world: "World") -> Request | None:
    """Run Package, live, of a date on which something was voided or written off: it is charged anew, unless it stands by now."""
    fallen = [item for item in world.store.items("ledger") if "voided" in item or text(item, "status") == "cancelled"]
    if not fallen:
        return None
    item = world.pick(fallen)
    customer = item["pk"]["S"] if world.perhaps(0.8) else None
    again: IfCharged = "charge_again" if world.perhaps(0.2) else "skip"
    return _run_on(world, customer, date.fromisoformat(item["sk"]["S"].partition("~")[0]), again, world.perhaps(0.6))


def carry_on(world: "World") -> Request | None:
    """The queue's message for a run of one customer, beside whoever carries it out already."""
    run = world.a_run()
    return Request("carry on", lambda context: world.send([{"kind": "customer_run", "run_id": run}])) if run else None


def reverse(world: "World") -> Request | None:
    """Reverse a Run Package, mostly one that posted something."""
    posted = [str(text(item, "run")) for item in world.store.items("ledger") if item["sk"]["S"].split("~")[1] in CHARGED]
    fruitful = [run_id for run_id in posted if world.watch.runs.get(run_id) == "package"]
    run = world.pick(fruitful) if fruitful and world.perhaps(0.8) else world.a_run()
    return Request("reverse", lambda context: reversal.reverse(world.services, context, run), keyed=True) if run else None


def credit(world: "World") -> Request | None:
    """Credit an entry, mostly a charge, some to be charged anew; more than one may want what is left."""
    known = [place for place, status in world.watch.statuses.items() if status == "posted" or world.perhaps(0.1)]
    charges = [place for place in known if place[1].split("~")[1] in CHARGED]
    if not known:
        return None
    customer, key = world.pick(charges[-4:] if charges and world.perhaps(0.95) else known)
    whole = world.perhaps(0.5)
    asked = CreditRequest(
        "sim",
        None if whole else Decimal(world.pick(("0.5", "1", "2", "3.5"))),
        None if whole or world.perhaps(0.7) else Decimal(world.pick(("0", "0.25", "1"))),
        whole and world.perhaps(0.6),
    )
    return Request("credit", lambda context: crediting.give_credit(world.db, context, customer, f"{customer}~{key}", asked), keyed=True)


def charge_one_off(world: "World") -> Request:
    """Charge a customer for what no package makes."""
    customer = world.a_customer()
    asked = OneOffRequest(
        "Visit",
        world.near(-2, 1),
        retail=Decimal(world.pick(("0", "0.75", "3"))),
        cost=Decimal(world.pick(("0.1", "1"))),
        quantity=world.pick((1, 1, 3)),
        auto_decrement_credit=world.perhaps(0.7),
    )
    return Request("charge one-off", lambda context: one_off.charge_one_off(world.db, context, customer, asked), keyed=True)


def adjust(world: "World") -> Request:
    """Move a balance, up or down."""
    customer, amount = world.a_customer(), Decimal(world.pick(("3", "-1.5", "0.25")))
    return Request("adjust", lambda context: customers.book_adjustment(world.db, context, customer, amount, "sim"), keyed=True)


def cancel_held(world: "World") -> Request | None:
    """Write off a held charge."""
    held = [item for item in world.store.items("ledger") if text(item, "status") == "held"]
    if not held:
        return None
    item = world.pick(held)
    entry = f"{item['pk']['S']}~{item['sk']['S']}"
    return Request("cancel held", lambda context: customers.write_off(world.db, context, entry))


def price(world: "World") -> Request:
    """Change a price that is not zero."""
    package, factor = world.a_package(), world.pick((Decimal(2), Decimal("0.5")))
    name = world.pick(("cost", "retail", "setup_retail"))

    def edit(old: Package) -> Package:
        return old._replace(**{name: getattr(old, name) * factor}) if getattr(old, name) < 100 else old

    return Request("price", lambda context: packages.change_package(world.db, context, package, None, edit))


def put_prices(world: "World") -> Request:
    """Enter a price list, mostly of a coming day."""
    package, begins, existing = world.a_package(), world.near(-1, 4), world.perhaps(0.7)
    changed = world.chance.sample(PRICE_FIELDS, world.pick((1, 2)))
    named: dict[str, Any] = {name: Decimal(world.pick(("0", "1", "2.25", "7"))) for name in changed}
    new = PriceList(begins, existing, **named)
    return Request("put prices", lambda context: prices.write_price_list(world.db, context, package, None, new, correct=False))


def remove_prices(world: "World") -> Request:
    """Remove a price list, if there is one of that day."""
    package, begins = world.a_package(), world.near(0, 4)
    return Request("remove prices", lambda context: prices.remove_price_list(world.db, context, package, None, begins))


def put_terms(world: "World") -> Request | None:
    """Enter terms, mostly of a coming day, some until a day."""
    ids = world.an_assignment()
    if ids is None:
        return None
    begins = world.near(-1, 4)
    until = days_from(begins, world.pick((0, 1, 3, 9))) if world.perhaps(0.5) else None
    drawn: dict[str, Any] = {
        "quantity": world.pick((1, 2, 3)), "retail": world.pick((None, Decimal("1.5"), Decimal(6))),
        "cost": world.pick((None, Decimal("0.5"))),
        "discount": world.pick((Decimal(0), Decimal(10), Decimal("33.3333"), Decimal(100))), "paused": world.perhaps(0.7),
        "auto_decrement_credit": world.perhaps(0.5),
    }  # fmt: skip
    if world.gives_minutes(str(text(world.watch.assignments[ids][-1], "package"))):
        drawn["free_minutes"] = world.pick((1, 2, 3))
    values = {name: drawn[name] for name in world.chance.sample(sorted(drawn), world.pick((1, 1, 2)))}
    entry = TermsEntry(begins, until, values)
    return Request("put terms", lambda context: assignments.write_terms(world.db, context, ids, None, entry, True, correct=False))


def remove_terms(world: "World") -> Request | None:
    """Remove terms, if some begin on that day."""
    ids, begins = world.an_assignment(), world.near(0, 4)
    return Request("remove terms", lambda context: assignments.remove_terms(world.db, context, ids, None, begins)) if ids else None


def replace(world: "World") -> Request | None:
    """Replace an assignment, by its own package or another, mostly from a coming day on."""
    ids, package, begins = world.an_assignment(), world.a_package(), world.near(-1, 4)
    if ids is None:
        return None
    own = str(text(world.watch.assignments[ids][-1], "package"))
    package = own if world.perhaps(0.5) else package
    drawn: dict[str, Any] = {
        "quantity": world.pick((1, 2, 3)), "discount": world.pick((Decimal(0), Decimal(10))), "retail": world.pick((None, Decimal("1.5"))),
        "end_date": world.pick((None, days_from(begins, 2))), "setup_retail": Decimal(0),
    }  # fmt: skip
    given = {name: drawn[name] for name in world.chance.sample(sorted(drawn), world.pick((0, 1, 2)))}
    given |= {"free_minutes": world.pick((1, 2))} if world.gives_minutes(package) and not world.gives_minutes(own) else {}
    successor = replacements.Successor(package, begins, given)
    return Request("replace", lambda context: replacements.replace(world.db, context, ids, None, successor, dry_run=False), keyed=True)


def transfer(world: "World") -> Request:
    """Give a DID to another customer, mostly from a coming day on."""
    did, to, begins = world.pick(DIDS), world.a_customer(), world.near(-1, 4)

    def work(context: RequestContext) -> Any:
        new_ids = [f"{context.id}-{number}" for number in range(TRANSFERRED_MAX)]
        return replacements.transfer(world.db, context, did, (to, begins), new_ids, dry_run=False)

    return Request("transfer", work, keyed=True)


def reshape(world: "World") -> Request:
    """Change what is fixed while a package is in use."""
    package, other = world.a_package(), world.draw_package()
    names = world.pick((("frequency", "frequency_match", "minimum_spend", "proration"), ("type", "destination"), ("currency",)))
    new = {name: getattr(other, name) for name in names}
    return Request(
        f"reshape {names[0]}", lambda context: packages.change_package(world.db, context, package, None, lambda old: old._replace(**new))
    )


def withdraw(world: "World") -> Request:
    """Delete a package."""
    package = world.a_package()
    return Request("delete package", lambda context: packages.delete_package(world.db, context, package, None))


def remove_customer(world: "World") -> Request:
    """Delete a customer, which most have too much history for."""
    customer = world.a_customer()
    return Request("delete customer", lambda context: customers.delete_customer(world.db, context, customer, None))


def unpark(world: "World") -> Request:
    """Unpark a customer, parked or not."""
    customer = world.a_customer()
    return Request("unpark", lambda context: customers.unpark_customer(world.db, context, customer))


def simulate(world: "World") -> Request:
    """Simulate for one customer or for all."""
    customer, day = world.a_customer() if world.perhaps(0.7) else None, world.near(-2, 3)
    simulated: Any = on_demand.simulate_customer if customer else reports.simulate_all
    return Request(
        "simulate", lambda context: simulated(world.db, context, RunRequest(customer, day, "charge_again", context.id)), reads=True
    )


def evaluate(world: "World") -> Request:
    """Begin a day's evaluation, by the schedule or by hand."""
    day = world.near(-1, world.profile.ahead)
    return Request("evaluate", lambda context: daily.start_evaluation(world.services, context, day, allow_future=True))


DRAWN: Final[dict[Callable[["World"], Request | None], int]] = {
    create: 6, change: 5, change_ahead: 8, end: 2, pay: 3, set_limit: 2, record_calls: 4, run_customer: 3, run_everybody: 1, carry_on: 1,
    reverse: 4,
    run_again: 4, credit: 4, charge_one_off: 2, adjust: 1, cancel_held: 2, price: 2, put_prices: 4, remove_prices: 1, put_terms: 8,
    remove_terms: 1, reshape: 2, withdraw: 1, remove_customer: 1, unpark: 1, simulate: 1, evaluate: 3,
}  # fmt: skip
"""How often each is drawn."""
BOOKS: Final[dict[Callable[["World"], Request | None], int]] = {
    run_customer: 5, reverse: 8, run_again: 9, credit: 10, charge_one_off: 4, cancel_held: 2,
}  # fmt: skip
"""How much more often these are drawn in worlds that are about what becomes of charges."""
HANDOVERS: Final[dict[Callable[["World"], Request | None], int]] = {replace: 10, transfer: 8, end: 4}
"""What is drawn besides in worlds in which assignments go on as others."""
