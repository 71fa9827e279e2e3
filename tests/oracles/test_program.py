"""The worked examples of dated terms, asked of the program; and what holds of its lines whatever the facts are."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.charging import Line, in_order, priced_lines, schedule_of
from chalicelib.domain.minutes import bucket_on, own_charge
from chalicelib.domain.package import PRICE_FIELDS, Package, PriceList
from chalicelib.domain.schedule import DAY, Period
from chalicelib.domain.terms import active_quantity, change_days, paused_until, terms_on, unit_days

from . import dated, draw
from .facts import as_assignment, as_package
from .test_dated import BY_THE_WORDS, MINUTES, SECTION_2, SECTION_3, SECTION_5, assignment, day, entry, package, text

EXAMPLES = [*SECTION_2, *SECTION_3, *SECTION_5, *BY_THE_WORDS]
SPEND = {day("2024-02-29"): Decimal(3000), day("2024-03-01"): Decimal(77)}


def spent(_: Assignment, period: Period) -> Decimal:
    return sum((amount for on, amount in SPEND.items() if period.since <= on < period.until), Decimal(0))


def charged(sold: Package, given_to: Assignment, first: date, last: date) -> list[Line]:
    return priced_lines(given_to, sold, first, last, spent)


def told(one: Line) -> str:
    kind = [one.kind] * (one.kind != "recurring")
    cost = [f"cost {text(Fraction(one.cost))}"] * bool(one.cost)
    return " ".join([f"{one.due_date:%m-%d}", *kind, text(Fraction(one.retail)), *cost])


@pytest.mark.parametrize(("sold", "given_to", "first", "last", "expected"), [case[1:] for case in EXAMPLES], ids=[c[0] for c in EXAMPLES])
def test_examples(sold: dated.Package, given_to: dated.Assignment, first: str, last: str, expected: str) -> None:
    assert "; ".join(told(one) for one in charged(as_package(sold), as_assignment(given_to), day(first), day(last))) == expected


@pytest.mark.parametrize(("on", "quantity", "discount"), [("06-20", 5, 10), ("07-01", 3, 10), ("08-01", 3, 0), ("05-31", 1, 10)])
def test_each_field_has_its_latest_entry(on: str, quantity: int, discount: int) -> None:
    entries = (
        entry("2031-06-01", quantity=3), entry("2031-05-01", "2031-07-31", discount="10"), entry("2031-06-15", "2031-06-30", quantity=5),
    )  # fmt: skip
    terms = terms_on(as_assignment(assignment("2031-01-01", *entries)), day(f"2031-{on}"))
    assert (terms.quantity, terms.discount) == (quantity, discount)


def test_a_pause_whose_entry_has_another_end_lasts_until_then() -> None:
    one = as_assignment(assignment("2031-01-01", entry("2031-03-05", "2031-03-20", paused=True)))
    assert [active_quantity(one, day(f"2031-03-{number}")) for number in ("04", "05", "20", "21")] == [1, 0, 0, 1]
    assert paused_until(one, day("2031-03-10")) == day("2031-03-20")


@pytest.mark.parametrize(("proration", "given_to", "on", "expected"), [case[1:] for case in MINUTES], ids=[case[0] for case in MINUTES])
def test_minutes(proration: str, given_to: dated.Assignment, on: str, expected: str) -> None:
    sold = as_package(package("10", "monthly", 1, proration=proration), type="free_minutes")
    found = bucket_on(as_assignment(given_to), sold, day(on))
    shown = found and f"{found.begins:%m-%d} {found.total_seconds} {found.expires:%m-%d}"
    assert (shown or "None") == expected.rpartition(" ")[0] or expected
    kind = expected.rpartition(" ")[2]
    assert found is None or kind == "None" or own_charge(found).split("~")[:2] == [str(found.begins), f"{'15'[kind == 'proration']}-{kind}"]


WHEN = {"offset": st.integers(-20, 120), "length": st.integers(0, 60)}


@given(sold=draw.packages(), given_to=draw.assignments(), **WHEN)
@settings(max_examples=100)
def test_a_day_is_charged_the_same_alone_and_within_a_range(
    sold: dated.Package, given_to: dated.Assignment, offset: int, length: int
) -> None:
    first = given_to.start + timedelta(days=offset)
    last = first + timedelta(days=length)
    one, what = as_assignment(given_to), as_package(sold)
    alone = [line for on in dated.each_day(first, last) for line in charged(what, one, on, on)]
    assert alone == charged(what, one, first, last)
    assert len({line.identity for line in alone}) == len(alone)
    assert in_order(reversed(alone)) == alone


@given(sold=draw.packages(), given_to=draw.assignments(), shuffled=st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_the_order_of_entries_and_lists_changes_nothing(sold: dated.Package, given_to: dated.Assignment, shuffled: object) -> None:
    one, what = as_assignment(given_to), as_package(sold)
    terms, lists = list(one.terms), list(what.price_lists)
    shuffled.shuffle(terms)  # type: ignore[attr-defined]
    shuffled.shuffle(lists)  # type: ignore[attr-defined]
    first, last = given_to.start, given_to.start + timedelta(days=150)
    other = charged(what._replace(price_lists=tuple(lists)), one._replace(terms=tuple(terms)), first, last)
    assert other == charged(what, one, first, last)


AT_ONE_PRICE = {
    "sold": draw.packages(proration="daily", minimum_spend=False, later_lists=0),
    "given_to": draw.assignments(charge_from=False, prices=False),
}


@given(**AT_ONE_PRICE)
@settings(max_examples=100)
def test_the_lines_of_a_prorated_period_come_to_its_active_days(sold: dated.Package, given_to: dated.Assignment) -> None:
    """At one price: unit x (sum of the active quantities of its days) / W, to within 0.000001 a line."""
    one, what = as_assignment(given_to), as_package(sold)
    on = one.start_date
    for _ in range(3):
        period = schedule_of(one, what).period(on)
        assert period is not None
        found = [line for line in charged(what, one, period.since, period.until - DAY) if line.kind != "setup"]
        active = [active_quantity(one, each) for each in dated.each_day(period.since, period.until - DAY)]
        assert unit_days(one, period.since, period.until) == sum(active)
        whole = Fraction(what.retail) * (100 - Fraction(one.discount)) / 100 * sum(active) / period.days
        most = 1 + sum(quantity != after for quantity, after in pairwise(active))
        assert abs(sum(Fraction(line.retail) for line in found) - whole) <= Fraction(most, 1_000_000)
        on = period.until


@given(sold=draw.packages(), given_to=draw.assignments(), later=st.integers(1, 100))
@settings(max_examples=100)
def test_a_list_for_new_assignments_leaves_those_that_began_before_alone(
    sold: dated.Package, given_to: dated.Assignment, later: int
) -> None:
    one, what = as_assignment(given_to), as_package(sold)
    begins = (one.counted_from or one.start_date) + timedelta(days=later)
    prices: dict[str, Any] = dict.fromkeys(PRICE_FIELDS, Decimal(77))
    dearer = PriceList(begins, False, **prices)
    first, last = given_to.start, given_to.start + timedelta(days=150)
    grandfathered = charged(what._replace(price_lists=(*what.price_lists, dearer)), one, first, last)
    assert grandfathered == charged(what, one, first, last)


@given(given_to=draw.assignments())
@settings(max_examples=50)
def test_nothing_changes_between_the_days_on_which_it_may(given_to: dated.Assignment) -> None:
    one = as_assignment(given_to)
    first, last = given_to.start, given_to.start + timedelta(days=150)
    changes = set(change_days(one, first, last))
    for on in dated.each_day(first + DAY, last):
        assert on in changes or terms_on(one, on) == terms_on(one, on - DAY)
