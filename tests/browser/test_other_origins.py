"""A page of another origin, open in the browser of whoever runs `make serve`: it reads nothing, books nothing, runs nothing."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import client_of
from tools.embedded import EmbeddedStack

ATTACK = """async ([url, method, headers, body, mode]) => {
  try {
    const answer = await fetch(url, { method, headers, mode, body: body === null ? undefined : new Blob([body]) });
    return answer.type === "opaque" ? "opaque" : `${answer.status} ${await answer.text()}`;
  } catch (error) { return "blocked"; }
}"""


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    """As `make serve` has it: whoever reaches it may do everything."""
    with EmbeddedStack(enforce_iam=False) as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with client_of(stack) as client:
        client.put("/customers/victim", json={"name": "Secret name"}).raise_for_status()
        yield client


class Blank(BaseHTTPRequestHandler):
    """A page of its own origin: another port of this machine is one."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Elsewhere</title>")

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[Page]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Blank)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    yield page
    context.close()
    server.shutdown()
    server.server_close()


def attack(page: Page, url: str, method: str = "GET", body: str | None = None, mode: str = "cors", **headers: str) -> str:
    """What the page learns of the answer."""
    return str(page.evaluate(ATTACK, [url, method, headers, body, mode]))


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
def test_d2_customers_are_not_read(elsewhere: Page, stack: EmbeddedStack, api: httpx.Client, mode: str) -> None:
    assert "victim" in api.get("/customers").text
    assert attack(elsewhere, f"{api.base_url}customers", mode=mode) in ("blocked", "opaque")
    scan, target = json.dumps({"TableName": stack.table_name("accounts")}), {"X-Amz-Target": "DynamoDB_20120810.Scan"}
    assert attack(elsewhere, stack.endpoint, "POST", scan, mode, **target) in ("blocked", "opaque")


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
def test_d2_no_payment_is_booked(elsewhere: Page, api: httpx.Client, mode: str) -> None:
    url = f"{api.base_url}customers/victim/payments"
    for headers in ({}, {"Content-Type": "application/json"}):
        assert attack(elsewhere, url, "POST", '{"amount": "1000.00"}', mode, **headers) in ("blocked", "opaque")
    assert api.get("/customers/victim").json()["balance"] == "0.00"


def program() -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("owned.py", "def handler(event, context): return 'owned'")
    return base64.b64encode(archive.getvalue()).decode()


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
@pytest.mark.parametrize("listener", ["public", "inner"])
def test_d2_no_function_is_made_or_run(elsewhere: Page, stack: EmbeddedStack, mode: str, listener: str) -> None:
    port = stack.ports[listener]
    made = {"FunctionName": "owned", "Runtime": "python3.11", "Role": "arn:aws:iam::000000000000:role/any", "Handler": "owned.handler"}
    place = f"http://127.0.0.1:{port}/2015-03-31/functions"
    assert attack(elsewhere, place, "POST", json.dumps(made | {"Code": {"ZipFile": program()}}), mode) in ("blocked", "opaque")
    assert "owned" not in {one["FunctionName"] for one in stack.client("lambda").list_functions()["Functions"]}
    known = stack.function_name("run_package")
    assert attack(elsewhere, f"{place}/{known}/invocations", "POST", '{"simulate": "yes"}', mode) in ("blocked", "opaque")
    assert known not in stack.function_log("run_package")


def test_d2_the_console_goes_on_working(browser: Browser, api: httpx.Client) -> None:
    page = browser.new_page()
    page.goto(f"{api.base_url}console#/customers")
    page.get_by_text("Secret name").wait_for(timeout=90_000)
    page.close()
