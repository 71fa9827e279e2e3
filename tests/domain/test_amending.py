"""Entries of terms as they are made and amended, against the oracle's own words for it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain import amending
from chalicelib.domain.assignment import Assignment, TermsEntry
from tests.domain.build import assignment, day, package
from tests.oracles import dated, draw
from tests.oracles.facts import as_assignment, assignment_facts


@given(draw.assignments(), st.data())
@settings(max_examples=100)
def test_entries_hold_whatever_the_order_in_which_they_are_made(facts: dated.Assignment, data: st.DataObject) -> None:
    complete = as_assignment(facts)
    made = complete._replace(terms=())
    for entry in data.draw(st.permutations(complete.terms)):
        made = amending.with_entry(made, entry)
    assert made.terms == tuple(sorted(complete.terms, key=lambda one: one.begins))
    for offset in data.draw(st.lists(st.integers(0, 150), min_size=1, max_size=20)):
        shown = assignment_facts(amending.as_shown(made, facts.start + offset * dated.ONE_DAY)).first
        wanted = dated.terms_on(facts, facts.start + offset * dated.ONE_DAY)
        assert shown == replace(wanted, paused=False)


ENTRY = st.builds(
    lambda begins, length, values: TermsEntry(begins, length and date.fromordinal(begins.toordinal() + length), values),
    st.dates(date(2031, 1, 1), date(2031, 1, 4)),
    st.none() | st.integers(1, 9),
    st.fixed_dictionaries({}, optional={"quantity": st.integers(1, 9), "discount": st.integers(0, 100).map(Decimal)}),
)


@given(st.lists(ENTRY, max_size=8))
def test_an_entry_of_the_same_day_is_amended_as_the_oracle_says(entries: list[TermsEntry]) -> None:
    made: Assignment = assignment()
    kept: tuple[dated.Entry, ...] = ()
    for entry in entries:
        made = amending.with_entry(made, entry)
        kept = dated.put(kept, dated.Entry(begins=entry.begins, until=entry.until, values=dict(entry.values)))
    assert [(one.begins, one.until, dict(one.values)) for one in made.terms] == [
        (one.begins, one.until, dict(one.values)) for one in sorted(kept, key=lambda one: one.begins)
    ]


def test_an_edit_without_an_end_keeps_the_one_there_is() -> None:
    paused = amending.with_entry(assignment(), TermsEntry(day("2031-01-05"), day("2031-01-09"), {"paused": True}))
    edited = amending.with_entry(paused, TermsEntry(day("2031-01-05"), None, {"quantity": 2}), keep_end=True)
    assert edited.terms == (TermsEntry(day("2031-01-05"), day("2031-01-09"), {"paused": True, "quantity": 2}),)


def test_what_is_replaced_is_kept_with_the_moment() -> None:
    old = amending.with_entry(assignment(), TermsEntry(day("2031-01-05"), None, {"quantity": 2}))
    new = amending.with_entry(old, TermsEntry(day("2031-01-05"), None, {"quantity": 3}))
    assert amending.superseding(old, new, "then").superseded_terms == (old.terms[0]._replace(superseded_at="then"),)
    assert amending.superseding(new, new, "then").superseded_terms == ()


MONTHLY: dict[str, Any] = {"retail": Decimal(10), "cost": Decimal(6), "frequency": "monthly", "frequency_match": (1,)}


@pytest.mark.parametrize(
    ("entry", "codes"),
    [
        (TermsEntry(day("2031-02-01"), None, {"retail": Decimal(6)}), []),
        (TermsEntry(day("2031-02-01"), None, {"retail": Decimal("5.99")}), ["below_cost"]),
        (TermsEntry(day("2031-02-01"), None, {"retail": Decimal("5.99"), "cost": Decimal(5)}), []),
        (TermsEntry(day("2031-02-01"), None, {"retail": Decimal(8), "discount": Decimal("25.0001")}), ["below_cost"]),
        (TermsEntry(day("2031-02-01"), None, {"discount": Decimal(50)}), []),
        (TermsEntry(day("2031-02-02"), day("2031-02-28"), {"discount": Decimal(50)}), ["no_line_affected"]),
        (TermsEntry(day("2031-02-02"), day("2031-03-01"), {"discount": Decimal(50)}), []),
        (TermsEntry(day("2031-02-02"), day("2031-02-28"), {"paused": True}), []),
        (TermsEntry(day("2031-02-02"), day("2031-03-01"), {"paused": True}), ["skips_due_dates"]),
        (TermsEntry(day("2031-02-02"), None, {"paused": True}), ["skips_due_dates"]),
        (TermsEntry(day("2031-02-02"), None, {"paused": False}), []),
    ],
)
def test_warnings(entry: TermsEntry, codes: list[str]) -> None:
    made = amending.with_entry(assignment("2031-01-01"), entry)
    assert [one.code for one in amending.terms_warnings(made, package(**MONTHLY), [entry.begins])] == codes


def test_a_pause_says_what_it_skips() -> None:
    made = amending.with_entry(assignment("2031-01-01"), TermsEntry(day("2031-02-01"), None, {"paused": True}))
    (told,) = amending.terms_warnings(made, package(**MONTHLY), [day("2031-02-01")])
    assert "2031-02-01 (10.00 USD), 2031-03-01 (10.00 USD)" in told.detail
    assert "and all that follow" in told.detail
