"""Every page at both widths in both themes: no finding of axe, no sideways scrolling, and a screenshot of each."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.api.support import a_customer, a_package, an_assignment, day, finished, pay, run, unique, unique_did
from tests.browser.conftest import WAIT_MS, Visit
from tools.bundle import ROOT

SHOTS = ROOT / ".local" / "screenshots"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class World(NamedTuple):
    """What there is to see."""

    package: str
    customer: str
    assignment: str
    held: str
    did: str
    run: str
    change: str


@pytest.fixture(scope="module")
def world(api: httpx.Client) -> World:
    customer, did = a_customer(api, unique("brightline"), name="Brightline Dental", debit_limit="100"), unique_did()
    trunk = a_package(
        api, name="SIP trunk, twice a month", description="Ten channels", cost="6.25", retail="12.75", setup_retail="5",
        frequency="monthly", frequency_match=[15, 31], connexcs_package="did-rental",
    )  # fmt: skip
    api.put(f"/packages/{trunk['package_id']}/prices/{day(60)}", json={"retail": "13.50", "existing": False}).raise_for_status()
    minutes = a_package(api, name="100 minutes UK", retail="4", frequency="monthly", type="free_minutes", destination="^44")
    line = a_package(api, name="Prepaid line, per day", cost="20", retail="60.00", frequency="daily")
    made = an_assignment(api, customer, trunk, did=did, quantity=4, start_date="2031-02-01", auto_decrement_credit=True)
    an_assignment(api, customer, minutes, free_minutes=100)
    held = an_assignment(api, customer, line, auto_decrement_credit=True)
    pay(api, customer, "20")
    call = {"call_id": "one", "started_at": f"{day()}T00:00:00Z", "destination": "442079460000", "seconds": 2460, "charge": "1.00"}
    api.post(f"/customers/{customer}/usage", json={"calls": [call]}).raise_for_status()
    report = run(api, customer, "2031-02-28", live=True, run_id=unique("run"))
    porting = {"description": "Porting of a whole range of numbers", "retail": "500", "auto_decrement_credit": True}
    api.post(f"/customers/{customer}/charges", json=porting).raise_for_status()  # more than there is, so it is held
    asked = {"what": "end", "where": {"customers": [customer]}, "on": day(5)}
    change = api.post("/changes", json=asked).json()["work_id"]
    finished(api, change, "changes")
    return World(trunk["package_id"], customer, made["assignment_id"], held["assignment_id"], did, report["run_id"], change)


PAGES: dict[str, Callable[[World], str]] = {
    "packages": lambda _: "packages",
    "package-new": lambda _: "packages/new",
    "package": lambda world: f"packages/{world.package}",
    "package-edit": lambda world: f"packages/{world.package}/edit",
    "customers": lambda world: f"customers?q={world.customer}",
    "customer-new": lambda _: "customers/new",
    "customer-edit": lambda world: f"customers/{world.customer}/edit",
    "customer": lambda world: f"customers/{world.customer}",
    "ledger": lambda world: f"customers/{world.customer}/ledger",
    "customer-held": lambda world: f"customers/{world.customer}/held",
    "minutes": lambda world: f"customers/{world.customer}/minutes",
    "features": lambda world: f"customers/{world.customer}/features",
    "history": lambda world: f"customers/{world.customer}/history",
    "statement": lambda world: f"customers/{world.customer}/statement?from=2026-01-01&to=2026-12-31",
    "close": lambda world: f"customers/{world.customer}/close",
    "assign": lambda world: f"customers/{world.customer}/assign",
    "assignment": lambda world: f"customers/{world.customer}/assignments/{world.assignment}",
    "assignment-edit": lambda world: f"customers/{world.customer}/assignments/{world.assignment}/edit",
    "replace": lambda world: f"customers/{world.customer}/assignments/{world.held}/replace",
    "numbers": lambda _: "dids",
    "did": lambda world: f"dids/{world.did}",
    "transfer": lambda world: f"dids/{world.did}/transfer",
    "run-package": lambda world: f"run?customer={world.customer}&date=2031-02-28",
    "runs": lambda _: "runs",
    "run": lambda world: f"runs/{world.run}",
    "held": lambda _: "held",
    "help": lambda _: "help?for=held",
    "changes": lambda _: "changes",
    "change": lambda world: f"changes/{world.change}",
    "nothing": lambda _: "no/such/page",
}


def settle(page: Page) -> None:
    """Wait until nothing loads any more."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while page.evaluate("document.querySelector('.skeleton, [aria-busy=true], .toast') !== null"):
        assert time.monotonic() < deadline, "it goes on loading"
        page.wait_for_timeout(50)


