"""The templates of docs/events.md."""

import re

from tools.bundle import ROOT

PAGE = ROOT / "docs" / "events.md"


def templates() -> dict[str, str]:
    """Each template by its name."""
    blocks = re.findall(r"^```yaml\n# template: (\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return dict(blocks)


def template(name: str) -> str:
    """A template as the page has it."""
    return templates()[name]
