"""Parked customers (rules 5): charged by nobody until somebody unparks them, and nothing is lost."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import Conflict
from chalicelib.domain.package import Package
from chalicelib.domain.record import RunRecord
from chalicelib.domain.schedule import DAY
from chalicelib.storage import accounts, assignments, keys, ledger, runs
from chalicelib.storage.db import decode
from chalicelib.usecases import assigning, customers
from chalicelib.usecases.runs import CustomerMessage, daily, on_demand, read_message, reports, work_off
from chalicelib.usecases.runs.on_demand import LiveRun

from .world import TODAY, World

TOMORROW = TODAY + DAY


def test_parking_keeps_an_earlier_mark() -> None:
    """rules 5: parked for what a later piece of a sweep sees: nothing posted, nothing lost, and the earlier day counts."""
    world = World(max_lines=1)
    package = world.package(assigned=3, frequency="daily")
    world.customer("ann", package, 1, debits=True)
    world.evaluate(TODAY)
    owing, parking, unparked = (TODAY + timedelta(days=n) for n in (1, 2, 3))
    world.db.write(accounts.set_back("ann", owing))
    for name in ("newer-1", "newer-2"):
        world.db.write(assignments.create_assignment(Assignment("ann", name, package.package_id, parking, evaluate_from=parking)))

    daily.start_evaluation(world.services, world.context(parking), parking, allow_future=True)
    message = read_message(world.queued.pop() | {"cursor": keys.assignment_key("ann", "ann-000000")})
    work_off(world.services, world.context(parking), message, lambda: 100.0)
    ann = accounts.find_account(world.db, "ann")
    assert ann is not None
    assert (ann.parked, ann.evaluate_from) == (True, owing)

    customers.unpark_customer(world.db, world.context(unparked), "ann")
    world.evaluate(unparked)
    assert world.charged() == 4 + 2 + 2


def _parked(name: str = "ann", number: int = 3) -> tuple[World, Package]:
    """A world whose one customer was parked today: two charges a day are over its bound, one of 4.00 is held since yesterday."""
    world = World(max_lines=1)
    package = world.package(assigned=number, frequency="daily")
    world.customer(name, package, 1, debits=True, limit="0")
    world.evaluate(TODAY)
    for n in range(1, number):
        one = Assignment(name, f"more-{n}", package.package_id, TOMORROW, evaluate_from=TOMORROW, auto_decrement_credit=True)
        world.db.write(assignments.create_assignment(one))
    world.evaluate(TOMORROW)
    return world, package


def _ask(world: World, customer: str | None, run_id: str) -> LiveRun:
    return on_demand.run_live(world.services, world.context(TOMORROW), RunRequest(customer, TOMORROW, "skip", run_id))


def test_c_a_parked_customer_is_charged_by_no_run_package() -> None:
    """rules 5: 409 parked; nothing is recorded; a simulation works and says so; afterwards everything is charged, the held one too."""
    world, _ = _parked()
    customers.book_payment(world.db, world.context(TOMORROW), "ann", Decimal(100), "")
    standing = world.charged()
    with pytest.raises(Conflict) as refused:
        _ask(world, "ann", "by-hand")
    assert (refused.value.code, runs.find_run(world.db, "by-hand"), world.charged()) == ("parked", None, standing)
    told = on_demand.simulate_customer(world.db, world.context(TOMORROW), RunRequest("ann", TOMORROW, "skip", ""))
    assert (told.parked, [one.status for one in told.outcomes]) == (True, ["simulated"] * 3)

    customers.unpark_customer(world.db, world.context(TOMORROW), "ann")
    assert [
        one.status for one in on_demand.simulate_customer(world.db, world.context(), RunRequest("ann", TODAY, "skip", "")).outcomes
    ] == ["simulated"]
    world.evaluate(TOMORROW + DAY)
    entries = [ledger.entry_from_item(decode(item)) for item in world.store.items("ledger")]
    assert [(e.date, e.status) for e in entries if e.kind == "recurring"].count((TODAY, "posted")) == 1
    assert sum(e.kind == "recurring" and e.status == "posted" for e in entries) == 1 + 3 + 3


def test_c_a_run_of_all_customers_tells_of_the_parked_and_charges_the_others() -> None:
    """rules 5: told as a failure `parked`; the same run id charges the customer once it is unparked."""
    world, package = _parked()
    world.customer("bob", package, 1, debits=False)
    _ask(world, None, "of-all")
    _work_off(world)
    run = reports.read_run(world.db, "of-all")
    assert run.result is not None
    assert [(one.customer_id, one.code) for one in run.result.failures] == [("ann", "parked")]
    assert sum(totals.lines for totals in run.result.totals.values()) == 1
    told = reports.simulate_all(world.db, world.context(TOMORROW), RunRequest(None, TOMORROW, "charge_again", ""))
    assert (told.parked_customers, [one.id for one in told.by_customer]) == (["ann"], ["bob"])

    customers.unpark_customer(world.db, world.context(TOMORROW), "ann")
    customers.book_payment(world.db, world.context(TOMORROW), "ann", Decimal(100), "")
    _ask(world, None, "of-all")
    _work_off(world)
    run = reports.read_run(world.db, "of-all")
    assert run.result is not None
    assert (run.state, sum(totals.lines for totals in run.result.totals.values())) == ("finished", 4)


def test_c_a_queued_run_of_a_customer_parked_meanwhile_ends_with_that_failure() -> None:
    """rules 5: nothing is charged, and the message is not tried again and again."""
    world, _ = _parked()
    record = RunRecord("queued", "package", TOMORROW, world.context().timestamp, "test", "ann", "skip")
    runs.record_run(world.db, record)
    standing = world.charged()
    work_result = work_off(world.services, world.context(TOMORROW), CustomerMessage("queued"), lambda: 100.0)
    assert work_result is not None
    assert [one.code for one in work_result.result.failures] == ["parked"]
    assert (reports.read_run(world.db, "queued").state, world.charged()) == ("finished_with_failures", standing)


def test_c_backlog_of_a_parked_customer_is_refused() -> None:
    """rules 5: an assignment that owes nothing yet can be made, and is charged after unparking."""
    world, package = _parked()
    draft = Assignment("ann", "", package.package_id, TODAY, auto_decrement_credit=False)
    standing = world.charged()
    with pytest.raises(Conflict, match="parked"):
        assigning.create_assignment(world.db, world.context(TOMORROW), draft, None, True)
    assert world.charged() == standing
    customers.unpark_customer(world.db, world.context(TOMORROW), "ann")
    made = assigning.create_assignment(world.db, world.context(TOMORROW), draft, None, True)
    world.evaluate(TOMORROW + DAY)
    own = [item for item in world.store.items("ledger") if made.assignment.assignment_id in item["sk"]["S"]]
    assert len(own) == 3


def _work_off(world: World) -> None:
    """Carry out the segments of a run of all customers."""
    while world.queued:
        work_off(world.services, world.context(TOMORROW), read_message(world.queued.pop()), lambda: 100.0)
