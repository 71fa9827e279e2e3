"""The forecast of a customer against tables, against days posted one by one, and its payment that is just enough."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from chalicelib.domain import forecast_days, money
from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.errors import Invalid
from chalicelib.domain.forecast import Forecast, ForecastRequest, Shortage, forecast
from chalicelib.domain.forecast_days import CustomerFacts
from chalicelib.domain.ledger import Entry
from chalicelib.domain.package import Package
from chalicelib.domain.prices import PriceList
from chalicelib.domain.report import Totals

from .build import account, assignment, day, entry, package, priced

AT = datetime(2031, 1, 1, 3, tzinfo=UTC)
FIRST = date(2031, 1, 1)
MONTHLY = package(frequency="monthly", frequency_match=(1,), retail="10", cost="4")
RULES: Any = (("daily", ()), ("weekly", (0, 3)), ("monthly", (1,)), ("monthly", (15, 31)), ("quarterly", ()), ("none", ()))
SMALLEST = Decimal("0.000001")


def facts(of: Account, *given: tuple[Assignment, Package], **more: Any) -> CustomerFacts:
    """What is known on 1 January 2031, before its evaluation, of a customer with these assignments."""
    made = {"first": FIRST, "at": AT} | more
    return CustomerFacts(of, [one for one, _ in given], {sold.package_id: sold for _, sold in given}, **made)


def through(known: CustomerFacts, last: str, first: str = "2031-01-01", **more: Any) -> Forecast:
    return forecast(known, ForecastRequest(day(first), day(last), FIRST, **more))


def told(made: Forecast) -> list[tuple[str, str, str | None]]:
    """The due date, the retail, and the day of posting of each line."""
    days = [(one, f"{one.posted_on:%m-%d}" if one.posted_on else None) for one in made.lines]
    return [(f"{one.line.due_date:%m-%d}", money.text(one.line.retail), posted_on) for one, posted_on in days]


def debited(**fields: Any) -> Assignment:
    return assignment("2030-12-15", auto_decrement_credit=True, **fields)


def test_a_balance_lasts_nine_months() -> None:
    """95 without debt, 10 on each 1st: the tenth is short; 25 more and all is posted."""
    made = through(facts(account(balance="95", debit_limit="0"), (debited(), MONTHLY)), "2031-12-31")
    assert [one.posted_on is not None for one in made.lines] == [True] * 9 + [False] * 3
    assert made.shortage == Shortage(date(2031, 10, 1), Decimal(25), date(2031, 9, 30), Decimal(25))
    assert made.sums == Totals(Decimal(36), Decimal(90), Decimal(90), Decimal(30), 9)
    assert made.sums.margin == 54
    assert made.balance_after == 5


def test_of_two_on_one_day_what_fits_is_posted_and_the_next_day_is_short() -> None:
    sold = package(frequency="daily", retail="2")
    both = [(debited(assignment_id=name), sold) for name in ("a", "b")]
    made = through(facts(account(balance="4", debit_limit="0"), *both), "2031-01-03")
    assert told(made)[:4] == [("01-01", "2.00", "01-01")] * 2 + [("01-02", "2.00", None)] * 2
    assert made.shortage == Shortage(date(2031, 1, 2), Decimal(8), date(2031, 1, 1), Decimal(8))


def test_short_today_has_to_be_paid_today() -> None:
    made = through(facts(account(debit_limit="0"), (debited(), MONTHLY)), "2031-01-31")
    assert made.shortage
    assert made.shortage.top_up_by == FIRST


def test_a_coming_price_is_charged_from_its_day_on() -> None:
    sold = MONTHLY._replace(price_lists=(PriceList(date(2031, 3, 1), retail=Decimal(12)),))
    made = through(facts(account(), (assignment("2030-12-15"), sold)), "2031-06-30")
    assert [one.line.retail for one in made.lines] == [10, 10, 12, 12, 12, 12]
    assert {month: sums.retail for month, sums in made.by_month.items()} == {
        "2031-01": 10, "2031-02": 10, "2031-03": 12, "2031-04": 12, "2031-05": 12, "2031-06": 12,
    }  # fmt: skip


def test_coming_terms_ends_and_pauses_are_planned() -> None:
    entries = (
        TermsEntry(date(2031, 2, 1), date(2031, 2, 28), {"quantity": 3, "discount": Decimal(50)}),
        TermsEntry(date(2031, 3, 1), date(2031, 3, 31), {"paused": True}),
    )
    made = through(facts(account(), (assignment("2030-12-15", end_date="2031-04-30", terms=entries), MONTHLY)), "2031-12-31")
    assert told(made) == [("01-01", "10.00", "01-01"), ("02-01", "15.00", "02-01"), ("04-01", "10.00", "04-01")]


def test_setup_recurring_and_proration_are_sums_of_their_kind() -> None:
    sold = MONTHLY._replace(proration="daily", setup_retail=Decimal(5))
    made = through(facts(account(), (assignment("2031-01-17", end_date="2031-02-14"), sold)), "2031-03-31")
    assert told(made) == [
        ("01-17", "5.00", "01-17"), ("01-17", "4.83871", "01-17"), ("02-01", "10.00", "02-01"), ("02-15", "-5.00", "02-15"),
    ]  # fmt: skip
    assert {kind: sums.retail for kind, sums in made.by_kind.items()} == {
        "setup": Decimal(5), "recurring": Decimal(10), "proration": Decimal("-0.16129"),
    }  # fmt: skip
    assert {name: sums.lines for name, sums in made.by_package.items()} == {"p": 4}


def test_what_is_owed_is_planned_on_the_first_day() -> None:
    sold = package(frequency="daily", retail="2")
    since = {"a": date(2030, 12, 30)}
    made = through(facts(account(), (assignment("2030-12-01"), sold), since=since), "2031-01-02")
    assert told(made) == [("12-30", "2.00", "01-01"), ("12-31", "2.00", "01-01"), ("01-01", "2.00", "01-01"), ("01-02", "2.00", "01-02")]


def test_what_is_charged_is_not_planned_again() -> None:
    known = facts(account(), (assignment("2030-12-15"), MONTHLY), charged=frozenset({"2031-02-01~1-recurring~a"}))
    assert [due for due, *_ in told(through(known, "2031-03-31"))] == ["01-01", "03-01"]


def test_a_mark_that_lies_later_is_where_an_assignment_begins() -> None:
    known = facts(account(), (assignment("2030-12-15"), package(frequency="daily", retail="2")), since={"a": date(2031, 1, 3)})
    assert [due for due, *_ in told(through(known, "2031-01-04"))] == ["01-03", "01-04"]


def test_days_before_the_first_asked_for_move_the_balance_and_are_in_no_sum() -> None:
    known = facts(account(balance="25", debit_limit="0"), (debited(), MONTHLY))
    made = through(known, "2031-04-30", first="2031-03-01")
    assert told(made) == [("03-01", "10.00", None), ("04-01", "10.00", None)]
    assert made.sums.retail == 0
    assert made.balance_after == 5


def held(retail: str, on: str, one: str = "a", **fields: Any) -> Entry:
    return entry(priced(retail, on, one, **fields), status="held")


def test_held_charges_are_tried_first() -> None:
    """What was held takes the credit that today's charge would have taken."""
    known = facts(account(balance="12", debit_limit="0", held=1), (debited(), MONTHLY), held=[held("8", "2030-12-15", "z")])
    made = through(known, "2031-01-31")
    assert told(made) == [("12-15", "8.00", "01-01"), ("01-01", "10.00", None)]
    assert made.held_before.retail == 8
    assert made.shortage == Shortage(date(2031, 1, 1), Decimal(6), FIRST, Decimal(6))


