"""A customer's statement, as a person reads it."""

import httpx
from playwright.sync_api import expect

from tests.api.support import a_customer, a_package, an_assignment, day, pay, run, unique
from tests.browser.conftest import Visit


def test_a_statement_tells_balances_charges_and_payments_without_costs(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api, name="Acme Ltd")
    package = a_package(api, name=unique("Phone"), retail="12.50", cost="7.25", frequency="monthly")
    an_assignment(api, customer, package, start_date=day(), quantity=2, auto_decrement_credit=True)
    pay(api, customer, "40")
    run(api, customer, day(), live=True)
    page = visit.open(f"customers/{customer}")
    page.get_by_role("link", name="Statement").click()
    expect(page.get_by_role("heading", name="Statement", level=1)).to_be_visible()
    expect(page.get_by_text("Nothing was posted on these days")).to_be_visible()
    page.get_by_label("Through").fill(day())
    page.get_by_label("From").fill(day())
    charges = page.get_by_role("table", name="Charges")
    expect(charges).to_contain_text(package["name"])
    expect(charges.get_by_role("row").filter(has_text="In all").get_by_role("cell", name="25.00 USD")).to_be_visible()
    expect(page.get_by_role("table", name="Payments")).to_contain_text("+40.00")
    for label, amount in (("Opening balance", "0.00"), ("Closing balance", "15.00"), ("To be invoiced", "0.00")):
        expect(page.locator("dl > div").filter(has_text=label).get_by_role("definition").first).to_have_text(f"{amount} USD")
    expect(page.get_by_text("more may be posted")).to_be_visible()
    expect(page.get_by_text("14.50")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert package["name"] in download.value.path().read_text()
    page.reload()
    expect(charges).to_be_visible()
