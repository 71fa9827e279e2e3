"""What the oracles say is worth something only while they share no code with what they check."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
BRIDGE = "facts.py"
"""Turns the product's packages and assignments into an oracle's, and is the one module here that knows both."""
ORACLES = sorted(path for path in FOLDER.rglob("*.py") if path.name != BRIDGE and not path.name.startswith("test_"))
ALLOWED = {*sys.stdlib_module_names, "hypothesis"}


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, by their full names."""
    here = ("tests", "oracles", *path.relative_to(FOLDER).parent.parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            above = here[: len(here) + 1 - node.level] if node.level else ()
            module = ".".join((*above, *([node.module] if node.module else [])))
            yield from (module, *(f"{module}.{alias.name}" for alias in node.names))


@pytest.mark.parametrize("path", ORACLES, ids=[str(path.relative_to(FOLDER)) for path in ORACLES])
def test_an_oracle_imports_nothing_but_oracles(path: Path) -> None:
    names = list(imported(path))
    assert [name for name in names if name.partition(".")[0] not in ALLOWED and not name.startswith("tests.oracles")] == []
    assert "tests.oracles.facts" not in names


def test_all_oracles_are_looked_at() -> None:
    assert {"charges.py", "usage.py", "dated.py", "books.py"} <= {path.name for path in ORACLES}
