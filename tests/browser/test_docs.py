"""The page to read and try the API: from the API's own address, nothing from elsewhere, on a narrow screen too."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import Visit


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (1600, "dark")])
def test_a_request_is_tried_on_the_page(visiting: Callable[..., Visit], width: int, theme: str) -> None:
    visit = visiting(width=width, theme=theme)
    page = visit.page
    page.goto(f"{visit.url}/docs")
    page.locator("#operations-Packages-create_package button").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.get_by_text('"package_id"').first.wait_for()
    assert len(visit.posts("/packages")) == 1
    assert [request.url for request in visit.sent if not request.url.startswith((visit.url, "data:"))] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
