"""The sample provider and the demo's own count: what the story relies on, without any service."""

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from demo.agreements import agreements
from demo.checks import Checks, balance_problems, charge_problems
from demo.fields import BadProviderError
from demo.independent import Expected, days, expected_charges, expected_held
from demo.provider import SAMPLE, Assignment, Customer, Package, Provider, load
from demo.show import Column, money, show
from demo.transfer import transferred

NUMBERS = {
    "did-us": ("1", 11),
    "did-ca": ("1", 11),
    "did-gb": ("44", 12),
    "did-de": ("49", 12),
    "did-fr": ("33", 11),
    "did-in": ("91", 12),
    "freephone-gb": ("44", 12),
}
"""Calling code and length of a whole number, by DID package."""

ENTRY = {"kind": "recurring", "status": "posted", "date": "2031-01-01", "assignment_id": "a", "cost": "1", "retail": "2"}
EXPECTED = Expected(index=0, kind="recurring", day=date(2031, 1, 1), cost=Decimal("1.00"), retail=Decimal("2.00"), debits=True)


@pytest.fixture(scope="module")
def provider() -> Provider:
    return load()


def customer_with(
    frequency: str, match: tuple[str, ...], start: date, end: date | None = None, charge_from: date | None = None
) -> Customer:
    package = Package(
        key="p", name="P", currency="USD", frequency=frequency, frequency_match=match, cost=Decimal(1),
        retail=Decimal(2), setup_cost=Decimal(0), setup_retail=Decimal(5), connexcs_package=None, minimum_days=0,
    )  # fmt: skip
    assignment = Assignment(
        package=package, did=None, quantity=3, start_date=start, end_date=end, charge_from=charge_from,
        auto_decrement_credit=True,
    )  # fmt: skip
    return Customer(id="c", name="C", currency="USD", prepaid=Decimal(20), debit_limit=Decimal(0), assignments=(assignment,))


def test_the_sample_is_large_and_varied_enough(provider: Provider) -> None:
    assert len(provider.packages) >= 12
    assert len(provider.customers) >= 60
    assert {c.currency for c in provider.customers} == {"USD", "GBP", "EUR", "INR"}
    assert {p.frequency for p in provider.packages} == {"none", "daily", "weekly", "monthly", "quarterly", "yearly"}
    assert {p.connexcs_package for p in provider.packages} == {"did-rental", "asr", None}
    assert {assignment.package for c in provider.customers for assignment in c.assignments} == set(provider.packages)


def test_customers_rent_in_their_own_currency(provider: Provider) -> None:
    assert all(a.package.currency == c.currency for c in provider.customers for a in c.assignments)


def test_numbers_have_their_countrys_code_and_length_and_one_customer(provider: Provider) -> None:
    rented = [(a.package.key, a.did) for c in provider.customers for a in c.assignments if a.package.key in NUMBERS]
    assert {key for key, _ in rented} == set(NUMBERS)
    for key, did in rented:
        code, length = NUMBERS[key]
        assert did is not None
        assert did.isdigit()
        assert (did[: len(code)], len(did)) == (code, length)
    assert max(Counter(did for _, did in rented).values()) == 1


def test_credit_runs_out_for_the_customer_of_the_story_only(provider: Provider) -> None:
    story = provider.story
    held = {c.id: expected_held(c, first=story.first_day, last=story.payment.day) for c in provider.customers}
    assert {customer_id for customer_id, charges in held.items() if charges} == {story.payment.customer}
    # 165.00 USD of credit pays 34 days of 4.80 from 5 January, through 7 February
    assert [charge.day for charge in held[story.payment.customer]] == list(days(date(2031, 2, 8), date(2031, 2, 11)))


def test_prices_and_terms_that_carry_dates_cost_what_was_agreed(provider: Provider) -> None:
    def months(customer_id: str, key: str) -> list[tuple[int, Decimal]]:
        customer = provider.customer(customer_id)
        [index] = [n for n, one in enumerate(customer.assignments) if one.package.key == key]
        charges = expected_charges(customer, first=provider.story.first_day, last=provider.story.last_day)
        return [(one.day.month, one.retail) for one in charges if one.index == index and one.kind == "recurring"]

    old, new, own, seldom = Decimal(89), Decimal(94), Decimal(599), Decimal("30.75")
    assert months("alder-creek-veterinary", "hosted-10-usd") == [(1, old), (2, old), (3, old)]  # had it before the rise
    assert months("hollis-family-dental", "hosted-10-usd") == [(3, new)]  # began on 13 February
    assert months("redwood-call-centers", "hosted-100-usd") == [(1, own), (2, own), (3, own)]
    assert months("mesa-verde-solar", "hosted-10-usd") == [(1, Decimal(0)), (2, old), (3, old)]  # free until 31 January
    # on 15 and 31, 3 x 10.25; 15 and 28 February lie in the pause
    assert months("calder-valley-taxis", "trunk-gbp") == [(1, seldom), (1, seldom), (3, seldom), (3, seldom)]


