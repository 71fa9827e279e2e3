"""Credits of single charges: how much, of what, once, and what they do to the charge and the balance (rules 4: Credits)."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.crediting import CreditRequest
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import BillingError, Conflict, Invalid, NotFound
from chalicelib.domain.ledger import Entry
from chalicelib.storage import ledger
from chalicelib.usecases import crediting, customers
from chalicelib.usecases.runs import on_demand, reversal
from tests.harness import lose_an_answer
from tests.usecases.test_proration import balance
from tests.world.stage import TODAY, Stage


def a_stage(*, debit: bool = True, limit: str | None = None, **package: Any) -> Stage:
    """Ann was charged 29.95, which cost 10.00, today."""
    stage = Stage(segments=1)
    stage.customer("ann", limit=limit)
    stage.package("phone", **({"retail": Decimal("29.95"), "cost": Decimal(10), "frequency": "monthly"} | package))
    stage.assign("a", "ann", "phone", auto_decrement_credit=debit)
    stage.evaluate()
    return stage


def entries(stage: Stage, kind: str | None = None) -> list[Entry]:
    found = map(ledger.entry_from_item, stage.db.query_all("ledger", "#pk = :pk", {"pk": "ann"}))
    return [one for one in found if kind in (None, one.kind)]


def charge(stage: Stage) -> Entry:
    return next(one for one in entries(stage) if one.line)


def credit(
    stage: Stage, retail: str | None = None, cost: str | None = None, *, of: Entry | None = None, name: str = "credit", **more: Any
) -> Entry:
    new_retail, new_cost = (None if one is None else Decimal(one) for one in (retail, cost))
    asked = CreditRequest("wrong price", new_retail, new_cost, **more)
    return crediting.give_credit(stage.db, stage.context(name), "ann", (of or charge(stage)).entry_id, asked)


def told(one: Entry) -> tuple[str, ...]:
    return tuple(format(amount.normalize(), "f") for amount in (one.retail, one.cost, one.credit_change))


def test_a_part_then_the_rest() -> None:
    stage = a_stage()
    assert balance(stage) == Decimal("-29.95")
    assert told(credit(stage, "10")) == ("-10", "-3.338898", "10")
    assert balance(stage) == Decimal("-19.95")
    assert told(credit(stage, name="rest")) == ("-19.95", "-6.661102", "19.95")
    assert balance(stage) == 0
    assert (charge(stage).left_retail, charge(stage).left_cost, charge(stage).version, charge(stage).voided) == (0, 0, 3, False)


def test_a_credit_says_what_it_credits() -> None:
    stage = a_stage()
    given = credit(stage, "10")
    assert (given.kind, given.date, given.credits, given.reason) == ("credit", TODAY, charge(stage).entry_id, "wrong price")
    assert (given.reference, given.recharge, given.status, given.line) == ("phone", False, "posted", None)
    assert [one.entry_id for one in entries(stage, "credit")] == [given.entry_id]


def test_what_was_not_debited_does_not_move_the_balance() -> None:
    stage = a_stage(debit=False)
    assert told(credit(stage, "10")) == ("-10", "-3.338898", "0")
    assert balance(stage) == 0


@pytest.mark.parametrize(
    ("retail", "cost", "given"),
    [
        (None, None, ("-29.95", "-10", "29.95")),
        ("29.95", "0", ("-29.95", "0", "29.95")),
        ("0.000001", None, ("-0.000001", "0", "0.000001")),
        ("5", "10", ("-5", "-10", "5")),
        (None, "4", ("-29.95", "-4", "29.95")),
    ],
)
def test_retail_and_cost(retail: str | None, cost: str | None, given: tuple[str, ...]) -> None:
    stage = a_stage()
    assert told(credit(stage, retail, cost)) == given


def test_a_charge_without_retail_is_credited_its_cost() -> None:
    stage = a_stage(retail=Decimal(0))
    assert told(credit(stage, cost="4")) == ("0", "-4", "0")
    assert told(credit(stage, name="rest")) == ("0", "-6", "0")
    with pytest.raises(Conflict, match=r"0\.00 USD is left"):
        credit(stage, name="more")


def refusal(stage: Stage, *amounts: str | None, **more: Any) -> BillingError:
    before = stage.state()
    with pytest.raises((Conflict, Invalid, NotFound)) as refused:
        credit(stage, *amounts, **more)
    assert stage.state() == before
    return refused.value


def test_never_more_than_is_left() -> None:
    stage = a_stage()
    credit(stage, "20")
    for number, amounts in enumerate([("20",), ("9.950001",), ("1", "3.4")]):
        refused = refusal(stage, *amounts, name=f"more {number}")
        assert (refused.code, refused.extra) == ("over_credited", {"left": {"retail": "9.95", "cost": "3.322204"}})
    assert told(credit(stage, "9.95", name="rest")) == ("-9.95", "-3.322204", "9.95")
    assert refusal(stage, name="nothing").code == "over_credited"


def test_only_what_is_posted() -> None:
    stage = a_stage(limit="0")
    assert refusal(stage).code == "not_posted"
    customers.write_off(stage.db, stage.context("off"), charge(stage).entry_id)
    assert refusal(stage).code == "not_posted"


def test_only_charges() -> None:
    stage = a_stage()
    paid = customers.book_payment(stage.db, stage.context("pay"), "ann", Decimal(5), "cash")
    given = credit(stage, "10")
    for one in (paid, given):
        assert refusal(stage, of=one, name=f"of {one.kind}").code == "not_creditable"


def test_no_negative_line() -> None:
    stage = a_stage(proration="daily", frequency_match=(1,))
    taken = charge(stage)._replace(key="2024-03-09~5-proration~a", retail=Decimal(-2))
    assert taken.line
    stage.db.write(ledger.create_entry(taken._replace(kind="proration", line=taken.line._replace(kind="proration", retail=Decimal(-2)))))
    assert refusal(stage, of=taken).code == "not_creditable"


def test_nothing_that_is_not_there() -> None:
    stage = a_stage()
    stage.customer("bob")
    one = charge(stage)
    assert refusal(stage, of=one._replace(key="2024-03-09~1-recurring~a")).code == "not_found"
    with pytest.raises(NotFound):
        crediting.give_credit(stage.db, stage.context("theirs"), "bob", one.entry_id, CreditRequest("x"))


def test_again_it_is_answered_like_the_first_time() -> None:
    stage = a_stage()
    first = credit(stage, "20")
    before = stage.state()
    assert credit(stage, "20") == first
    assert stage.state() == before


def test_a_recharge_credits_all_that_is_left() -> None:
    stage = a_stage()
    for amounts in (("10",), ("29.95", "9")):
        refused = refusal(stage, *amounts, recharge=True)
        assert isinstance(refused, Invalid)
        assert [fault.pointer for fault in refused.faults] == ["/recharge"]
    credit(stage, "10", name="goodwill")
    given = credit(stage, recharge=True)
    assert (told(given), given.recharge, charge(stage).voided) == (("-19.95", "-6.661102", "19.95"), True, True)


def test_a_repeat_is_credited_by_itself() -> None:
    stage = a_stage()
    on_demand.run_live(stage.services, stage.context("again"), RunRequest("ann", TODAY, "charge_again", "again"))
    first, repeat = (one for one in entries(stage) if one.line)
    credit(stage, of=repeat, recharge=True)
    assert [(one.left_retail, one.voided) for one in entries(stage) if one.line] == [(Decimal("29.95"), False), (0, True)]
    assert balance(stage) == -first.retail


def test_a_reversal_reverses_what_is_left() -> None:
    stage = Stage(segments=1)
    stage.customer("ann")
    stage.package("phone", retail=Decimal("29.95"), cost=Decimal(10), frequency="monthly")
    stage.assign("a", "ann", "phone", auto_decrement_credit=True)
    on_demand.run_live(stage.services, stage.context("run"), RunRequest("ann", TODAY, "skip", "run"))
    credit(stage, "10")
    [undone] = reversal.reverse(stage.services, stage.context("reverse"), "run").reversals
    assert (told(undone), charge(stage).voided) == (("-19.95", "-6.661102", "19.95"), True)
    assert refusal(stage, name="late").code == "over_credited"
    assert balance(stage) == 0


def test_a_reversal_voids_what_was_credited_as_a_whole() -> None:
    stage = Stage(segments=1)
    stage.customer("ann")
    stage.package("phone", retail=Decimal("29.95"), frequency="monthly")
    stage.assign("a", "ann", "phone", auto_decrement_credit=True)
    on_demand.run_live(stage.services, stage.context("run"), RunRequest("ann", TODAY, "skip", "run"))
    credit(stage)
    assert not charge(stage).voided
    for _ in range(2):
        assert reversal.reverse(stage.services, stage.context("reverse"), "run").reversals == []
    assert (charge(stage).voided, charge(stage).version) == (True, 3)


def test_a_lost_answer_credits_once() -> None:
    """The SDK sends a transaction again whose answer was lost; later than a client token lasts, it finds its own credit."""
    stage = a_stage()
    lose_an_answer(stage.db)
    credit(stage, "20")
    assert len(entries(stage, "credit")) == 1
    assert (balance(stage), charge(stage).left_retail) == (Decimal("-9.95"), Decimal("9.95"))


def test_two_at_once_never_pass_the_charge() -> None:
    """Both have read the charge before either writes."""
    stage = a_stage()
    transact, other = stage.db.transact, iter(["other"])

    def after_the_other(actions: Any) -> None:
        name = next(other, None)
        if name:
            credit(stage, "20", name=name)
        transact(actions)

    stage.db.transact = after_the_other  # type: ignore[method-assign]
    with pytest.raises(Conflict) as refused:
        credit(stage, "20")
    assert (refused.value.code, refused.value.extra["left"]["retail"]) == ("over_credited", "9.95")
    assert (balance(stage), len(entries(stage, "credit"))) == (Decimal("-9.95"), 1)
