"""`make contract`: schemathesis asks the whole API, deployed for real, for what its description doesn't say.

python -m tests.openapi.contract --max-examples 100 --seed 7
"""

import subprocess
import sys
from pathlib import Path

from chalicelib.api.reference import DOCUMENT
from tools.embedded import EmbeddedStack

CONFIG = Path(__file__).with_name("schemathesis.toml")
PHASES = "examples,coverage,fuzzing,stateful"
COMMON = ("--suppress-health-check", "all", "--continue-on-failure", "--no-color", "--warnings", "off")


def command(base_url: str, *arguments: str, phases: str = PHASES) -> list[str]:
    """How schemathesis is called for an API that answers at `base_url`. The page's files are no data to be guessed."""
    program = str(Path(sys.executable).with_name("st"))
    where = (str(DOCUMENT), "--url", base_url, "--exclude-path-regex", "^/docs")
    return [program, "--config-file", str(CONFIG), "run", *where, "--phases", phases, *COMMON, *arguments]


def main() -> int:
    with EmbeddedStack() as stack:
        return subprocess.run(command(stack.base_url, *sys.argv[1:]), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