def test_a_charge_that_stays_held_is_a_shortage_and_no_sum() -> None:
    made = through(facts(account(debit_limit="0", held=1), held=[held("8", "2030-12-15", "z")]), "2031-01-31")
    assert told(made) == []
    assert made.sums == Totals()
    assert made.shortage == Shortage(date(2031, 1, 1), Decimal(8), FIRST, Decimal(8))


def test_what_is_taken_back_lets_a_held_charge_fit() -> None:
    """50 on 1 March is held; after the end 33.870968 is taken back of it, and the rest fits."""
    sold = package(frequency="monthly", frequency_match=(1,), retail="50", proration="daily")
    known = facts(
        account(balance="16.129032", debit_limit="0"), (assignment("2031-03-01", end_date="2031-03-10", auto_decrement_credit=True), sold)
    )
    made = through(known, "2031-03-31")
    assert told(made) == [("03-01", "50.00", "03-11"), ("03-11", "-33.870968", "03-11")]
    assert (made.sums.retail, made.sums.held, made.balance_after) == (Decimal("16.129032"), 0, 0)
    assert made.by_day[date(2031, 3, 1)].held == 0
    assert made.shortage
    assert made.shortage.top_up == Decimal("33.870968")


def test_a_held_charge_is_posted_when_its_debit_is_switched_off() -> None:
    off = (TermsEntry(date(2031, 1, 10), None, {"auto_decrement_credit": False}),)
    made = through(facts(account(debit_limit="0"), (debited(terms=off), MONTHLY)), "2031-01-31")
    assert told(made) == [("01-01", "10.00", "01-10")]
    assert made.sums.credit_debited == 0


