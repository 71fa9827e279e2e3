"""One-off charges and adjustments, as a person posts them and finds them again."""

import re

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.api.support import Json, a_customer, balance, day, ledger, ok
from tests.browser.conftest import Visit


def open_dialog(page: Page, button: str, title: str) -> Locator:
    """Choose what stands in the customer's menu, which is open after the first time."""
    if not page.get_by_role("button", name=button).is_visible():
        page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name=button).click()
    return page.get_by_role("dialog", name=title)


def test_the_menu_closes_on_escape_and_when_something_else_is_pressed(visit: Visit, api: httpx.Client) -> None:
    page = visit.open(f"customers/{a_customer(api)}")
    menu, item = page.get_by_text("More", exact=True), page.get_by_role("button", name="Adjustment…")
    menu.click()
    item.press("Escape")
    expect(item).not_to_be_visible()
    expect(menu).to_be_focused()
    menu.click()
    page.get_by_role("heading", level=1).click()
    expect(item).not_to_be_visible()


def filled(dialog: Locator, **fields: str) -> None:
    for label, text in fields.items():
        dialog.get_by_label(label.replace("_", " ").capitalize()).fill(text)


def posted(api: httpx.Client, customer: str) -> list[tuple[str, ...]]:
    def told(one: Json) -> tuple[str, ...]:
        return one["kind"], one.get("description") or one["reason"], one["retail"], one["credit_change"], one["status"]

    return sorted(map(told, ledger(api, customer)))


def test_a_visit_is_charged_once_and_credited(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api)
    page = visit.open(f"customers/{customer}/ledger")
    dialog = open_dialog(page, "One-off charge…", "Charge once")
    dialog.get_by_role("button", name="Charge", exact=True).click()
    for name in ("What for", "Retail each"):
        expect(dialog.get_by_label(name)).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("What for")).to_be_focused()
    filled(dialog, What_for="Visit of a technician", Retail_each="60", Cost_each="35", Quantity="2", Account_code="4010")
    dialog.get_by_label("Date").fill(day(-3))
    page.route("**/charges", lambda route: (route.fetch(), route.abort()), times=1)
    dialog.get_by_role("button", name="Charge", exact=True).dblclick()
    expect(dialog.get_by_role("alert")).to_contain_text("No answer came")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog).not_to_be_visible()
    expect(page.get_by_text("120.00 USD are charged")).to_be_visible()
    assert posted(api, customer) == [("one_off", "Visit of a technician", "120.00", "-120.00", "posted")]
    (entry,) = ledger(api, customer)
    assert (entry["date"], entry["cost"], entry["account_code"], entry["tax_code"]) == (day(-3), "70.00", "4010", None)

    table = page.get_by_role("table", name="Ledger")
    row = table.get_by_role("row", name=re.compile("Visit of a technician"))
    expect(row).to_contain_text("One-off charge · 2 × 60.00")
    table.get_by_role("button", name="Visit of a technician").click()
    page.get_by_role("button", name="Credit…").click()
    credit = page.get_by_role("dialog", name="Credit this charge")
    expect(credit).to_contain_text("120.00 USD for Visit of a technician")
    expect(credit.get_by_role("radio", name="It can be charged anew")).to_have_count(0)
    credit.get_by_label("Reason").fill("Came too late")
    credit.get_by_role("button", name="Credit", exact=True).click()
    expect(table.get_by_text("Credited", exact=True)).to_be_visible()
    assert balance(api, customer) == 0


def test_a_charge_that_does_not_fit_is_held_and_written_off(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api, debit_limit="0")
    page = visit.open(f"customers/{customer}")
    dialog = open_dialog(page, "One-off charge…", "Charge once")
    filled(dialog, What_for="Porting", Retail_each="15")
    dialog.get_by_role("button", name="Charge", exact=True).click()
    expect(page.get_by_text("15.00 USD are held")).to_be_visible()
    page.get_by_role("link", name="Held charges (1)").click()
    page.get_by_role("button", name=re.compile("^Write off Porting")).click()
    page.get_by_role("dialog", name="Write off this charge?").get_by_role("button", name="Write off").click()
    expect(page.get_by_text("Nothing is held")).to_be_visible()
    assert posted(api, customer) == [("one_off", "Porting", "15.00", "0.00", "cancelled")]


def test_an_adjustment_and_a_charge_to_be_invoiced_stand_on_the_statement(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api)
    page = visit.open(f"customers/{customer}/ledger")
    dialog = open_dialog(page, "One-off charge…", "Charge once")
    filled(dialog, What_for="Porting", Retail_each="15")
    dialog.get_by_label("Take it from the balance").uncheck()
    dialog.get_by_role("button", name="Charge", exact=True).click()
    expect(dialog).not_to_be_visible()
    dialog = open_dialog(page, "Adjustment…", "Adjust the balance")
    dialog.get_by_role("button", name="Adjust", exact=True).click()
    for name in ("Amount", "Reason"):
        expect(dialog.get_by_label(name)).to_have_attribute("aria-invalid", "true")
    filled(dialog, Amount="−2.50", Reason="Rounding")
    dialog.get_by_role("button", name="Adjust", exact=True).dblclick()
    expect(dialog).not_to_be_visible()
    expect(page.get_by_role("table", name="Ledger").get_by_role("row", name=re.compile("Adjustment"))).to_contain_text("−2.50")
    assert posted(api, customer) == [
        ("adjustment", "Rounding", "0.00", "-2.50", "posted"),
        ("one_off", "Porting", "15.00", "0.00", "posted"),
    ]
    told = ok(api.get(f"/customers/{customer}/statement", params={"from": day(), "to": day()}))
    assert (told["closing_balance"], told["to_be_invoiced"]) == ("-2.50", "15.00")
    page.get_by_role("link", name="Statement").click()
    page.get_by_label("Through").fill(day())
    page.get_by_label("From").fill(day())
    expect(page.get_by_role("table", name="One-off charges").get_by_role("row", name=re.compile("Porting"))).to_contain_text("15.00")
    expect(page.get_by_role("table", name="Adjustments").get_by_role("row", name=re.compile("Rounding"))).to_contain_text("−2.50")
