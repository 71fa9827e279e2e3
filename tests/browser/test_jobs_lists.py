"""Jobs of a billing department that begin at a list, as a person does them; on a stack of their own, for lists are of all customers."""

import csv
import re
import time
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest
from playwright.sync_api import Page, expect

from chalicelib.domain.account import Account
from chalicelib.domain.package import Package
from chalicelib.storage import accounts, finding, packages
from chalicelib.storage.db import Action, Db
from chalicelib.storage.keys import TABLES
from tests.api.support import a_customer, a_package, an_assignment, balance, charges, day, evaluate, ok, pay, unique
from tests.browser.conftest import Visit
from tests.conftest import client_of
from tools.embedded import EmbeddedStack

CROWD, OK = 5000, 200
AT_ONCE_MS = 10_000
"""How long a search may take on a machine that does much else."""


class World(NamedTuple):
    """Today is evaluated, and an overview is made of it, with the crowd."""

    legal: str
    dental: str


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    with EmbeddedStack(env={"OVERVIEW": "true"}) as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with client_of(stack) as client:
        yield client


@pytest.fixture(scope="module")
def crowd(stack: EmbeddedStack, api: httpx.Client) -> int:
    """5,000 customers and 5,000 packages, written as the service writes them."""
    db = Db(stack.client("dynamodb"), {name: stack.table_name(name) for name in TABLES})
    sold = [Package(f"p{n:05}", f"Bundle {n:05}", "USD") for n in range(CROWD)]
    customers = [Account(f"c{n:05}", "USD", f"Tenant {n:05}", email=f"bills{n:05}@tenants.example") for n in range(CROWD)]
    actions: list[Action] = []
    for package in sold:
        actions += [packages.create_package(package), *finding.rewritten((), finding.package_items(package))]
    for account in customers:
        actions += [accounts.create_account(account), *finding.rewritten((), finding.customer_items(account))]
    for start in range(0, len(actions), 100):
        db.transact(actions[start : start + 100])
    return CROWD


@pytest.fixture(scope="module")
def world(stack: EmbeddedStack, api: httpx.Client, crowd: int) -> World:
    """Among the crowd a customer who pays 12.50 a day for a phone, and one whose 10.00 last for three days."""
    phone = a_package(api, name="Hosted phone", retail="12.50", cost="7.25", frequency="daily")
    line = a_package(api, name="Prepaid line", retail="3", cost="1", frequency="daily")
    legal = a_customer(api, "harbour-point", name="Harbour Point Legal", email="accounts@harbour.example", tags=["voice"])
    dental = a_customer(api, "brightline-dental", name="Brightline Dental", debit_limit="0", tags=["voice"])
    pay(api, dental, "10")
    an_assignment(api, legal, phone, auto_decrement_credit=True)
    an_assignment(api, dental, line, auto_decrement_credit=True)
    evaluate(stack, api, day())
    while api.get("/overview").status_code != OK:
        time.sleep(0.2)
    return World(legal, dental)


def rows(page: Page, table: str) -> list[str]:
    """The rows of a table, without its head, once there are some."""
    body = page.get_by_role("table", name=table).locator("tbody tr")
    body.first.wait_for()
    return body.all_inner_texts()


def go(job: Visit, link: str) -> None:
    job.hand.press(job.page.get_by_role("navigation", name="Main").get_by_role("link", name=link, exact=True))


def find(job: Visit, name: str) -> None:
    """Open a customer whose name is known."""
    page, hand = job.page, job.hand
    go(job, "Customers")
    hand.type(page.get_by_label("Search", exact=True), name)
    hand.press(page.get_by_role("table", name="Customers").get_by_role("link", name=name))


def test_which_customers_pay_more_than_a_hundred_a_month(job: Visit, world: World) -> None:
    page, hand = job.open(), job.hand
    go(job, "Customers")
    hand.choose(page.get_by_label("Sorted by", exact=True), "Monthly value")
    found = rows(page, "Customers by value")
    assert [row.split("\n")[0].strip() for row in found[:2]] == ["Harbour Point Legal", "Brightline Dental"]
    expect(page.get_by_role("table", name="Customers by value").get_by_text("380.21 USD")).to_be_visible()
    expect(page.get_by_text("As of")).to_be_visible()
    with page.expect_download() as waiting:
        hand.press(page.get_by_role("button", name="Download CSV"))
    downloaded = csv.DictReader(waiting.value.path().read_text().splitlines())
    assert [row["customer"] for row in downloaded][:2] == [world.legal, world.dental]


def test_keep_the_order_while_customers_are_searched(job: Visit, world: World) -> None:
    page, hand = job.open(), job.hand
    go(job, "Customers")
    hand.choose(page.get_by_label("Sorted by", exact=True), "Monthly value")
    table = page.get_by_role("table", name="Customers by value")
    both = ["Harbour Point Legal", "Brightline Dental"]
    for typed, found in (("bright", both[1:]), ("voice", both), ("accounts@harbour voice", both[:1])):
        hand.type(page.get_by_label("Search", exact=True), typed)
        expect(table.locator("tbody tr")).to_have_count(len(found), timeout=AT_ONCE_MS)
        assert [row.split("\n")[0].strip() for row in rows(page, "Customers by value")] == found
    with page.expect_download() as waiting:
        hand.press(page.get_by_role("button", name="Download CSV"))
    downloaded = csv.DictReader(waiting.value.path().read_text().splitlines())
    assert [row["customer"] for row in downloaded] == [world.legal]
    hand.choose(page.get_by_label("State", exact=True), "Parked")
    expect(page.get_by_text("Nobody in USD matches")).to_be_visible()


