"""Packages, as a person makes and changes them."""

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.api.support import Json, a_customer, a_package, an_assignment, day, ok, pages, unique
from tests.browser.conftest import Visit, shown_day


def fill_new_package(page: Page, name: str) -> None:
    """The form of a package on the 15th and 31st."""
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Retail", exact=True).fill("12.50")
    page.get_by_label("Cost", exact=True).fill("7.25")
    page.get_by_label("Frequency").select_option("Monthly")
    page.get_by_role("checkbox", name="15", exact=True).check(force=True)
    page.get_by_role("checkbox", name="31", exact=True).check(force=True)


def found(api: httpx.Client, name: str) -> list[Json]:
    return [one for one in pages(api, "/packages") if one["name"] == name]


def test_due_dates_are_shown_while_typing_and_say_why_a_day_moved(visit: Visit) -> None:
    page = visit.open("packages/new")
    dates = page.get_by_role("region", name="Next due dates")
    dates.get_by_label("If it starts on").fill("2031-02-01")
    page.get_by_role("checkbox", name="31", exact=True).check(force=True)
    expect(dates.get_by_text("Monthly on 31")).to_be_visible()
    first = dates.get_by_role("listitem").first
    expect(first).to_contain_text("28 Feb 2031")
    expect(first).to_contain_text("February has no 31, so the 28th")
    expect(dates.get_by_role("listitem")).to_have_count(12)
    page.get_by_label("Frequency").select_option("Weekly")
    page.get_by_role("checkbox", name="Monday").check(force=True)
    expect(dates.get_by_text("Weekly on Monday")).to_be_visible()
    expect(dates.get_by_role("listitem").first).to_contain_text("3 Feb 2031")


