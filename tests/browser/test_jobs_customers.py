"""Jobs of a billing department with a customer, done as a person would: from the first page or a list, by labels and roles."""

import re
from datetime import date, timedelta
from decimal import Decimal

import httpx
from playwright.sync_api import expect

from tests.api.support import Json, a_customer, a_package, an_assignment, balance, charges, day, ok, pay, unique, unique_did
from tests.browser.conftest import Visit, shown_day
from tests.browser.support import choose_package

DAILY = {"retail": "2.00", "cost": "0.50", "frequency": "daily"}


def found(job: Visit, name: str) -> None:
    """Find a customer from the field that stands on every page, and open it."""
    page, hand = job.page, job.hand
    hand.type(page.get_by_label("Find a DID or a customer"), name)
    page.keyboard.press("Enter")
    hand.press(page.get_by_role("link", name=name, exact=True))
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def assignments(api: httpx.Client, customer: str) -> dict[str, Json]:
    return {one["package"]["name"]: one for one in ok(api.get(f"/customers/{customer}/assignments"))["items"]}


def test_see_at_a_glance_what_comes_next_and_how_long_the_credit_lasts(job: Visit, api: httpx.Client) -> None:
    name, line, minutes = unique("Glance"), unique("Line"), unique("Minutes")
    customer = a_customer(api, name=name, debit_limit="0", email="office@glance.example", tags=["north"])
    pay(api, customer, "10")
    an_assignment(api, customer, a_package(api, name=line, **DAILY), start_date=day(2), auto_decrement_credit=True)
    package = a_package(api, name=minutes, type="free_minutes", retail="0", frequency="monthly")
    an_assignment(api, customer, package, free_minutes=10)
    call = {"call_id": unique(), "started_at": f"{day()}T00:00:00Z", "destination": "4420", "seconds": 540, "charge": "1"}
    ok(api.post(f"/customers/{customer}/usage", json={"calls": [call]}))
    page, hand = job.open(), job.hand
    found(job, name)
    main = page.get_by_role("main")
    expect(main).to_contain_text(f"Next charge2.00 USDon {shown_day(day(2))}")
    expect(main).to_contain_text(f"Lasts until{shown_day(day(6))}")
    expect(main).to_contain_text("Last payment10.00 USD")
    expect(page.get_by_role("link", name="office@glance.example")).to_be_visible()
    left = page.get_by_role("region", name="Minutes left today")
    expect(left).to_contain_text("9 of 10 min used, 1 left")
    expect(left.get_by_role("progressbar")).to_have_class("near")
    hand.press(page.get_by_text("Next charge: 2.00"))
    expect(page.get_by_role("table", name="Next charge").get_by_role("row").nth(1)).to_contain_text(line)


def test_end_everything_of_a_leaver(job: Visit, api: httpx.Client) -> None:
    name, daily, bound = unique("Leaver"), unique("Daily"), unique("Bound")
    customer = a_customer(api, name=name)
    pay(api, customer, "50")
    an_assignment(api, customer, a_package(api, name=daily, **DAILY), start_date=day(1), auto_decrement_credit=True, did=unique_did())
    an_assignment(api, customer, a_package(api, name=bound, minimum_days=20), start_date=day(1))
    an_assignment(api, customer, a_package(api, name=unique("Later"), **DAILY), start_date=day(30))
    page, hand = job.open(), job.hand
    found(job, name)
    hand.press(page.get_by_text("More", exact=True))
    hand.press(page.get_by_role("link", name="Close customer…"))
    hand.type(page.get_by_label("Last day"), day(5))
    hand.press(page.get_by_role("button", name="Show what ends"))
    table = page.get_by_role("table", name="What ends")
    expect(table.get_by_role("row", name=re.compile(daily))).to_contain_text(shown_day(day(5)))
    expect(table.get_by_role("row", name=re.compile(bound))).to_contain_text(f"{shown_day(day(21))}Its minimum days last until then")
    expect(table.get_by_role("row", name=re.compile("Later"))).to_contain_text("never begins")
    due = page.get_by_role("region", name="What is still due")
    expect(due).to_contain_text("Still due10.00 USD")
    expect(due).to_contain_text("Final balance40.00 USD")
    hand.press(page.get_by_role("button", name="Close customer…"))
    dialog = page.get_by_role("dialog", name=f"Close {name}?")
    hand.press(dialog.get_by_role("button", name="Close customer"))
    expect(page.get_by_role("main")).to_contain_text(f"The last day is {shown_day(day(21))}.")
    left = assignments(api, customer)
    assert {one["package"]["name"]: one["end_date"] for one in left.values()} == {daily: day(5), bound: day(21)}
    hand.press(page.get_by_role("link", name="To the customer"))
    hand.press(page.get_by_role("link", name="History"))
    ended = page.get_by_role("table", name="History").get_by_role("row", name=re.compile("Assignment ended"))
    expect(ended.filter(has_text=f"→ {shown_day(day(21))}")).to_have_count(1)


