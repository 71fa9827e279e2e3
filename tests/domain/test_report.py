"""What the lines of a report come to (rules 6)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.report import Outcome, Status, Totals, merge, tally_by_currency, total_of

from .build import priced


def outcome(status: Status, retail: str = "10", cost: str = "4", debit: bool = True, currency: str = "USD") -> Outcome:
    return Outcome(priced(retail=retail, cost=cost, debit=debit, currency=currency), status)


def totals(cost: str, retail: str, credit: str, held: str, lines: int, below_cost: int = 0) -> Totals:
    return Totals(Decimal(cost), Decimal(retail), Decimal(credit), Decimal(held), lines, below_cost)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], totals("0", "0", "0", "0", 0)),
        ([outcome("posted")], totals("4", "10", "10", "0", 1)),
        ([outcome("simulated")], totals("4", "10", "10", "0", 1)),
        ([outcome("repeat")], totals("4", "10", "10", "0", 1)),
        ([outcome("posted", debit=False)], totals("4", "10", "0", "0", 1)),
        ([outcome("held")], totals("0", "0", "0", "10", 0)),
        ([outcome("skipped")], totals("0", "0", "0", "0", 0)),
        ([outcome("already_charged")], totals("0", "0", "0", "0", 0)),
        ([outcome("posted"), outcome("held", "3"), outcome("repeat", "0.000001", "0")], totals("4", "10.000001", "10.000001", "3", 2)),
        ([outcome("posted", "3"), outcome("posted", "4"), outcome("held", "1")], totals("8", "7", "7", "1", 2, 1)),
        ([outcome("posted", "-5", "-4")], totals("-4", "-5", "-5", "0", 1)),
    ],
    ids=[
        "rules 6: nothing",
        "rules 6: posted counts",
        "rules 6: simulated counts",
        "rules 6: charged again counts",
        "rules 4: not decremented, not debited",
        "rules 6: held is totalled apart",
        "rules 6: left alone doesn't count",
        "rules 6: posted by another doesn't count",
        "rules 6: the sums are exact",
        "rules 6: lines below cost are counted, held ones not",
        "rules 6: what is given back is not below cost",
    ],
)
def test_tally(outcomes: list[Outcome], expected: Totals) -> None:
    assert total_of(outcomes) == expected
    assert total_of(outcomes).margin == expected.retail - expected.cost


def test_currencies_are_never_added_up() -> None:
    """rules 2: prices are in one currency; totals are per currency."""
    outcomes = [outcome("posted"), outcome("posted", currency="EUR"), outcome("held", "7", currency="EUR"), outcome("repeat")]
    assert tally_by_currency(outcomes) == {"USD": totals("8", "20", "20", "0", 2), "EUR": totals("4", "10", "10", "7", 1)}
    assert tally_by_currency([]) == {}


STATUSES: list[Status] = ["simulated", "posted", "held", "repeat", "already_charged", "skipped", "written_off", "no_longer_due", "not_over"]
AMOUNTS = st.integers(0, 10**18).map(lambda count: str(Decimal(count).scaleb(-6)))
OUTCOMES = st.lists(st.builds(outcome, st.sampled_from(STATUSES), AMOUNTS, AMOUNTS, st.booleans()), max_size=8)


@given(OUTCOMES, OUTCOMES, OUTCOMES)
def test_totals_come_out_the_same_however_a_run_is_cut(one: list[Outcome], two: list[Outcome], three: list[Outcome]) -> None:
    """rules 6: a run interrupted and completed reports the whole; merging is associative, and nothing is its zero."""
    first, second, third = total_of(one), total_of(two), total_of(three)
    assert merge(merge(first, second), third) == merge(first, merge(second, third)) == total_of([*one, *two, *three])
    assert merge(first, second) == merge(second, first)
    assert merge(first, Totals()) == first
