"""What a stage is given in `.chalice/config.json`: Chalice's settings, and ours under `stack`.

A stage's own value stands before the one at the top of the file. Chalice passes over keys that it does not know.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

CONFIG = Path(".chalice") / "config.json"
LOWEST = {"queue_concurrency": 2, "firewall_requests": 10, "warm_writes_per_second": 4_000}
"""Lower bounds of Lambda's event sources, of WAF's rules, and of what an on-demand table gives from the start. Others: 1."""
MAY_BE_OFF = ("firewall_requests", "warm_writes_per_second")


class StageError(ValueError):
    """A configuration file that says what can't be; the message names the key."""


class StackSettings(NamedTuple):
    """What operators choose for each stage, besides what Chalice reads. Durations are in minutes.

    The first two bound each method's requests a second, and how many may come at once; the next two those of each method
    that is open to all. `firewall_requests` bounds what one address may ask for
    in 5 minutes; 0 makes no firewall. `queue_concurrency` bounds the workers of each queue. `warm_writes_per_second` is what
    the tables of a daily run must take from the start; 0 leaves that to DynamoDB. The others say from when on an alarm goes
    off: counts are of 5 minutes, of charges held a day's.
    """

    api_requests_per_second: int
    api_burst: int
    open_requests_per_second: int
    open_burst: int
    firewall_requests: int
    warm_writes_per_second: int
    queue_concurrency: int
    api_errors: int
    function_errors: int
    function_throttles: int
    table_throttles: int
    charges_held: int
    post_charges_minutes: int
    record_usage_minutes: int
    do_work_minutes: int
    apply_work_minutes: int
    tell_minutes: int


class Stage(NamedTuple):
    """A stage's settings, as far as the template beside Chalice's needs them.

    `timeouts`: seconds of each function; `reserved`: the concurrent executions of those functions that have a bound.
    """

    stack: StackSettings
    timeouts: Mapping[str, int]
    log_days: int
    reserved: Mapping[str, int]


def read(root: Path, stage: str) -> Stage:
    """The settings of a stage, from a project's configuration file. Raises `StageError`."""
    config = json.loads((root / CONFIG).read_text())
    if stage not in config["stages"]:
        raise StageError(f"{CONFIG} has no stage {stage}: {', '.join(config['stages'])}")
    own = config["stages"][stage]
    timeouts = {name: function["lambda_timeout"] for name, function in config["lambda_functions"].items()}
    log_days = own.get("log_retention_in_days", config["log_retention_in_days"])
    functions = own.get("lambda_functions", {})
    bounded = {name: function["reserved_concurrency"] for name, function in functions.items() if "reserved_concurrency" in function}
    return Stage(_stack(config["stack"] | own.get("stack", {})), timeouts, log_days, bounded)


def _stack(given: Mapping[str, Any]) -> StackSettings:
    if faults := set(given) ^ set(StackSettings._fields):
        raise StageError(f"{CONFIG}: stack: {', '.join(sorted(faults))} unknown or missing")
    if wrong := [f"{name} must be {wanted}" for name, value in sorted(given.items()) if (wanted := _wanted(name, value))]:
        raise StageError(f"{CONFIG}: stack: {', '.join(wrong)}")
    return StackSettings(**given)


def _wanted(name: str, value: Any) -> str:
    """What a setting must be, if it is something else."""
    lowest, off = LOWEST.get(name, 1), name in MAY_BE_OFF
    if type(value) is int and (value >= lowest or (off and value == 0)):
        return ""
    return f"{'0, or ' if off else ''}a whole number from {lowest}"
