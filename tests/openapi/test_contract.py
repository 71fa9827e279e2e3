"""Schemathesis on the whole deployed API: a bounded run with a fixed seed; `make contract` is the longer one."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.openapi.contract import command
from tools.embedded import EmbeddedStack


@pytest.mark.timeout(280)
def test_schemathesis_finds_nothing(stack: EmbeddedStack, tmp_path: Path) -> None:
    bounded = ("--max-examples", "2", "--seed", "1", "--no-shrink")
    arguments = command(stack.base_url, *bounded, phases="examples,fuzzing")
    done = subprocess.run(arguments, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    asked = re.search(r"Tested: (\d+)", done.stdout)
    assert asked is not None
    assert int(asked[1]) >= 37
    assert "Traceback" not in stack.function_log("api_handler")
