"""Price lists: which price counts when, and what an edit makes of the lists (rules: Price lists)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.charging import priced_lines
from chalicelib.domain.errors import Invalid
from chalicelib.domain.package import PRICE_FIELDS, Package, PriceList
from chalicelib.domain.price_lists import (
    PRICE_LISTS_MAX,
    SUPERSEDED_LISTS_MAX,
    list_warnings,
    newly_due,
    with_list,
    with_prices,
    without_list,
)
from chalicelib.domain.prices import in_force, prices_on
from chalicelib.domain.schedule import DAY

AT = "2031-01-01T12:00:00+00:00"
D1, D2, D3 = date(2031, 3, 1), date(2031, 3, 2), date(2031, 3, 20)


def package(*lists: PriceList, assigned: bool = True, **fields: Any) -> Package:
    prices = {"retail": Decimal(10), "cost": Decimal(4)} | fields
    return Package("line", "Line", "USD", price_lists=lists, assigned=assigned, assignments=int(assigned), frequency="monthly", **prices)


def listed(begins: date, *, existing: bool = True, **prices: int) -> PriceList:
    named: dict[str, Any] = {name: Decimal(price) for name, price in prices.items()}
    return PriceList(begins, existing, **named)


def test_a_price_named_later_goes_into_the_list_of_the_first_open_day() -> None:
    once = with_prices(package(), {"retail": Decimal(12)}, D2, AT)
    assert (once.retail, once.price_lists) == (10, (PriceList(D2, retail=Decimal(12), entered_at=AT),))
    both = with_prices(once, {"cost": Decimal(5)}, D2, "later")
    assert both.price_lists == (PriceList(D2, cost=Decimal(5), retail=Decimal(12), entered_at="later"),)
    assert both.superseded_lists == (once.price_lists[0]._replace(superseded_at="later"),)


def test_what_everybody_pays_already_is_not_named_again() -> None:
    for sold in (package(), package(listed(D1, retail=10)), package(listed(D1, existing=False, cost=1), listed(D2, retail=10))):
        assert with_prices(sold, {"retail": Decimal(10)}, D2, AT) == sold


def test_what_only_new_ones_pay_is_named_for_all() -> None:
    sold = package(listed(D1, existing=False, retail=12))
    assert with_prices(sold, {"retail": Decimal(12)}, D2, AT).price_lists[-1] == PriceList(D2, retail=Decimal(12), entered_at=AT)


@pytest.mark.parametrize(
    ("lists", "left"),
    [
        ((), ()),
        ((listed(D3, retail=12),), (listed(D3, retail=12),)),
        ((listed(D1, retail=12),), ()),
        ((listed(D2, retail=12),), ()),
        ((listed(D2, existing=False, retail=12),), ()),
        ((listed(D1, retail=12, cost=5, setup_cost=6), listed(D3, cost=7)), (listed(D1, setup_cost=6), listed(D3, cost=7))),
        ((listed(D1, setup_retail=3), listed(D3, existing=False, retail=9)),) * 2,
    ],
    ids=["none", "a coming one", "one that has begun", "one of the day", "one for new assignments", "others' prices", "both kinds"],
)
def test_before_a_package_is_assigned_edits_change_the_first_list(lists: tuple[PriceList, ...], left: tuple[PriceList, ...]) -> None:
    """Lists that have begun by that day do not set these prices any more; coming ones stay as they are."""
    changed = with_prices(package(*lists, assigned=False), {"retail": Decimal(13), "cost": Decimal(8)}, D2, AT)
    assert (changed.retail, changed.cost, changed.price_lists, changed.superseded_lists) == (13, 8, left, ())


def test_before_a_package_is_assigned_a_price_that_it_shows_already_is_left_alone() -> None:
    sold = package(listed(D1, retail=12), assigned=False)
    assert with_prices(sold, {"retail": Decimal(12)}, D2, AT) == sold


def test_a_list_entered_twice_is_the_same_list() -> None:
    sold = with_list(package(), listed(D2, retail=12)._replace(entered_at=AT))
    assert with_list(sold, listed(D2, retail=12)._replace(entered_at="later")) == sold


def test_what_a_charge_may_have_used_is_kept() -> None:
    old = listed(D2, retail=12)
    for sold, kept in ((package(old), (old._replace(superseded_at=AT),)), (package(old, assigned=False), ())):
        replaced, removed = with_list(sold, listed(D2, retail=13)._replace(entered_at=AT)), without_list(sold, old, AT)
        assert (replaced.superseded_lists, removed.superseded_lists) == (kept, kept)
        assert (len(replaced.price_lists), removed.price_lists) == (1, ())


def test_lists_are_bounded() -> None:
    lists = tuple(listed(D1 + n * DAY, retail=n) for n in range(PRICE_LISTS_MAX))
    full = package(*lists)
    assert len(with_list(full, listed(D1, retail=99)).price_lists) == PRICE_LISTS_MAX
    with pytest.raises(Invalid, match="at most 100 price lists") as refused:
        with_list(full, listed(D1 - DAY, retail=1))
    assert refused.value.code == "too_many"
    kept = package(lists[0])._replace(superseded_lists=lists[:1] * SUPERSEDED_LISTS_MAX)
    with pytest.raises(Invalid, match="at most 1000 replaced price lists"):
        without_list(kept, lists[0], AT)


@pytest.mark.parametrize(
    ("sold", "new", "due"),
    [
        (package(), listed(D1, retail=12), []),
        (package(), listed(D1, retail=0, cost=0), []),
        (package(retail=Decimal(0)), listed(D1, retail=12), ["retail"]),
        (package(), listed(D1, setup_retail=12, setup_cost=1), ["setup_cost", "setup_retail"]),
        (package(listed(D1, retail=0)), listed(D1, retail=3), ["retail"]),
        (package(listed(D1, retail=0)), listed(D1, cost=3), ["retail"]),
        (package(listed(D2, retail=0)), listed(D1, retail=3), []),
        (package(listed(D1 - DAY, existing=False, retail=0)), listed(D1, retail=3), ["retail"]),
        (package(listed(D1 - DAY, existing=False, retail=0)), listed(D1, existing=False, retail=3), ["retail"]),
        (package(minimum_spend=True), listed(D1, retail=12), ["retail"]),
        (package(minimum_spend=True), listed(D1, retail=9, cost=5), []),
    ],
)
def test_a_correction_by_which_something_may_be_newly_due(sold: Package, new: PriceList, due: list[str]) -> None:
    assert newly_due(sold, with_list(sold, new), new.begins) == due


lists = st.builds(
    lambda days, existing, prices: listed(D1 + timedelta(days), existing=existing, **prices),
    st.integers(0, 60), st.booleans(), st.dictionaries(st.sampled_from(PRICE_FIELDS), st.integers(0, 3), min_size=1),
)  # fmt: skip


@given(st.lists(lists, unique_by=lambda one: one.begins, max_size=5), lists, st.integers(-40, 60), st.integers(0, 1))
def test_a_correction_that_is_not_refused_makes_nothing_due(found: list[PriceList], new: PriceList, starts: int, cost: int) -> None:
    """Looked for line by line, in the charges of an assignment that begins on any day."""
    old = package(*found, cost=Decimal(cost))
    corrected = with_list(old, new)
    given_to = Assignment("ann", "a", "line", D1 + timedelta(starts))
    ranges = (given_to.start_date, D1 + timedelta(150))
    before, after = ({line.identity for line in priced_lines(given_to, one, *ranges, lambda *_: Decimal(0))} for one in (old, corrected))
    if not newly_due(old, corrected, new.begins):
        assert after <= before


@given(
    st.lists(lists, unique_by=lambda one: one.begins, max_size=5),
    st.integers(0, 60),
    st.dictionaries(st.sampled_from(PRICE_FIELDS), st.integers(0, 3)),
)
def test_a_new_price_holds_from_its_day_on_and_not_before(found: list[PriceList], ahead: int, named: dict[str, int]) -> None:
    """Whoever begins then pays it, and nothing changes before; later lists that name it take over."""
    day, old = D1 + timedelta(ahead), package(*found)
    new = with_prices(old, {name: Decimal(price) for name, price in named.items()}, day, AT)
    for starts in (D1 - DAY, day - DAY, day):
        assert prices_on(new, day - DAY, starts) == prices_on(old, day - DAY, starts)
    shown = prices_on(new, day, day)._asdict()
    assert shown == prices_on(old, day, day)._asdict() | {name: Decimal(price) for name, price in named.items()}
    assert {name: getattr(in_force(new, day), name) for name in PRICE_FIELDS} == shown


def test_a_package_is_shown_with_the_prices_of_a_day_and_the_lists_after_it() -> None:
    coming = listed(D3, cost=5)
    shown = in_force(package(coming, listed(D2, existing=False, retail=12)), D2)
    assert (shown.retail, shown.cost, shown.price_lists) == (12, 4, (coming,))


@pytest.mark.parametrize(
    ("sold", "new", "pointers"),
    [
        (package(), listed(D2, retail=3), ["/retail"]),
        (package(), listed(D2, cost=11), ["/retail"]),
        (package(), listed(D2, setup_cost=1), ["/setup_retail"]),
        (package(), listed(D2, retail=5), []),
        (package(retail=Decimal(1)), listed(D2, setup_retail=1), []),
        (package(listed(D1, existing=False, retail=20)), listed(D2, cost=15), ["/retail"]),
    ],
)
def test_a_list_that_goes_below_cost_is_warned_of(sold: Package, new: PriceList, pointers: list[str]) -> None:
    found = list(list_warnings(with_list(sold, new), new))
    assert [one.pointer for one in found] == pointers
    assert all(one.code == "below_cost" and one.detail.startswith(f"from {new.begins}: ") for one in found)
