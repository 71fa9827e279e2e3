"""What several tests do on a page as a person does it."""

from playwright.sync_api import Page, expect


def choose_package(page: Page, name: str) -> None:
    """Type a package's name into the form of an assignment, and go on when its terms are there, as the form grows by then."""
    page.get_by_label("Package", exact=True).fill(name)
    expect(page.get_by_role("heading", name="Own prices")).to_be_visible()
