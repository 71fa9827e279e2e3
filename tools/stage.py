"""What a stage is given in `.chalice/config.json`: Chalice's settings, and ours under `stack`.

A stage's own value stands before the one at the top of the file. Chalice passes over keys that it does not know.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

CONFIG = Path(".chalice") / "config.json"
FEWEST_CONSUMERS = 2
"""Lambda's lower bound of an event source's concurrency."""


class StageError(ValueError):
    """A configuration file that says what can't be; the message names the key."""


class StackSettings(NamedTuple):
    """What operators choose for each stage, besides what Chalice reads. Durations are in minutes.

    The first two bound the API's requests a second, and how many may come at once. `queue_concurrency` bounds the workers
    of each queue. The others say from when on an alarm goes off: counts are of 5 minutes, of charges held a day's.
    """

    api_requests_per_second: int
    api_burst: int
    queue_concurrency: int
    api_errors: int
    function_errors: int
    function_throttles: int
    table_throttles: int
    charges_held: int
    post_charges_minutes: int
    record_usage_minutes: int


class Stage(NamedTuple):
    """A stage's settings, as far as the template beside Chalice's needs them. `timeouts`: seconds of each function."""

    stack: StackSettings
    timeouts: Mapping[str, int]
    log_days: int


def read(root: Path, stage: str) -> Stage:
    """The settings of a stage, from a project's configuration file. Raises `StageError`."""
    config = json.loads((root / CONFIG).read_text())
    if stage not in config["stages"]:
        raise StageError(f"{CONFIG} has no stage {stage}: {', '.join(config['stages'])}")
    own = config["stages"][stage]
    timeouts = {name: function["lambda_timeout"] for name, function in config["lambda_functions"].items()}
    log_days = own.get("log_retention_in_days", config["log_retention_in_days"])
    return Stage(_stack(config["stack"] | own.get("stack", {})), timeouts, log_days)


def _stack(given: Mapping[str, Any]) -> StackSettings:
    if faults := set(given) ^ set(StackSettings._fields):
        raise StageError(f"{CONFIG}: stack: {', '.join(sorted(faults))} unknown or missing")
    lowest = dict.fromkeys(given, 1) | {"queue_concurrency": FEWEST_CONSUMERS}
    if faults := {name for name, value in given.items() if type(value) is not int or value < lowest[name]}:
        raise StageError(f"{CONFIG}: stack: {', '.join(f'{name} must be a whole number from {lowest[name]}' for name in sorted(faults))}")
    return StackSettings(**given)
