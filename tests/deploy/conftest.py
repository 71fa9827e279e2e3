"""A copy of the sources: builds are compared, and services started, on files that nobody edits meanwhile."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.bundle import ROOT

SOURCES = ("app.py", "chalicelib", "tools", ".chalice", "pyproject.toml", "uv.lock")


@pytest.fixture(scope="session")
def copy_sources(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Copies what packaging and serving need into a new directory."""

    def copy() -> Path:
        target = tmp_path_factory.mktemp("project")
        for name in SOURCES:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target / name)
        return target

    return copy