def test_which_packages_bring_most_a_month(job: Visit, world: World) -> None:
    page, hand = job.open(), job.hand
    go(job, "Packages")
    hand.choose(page.get_by_label("Sorted by", exact=True), "Monthly value")
    assert [row.split("\n")[0].strip() for row in rows(page, "Packages by value")][:2] == ["Hosted phone", "Prepaid line"]
    expect(page.get_by_role("table", name="Packages by value").get_by_text("380.21 USD")).to_be_visible()
    expect(page.get_by_text("As of")).to_be_visible()
    hand.type(page.get_by_label("Search", exact=True), "prep")
    expect(page.get_by_role("table", name="Packages by value").locator("tbody tr")).to_have_count(1, timeout=AT_ONCE_MS)
    with page.expect_download() as waiting:
        hand.press(page.get_by_role("button", name="Download CSV"))
    (downloaded,) = csv.DictReader(waiting.value.path().read_text().splitlines())
    assert (downloaded["name"], downloaded["units"], downloaded["monthly_value"]) == ("Prepaid line", "1", "91.25")


def test_why_was_a_customer_charged(job: Visit, world: World) -> None:
    page, hand = job.open(), job.hand
    find(job, "Brightline Dental")
    hand.press(page.get_by_role("link", name="Ledger", exact=True))
    assert "7.00 USD" in rows(page, "Ledger")[0]
    hand.press(page.get_by_role("table", name="Ledger").get_by_role("button", name="Prepaid line"))
    expect(page.get_by_role("table", name="Ledger").get_by_text('"Prepaid line", every day: 1 x 3.00 = 3.00 USD.')).to_be_visible()
    hand.press(page.get_by_role("link", name=f"daily:{day()}"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Daily run of")


def test_see_what_a_run_of_all_would_charge_again(job: Visit, world: World) -> None:
    page, hand = job.open(), job.hand
    go(job, "Run Package")
    hand.tick(page.get_by_role("radio", name="All customers"))
    hand.tick(page.get_by_role("radio", name="Charge again"))
    hand.press(page.get_by_role("button", name="Simulate", exact=True))
    expect(page.get_by_role("table", name="By customer").get_by_role("link", name="Harbour Point Legal")).to_be_visible()
    hand.press(page.get_by_role("button", name="Run it live…"))
    dialog = page.get_by_role("dialog", name="Run it live?")
    expect(dialog).to_contain_text("2 lines were charged already and would be charged again15.50 USD")
    hand.press(dialog.get_by_role("button", name="Cancel"))


def test_correct_a_wrong_daily_charge(job: Visit, api: httpx.Client, world: World) -> None:
    wronged = unique("Castle")
    customer, phone = a_customer(api, name=wronged), a_package(api, name=unique("Desk phone"), retail="12.50", frequency="daily")
    an_assignment(api, customer, phone, start_date=day(), auto_decrement_credit=True)
    page, hand = job.open(), job.hand
    find(job, wronged)
    hand.press(page.get_by_role("link", name="Ledger", exact=True))
    hand.press(page.get_by_role("table", name="Ledger").get_by_role("button", name="Credit…"))
    dialog = page.get_by_role("dialog", name="Credit this charge")
    hand.tick(dialog.get_by_role("radio", name="It can be charged anew"))
    hand.type(dialog.get_by_label("Reason"), "The price was wrong")
    hand.press(dialog.get_by_role("button", name="Credit", exact=True))
    expect(page.get_by_text("Voided")).to_be_visible()
    hand.press(page.get_by_role("table", name="Ledger").get_by_role("button", name=phone["name"]).first)
    expect(page.get_by_text("The price was wrong")).to_be_visible()
    assert balance(api, customer) == 0
    assert [one["voided"] for one in charges(api, customer) if one["kind"] == "recurring"] == [True]


def test_whose_credit_runs_out(job: Visit, world: World) -> None:
    page, hand = job.open(), job.hand
    go(job, "Customers")
    hand.choose(page.get_by_label("Sorted by", exact=True), "Who runs short first")
    assert "Brightline Dental" in rows(page, "Customers by value")[0]
    hand.press(page.get_by_role("table", name="Customers by value").get_by_role("link", name="Brightline Dental"))
    expect(page.get_by_role("heading", name="Brightline Dental", level=1)).to_be_visible()


def test_export_a_month(job: Visit, world: World) -> None:
    page, hand = job.open(), job.hand
    go(job, "Exports")
    expect(page.locator(".skeleton")).to_have_count(0)
    cards = page.get_by_role("region", name="Ledger")
    before = cards.count()
    hand.press(page.get_by_role("button", name="Export", exact=True))
    expect(cards).to_have_count(before + 1)
    card = cards.first
    expect(card.get_by_text("Finished", exact=True)).to_be_visible()
    with page.expect_download() as waiting:
        hand.press(card.get_by_role("button", name=re.compile("^Download ledger-")))
    assert waiting.value.path().read_text().startswith("entry_id,")


def test_a_held_charge_is_tried_after_a_payment(job: Visit, api: httpx.Client, world: World) -> None:
    name = unique("Copperfield")
    poor = a_customer(api, name=name, debit_limit="0")
    ok(api.post(f"/customers/{poor}/charges", json={"description": "Porting", "retail": "15", "auto_decrement_credit": True}), 201)
    page, hand = job.open(), job.hand
    go(job, "Held charges")
    row = page.get_by_role("table", name="Held charges").get_by_role("row").filter(has_text=name)
    hand.press(row.get_by_role("button", name="Try now"))
    expect(row.get_by_text("Still held")).to_be_visible()
    pay(api, poor, "20")
    hand.press(row.get_by_role("button", name="Try now"))
    expect(page.get_by_text("Posted 15.00 USD")).to_be_visible()
    assert balance(api, poor) == 5


def test_find_one_of_five_thousand_customers_made_a_second_ago(job: Visit, api: httpx.Client, world: World) -> None:
    page, hand = job.open("customers"), job.hand
    made = a_customer(api, name="Zephyr Sailing School")
    for typed, found in (("zeph sail", "Zephyr Sailing School"), ("bills04321@tenants", "Tenant 04321"), ("c01234", "Tenant 01234")):
        hand.type(page.get_by_label("Search", exact=True), typed)
        expect(page.get_by_role("link", name=found)).to_be_visible(timeout=AT_ONCE_MS)
        expect(page.get_by_role("table", name="Customers").locator("tbody tr")).to_have_count(1, timeout=AT_ONCE_MS)
    page.reload()
    expect(page.get_by_label("Search", exact=True)).to_have_value("c01234")
    expect(page.get_by_role("link", name="Tenant 01234")).to_be_visible(timeout=AT_ONCE_MS)
    ok(api.delete(f"/customers/{made}"), 204)


@pytest.mark.parametrize(("link", "found"), [("Customers", "Tenant"), ("Packages", "Bundle")])
def test_sort_five_thousand_and_search_among_them(job: Visit, world: World, link: str, found: str) -> None:
    page, hand = job.open(), job.hand
    go(job, link)
    hand.choose(page.get_by_label("Sorted by", exact=True), "Name")
    hand.choose(page.get_by_label("Order", exact=True), "Z to A")
    table = f"{link} by value"
    expect(page.get_by_role("table", name=table).get_by_role("link", name=f"{found} 04999")).to_be_visible(timeout=AT_ONCE_MS)
    hand.type(page.get_by_label("Search", exact=True), f"{found.lower()} 0432")
    expect(page.get_by_role("table", name=table).locator("tbody tr")).to_have_count(10, timeout=AT_ONCE_MS)
    assert [row.split("\n")[0].strip() for row in rows(page, table)] == [f"{found} 0432{n}" for n in range(9, -1, -1)]


def test_choose_one_of_five_thousand_packages_made_a_second_ago(job: Visit, api: httpx.Client, world: World) -> None:
    page, hand = job.open("packages"), job.hand
    made = a_package(api, name="Zeppelin trunk")
    hand.type(page.get_by_label("Search", exact=True), "zepp")
    expect(page.get_by_role("link", name="Zeppelin trunk")).to_be_visible(timeout=AT_ONCE_MS)
    hand.type(page.get_by_label("Search", exact=True), "bundle 0432")
    expect(page.get_by_role("table", name="Packages").locator("tbody tr")).to_have_count(10, timeout=AT_ONCE_MS)
    go(job, "Forecast")
    field = page.get_by_label("Package", exact=False).first
    hand.type(field, "Zeppelin trunk")
    expect(field).to_have_accessible_description(re.compile(re.escape(f"{made['retail']} USD")), timeout=AT_ONCE_MS)
    ok(api.delete(f"/packages/{made['package_id']}"), 204)


def test_choose_one_of_five_thousand_customers_by_typing(job: Visit, api: httpx.Client, world: World) -> None:
    page, hand = job.open(), job.hand
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if re.search(r"(?<!overview)/customers\?", request.url) else None)
    go(job, "Run Package")
    hand.type(page.get_by_label("Customer", exact=True), "tenant 04321")
    option = page.locator("#run-customer-customers option")
    expect(option).to_have_count(1, timeout=AT_ONCE_MS)
    assert (option.get_attribute("value"), option.inner_text()) == ("c04321", "Tenant 04321")
    hand.type(page.get_by_label("Customer", exact=True), "c04321")
    expect(page.get_by_label("Customer", exact=True)).to_have_accessible_description("Tenant 04321", timeout=AT_ONCE_MS)
    assert {re.search(r"limit=(\d+)", url)[1] for url in asked} == {"20"}  # type: ignore[index]
