"""Lists as CSV files out, and packages, customers and assignments from CSV files in."""

import csv
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.support import a_customer, a_package, an_assignment, charges, day, ok, pages, pay, unique, unique_did
from tests.browser.conftest import Visit


def sheet(text: str) -> dict[str, object]:
    return {"name": "import.csv", "mimeType": "text/csv", "buffer": text.encode()}


def test_a_ledger_is_downloaded_as_it_is_shown(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api)
    pay(api, customer, "12.50")
    pay(api, customer, "-2.50")
    page = visit.open(f"customers/{customer}/ledger")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    assert waiting.value.suggested_filename == f"ledger-{customer}.csv"
    rows = list(csv.DictReader(Path(waiting.value.path()).read_text().splitlines()))
    assert [row["credit_change"] for row in rows] == ["-2.50", "12.50"]


def test_faulty_rows_are_named_and_a_good_file_is_written_once(visit: Visit, api: httpx.Client) -> None:
    name = unique("Fax")
    page = visit.open("packages")
    page.get_by_role("button", name="Import…").click()
    dialog = page.get_by_role("dialog", name="Import packages")
    dialog.get_by_label("CSV file").set_input_files(sheet(f"name,retail\n{name},2.50\nVoicemail,-1\n"))  # type: ignore[arg-type]
    faults = dialog.get_by_role("table", name="Faulty rows")
    expect(faults.get_by_role("row").nth(1)).to_contain_text("3retail")
    expect(dialog.get_by_role("button", name="Import")).to_be_disabled()
    dialog.get_by_label("CSV file").set_input_files(sheet(f"name,retail,frequency,frequency_match\n{name},2.50,monthly,1;15\n"))  # type: ignore[arg-type]
    expect(dialog.get_by_role("table", name="What would be made")).to_contain_text("Monthly on 1, 15")
    dialog.get_by_role("button", name="Import 1 package").dblclick()
    expect(dialog).not_to_be_visible()
    page.get_by_label("Search", exact=True).fill(name)
    expect(page.get_by_role("link", name=name)).to_be_visible()
    items = pages(api, "/packages")
    assert [one["retail"] for one in items if one["name"] == name] == ["2.50"]


def test_customers_come_in_and_change(visit: Visit, api: httpx.Client) -> None:
    old, new = a_customer(api), unique("new")
    page = visit.open("customers")
    page.get_by_role("button", name="Import customers…").click()
    dialog = page.get_by_role("dialog", name="Import customers")
    dialog.get_by_label("CSV file").set_input_files(sheet(f"customer_id,name,debit_limit\n{old},Renamed,7\n{new},Fresh,\n"))  # type: ignore[arg-type]
    rows = dialog.get_by_role("table", name="What would be made").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("Changed")
    expect(rows.nth(2)).to_contain_text("New")
    dialog.get_by_role("button", name="Import 2 customers").click()
    expect(page.get_by_text("Imported 2 customers")).to_be_visible()
    found = [ok(api.get(f"/customers/{name}")) for name in (old, new)]
    assert [(one["name"], one["debit_limit"]) for one in found] == [("Renamed", "7.00"), ("Fresh", None)]


def reload(page: Page) -> None:
    page.reload()
    page.get_by_role("heading", level=1).wait_for()


LEFT: dict[str, Callable[[Page, Locator], None]] = {
    "stays": lambda page, dialog: None,
    "closes": lambda page, dialog: dialog.get_by_role("button", name="Cancel").click(),
    "reloads": lambda page, dialog: reload(page),
}


