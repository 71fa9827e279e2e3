"""Two ways to do what a person does: a hand that points and clicks, and one that knows the keyboard only."""

import re
from typing import Any, Protocol

from playwright.sync_api import Locator, Page, expect

STOPS_MAX = 120
"""So many times nobody presses Tab."""
TOLD = """
here => {
  const name = here.getAttribute("aria-label") || (here.labels?.[0] ?? here).textContent.trim().replace(/\\s+/g, " ").slice(0, 40);
  return `${here.localName} ${name}`;
}
"""
STOP = f"""
target => {{
  const told = {TOLD};
  const here = document.activeElement;
  const isGroup = target.type === "radio" && here.type === "radio" && here.name === target.name;
  const onPicker = here.type === "date" && !here.matches(":focus");  // its button, behind the year
  const drawn = [here, here.nextElementSibling].filter(Boolean).map((one) => getComputedStyle(one));
  const box = here.getBoundingClientRect();
  return {{
    isThere: isGroup || (here === target && !onPicker),
    isLost: here === document.body,
    isBehind: here === target || Boolean(here.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING),
    isInMain: Boolean(target.closest("main")),
    isSlash: target === (document.querySelector("main [data-search]") ?? document.getElementById("find")),
    isTyping: here.matches("input, textarea, select"),
    isSeen: drawn.some((one) => one.outlineStyle !== "none" && one.outlineWidth !== "0px")
      && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    told: told(here),
  }};
}}
"""


class Hand(Protocol):
    """What a person does with what a page shows."""

    unit: str

    def press(self, what: Locator) -> None: ...
    def type(self, field: Locator, text: str) -> None: ...
    def tick(self, box: Locator, on: bool = True, force: bool = False) -> None: ...
    def choose(self, select: Locator, option: str) -> None: ...
    def give(self, field: Locator, file: Any) -> None: ...


class Pointing:
    """A hand on the mouse, which types only into fields."""

    unit = "clicks"

    def press(self, what: Locator) -> None:
        what.click()

    def type(self, field: Locator, text: str) -> None:
        field.fill(text)

    def tick(self, box: Locator, on: bool = True, force: bool = False) -> None:
        box.set_checked(on, force=force)

    def choose(self, select: Locator, option: str) -> None:
        select.select_option(option)

    def give(self, field: Locator, file: Any) -> None:
        field.set_input_files(file)


class Typing:
    """Two hands on the keyboard: Tab, Enter, Space, arrows, what is typed, and a slash for the field that finds."""

    unit = "keystrokes"

    def __init__(self) -> None:
        self.began = False

    def press(self, what: Locator) -> None:
        expect(what).to_be_enabled()
        self._reach(what).press("Enter")

    def type(self, field: Locator, text: str) -> None:
        keys = self._reach(field)
        if field.get_attribute("type") == "date":
            type_day(keys, text)
        else:
            keys.press("Control+A")
            keys.type(text) if text else keys.press("Delete")
        expect(field).to_have_value(text)

    def tick(self, box: Locator, on: bool = True, force: bool = False) -> None:
        keys = self._reach(box)
        if box.get_attribute("type") == "radio":
            for _ in range(STOPS_MAX):
                if box.is_checked():
                    break
                keys.press("ArrowDown")
        elif box.is_checked() is not on:
            keys.press("Space")
        expect(box).to_be_checked(checked=on)

    def choose(self, select: Locator, option: str) -> None:
        self._reach(select).type(option)
        expect(select.locator("option:checked")).to_have_text(option)

    def give(self, field: Locator, file: Any) -> None:
        keys = self._reach(field)
        with field.page.expect_file_chooser() as chooser:
            keys.press("Space")
        chooser.value.set_files(file)

    def _reach(self, what: Locator) -> "Keys":
        """Press Tab, or Shift+Tab where it lies behind, until it has the focus, which must be seen wherever it goes."""
        keys = Keys(what.page)
        met: list[str] = []
        expect(what).to_have_count(1)
        stop = what.evaluate(STOP)
        if stop["isLost"]:
            assert not self.began, f"the focus is lost before {what}"
            if stop["isInMain"]:
                keys.press("Tab")
                keys.press("Enter")  # skip to the content
        if stop["isSlash"] and not stop["isTyping"] and not stop["isThere"]:
            keys.press("/")
        self.began = True
        for _ in range(STOPS_MAX):
            stop = what.evaluate(STOP)
            if stop["isThere"]:
                return keys
            keys.press("Shift+Tab" if stop["isBehind"] else "Tab")
            stop = what.evaluate(STOP)
            met.append(stop["told"])
            assert stop["isSeen"] or stop["isLost"], f"the focus can't be seen on {stop['told']}"
        raise AssertionError(f"{what} can't be reached with Tab, which meets {met}")


class Keys:
    """The keys of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)


def type_day(keys: Keys, iso: str) -> None:
    """Fill in month, day and year of a date field, or empty each; the first of them may not be where the caret is."""
    for _ in range(2):
        keys.press("ArrowLeft")
    if not iso:
        for _ in range(3):
            keys.press("Delete")
            keys.press("ArrowRight")
        return
    year, month, day = re.split("-", iso)
    keys.type(f"{month}{day}{year}")
