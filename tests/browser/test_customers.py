"""Customers, what is assigned to them, and what the service refuses in words."""

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from tests.api.support import a_customer, a_package, an_assignment, charges, day, ledger, ok, pay, run, unique, unique_did
from tests.browser.conftest import Visit, shown_day
from tests.browser.support import choose_package


def test_search_fields_find_by_the_beginnings_of_words_without_accents(visit: Visit, api: httpx.Client) -> None:
    """Only the service can find these: what is typed stands in no name as it is."""
    own = unique("w").replace("-", "")
    customer = a_customer(api, name=f"Müller {own} GmbH")
    a_package(api, name=f"Étage {own}", type="free_minutes")
    a_package(api, name=f"Étage {own}")
    page = visit.open("customers")
    page.get_by_label("Search", exact=True).fill(f"gmbh {own[:9]} mul")
    expect(page.get_by_role("table", name="Customers").get_by_role("row")).to_have_count(1 + 1)
    expect(page.get_by_role("link", name=f"Müller {own} GmbH")).to_be_visible()
    page.get_by_label("Find a DID or a customer").fill(f"muller {own}")
    page.get_by_label("Find a DID or a customer").press("Enter")
    page.get_by_role("link", name=f"Müller {own} GmbH").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Müller")
    assert customer in page.url
    page = visit.open("packages")
    page.get_by_label("Search", exact=True).fill(f"{own} etage")
    expect(page.get_by_role("table", name="Packages").get_by_role("row")).to_have_count(1 + 2)
    page.get_by_label("Type").select_option("standard")
    expect(page.get_by_role("table", name="Packages").get_by_role("row")).to_have_count(1 + 1)


def test_a_backlog_is_shown_with_dates_and_amounts_and_charged_after_confirmation(visit: Visit, api: httpx.Client) -> None:
    package, customer = a_package(api, name=unique("Line"), retail="10", frequency="daily"), a_customer(api)
    page = visit.open(f"customers/{customer}/assign")
    choose_package(page, package["name"])
    page.get_by_label("Start date").fill(day(-5))
    page.get_by_role("button", name="Assign", exact=True).click()
    dialog = page.get_by_role("dialog", name="Charge 5 past due dates now?")
    expect(dialog.get_by_role("row")).to_have_count(1 + 5)
    expect(dialog).to_contain_text("at once, 50.00 USD in all")
    assert charges(api, customer) == []
    dialog.get_by_role("button", name="Assign and charge").click()
    expect(page.get_by_role("heading", name=package["name"], level=1, exact=True)).to_be_visible()
    assert len(charges(api, customer)) == 5


def test_minimum_days_are_refused_in_words_and_the_earliest_end_is_one_click_away(visit: Visit, api: httpx.Client) -> None:
    package, customer = a_package(api, name=unique("Handset"), minimum_days=30), a_customer(api)
    made = an_assignment(api, customer, package)
    where = f"customers/{customer}/assignments/{made['assignment_id']}"
    page = visit.open(f"{where}/edit")
    page.get_by_label("End date").fill(day(3))
    page.get_by_role("button", name="Save").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("It can't end that early")
    expect(alert).not_to_contain_text("at least 30 days")  # said once, at the field
    expect(page.get_by_label("End date")).to_have_accessible_description(re.compile("its earliest end is"))
    alert.get_by_role("button", name=re.compile("^End it on")).click()
    expect(page.get_by_label("End date")).to_have_value(day(30))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=package["name"], level=1, exact=True)).to_be_visible()
    assert ok(api.get(f"/{where}"))["end_date"] == day(30)


def test_ending_too_early_offers_the_earliest_day(visit: Visit, api: httpx.Client) -> None:
    package, customer = a_package(api, name=unique("Desk"), minimum_days=10), a_customer(api)
    made = an_assignment(api, customer, package)
    page = visit.open(f"customers/{customer}/assignments/{made['assignment_id']}")
    page.get_by_role("button", name="End it…").click()
    dialog = page.get_by_role("dialog", name="End this assignment?")
    dialog.get_by_role("button", name="End it today").click()
    dialog.get_by_role("button", name=re.compile("^End it on")).click()
    expect(page.get_by_text(f"It ends on {shown_day(day(10))}")).to_be_visible()
    assert ok(api.get(f"/customers/{customer}/assignments/{made['assignment_id']}"))["end_date"] == day(10)


