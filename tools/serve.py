"""`make serve`: the service on the embedded AWS until interrupted, its data kept in `.local/`."""

import fcntl
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tools.bundle import ROOT, PackagingError
from tools.embedded import EmbeddedStack, EmbeddedStackError
from tools.template import SettingsError

LOCAL = ROOT / ".local"
URL_FILE = LOCAL / "url"
EVENTS_FILE = "events.jsonl"
DEFAULT_PORT = "8000"
HEALTH_SECONDS = 30


class ServeError(Exception):
    """The service can't be offered; the message says why."""


def stop_once(_signal: int, _frame: FrameType | None) -> NoReturn:
    """The first signal begins the orderly stop; further ones must not cut it short."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)


def port_from(text: str) -> int:
    """Raises `ServeError` for anything but a port's number."""
    if not (text.isascii() and text.isdigit() and 0 <= int(text) < 2**16):
        raise ServeError(f"PORT={text} is no port")
    return int(text)


@contextmanager
def sole_user_of(directory: Path) -> Iterator[None]:
    """Two services on the same data would each save over the other's. The data is its owner's alone to read."""
    directory.mkdir(exist_ok=True)
    directory.chmod(0o700)
    with (directory / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServeError(f"another `make serve` uses the data in {directory}") from None
        yield


def check_health(base_url: str) -> None:
    """A service that can't reach its tables, or whose data belongs to another time zone, is not offered."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{base_url}/health", timeout=HEALTH_SECONDS) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        raise ServeError(f"/health answers {error.code}: {error.read().decode(errors='replace')}") from None
    except OSError as error:
        raise ServeError(f"/health does not answer: {error}") from None


@contextmanager
def announced(stack: EmbeddedStack) -> Iterator[None]:
    """Says where the service is, on the terminal and in a file, for as long as it takes requests."""
    URL_FILE.write_text(stack.base_url + "\n")
    print(f"AWS endpoint  {stack.endpoint}  (region us-east-1, any credentials)")
    print(f"run package   {stack.function_name('run_package')}")
    print(f"evaluation    {stack.function_name('evaluate_due_charges')}")
    print(f"console       {stack.base_url}/console")
    print(f"serving       {stack.base_url}", flush=True)
    try:
        yield
    finally:
        URL_FILE.unlink(missing_ok=True)
        print("stopping: answering what is under way, then saving", flush=True)


def serve(port: int, data: Path, prepare: Callable[[EmbeddedStack], None]) -> None:
    """Returns only by an exception: `SystemExit` on a signal, `ServeError` when the emulator is gone. `data` is where it is kept."""
    with sole_user_of(LOCAL):
        URL_FILE.unlink(missing_ok=True)
        with EmbeddedStack(port, data, {"EVENTS_FILE": str(data / EVENTS_FILE)}, enforce_iam=False) as stack:
            check_health(stack.base_url)
            prepare(stack)
            with announced(stack):
                while stack.is_running():
                    time.sleep(1)
                raise ServeError(f"the emulator has ended unexpectedly:\n{stack.log()}")


def main(data: Path = LOCAL / "aws", prepare: Callable[[EmbeddedStack], None] = lambda _: None) -> int:
    """Serve until interrupted; `prepare` is called with the stack before it is offered."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop_once)
    try:
        serve(port_from(os.environ.get("PORT") or DEFAULT_PORT), data, prepare)
    except (ServeError, EmbeddedStackError, PackagingError, SettingsError) as error:
        print(f"make serve: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
