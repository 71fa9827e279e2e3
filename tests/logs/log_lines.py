"""What functions of a stack have written: their JSON lines, and their metrics."""

import json
from typing import Any

from tools.embedded import EmbeddedStack

Json = dict[str, Any]
FUNCTIONS = ("api_handler", "do_work", "evaluate_due_charges", "post_charges", "record_usage", "run_package")


def written(stack: EmbeddedStack, function: str) -> list[Json]:
    """Every JSON line of a function, metrics among them."""
    return [json.loads(text) for text in stack.function_log(function).splitlines() if text.startswith("{")]


def lines(stack: EmbeddedStack, function: str) -> list[Json]:
    """What a function has logged, without metrics."""
    return [line for line in written(stack, function) if "_aws" not in line]


def metrics(stack: EmbeddedStack, function: str) -> list[Json]:
    """The metrics that a function has emitted, one after the other."""
    return [line for line in written(stack, function) if "_aws" in line]
