"""Builds what is deployed: one template and one zip, the same bytes from the same sources.

Chalice packages a clean copy of the sources, since everything below chalicelib/ ships, caches of the interpreter
included. Afterwards the zip is made anew with what it depends on, by hashes, and with bytecode inside: /var/task is
read-only, so without it every cold start compiles every module again.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools import stage
from tools.dependencies import PROJECT, SHIPS, bill_of_materials, export, install, scripts, shipped
from tools.targets import Target, interpreter
from tools.template import Settings, handler_names, merge_template

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "sam.json"
ZIP = "deployment.zip"
MATERIALS = "sbom.json"
SHIPPED = ("app.py", "chalicelib", ".chalice")
BUILDERS = (
    "bundle.py", "cron.py", "dependencies.py", "gateway.py", "parts.py", "stage.py", "tables.py", "targets.py", "template.py",
    "template.yaml", "variables.py",
)  # fmt: skip
"""Files of tools/ that what is built depends on."""
NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc", "deployments", "deployed")
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
KEPT_BUILDS = 16
"""As many as the tests make, with one setting or another; a build for the embedded stack has some 2 MB."""


class PackagingError(Exception):
    """Chalice refused to package; the message is its output."""


@dataclass(frozen=True)
class Bundle:
    """A finished build: where its template and zip are, and the hash of everything that went into it."""

    directory: Path
    fingerprint: str

    @property
    def has_bytecode(self) -> bool:
        """Whether modules are compiled already: else each cold start does it."""
        with zipfile.ZipFile(self.zip) as archive:
            return any(name.endswith(".pyc") for name in archive.namelist())

    @property
    def template(self) -> Path:
        return self.directory / TEMPLATE

    @property
    def zip(self) -> Path:
        return self.directory / ZIP

    @property
    def materials(self) -> Path:
        return self.directory / MATERIALS


def files_below(root: Path, names: tuple[str, ...]) -> Iterator[Path]:
    for name in names:
        path = root / name
        candidates = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (item for item in candidates if item.is_file() and not {"__pycache__", "deployments", "deployed"} & set(item.parts))


def fingerprint(settings: Settings, *, root: Path = ROOT) -> str:
    """Changes whenever the package would: sources, settings, interpreter, and the tools that build it."""
    made_for = [settings.stage, dict(settings.variables), settings.year, settings.target, sys.version, interpreter(settings.target)]
    digest = hashlib.sha256(json.dumps(made_for).encode())
    for path in files_below(root, (*SHIPPED, *PROJECT, *(f"tools/{name}" for name in BUILDERS))):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def stage_sources(root: Path, target: Path, settings: Settings) -> None:
    """Copies what ships and writes the template to merge beside it."""
    for name in SHIPPED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=NOT_SHIPPED)
        else:
            shutil.copy(source, target / name)
    (target / "requirements.txt").write_text("")  # Chalice adds itself; the rest is not fetched by it (tools/dependencies.py)
    merged = merge_template(settings, stage.read(target, settings.stage), handlers=handler_names(target / "app.py"))
    (target / "merge.json").write_text(json.dumps(merged, indent=1))


def chalice_environment(caller: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The caller's environment and the variables that app.py may look at, but nobody's AWS account.

    Packaging signs nothing, yet botocore would look for credentials, in the end on the network. Chalice imports what it packages:
    bytecode of the packager's own Python must not stay beside it.
    """
    kept = {name: value for name, value in caller.items() if not name.startswith("AWS_")}
    region = caller.get("AWS_REGION") or caller.get("AWS_DEFAULT_REGION") or "us-east-1"
    account = {"AWS_DEFAULT_REGION": region, "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    return kept | account | {"AWS_EC2_METADATA_DISABLED": "true", "PYTHONDONTWRITEBYTECODE": "1"} | dict(settings.variables)


def run_chalice(source: Path, out: Path, settings: Settings) -> None:
    """Runs `chalice package` as a person would. Raises `PackagingError`."""
    command = [
        str(Path(sys.executable).with_name("chalice")),
        "package",
        "--stage",
        settings.stage,
        "--merge-template",
        "merge.json",
        str(out),
    ]
    done = subprocess.run(command, check=False, cwd=source, env=chalice_environment(os.environ, settings), capture_output=True, text=True)
    if done.returncode:
        raise PackagingError(f"chalice package failed:\n{done.stdout}{done.stderr}")


def compile_tree(tree: Path, target: Target) -> None:
    """Adds bytecode that is never checked against its source: the two travel together and never change.

    A process of its own with a fixed hash seed, because the order of a set in a constant would else differ. Without an
    interpreter of the target's version, none is added.
    """
    python = interpreter(target)
    if python is None:
        return
    command = [
        python,
        "-m",
        "compileall",
        "-q",
        "-j",
        "0",
        "-s",
        str(tree),
        "--invalidation-mode",
        "unchecked-hash",
        str(tree),
    ]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONHASHSEED": "0"})


def write_zip(tree: Path, target: Path) -> None:
    """Sorted names, one date, one mode: two builds of the same tree are the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(item for item in tree.rglob("*") if item.is_file()):
            entry = zipfile.ZipInfo(str(path.relative_to(tree)), ZIP_EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())


def completed(source: Path, tree: Path, settings: Settings, *, lock: Path) -> None:
    """Unpacks Chalice's zip into `tree` and adds what it depends on, and bytecode. Raises `DependencyError`.

    The embedded stack's functions run in this environment, which has the same releases. Without them in the zip a cold
    start unpacks thirty files instead of a thousand, and the stack works where Lambda's wheels don't.
    """
    with zipfile.ZipFile(source) as archive:
        archive.extractall(tree)
    if not settings.is_local:
        install(lock, tree, settings.target)
    compile_tree(tree, settings.target)


def package_sources(settings: Settings, workspace: Path, *, root: Path = ROOT) -> Path:
    """Has Chalice package a copy of `root`: a directory in `workspace` with the template as it is deployed, and a zip without
    what it depends on. Raises `PackagingError`.
    """
    source, out = workspace / "source", workspace / "out"
    source.mkdir()
    stage_sources(root, source, settings)
    run_chalice(source, out, settings)
    return out


def build(settings: Settings, out: Path, *, root: Path = ROOT) -> Bundle:
    """Packages `root` for a stage into the directory `out`. Raises `PackagingError` and `DependencyError`."""
    key = fingerprint(settings, root=root)
    with tempfile.TemporaryDirectory(prefix="packages-billing-") as temporary:
        workspace = Path(temporary)
        packaged = package_sources(settings, workspace, root=root)
        out.mkdir(parents=True, exist_ok=True)
        tree = workspace / "tree"
        lock = workspace / "requirements.txt"
        lock.write_text(export(root, SHIPS[settings.variables["AUTH_MODE"] == "jwt"]))
        completed(packaged / ZIP, tree, settings, lock=lock)
        materials = bill_of_materials([*shipped(tree), *scripts(tree)], application="packages-billing")
        write_zip(tree, out / ZIP)
        (out / MATERIALS).write_text(json.dumps(materials, indent=1) + "\n")
        shutil.copy(packaged / TEMPLATE, out / TEMPLATE)
    return Bundle(directory=out, fingerprint=key)


def drop_old_builds(cache: Path) -> None:
    """Keeps those that were used last."""
    builds = sorted((path for path in cache.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in builds[:-KEPT_BUILDS]:
        shutil.rmtree(path, ignore_errors=True)


def cached(settings: Settings, cache: Path, *, root: Path = ROOT) -> Bundle:
    """The build of these sources, made only if no earlier one is kept; processes wait for each other's."""
    cache.mkdir(parents=True, exist_ok=True)
    key = fingerprint(settings, root=root)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        target = cache / key
        if not target.exists():
            unfinished = cache / f"{key}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            build(settings, unfinished, root=root)
            unfinished.rename(target)
        os.utime(target)
        drop_old_builds(cache)
    return Bundle(directory=target, fingerprint=key)
