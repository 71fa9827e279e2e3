"""Makes `.venv` with everything that is locked in constraints.txt, on a machine that has only Python with pip or venv.

Standard library only: this runs before anything is installed. A second run compares one hash and returns. Every file
that is installed has a hash in constraints.txt, the installer's own included; anything else is refused.
"""

import fcntl
import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".requirements"
LOCK = ROOT / ".venv.lock"
LOCKED = "constraints.txt"
OLDEST_PYTHON = (3, 11)

Command = tuple[str | Path, ...]


def wanted() -> str:
    """What the environment has to match: the interpreter's minor version and every requirement."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for name in ("requirements.txt", "requirements-jwt.txt", "requirements-dev.txt", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_ready() -> bool:
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted()


def succeeds(*command: str | Path) -> bool:
    quiet = subprocess.DEVNULL
    return subprocess.run(command, check=False, cwd=ROOT, stdout=quiet, stderr=quiet).returncode == 0


def run(*command: str | Path) -> None:
    subprocess.run(command, cwd=ROOT, check=True)


def make_venv() -> Command:
    """Makes the environment and returns the pip that installs into it.

    Debian ships Python without what `venv` takes its pip from; there the system's pip does it from outside.
    """
    if succeeds(sys.executable, "-m", "venv", "--clear", VENV):
        return (PYTHON, "-m", "pip")
    run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)
    return (sys.executable, "-m", "pip", "--python", PYTHON)


def locked(name: str) -> str:
    """A distribution's lines of the lock file: its version and the hashes of its files."""
    found = re.search(rf"^{re.escape(name)}==.*(?:\n {{4}}.*)*", (ROOT / LOCKED).read_text(), re.MULTILINE)
    return found[0] if found else name


def install(pip: Command) -> None:
    """uv takes seconds where pip takes a minute; pip stays for machines whose package index only pip knows about."""
    pip_install = (*pip, "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as installer:
        installer.write(locked("uv"))
        installer.flush()
        if succeeds(*pip_install, "-r", installer.name):
            uv = (VENV / "bin" / "uv", "pip", "install", "--quiet", "--system-certs", "--compile-bytecode", "--require-hashes")
            if succeeds(*uv, "--python", PYTHON, "-r", LOCKED):
                return
    run(*pip_install, "-r", LOCKED)


def main() -> int:
    if sys.version_info < OLDEST_PYTHON:
        print(
            f"Python {sys.version.split()[0]} is too old: 3.11 or later is needed (make PYTHON=python3.12 ...)",
            file=sys.stderr,
        )
        return 1
    if is_ready():
        return 0
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_ready():
            return 0
        print("setting up .venv (once per change of the requirements)", file=sys.stderr)
        install(make_venv())
        STAMP.write_text(wanted())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        print(f"setup failed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        sys.exit("Python needs pip or venv: on Debian, apt-get install python3-venv or python3-pip")
