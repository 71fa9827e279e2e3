"""Jobs of a billing department on many at once: files of numbers, and changes of many, done as a person would."""

import time
from typing import Any

import httpx
from playwright.sync_api import expect

from tests.api.support import a_customer, a_package, an_assignment, day, ok, pages, unique, unique_did
from tests.browser.conftest import Visit


def sheet(text: str) -> Any:
    return {"name": "numbers.csv", "mimeType": "text/csv", "buffer": text.encode()}


def applied(job: Visit, outcome: str) -> None:
    """Apply what the dry run shows, or undo what was applied, and wait until it is done."""
    page = job.page
    job.hand.press(page.get_by_role("dialog").get_by_role("button", name=outcome))
    expect(page.get_by_role("heading", level=1)).to_contain_text({"Apply": "Changed:", "Undo": "Undone:"}[outcome])
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()


def test_end_everything_chosen_on_a_date(job: Visit, api: httpx.Client) -> None:
    customer, package = a_customer(api), a_package(api, name=unique("Line"), retail="10", frequency="daily")
    first, _, other = (an_assignment(api, customer, package, did=unique_did(), start_date=day(1)) for _ in range(3))
    page, hand = job.open(f"customers/{customer}"), job.hand
    hand.tick(page.get_by_role("checkbox", name="Select all shown"))
    hand.tick(page.get_by_role("checkbox", name=other["did"]), on=False)
    hand.press(page.get_by_role("button", name="End…"))
    hand.type(page.get_by_label("Last day"), day(5))
    hand.press(page.get_by_role("button", name="See what it does"))
    expect(page.get_by_role("table", name="The next 31 days")).to_contain_text("−500.00 USD")  # 2 x 10.00 on 25 days
    hand.press(page.get_by_role("button", name="Apply to 2 assignments…"))
    applied(job, "Apply")
    expect(page.get_by_role("table", name="Who was changed").get_by_role("row")).to_have_count(3)
    ends = {one["did"]: one["end_date"] for one in pages(api, f"/customers/{customer}/assignments")}
    assert [ends[one["did"]] for one in (first, other)] == [day(5), None]
    assert sorted(ends.values(), key=str) == [day(5), day(5), None]


def test_change_many(job: Visit, api: httpx.Client) -> None:
    """Prices rise by a percentage from the first of next month, for all who have a package; then it is undone."""
    package = a_package(api, name=unique("Trunk"), retail="9.99", frequency="monthly")
    an_assignment(api, a_customer(api), package, quantity=3)
    page, hand = job.open(), job.hand
    hand.press(page.get_by_role("link", name="Changes"))
    hand.choose(page.get_by_label("What becomes of them"), "Change prices")
    hand.type(page.get_by_label("Percent", exact=True), "10")
    hand.type(page.get_by_label("Package"), package["name"])
    expect(page.get_by_role("paragraph").filter(has_text="9.99 USD, monthly")).to_be_visible()  # the package is known
    hand.press(page.get_by_role("button", name="See what it does"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Change: Retail +10 % from")
    expect(page.get_by_role("table", name="The next 31 days")).to_contain_text("3.00")
    expect(page.get_by_text(f"For package {package['name']}.")).to_be_visible()
    hand.press(page.get_by_role("button", name="Apply to 1 package…"))
    applied(job, "Apply")
    lists = ok(api.get(f"/packages/{package['package_id']}/prices"))["lists"]
    assert [(one["retail"], (one["from"] or "-01")[-3:]) for one in lists] == [("9.99", "-01"), ("10.99", "-01")]
    hand.press(page.get_by_role("button", name="Undo…"))
    applied(job, "Undo")
    assert len(ok(api.get(f"/packages/{package['package_id']}/prices"))["lists"]) == 1


NUMBERS = {"clicks": 500, "keystrokes": 150}
"""The mouse has the whole; the keyboard as many as go to the background."""


def test_upload_500_dids(job: Visit, api: httpx.Client) -> None:
    """A file of five customers' numbers, which is checked at once, and imported in the background, to the last row."""
    package, count = a_package(api, name=unique("DID"), retail="1", frequency="monthly"), NUMBERS[job.hand.unit]
    customers = [a_customer(api) for _ in range(5)]
    first = 4_400_000_000 + time.time_ns() // 1000 % 1_000_000 * 1000
    rows = [f"{customers[n % 5]},{package['name']},+{first + n},{day(1)}\n" for n in range(count)]
    page, hand = job.open("customers"), job.hand
    hand.press(page.get_by_role("button", name="Import assignments…"))
    hand.give(page.get_by_label("CSV file"), sheet("customer_id,package,did,start_date\n" + "".join(rows)))
    hand.press(page.get_by_role("button", name=f"Import {count} assignments"))
    expect(page.get_by_text(f"of {count} rows imported")).to_be_visible()
    expect(page.get_by_text(f"{count} assignments made")).to_be_visible(timeout=150_000)
    found = [one["did"] for customer in customers for one in pages(api, f"/customers/{customer}/assignments")]
    assert sorted(found) == [str(first + n) for n in range(count)]


def test_undo_an_upload(job: Visit, api: httpx.Client) -> None:
    customer, package = a_customer(api), a_package(api, name=unique("DID"), retail="1", frequency="daily")
    rows = "".join(f"{customer},{package['name']},{unique_did()},{day(-n)}\n" for n in range(2))
    made = ok(api.post("/assignments/import", params={"dry_run": "false", "confirm_backlog": "true"},
                       content=f"customer_id,package,did,start_date\n{rows}", headers={"Content-Type": "text/csv"}), 201)  # fmt: skip
    page, hand = job.open(f"imports/{made['import_id']}"), job.hand
    hand.press(page.get_by_role("button", name="Undo…"))
    expect(page.get_by_text("Credited: 1 charge, 1.00 USD.")).to_be_visible()
    hand.press(page.get_by_role("button", name="Undo the import"))
    expect(page.get_by_role("heading", name="Undone")).to_be_visible()
    expect(page.get_by_text("1 removed, 1 cancelled")).to_be_visible()
    assert ok(api.get(f"/customers/{customer}"))["balance"] == "0.00"