def test_a_package_is_created_found_and_edited(visit: Visit, api: httpx.Client) -> None:
    name = unique("Phone")
    page = visit.open("packages")
    page.get_by_role("link", name="New package").click()
    fill_new_package(page, name)
    page.get_by_role("button", name="Create package").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_focused()
    expect(page.get_by_text("Monthly on 15, 31")).to_be_visible()
    (made,) = found(api, name)
    assert (made["retail"], made["frequency_match"]) == ("12.50", [15, 31])

    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Retail", exact=True).fill("13.00")
    page.get_by_label("Days of notice before a charge").fill("7, 1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("13.00 USD")).to_be_visible()
    expect(page.get_by_text("7 and 1 days ahead")).to_be_visible()

    page.get_by_role("link", name="Packages", exact=True).click()
    expect(page.get_by_role("heading", name="Packages", level=1)).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Search", exact=True)).to_be_focused()
    page.keyboard.type(name)
    expect(page.get_by_text("1 package", exact=True)).to_be_visible()
    page.get_by_role("link", name=name).click()
    page.go_back()
    expect(page.get_by_label("Search", exact=True)).to_have_value(name)


def test_every_fault_stands_at_its_field_and_the_first_has_the_focus(visit: Visit) -> None:
    page = visit.open("packages/new")
    page.get_by_label("Retail", exact=True).fill("12,50")
    page.get_by_label("Minimum days").fill("many")
    page.get_by_role("button", name="Create package").click()
    for label in ("Name", "Retail", "Minimum days"):
        expect(page.get_by_label(label, exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    described = "What the customer pays on each due date, per unit. Must be an amount of zero or more such as 10.50"
    expect(page.get_by_label("Retail", exact=True)).to_have_accessible_description(re.compile(re.escape(described)))
    expect(page.get_by_role("alert")).to_contain_text("3 fields need another look")
    expect(page.get_by_label("Retail", exact=True)).to_have_value("12,50")


def test_a_double_click_sends_once(visit: Visit, api: httpx.Client) -> None:
    name = unique("Twice")
    page = visit.open("packages/new")
    fill_new_package(page, name)
    page.route("**/packages", lambda route: (page.wait_for_timeout(400), route.continue_()))
    page.get_by_role("button", name="Create package").dblclick()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    assert len(visit.posts("/packages")) == 1
    assert len(found(api, name)) == 1


@pytest.mark.parametrize("arrives", [True, False], ids=["answer-lost", "request-lost"])
def test_a_lost_request_loses_nothing_and_trying_again_makes_one(visit: Visit, api: httpx.Client, arrives: bool) -> None:
    name = unique("Lost")
    page = visit.open("packages/new")
    fill_new_package(page, name)

    def lose(route: Route) -> None:
        if arrives:
            route.fetch()
        route.abort()

    page.route("**/packages", lose, times=1)
    page.get_by_role("button", name="Create package").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("No answer came")
    expect(page.get_by_label("Retail", exact=True)).to_have_value("12.50")
    alert.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    keys = {request.headers["idempotency-key"] for request in visit.posts("/packages")}
    assert (len(visit.posts("/packages")), len(keys), len(found(api, name))) == (2, 1, 1)


def test_a_conflict_shows_both_versions_and_lets_the_user_decide(visit: Visit, api: httpx.Client) -> None:
    package = a_package(api, name=unique("Both"), retail="10")
    where = f"/packages/{package['package_id']}"
    page = visit.open(f"packages/{package['package_id']}/edit")
    page.get_by_label("Cost", exact=True).fill("4")
    ok(api.patch(where, json={"retail": "11.00", "description": "Changed meanwhile"}))
    page.get_by_role("button", name="Save").click()
    conflict = page.get_by_role("alert").filter(has_text="changed this while you were at it")
    expect(conflict).to_contain_text("Retail: was 10.00, is now 11.00")
    expect(conflict).to_contain_text("Description: was empty, is now Changed meanwhile")
    assert ok(api.get(where))["cost"] == "0.00"
    conflict.get_by_role("button", name="Save my changes all the same").click()
    expect(page.get_by_role("heading", name=package["name"], level=1, exact=True)).to_be_visible()
    now = ok(api.get(where))
    assert (now["cost"], now["retail"], now["description"]) == ("4.00", "11.00", "Changed meanwhile")


def test_a_package_in_use_says_so(visit: Visit, api: httpx.Client) -> None:
    package = a_package(api, name=unique("Used"), retail="10")
    an_assignment(api, a_customer(api), package, start_date=day(1))
    page = visit.open(f"packages/{package['package_id']}")
    page.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog", name=f"Delete {package['name']}?")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_role("alert")).to_contain_text("1 of its assignments have not ended")
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(page.get_by_role("button", name="Delete…")).to_be_focused()


def test_a_package_is_due_every_few_weeks_and_charged_by_the_day(visit: Visit, api: httpx.Client) -> None:
    name = unique("Lift line")
    page = visit.open("packages/new")
    dates = page.get_by_role("region", name="Next due dates")
    dates.get_by_label("If it starts on").fill("2031-01-01")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Frequency").select_option("Daily")
    expect(page.get_by_role("radio", name="Charge by the day")).to_have_count(0)
    page.get_by_label("Frequency").select_option("Weekly")
    page.get_by_label("Every", exact=True).fill("4")
    expect(dates.get_by_text("Every 4 weeks")).to_be_visible()
    expect(dates.get_by_role("listitem").nth(1)).to_contain_text("29 Jan 2031")
    page.get_by_role("radio", name="Charge by the day").check()
    page.get_by_label("Every", exact=True).fill("99")
    page.get_by_role("button", name="Create package").click()
    expect(page.get_by_label("Every", exact=True)).to_have_accessible_description(re.compile("52"))
    page.get_by_label("Every", exact=True).fill("4")
    page.get_by_role("button", name="Create package").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="Every 4 weeks")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="By the day")).to_be_visible()
    (made,) = found(api, name)
    assert (made["frequency"], made["every"], made["proration"]) == ("weekly", 4, "daily")


def test_the_rule_of_an_assigned_package_is_locked_and_a_copy_gets_another_one(visit: Visit, api: httpx.Client) -> None:
    package = a_package(api, name=unique("Fixed"), retail="10", frequency="monthly", frequency_match=[15], every=2)
    an_assignment(api, a_customer(api), package, start_date=day(1))
    page = visit.open(f"packages/{package['package_id']}/edit")
    for label in ("Frequency", "Every", "Type", "Currency"):
        expect(page.get_by_label(label, exact=True)).to_be_disabled()
        expect(page.get_by_label(label, exact=True)).to_have_accessible_description("Fixed, because the package was assigned.")
    expect(page.get_by_role("checkbox", name="15", exact=True)).to_be_disabled()
    expect(page.get_by_label("Retail", exact=True)).to_be_enabled()
    page.get_by_role("link", name="Make a copy with other rules").click()
    expect(page.get_by_role("heading", name=f"Copy of {package['name']}")).to_be_visible()
    expect(page.get_by_label("Every", exact=True)).to_have_value("2")
    page.get_by_label("Frequency").select_option("Yearly")
    page.get_by_role("button", name="Create package").click()
    name = f"{package['name']} (copy)"
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    (copy,) = found(api, name)
    assert (copy["retail"], copy["frequency"], copy["frequency_match"], copy["every"]) == ("10.00", "yearly", [], 1)


