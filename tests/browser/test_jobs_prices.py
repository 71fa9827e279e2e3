"""Jobs of a billing department with numbers and prices, done as a person would."""

import re

import httpx
from playwright.sync_api import Page, expect

from tests.api.support import a_customer, a_package, an_assignment, day, ok, unique, unique_did
from tests.browser.conftest import Visit


def test_transfer_a_did(job: Visit, api: httpx.Client) -> None:
    """A customer calls: a number goes to their sister company from a day on. It is found as people write it."""
    old, new, did = a_customer(api), a_customer(api, name="Sister Ltd"), unique_did()
    package = a_package(api, name=unique("Number"), retail="2.50", cost="0.40", frequency="monthly", frequency_match=[1])
    an_assignment(api, old, package, did=did, start_date=day(-2))
    page = job.open()
    page.get_by_role("link", name="Numbers", exact=True).click()
    page.get_by_label("Number begins with").fill(f"+{did[:3]} {did[3:6]}-{did[6:]}")
    row = page.get_by_role("table", name="Numbers").get_by_role("row").filter(has_text=did)
    expect(row).to_contain_text("2.50")
    row.get_by_role("link", name=f"Transfer {did}…").click()
    page.get_by_label("New customer").fill(new)
    page.get_by_label("From", exact=True).fill(day(10))
    page.get_by_role("button", name="Show what is charged").click()
    page.get_by_role("button", name=f"Transfer it to {new}").click()
    expect(page.get_by_role("heading", name=f"DID {did}", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Today")).to_contain_text(re.compile(f"{old}.*{new}", re.DOTALL))
    (listed,) = ok(api.get("/dids", params={"search": did}))["items"]
    assert (listed["customer_id"], listed["until"], listed["next_customer_id"], listed["next_from"]) == (old, day(9), new, day(10))


def test_a_new_price_for_all_from_next_month(job: Visit, api: httpx.Client) -> None:
    """The carrier has raised its price: what a higher one would bring, and who would fall below cost, is known before it is entered."""
    package = a_package(api, name=unique("Rise"), retail="10", cost="9", frequency="monthly", frequency_match=[1])
    one, other = a_customer(api, name="Full Price Ltd"), a_customer(api, name="Special Price Ltd")
    an_assignment(api, one, package, quantity=4)
    an_assignment(api, other, package, discount="10")
    page = job.open()
    page.get_by_role("link", name="Packages", exact=True).click()
    page.get_by_role("searchbox", name="Search").fill(package["name"])
    page.get_by_role("link", name=package["name"]).click()
    page.get_by_role("button", name="Change price…").click()
    dialog = page.get_by_role("dialog")
    first = dialog.get_by_label("From", exact=True).input_value()
    dialog.get_by_label("Retail", exact=False).first.fill("12")
    dialog.get_by_label(re.compile("^Cost")).fill("11")
    dialog.get_by_role("button", name="Show what it changes").click()
    effect = dialog.get_by_role("region", name="What it changes")
    expect(effect).to_contain_text("2 assignments with 5 units")
    expect(effect.get_by_role("row").filter(has_text="Retail")).to_contain_text(re.compile(r"49\.00.*58\.80.*\+9\.80"))
    expect(effect.get_by_role("link", name="Special Price Ltd")).to_be_visible()
    dialog.get_by_role("button", name="Change price").click()
    expect(page.get_by_role("table", name="Price lists by first day").get_by_role("row").last).to_contain_text("12.00was 10.00")
    coming = ok(api.get(f"/packages/{package['package_id']}"))["next_prices"]
    assert (coming["from"], coming["retail"], coming["cost"], coming["existing"]) == (first, "12.00", "11.00", True)


def test_what_will_a_new_package_charge(job: Visit, api: httpx.Client) -> None:
    """The dates stand beside the form while it is filled in, with what becomes of the 31st."""
    name = unique("Twice a month")
    page = job.open()
    page.get_by_role("link", name="Packages", exact=True).click()
    page.get_by_role("link", name="New package").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Retail", exact=True).fill("12.50")
    for day_of_month in ("15", "31"):
        page.get_by_role("checkbox", name=day_of_month, exact=True).check(force=True)
    due = page.get_by_role("region", name="Next due dates")
    expect(due.get_by_role("listitem")).to_have_count(12)
    expect(due).to_contain_text("February has no 31")
    page.get_by_role("button", name="Create package").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    (made,) = ok(api.get("/packages", params={"search": name}))["items"]
    assert (made["retail"], made["frequency"], made["frequency_match"]) == ("12.50", "monthly", [15, 31])


def test_transfer_a_did_with_the_keyboard_alone(job: Visit, api: httpx.Client) -> None:
    """Whoever does this all day does not reach for the mouse: a slash goes to the field that finds numbers."""
    old, new, did = a_customer(api), a_customer(api), unique_did()
    an_assignment(api, old, a_package(api, retail="2.50", frequency="monthly"), did=did, start_date=day(-2))
    page = job.open()
    page.keyboard.press("/")
    page.keyboard.type(f"+{did[:2]} {did[2:]}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"DID {did}", level=1)).to_be_focused()
    press_on(page, "Transfer…")
    expect(page.get_by_role("heading", name=f"Transfer DID {did}", level=1)).to_be_visible()
    expect(page.get_by_label("New customer")).to_be_visible()
    tab_to(page, "New customer")
    page.keyboard.type(new)
    press_on(page, "Show what is charged")
    expect(page.get_by_role("region", name="What is charged", exact=True)).to_be_visible()
    press_on(page, f"Transfer it to {new}")
    expect(page.get_by_role("heading", name=f"DID {did}", exact=True)).to_be_visible()
    assert [one["customer_id"] for one in ok(api.get(f"/dids/{did}/assignments"))["items"]] == [old, new]
    assert job.clicks == 0


def test_find_out_how_something_is_done(job: Visit) -> None:
    """The ? of a page leads to what is done there; other jobs are found by their words. Each has three steps."""
    page = job.open("held")
    page.get_by_role("link", name="Help with this page").click()
    expect(page.get_by_role("heading", name="A charge is held")).to_be_visible()
    expect(page.get_by_role("listitem").filter(visible=True)).to_have_count(3)
    page.get_by_label("Search").fill("CARRIER portal")
    expect(page.get_by_role("heading", level=2)).to_have_text(["Compare with the carrier's bill"])
    expect(page.get_by_role("listitem").filter(visible=True)).to_have_count(3)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(60):
        focused = page.evaluate("(here => (here.labels?.[0] ?? here).textContent.trim())(document.activeElement)")
        if focused.startswith(name):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} can't be reached with Tab")


def press_on(page: Page, name: str) -> None:
    """Go to a button or a link with Tab, and press Enter."""
    tab_to(page, name)
    page.keyboard.press("Enter")
