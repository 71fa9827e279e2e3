"""One-off charges and adjustments (rules 4): posted now, held where the credit is short, and from then on charges like all others."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.crediting import CreditRequest
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import Conflict, Invalid, NotFound
from chalicelib.domain.ledger import Entry
from chalicelib.domain.one_off import OneOffRequest
from chalicelib.storage import accounts, ledger, packing
from chalicelib.storage.rows import FIRST
from chalicelib.usecases import balance_check, crediting, customers, one_off
from chalicelib.usecases.runs import on_demand, reports, reversal
from tests.harness import InThread, lose_an_answer
from tests.world.stage import TODAY, Stage


def a_stage(limit: str | None = None) -> Stage:
    stage = Stage(segments=1)
    stage.customer("ann", limit=limit)
    return stage


def charge(stage: Stage, retail: str = "50", *, name: str = "visit", debit: bool = True, **more: Any) -> Entry:
    fields: dict[str, Any] = {"date": TODAY, "retail": Decimal(retail), "auto_decrement_credit": debit} | more
    asked = OneOffRequest("Visit", **fields)
    return one_off.charge_one_off(stage.db, stage.context(name), "ann", asked)


def adjust(stage: Stage, amount: str, *, name: str = "adjust") -> Entry:
    return customers.book_adjustment(stage.db, stage.context(name), "ann", Decimal(amount), "rounding")


def balance(stage: Stage) -> Decimal:
    account = accounts.find_account(stage.db, "ann")
    assert account is not None
    return account.balance


def stands(stage: Stage, entry: Entry) -> Entry:
    found = ledger.find_entry(stage.db, "ann", entry.key)
    assert found is not None
    return found


def flaws(stage: Stage) -> list[balance_check.Flaw]:
    found: list[balance_check.Flaw] = []
    balance_check.check_balances(stage.db, 2, InThread(), found.append)
    return found


def test_it_is_posted_now_and_carries_its_date() -> None:
    stage = a_stage()
    before = TODAY - timedelta(days=9)
    made = charge(stage, "12.50", quantity=4, cost=Decimal(3), date=before, account_code="4010", tax_code="S")
    assert (made.kind, made.date, made.status, made.run_id, made.key) == ("one_off", before, "posted", None, f"{before}~7-one_off~visit")
    assert (made.posted_at or "")[:10] == str(TODAY)
    assert (made.retail, made.cost, made.credit_change, made.account_code, made.tax_code) == (50, 12, -50, "4010", "S")
    assert stands(stage, made) == made
    assert (balance(stage), flaws(stage)) == (-50, [])


def test_what_is_not_debited_is_to_be_invoiced() -> None:
    stage = a_stage(limit="0")
    assert (charge(stage, debit=False).status, balance(stage)) == ("posted", 0)


def test_it_fixes_the_currency() -> None:
    """rules 4: the currency can't change once the customer has a ledger entry."""
    for debit in (True, False):
        stage = a_stage(limit="0")
        charge(stage, debit=debit)
        with pytest.raises(Conflict, match="currency"):
            customers.change_customer(stage.db, stage.context("euro"), "ann", None, lambda old: old._replace(currency="EUR"))


@pytest.mark.parametrize("debit", [True, False])
def test_a_currency_that_changes_meanwhile_is_that_of_the_charge(debit: bool) -> None:
    """The account was read in dollars; somebody writes euros before the charge is written."""
    stage = a_stage()
    transact = stage.db.transact

    def after_the_edit(actions: Any) -> None:
        stage.db.transact = transact  # type: ignore[method-assign]
        customers.change_customer(stage.db, stage.context("euro"), "ann", None, lambda old: old._replace(currency="EUR"))
        transact(actions)

    stage.db.transact = after_the_edit  # type: ignore[method-assign]
    assert charge(stage, debit=debit).currency == "EUR"
    assert flaws(stage) == []


