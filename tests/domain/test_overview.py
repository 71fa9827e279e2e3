"""What customers bring in a month, and what ends soon (rules: Forecast, Overview)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.overview import MonthlyValue, PackageUse, endings, monthly_value, used_together, uses_by_package
from chalicelib.domain.package import Package, PriceList
from chalicelib.domain.schedule import DAY

TODAY = date(2031, 3, 1)
LAST = date(2031, 3, 31)


def package(package_id: str, retail: str, cost: str = "0", **rule: Any) -> Package:
    return Package(package_id, package_id.title(), "USD", retail=Decimal(retail), cost=Decimal(cost), **rule)


PACKAGES = {
    one.package_id: one
    for one in (
        package("phone", "10", "4", frequency="monthly"), package("fax", "5", frequency="monthly"),
        package("domain", "1.20", frequency="yearly", every=2), package("line", "1", frequency="weekly"), package("visit", "90"),
        package("twice", "3", frequency="monthly", frequency_match=(1, 15)),
    )
}  # fmt: skip


def given(package_id: str, **fields: Any) -> Assignment:
    return Assignment("acme", f"a-{package_id}", package_id, **{"start_date": TODAY - DAY, **fields})


def terms(until: date | None, begins: date = TODAY - DAY, **values: Any) -> TermsEntry:
    return TermsEntry(begins, until, values)


PAUSED = given("fax", terms=(terms(None, paused=True),))


@pytest.mark.parametrize(
    ("found", "retail", "cost", "count"),
    [
        ([given("phone", quantity=3, discount=Decimal(10)), PAUSED], "27.00", "12", 2),
        ([given("domain")], "0.05", "0", 1),
        ([given("line")], "4.333333", "0", 1),
        ([given("twice")], "6", "0", 1),
        ([given("visit")], "0", "0", 1),
        ([given("phone", retail=Decimal(9)), given("phone")], "19", "8", 2),
        ([given("phone", start_date=TODAY + DAY), given("fax", end_date=TODAY - DAY), given("line", cancelled=True)], "0", "0", 0),
        ([given("phone", end_date=TODAY)], "10", "4", 1),
        ([given("unknown")], "0", "0", 0),
        ([], "0", "0", 0),
    ],
    ids=["discount", "every 2 years", "weekly", "match days", "once", "own price", "not valid", "last day", "unknown", "none"],
)
def test_a_month_is_worth_what_todays_terms_bring(found: list[Assignment], retail: str, cost: str, count: int) -> None:
    value = monthly_value(found, PACKAGES, TODAY)
    assert (value.assignments, value.retail, value.cost) == (count, Decimal(retail), Decimal(cost))
    assert value.margin == Decimal(retail) - Decimal(cost)


@pytest.mark.parametrize(("begins", "retail"), [(TODAY, "12"), (TODAY + DAY, "10")], ids=["of today", "of tomorrow"])
def test_a_price_list_counts_once_it_has_begun(begins: date, retail: str) -> None:
    dearer = PACKAGES["phone"]._replace(price_lists=(PriceList(begins, retail=Decimal(12)),))
    assert monthly_value([given("phone")], {"phone": dearer}, TODAY).retail == Decimal(retail)


def told(*found: Assignment) -> list[tuple[date, str, tuple[str, ...]]]:
    return [(one.last_day, one.ends, one.fields) for one in endings(found, PACKAGES, "Acme", TODAY, LAST)]


def test_an_assignment_ends_within_the_days_unless_another_replaces_it() -> None:
    assert told(given("phone", end_date=TODAY)) == [(TODAY, "assignment", ())]
    assert told(given("phone", end_date=LAST)) == [(LAST, "assignment", ())]
    for none in (
        given("phone"), given("phone", end_date=TODAY - DAY), given("phone", end_date=LAST + DAY),
        given("phone", end_date=LAST, cancelled=True), given("phone", end_date=LAST, replaced_by="other"),
    ):  # fmt: skip
        assert told(none) == []


def test_terms_end_where_something_is_another_the_day_after() -> None:
    discount = terms(LAST, discount=Decimal(10), quantity=2)
    assert told(given("phone", terms=(discount,))) == [(LAST, "terms", ("quantity", "discount"))]
    assert told(given("phone", terms=(terms(TODAY, paused=True),))) == [(TODAY, "terms", ("paused",))]
    goes_on = terms(None, LAST + DAY, discount=Decimal(10), quantity=2)
    assert told(given("phone", terms=(discount, goes_on))) == []
    assert told(given("phone", terms=(terms(LAST, discount=Decimal(0)),))) == []
    assert told(given("phone", terms=(terms(LAST + DAY, discount=Decimal(1)), terms(TODAY - DAY, discount=Decimal(1))))) == []


def test_terms_that_end_with_their_assignment_or_outside_it_are_not_told_beside_it() -> None:
    gift = terms(LAST, discount=Decimal(10))
    assert told(given("phone", terms=(gift,), end_date=LAST)) == [(LAST, "assignment", ())]
    assert told(given("phone", terms=(gift,), start_date=LAST + DAY)) == []


def test_what_ends_says_whose_it_is_and_which_package() -> None:
    (one,) = endings([given("phone", did="4420", end_date=LAST)], PACKAGES, "Acme", TODAY, LAST)
    assert one[1:8] == ("acme", "Acme", "a-phone", "phone", "Phone", "4420", "assignment")
    (unknown,) = endings([given("gone", end_date=LAST)], PACKAGES, "Acme", TODAY, LAST)
    assert unknown.package_name == ""


def test_what_is_assigned_is_told_by_package_and_exactly() -> None:
    """A third of 10 a month, three times, is 10, although each is 3.333333."""
    packages = PACKAGES | {"third": package("third", "40", "4", frequency="yearly")}
    thirds = [given("third")] * 3
    found = uses_by_package([given("phone", quantity=3), PAUSED, *thirds, given("unknown"), given("visit", quantity=2)], packages, TODAY)
    assert {name: (one.assignments, one.units) for name, one in found.items()} == {
        "phone": (1, 3), "fax": (1, 0), "third": (3, 3), "visit": (1, 2),
    }  # fmt: skip
    assert (found["third"].monthly, found["fax"].monthly) == (MonthlyValue(3, Decimal(10), Decimal(1)), MonthlyValue(1))
    assert used_together([found["phone"], found["third"]]).monthly == MonthlyValue(4, Decimal(40), Decimal(13))
    assert used_together([]) == PackageUse()
