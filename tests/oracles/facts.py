"""The program's packages and assignments as the facts of the oracle, and the other way round."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.package import Package
from chalicelib.domain.prices import PriceList
from chalicelib.domain.terms import TermsEntry

from . import dated

PRICES = ("cost", "retail", "setup_cost", "setup_retail")
FIRST = tuple(field.name for field in fields(dated.Terms) if field.name != "paused")
RULE = ("frequency", "every", "proration", "minimum_spend")


def as_facts(package: Package, assignment: Assignment) -> tuple[dated.Package, dated.Assignment]:
    """What the oracle knows of them."""
    return package_facts(package), assignment_facts(assignment)


def package_facts(package: Package) -> dated.Package:
    """Its rule and its price lists; those that were superseded are not facts any more."""
    lists = tuple(dated.PriceList(begins=one.begins, existing=one.existing, prices=_named(one)) for one in package.price_lists)
    rule = {name: getattr(package, name) for name in RULE}
    return dated.Package(match=package.frequency_match, lists=(dated.PriceList(prices=_named(package)), *lists), **rule)


def _named(one: Package | PriceList) -> dict[str, Fraction]:
    return {name: Fraction(value) for name in PRICES if (value := getattr(one, name)) is not None}


def assignment_facts(assignment: Assignment) -> dated.Assignment:
    """Its dates, first values and entries."""
    return dated.Assignment(
        start=assignment.start_date,
        end=assignment.end_date,
        charge_from=assignment.charge_from,
        counted_from=assignment.counted_from,
        first=dated.Terms(**{name: _fact(getattr(assignment, name)) for name in FIRST}),
        setup_cost=_fact(assignment.setup_cost),
        setup_retail=_fact(assignment.setup_retail),
        entries=tuple(
            dated.Entry(begins=one.begins, until=one.until, values={name: _fact(value) for name, value in one.values.items()})
            for one in assignment.terms
        ),
        cancelled=assignment.cancelled,
    )


def _fact(value: Any) -> Any:
    return Fraction(value) if isinstance(value, Decimal) else value


def as_package(facts: dated.Package, **more: Any) -> Package:
    """The program's package with these facts."""
    first, *later = facts.lists
    lists = tuple(PriceList(begins=_begins(one), existing=one.existing, **_values(one.prices)) for one in later)
    rule = {name: getattr(facts, name) for name in RULE}
    named = {"package_id": "p", "name": "Package", "currency": "USD"} | more
    return Package(**named, frequency_match=facts.match, price_lists=lists, **_values(first.prices), **rule)


def _begins(one: dated.PriceList) -> date:
    assert one.begins is not None
    return one.begins


def as_assignment(facts: dated.Assignment, **more: Any) -> Assignment:
    """The program's assignment with these facts."""
    named = {"customer_id": "c", "assignment_id": "a", "package_id": "p"} | more
    return Assignment(
        **named,
        start_date=facts.start,
        end_date=facts.end,
        charge_from=facts.charge_from,
        counted_from=facts.counted_from,
        terms=tuple(TermsEntry(begins=one.begins, until=one.until, values=_values(one.values)) for one in facts.entries),
        cancelled=facts.cancelled,
        **_values({name: getattr(facts.first, name) for name in FIRST}),
        **_values({"setup_cost": facts.setup_cost, "setup_retail": facts.setup_retail}),
    )


def _values(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _decimal(value) if isinstance(value, Fraction) else value for name, value in facts.items()}


def _decimal(amount: Fraction) -> Decimal:
    """Exact: no fact has more than 6 decimals."""
    return Decimal(int(amount * 1_000_000)).scaleb(-6)
