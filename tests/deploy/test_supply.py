"""What is installed and shipped is what was locked: by hashes, under known licences, audited or said not to be."""

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools import audit, bootstrap, dependencies
from tools.bundle import ROOT, build
from tools.dependencies import DependencyError, Shipped, bill_of_materials
from tools.openapi import vendor
from tools.targets import LAMBDA
from tools.template import settings_from

PARTS = {"everything": dependencies.EVERYTHING, "what ships": dependencies.SHIPS[False], "with tokens": dependencies.SHIPS[True]}
NO_INDEX = "http://127.0.0.1:9"


def pinned_in(requirements: str) -> dict[str, list[str]]:
    """What requirements pin, as `name==version`, with its hashes."""
    blocks = re.findall(r"^([\w.-]+==\S+).*\n((?: {4}--hash=.*\n)*)", requirements, re.MULTILINE)
    return {pinned: re.findall(r"sha256:[0-9a-f]{64}", hashes) for pinned, hashes in blocks}


def locked(part: str) -> dict[str, list[str]]:
    return pinned_in(dependencies.export(ROOT, PARTS[part]))


@pytest.mark.parametrize("part", PARTS)
def test_everything_locked_has_hashes(part: str) -> None:
    assert len(locked(part)) >= 8
    assert [pinned for pinned, hashes in locked(part).items() if not hashes] == []


def test_what_is_locked_is_what_pyproject_needs() -> None:
    command: list[str | Path] = [Path(sys.executable).with_name("uv"), "lock", "--check", "--offline", "--no-python-downloads"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0, "run `make lock`"


def test_what_chalice_reads_is_what_ships() -> None:
    assert pinned_in((ROOT / "requirements.txt").read_text()) == locked("what ships"), "run `make lock`"


@pytest.mark.parametrize("part", ["what ships", "with tokens"])
def test_c_what_ships_is_what_was_tested(part: str) -> None:
    everything = locked("everything")
    assert {pinned: hashes for pinned, hashes in locked(part).items() if everything.get(pinned) != hashes} == {}
    assert {name for name in locked(part) if name.startswith(("pyjwt==", "cryptography=="))} == (
        {name for name in everything if name.startswith(("pyjwt==", "cryptography=="))} if part == "with tokens" else set()
    )


def test_the_installer_itself_is_locked() -> None:
    name, *hashes = bootstrap.requirement("uv").split()
    assert {one.removeprefix("--hash=") for one in hashes} == set(locked("everything")[name]) != set()


@pytest.mark.parametrize("has_locked_hash", [True, False])
def test_where_python_has_no_pip_the_locked_one_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_locked_hash: bool
) -> None:
    wheel = tmp_path / "pip-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("pip/__main__.py", "print('this is pip')")
    digest = hashlib.sha256(wheel.read_bytes() if has_locked_hash else b"another").hexdigest()
    lock = tmp_path / "uv.lock"
    lock.write_text(f'[[package]]\nname = "pip"\nwheels = [{{ url = "{wheel.as_uri()}", hash = "sha256:{digest}" }}]\n')
    monkeypatch.setattr(bootstrap, "LOCKED", lock)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / "venv")
    bootstrap.VENV.mkdir()
    if not has_locked_hash:
        with pytest.raises(OSError, match="another file than the one that is locked"):
            bootstrap.fetched_pip()
        return
    ran = subprocess.run([sys.executable, bootstrap.fetched_pip()], capture_output=True, text=True, check=True)
    assert ran.stdout == "this is pip\n"