def test_an_assignment_is_ended_on_a_day_of_choice(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api)
    made = an_assignment(api, customer, a_package(api, name=unique("Desk")))
    page = visit.open(f"customers/{customer}/assignments/{made['assignment_id']}")
    page.get_by_role("button", name="End it…").click()
    dialog = page.get_by_role("dialog", name="End this assignment?")
    dialog.get_by_label("Last day").fill(day(4))
    dialog.get_by_role("button", name=f"End it on {shown_day(day(4))}").click()
    expect(page.get_by_role("region", name="Assignment", exact=True)).to_contain_text(shown_day(day(4)))
    assert ok(api.get(f"/customers/{customer}/assignments/{made['assignment_id']}"))["end_date"] == day(4)


def test_free_minutes_are_shown_as_used_of_total(visit: Visit, api: httpx.Client) -> None:
    package = a_package(api, name=unique("Minutes"), type="free_minutes", frequency="monthly", destination="^44")
    customer = a_customer(api)
    an_assignment(api, customer, package, free_minutes=100)
    call = {"call_id": "one", "started_at": f"{day()}T00:00:00Z", "destination": "442079460000", "seconds": 1500, "charge": "1.00"}
    ok(api.post(f"/customers/{customer}/usage", json={"calls": [call]}))
    page = visit.open(f"customers/{customer}")
    left = page.get_by_role("region", name="Minutes left today")
    bar = left.get_by_role("progressbar", name=f"{package['name']}: 25 of 100 min used")
    expect(bar).to_have_attribute("value", "25")
    page.get_by_role("link", name="Free minutes").click()
    expect(page.get_by_role("row", name=re.compile("25 of 100 min used")).get_by_role("cell", name="75", exact=True)).to_be_visible()


def test_a_payment_is_booked_once_however_often_the_button_is_pressed(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api)
    page = visit.open(f"customers/{customer}")
    page.get_by_role("button", name="Record payment…").click()
    dialog = page.get_by_role("dialog", name="Record a payment")
    dialog.get_by_role("button", name="Book payment").click()
    expect(dialog.get_by_label("Amount")).to_be_focused()
    dialog.get_by_label("Amount").fill("30.00")
    dialog.get_by_label("Reference").fill("bank transfer 4711")
    page.route("**/payments", lambda route: route.abort() if route.fetch() else None, times=1)
    dialog.get_by_role("button", name="Book payment").dblclick()
    expect(dialog.get_by_role("alert")).to_contain_text("No answer came")
    expect(dialog.get_by_label("Amount")).to_have_value("30.00")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog).not_to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Balance30.00 USD")
    (entry,) = ledger(api, customer)
    assert (entry["credit_change"], entry["reference"]) == ("30.00", "bank transfer 4711")


def test_a_held_charge_is_found_and_written_off(visit: Visit, api: httpx.Client) -> None:
    package, customer = a_package(api, name=unique("Prepaid"), retail="10", frequency="daily"), a_customer(api, debit_limit="5")
    an_assignment(api, customer, package, auto_decrement_credit=True)
    run(api, customer, day(), live=True)
    page = visit.open(f"customers/{customer}")
    page.get_by_role("link", name="Held charges (1)").click()
    page.get_by_role("button", name=re.compile(f"^Write off {package['name']}")).click()
    dialog = page.get_by_role("dialog", name="Write off this charge?")
    expect(dialog).to_contain_text(f"10.00 USD for {package['name']}")
    dialog.get_by_role("button", name="Write off").click()
    expect(page.get_by_text("Nothing is held")).to_be_visible()
    assert charges(api, customer)[0]["status"] == "cancelled"


