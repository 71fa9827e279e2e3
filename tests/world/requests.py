"""What people and systems ask of a world: each function draws one request, or None when there is nothing to ask it of.

A request is work that takes an `Act`. Those with an Idempotency-Key keep their id and day when they are sent again.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.minutes import Call
from chalicelib.domain.package import Package
from chalicelib.domain.run import IfCharged
from chalicelib.usecases import assignments, customers, daily_run, packages, reversal, run_all, run_package, usage
from chalicelib.usecases.act import Act
from chalicelib.usecases.look import Ask

from .watch import text

if TYPE_CHECKING:
    from .simulation import World

RETAINED: Final = timedelta(days=400)
DIDS: Final = ("4420", "4421")


class Request(NamedTuple):
    """`keyed`: sent again with the same id and day; else as a new request of its moment. `reads`: it may write nothing."""

    name: str
    work: Callable[[Act], Any]
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
    )
    confirmed = world.perhaps(0.9)
    return Request("create", lambda act: assignments.create(world.db, act, draft, None, confirmed), keyed=True)


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
    return Request(f"change {name}", lambda act: assignments.change(world.db, act, ids, None, _edit(name, value), True))


def change_ahead(world: "World") -> Request | None:
    """Move an end or a start around days after today that are evaluated already."""
    ids = world.an_assignment() if world.profile.ahead else None
    if ids is None:
        return None
    name = world.pick(("end_date", "end_date", "start_date", "charge_from"))
    value = None if name == "end_date" and world.perhaps(0.3) else world.near(0, world.profile.ahead + 1)
    return Request(f"change {name} ahead", lambda act: assignments.change(world.db, act, ids, None, _edit(name, value), True))


def _edit(name: str, value: object) -> Callable[[Assignment], Assignment]:
    def edit(one: Assignment) -> Assignment:
        new = one._replace(**{name: value})  # type: ignore[arg-type]
        return one if new.end_date and new.end_date < new.start_date else new

    return edit


def end(world: "World") -> Request | None:
    """Delete an assignment."""
    ids = world.an_assignment()
    return Request("end", lambda act: assignments.end(world.db, act, ids, None)) if ids else None


def pay(world: "World") -> Request:
    """Book a payment or a correction."""
    customer, amount = world.a_customer(), Decimal(world.pick(("5", "10", "2.5", "-4")))
    return Request("pay", lambda act: customers.pay(world.db, act, customer, amount, "sim"), keyed=True)


def set_limit(world: "World") -> Request:
    """Move a debit limit."""
    customer, limit = world.a_customer(), world.pick((None, Decimal(0), Decimal(4), Decimal(12)))

    def edit(old: Account) -> Account:
        return old._replace(debit_limit=limit)

    return Request("set limit", lambda act: customers.change(world.db, act, customer, None, edit))


def record_calls(world: "World") -> Request:
    """Tell of calls; some ids come twice."""
    customer = world.a_customer()
    calls = tuple(dict.fromkeys(_call(world, customer) for _ in range(world.pick((1, 2, 3)))))
    return Request("usage", lambda act: usage.record(world.db, act, customer, calls, RETAINED))


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
    day = world.near(-2, 1)
    again: IfCharged = "charge_again" if world.perhaps(0.4) else "skip"
    return Request("run package", lambda act: run_package.live(world.services, act, Ask(customer, day, again, act.id)), keyed=True)


def carry_on(world: "World") -> Request | None:
    """The queue's message for a run of one customer, beside whoever carries it out already."""
    run = world.a_run()
    return Request("carry on", lambda act: world.send([{"kind": "customer_run", "run_id": run}])) if run else None


def reverse(world: "World") -> Request | None:
    """Reverse a Run Package."""
    run = world.a_run()
    return Request("reverse", lambda act: reversal.reverse(world.services, act, run), keyed=True) if run else None


def cancel_held(world: "World") -> Request | None:
    """Write off a held charge."""
    held = [item for item in world.store.items("ledger") if text(item, "status") == "held"]
    if not held:
        return None
    item = world.pick(held)
    entry = f"{item['pk']['S']}~{item['sk']['S']}"
    return Request("cancel held", lambda act: customers.cancel_held(world.db, act, entry))


def price(world: "World") -> Request:
    """Change a price that is not zero."""
    package, factor = world.a_package(), world.pick((Decimal(2), Decimal("0.5")))
    name = world.pick(("cost", "retail", "setup_retail"))

    def edit(old: Package) -> Package:
        return old._replace(**{name: getattr(old, name) * factor}) if getattr(old, name) < 100 else old

    return Request("price", lambda act: packages.change(world.db, act, package, None, edit))


def reshape(world: "World") -> Request:
    """Change what is fixed while a package is in use."""
    package, other = world.a_package(), world.draw_package()
    names = world.pick((("frequency", "frequency_match", "minimum_spend"), ("type", "destination"), ("currency",)))
    new = {name: getattr(other, name) for name in names}
    return Request(f"reshape {names[0]}", lambda act: packages.change(world.db, act, package, None, lambda old: old._replace(**new)))


def withdraw(world: "World") -> Request:
    """Delete a package."""
    package = world.a_package()
    return Request("delete package", lambda act: packages.delete(world.db, act, package, None))


def remove_customer(world: "World") -> Request:
    """Delete a customer, which most have too much history for."""
    customer = world.a_customer()
    return Request("delete customer", lambda act: customers.delete(world.db, customer, None))


def unpark(world: "World") -> Request:
    """Unpark a customer, parked or not."""
    customer = world.a_customer()
    return Request("unpark", lambda act: customers.unpark(world.db, act, customer))


def simulate(world: "World") -> Request:
    """Simulate for one customer or for all."""
    customer, day = world.a_customer() if world.perhaps(0.7) else None, world.near(-2, 3)
    module: Any = run_package if customer else run_all
    return Request("simulate", lambda act: module.simulate(world.db, act, Ask(customer, day, "charge_again", act.id)), reads=True)


def evaluate(world: "World") -> Request:
    """Begin a day's evaluation, by the schedule or by hand."""
    day = world.near(-1, world.profile.ahead)
    return Request("evaluate", lambda act: daily_run.start(world.services, act, day, allow_future=True))


DRAWN: Final[dict[Callable[["World"], Request | None], int]] = {
    create: 6, change: 5, change_ahead: 8, end: 2, pay: 3, set_limit: 2, record_calls: 4, run_customer: 3, run_everybody: 1, carry_on: 1,
    reverse: 2, cancel_held: 2, price: 2, reshape: 2, withdraw: 1, remove_customer: 1, unpark: 1, simulate: 1, evaluate: 3,
}  # fmt: skip
"""How often each is drawn."""
