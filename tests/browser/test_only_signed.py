"""`AUTH_MODE=iam`: a browser has nothing to sign with, and the page says so."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tools.embedded import EmbeddedStack


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    with EmbeddedStack(env={"AUTH_MODE": "iam"}) as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.base_url, timeout=60, trust_env=False) as client:
        yield client


def test_the_page_says_that_it_takes_signed_requests_only_and_how_to_change_that(visit: Visit) -> None:
    page = visit.open("packages")
    expect(page.get_by_text("This deployment takes signed requests only")).to_be_visible()
    expect(page.get_by_text("deploy with AUTH_MODE=jwt")).to_be_visible()
