"""Names in place of ids, what is refused, what is chosen again: as people do it, and what the console says then."""

import re

import httpx
from playwright.sync_api import expect

from tests.api.support import a_customer, a_package, an_assignment, day, run, unique
from tests.browser.conftest import Visit


def test_a_customer_is_typed_by_name(visit: Visit, api: httpx.Client) -> None:
    name, shared = unique("Eastgate Pediatrics"), unique("Twin Ltd")
    customer = a_customer(api, name=name)
    for _ in range(2):
        a_customer(api, name=shared)
    an_assignment(api, customer, a_package(api, name=unique("Line"), retail="3", frequency="daily"))
    page = visit.open("run")
    field = page.get_by_label("Customer", exact=True)
    for typed, fault in (
        ("", "Say which customer"),
        ("No such people", "There is no such customer"),
        (shared, "2 customers have this name"),
    ):
        field.fill(typed)
        page.get_by_role("button", name="Simulate").click()
        expect(field).to_have_accessible_description(re.compile(fault))
    field.fill(name.upper())
    page.get_by_role("button", name="Simulate").click()
    expect(page.get_by_role("heading", name=re.compile(f"^{name}, "))).to_be_visible()
    expect(field).to_have_value(customer)
    expect(page.get_by_role("button", name="Run it live…")).to_be_visible()


def test_a_package_of_a_shared_name_is_asked_for(visit: Visit, api: httpx.Client) -> None:
    name = unique("Handset")
    for currency in ("USD", "EUR"):
        a_package(api, name=name, currency=currency)
    page = visit.open("changes")
    page.get_by_label("Who has the package").fill(name)
    page.get_by_role("button", name="See what it does").click()
    expect(page.get_by_label("Who has the package")).to_have_accessible_description(re.compile("Several packages have this name"))
    page.get_by_label("Who has the package").fill("")
    page.get_by_role("button", name="See what it does").click()
    expect(page.get_by_text("say for whom above", exact=False)).to_have_count(1)
    page.get_by_label("DIDs").fill("44 20 7946 0000\nfoo")
    page.get_by_role("button", name="See what it does").click()
    expect(page.get_by_label("DIDs")).to_have_attribute("aria-invalid", "true")


def test_a_change_of_prices_is_read_before_it_is_applied(visit: Visit, api: httpx.Client) -> None:
    name = unique("Kuwait number")
    a_package(api, name=name, currency="KWD", retail="1.255", frequency="monthly")
    page = visit.open("changes")
    page.get_by_label("What becomes of them").select_option("Change prices")
    page.get_by_label("Percent", exact=True).fill("10")
    page.get_by_label("Package", exact=False).fill(name)
    page.get_by_role("button", name="See what it does").click()
    row = page.get_by_role("table", name="Who would be changed").get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("Retail 1.255 → 1.381")
    expect(row).to_contain_text("KWD")
    page.go_back()
    expect(page.get_by_role("table", name="Tried earlier").get_by_role("link", name="Retail 10 % from").first).to_be_visible()


def test_a_dialog_with_a_file_outlives_a_chooser_that_was_cancelled(visit: Visit) -> None:
    page = visit.open("customers")
    page.get_by_role("button", name="Import customers…").click()
    dialog = page.get_by_role("dialog", name="Import customers")
    dialog.get_by_label("CSV file").dispatch_event("cancel", {"bubbles": True})
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


def test_a_refused_filter_says_why_and_shows_nothing_else(visit: Visit, api: httpx.Client) -> None:
    an_assignment(api, a_customer(api), a_package(api, name=unique("Number")), did="442079460000")
    page = visit.open("dids?q=4420")
    expect(page.get_by_role("table", name="Numbers")).to_be_visible()
    page.get_by_label("Number begins with").fill("+44 (0)20")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("table", name="Numbers")).to_have_count(0)


def test_a_day_is_jumped_to_once_its_year_is_typed(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, name=unique("Line"), retail="3", frequency="daily"))
    run(api, customer, day(), live=True, run_id=unique("run"))
    page = visit.open("runs")
    field = page.get_by_label("Jump to the day")
    field.focus()
    year, month, date = day().split("-")
    page.keyboard.type(month + date + year[:1])
    expect(field).to_be_visible()
    page.keyboard.type(year[1:])
    expect(field).to_have_count(0)
    assert page.url.endswith(f"#/runs/daily:{day()}".replace(":", "%3A"))
