"""Fetches Swagger UI from the npm registry and writes what `/docs` loads of it, for `make vendor`.

Nobody needs this to run or to build the service; it is for taking another release: change VERSION and INTEGRITY.
"""

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from chalicelib.api.reference import DOCUMENT

VERSION: Final = "5.35.0"
INTEGRITY: Final = "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ=="
"""As the registry tells it."""
FOLDER: Final = DOCUMENT.parent
FILES: Final = {
    "swagger-ui-bundle.js": "swagger-ui-bundle.js",
    "swagger-ui.css": "swagger-ui.css",
    "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
    "LICENSE": "swagger-ui.LICENSE.txt",
    "NOTICE": "swagger-ui.NOTICE.txt",
}
_MAP: Final = ("\n//# sourceMappingURL=", "\n/*# sourceMappingURL=")


def fetched() -> bytes:
    """The release as the registry has it. Raises `ValueError` when it is another one than was looked at."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"swagger-ui-dist@{VERSION}"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        archive = next(Path(folder).iterdir()).read_bytes()
    if "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode() != INTEGRITY:
        raise ValueError("the registry's release has another hash")
    return archive


def served(text: str) -> str:
    """The text without where its source map would be, for that is not served."""
    for mark in _MAP:
        text = text.partition(mark)[0]
    return text


def main() -> int:
    with tarfile.open(fileobj=io.BytesIO(fetched())) as archive:
        for name, target in FILES.items():
            member = archive.extractfile(f"package/{name}")
            if member is None:
                raise ValueError(f"{name} is no file of the release")
            text = served(member.read().decode())
            if target == "swagger-ui.css":
                text = f"/* Swagger UI {VERSION}, Apache-2.0, https://github.com/swagger-api/swagger-ui */\n{text}"
            (FOLDER / target).write_text(text.rstrip("\n") + "\n")
            print(f"{target}: {(FOLDER / target).stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
