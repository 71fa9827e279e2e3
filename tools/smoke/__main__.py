"""Runs the checks of a deployed stack. One line a check; what was asked and answered goes to a file in .local/smoke."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tools.aws import Aws
from tools.bundle import ROOT
from tools.checks import NOT_PROVEN, Finding, found, status, told
from tools.smoke import billing, gateway, resources
from tools.smoke.world import Asked, World

Check = Callable[[World], str]
CHECKS: dict[str, Check] = {
    "health": gateway.health,
    "pages": gateway.pages,
    "unsigned": gateway.unsigned,
    "signed": gateway.signed,
    "bad messages": resources.send_bad_messages,
    "story": billing.story,
    "evaluation": billing.evaluation,
    "encoded ids": gateway.encoded_ids,
    "conflicts": gateway.conflicts,
    "sessions": gateway.sessions,
    "metric": billing.metric,
    "restore": resources.restore,
    "dead letters": resources.dead_letters,
}
CLEANING = "cleaning up"


def findings(world: World, skipped: Sequence[str]) -> Iterator[Finding]:
    """Every check, and in any case the cleaning up."""
    try:
        for name, check in CHECKS.items():
            yield Finding(NOT_PROVEN, name, "skipped") if name in skipped else found(name, lambda check=check: check(world))  # type: ignore[misc]
    finally:
        yield found(CLEANING, lambda: resources.clean_up(world))


def written(world: World, seen: Sequence[Finding]) -> Path:
    """The file with all that was seen."""
    path = ROOT / ".local" / "smoke" / f"{world.stack}-{world.prefix}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    told_ = {"stack": world.stack, "region": world.aws.region, "findings": [one._asdict() for one in seen], "seen": world.seen}
    path.write_text(json.dumps(told_, indent=1, default=str) + "\n")
    return path


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.smoke", description="Tries a deployed stack, with customers of its own.")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--role", help="a role that may be assumed and may call the API, to try two sessions of it")
    parser.add_argument("--patience", type=float, default=900, help="seconds to wait for what takes its time (900)")
    parser.add_argument("--skip", action="append", default=[], choices=list(CHECKS), help="leave out a check; may be given more than once")
    parser.add_argument("--endpoint", help="an embedded AWS")
    return parser.parse_args(arguments)


def main() -> int:
    asked = parsed(sys.argv[1:])
    world = World(Aws(asked.endpoint), Asked(asked.stack, asked.role or None, asked.patience))
    seen = list(told(findings(world, asked.skip)))
    print(f"what was asked and answered: {written(world, seen)}")
    return status(seen)


if __name__ == "__main__":
    sys.exit(main())