def test_a_credit_on_a_day_that_catches_up_lets_a_held_charge_fit_on_the_next() -> None:
    """On the first day the held charge is tried before what takes back: that raises the balance too late for it."""
    sold = package(package_id="q", frequency="monthly", frequency_match=(1,), retail="31", proration="daily")
    ended = debited(assignment_id="b", package_id="q", end_date="2030-12-30")
    charge = entry(priced("31", "2030-12-01", "b", frequency="monthly", frequency_match=(1,)))
    once = (assignment("2030-12-30", auto_decrement_credit=True), package(retail="0.5"))
    known = facts(
        account(balance="0.5", debit_limit="0", held=1), once, (ended, sold), held=[held("1", "2030-12-20", "z")],
        since={"a": date(2030, 12, 30), "b": date(2030, 12, 30)}, charges=[charge],
    )  # fmt: skip
    made = through(known, "2031-01-02")
    assert told(made) == [("12-30", "0.50", "01-01"), ("12-31", "-1.00", "01-01"), ("12-20", "1.00", "01-02")]


def test_a_charge_below_its_cost_is_counted() -> None:
    made = through(facts(account(), (assignment("2030-12-15"), MONTHLY._replace(retail=Decimal(3)))), "2031-02-28")
    assert (made.sums.lines, made.sums.below_cost, made.sums.margin) == (2, 2, -2)


def test_parked_customers_are_in_no_sum() -> None:
    made = through(facts(account(parked=True), (assignment("2030-12-15"), MONTHLY)), "2031-12-31")
    assert (made.lines, made.sums, made.shortage) == ([], Totals(), None)


def test_more_than_the_safety_bound_parks_on_its_day() -> None:
    both = [(assignment("2030-12-15", assignment_id=name), MONTHLY) for name in ("a", "b")]
    made = through(facts(account(), *both, (assignment("2031-02-01", assignment_id="c"), MONTHLY), lines_max=2), "2031-04-30")
    assert made.parks_on == date(2031, 2, 1)
    assert made.sums.lines == 2


def test_an_assignment_that_cannot_be_planned_stops_no_other() -> None:
    known = facts(account(), (assignment("2030-12-15"), MONTHLY))
    known = known._replace(assignments=[*known.assignments, assignment("2030-12-15", assignment_id="b", package_id="gone")])
    made = through(known, "2031-01-31")
    assert told(made) == [("01-01", "10.00", "01-01")]
    assert list(made.failures) == ["b"]


@pytest.mark.parametrize(
    ("called", "usual", "most"),
    [
        ({}, "50.00", "50.00"),
        ({"2030-12-20": "14"}, "34.50", "50.00"),
        ({"2031-01-01": "20"}, "30.00", "30.00"),
        ({"2030-11-01": "100"}, "50.00", "50.00"),
    ],
    ids=["no calls", "half a unit a day", "called today already", "calls of long ago"],
)
def test_a_minimum_spend_is_given_with_and_without_calls(called: dict[str, str], usual: str, most: str) -> None:
    """The average of 28 days, 0.50, for the 31 days of January that are left; or what is recorded, if that is more."""
    sold = package(frequency="monthly", frequency_match=(1,), retail="50", cost="1", minimum_spend=True)
    calls = {None: {day(on): Decimal(charge) for on, charge in called.items()}}
    known = facts(account(debit_limit="0"), (assignment("2031-01-01", auto_decrement_credit=True), sold), calls=calls)
    made = through(known, "2031-02-01")
    [line] = made.lines
    assert (money.text(line.line.retail), money.text(line.retail_max or money.ZERO)) == (usual, most)
    assert made.shortage
    assert money.text(made.shortage.top_up) == most


def test_a_running_period_counts_what_is_spent_so_far() -> None:
    """12 of 14 in 28 days are spent in the period; 19 days of it are left."""
    sold = package(frequency="monthly", frequency_match=(20,), retail="50", minimum_spend=True)
    calls = {None: {date(2030, 12, 5): Decimal(2), date(2030, 12, 25): Decimal(12)}}
    made = through(facts(account(), (assignment("2030-11-20"), sold), calls=calls), "2031-01-31")
    [line] = made.lines
    assert (line.line.retail, line.retail_max) == (Decimal(50) - 12 - Decimal("9.5"), 38)


def test_more_lines_than_are_listed_are_counted() -> None:
    made = through(facts(account(), (assignment("2030-12-15"), package(frequency="daily", retail="1"))), "2031-01-10", listed=3)
    assert (len(made.lines), made.lines_left_out, made.sums.lines) == (3, 7, 10)


def test_more_lines_than_are_planned_are_refused() -> None:
    with pytest.raises(Invalid, match="more than 9 lines are due by then: ask for fewer days"):
        through(facts(account(), (assignment("2030-12-15"), package(frequency="daily", retail="1"))), "2031-01-10", most=9)