def findings(page: Page) -> list[Any]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [(one["id"], node["target"], node.get("failureSummary")) for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1600, "light")])  # a theme has the same colours at every width
def test_every_page_is_accessible_and_fits(visiting: Callable[..., Visit], world: World, width: int, theme: str) -> None:
    visit = visiting(width, theme)
    SHOTS.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    titles = set()
    for name, where in PAGES.items():
        page = visit.open(where(world))
        settle(page)
        found[name] = findings(page)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found[name].append("scrolls sideways")
        if page.evaluate("[...document.querySelectorAll('main .table-box')].some((box) => box.scrollWidth > box.clientWidth)"):
            found[name].append("a table is wider than its box")
        titles.add(page.title())
        page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png", full_page=True)
    assert {name: one for name, one in found.items() if one} == {}
    assert len(titles) == len(PAGES), "every page has a title of its own"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_dialogs_and_faults_are_accessible(visiting: Callable[..., Visit], world: World, theme: str) -> None:
    visit = visiting(1280, theme)
    page = visit.open("packages/new")
    page.get_by_role("button", name="Create package").click()
    page.get_by_text("Must not be empty").first.wait_for()
    found = findings(page)
    page = visit.open(f"run?customer={world.customer}&date=2031-02-28")
    page.get_by_role("radio", name="Charge again").check()
    page.get_by_role("button", name="Simulate").click()
    page.get_by_role("button", name="Run it live…").click()
    page.get_by_role("dialog").wait_for()
    page.screenshot(path=SHOTS / f"live-run-{theme}.png")
    found += findings(page)
    page = visit.open(f"customers/{world.customer}/held")
    page.get_by_role("button", name="Write off").first.click()
    dialog = page.get_by_role("dialog")
    assert dialog.evaluate("(one) => [one.scrollWidth > one.clientWidth, getComputedStyle(one).textAlign]") == [False, "left"]
    found += findings(page)
    page = visit.open(f"customers/{world.customer}/ledger?from=2031-01-01")
    page.get_by_role("table", name="Ledger").get_by_role("button", name="SIP trunk").first.click()
    page.get_by_role("button", name="Credit…").first.click()
    page.get_by_role("radio", name="A part of it").check()
    page.screenshot(path=SHOTS / f"credit-{theme}.png")
    found += findings(page)
    page = visit.open(f"customers/{world.customer}/assignments/{world.assignment}")
    page.get_by_role("button", name="Change terms…").click()
    page.get_by_label("From", exact=True).fill(day(-1))
    page.get_by_label("Reason for correcting past days").wait_for()
    page.screenshot(path=SHOTS / f"terms-{theme}.png")
    assert found + findings(page) == []


def test_a_chosen_theme_outlives_a_reload(visit: Visit) -> None:
    page = visit.open("packages")
    page.get_by_label("Theme").select_option("Dark")
    page.reload()
    page.get_by_role("heading", level=1).wait_for()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    assert page.get_by_label("Theme").input_value() == "dark"


def test_the_first_tab_skips_to_the_content(visit: Visit) -> None:
    page = visit.open("packages")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("element => element === document.activeElement")
    page.keyboard.press("Enter")
    assert page.get_by_role("main").evaluate("element => element === document.activeElement")
    assert page.url.endswith("#/packages")


@pytest.mark.parametrize(
    "where", ["packages/%", "customers/%E0%A4%A", "packages/100%/edit"], ids=["D13-percent", "D13-bytes", "D13-inside"]
)
def test_an_address_that_is_not_encoded_shows_a_page(visit: Visit, where: str) -> None:
    page = visit.open(where)
    expect(page.get_by_role("navigation").first).to_be_visible()
    expect(page.get_by_text("no such").or_(page.get_by_text("there is no")).first).to_be_visible()


def test_the_console_works_with_a_slash_at_its_end(visit: Visit) -> None:
    visit.page.goto(f"{visit.url}/console/#/held")
    visit.page.get_by_role("heading", name="Held charges").wait_for()