def test_a_package_that_is_assigned_meanwhile_says_so_at_its_field_and_offers_a_copy(visit: Visit, api: httpx.Client) -> None:
    package = a_package(api, name=unique("Fixed"), retail="10", frequency="daily")
    page = visit.open(f"packages/{package['package_id']}/edit")
    page.get_by_label("Frequency").select_option("Yearly")
    an_assignment(api, a_customer(api), package, start_date=day(1))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Frequency")).to_have_accessible_description(re.compile("can't change any more because the package"))
    expect(page.get_by_label("Frequency")).to_be_focused()
    expect(page.get_by_role("link", name="Make a copy with other rules")).to_be_visible()


def test_a_form_that_changed_after_a_lost_answer_is_not_sent_as_something_new_unasked(visit: Visit, api: httpx.Client) -> None:
    name = unique("Changed")
    page = visit.open("packages/new")
    fill_new_package(page, name)
    page.route("**/packages", lambda route: (route.fetch(), route.abort()), times=1)
    page.get_by_role("button", name="Create package").click()
    expect(page.get_by_role("alert")).to_contain_text("No answer came")
    page.get_by_label("Retail", exact=True).fill("99.00")
    page.get_by_role("button", name="Create package").click()
    expect(page.get_by_role("alert")).to_contain_text("An earlier try did arrive")
    assert [one["retail"] for one in found(api, name)] == ["12.50"]


def test_a_price_below_its_cost_is_saved_and_said_so_until_it_is_closed(visit: Visit, api: httpx.Client) -> None:
    name = unique("Cheap")
    page = visit.open("packages/new")
    fill_new_package(page, name)
    page.get_by_label("Cost", exact=True).fill("20")
    page.get_by_role("button", name="Create package").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    notice = page.get_by_role("status", name="Worth a look")
    expect(notice).to_contain_text("retail: 12.50 lies below the cost, 20.00 USD")
    notice.get_by_role("button", name="Close").click()
    expect(notice).to_have_text("")
    assert len(found(api, name)) == 1


def test_a_price_is_changed_from_a_day_on_and_the_change_taken_back(visit: Visit, api: httpx.Client) -> None:
    package = a_package(api, name=unique("Phone"), retail="12.50", cost="7.25")
    an_assignment(api, a_customer(api), package, start_date=day(400))
    where = f"/packages/{package['package_id']}"
    page = visit.open(f"packages/{package['package_id']}")
    page.get_by_role("button", name="Change price…").click()
    dialog = page.get_by_role("dialog", name=f"Change the price of {package['name']}")
    offered = dialog.get_by_label("From", exact=True).input_value()
    assert offered > day()
    assert offered.endswith("-01")
    dialog.get_by_role("button", name="Show what it changes").click()
    expect(dialog.get_by_role("alert")).to_contain_text("has no price")
    dialog.get_by_label(re.compile("^Retail")).fill("13.00")
    dialog.get_by_label("New ones only").check()
    dialog.get_by_role("button", name="Show what it changes").click()
    dialog.get_by_role("button", name="Change price").click()
    expect(dialog).to_be_hidden()
    prices = page.get_by_role("table", name="Price lists by first day")
    expect(prices.get_by_role("row")).to_have_count(3)
    expect(prices.get_by_role("row").last).to_contain_text("13.00")
    expect(prices.get_by_role("row").last).to_contain_text("New ones only")
    coming = ok(api.get(where))["next_prices"]
    assert (coming["from"], coming["retail"], coming["existing"], coming["cost"]) == (offered, "13.00", False, None)

    prices.get_by_role("button", name="Remove the price list").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(prices.get_by_role("row")).to_have_count(2)
    assert ok(api.get(where))["next_prices"] is None


