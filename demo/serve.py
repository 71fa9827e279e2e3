"""`make serve DEMO=1`: the service with the last months of the sample provider, lived through at the first start (`demo.past`)."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools import serve
from tools.bundle import ROOT
from tools.embedded import EmbeddedStack

DATA = serve.LOCAL / "demo"
LIVED = DATA / "lived"
"""There when the months were lived through to their end; without it the data is begun anew."""


def live_through(stack: EmbeddedStack, log: Path) -> None:
    """Play the months before today into an empty stack; what the functions log goes to `log`. Raises `ServeError` if it fails.

    The stack's own functions rest meanwhile: what is queued is for those of the program, whose clock is another one.
    """
    stack.set_consumers(enabled=False)
    with log.open("w") as written:
        done = subprocess.run([sys.executable, "-m", "demo.past", stack.endpoint], cwd=ROOT, stdout=written, check=False)
    if done.returncode:
        raise serve.ServeError(f"living through the last months failed; see {log}")
    stack.set_consumers(enabled=True)


def prepare(stack: EmbeddedStack) -> None:
    """Live through the last months, unless an earlier start has."""
    if LIVED.exists():
        return
    started = time.monotonic()
    print("living through the last months of a provider, once; about a minute, more on a busy machine", flush=True)
    live_through(stack, DATA / "past.log")
    LIVED.touch()
    print(f"ready after {time.monotonic() - started:.0f} s", flush=True)


NOTICES = {"BALANCE_NOTICES": "USD:20/50 EUR:20/50", "NOTICE_DAYS": "7 1", "TERM_NOTICE_DAYS": "45 15"}
"""Who runs low and what is to come is told, unless the caller's environment says otherwise."""


def main() -> int:
    """Serve until interrupted."""
    for name, value in NOTICES.items():
        os.environ.setdefault(name, value)
    if not LIVED.exists():
        shutil.rmtree(DATA, ignore_errors=True)
    return serve.main(DATA, prepare)


if __name__ == "__main__":
    sys.exit(main())
