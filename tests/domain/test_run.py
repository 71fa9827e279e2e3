"""What Run Package decides about each line, simulates and totals (rules 6)."""

from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.account import Credit
from chalicelib.domain.charging import Line
from chalicelib.domain.ledger import Entry, charge_key
from chalicelib.domain.run import IfCharged, Outcome, Status, Terms, Totals, decide, merge, simulated, tally, tally_by_currency

from .build import decision, entry, priced

LINE = priced()
LATER = date(2031, 1, 1)
"""After all dates here."""
KEY = "2024-01-01~1-recurring~a"


def decided(
    lines: list[Line], entries: list[Entry], if_charged: IfCharged = "charge_again", include_written_off: bool = False
) -> list[tuple[str, str]]:
    """The acts and keys, when the ledger holds `entries`."""
    held = [one for one in entries if one.status == "held"]
    found = decide(lines, {one.key: one for one in entries}, held, Terms("run-1", if_charged, LATER, include_written_off))
    return [(one.act, one.key) for one in found]


POSTED, HELD, CANCELLED = entry(LINE), entry(LINE, status="held"), entry(LINE, status="cancelled")
VOIDED = CANCELLED._replace(voided=True)


@pytest.mark.parametrize(
    ("entries", "if_charged", "expected"),
    [
        ([], "charge_again", ("charge", KEY)),
        ([], "skip", ("charge", KEY)),
        ([POSTED], "charge_again", ("repeat", f"{KEY}~run-1")),
        ([POSTED], "skip", ("skip", KEY)),
        ([HELD], "charge_again", ("retry", KEY)),
        ([HELD], "skip", ("retry", KEY)),
        ([VOIDED], "skip", ("skip", KEY)),
    ],
    ids=[
        "rules 6: a charge not yet posted takes its ordinary identity",
        "rules 6: not yet posted is charged with skip too",
        "rules 6: posted already is charged again, a repeat with the run's id",
        "rules 6: posted already is left alone with skip",
        "rules 6: a held charge is tried itself, under its own identity",
        "rules 6: a held charge is tried with skip too",
        "rules 6: one that a reversal cancelled is left alone with skip",
    ],
)
def test_decide(entries: list[Entry], if_charged: IfCharged, expected: tuple[str, str]) -> None:
    assert decided([LINE], entries, if_charged) == [expected]


@pytest.mark.parametrize("if_charged", ["charge_again", "skip"])
@pytest.mark.parametrize(
    ("included", "expected"), [(False, ("leave", KEY)), (True, ("revive", f"{KEY}~run-1"))], ids=["B5-left alone", "B5-included"]
)
def test_what_is_decided_of_a_charge_that_was_written_off(if_charged: IfCharged, included: bool, expected: tuple[str, str]) -> None:
    """rules 6: it is left alone whatever if_charged says; included, it is charged as a repeat."""
    assert decided([LINE], [CANCELLED], if_charged, included) == [expected]


def test_a_held_charge_is_tried_as_it_was_held() -> None:
    """rules 4: a charge keeps what it was computed from; a price changed since counts for others."""
    held = entry(priced(retail="7"), status="held")
    [found] = decide([priced(retail="9")], {held.key: held}, [held], Terms("run-1", "charge_again", LATER))
    assert found.line.retail == Decimal(7)


def test_a_held_charge_without_line_today_is_tried_still() -> None:
    """rules 4: it is tried even though its assignment ended."""
    assert decided([], [HELD]) == [("retry", KEY)]


def test_what_comes_after_a_held_charge_is_decided_too() -> None:
    other = priced(one="b")
    assert decided([LINE, other], [HELD]) == [("retry", KEY), ("charge", charge_key(other.identity))]


def test_a_held_repeat_is_tried_beside_the_charge_it_repeats() -> None:
    """rules 6: a repeat's identity is the charge's and its run's id."""
    repeat = entry(LINE, status="held", repeat=True)
    assert sorted(decided([LINE], [POSTED, repeat], "skip")) == [("retry", f"{KEY}~run-0"), ("skip", KEY)]


def test_every_decision_stands_in_the_order_of_trying() -> None:
    """rules 4: due date, setup first, assignment id; held charges of earlier dates come before the day's own."""
    lines = [priced(on="2024-01-05", one="b"), priced(on="2024-01-05", one="a"), priced(on="2024-01-05", one="b", kind="setup")]
    held = entry(priced(on="2024-01-03", one="z"), status="held")
    expected = [("retry", charge_key(held.line.identity)) if held.line else ("", "")]
    expected += [("charge", f"2024-01-05~{rest}") for rest in ("0-setup~b", "1-recurring~a", "1-recurring~b")]
    for order in permutations(lines):
        assert decided(list(order), [held]) == expected


# Simulation.


def test_a_simulation_says_what_a_live_run_would() -> None:
    """rules 6: held in a simulation too; already charged counts; left alone takes nothing."""
    decisions = [
        decision(retail="15", one="a"),
        decision("skip", retail="99", one="b"),
        decision("repeat", retail="6", one="c"),
        decision("retry", retail="3", one="d"),
        decision("repeat", retail="2", one="e"),
        decision(retail="1", one="f"),
        decision(retail="50", one="g", debit=False),
        decision("leave", retail="99", one="h"),
        decision("revive", retail="0.5", one="i"),
    ]
    found = simulated(decisions, Credit(Decimal(20), Decimal(0)))
    assert [one.line for one in found] == [one.line for one in decisions]
    assert [(one.status, one.already_charged) for one in found] == [
        ("simulated", False), ("skipped", True), ("held", True), ("simulated", False), ("simulated", True), ("held", False),
        ("simulated", False), ("written_off", False), ("held", False),
    ]  # fmt: skip


# Totals.


def outcome(status: Status, retail: str = "10", cost: str = "4", debit: bool = True, currency: str = "USD") -> Outcome:
    return Outcome(priced(retail=retail, cost=cost, debit=debit, currency=currency), status)


def totals(cost: str, retail: str, credit: str, held: str, lines: int) -> Totals:
    return Totals(Decimal(cost), Decimal(retail), Decimal(credit), Decimal(held), lines)


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
    ],
)
def test_tally(outcomes: list[Outcome], expected: Totals) -> None:
    assert tally(outcomes) == expected
    assert tally(outcomes).margin == expected.retail - expected.cost


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
    first, second, third = tally(one), tally(two), tally(three)
    assert merge(merge(first, second), third) == merge(first, merge(second, third)) == tally([*one, *two, *three])
    assert merge(first, second) == merge(second, first)
    assert merge(first, Totals()) == first
