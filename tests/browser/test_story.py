"""What a new user does without documentation: make a package, assign it to a number, understand a run, run it, undo it."""

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.api.support import Json, charges, ledger, ok, unique, unique_did
from tests.browser.conftest import Visit
from tests.browser.support import choose_package

Filler = Callable[[Page, str, str], None]


def by_mouse(page: Page, role: str, name: str) -> None:
    """Press a button, follow a link, tick a box."""
    found = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    found.check(force=True) if role in ("checkbox", "radio") else found.click()


def by_keyboard(page: Page, role: str, name: str) -> None:
    """The same, reached by Tab from where the focus is: nothing else is touched."""
    wanted = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    wanted.wait_for()
    for _ in range(150):
        if wanted.evaluate("element => element === document.activeElement"):
            break
        if role == "radio" and wanted.evaluate("element => element.name === document.activeElement.name"):
            page.keyboard.press("ArrowDown")
        else:
            page.keyboard.press("Tab")
    expect(wanted).to_be_focused()
    if role == "radio":
        expect(wanted).to_be_checked()
    else:
        page.keyboard.press("Space" if role == "checkbox" else "Enter")


@pytest.mark.parametrize("press", [by_mouse, by_keyboard])
def test_from_a_new_package_to_a_reversed_run(visit: Visit, api: httpx.Client, press: Filler) -> None:
    name, customer, did = unique("Trunk"), unique("acme"), unique_did()
    page = visit.open("packages")
    package = create_package(page, press, name)
    create_customer(page, press, customer)
    assign_to_did(page, press, name, did)
    understand(page, press, customer)
    press(page, "button", "Run it live…")
    dialog = page.get_by_role("dialog", name="Run it live?")
    expect(dialog).to_contain_text(f"{customer} is charged 1 line dated 28 Feb 2031")
    expect(dialog).to_contain_text("Balance afterwards−12.50 USD")
    press(page, "button", "Charge now")
    expect(page.get_by_role("heading", name="Run Package of 28 Feb 2031")).to_be_visible()
    expect(page.get_by_text("Posted", exact=True)).to_be_visible()
    see_the_ledger(page, press, name)
    reverse(page, press)
    check(api, customer, did, package)


def create_package(page: Page, press: Filler, name: str) -> str:
    press(page, "link", "New package")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Retail", exact=True).fill("12.50")
    page.get_by_label("Cost", exact=True).fill("7.25")
    press(page, "checkbox", "15")
    press(page, "checkbox", "31")
    expect(page.get_by_role("region", name="Next due dates").get_by_text("Monthly on 15 and 31")).to_be_visible()
    press(page, "button", "Create package")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page.url.rpartition("/")[2]


def create_customer(page: Page, press: Filler, customer: str) -> None:
    press(page, "link", "Customers")
    press(page, "link", "New customer")
    page.get_by_label("Customer id").fill(customer)
    page.get_by_label("Debit limit").fill("100")
    press(page, "button", "Create customer")
    expect(page.get_by_role("heading", name=customer)).to_be_visible()
    expect(page.get_by_text("Left before charges are held")).to_be_visible()


def assign_to_did(page: Page, press: Filler, name: str, did: str) -> None:
    press(page, "link", "Assign a package")
    choose_package(page, name)
    expect(page.get_by_text("Monthly on 15, 31", exact=True)).to_be_visible()
    press(page, "radio", "One of its DIDs")
    page.get_by_label("DID", exact=True).fill(did)
    page.get_by_label("Start date").fill("2031-02-01")
    press(page, "checkbox", "Auto decrement credit")
    expect(page.get_by_text("February has no 31, so the 28th")).to_be_visible()
    press(page, "button", "Assign")
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def understand(page: Page, press: Filler, customer: str) -> None:
    """The page itself says why the 31st is charged on the 28th."""
    press(page, "link", "Run Package")
    expect(page.get_by_role("radio", name="Yes")).to_be_checked()
    page.get_by_label("Customer", exact=True).fill(customer)
    page.get_by_label("Date", exact=True).fill("2031-02-28")
    press(page, "button", "Simulate")
    lines = page.get_by_role("table", name="What is charged")
    expect(lines.get_by_text(re.compile(r"monthly on 15 and 31; February has no 31, so the 28th: 1 x 12\.50 = 12\.50 USD"))).to_be_visible()
    expect(lines.get_by_text("Would be charged")).to_be_visible()
    expect(page.get_by_text("before 0.00")).to_be_visible()


def see_the_ledger(page: Page, press: Filler, name: str) -> None:
    press(page, "link", "See the ledger")
    press(page, "button", name)
    details = page.get_by_role("table", name="Ledger")
    expect(details.get_by_text("February has no 31, so the 28th")).to_be_visible()
    expect(details.get_by_text("on, with the charge")).to_be_visible()
    expect(page.get_by_text("−12.50 USD", exact=True).first).to_be_visible()
    details.get_by_role("link", name=re.compile("^console-2031-02-28-")).press("Enter")


def reverse(page: Page, press: Filler) -> None:
    press(page, "button", "Reverse this run…")
    expect(page.get_by_role("dialog", name="Reverse this run?")).to_contain_text("Retail−12.50 USD")
    press(page, "button", "Reverse")
    expect(page.get_by_text(re.compile("^Reversed on"))).to_be_visible()
    expect(page.get_by_role("button", name="Reverse this run…")).not_to_be_visible()


def check(api: httpx.Client, customer: str, did: str, package: str) -> None:
    """What the ledger says of all this."""
    (charge,) = charges(api, customer)
    assert (charge["did"], charge["package_id"], charge["date"], charge["retail"]) == (did, package, "2031-02-28", "12.50")
    entries: list[Json] = ledger(api, customer)
    assert sorted((entry["kind"], entry["retail"]) for entry in entries) == [("recurring", "12.50"), ("reversal", "-12.50")]
    assert ok(api.get(f"/customers/{customer}"))["balance"] == "0.00"
