"""Dated facts are read back as they were written, and what has none is stored as before."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.charging import priced_lines
from chalicelib.domain.ledger import charge
from chalicelib.domain.package import Package, PriceList
from chalicelib.domain.record import Step
from chalicelib.storage import assignments, ledger, packages, packing
from tests.domain.build import STAMP, assignment, day, package
from tests.oracles import dated, draw
from tests.oracles.facts import as_assignment, as_package
from tests.world.stage import Stage

AUDITED: dict[str, Any] = {"entered_at": "2031-01-01T10:00:00+00:00", "superseded_at": "2031-01-02T10:00:00+00:00"}


def stored_package(new: Package) -> Package | None:
    db = Stage().db
    db.write(packages.create_package(new))
    return packages.find_package(db, new.package_id)


def stored_assignment(new: Assignment) -> Assignment | None:
    db = Stage().db
    db.write(assignments.create_assignment(new))
    return assignments.find_assignment(db, new.customer_id, new.assignment_id)


@given(draw.packages())
@settings(max_examples=30)
def test_packages(sold: dated.Package) -> None:
    new = as_package(sold)
    old = tuple(one._replace(**AUDITED) for one in new.price_lists)
    assert stored_package(new._replace(superseded_lists=old)) == new._replace(superseded_lists=old)


@given(draw.assignments())
@settings(max_examples=30)
def test_assignments(given_to: dated.Assignment) -> None:
    new = as_assignment(given_to, replaces="a1", replaced_by="a2")
    old = tuple(one._replace(**AUDITED) for one in new.terms)
    kept = stored_assignment(new._replace(superseded_terms=old))
    assert kept == new._replace(superseded_terms=old)
    assert kept is not None
    numbers = [value for one in kept.terms for name, value in one.values.items() if name in ("quantity", "free_minutes")]
    assert all(type(value) is int for value in numbers)


def test_no_value_is_a_value() -> None:
    entry = TermsEntry(date(2031, 1, 1), None, {"retail": None, "paused": False, "discount": Decimal(0)})
    kept = stored_assignment(assignment(terms=(entry,)))
    assert kept is not None
    assert kept.terms == (entry,)


def test_a_price_of_nothing_is_named() -> None:
    kept = stored_package(package(price_lists=(PriceList(date(2031, 1, 1), False, retail=Decimal(0)),)))
    assert kept is not None
    assert (kept.price_lists[0].retail, kept.price_lists[0].cost, kept.price_lists[0].existing) == (0, None, False)


def test_an_edit_writes_terms_and_takes_them_away() -> None:
    db = Stage().db
    old = assignment()
    db.write(assignments.create_assignment(old))
    new = old._replace(version=2, terms=(TermsEntry(day("2031-01-01"), None, {"quantity": 3}),), retail=Decimal(5))
    db.write(assignments.update_assignment(old, new, uncharged=False))
    assert assignments.find_assignment(db, "c", "a") == new
    db.write(assignments.update_assignment(new, old._replace(version=3), uncharged=False))
    assert assignments.find_assignment(db, "c", "a") == old._replace(version=3)


CODES = st.one_of(st.none(), st.sampled_from(["0200", "20% (VAT on Income)", "é"]))


@given(draw.packages(), draw.assignments(), st.integers(0, 150), CODES, CODES)
@settings(max_examples=50)
def test_lines_and_what_they_were_computed_from(
    sold: dated.Package, given_to: dated.Assignment, days: int, account_code: str | None, tax_code: str | None
) -> None:
    start = given_to.start
    package_sold = as_package(sold)._replace(account_code=account_code, tax_code=tax_code)
    assert stored_package(package_sold) == package_sold
    found = priced_lines(as_assignment(given_to), package_sold, start, start + days * dated.ONE_DAY, lambda *_: Decimal(1))[:5]
    db = Stage().db
    for line in found:
        entry = charge(line, status="posted", run_id="r", repeat=False, at=STAMP.at, by="test")
        db.write(ledger.create_entry(entry))
        kept = ledger.find_entry(db, entry.customer_id, entry.key)
        assert kept is not None
        assert kept == entry
        assert {kept.account_code, line.account_code} == {account_code}
        assert {kept.tax_code, line.tax_code} == {tax_code}
    steps = [Step(line, "charge", "key") for line in found]
    assert packing.unpack_steps(packing.pack_steps(steps)) == steps