def test_what_somebody_changed_meanwhile_is_told_when_a_customer_is_closed(job: Visit, api: httpx.Client) -> None:
    one, other = unique("One"), unique("Other")
    customer = a_customer(api)
    first = an_assignment(api, customer, a_package(api, name=one, **DAILY), start_date=day(1))
    an_assignment(api, customer, a_package(api, name=other, **DAILY), start_date=day(1))
    page, hand = job.open(f"customers/{customer}/close"), job.hand
    hand.type(page.get_by_label("Last day"), day(5))
    hand.press(page.get_by_role("button", name="Show what ends"))
    expect(page.get_by_role("table", name="What ends").get_by_role("row")).to_have_count(3)
    ok(api.patch(f"/customers/{customer}/assignments/{first['assignment_id']}", json={"quantity": 2}))
    hand.press(page.get_by_role("button", name="Close customer…"))
    hand.press(page.get_by_role("dialog").get_by_role("button", name="Close customer"))
    expect(page.get_by_role("main")).to_contain_text("1 assignment not ended")
    expect(page.get_by_role("table", name="What ends").get_by_role("row", name=re.compile(one))).to_contain_text("it was changed meanwhile")
    ends = {name: each["end_date"] for name, each in assignments(api, customer).items()}
    assert ends == {one: None, other: day(5)}


def test_pause_a_customer(job: Visit, api: httpx.Client) -> None:
    name, line = unique("Paused"), unique("Line")
    customer = a_customer(api, name=name)
    made = an_assignment(api, customer, a_package(api, name=line, **DAILY), start_date=day(1))
    an_assignment(api, customer, a_package(api, name=unique("Fax"), **DAILY), start_date=day(1))
    page, hand = job.open(), job.hand
    found(job, name)
    hand.press(page.get_by_text("More", exact=True))
    hand.press(page.get_by_role("button", name="Pause…"))
    dialog = page.get_by_role("dialog")
    hand.type(dialog.get_by_label("From"), day(3))
    hand.type(dialog.get_by_label("Until"), day(7))
    hand.press(dialog.get_by_role("button", name="Show what is paused"))
    expect(dialog).to_contain_text("instead of 120.00 USD")
    hand.press(dialog.get_by_role("button", name="Pause 2 assignments"))
    expect(page.get_by_role("dialog", name="2 assignments paused")).to_be_visible()
    hand.press(page.get_by_role("button", name="Done"))
    (entry,) = ok(api.get(f"/customers/{customer}/assignments/{made['assignment_id']}/terms"))["items"]
    assert (entry["from"], entry["until"], entry["paused"]) == (day(3), day(7), True)


