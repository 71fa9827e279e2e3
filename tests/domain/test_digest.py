"""The digest of what was seen (rules 6): what it is made of, and what changes it."""

import hashlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.account import Credit
from chalicelib.domain.charging import Line
from chalicelib.domain.deciding import Decision, DecisionKind, RunRequest, decide
from chalicelib.domain.digest import digest
from chalicelib.domain.ledger import charge_key

from .build import day, decision, entry, priced

UNLIMITED = Credit(Decimal(0), None)
TEN = Credit(Decimal(10), Decimal(0))


def hashed(*lines: str) -> str:
    return hashlib.sha256("\n".join(["packages-billing plan 2", *lines]).encode()).hexdigest()


CANONICAL: list[tuple[str, list[Decision], str]] = [
    ("a charge", [decision(retail="9.5", cost="1")], "a|recurring|2024-01-01|charge|1|1.00|9.50|9.50|yes"),
    ("without debit", [decision(retail="10", debit=False)], "a|recurring|2024-01-01|charge|1|1.00|10.00|0.00|yes"),
    ("that does not fit", [decision(retail="10.000001")], "a|recurring|2024-01-01|charge|1|1.00|10.000001|10.000001|no"),
    ("again", [decision("repeat", retail="3")], "a|recurring|2024-01-01|repeat|1|1.00|3.00|3.00|yes"),
    ("held before", [decision("retry", retail="3")], "a|recurring|2024-01-01|retry|1|1.00|3.00|3.00|yes"),
    ("voided or written off, charged now", [decision("recharge", retail="3")], "a|recurring|2024-01-01|recharge|1|1.00|3.00|3.00|yes"),
    ("charged, left alone", [decision("skip", retail="30")], "a|recurring|2024-01-01|leave|1|1.00|30.00|30.00|-"),
    ("written off, left alone", [decision("written_off", retail="30")], "a|recurring|2024-01-01|leave|1|1.00|30.00|30.00|-"),
    ("not over", [decision("not_over", retail="30")], "a|recurring|2024-01-01|leave|1|1.00|30.00|30.00|-"),
    ("five of them", [decision(retail="5", quantity=5)], "a|recurring|2024-01-01|charge|5|1.00|5.00|5.00|yes"),
]


@pytest.mark.parametrize(("decisions", "line"), [case[1:] for case in CANONICAL], ids=[case[0] for case in CANONICAL])
def test_what_a_line_is_made_of(decisions: list[Decision], line: str) -> None:
    assert digest(decisions, TEN) == hashed(line)


def test_nothing_due_has_a_digest_too() -> None:
    assert digest([], TEN) == hashed()


def test_charges_are_tried_in_order_and_hashed_by_what_they_are() -> None:
    second, first = decision(retail="6", one="b"), decision(retail="6", one="a")
    fits_first = hashed("a|recurring|2024-01-01|charge|1|1.00|6.00|6.00|no", "b|recurring|2024-01-01|charge|1|1.00|6.00|6.00|yes")
    assert digest([second, first], TEN) == fits_first != digest([first, second], TEN)
    assert digest([second, first], UNLIMITED) == digest([first, second], UNLIMITED)


CHANGES: list[tuple[str, dict[str, Any], bool]] = [
    ("another assignment", {"assignment_id": "b"}, True),
    ("another kind", {"kind": "setup"}, True),
    ("another date", {"due_date": day("2024-01-02")}, True),
    ("another quantity", {"quantity": 2}, True),
    ("another cost", {"cost": Decimal("1.000001")}, True),
    ("another retail", {"retail": Decimal("9.999999")}, True),
    ("no debit", {"auto_decrement_credit": False}, True),
    ("the same amount, written otherwise", {"retail": Decimal("10.000")}, False),
    ("another name of the package", {"package_name": "Renamed"}, False),
    ("another discount to the same amount", {"discount": Decimal(5), "unit_retail": Decimal(11)}, False),
]


@pytest.mark.parametrize(("change", "differs"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_a_change_of_a_line_changes_the_digest(change: dict[str, Any], differs: bool) -> None:
    line = priced()
    seen = digest([Decision(line, "charge", charge_key(line.identity))], TEN)
    changed = line._replace(**change)
    assert (digest([Decision(changed, "charge", charge_key(changed.identity))], TEN) != seen) == differs


def test_another_decision_or_verdict_changes_the_digest() -> None:
    kinds: list[DecisionKind] = ["charge", "repeat", "recharge", "retry", "skip", "written_off", "not_over"]
    found = {digest([decision(kind)], credit) for kind in kinds for credit in (UNLIMITED, Credit(Decimal(1), Decimal(0)))}
    assert len(found) == 4 * 2 + 1  # what is left alone is not tried, for whatever reason


lines = st.builds(
    lambda one, n, retail, cost, debit, quantity: priced(str(retail), "2024-01-01", one, cost=str(cost), debit=debit)._replace(
        due_date=day("2024-01-01") + timedelta(days=n), quantity=quantity
    ),
    st.sampled_from("abc"), st.integers(0, 2), st.integers(0, 9), st.integers(1, 3), st.booleans(), st.integers(1, 2),
)  # fmt: skip
many_lines = st.lists(lines, max_size=6, unique_by=lambda line: line.identity)
RUN = RunRequest("c", day("2024-01-03"), "skip", "run")


def of(found: list[Line], charged: frozenset[Any] = frozenset()) -> str:
    held = [entry(line, status="held") for line in found if line.identity in charged]
    return digest(decide(found, {}, held, RUN, day("2031-01-01")), TEN)


@given(many_lines, many_lines, st.randoms(use_true_random=False))
def test_digests_are_the_same_exactly_for_the_same_lines_in_whatever_order_they_are_found(
    one: list[Line], other: list[Line], random: Any
) -> None:
    shuffled = random.sample(one, len(one))
    assert of(one) == of(shuffled)
    same = {(line.identity, line.quantity, line.cost, line.retail, line.debit) for line in one} == {
        (line.identity, line.quantity, line.cost, line.retail, line.debit) for line in other
    }
    assert (of(one) == of(other)) == same


@given(many_lines.filter(bool), st.data())
def test_any_edit_of_a_line_changes_the_digest(found: list[Line], data: Any) -> None:
    place = data.draw(st.integers(0, len(found) - 1))
    field, value = data.draw(st.sampled_from([("quantity", 3), ("retail", Decimal("4.5")), ("cost", Decimal("0.5"))]))
    edited = [line._replace(**{field: value}) if n == place else line for n, line in enumerate(found)]
    assert of(edited) != of(found)
    assert of([line for n, line in enumerate(found) if n != place]) != of(found)
    assert of(found, frozenset([found[place].identity])) != of(found)