def test_prices_of_past_days_are_corrected_with_a_reason(visit: Visit, api: httpx.Client) -> None:
    package = a_package(api, name=unique("Phone"), retail="12.50")
    an_assignment(api, a_customer(api), package, start_date=day(1))
    page = visit.open(f"packages/{package['package_id']}")
    page.get_by_role("button", name="Change price…").click()
    dialog = page.get_by_role("dialog", name=f"Change the price of {package['name']}")
    expect(dialog.get_by_label("Reason")).to_have_count(0)
    dialog.get_by_label("From", exact=True).fill(day(-30))
    dialog.get_by_label(re.compile("^Retail")).fill("11")
    dialog.get_by_role("button", name="Change price").click()
    expect(dialog.get_by_label("Reason")).to_have_accessible_description(re.compile("Say why: prices of past days are corrected"))
    dialog.get_by_label("Reason").fill("Misread the contract")
    dialog.get_by_role("button", name="Change price").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("table", name="Price lists by first day")).to_contain_text("Misread the contract")
    corrected = ok(api.get(f"/packages/{package['package_id']}/prices"))["lists"][1]
    assert (corrected["from"], corrected["retail"], corrected["reason"]) == (day(-30), "11.00", "Misread the contract")


def test_corrected_prices_that_make_past_days_due_ask_first(visit: Visit, api: httpx.Client) -> None:
    package = a_package(api, name=unique("Free until now"), frequency="daily")
    an_assignment(api, a_customer(api), package, start_date=day(-40))
    page = visit.open(f"packages/{package['package_id']}")
    page.get_by_role("button", name="Change price…").click()
    dialog = page.get_by_role("dialog", name=f"Change the price of {package['name']}")
    dialog.get_by_label("From", exact=True).fill(day(-40))
    dialog.get_by_label(re.compile("^Retail")).fill("5")
    dialog.get_by_label("Reason").fill("Forgotten")
    dialog.get_by_role("button", name="Change price").click()
    asking = page.get_by_role("dialog", name="Charge past due dates?")
    expect(asking).to_contain_text("of each of 1 assignment. The next daily run charges them.")
    assert len(ok(api.get(f"/packages/{package['package_id']}/prices"))["lists"]) == 1
    asking.get_by_role("button", name="Correct and charge").click()
    expect(page.get_by_role("table", name="Price lists by first day")).to_contain_text("Forgotten")


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_price_lists_are_drawn_along_time(visiting: Callable[..., Visit], api: httpx.Client, width: int, theme: str) -> None:
    """Each as long as somebody may pay its prices: one for new ones only does not end what others pay."""
    package = a_package(api, name=unique("Phone"), retail="12.50", cost="7.25")
    where = f"/packages/{package['package_id']}"
    past = {"retail": "13", "cost": "8", "reason": "Entered late"}
    ok(api.put(f"{where}/prices/{day(-90)}", params={"correct": "true"}, json=past), 201)
    ok(api.put(f"{where}/prices/{day(30)}", json={"retail": "15", "existing": False}), 201)
    ok(api.put(f"{where}/prices/{day(90)}", json={"retail": "14", "cost": "9"}), 201)
    page = visiting(width, theme).open(f"packages/{package['package_id']}")
    spans = page.get_by_role("list", name="Price lists along time").get_by_role("listitem")
    for n, told in enumerate((
        f"Retail 12.50, cost 7.25 through {shown_day(day(-91))}",
        f"Retail 13.00, cost 8.00 from {shown_day(day(-90))} through {shown_day(day(89))}",
        f"Retail 15.00 from {shown_day(day(30))} through {shown_day(day(89))}, new ones only Coming",
        f"Retail 14.00, cost 9.00 from {shown_day(day(90))} Coming",
    )):  # fmt: skip
        expect(spans.nth(n)).to_have_text(re.compile(rf"^\s*{told}\s*$"), use_inner_text=True)
    today = left_of(page.get_by_text("Today", exact=True).locator(".."))
    first, now, new, last = (edges(span.locator("div")) for span in spans.all())
    assert first[1] == pytest.approx(now[0], abs=1)
    assert now[0] < today < new[0]
    assert new[1] == pytest.approx(now[1], abs=1) == pytest.approx(last[0], abs=1)
    assert (new[0] - today) * 3 == pytest.approx(last[0] - today, abs=4), "a day is as long everywhere"
    assert last[1] <= width
    drawn = [span.locator("div").evaluate("bar => getComputedStyle(bar).borderStyle") for span in spans.all()]
    assert drawn == ["solid", "solid", "dashed", "dashed"]
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    expect(page.get_by_role("table", name="Price lists by first day").get_by_role("row")).to_have_count(1 + 4)


def edges(shown: Locator) -> tuple[float, float]:
    """Where something begins and ends across the page."""
    box = shown.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def left_of(shown: Locator) -> float:
    return edges(shown)[0]