@pytest.mark.parametrize("leave", LEFT.values(), ids=LEFT)
def test_a_file_whose_answer_was_lost_is_written_once_when_it_is_chosen_again(
    visit: Visit, api: httpx.Client, leave: Callable[[Page, Locator], None]
) -> None:
    name, other = unique("Fax"), unique("Other")
    page = visit.open("packages")
    dialog = page.get_by_role("dialog", name="Import packages")

    def choose(package: str) -> None:
        if not dialog.is_visible():
            page.get_by_role("button", name="Import…").click()
        dialog.get_by_label("CSV file").set_input_files([])
        dialog.get_by_label("CSV file").set_input_files(sheet(f"name,retail\n{package},2.50\n"))  # type: ignore[arg-type]
        expect(dialog.get_by_role("table", name="What would be made")).to_contain_text(package)

    page.route("**/packages/import?dry_run=false", lambda route: (route.fetch(), route.abort()), times=1)
    choose(name)
    dialog.get_by_role("button", name="Import 1 package").click()
    expect(dialog.get_by_text("No answer came")).to_be_visible()
    leave(page, dialog)
    choose(other)
    expect(dialog.get_by_text("No answer came")).not_to_be_visible()
    choose(name)
    expect(dialog.get_by_text("No answer came")).to_be_visible()
    dialog.get_by_role("button", name="Import 1 package").click()
    expect(page.get_by_text("Imported 1 package")).to_be_visible()
    items = pages(api, "/packages")
    assert [one["name"] for one in items if one["name"] in (name, other)] == [name]


def test_a_file_that_was_written_is_written_again_when_asked_again(visit: Visit, api: httpx.Client) -> None:
    name = unique("Fax")
    page = visit.open("packages")
    for again in (False, True):
        page.get_by_role("button", name="Import…").click()
        dialog = page.get_by_role("dialog", name="Import packages")
        dialog.get_by_label("CSV file").set_input_files(sheet(f"name,retail\n{name},2.50\n"))  # type: ignore[arg-type]
        dialog.get_by_role("button", name="Import 1 package").click()
        if again:
            expect(dialog.get_by_text("this file was imported already")).to_be_visible()
            dialog.get_by_role("button", name="Import it again").click()
        expect(dialog).not_to_be_visible()
    items = pages(api, "/packages")
    assert [one["name"] for one in items if one["name"] == name] == [name] * 2


def test_assignments_are_imported_after_a_look_at_what_is_charged_at_once(visit: Visit, api: httpx.Client) -> None:
    customer, package = a_customer(api), a_package(api, name="Line", retail="10", frequency="daily")
    page = visit.open("customers")
    page.get_by_role("button", name="Import assignments…").click()
    dialog = page.get_by_role("dialog", name="Import assignments")
    text = f"customer_id,package_id,start_date\n{customer},{package['package_id']},{day(-2)}\n"
    dialog.get_by_label("CSV file").set_input_files(sheet(text))  # type: ignore[arg-type]
    expect(dialog.get_by_role("table", name="What would be made")).to_contain_text("20.00 USD")
    assert charges(api, customer) == []
    dialog.get_by_role("button", name="Import 1 assignment").click()
    expect(dialog).not_to_be_visible()
    assert len(charges(api, customer)) == 2


def test_a_run_is_downloaded_and_printed_without_the_frame(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, name="Line", retail="10", frequency="daily"))
    report = ok(api.post("/runs", json={"customer": customer, "date": day(), "simulate": False}))
    page = visit.open(f"runs/{report['run_id']}")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    assert "recurring" in Path(waiting.value.path()).read_text()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).not_to_be_visible()
    expect(page.get_by_role("table", name="What is charged")).to_be_visible()


def test_b4_a_duplicate_is_said_before_a_file_is_written_and_stops_nothing(visit: Visit, api: httpx.Client) -> None:
    customer, package = a_customer(api), a_package(api)
    an_assignment(api, customer, package)
    page = visit.open("customers")
    page.get_by_role("button", name="Import assignments…").click()
    dialog = page.get_by_role("dialog", name="Import assignments")
    text = f"customer_id,package_id,start_date\n{customer},{package['package_id']},{day()}\n"
    dialog.get_by_label("CSV file").set_input_files(sheet(text))  # type: ignore[arg-type]
    expect(dialog.get_by_role("table", name="Worth a look")).to_contain_text(f"2package id: customer {customer} has this package already")
    dialog.get_by_role("button", name="Import 1 assignment").click()
    expect(dialog).not_to_be_visible()
    assert len(ok(api.get(f"/customers/{customer}/assignments"))["items"]) == 2


