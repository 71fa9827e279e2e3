"""The demo's own count of dated prices and terms: a file by hand, and all else against the tests' oracle, which is written apart."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo import provider
from demo.changes import Change
from demo.fields import BadProviderError
from demo.independent import Expected, expected_charges
from demo.provider import SAMPLE, Customer, load
from tests.oracles import dated, draw

PRICES = ("cost", "retail", "setup_cost", "setup_retail")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def amount(value: Fraction) -> Decimal:
    return Decimal(int(value * 1_000_000)).scaleb(-6)


def values(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: amount(value) if isinstance(value, Fraction) else value for name, value in facts.items()}


def rented(sold: dated.Package, given_to: dated.Assignment) -> Customer:
    first, *later = sold.lists
    package = provider.Package(
        key="p", name="P", currency="USD", frequency=sold.frequency, connexcs_package=None, minimum_days=0, every=sold.every,
        frequency_match=tuple(WEEKDAYS[one] if sold.frequency == "weekly" else str(one) for one in sold.match),
        proration=sold.proration, minimum_spend=sold.minimum_spend,
        prices=tuple(Change(begins=one.begins or date.min, existing=one.existing, values=values(one.prices)) for one in later),
        **values(first.prices),
    )  # fmt: skip
    terms = values({one.name: getattr(given_to.first, one.name) for one in fields(given_to.first) if one.name != "paused"})
    own = values({name: getattr(given_to, name) for name in ("setup_cost", "setup_retail")})
    assignment = provider.Assignment(
        package=package, did=None, start_date=given_to.start, end_date=given_to.end, charge_from=given_to.charge_from,
        terms=tuple(Change(begins=one.begins, until=one.until, values=values(one.values)) for one in given_to.entries),
        **terms | own,
    )  # fmt: skip
    return Customer(id="c", name="C", currency="USD", prepaid=Decimal(0), debit_limit=None, assignments=(assignment,))


@given(
    sold=draw.packages(), given_to=draw.assignments(), spent=st.dictionaries(st.integers(0, 150), draw.AMOUNTS), after=st.integers(-5, 120)
)
@settings(max_examples=100)
def test_the_count_is_the_oracles(sold: dated.Package, given_to: dated.Assignment, spent: dict[int, Fraction], after: int) -> None:
    facts = replace(given_to, counted_from=None)
    spend = {facts.start + timedelta(days=later): value for later, value in spent.items()}
    first = facts.start + timedelta(days=after)
    last = first + timedelta(days=40)

    def spent_in(_: str | None, since: date, until: date) -> Decimal:
        return amount(sum((value for day, value in spend.items() if since <= day < until), Fraction(0)))

    def told(one: Expected) -> tuple[object, ...]:
        return one.kind, one.day, Fraction(one.cost), Fraction(one.retail), one.debits

    found = expected_charges(rented(sold, facts), first=first, last=last, spend=spent_in)
    wanted = dated.lines(sold, facts, first, last, spend)
    assert [told(one) for one in found] == [(one.kind, one.day, one.cost, one.retail, one.auto_decrement_credit) for one in wanted]


PROVIDER = """
packages:
  phone: {name: Phone, currency: USD, frequency: monthly, frequency_match: [1], retail: 10.00, setup_retail: 5, proration: daily,
          prices: [{from: 2031-03-01, existing: false, retail: 12.00}]}
"""
ASSIGNMENT = """
      - {package: phone, start_date: 2031-01-01, setup_retail: 0, quantity: 2, terms: [
          {from: 2031-02-01, until: 2031-02-28, discount: 50}, {from: 2031-03-11, until: 2031-03-20, paused: true},
          {from: 2031-04-01, retail: 9.99}, {from: 2031-05-01, retail: null}]}
"""


def sample_with(packages: str, assignment: str, tmp_path: Any) -> provider.Provider:
    """The sample with one more package and one more assignment of its first customer in dollars."""
    text = SAMPLE.read_text(encoding="utf-8").replace("\npackages:\n", packages, 1)
    head, marker, tail = text.partition("  - id: harbour-point-legal")
    before, assignments, after = tail.partition("    assignments:")
    path = tmp_path / "provider.yaml"
    path.write_text(head + marker + before + assignments + assignment.rstrip() + after, encoding="utf-8")
    return load(path)


def test_dated_facts_are_read_from_the_file(tmp_path: Any) -> None:
    customer = sample_with(PROVIDER, ASSIGNMENT, tmp_path).customer("harbour-point-legal")
    charges = expected_charges(replace(customer, assignments=customer.assignments[:1]), first=date(2031, 1, 1), last=date(2031, 5, 1))
    assert [(f"{one.day:%m-%d}", one.kind, str(one.retail)) for one in charges] == [
        ("01-01", "recurring", "20.000000"),
        ("02-01", "recurring", "10.000000"),
        ("03-01", "recurring", "20.000000"),
        ("03-11", "proration", "-13.548387"),  # 21 days of 31
        ("03-21", "proration", "7.096774"),  # 11 days of 31
        ("04-01", "recurring", "19.980000"),
        ("05-01", "recurring", "20.000000"),
    ]
    assert customer.assignments[0].request(package_id="p")["terms"] == [
        {"from": "2031-02-01", "until": "2031-02-28", "discount": "50"},
        {"from": "2031-03-11", "until": "2031-03-20", "paused": True},
        {"from": "2031-04-01", "retail": "9.99"},
        {"from": "2031-05-01", "retail": None},
    ]


def test_a_field_that_no_terms_have_is_refused(tmp_path: Any) -> None:
    with pytest.raises(BadProviderError, match="terms of an assignment of harbour-point-legal: unknown field colour"):
        sample_with(PROVIDER, ASSIGNMENT.replace("discount: 50", "colour: 50"), tmp_path)
