"""What negative lines take back: the program's answer against the oracle's, for any charges of a period."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain import money
from chalicelib.domain.charging import Line, priced_lines
from chalicelib.domain.ledger import Entry, charge
from chalicelib.domain.pricing import ChargeKind
from chalicelib.domain.taking_back import Part, after_deductions, charges_of_period, deductions, parts
from tests.domain.build import STAMP

from . import dated, draw
from .facts import as_assignment, as_package
from .test_dated import NEGATIVE, assignment, daily

MARCH = date(2031, 3, 1)
UNTIL = date(2031, 4, 1)


def negative_line(ends: int = 10, retail: str = "50", cost: str = "31") -> Line:
    """Of a package that is charged on the 1st, ended on a day of March."""
    sold, given_to = as_package(daily(retail, 1, cost=cost)), as_assignment(assignment("2031-03-01", end=f"2031-03-{ends:02}"))
    [line] = priced_lines(given_to, sold, date(2031, 3, 2), date(2031, 4, 30), lambda *_: Decimal(0))
    return line


def an_entry(one: dated.Charge, made: int, line: Line) -> Entry:
    """The ledger's entry of the oracle's charge; `made` tells those of one day apart."""
    recorded = line._replace(
        kind=cast(ChargeKind, one.kind),
        due_date=one.day,
        retail=decimal(one.retail),
        cost=decimal(one.cost),
        auto_decrement_credit=one.debited,
        period=None,
    )
    entry = charge(recorded, status="held" if one.held else "posted", run_id=one.name, repeat=True, at=STAMP.at, by="test")
    at = f"{STAMP.at.isoformat()}+{made:06}"
    return entry._replace(credited_retail=decimal(one.credited_retail), credited_cost=decimal(one.credited_cost), recorded_at=at)


def decimal(amount: Fraction) -> Decimal:
    return Decimal(int(amount * 1_000_000)).scaleb(-6)


AMOUNTS = st.integers(0, 60_000_000).map(lambda micro: Fraction(micro, 1_000_000))


@st.composite
def a_charge(pick: st.DrawFn) -> dated.Charge:
    """Any charge around March 2031, of which some part may be gone."""
    retail, cost = pick(AMOUNTS), pick(AMOUNTS)
    percents = pick(st.integers(0, 100)), pick(st.integers(0, 100))
    return dated.Charge(
        name=f"run-{pick(st.integers(1, 10**9))}",
        kind=pick(st.sampled_from(["recurring", "proration", "proration", "setup", "minimum_spend"])),
        day=MARCH + pick(st.integers(-3, 34)) * dated.ONE_DAY,
        retail=retail,
        cost=cost,
        credited_retail=dated.rounded(retail * percents[0] / 100),
        credited_cost=dated.rounded(cost * percents[1] / 100),
        held=pick(st.booleans()),
        debited=pick(st.booleans()),
    )


@given(st.lists(a_charge(), max_size=8, unique_by=lambda one: one.name), st.integers(1, 30), AMOUNTS, AMOUNTS)
@settings(max_examples=300)
def test_what_is_taken_of_which_charge(charges: list[dated.Charge], ends: int, retail: Fraction, cost: Fraction) -> None:
    line = negative_line(ends)._replace(retail=-decimal(retail), cost=-decimal(cost))
    entries = [an_entry(one, made, line) for made, one in zip(count(), charges)]
    theirs = dated.Line(
        kind="proration", day=line.due_date, quantity=-1, unit_cost=Fraction(31), unit_retail=Fraction(50), discount=Fraction(0),
        cost=-cost, retail=-retail, auto_decrement_credit=False,
    )  # fmt: skip
    expected = dated.taken_back(theirs, MARCH, UNTIL, charges)
    found = deductions(line, charges_of_period(line, entries))
    assert [(one.charge.run_id, Fraction(one.retail), Fraction(one.cost)) for one in found] == [
        (one.charge.name, one.retail, one.cost) for one in expected
    ]
    made = parts(line, charges_of_period(line, entries))
    posted = money.total(part.line.debit for part in made if not part.held)
    assert Fraction(-posted) == sum((one.balance for one in expected), Fraction(0))
    _stands(made, line)


def _stands(made: list[Part], line: Line) -> None:
    """No more is taken than there was, nor than the line comes to; each charge once, under a key of its own."""
    less = after_deductions(made)
    assert all(0 <= one.left_retail <= one.retail and 0 <= one.left_cost <= one.cost and one.version == 2 for one in less)
    assert -money.total(part.line.retail for part in made) <= -line.retail
    assert -money.total(part.line.cost for part in made) <= -line.cost
    assert len({one.key for one in less}) == len(less)
    assert len({part.key for part in made}) == len(made)
    held = [part for part in made if part.held]
    assert all(len(part.deductions) == 1 for part in held)
    assert sorted(key for one in less for key in one.parts) == sorted(part.key for part in held)


@pytest.mark.parametrize(("charges", "retail", "balance"), [case[1:] for case in NEGATIVE], ids=[case[0] for case in NEGATIVE])
def test_the_examples(charges: list[dated.Charge], retail: str, balance: str) -> None:
    line = negative_line(cost="0")
    made = parts(line, charges_of_period(line, [an_entry(one, made, line) for made, one in zip(count(), charges)]))
    assert -money.total(part.line.retail for part in made) == Decimal(retail)
    assert -money.total(part.line.debit for part in made if not part.held) == Decimal(balance)


def test_nothing_is_left_of_what_was_cancelled() -> None:
    line = negative_line()
    stands = an_entry(dated.Charge(name="a", kind="recurring", day=MARCH, retail=Fraction(50), cost=Fraction(31), held=True), 0, line)
    assert parts(line, [stands.cancelled("me")]) == []


@given(draw.packages(proration="daily", minimum_spend=False, later_lists=0), draw.assignments(charge_from=False, prices=False))
@settings(max_examples=100)
def test_all_that_negative_lines_come_to_is_there_to_be_taken(sold: dated.Package, given_to: dated.Assignment) -> None:
    """Where nothing was credited: at one price they come to what is to be given back, to within 0.000001 a step."""
    one, what = as_assignment(given_to), as_package(sold)
    since, until = dated.period(dated.rule_of(sold, given_to), given_to.start)
    lines = [line for line in priced_lines(one, what, since, until - dated.ONE_DAY, lambda *_: Decimal(0)) if line.kind != "setup"]
    entries: dict[str, Entry] = {}
    short = Decimal(0)
    for line in lines:
        if not line.takes_back:
            entry = charge(line, status="posted", run_id="r", repeat=False, at=STAMP.at, by="test")
            entries[entry.key] = entry
            continue
        made = parts(line, charges_of_period(line, entries.values()))
        short += money.total(part.line.retail for part in made) - line.retail
        entries |= {entry.key: entry for entry in after_deductions(made)}
    assert 0 <= short <= Decimal(len(lines) ** 2).scaleb(-6)
