"""The console's help: the tasks of docs/tasks.md by the same names, and a way to one of them from every page."""

import re
from functools import reduce
from typing import Final

import pytest

from tools.bundle import ROOT

STATIC: Final = ROOT / "chalicelib" / "console" / "static"
JOBS: Final = re.findall(r"""^    "(.+)",\n    /(.+)/,$""", (STATIC / "help.js").read_text(), re.MULTILINE)
"""The titles, and the addresses of the pages that lead to each."""


def addresses() -> list[str]:
    """An address of each page."""
    patterns = re.findall(r"^  \[/\^(.*)\$/,", (STATIC / "main.js").read_text(), re.MULTILINE)
    samples = {r"\/": "/", "([^/]+)": "x", r"(\d+)": "4420", "(?:home)?": "home"}
    found = []
    for pattern in patterns:
        stem, _, tabs = reduce(lambda text, sample: text.replace(*sample), samples.items(), pattern).partition("(?:/(")
        found += [stem, *(f"{stem}/{tab}" for tab in tabs.removesuffix("))?").split("|") if tab)]
    return [one for one in found if one != "help"]


def test_the_jobs_are_the_tasks() -> None:
    tasks = re.findall("^## (.+)$", (ROOT / "docs" / "tasks.md").read_text(), re.MULTILINE)
    assert [title for title, _ in JOBS] == tasks


@pytest.mark.parametrize("address", addresses())
def test_every_page_leads_to_a_job(address: str) -> None:
    assert any(re.search(pattern.replace(r"\/", "/"), address) for _, pattern in JOBS), address


def test_the_help_is_short() -> None:
    assert (STATIC / "help.js").stat().st_size < 10_000
