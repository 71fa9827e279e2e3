"""What functions of a stack have written: their JSON lines, and their metrics."""

import json
from typing import Any

from tools.embedded import EmbeddedStack

Json = dict[str, Any]
FUNCTIONS = ("api_handler", "apply_work", "do_work", "evaluate_due_charges", "post_charges", "record_usage", "run_package", "tell")


def lines(stack: EmbeddedStack, function: str) -> list[Json]:
    """What a function has logged, without metrics."""
    return lines_of(stack.function_log(function))


def lines_of(log: str) -> list[Json]:
    """The JSON lines of a log, without metrics."""
    return [line for line in _written(log) if "_aws" not in line]


def metrics(stack: EmbeddedStack, function: str) -> list[Json]:
    """The metrics that a function has emitted, one after the other."""
    return [line for line in _written(stack.function_log(function)) if "_aws" in line]


def _written(log: str) -> list[Json]:
    return [json.loads(text) for text in log.splitlines() if text.startswith("{")]