def test_what_does_not_fit_is_held_until_it_does() -> None:
    stage = a_stage(limit="20")
    made = charge(stage)
    assert (made.status, made.posted_at, made.credit_change, balance(stage)) == ("held", None, 0, 0)
    assert charge(stage, "20", name="smaller").status == "posted"
    stage.evaluate()
    assert (stands(stage, made).status, balance(stage)) == ("held", -20)
    customers.book_payment(stage.db, stage.context("pay"), "ann", Decimal(50), "cash")
    stage.next_day()
    stage.evaluate()
    posted = stands(stage, made)
    assert (posted.status, posted.credit_change, posted.date, posted.run_id) == ("posted", -50, TODAY, f"daily:{TODAY + timedelta(days=1)}")
    assert (balance(stage), flaws(stage)) == (-20, [])


def test_a_daily_run_tells_of_it() -> None:
    stage = a_stage(limit="0")
    charge(stage)
    customers.book_payment(stage.db, stage.context("pay"), "ann", Decimal(50), "cash")
    stage.evaluate()
    outcomes, _ = reports.list_lines(stage.db, f"daily:{TODAY}", None, 10)
    assert [(one.line.kind, one.line.package_name, one.status) for one in outcomes] == [("one_off", "Visit", "posted")]


def test_a_run_package_of_its_date_tries_it_and_a_reversal_reverses_it() -> None:
    stage = a_stage(limit="0")
    made = charge(stage, cost=Decimal(20))
    asked = RunRequest("ann", TODAY, "charge_again", "run")
    assert [one.status for one in on_demand.simulate_customer(stage.db, stage.context("look"), asked).outcomes] == ["held"]
    adjust(stage, "60")
    on_demand.run_live(stage.services, stage.context("run"), asked)
    assert (stands(stage, made).run_id, balance(stage)) == ("run", 10)
    [undone] = reversal.reverse(stage.services, stage.context("reverse"), "run").reversals
    assert (undone.retail, undone.cost, undone.reference, undone.reverses) == (-50, -20, "Visit", made.entry_id)
    assert (stands(stage, made).voided, balance(stage), flaws(stage)) == (True, 60, [])


def test_a_run_leaves_alone_what_it_did_not_make() -> None:
    """What a run tried and left held was held before it: its reversal cancels nothing. A posted one is never due again."""
    stage = a_stage(limit="50")
    posted = charge(stage)
    held = charge(stage, name="another")
    on_demand.run_live(stage.services, stage.context("run"), RunRequest("ann", TODAY, "charge_again", "run"))
    undone = reversal.reverse(stage.services, stage.context("reverse"), "run")
    assert (undone.reversals, undone.cancelled) == ([], [])
    assert (stands(stage, posted).status, stands(stage, held).status, balance(stage)) == ("posted", "held", -50)


def test_a_run_of_all_customers_adds_up_one_off_charges_by_currency() -> None:
    stage = a_stage(limit="0")
    stage.customer("bob", limit="0")
    customers.change_customer(stage.db, stage.context("euro"), "bob", None, lambda old: old._replace(currency="EUR"))
    for customer, words in (("ann", "Visit"), ("ann", "Porting"), ("bob", "Visit")):
        asked = OneOffRequest(words, TODAY, Decimal(7), auto_decrement_credit=True)
        one_off.charge_one_off(stage.db, stage.context(f"{customer} {words}"), customer, asked)
    for customer in ("ann", "bob"):
        customers.book_payment(stage.db, stage.context(f"pay {customer}"), customer, Decimal(50), "cash")
    simulated = reports.simulate_all(stage.db, stage.context("look"), RunRequest(None, TODAY, "skip", ""))
    told = [(one.id, one.name, one.currency, one.totals.retail) for one in simulated.by_package]
    assert told == [("", "", "USD", 14), ("", "", "EUR", 7)]