def drawn(chance: Random) -> CustomerFacts:
    """Some customer with up to five assignments of packages of all kinds, short of credit as likely as not."""
    given = [(_assignment(chance, n), _package(chance, n)) for n in range(chance.randint(1, 5))]
    limit = chance.choice((None, "0", "20"))
    calls = {None: {FIRST - timedelta(days=n): Decimal(n % 3) for n in range(40)} if chance.random() < 0.5 else {}}
    kept = [held(str(n), f"2030-12-{n:02}", f"z{n}") for n in range(1, chance.choice((1, 1, 3)))]
    return facts(account(balance=str(chance.randint(0, 120)), debit_limit=limit, held=len(kept)), *given, held=kept, calls=calls)


def _package(chance: Random, number: int) -> Package:
    frequency, match = chance.choice(
        (("daily", ()), ("weekly", (0, 3)), ("monthly", (1,)), ("monthly", (15, 31)), ("quarterly", ()), ("none", ()))
    )
    minimum = frequency != "none" and chance.random() < 0.3
    return package(
        package_id=f"p{number}", frequency=frequency, frequency_match=match, retail=chance.choice(("1", "3.333333", "10")), cost="2",
        setup_retail=chance.choice(("0", "5")), minimum_spend=minimum,
        proration="daily" if frequency in ("weekly", "monthly", "quarterly") and not minimum else "none",
    )  # fmt: skip


def _assignment(chance: Random, number: int) -> Assignment:
    start = FIRST + timedelta(days=chance.randint(-40, 60))
    fields: dict[str, Any] = {"quantity": chance.randint(1, 4), "auto_decrement_credit": chance.random() < 0.8}
    if chance.random() < 0.5:
        fields["end_date"] = start + timedelta(days=chance.randint(0, 200))
    values = ({"quantity": 1}, {"paused": True}, {"auto_decrement_credit": False}, {"discount": Decimal("12.5")})
    begins = sorted(chance.sample(range(max(1, (FIRST - start).days), 250), chance.choice((0, 0, 1, 3))))
    terms = (TermsEntry(start + timedelta(days=n), start + timedelta(days=n + 30), chance.choice(values)) for n in begins)
    return assignment(start.isoformat(), assignment_id=f"a{number}", package_id=f"p{number}", terms=tuple(terms), **fields)


@pytest.mark.parametrize("window", [1, 2, 3, 7, 50, 20_000])
def test_windows_change_nothing(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    known = drawn(Random("windows"))
    whole = through(known, "2031-12-31")
    monkeypatch.setattr(forecast_days, "WINDOW_LINES_MAX", window)
    assert through(known, "2031-12-31") == whole


def _is_held(known: CustomerFacts, payment: Decimal) -> bool:
    """Whether anything is, or stays, held after a payment, if no call comes any more."""
    paid = known._replace(account=known.account._replace(balance=money.plus(known.account.balance, payment)))
    return through(paid, "2031-12-31").shortage is not None


def test_the_payment_told_is_just_enough() -> None:
    """With it nothing is held, with a millionth less something is; without a shortage nothing is held."""
    found: Counter[str] = Counter()
    for seed in range(120):
        known = drawn(Random(f"payment {seed}"))
        made = through(known, "2031-12-31")
        if made.shortage is None:
            found["enough"] += 1
            continue
        found["short"] += 1
        found["short later, and held before"] += bool(known.held and made.shortage.short_on > FIRST)
        assert not _is_held(known, made.shortage.top_up), seed
        assert _is_held(known, made.shortage.top_up - SMALLEST), seed
        assert made.shortage.top_up <= made.shortage.top_up_payable < made.shortage.top_up + Decimal("0.01"), seed
    assert min(found["enough"], found["short"], found["short later, and held before"]) > 8, found


def test_sums_are_those_of_the_lines() -> None:
    for seed in range(60):
        made = through(drawn(Random(f"sums {seed}")), "2031-12-31", listed=100_000)
        posted = [one.line for one in made.lines if one.posted_on]
        assert made.sums.retail == money.total(line.retail for line in posted), seed
        assert made.sums.credit_debited == money.total(line.debit for line in posted), seed
        assert made.sums.held == money.total(one.line.retail for one in made.lines if not one.posted_on), seed
        assert made.balance_after == made.facts.account.balance - made.sums.credit_debited, seed
        for groups in (made.by_day, made.by_month, made.by_package, made.by_kind):
            assert money.total(sums.retail for sums in groups.values()) == made.sums.retail, seed
            assert sum(sums.lines for sums in groups.values()) == made.sums.lines == len(posted), seed