def test_a_file_with_another_hash_is_not_installed(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(DependencyError, match="DO NOT MATCH"):
        dependencies.install(lock, tmp_path / "tree", LAMBDA)
    assert not list(tmp_path.glob("tree/*"))


def distribution(tree: Path, name: str, *metadata: str) -> None:
    folder = tree / f"{name}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *metadata, ""]))


@pytest.mark.parametrize(
    ("metadata", "licences"),
    [
        (["License-Expression: Apache-2.0 OR BSD-3-Clause"], ("Apache-2.0", "BSD-3-Clause")),
        (["Classifier: License :: OSI Approved :: MIT License", "License: see file"], ("MIT",)),
        (["License: Apache License 2.0"], ("Apache-2.0",)),
        (["License-Expression: GPL-3.0-only OR MIT"], ("GPL-3.0-only", "MIT")),
    ],
    ids=["expression", "classifier", "words", "a choice"],
)
def test_permissive_licences_ship(tmp_path: Path, metadata: list[str], licences: tuple[str, ...]) -> None:
    distribution(tmp_path, "something", *metadata)
    assert {one.name: one.licences for one in dependencies.shipped(tmp_path)}["something"] == licences


@pytest.mark.parametrize("metadata", [["License-Expression: GPL-3.0-only"], ["License-Expression: MIT AND GPL-3.0-only"], []])
def test_other_licences_are_refused(tmp_path: Path, metadata: list[str]) -> None:
    distribution(tmp_path, "something", *metadata)
    with pytest.raises(DependencyError, match="something"):
        dependencies.shipped(tmp_path)


def test_the_page_of_licences_lists_what_is_locked_to_ship() -> None:
    lines = (ROOT / "docs" / "licences.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in lines if "|" in line]
    told = {f"{name}=={version}".lower() for name, version, _ in rows[2:]}
    framework = next(pinned for pinned in locked("everything") if pinned.startswith(f"{dependencies.FRAMEWORK}=="))
    assert told == set(locked("with tokens")) | {framework}, "run `make lock`"


@pytest.mark.deploy
def test_the_bill_of_materials_is_valid_and_complete(copy_sources: Callable[[], Path], tmp_path: Path) -> None:
    bundle = build(settings_from({}, stage="dev", year=2026), tmp_path, root=copy_sources())
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bundle.materials.read_text()) is None
    with zipfile.ZipFile(bundle.zip) as archive:
        metadata = (re.match(r"([^/]+)-[^/-]+\.dist-info/METADATA", name) for name in archive.namelist())
        packed = {found[1].replace("_", "-") for found in metadata if found}
    named = {
        part["purl"].partition("/")[2].rpartition("@")[0]: part["purl"] for part in json.loads(bundle.materials.read_text())["components"]
    }
    libraries = {name for name, purl in named.items() if purl.startswith("pkg:npm/")}
    assert libraries == {"preact", "htm", "oauth4webapi", "swagger-ui-dist"}, "D13: JavaScript that ships is in the bill too"
    assert named.keys() - libraries == {name.lower() for name in packed | {dependencies.FRAMEWORK}}


def test_the_bill_names_one_licence_that_may_be_chosen() -> None:
    (part,) = bill_of_materials([Shipped("x", "1", ("GPL-3.0-only", "MIT"), "")], application="a")["components"]
    assert part["licenses"] == [{"license": {"name": "MIT"}}]


def test_d13_the_versions_of_javascript_are_those_that_were_vendored() -> None:
    pinned = {
        name: version
        for one in json.loads((ROOT / "tools" / "vendor.json").read_text()).values()
        for name, version in one["packages"].items()
    }
    assert {one.name: one.version for one in dependencies.scripts(ROOT)} == pinned | {"swagger-ui-dist": vendor.VERSION}


def test_d13_an_advisory_of_npm_fails_the_audit() -> None:
    advisory = {"url": "https://github.com/advisories/GHSA-1", "severity": "high"}
    verdict = audit.judged_npm({"htm": [advisory]}, {"htm": ["3.1.1"], "preact": ["11.2.0"]})
    assert verdict == audit.Verdict(2, ["htm 3.1.1: https://github.com/advisories/GHSA-1, high"], [])
    assert audit.judged_npm({}, {"htm": ["3.1.1"]}).status == audit.CLEAN
    unknown = audit.Verdict(0, [], ["htm: npm could not be asked"])
    assert audit.together(audit.Verdict(3, [], []), unknown).status == audit.NOT_AUDITED


SOUND: dict[str, Any] = {"name": "six", "version": "1.17.0", "vulns": []}
BROKEN = {"name": "six", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}]}
PASSED_OVER = {"name": "tzdata", "skip_reason": "Dependency not found on PyPI and could not be audited: tzdata (2026.6)"}


@pytest.mark.parametrize(
    ("found", "status", "words"),
    [
        ([SOUND], audit.CLEAN, "1 distributions, no known vulnerability"),
        ([SOUND, BROKEN], audit.VULNERABLE, "VULNERABLE: six 1.0: PYSEC-1, mended in 1.1"),
        ([BROKEN, PASSED_OVER], audit.VULNERABLE, "NOT AUDITED: 1 distributions, 1 were"),
        ([SOUND, PASSED_OVER], audit.NOT_AUDITED, "NOT AUDITED"),
        ([], audit.NOT_AUDITED, ""),
    ],
    ids=["sound", "vulnerable", "vulnerable and unknown", "unknown", "nothing"],
)
def test_an_audit_says_what_it_found_and_what_it_could_not_find(found: list[Any], status: int, words: str) -> None:
    verdict = audit.judged({"dependencies": found})
    assert verdict.status == status
    assert words in audit.told(verdict)


@pytest.mark.parametrize(("option", "status"), [([], audit.NOT_AUDITED), (["--tolerate-unreachable"], 0)])
def test_an_audit_without_a_service_is_not_taken_for_a_good_one(option: list[str], status: int) -> None:
    command = [sys.executable, "-m", "tools.audit", "--locked", "requirements.txt", *option]
    environ = os.environ | {"HTTPS_PROXY": NO_INDEX, "https_proxy": NO_INDEX}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("NOT AUDITED")
