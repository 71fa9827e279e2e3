"""A customer's statement (rules 9): the sums that must come out, over any days, counted from the entries themselves."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import ledger
from chalicelib.domain.account import Account
from chalicelib.domain.crediting import CreditRequest, credit_charge
from chalicelib.domain.ledger import Entry
from chalicelib.domain.one_off import OneOffRequest, one_off_line
from chalicelib.domain.statement import Statement, statement_of
from tests.domain.build import priced

FIRST = datetime(2031, 1, 1, tzinfo=UTC)


def at(hours: int) -> datetime:
    return FIRST + timedelta(hours=hours)


def charged(hours: int, retail: str = "10", *, debit: bool = True, due: str = "2031-01-01", **fields: Any) -> Entry:
    line = priced(retail, due, debit=debit, **fields)
    return ledger.charge(line, status="posted", run_id="run", repeat=False, at=at(hours), by="daily")


def paid(hours: int, amount: str) -> Entry:
    return ledger.payment("c", "USD", Decimal(amount), "bank", payment_id=f"p{hours}", at=at(hours), day=date(2031, 1, 1), by="clerk")


def visited(hours: int, retail: str, *, debit: bool) -> Entry:
    asked = OneOffRequest("Visit", date(2031, 1, 1), Decimal(retail), auto_decrement_credit=debit)
    line = one_off_line(Account("c", "USD"), asked, f"visit{hours}")
    return ledger.charge(line, status="posted", run_id=None, repeat=False, at=at(hours), by="clerk")


def adjusted(hours: int, amount: str) -> Entry:
    day = date(2031, 1, 1)
    return ledger.adjustment("c", "USD", Decimal(amount), "rounding", adjustment_id=f"a{hours}", at=at(hours), day=day, by="clerk")


def reversed_(hours: int, retail: str, *, debit: bool) -> Entry:
    return ledger.reversal_of(visited(0, retail, debit=debit), at=at(hours), day=date(2031, 1, 1), by="clerk")


def credited(hours: int, retail: str, *, debit: bool) -> Entry:
    asked = CreditRequest("late", Decimal(3))
    charge = charged(0, retail, debit=debit)
    return credit_charge(charge, asked, credit_id=f"c{hours}", at=at(hours), day=date(2031, 1, 1), by="clerk").credit


def over(entries: list[Entry], first: int, last: int) -> Statement:
    return statement_of(entries, at(first), at(last))


def test_rules_9_charges_are_grouped_by_package_and_did() -> None:
    entries = [
        charged(1, one="a", did="4420"), charged(2, one="a", due="2031-01-02", did="4420"), charged(3, "4", one="b"),
        charged(4, "6", one="c", quantity=2, did="4420"),
    ]  # fmt: skip
    made = over(entries, 0, 24)
    told = [
        (group.did, [(one.quantity, one.sums.times, one.sums.retail) for one in group.lines], group.sums.retail) for group in made.groups
    ]
    assert told == [(None, [(1, 1, Decimal(4))], Decimal(4)), ("4420", [(1, 2, Decimal(20)), (2, 1, Decimal(6))], Decimal(26))]
    assert (made.opening, made.closing, made.to_be_invoiced, made.rows) == (0, Decimal(-30), 0, 3)


def test_rules_9_an_entry_counts_when_it_was_posted() -> None:
    held = ledger.charge(priced("5", "2031-01-01"), status="held", run_id="run", repeat=False, at=at(1), by="daily")
    posted = charged(30, "5")
    assert over([held], 0, 24).rows == 0
    assert over([posted], 0, 24) == over([], 0, 24)
    late = over([posted, paid(2, "8")], 24, 48)
    assert (late.opening, late.closing, late.groups[0].sums.retail) == (Decimal(8), Decimal(3), Decimal(5))


def test_rules_9_what_no_balance_has_paid_is_to_be_invoiced() -> None:
    given_back = ledger.reversal_of(charged(1, "10", debit=False), at=at(3), day=date(2031, 1, 1), by="clerk")
    entries = [charged(1, "10", debit=False), charged(2, "7", one="b"), paid(2, "50"), charged(2, "4", one="d", debit=False)]
    assert over(entries, 0, 24).to_be_invoiced == 14
    made = over([*entries, given_back], 0, 24)
    assert (made.to_be_invoiced, made.closing) == (Decimal(4), Decimal(43))
    assert [(one.kind, len(one.entries), one.sums.credit_change) for one in made.sections] == [("reversal", 1, 0), ("payment", 1, 50)]


hours = st.integers(0, 60)
prices = st.decimals("3", "20", places=2)
entries_ = st.one_of(
    st.builds(lambda when, retail, debit, did: charged(when, str(retail), debit=debit, did=did),
              hours, st.decimals("-20", "20", places=2), st.booleans(), st.sampled_from([None, "4420"])),
    st.builds(lambda when, amount: paid(when, str(amount)), hours, st.decimals("-20", "20", places=2)),
    st.builds(lambda when: ledger.charge(priced("3"), status="held", run_id="run", repeat=False, at=at(when), by="daily"), hours),
    st.builds(lambda when, retail, debit: visited(when, str(retail), debit=debit), hours, prices, st.booleans()),
    st.builds(lambda when, amount: adjusted(when, str(amount)), hours, st.decimals("-20", "20", places=2)),
    st.builds(lambda when, retail, debit: reversed_(when, str(retail), debit=debit), hours, prices, st.booleans()),
    st.builds(lambda when, retail, debit: credited(when, str(retail), debit=debit), hours, prices, st.booleans()),
)  # fmt: skip
"""Every kind that a statement sums up; negative lines are charges of a negative retail."""


@given(st.lists(entries_, max_size=12), st.lists(hours, min_size=3, max_size=3).map(sorted))
def test_rules_9_balances_add_up_over_any_days_and_from_days_to_days(entries: list[Entry], bounds: list[int]) -> None:
    first, middle, last = bounds
    earlier, later, whole = over(entries, first, middle), over(entries, middle, last), over(entries, first, last)
    assert earlier.closing == later.opening
    assert (whole.opening, whole.closing) == (earlier.opening, later.closing)
    assert earlier.to_be_invoiced + later.to_be_invoiced == whole.to_be_invoiced
    assert earlier.sums.retail + later.sums.retail == whole.sums.retail
    within = [one for one in entries if one.posted_at and at(first).isoformat() <= one.posted_at < at(last).isoformat()]
    before = [one for one in entries if one.posted_at and one.posted_at < at(first).isoformat()]
    assert whole.opening == sum((one.credit_change for one in before), Decimal(0))
    assert whole.closing - whole.opening == sum((one.credit_change for one in within), Decimal(0))
    listed = [*(one.sums for group in whole.groups for one in group.lines), *(one.sums for one in whole.sections)]
    assert sum(one.times for one in listed) == len(within)
    assert sum((one.retail for one in listed), Decimal(0)) == sum((one.retail for one in within), Decimal(0))


def test_rules_9_what_no_package_makes_stands_in_its_order() -> None:
    entries = [adjusted(1, "-2"), paid(2, "8"), reversed_(3, "5", debit=True), credited(4, "9", debit=False), visited(6, "4", debit=True),
               visited(5, "7", debit=False)]  # fmt: skip
    made = over(entries, 0, 24)
    assert [one.kind for one in made.sections] == ["one_off", "credit", "reversal", "payment", "adjustment"]
    assert [entry.retail for entry in made.sections[0].entries] == [7, 4]
    assert (made.groups, made.closing, made.to_be_invoiced) == ((), Decimal(7), Decimal(4))