def test_a_number_and_who_has_it_are_found_from_every_page(visit: Visit, api: httpx.Client) -> None:
    did, customer, other = unique_did(), a_customer(api), a_customer(api)
    package = a_package(api, name=unique("Number"))
    an_assignment(api, customer, package, did=did, end_date=day(5))
    page = visit.open("held")
    page.keyboard.press("/")
    page.keyboard.type(f"+{did[:2]} {did[2:6]} {did[6:]}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"DID {did}")).to_be_visible()
    expect(page.get_by_role("region", name="Today").get_by_role("link", name=customer)).to_be_visible()
    page.goto(f"{visit.url}/console#/customers/{other}/assign")
    choose_package(page, package["name"])
    page.get_by_role("radio", name="One of its DIDs").check()
    page.get_by_label("DID", exact=True).fill(did)
    page.get_by_role("button", name="Assign", exact=True).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Another customer has this number then")
    expect(alert.get_by_role("link", name=customer)).to_be_visible()
    expect(page.get_by_label("DID", exact=True)).to_have_value(did)
    alert.get_by_role("button", name=re.compile("^Start on")).click()
    expect(page.get_by_label("Start date")).to_have_value(day(6))


def test_an_id_that_is_taken_is_refused_at_its_field(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api, name="First come")
    page = visit.open("customers/new")
    page.get_by_label("Customer id").fill(customer)
    page.get_by_label("Name", exact=True).fill("Second")
    page.get_by_role("button", name="Create customer").click()
    expect(page.get_by_label("Customer id")).to_have_accessible_description(re.compile(f"There is already a customer {customer}"))
    assert ok(api.get(f"/customers/{customer}"))["name"] == "First come"


def test_features_and_the_ledger_of_a_customer(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, name="Resold", connexcs_package="did-rental"))
    pay(api, customer, "-2.50")
    page = visit.open(f"customers/{customer}/features")
    enabled = page.get_by_role("region", name="Enabled ConnexCS packages")
    expect(enabled.get_by_text("did-rental")).to_be_visible()
    expect(enabled.get_by_role("link", name="Resold")).to_be_visible()
    page.get_by_role("link", name="Ledger").click()
    expect(page.get_by_role("table", name="Ledger")).to_contain_text("−2.50")
    page.get_by_label("Kind").select_option("Setup")
    expect(page.get_by_text("No entries in this range")).to_be_visible()


@pytest.mark.parametrize(
    ("currency", "paid", "balance", "entry"),
    [("JPY", "10000", "10,000 JPY", "+10,000"), ("KWD", "1.5", "1.500 KWD", "+1.500"), ("JPY", "0.5", "0.5 JPY", "+0.5")],
    ids=["JPY", "KWD", "finer"],
)
def test_c_amounts_have_the_decimals_of_their_currency(
    visit: Visit, api: httpx.Client, currency: str, paid: str, balance: str, entry: str
) -> None:
    customer = a_customer(api, currency=currency)
    pay(api, customer, paid)
    page = visit.open(f"customers/{customer}/ledger")
    expect(page.get_by_text(balance, exact=True).first).to_be_visible()
    expect(page.get_by_role("table", name="Ledger").get_by_text(entry, exact=True)).to_be_visible()


SPELLINGS = {
    "B3-digits": lambda did: did,
    "B3-plus": lambda did: f"+{did}",
    "B3-00": lambda did: f"00{did}",
    "C-spaces": lambda did: f"+{did[:2]} {did[2:6]} ({did[6:]})",
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
def test_a_number_is_found_as_people_write_it(visit: Visit, api: httpx.Client, spelled: Callable[[str], str]) -> None:
    did, customer = unique_did(), a_customer(api)
    an_assignment(api, customer, a_package(api, name=unique("Line")), did=did)
    page = visit.open("customers")
    field = page.get_by_label("Find a DID or a customer")
    field.fill(spelled(did))
    field.press("Enter")
    expect(page.get_by_role("heading", name=did, level=1)).to_be_visible()
    expect(page.get_by_role("link", name=customer).first).to_be_visible()
