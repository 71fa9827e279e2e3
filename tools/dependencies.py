"""What ships besides the sources: distributions that are locked in uv.lock, and what is known of each.

pip installs them into the package by their hashes, for the target's system whatever the machine is. Chalice's packager would
fetch by name and version what does not fit the machine, without looking at a hash.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tools.targets import Target

LOCKED = "uv.lock"
PROJECT = ("pyproject.toml", LOCKED)
"""What says which distributions are needed, and what is locked."""
SHIPS = {False: ("--no-dev",), True: ("--no-dev", "--extra", "jwt")}
"""What ships, as options of `uv export`, by whether the service checks bearer tokens: the library for that is larger than all the rest."""
EVERYTHING = ("--all-groups", "--all-extras")
FRAMEWORK = "chalice"
"""Its runtime is put into the package by `chalice package`, without metadata."""
SDK_SERVICES = ("dynamodb", "events", "s3", "sqs")
"""What the functions call. The SDK brings descriptions of four hundred services, which are most of its size."""
PERMISSIVE = frozenset({"MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "BSD License", "Apache-2.0", "PSF-2.0", "ISC", "0BSD"})
_SPELLINGS = {"Apache License 2.0": "Apache-2.0", "Apache Software License": "Apache-2.0", "MIT License": "MIT", "BSD": "BSD License"}


SCRIPTS = ("chalicelib/console/static", "chalicelib/api/pages")
"""Where JavaScript ships."""
_VENDORED = "; made by tools/vendor.py */"
_LIBRARY = re.compile(r"([\w@/.-]+) (\d[\w.-]*) \(([^)]+)\)")
_SWAGGER = re.compile(r"/\* Swagger UI (\S+), (\S+), ")
_NPM_PAGE = "https://www.npmjs.com/package/"


class DependencyError(Exception):
    """A dependency that can't be shipped; the message says why."""


class Shipped(NamedTuple):
    """A distribution in the package, of PyPI or of npm. `licences`: any one of them may be chosen."""

    name: str
    version: str
    licences: tuple[str, ...]
    page: str
    registry: Literal["pypi", "npm"] = "pypi"

    @property
    def purl(self) -> str:
        """What names it for everybody (package-url)."""
        return f"pkg:{self.registry}/{self.name.lower()}@{self.version}"


def export(root: Path, which: Iterable[str]) -> str:
    """Part of what is locked in a project, with hashes, as pip reads it. It asks no index."""
    command = [
        str(Path(sys.executable).with_name("uv")),
        "export",
        "--quiet",
        "--frozen",
        "--project",
        str(root),
        "--python",
        sys.executable,
    ]
    command += ["--no-python-downloads", "--no-emit-project", "--no-annotate", "--no-header", *which]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise DependencyError(f"{LOCKED} can't be read:\n{done.stderr}")
    return done.stdout


def install(lock: Path, tree: Path, target: Target) -> None:
    """Installs what is locked into `tree`. Raises `DependencyError` for what has another hash, or no wheel for the target."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps"]
    command += ["--require-hashes", "-r", str(lock), "--target", str(tree), "--only-binary", ":all:"]
    command += ["--implementation", "cp", "--python-version", target.version]
    command += [word for platform in target.platforms for word in ("--platform", platform)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise DependencyError(f"what is locked in {lock.name} can't be installed for {target.runtime}, {target.machine}:\n{done.stderr}")
    drop_unused_services(tree)


def drop_unused_services(tree: Path) -> None:
    """Takes out of the SDK what describes services that nobody here calls."""
    for service in (tree / "botocore" / "data").glob("*/"):
        if service.name not in SDK_SERVICES:
            shutil.rmtree(service)


def shipped(tree: Path) -> list[Shipped]:
    """The distributions in a package, the framework included. Raises `DependencyError` for a licence that is not permissive."""
    found = [*distributions(path=[str(tree)]), distribution(FRAMEWORK)]
    return _permitted(sorted(_described(one) for one in found))


def _permitted(listed: list[Shipped]) -> list[Shipped]:
    if refused := [one for one in listed if not PERMISSIVE & set(one.licences)]:
        told = ", ".join(f"{one.name} ({' or '.join(one.licences)})" for one in refused)
        raise DependencyError(f"not under a permissive licence: {told}")
    return listed


def scripts(tree: Path) -> list[Shipped]:
    """The JavaScript libraries in a package, by the first line that tools/vendor.py and tools/openapi/vendor.py give their files.

    Raises `DependencyError` for a licence that is not permissive.
    """
    files = [file for folder in SCRIPTS for pattern in ("*.js", "*.css") for file in sorted((tree / folder).glob(pattern))]
    named = [one for file in files for one in _named(file.read_text().partition("\n")[0])]
    listed = sorted(Shipped(name, version, (licence,), _NPM_PAGE + name, "npm") for name, version, licence in named)
    return _permitted(listed)


def _named(head: str) -> list[tuple[str, str, str]]:
    if swagger := _SWAGGER.match(head):
        return [("swagger-ui-dist", swagger[1], swagger[2])]
    return _LIBRARY.findall(head) if head.endswith(_VENDORED) else []


def _described(one: Distribution) -> Shipped:
    pages = [url.partition(",")[2].strip() for url in one.metadata.get_all("Project-URL") or []]
    page = next(iter((one.metadata.get_all("Home-page") or []) + pages), "")
    return Shipped(one.name.replace("_", "-"), one.version, tuple(sorted(set(_licences(one)))), page)


def _licences(one: Distribution) -> Iterator[str]:
    """By the metadata's newest field that is filled in: an SPDX expression, classifiers, or words."""
    expressions = one.metadata.get_all("License-Expression") or []
    classified = [line.split(" :: ")[-1] for line in one.metadata.get_all("Classifier") or [] if line.startswith("License ::")]
    told = [part for line in expressions for part in line.split(" OR ")] or classified or one.metadata.get_all("License") or ["unknown"]
    return (_SPELLINGS.get(licence, licence) for licence in told)


def bill_of_materials(components: Iterable[Shipped], *, application: str) -> dict[str, Any]:
    """A CycloneDX document. It has no date and no serial number: the same package has the same one."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": application}},
        "components": [
            {
                "type": "library",
                "bom-ref": one.purl,
                "purl": one.purl,
                "name": one.name,
                "version": one.version,
                "licenses": [{"license": {"name": licence}} for licence in one.licences if licence in PERMISSIVE][:1],
                "externalReferences": [{"type": "website", "url": one.page}] if one.page else [],
            }
            for one in components
        ],
    }
