"""What goes on from an assignment comes to what the assignment would have come to (rules: Replacement and transfer)."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.domain import replacing
from chalicelib.domain.assignment import Assignment, valid_on
from chalicelib.domain.charging import Line, priced_lines
from chalicelib.domain.package import Package
from chalicelib.domain.replacing import Handover
from chalicelib.domain.schedule import DAY
from chalicelib.domain.terms import terms_on
from tests.domain.build import assignment, day, package
from tests.oracles import dated, draw
from tests.oracles.facts import as_assignment, as_package

OFFSETS = st.integers(1, 100)
NO_CALLS: dict[date, Fraction] = {}
HALF_A_YEAR = timedelta(days=180)


def _gone_on(one: Assignment, what: Package, begins: date, *, to_another: bool) -> Handover:
    assume(valid_on(one, begins))
    if to_another:
        return replacing.plan_transfer(one, begins, "d", "b")
    return replacing.plan_replacement(one, begins, what, {"setup_cost": Decimal(0), "setup_retail": Decimal(0)}, "b")


def _lines(step: Handover, what: Package, last: date) -> list[Line]:
    sides = (step.old, step.new)
    found = [line for one in sides for line in priced_lines(one, what, one.start_date, last, lambda *_: Decimal(0))]
    return [line for line in found if line.kind != "setup"]


def _undisturbed(sold: dated.Package, given_to: dated.Assignment, last: date) -> list[dated.Line]:
    return [line for line in dated.lines(sold, given_to, given_to.start, last, NO_CALLS) if line.kind != "setup"]


def _sums(found: Iterable[Line | dated.Line]) -> tuple[Fraction, Fraction]:
    lines = list(found)
    return sum((Fraction(one.retail) for one in lines), Fraction(0)), sum((Fraction(one.cost) for one in lines), Fraction(0))


@given(sold=draw.packages(proration="none", minimum_spend=False), given_to=draw.assignments(), offset=OFFSETS, to_another=st.booleans())
@settings(max_examples=200)
def test_without_proration_each_due_date_is_charged_once_and_as_before(
    sold: dated.Package, given_to: dated.Assignment, offset: int, to_another: bool
) -> None:
    one, what, last = as_assignment(given_to), as_package(sold), given_to.start + HALF_A_YEAR
    step = _gone_on(one, what, given_to.start + timedelta(days=offset), to_another=to_another)
    found = [(line.due_date, Fraction(line.retail), Fraction(line.cost)) for line in _lines(step, what, last)]
    assert found == [(line.day, line.retail, line.cost) for line in _undisturbed(sold, given_to, last)]


@pytest.mark.parametrize("settled", [False, True], ids=["proration", "minimum spend"])
@given(data=st.data(), given_to=draw.assignments(charge_from=False, prices=False), offset=OFFSETS, to_another=st.booleans())
@settings(max_examples=100)
def test_with_days_counted_both_sides_come_to_what_one_would_have(
    settled: bool, data: st.DataObject, given_to: dated.Assignment, offset: int, to_another: bool
) -> None:
    """At one price, to within 0.000001 a line."""
    drawn = data.draw(draw.packages(proration="daily", minimum_spend=False, later_lists=0))
    sold = dated.Package(**{**drawn.__dict__, "minimum_spend": settled})
    one, what = as_assignment(given_to), as_package(sold)
    begins = given_to.start + timedelta(days=offset)
    step = _gone_on(one, what, begins, to_another=to_another)
    period = what.schedule(one.start_date).period(begins + HALF_A_YEAR)
    assert period is not None
    last = period.since - (DAY if not settled else timedelta(0))
    found, wanted = _lines(step, what, last), _undisturbed(sold, given_to, last)
    most = Fraction(len(found) + len(wanted), 1_000_000)
    assert all(abs(mine - theirs) <= most for mine, theirs in zip(_sums(found), _sums(wanted), strict=True))


@given(sold=draw.packages(), given_to=draw.assignments(), offset=OFFSETS)
@settings(max_examples=100)
def test_another_package_keeps_all_terms_but_own_prices(sold: dated.Package, given_to: dated.Assignment, offset: int) -> None:
    one, begins = as_assignment(given_to), given_to.start + timedelta(days=offset)
    assume(valid_on(one, begins))
    other = as_package(sold, package_id="other", type="free_minutes")
    new = replacing.plan_replacement(one, begins, other, {}, "b").new
    for on in dated.each_day(begins, begins + timedelta(days=120)):
        before = dated.terms_on(given_to, on)
        now = terms_on(new, on)
        assert (now.quantity, now.discount, now.paused, now.auto_decrement_credit, now.free_minutes) == (
            before.quantity, before.discount, before.paused, before.auto_decrement_credit, before.free_minutes,
        )  # fmt: skip
        assert (now.retail, now.cost) == (None, None)
    assert (new.end_date, new.counted_from, new.drawn_from) == (one.end_date, None, None)


LISTED = package(retail="10", frequency="monthly", frequency_match=(1,), proration="daily")


@pytest.mark.parametrize(
    ("charge_from", "begins", "expected"),
    [
        ("2024-03-10", "2024-03-20", "04-01 10"),  # March was charged elsewhere
        ("2024-04-10", "2024-03-20", "05-01 10"),
        (None, "2024-03-20", "03-20 3.870968, 04-01 10"),
    ],
)
def test_a_period_that_was_charged_elsewhere_stays_so(charge_from: str | None, begins: str, expected: str) -> None:
    one = assignment("2024-02-05", charge_from=charge_from)
    new = replacing.plan_transfer(one, day(begins), "d", "b").new
    last = date(2024, 4, 30) if "04-01 10" in expected else date(2024, 5, 1)
    found = priced_lines(new, LISTED, new.start_date, last, lambda *_: Decimal(0))
    assert ", ".join(f"{line.due_date:%m-%d} {line.retail.normalize():f}" for line in found) == expected


def test_the_days_shown_go_from_the_period_of_the_change_through_the_next_due_dates() -> None:
    yearly = package(package_id="q", retail="1", frequency="yearly")
    one = assignment("2024-02-05")
    step = replacing.plan_replacement(one, date(2024, 3, 20), yearly, {}, "b")
    assert replacing.shown_days(step, LISTED, yearly) == (date(2024, 3, 1), date(2025, 3, 20))
    ended = replacing.plan_replacement(one, date(2024, 3, 20), yearly, {"end_date": date(2024, 3, 25)}, "b")
    assert replacing.shown_days(ended, LISTED, yearly) == (date(2024, 3, 1), date(2024, 3, 20))
