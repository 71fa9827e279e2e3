"""What a carrier lists against what is billed: a month's cost, and which numbers differ (rules: Reconciliation)."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.package import Package
from chalicelib.domain.prices import PriceList
from chalicelib.domain.reconciliation import (
    Compared,
    Discrepancy,
    ListedNumber,
    NumberUse,
    Worth,
    compared,
    costs_differ,
    discrepancies,
    nearest,
    use_on,
    worth_of,
    worth_together,
)  # fmt: skip

DAY = date(2031, 3, 15)
DID = "442079460901"


def number_package(**fields: Any) -> Package:
    return Package("p", "Number", "USD", cost=Decimal("1.20"), retail=Decimal("3.60"), frequency="monthly")._replace(**fields)


def assigned(**fields: Any) -> Assignment:
    return Assignment("acme", "a", "p", date(2031, 1, 1), DID)._replace(**fields)


def listed(cost: str | None = None, currency: str = "USD", customer_id: str | None = None) -> ListedNumber:
    return ListedNumber(2, None if cost is None else Decimal(cost), currency, customer_id)


@pytest.mark.parametrize(
    ("frequency", "every", "cost", "month"),
    [
        ("monthly", 1, "1.20", "1.2"),
        ("monthly", 2, "1.20", "0.6"),
        ("monthly", 3, "1.00", "1/3"),
        ("quarterly", 1, "3.60", "1.2"),
        ("quarterly", 1, "1.00", "1/3"),
        ("yearly", 1, "14.40", "1.2"),
        ("yearly", 1, "10.00", "5/6"),
        ("weekly", 1, "0.30", "1.3"),
        ("weekly", 2, "0.30", "0.65"),
        ("daily", 1, "0.12", "3.65"),
        ("daily", 10, "0.12", "0.365"),
        ("none", 1, "1.20", None),
    ],
)
def test_what_a_month_costs(frequency: Any, every: int, cost: str, month: str | None) -> None:
    package = number_package(frequency=frequency, every=every, cost=Decimal(cost), retail=3 * Decimal(cost))
    use = use_on(assigned(), package, DAY)
    assert use.billed
    assert use.cost == (None if month is None else Fraction(month))
    assert use.retail == (None if month is None else 3 * Fraction(month))


@pytest.mark.parametrize(
    ("frequency", "match", "every", "month"),
    [("monthly", (15, 31), 1, "2.4"), ("weekly", (0, 2, 4), 1, "15.6"), ("weekly", (0, 4), 2, "5.2")],
)
def test_each_match_day_of_a_month_costs(frequency: Any, match: tuple[int, ...], every: int, month: str) -> None:
    package = number_package(frequency=frequency, frequency_match=match, every=every)
    assert use_on(assigned(), package, DAY).cost == Fraction(month)


def test_a_month_counts_quantity_prices_and_discount_of_the_day() -> None:
    dearer = number_package(price_lists=(PriceList(date(2031, 3, 1), cost=Decimal(2)),))
    assert use_on(assigned(), dearer, date(2031, 2, 28)).cost == Fraction("1.2")
    assert use_on(assigned(), dearer, DAY).cost == 2
    terms = (TermsEntry(date(2031, 3, 1), None, {"quantity": 3, "discount": Decimal(50)}),)
    use = use_on(assigned(terms=terms), dearer, DAY)
    assert (use.cost, use.retail) == (6, Fraction("5.4"))
    assert use_on(assigned(cost=Decimal("0.5")), dearer, DAY).cost == Fraction(1, 2)


@pytest.mark.parametrize(
    ("fields", "use"),
    [
        ({"end_date": date(2031, 3, 14)}, NumberUse("acme", "Number", "USD", last_day=date(2031, 3, 14))),
        ({"start_date": date(2031, 3, 16)}, NumberUse("acme", "Number", "USD")),
        ({"cancelled": True, "end_date": date(2031, 1, 31)}, NumberUse("acme", "Number", "USD")),
        ({"terms": (TermsEntry(date(2031, 3, 1), None, {"paused": True}),)}, NumberUse("acme", "Number", "USD", paused=True)),
    ],
    ids=["over", "to come", "cancelled", "paused"],
)  # fmt: skip
def test_what_is_not_billed_on_the_day(fields: dict[str, Any], use: NumberUse) -> None:
    assert use_on(assigned(**fields), number_package(), DAY) == use


def test_both_ends_of_an_assignment_are_billed() -> None:
    one = assigned(start_date=DAY, end_date=DAY)
    assert [use_on(one, number_package(), DAY + timedelta(days=n)).billed for n in (-1, 0, 1)] == [False, True, False]


BILLED = NumberUse("acme", "Number", "USD", billed=True, cost=Fraction("1.2"), retail=Fraction("3.6"))
OVER = NumberUse("last", "Number", "USD", last_day=date(2031, 2, 28))
FIRST = NumberUse("first", "Number", "USD", last_day=date(2030, 2, 28))
PAUSED = NumberUse("paused", "Number", "USD", paused=True)
COMING = NumberUse("next", "Number", "USD")
Kinds = list[str]


@pytest.mark.parametrize(
    ("one", "uses", "kinds"),
    [
        (listed(), [BILLED], []),
        (listed("1.20"), [BILLED], []),
        (listed("1.2"), [BILLED], []),
        (listed("1.21"), [BILLED], ["cost"]),
        (listed("1.20", "EUR"), [BILLED], ["cost"]),
        (listed("0"), [BILLED], ["cost"]),
        (listed("1.20", customer_id="acme"), [BILLED], []),
        (listed("1.20", customer_id="other"), [BILLED], ["customer"]),
        (listed("9", customer_id="other"), [OVER, BILLED], ["cost", "customer"]),
        (listed("2.40"), [BILLED, BILLED], []),
        (listed("1.20"), [BILLED, BILLED._replace(cost=None)], []),
        (listed("9"), [BILLED._replace(cost=None)], []),
        (listed("9"), [], ["unbilled"]),
        (listed(), [OVER, PAUSED, COMING], ["unbilled"]),
        (None, [BILLED], ["unlisted"]),
        (None, [OVER, PAUSED, COMING], []),
        (None, [], []),
    ],
)  # fmt: skip
def test_which_numbers_differ(one: ListedNumber | None, uses: list[NumberUse], kinds: Kinds) -> None:
    found = list(discrepancies(DID, one, uses))
    assert [each.kind for each in found] == kinds
    assert all((each.did, each.listed) == (DID, one) for each in found)


@pytest.mark.parametrize(
    ("uses", "who"),
    [
        ([], (None, None, False)),
        ([COMING], (None, None, False)),
        ([OVER, FIRST], ("last", date(2031, 2, 28), False)),
        ([FIRST, OVER, COMING], ("last", date(2031, 2, 28), False)),
        ([OVER, PAUSED], ("paused", None, True)),
    ],
)
def test_who_had_a_number_last_that_nobody_is_billed_for(uses: list[NumberUse], who: tuple[str | None, date | None, bool]) -> None:
    (found,) = discrepancies(DID, listed("1"), uses)
    assert (found.customer_id, found.last_day, found.paused) == who


@pytest.mark.parametrize(
    ("carrier", "own", "differ"),
    [
        ("0.83", "5/6", False),
        ("0.84", "5/6", True),
        ("0.833", "5/6", False),
        ("0.833333", "5/6", False),
        ("0.833334", "5/6", True),
        ("0.8", "5/6", True),
        ("0.83", "0.8333", True),
        ("0.83", "0.83", False),
        ("1.67", "5/3", False),
        ("1.66", "5/3", True),
    ],
)
def test_a_month_that_does_not_come_out_even_is_rounded_as_the_carrier_does(carrier: str, own: str, differ: bool) -> None:
    assert costs_differ(listed(carrier), Fraction(own), "USD") is differ


@pytest.mark.parametrize(("carrier", "differ"), [("833", False), ("834", True), ("833.3", False), ("833.4", True)])
def test_whole_yen_are_compared(carrier: str, differ: bool) -> None:
    assert costs_differ(listed(carrier, "JPY"), Fraction(10_000, 12), "JPY") is differ


def test_what_a_discrepancy_is_worth_in_each_currency() -> None:
    (dearer,) = discrepancies(DID, listed("1.50"), [BILLED])
    assert worth_of(dearer) == {"USD": Worth(1, Fraction("1.5"), Fraction("1.2"), Fraction("3.6"), Fraction("0.3"))}
    (abroad,) = discrepancies(DID, listed("1.50", "EUR"), [BILLED])
    assert worth_of(abroad) == {"EUR": Worth(carrier_cost=Fraction("1.5")), "USD": Worth(1, cost=Fraction("1.2"), retail=Fraction("3.6"))}
    (unbilled,) = discrepancies(DID, listed("1.50", "EUR"), [OVER])
    assert worth_of(unbilled) == {"EUR": Worth(1, Fraction("1.5"))}
    (unlisted,) = discrepancies(DID, None, [BILLED])
    assert worth_of(unlisted) == {"USD": Worth(1, cost=Fraction("1.2"), retail=Fraction("3.6"))}
    assert worth_together(worth_of(dearer)["USD"], worth_of(dearer)["USD"])[:2] == (2, 3)


@given(st.fractions(-(10**12), 10**12, max_denominator=10**7), st.integers(0, 6))
def test_amounts_are_rounded_half_away_from_zero(amount: Fraction, decimals: int) -> None:
    exact = Decimal(10) ** -decimals
    text = (Decimal(amount.numerator).scaleb(30) / Decimal(amount.denominator)).scaleb(-30)
    assert abs(Fraction(nearest(amount, decimals)) - amount) <= Fraction(exact) / 2
    if amount.denominator in (1, 2, 4, 5, 8, 10):
        assert nearest(amount, decimals) == text.quantize(exact, ROUND_HALF_UP)


SOME_USES = st.lists(st.sampled_from([BILLED, BILLED._replace(cost=None, retail=None), OVER, FIRST, PAUSED, COMING]), max_size=3)
SOME_LISTED = st.builds(
    listed, st.sampled_from([None, "1.20", "2.40", "5"]), st.sampled_from(["USD", "EUR"]), st.sampled_from([None, "acme", "other"])
)
SOME_NUMBERS = st.dictionaries(
    st.from_regex(r"\A44[0-9]{3}\Z"), st.tuples(SOME_LISTED, SOME_USES) | st.tuples(st.none(), SOME_USES), max_size=8
)


def told_by_sets(numbers: dict[str, tuple[ListedNumber | None, list[NumberUse]]]) -> set[tuple[str, str]]:
    """The same, as whoever has both lists on paper would find it: by sets of numbers, and dictionaries of what each is said to cost."""
    on_list = {did for did, (one, _) in numbers.items() if one}
    on_bill = {did for did, (_, uses) in numbers.items() for use in uses if use.billed}
    costs = {did: [use.cost for use in numbers[did][1] if use.billed and use.cost is not None] for did in on_bill & on_list}
    owners = {did: next(use.customer_id for use in numbers[did][1] if use.billed) for did in on_bill}
    told = {("unbilled", did) for did in on_list - on_bill} | {("unlisted", did) for did in on_bill - on_list}
    for did in on_list & on_bill:
        one = numbers[did][0]
        assert one
        if costs[did] and one.cost is not None and (one.currency, Fraction(one.cost)) != ("USD", sum(costs[did])):
            told.add(("cost", did))
        if one.customer_id not in (None, owners[did]):
            told.add(("customer", did))
    return told


@given(SOME_NUMBERS)
def test_lists_are_compared_as_on_paper(numbers: dict[str, tuple[ListedNumber | None, list[NumberUse]]]) -> None:
    found: list[Discrepancy] = []
    counts = Compared()
    for did, (one, uses) in numbers.items():
        of_number = list(discrepancies(did, one, uses))
        found += of_number
        counts = Compared(*(a + b for a, b in zip(counts, compared(one, uses, of_number), strict=True)))
    told = told_by_sets(numbers)
    assert {(each.kind, each.did) for each in found} == told
    assert len(found) == len(told)
    assert counts.listed == sum(one is not None for one, _ in numbers.values())
    assert counts.billed == sum(any(use.billed for use in uses) for _, uses in numbers.values())
    assert counts.differing == len({did for _, did in told})
