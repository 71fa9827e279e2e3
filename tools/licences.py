"""`docs/licences.md`: the licences of what ships, read from the metadata of what is packaged. Written by `make constraints`."""

import sys
import tempfile
from pathlib import Path

from tools.bundle import ROOT
from tools.dependencies import RUNTIME_LOCKS, DependencyError, Shipped, install, shipped
from tools.targets import LAMBDA

HEAD = """# Licences of what ships

What `make package` puts into the zip besides this project; cffi, cryptography, pycparser and PyJWT only with
`AUTH_MODE=jwt`. `make constraints` writes this page; packaging refuses what is
not under a permissive licence. Python comes with Lambda. What only builds and tests is listed, with versions and
hashes, in `constraints.txt`.

| distribution | version | licence | home |
|---|---|---|---|
"""


def page(listed: list[Shipped]) -> str:
    return HEAD + "".join(f"| {one.name} | {one.version} | {' or '.join(one.licences)} | {one.page} |\n" for one in listed)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="packages-billing-") as tree:
        try:
            install(ROOT / RUNTIME_LOCKS[True], Path(tree), LAMBDA)
            print(page(shipped(Path(tree))), end="")
        except DependencyError as error:
            print(f"licences: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