def test_the_story_tells_each_agreement_once(provider: Provider) -> None:
    told = {(one.customer.id, one.words) for one in agreements(transferred(provider))}
    assert told == {
        ("redwood-call-centers", "599.00 instead of 649.00"),
        ("mesa-verde-solar", "100 % off 2031-01-01 to 2031-01-31"),
        ("calder-valley-taxis", "paused 2031-02-10 to 2031-03-09"),
        ("alder-creek-veterinary", "had it before 2031-02-10"),
        ("hollis-family-dental", "new since 2031-02-10: retail 94.00"),
        ("kelso-timber", "a number from 2031-02-08, given away on 2031-03-11"),
        ("brackley-surveyors", "gets that number on 2031-03-11"),
    }


def test_a_number_by_the_day_costs_each_customer_its_own_days(provider: Provider) -> None:
    """8.68 a month; 8 to 28 February are 21 days of 28, 11 to 31 March are 21 of 31."""

    def lines(customer_id: str) -> list[tuple[str, str, str, str]]:
        customer = after.customer(customer_id)
        [index] = [n for n, one in enumerate(customer.assignments) if one.package.key == "freephone-gb"]
        charges = expected_charges(customer, first=provider.story.first_day, last=date(2031, 4, 1))
        return [(f"{one.day:%m-%d}", one.kind, f"{one.retail:.2f}", f"{one.cost:.3f}") for one in charges if one.index == index]

    after = transferred(provider)
    assert lines("kelso-timber") == [
        ("02-08", "setup", "5.00", "0.000"), ("02-08", "proration", "6.51", "3.255"), ("03-01", "recurring", "8.68", "4.340"),
        ("03-11", "proration", "-5.88", "-2.940"),
    ]  # fmt: skip
    assert lines("brackley-surveyors") == [("03-11", "proration", "5.88", "2.940"), ("04-01", "recurring", "8.68", "4.340")]


def test_the_missed_days_have_charges(provider: Provider) -> None:
    story = provider.story
    for day in days(story.outage_first_day, story.outage_last_day):
        assert any(expected_charges(c, first=day, last=day) for c in provider.customers)


@pytest.mark.parametrize(
    ("frequency", "match", "start", "end", "until", "due"),
    [
        ("monthly", "15 31", "2024-01-01", None, "2024-04-30",
         "2024-01-15 2024-01-31 2024-02-15 2024-02-29 2024-03-15 2024-03-31 2024-04-15 2024-04-30"),
        ("monthly", "29 30 31", "2023-02-01", None, "2023-03-31", "2023-02-28 2023-03-29 2023-03-30 2023-03-31"),
        ("monthly", "", "2024-01-31", None, "2024-05-01", "2024-01-31 2024-02-29 2024-03-31 2024-04-30"),
        ("weekly", "mon thu", "2024-02-26", None, "2024-03-10", "2024-02-26 2024-02-29 2024-03-04 2024-03-07"),
        ("weekly", "", "2024-02-27", None, "2024-03-10", "2024-02-27 2024-03-05"),
        ("monthly", "1", "2024-01-15", "2024-03-01", "2024-12-31", "2024-02-01 2024-03-01"),
        ("quarterly", "", "2030-11-30", None, "2031-06-30", "2030-11-30 2031-02-28 2031-05-30"),
        ("yearly", "", "2024-02-29", None, "2026-12-31", "2024-02-29 2025-02-28 2026-02-28"),
        ("none", "", "2024-02-29", None, "2026-12-31", "2024-02-29"),
        ("daily", "", "2024-02-28", "2024-03-01", "2026-12-31", "2024-02-28 2024-02-29 2024-03-01"),
    ],
)  # fmt: skip
def test_the_independent_count_follows_the_rules_examples(
    frequency: str, match: str, start: str, end: str | None, until: str, due: str
) -> None:
    first = date.fromisoformat(start)
    customer = customer_with(frequency, tuple(match.split()), first, date.fromisoformat(end) if end else None)
    charges = expected_charges(customer, first=first, last=date.fromisoformat(until))
    assert [str(charge.day) for charge in charges if charge.kind == "recurring"] == due.split()
    assert [(c.day, c.retail) for c in charges if c.kind == "setup"] == [(first, Decimal(15))]


def test_the_independent_count_leaves_out_what_was_charged_elsewhere() -> None:
    customer = customer_with("yearly", (), date(2028, 2, 29), charge_from=date(2031, 1, 1))
    charges = expected_charges(customer, first=date(2028, 1, 1), last=date(2031, 12, 31))
    assert [(c.kind, c.day) for c in charges] == [("recurring", date(2031, 2, 28))]


