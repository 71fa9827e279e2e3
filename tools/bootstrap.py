"""Makes `.venv` with everything that is locked in uv.lock, on a machine that has only Python.

Standard library only: this runs before anything is installed. A second run compares one hash and returns. Every file
that is installed has a hash in uv.lock, the installer's own included; anything else is refused.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
STAMP = VENV / ".locked"
LOCK = ROOT / ".venv.lock"
LOCKED = ROOT / "uv.lock"
PYTHON_MIN = (3, 11)

if sys.version_info < PYTHON_MIN:  # here, since an older Python could not read what follows
    sys.exit(f"Python {sys.version.split()[0]} is too old: 3.11 or later is needed (make PYTHON=python3.12 ...)")

Command = tuple[str | Path, ...]


def wanted() -> str:
    """What the environment has to match: the interpreter's minor version and everything that is locked."""
    return hashlib.sha256(repr(sys.version_info[:2]).encode() + LOCKED.read_bytes()).hexdigest()


def is_ready() -> bool:
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def succeeds(*command: str | Path) -> bool:
    quiet = subprocess.DEVNULL
    return subprocess.run(command, check=False, cwd=ROOT, stdout=quiet, stderr=quiet).returncode == 0


def run(*command: str | Path) -> None:
    subprocess.run(command, cwd=ROOT, check=True)


def make_venv() -> Command:
    """Makes the environment and returns the pip that installs into it: its own, the system's, or the one that is locked.

    Debian ships Python without what `venv` takes its pip from, and pip in a package that need not be there.
    """
    if succeeds(sys.executable, "-m", "venv", "--clear", VENV):
        return (PYTHON, "-m", "pip")
    run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)
    has_pip = succeeds(sys.executable, "-m", "pip", "--version")
    return (sys.executable, *(("-m", "pip") if has_pip else (fetched_pip(),)), "--python", PYTHON)


def locked(name: str) -> dict[str, Any]:
    """What uv.lock says of a distribution: version, files, their addresses and hashes."""
    import tomllib  # not at the top: an older Python has none, and is to be told its age below

    found: dict[str, Any] = next(one for one in tomllib.loads(LOCKED.read_text())["package"] if one["name"] == name)
    return found


def requirement(name: str) -> str:
    """A distribution's version in uv.lock and the hashes of its files, as pip reads them."""
    package = locked(name)
    files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    return " ".join([f"{name}=={package['version']}", *(f"--hash={file['hash']}" for file in files)])


def fetched_pip() -> Path:
    """pip's wheel as uv.lock has it; Python runs it without having it installed. Raises `OSError` if it can't be fetched."""
    (wheel,) = locked("pip")["wheels"]
    with urllib.request.urlopen(wheel["url"]) as answer:  # noqa: S310 - an address of uv.lock
        content: bytes = answer.read()
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != wheel["hash"]:
        raise OSError(f"{wheel['url']} is another file than the one that is locked")
    path = VENV / Path(wheel["url"]).name
    path.write_bytes(content)
    return path / "pip"


def sync() -> bool:
    """Brings the environment in line with uv.lock, and says whether that succeeded."""
    os.environ |= {"UV_PROJECT_ENVIRONMENT": str(VENV), "UV_PYTHON_DOWNLOADS": "never"}
    return succeeds(UV, "sync", "--locked", "--system-certs", "--compile-bytecode", "--python", PYTHON)


def is_updated() -> bool:
    """Updates an environment of this Python in place: it takes seconds, and programs that run in it are not disturbed."""
    same = f"import sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    return UV.exists() and succeeds(PYTHON, "-c", same) and sync()


def install(pip: Command) -> None:
    """Installs uv by pip, and the rest by uv: it takes seconds where pip takes a minute.

    uv fetches from the addresses in uv.lock. Where only pip knows how to reach a package index, pip installs the rest too.
    """
    pip_install = (*pip, "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
    uv = requirement("uv")
    say(f"  1 of 2: the installer, {uv.partition(' ')[0]}")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as installer:
        installer.write(uv)
        installer.flush()
        run(*pip_install, "-r", installer.name)
    say("  2 of 2: what uv.lock has, for running, testing and checking; some minutes if nothing of it was fetched before")
    if sync():
        return
    say("  uv could not fetch it; pip tries, which takes longer")
    with tempfile.NamedTemporaryFile(suffix=".txt") as requirements:
        run(UV, "export", "--quiet", "--frozen", "--no-emit-project", "--python", PYTHON, "-o", requirements.name)
        run(*pip_install, "-r", requirements.name)


def reason(error: subprocess.CalledProcessError | OSError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"This command did not succeed: {' '.join(map(str, error.cmd))}"
    return str(error)


def main() -> int:
    if is_ready():
        return 0
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_ready():
            return 0
        started = time.monotonic()
        say(f"Setting up .venv with Python {sys.version.split()[0]}, once for each change of uv.lock:")
        if not is_updated():
            install(make_venv())
        STAMP.write_text(wanted())
        say(f"  ready after {time.monotonic() - started:.0f} seconds")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (subprocess.CalledProcessError, OSError) as error:
        say(f"Setup failed. {reason(error)}")
        sys.exit(
            "The machine has to reach a package index such as https://pypi.org. Where only pip knows how to, Python needs pip "
            "(on Debian and Ubuntu: apt-get install python3-pip)."
        )
