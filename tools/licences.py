"""`docs/licences.md`: the licences of what ships, read from the metadata of what is packaged. Written by `make lock`."""

import sys
import tempfile
from pathlib import Path

from tools.bundle import ROOT
from tools.dependencies import SHIPS, DependencyError, Shipped, export, install, shipped
from tools.targets import LAMBDA

HEAD = """# Licences of what ships

What `make package` puts into the zip besides this project; cffi, cryptography, pycparser and PyJWT only with
`AUTH_MODE=jwt`. `make lock` writes this page; packaging refuses what is not under a permissive
licence. Python comes with Lambda. What only builds and tests is listed, with versions and
hashes, in `uv.lock`.

| distribution | version | licence | home |
|---|---|---|---|
"""


def page(listed: list[Shipped]) -> str:
    return HEAD + "".join(f"| {one.name} | {one.version} | {' or '.join(one.licences)} | {one.page} |\n" for one in listed)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="packages-billing-") as workspace:
        try:
            lock, target = Path(workspace, "requirements.txt"), Path(workspace, "tree")
            lock.write_text(export(ROOT, SHIPS[True]))
            install(lock, target, LAMBDA)
            print(page(shipped(target)), end="")
        except DependencyError as error:
            print(f"licences: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
