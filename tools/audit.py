"""`make audit`: known vulnerabilities of everything that is locked, what ships and what builds it, as PyPI and npm tell them.

pip-audit passes over what its service can't tell and ends as if nothing were wrong. Here that is a result of its own: an
audit that was not made is no good news.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

from tools.bundle import ROOT
from tools.dependencies import EVERYTHING, Shipped, export, scripts

NPM_ADVISORIES = "https://registry.npmjs.org/-/npm/v1/security/advisories/bulk"
NPM_SECONDS = 20
CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 2


class Verdict(NamedTuple):
    """What an audit found: how many were asked about, faults as lines to print, and why others were not audited."""

    audited: int
    vulnerable: list[str]
    skipped: list[str]

    @property
    def status(self) -> int:
        if self.vulnerable:
            return VULNERABLE
        return NOT_AUDITED if self.skipped or not self.audited else CLEAN


def judged(report: Mapping[str, Any]) -> Verdict:
    """The verdict on pip-audit's JSON."""
    found = report["dependencies"]
    asked = [one for one in found if "skip_reason" not in one]
    faults = [
        f"{one['name']} {one['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'no release yet'}"
        for one in asked
        for fault in one["vulns"]
    ]
    return Verdict(len(asked), faults, [one["skip_reason"] for one in found if "skip_reason" in one])


def asked(locked: Path) -> Verdict:
    """The verdict on what is locked. Raises nothing: a service that can't be reached is a verdict as well."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "--requirement", str(locked), "--require-hashes", "--disable-pip"]
    command += ["--vulnerability-service", "pypi", "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    try:
        return judged(json.loads(done.stdout))
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        return Verdict(0, [], [f"pip-audit ended with {done.returncode}: {last[:300]}"])


def asked_npm(libraries: Iterable[Shipped]) -> Verdict:
    """The verdict on the JavaScript that ships. Raises nothing, as `asked`."""
    versions = {one.name: [one.version] for one in libraries}
    request = Request(NPM_ADVISORIES, json.dumps(versions).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=NPM_SECONDS) as answer:  # noqa: S310 - the same
            return judged_npm(json.load(answer), versions)
    except (OSError, ValueError) as error:
        return Verdict(0, [], [f"{name}: npm could not be asked ({error})" for name in versions])


def judged_npm(found: Mapping[str, list[Mapping[str, Any]]], versions: Mapping[str, list[str]]) -> Verdict:
    """The verdict on npm's advisories, by library."""
    faults = [f"{name} {versions[name][0]}: {one['url']}, {one['severity']}" for name, advisories in found.items() for one in advisories]
    return Verdict(len(versions), faults, [])


def together(*verdicts: Verdict) -> Verdict:
    """One verdict of several."""
    return Verdict(
        sum(one.audited for one in verdicts),
        [fault for one in verdicts for fault in one.vulnerable],
        [reason for one in verdicts for reason in one.skipped],
    )


def told(verdict: Verdict) -> str:
    """The verdict in words, a fault a line."""
    if verdict.status == CLEAN:
        return f"audit: {verdict.audited} distributions, no known vulnerability"
    lines = [f"VULNERABLE: {fault}" for fault in verdict.vulnerable]
    if verdict.skipped:
        lines.append(f"NOT AUDITED: {len(verdict.skipped)} distributions, {verdict.audited} were; the first: {verdict.skipped[0]}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--locked", type=Path, help="requirements with hashes, in place of all that uv.lock has")
    parser.add_argument("--tolerate-unreachable", action="store_true", help="say that nobody could be asked, but don't fail for it")
    options = parser.parse_args()
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as everything:
        everything.write(export(ROOT, EVERYTHING))
        everything.flush()
        verdict = together(asked(options.locked or Path(everything.name)), asked_npm(scripts(ROOT)))
    print(told(verdict), file=sys.stderr if verdict.status else sys.stdout)
    return CLEAN if verdict.status == NOT_AUDITED and options.tolerate_unreachable else verdict.status


if __name__ == "__main__":
    sys.exit(main())