def test_it_is_credited_like_every_charge() -> None:
    stage = a_stage()
    made = charge(stage, "29.95", cost=Decimal(10))
    given = crediting.give_credit(stage.db, stage.context("credit"), "ann", made.entry_id, CreditRequest("late", Decimal(10)))
    assert (given.retail, given.cost, given.credit_change, given.reference) == (-10, Decimal("-3.338898"), 10, "Visit")
    assert (stands(stage, made).left_retail, balance(stage)) == (Decimal("19.95"), Decimal("-19.95"))
    with pytest.raises(Conflict, match="is left of the charge"):
        crediting.give_credit(stage.db, stage.context("more"), "ann", made.entry_id, CreditRequest("late", Decimal(20)))


def test_nothing_charges_it_again() -> None:
    """A run can't: no assignment makes it. So a credit can't ask for that."""
    stage = a_stage()
    made = charge(stage)
    with pytest.raises(Invalid) as refused:
        crediting.give_credit(stage.db, stage.context("credit"), "ann", made.entry_id, CreditRequest("late", recharge=True))
    assert [fault.pointer for fault in refused.value.faults] == ["/recharge"]


def test_it_is_written_off_like_every_charge() -> None:
    stage = a_stage(limit="0")
    made = charge(stage)
    customers.write_off(stage.db, stage.context("off"), made.entry_id)
    adjust(stage, "100")
    stage.evaluate()
    assert (stands(stage, made).status, balance(stage), flaws(stage)) == ("cancelled", 100, [])


def test_a_parked_customer_is_not_charged() -> None:
    stage = a_stage()
    made = charge(stage)
    account = accounts.find_account(stage.db, "ann")
    assert account is not None
    stage.db.write(accounts.park(account._replace(version=account.version + 1), TODAY))
    assert charge(stage) == made  # the same request again is answered as before
    with pytest.raises(Conflict) as refused:
        charge(stage, name="another")
    assert refused.value.code == "parked"


@pytest.mark.parametrize("work", [charge, partial(charge, debit=False), partial(adjust, amount="5")])
def test_a_customer_that_is_not_there(work: Callable[[Stage], Entry]) -> None:
    with pytest.raises(NotFound):
        work(Stage(segments=1))


@pytest.mark.parametrize("work", [charge, partial(charge, debit=False), partial(adjust, amount="5")])
def test_a_lost_answer_writes_once(work: Callable[[Stage], Entry]) -> None:
    """The SDK sends a transaction again whose answer was lost; later than a client token lasts, it finds its own entry."""
    stage = a_stage()
    lose_an_answer(stage.db)
    made = work(stage)
    state = stage.state()
    assert work(stage) == made == stands(stage, made)
    assert (stage.state(), balance(stage)) == (state, made.credit_change)


def test_an_adjustment_moves_the_balance_beyond_the_limit_and_is_no_charge() -> None:
    stage = a_stage(limit="0")
    made = adjust(stage, "-5")
    assert (made.kind, made.date, made.status, made.reason, made.credit_change) == ("adjustment", TODAY, "posted", "rounding", -5)
    assert (made.retail, made.cost, made.line, balance(stage), flaws(stage)) == (0, 0, None, -5, [])
    with pytest.raises(Conflict) as refused:
        crediting.give_credit(stage.db, stage.context("credit"), "ann", made.entry_id, CreditRequest("late"))
    assert refused.value.code == "not_creditable"


def test_releases_that_do_not_know_it_leave_it_alone() -> None:
    """It says no package, so the former release takes it for no charge that it could try; packed lines are refused as a whole."""
    stage = a_stage(limit="0")
    made = charge(stage)
    [item] = stage.db.query_all("ledger", "#pk = :pk", {"pk": "ann"})
    assert "package" not in item
    adjust(stage, "100")
    on_demand.run_live(stage.services, stage.context("run"), RunRequest("ann", TODAY, "skip", "run"))
    plan = next(one for one in stage.db.query_all("runs", "#pk = :pk", {"pk": "RUN#run"}) if "steps" in one)
    assert packing.unpack(plan["steps"])["format"] > FIRST
    assert packing.unpack_steps(plan["steps"])[0].line == stands(stage, made).line