def test_the_independent_credit_tries_each_charge_by_itself() -> None:
    # 20 of credit: setup 15 fits, then 6 a day doesn't fit into the 5 that are left
    held = expected_held(customer_with("daily", (), date(2031, 1, 1)), first=date(2031, 1, 1), last=date(2031, 1, 2))
    assert [(c.kind, c.day.day) for c in held] == [("recurring", 1), ("recurring", 2)]


@pytest.mark.parametrize(
    ("entries", "problems"),
    [
        ([ENTRY], []),
        ([], ["lost: recurring of 2031-01-01"]),
        ([ENTRY, ENTRY], ["doubled or wrong: recurring of 2031-01-01"]),
        ([ENTRY | {"status": "held"}], ["lost: recurring of 2031-01-01"]),
        ([ENTRY | {"retail": "2.01"}], ["lost: recurring of 2031-01-01", "doubled or wrong: recurring of 2031-01-01"]),
        ([ENTRY | {"date": "2031-01-02"}], ["lost: recurring of 2031-01-01", "doubled or wrong: recurring of 2031-01-02"]),
    ],
    ids=["right", "lost", "doubled", "held", "wrong amount", "wrong date"],
)
def test_the_check_of_charges_finds(entries: list[dict[str, str]], problems: list[str]) -> None:
    found = charge_problems([EXPECTED], entries, ["a"])
    assert [problem.partition(",")[0] for problem in found] == problems


def test_the_check_of_balances_finds_a_balance_that_is_not_its_ledger() -> None:
    entries = [{"credit_change": "10"}, {"credit_change": "-2.50"}]
    assert balance_problems("7.5", entries, Decimal("7.50")) == []
    assert len(balance_problems("7.5", entries, Decimal(8))) == 1
    assert len(balance_problems("10", entries, Decimal("7.5"))) == 2


def test_checks_fail_when_one_does() -> None:
    checks = Checks()
    checks.add("right", [])
    assert not checks.failed
    checks.add("wrong", ["because"])
    assert [check.claim for check in checks.failed] == ["wrong"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [("5", "USD 5.00"), ("1234567.5", "USD 1,234,567.50"), ("-23.2", "USD -23.20"), ("0.9875", "USD 0.9875"),
     ("0.00", "USD 0.00"), ("1200", "USD 1,200.00"), ("0.100000", "USD 0.10")],
)  # fmt: skip
def test_amounts_show_their_currency_and_every_digit(amount: str, text: str) -> None:
    assert money("USD", amount) == text


def test_decimal_points_of_a_column_stand_below_each_other() -> None:
    console = Console(width=60, color_system=None)
    columns = Column("Name", ["a", "b"], footer="Total"), Column("Retail", ["1,185.875", "9.50"], "amount", "1,195.375")
    with console.capture() as captured:
        show(console, *columns)
    rows = [line.rstrip() for line in captured.get().splitlines() if "." in line]
    assert rows == ["  a      1,185.875", "  b          9.50", "  Total  1,195.375"]


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("cost: 0.55", "cost: much", "package did-us: cost is no amount: much"),
        ("name: \"DID rental, United States\"", "title: X", "package did-us: name is missing"),
        ("retail: 1.95,", "retail: 1.95, colour: red,", "package did-us: unknown field colour"),
        ("first_day: 2031-01-01", "first_day: 2031-01-41", "story: first_day is no date"),
        ("package: support-usd, start_date: 2028-02-29, charge_from: 2031-01-01", "package: support-usd, start_date: 2028-02-29",
         "assignment of harbour-point-legal: support-usd starts before the story"),
        ("package: install-usd", "package: instal-usd", "assignment of harbour-point-legal: there is no package instal-usd"),
        ("quantity: 18", "quantity: 1.5", "assignment of harbour-point-legal: quantity is no whole number: 1.5"),
        ("auto_decrement_credit: true", "auto_decrement_credit: yes", "auto_decrement_credit is true or false"),
        ("  did-ca: {", "  did-us: {", "did-us stands there twice"),
        ("- id: copperfield-couriers", "- id: harbour-point-legal", "harbour-point-legal stands there twice"),
        ("customer: copperfield-couriers", "customer: nobody", "there is no nobody"),
        ("on: 2031-02-11", "on: 2031-02-13", "must follow each other"),
        ("on: 2031-03-11", "on: 2031-03-01", "the transfer comes after the run that follows the calls"),
        ("customer: brackley-surveyors", "customer: nobody", "there is no nobody"),
        ("packages:", "packages: [", "is not YAML"),
    ],
)  # fmt: skip
def test_mistakes_in_the_file_are_named(written: str, instead: str, message: str, tmp_path: Path) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    assert written in text
    path = tmp_path / "provider.yaml"
    path.write_text(text.replace(written, instead, 1), encoding="utf-8")
    with pytest.raises(BadProviderError, match=message):
        load(path)
