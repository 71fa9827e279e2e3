"""What Run Package decides about each line and simulates (rules 6)."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from chalicelib.domain.account import Credit
from chalicelib.domain.charging import Line
from chalicelib.domain.deciding import IfCharged, RunRequest, decide, decide_held_first, fitting
from chalicelib.domain.ledger import Entry, charge_key, due_date_key
from chalicelib.domain.simulating import simulated
from chalicelib.domain.standing import standing_of

from .build import STAMP, decision, entry, priced

LINE = priced()
LATER = date(2031, 1, 1)
"""After all dates here."""
KEY = "2024-01-01~1-recurring~a"


def asked(if_charged: IfCharged = "charge_again", include_written_off: bool = False) -> RunRequest:
    return RunRequest(LINE.customer_id, LINE.due_date, if_charged, "run-1", include_written_off)


def decided(
    lines: list[Line], entries: list[Entry], if_charged: IfCharged = "charge_again", include_written_off: bool = False
) -> list[tuple[str, str]]:
    """The kinds and keys of decisions, when the ledger holds `entries`."""
    held = [one for one in entries if one.status == "held"]
    families = {key: [one for one in entries if due_date_key(one.key) == key] for key in map(charge_key, {one.identity for one in lines})}
    standings = {key: standing_of(family) for key, family in families.items() if family}
    found = decide(lines, standings, held, asked(if_charged, include_written_off), LATER)
    return [(one.kind, one.key) for one in found]


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
        ([VOIDED], "skip", ("recharge", f"{KEY}~recharged~1")),
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
    ("included", "expected"),
    [(False, ("written_off", KEY)), (True, ("recharge", f"{KEY}~revived~0"))],
    ids=["B5-left alone", "B5-included"],
)
def test_what_is_decided_of_a_charge_that_was_written_off(if_charged: IfCharged, included: bool, expected: tuple[str, str]) -> None:
    """rules 6: it is left alone whatever if_charged says; included, it is charged as a repeat."""
    assert decided([LINE], [CANCELLED], if_charged, included) == [expected]


def test_what_was_written_off_again_is_charged_under_the_next_identity() -> None:
    """rules 6: runs at once that find the same mean the same charge, whatever their ids."""
    again = [entry(LINE, status="cancelled", repeat=True)._replace(key=f"{KEY}~revived~{n}") for n in range(2)]
    assert decided([LINE], [CANCELLED, *again], include_written_off=True) == [("recharge", f"{KEY}~revived~2")]


@pytest.mark.parametrize("if_charged", ["charge_again", "skip"])
def test_what_a_reversal_cancelled_is_not_written_off(if_charged: IfCharged) -> None:
    """rules 6: it counts as voided, whatever is done with what was written off."""
    assert decided([LINE], [VOIDED], if_charged, include_written_off=True) == [("recharge", f"{KEY}~recharged~1")]


def again(key: str, second: int, **fields: Any) -> Entry:
    """A repeat under this key, made so many seconds after the others."""
    made = entry(LINE, repeat=True, status=fields.pop("status", "posted"), at=STAMP.at + timedelta(seconds=second))
    return made._replace(key=f"{KEY}~{key}", **fields)


GONE = POSTED._replace(voided=True)


@pytest.mark.parametrize(
    ("entries", "skip", "charge_again"),
    [
        ([GONE], "recharge recharged~1", "recharge recharged~1"),
        ([GONE, again("recharged~1", 1)], "skip", "repeat run-1"),
        ([GONE, again("recharged~1", 1, voided=True)], "recharge recharged~2", "recharge recharged~2"),
        ([GONE, again("run-7", 1)], "skip", "repeat run-1"),
        ([POSTED, again("run-7", 1, voided=True)], "skip", "repeat run-1"),
        ([GONE, again("recharged~1", 1, status="held")], "retry recharged~1", "retry recharged~1"),
        ([GONE, again("recharged~1", 1, status="cancelled")], "written_off", "written_off"),
        ([GONE, again("recharged~1", 1, status="cancelled", voided=True)], "recharge recharged~2", "recharge recharged~2"),
        ([CANCELLED, again("revived~0", 1)], "skip", "repeat run-1"),
        ([CANCELLED, again("revived~0", 1, voided=True)], "recharge recharged~1", "recharge recharged~1"),
        ([VOIDED], "recharge recharged~1", "recharge recharged~1"),
        ([GONE, again("run-7", 2, status="cancelled"), again("recharged~1", 1, voided=True)], "written_off", "written_off"),
        ([POSTED._replace(credited_retail=POSTED.retail, credited_cost=POSTED.cost)], "skip", "repeat run-1"),
    ],
    ids=[
        "A8-voided: charged again, whatever if_charged says", "A8-recharged: it stands", "A8-the recharge voided, too",
        "a repeat stands", "the repeat voided: the first stands", "the recharge is held: tried, not charged once more",
        "the recharge was written off: the latest counts", "the recharge was held, and its run reversed",
        "written off, charged all the same: it stands", "and that voided", "held, and its run reversed", "the latest of three counts",
        "a goodwill credit of the whole does not void",
    ],
)  # fmt: skip
def test_a8_what_stands_is_left_alone_or_repeated_and_what_does_not_is_charged_once(
    entries: list[Entry], skip: str, charge_again: str
) -> None:
    """rules 6: standing."""
    choices: tuple[tuple[IfCharged, str], ...] = (("skip", skip), ("charge_again", charge_again))
    for if_charged, expected in choices:
        kind, _, suffix = expected.partition(" ")
        assert decided([LINE], entries, if_charged) == [(kind, f"{KEY}~{suffix}" if suffix else KEY)]


def test_b1_a_line_that_comes_to_nothing_is_told_only_where_a_charge_stands() -> None:
    """rules 6: and is not charged again; there is nothing to charge."""
    free = LINE._replace(cost=Decimal(0), retail=Decimal(0))
    assert decided([free], [POSTED]) == decided([free], [POSTED], "skip") == [("skip", KEY)]
    assert decided([free], []) == decided([free], [GONE]) == []


@pytest.mark.parametrize(
    ("held", "due", "expected"),
    [
        ([], ["a", "b"], ["charge a", "charge b"]),
        (["c"], ["a"], ["retry c", "charge a"]),
        (["b", "a"], [], ["retry b", "retry a"]),
        (["b"], ["a", "b", "c"], ["retry b", "charge a", "charge c"]),
    ],
    ids=["nothing held", "before what is due earlier", "in the order given", "not charged anew"],
)
def test_held_charges_come_before_what_is_due(held: list[str], due: list[str], expected: list[str]) -> None:
    """rules 4: what is held is tried first, once."""
    lines = {name: priced(retail="3")._replace(assignment_id=name) for name in "abc"}
    found = decide_held_first([entry(lines[name], status="held") for name in held], [lines[name] for name in due])
    assert [f"{one.kind} {one.line.assignment_id}" for one in found] == expected
    assert [one.key for one in found] == [charge_key(one.line.identity) for one in found]


def test_a_held_charge_is_tried_as_it_was_held() -> None:
    """rules 4: a charge keeps what it was computed from; a price changed since counts for others."""
    held = entry(priced(retail="7"), status="held")
    [found] = decide([priced(retail="9")], {held.key: standing_of([held])}, [held], asked(), LATER)
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
        decision("written_off", retail="99", one="h"),
        decision("recharge", retail="0.5", one="i"),
    ]
    found = simulated(decisions, Credit(Decimal(20), Decimal(0)))
    assert [one.line for one in found] == [one.line for one in decisions]
    assert [(one.status, one.already_charged) for one in found] == [
        ("simulated", False), ("skipped", True), ("held", True), ("simulated", False), ("simulated", True), ("held", False),
        ("simulated", False), ("written_off", False), ("held", False),
    ]  # fmt: skip


def test_what_is_held_with_a_charge_is_tried_where_the_charge_is() -> None:
    """rules 4: they are one sum, also where the negative line is of an earlier date."""
    later, before = priced("10", "2024-01-02", "b"), priced("5", "2024-01-01", "a")
    part = entry(priced("-4", "2024-01-01", "b", cost="-1"), status="held")
    charged = entry(later, status="held")._replace(parts=(part.key,))
    found = decide([], {}, [entry(before, status="held"), charged, part], asked(), LATER)
    assert [one.line.retail for one in found] == [-4, 5, 10]
    assert fitting(found, Credit(Decimal(8), Decimal(0))) == [False, True, False]