@pytest.mark.parametrize("coding", ["cp1252", "utf-16", "utf-8-sig"])
def test_c_a_file_in_another_encoding_is_shown_and_comes_in_right(visit: Visit, api: httpx.Client, coding: str) -> None:
    name = f"{unique('Caf')}\u00e9"
    page = visit.open("packages")
    page.get_by_role("button", name="Import\u2026").click()
    dialog = page.get_by_role("dialog", name="Import packages")
    content = f"name;retail\r\n{name};2.50\r\n".encode(coding)
    dialog.get_by_label("CSV file").set_input_files({"name": "import.csv", "mimeType": "text/csv", "buffer": content})
    expect(dialog.get_by_label("First rows")).to_contain_text(f"{name};2.50")
    expect(dialog.get_by_text("Read as")).to_have_count(0 if coding == "utf-8-sig" else 1)
    dialog.get_by_role("button", name="Import 1 package").click()
    expect(dialog).not_to_be_visible()
    assert name in [one["name"] for one in pages(api, "/packages")]


def test_a_large_file_is_followed_and_undone(visit: Visit, api: httpx.Client) -> None:
    """More rows than fit into one transaction; somebody has changed one by the time they are undone."""
    customer, package = a_customer(api), a_package(api)
    dids = [unique_did() for _ in range(60)]
    page = visit.open("customers")
    page.get_by_role("button", name="Import assignments…").click()
    dialog = page.get_by_role("dialog", name="Import assignments")
    rows = "".join(f"{customer},{package['package_id']},{did},{day(1)}\n" for did in dids)
    dialog.get_by_label("CSV file").set_input_files(sheet(f"customer_id,package_id,did,start_date\n{rows}"))  # type: ignore[arg-type]
    dialog.get_by_role("button", name="Import 60 assignments").click()
    expect(page.get_by_role("heading", name="Import of assignments")).to_be_visible()
    expect(page.get_by_text("60 assignments made, 0 changed")).to_be_visible(timeout=30_000)
    (touched,) = ok(api.get(f"/dids/{dids[7]}/assignments"))["items"]
    ok(api.patch(f"/customers/{customer}/assignments/{touched['assignment_id']}", json={"quantity": 2}))
    page.get_by_role("button", name="Undo…").click()
    expect(page.get_by_text("59 removed, 0 cancelled, 0 as before, 1 left")).to_be_visible(timeout=30_000)
    assert len(pages(api, f"/customers/{customer}/assignments")) == 60
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_role("heading", name="Undone", exact=True)).to_be_visible(timeout=30_000)
    expect(page.get_by_role("table", name="Left as they are")).to_contain_text("somebody has changed it since")
    assert [one["quantity"] for one in pages(api, f"/customers/{customer}/assignments")] == [2]


def test_a_file_that_is_too_large_for_a_request_is_put_into_the_bucket_and_imported(visit: Visit, api: httpx.Client) -> None:
    names = [unique("large") for _ in range(45)]
    text = "customer_id,name\n" + "".join(f"{name},Large{' ' * 100_000}\n" for name in names)  # cells are padded by some programs
    page = visit.open("customers")
    page.get_by_role("button", name="Import customers…").click()
    page.get_by_label("CSV file").set_input_files(sheet(text))  # type: ignore[arg-type]
    page.get_by_role("button", name="Import 45 customers").click()
    expect(page.get_by_text("45 customers made")).to_be_visible()
    assert {ok(api.get(f"/customers/{name}"))["name"] for name in names[::11]} == {"Large"}
