"""The release before this one, in `previous/release.zip`: its template, its own code, and how it writes and reads what is stored.

    python -m tests.deploy.former COMMIT

makes the archive anew when a release is made, of that release's commit. What the code depends on, and files that browsers load, are
left out.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.bundle import ROOT, ZIP_EPOCH, Bundle

ARCHIVE = Path(__file__).parent / "previous" / "release.zip"
TEMPLATE = "sam.json"
FORMATS = "formats.py"
OWN = ("app.py", "chalicelib/")
"""What a package has of ours; the rest of it are dependencies."""
SETTINGS = {"SWEEP_SEGMENTS": "2"}


def environment() -> Mapping[str, str]:
    """A process's environment in which `import chalicelib` and `python -m formats` mean the former release's."""
    return os.environ | {"PYTHONPATH": str(ARCHIVE)}


def bundle(present: Bundle, directory: Path, *, code: bool = True) -> Bundle:
    """The former release, packaged in `directory` with what the present one depends on; without `code` its template only."""
    with zipfile.ZipFile(ARCHIVE) as former:
        (directory / present.template.name).write_bytes(former.read(TEMPLATE))
        if not code:
            shutil.copy(present.zip, directory / present.zip.name)
        else:
            own = {name: former.read(name) for name in former.namelist() if name.startswith(OWN)}
            with zipfile.ZipFile(present.zip) as packaged, zipfile.ZipFile(directory / present.zip.name, "w", zipfile.ZIP_DEFLATED) as made:
                for name in packaged.namelist():
                    if not name.startswith(OWN) and not name.startswith("__pycache__/app."):
                        made.writestr(packaged.getinfo(name), packaged.read(name))
                for name, content in own.items():
                    made.writestr(_entry(name), content)
    return Bundle(directory=directory, fingerprint="previous" if code else "previous-template")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, ZIP_EPOCH)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def make(commit: str) -> None:
    """Makes the archive of a commit, which is packaged as `make package STAGE=dev` does it."""
    with tempfile.TemporaryDirectory() as temporary:
        sources = Path(temporary)
        archived = subprocess.run(["git", "archive", commit], check=True, cwd=ROOT, capture_output=True)
        subprocess.run(["tar", "-x"], check=True, cwd=sources, input=archived.stdout)
        command = [sys.executable, "-m", "tools.package", "--stage", "dev"]
        subprocess.run(command, check=True, cwd=sources, env=os.environ | SETTINGS, stdout=subprocess.DEVNULL)
        contents: dict[str, Any] = {TEMPLATE: sources / "dist" / TEMPLATE, "app.py": sources / "app.py"}
        contents[FORMATS] = sources / "tests" / "storage" / FORMATS
        contents |= {str(path.relative_to(sources)): path for path in (sources / "chalicelib").rglob("*.py")}
        with zipfile.ZipFile(ARCHIVE, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
            for name, path in sorted(contents.items()):
                made.writestr(_entry(name), path.read_bytes())


if __name__ == "__main__":
    make(sys.argv[1])