def test_a_discount_for_one(job: Visit, api: httpx.Client) -> None:
    name, line = unique("Discount"), unique("Line")
    customer = a_customer(api, name=name)
    made = an_assignment(api, customer, a_package(api, name=line, **DAILY), start_date=day(1))
    page, hand = job.open(), job.hand
    found(job, name)
    hand.press(page.get_by_role("link", name=line))
    hand.press(page.get_by_role("button", name="Change terms…"))
    hand.type(page.get_by_label("Discount"), "25")
    hand.press(page.get_by_role("dialog").get_by_role("button", name="Save"))
    expect(page.get_by_role("table", name="Terms")).to_contain_text("discount 25 %")
    hand.press(page.get_by_role("link", name=f"← {name}"))
    expect(page.get_by_role("main")).to_contain_text("Next charge1.50 USD")
    assert ok(api.get(f"/customers/{customer}/assignments/{made['assignment_id']}"))["discount"] in ("25.00", "0.00")


def test_next_months_expected_income(job: Visit, api: httpx.Client) -> None:
    """Of one customer at once; of all it is the same form."""
    name = unique("Income")
    customer = a_customer(api, name=name)
    an_assignment(api, customer, a_package(api, name=unique("Line"), **DAILY), start_date=day(1))
    first = (date.fromisoformat(day()).replace(day=1) + timedelta(days=32)).replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    page, hand = job.open(), job.hand
    hand.press(page.get_by_role("link", name="Forecast", exact=True))
    hand.tick(page.get_by_label("One customer"))
    hand.type(page.get_by_label("Customer", exact=True), customer)
    hand.type(page.get_by_label(re.compile("^From")), first.isoformat())
    hand.type(page.get_by_label("Through"), last.isoformat())
    hand.press(page.get_by_role("button", name="Forecast", exact=True))
    days = (last - max(first, date.fromisoformat(day(1)))).days + 1
    expect(page.get_by_role("main")).to_contain_text(f"{Decimal(2) * days:.2f} USD")
    assert balance(api, customer) == 0


def test_who_changed_what(job: Visit, api: httpx.Client) -> None:
    name, renamed = unique("Before"), unique("After")
    customer = a_customer(api, name=name)
    ok(api.patch(f"/customers/{customer}", json={"debit_limit": "75", "name": renamed}))
    page, hand = job.open(), job.hand
    found(job, renamed)
    hand.press(page.get_by_role("link", name="History"))
    row = page.get_by_role("table", name="History").get_by_role("row").nth(1)
    expect(row).to_contain_text(f"Name: {name} → {renamed}")
    expect(row).to_contain_text("Debit limit: empty → 75.00")
    expect(row).to_contain_text(ok(api.get(f"/customers/{customer}"))["updated_by"])


def test_see_what_an_assignment_charges_at_once(job: Visit, api: httpx.Client) -> None:
    """Below the limit of what has to be confirmed, too; and what another system has charged is marked."""
    customer, package = a_customer(api, name=unique("New")), a_package(api, name=unique("Line"), retail="3.25", frequency="daily")
    page, hand = job.open(f"customers/{customer}/assign"), job.hand
    choose_package(page, package["name"])
    said = page.get_by_role("status").filter(has_text="charged now")
    expect(said).to_contain_text("Nothing is charged now")
    hand.type(page.get_by_label("Start date"), day(-3))
    expect(said).to_contain_text("3 past due dates, 9.75 USD, are charged now.")
    dates = page.get_by_role("region", name="Next due dates").get_by_role("listitem")
    expect(dates.first).to_contain_text(shown_day(day()))
    hand.type(page.get_by_label("Charge from"), day(2))
    expect(said).to_contain_text("Nothing is charged now")
    expect(dates.filter(has_text="charged elsewhere")).to_have_count(2)
    hand.type(page.get_by_label("Charge from"), "")
    expect(said).to_contain_text("9.75 USD")
    hand.press(page.get_by_role("button", name="Assign", exact=True))
    expect(page.get_by_role("heading", name=package["name"], level=1, exact=True)).to_be_visible()
    assert sum(Decimal(one["retail"]) for one in charges(api, customer)) == Decimal("9.75")
