"""Fetches the console's libraries from the npm registry and writes them where they are served, for `make vendor`.

Nobody needs this to run or to change the console; it is for taking another release of a library. Each file is a pinned
release, cut down to what is used and minified by a pinned esbuild, so that the same pins make the same bytes.
tools/vendor.json has their hashes, which a test compares.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "chalicelib" / "console" / "static"
LOCK = ROOT / "tools" / "vendor.json"
ESBUILD = "0.25.12"

ENTRIES = {
    "preact.js": """
        import { h } from "preact";
        import htm from "htm";
        export { render, createContext } from "preact";
        export { useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useContext, useId } from "preact/hooks";
        export const html = htm.bind(h);
    """,
    "oauth.js": """
        export {
            allowInsecureRequests, authorizationCodeGrantRequest, calculatePKCECodeChallenge, discoveryRequest,
            generateRandomCodeVerifier, generateRandomState, getValidatedIdTokenClaims, None, processAuthorizationCodeResponse,
            processDiscoveryResponse, validateAuthResponse,
        } from "oauth4webapi";
    """,
}


def npm(folder: Path, *arguments: str) -> str:
    return subprocess.run(["npm", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def banner(folder: Path, packages: dict[str, str]) -> str:
    """The releases with their licences, as a comment."""
    told = []
    for name, version in packages.items():
        licence = json.loads((folder / "node_modules" / name / "package.json").read_text())["license"]
        told.append(f"{name} {version} ({licence})")
    return f"/* {', '.join(told)}; made by tools/vendor.py */"


def bundle(folder: Path, name: str, packages: dict[str, str]) -> str:
    """One module of what `name` exports."""
    (folder / "entry.js").write_text(ENTRIES[name])
    options = ["--bundle", "--format=esm", "--minify", "--target=es2022", "--legal-comments=none"]
    command = ["node_modules/.bin/esbuild", "entry.js", *options, f"--banner:js={banner(folder, packages)}"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def main() -> int:
    lock: dict[str, dict[str, Any]] = json.loads(LOCK.read_text())
    wanted = {f"{name}@{version}" for one in lock.values() for name, version in one["packages"].items()}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        npm(folder, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", f"esbuild@{ESBUILD}", *sorted(wanted))
        for name, one in lock.items():
            (STATIC / name).write_text(bundle(folder, name, one["packages"]))
            one["sha256"] = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
            print(f"{name}: {(STATIC / name).stat().st_size} bytes")
    LOCK.write_text(json.dumps(lock, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
