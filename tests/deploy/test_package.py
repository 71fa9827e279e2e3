"""The deployable package: what its template says, and that its zip is complete and always the same."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore
import pytest

from tools import stage
from tools.bundle import ROOT, Bundle, build
from tools.dependencies import LOCKED
from tools.targets import Target, here, interpreter
from tools.template import CONSUMERS, SettingsError, settings_from

pytestmark = pytest.mark.deploy

MAKE_CLIENT = "from chalicelib import deployment; print(type(deployment.dynamodb()).__name__)"
MAKE_PAGE = "from chalicelib.wire import pages; print(pages.run_report(REPORT).count('</html>'))"
REPORT = {"run_id": None, "simulate": True, "date": "2031-02-28", "customer": "acme", "totals": None}
TABLE_ENVIRONMENT = {"CATALOG_TABLE", "ACCOUNTS_TABLE", "LEDGER_TABLE", "USAGE_TABLE", "RUNS_TABLE"}


SETTINGS = settings_from({"BILLING_TIMEZONE": "Europe/Berlin"}, stage="prod", year=2026)
HERE = settings_from({"BILLING_TIMEZONE": "Europe/Berlin"}, stage="prod", year=2026, target=here())
PROCESSORS = {"aarch64": 183, "x86_64": 62}
"""Of the header of ELF files."""


@pytest.fixture(scope="module")
def sources(copy_sources: Callable[[], Path]) -> Path:
    return copy_sources()


@pytest.fixture(scope="module")
def bundle(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return build(SETTINGS, tmp_path_factory.mktemp("prod"), root=sources)


@pytest.fixture(scope="module")
def resources(bundle: Bundle) -> dict[str, Any]:
    return dict(json.loads(bundle.template.read_text())["Resources"])


def of_type(resources: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def functions(resources: Mapping[str, Any]) -> dict[str, Any]:
    return of_type(resources, "AWS::Serverless::Function")


def statements(resources: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def test_two_builds_are_the_same_bytes(bundle: Bundle, sources: Path, tmp_path: Path) -> None:
    again = build(SETTINGS, tmp_path, root=sources)
    assert again.zip.read_bytes() == bundle.zip.read_bytes()
    assert again.template.read_bytes() == bundle.template.read_bytes()


def test_two_builds_with_bytecode_are_the_same_bytes(runs_here: Bundle, sources: Path, tmp_path: Path) -> None:
    assert runs_here.has_bytecode
    assert build(HERE, tmp_path, root=sources).zip.read_bytes() == runs_here.zip.read_bytes()


@pytest.fixture(scope="module")
def runs_here(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The same package for this machine."""
    return build(HERE, tmp_path_factory.mktemp("here"), root=sources)


def test_the_zip_needs_nothing_but_python(runs_here: Bundle, tmp_path: Path) -> None:
    """Imports the app, makes its client and a page with the standard library and the zip's content: the SDK is in it, and pinned.

    The template engine is in it too, and is loaded for the page, not with the app.
    """
    with zipfile.ZipFile(runs_here.zip) as archive:
        archive.extractall(tmp_path)
    script = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; import app; print(app.app.app_name); {MAKE_CLIENT}"
    script += f"; print(sorted({{'jinja2', 'markupsafe'}} & sys.modules.keys())); REPORT = {REPORT}; {MAKE_PAGE}"
    environ = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, env=environ, check=False)
    assert (done.stdout.split(), done.stderr) == (["packages-billing", "DynamoDB", "[]", "1"], "")


def test_the_sdk_ships_with_the_services_that_are_called(bundle: Bundle) -> None:
    with zipfile.ZipFile(bundle.zip) as archive:
        services = {name.split("/")[2] for name in archive.namelist() if re.match("botocore/data/[^/]+/", name)}
        version = next(name for name in archive.namelist() if re.fullmatch(r"botocore-[\d.]+\.dist-info/METADATA", name))
    assert services == {"dynamodb", "events", "s3", "sqs"}
    assert version == f"botocore-{botocore.__version__}.dist-info/METADATA", "what was tested with"


def test_packages_without_tokens_do_without_the_library(bundle: Bundle) -> None:
    with zipfile.ZipFile(bundle.zip) as archive:
        assert [name for name in archive.namelist() if name.startswith(("jwt/", "cryptography/", "cffi/"))] == []


def test_b16_the_package_is_for_arm_and_a_runtime_with_years_to_come(bundle: Bundle, resources: dict[str, Any]) -> None:
    for function in functions(resources).values():
        assert (function["Properties"]["Runtime"], function["Properties"]["Architectures"]) == ("python3.13", ["arm64"])
    with zipfile.ZipFile(bundle.zip) as archive:
        libraries = {name: archive.read(name) for name in archive.namelist() if ".so" in Path(name).suffixes}
    assert libraries
    for name, content in libraries.items():
        assert content[:4] == b"\x7fELF"
        assert int.from_bytes(content[18:20], "little") == PROCESSORS["aarch64"], name
        assert re.search(r"\.(cpython-313-\S+|abi3)\.so$", name), name


def test_b16_wheels_come_for_either_processor_and_any_runtime() -> None:
    assert Target((3, 11), "x86_64").platforms[0] == "manylinux_2_26_x86_64"
    assert Target((3, 14), "aarch64").platforms[0] == "manylinux_2_34_aarch64"
    assert Target((3, 13), "arm64").architecture == "arm64"


@pytest.fixture(scope="module")
def lean_sources(copy_sources: Callable[[], Path]) -> Path:
    """Sources that need one distribution, which is installed sooner than all."""
    root = copy_sources()
    lock = root / LOCKED
    needed = r'(name = "packages-billing"\nversion = "0"\nsource = [^\n]*\n)dependencies = \[.*?^\]$'
    lean, found = re.subn(needed, r'\1dependencies = [{ name = "six" }]', lock.read_text(), count=1, flags=re.MULTILINE | re.DOTALL)
    assert found
    lock.write_text(lean)
    return root


def with_a_python(directory: Path, script: str) -> None:
    """Something called python3.13 on the PATH."""
    fake = directory / "python3.13"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)


@pytest.mark.parametrize("script", ["exit 127", "echo 3.12"], ids=["a stand-in that finds none", "another version"])
def test_b16_bytecode_is_made_by_the_targets_own_version_only(
    lean_sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    """Without one, the package has none and says so; it is the same bytes each time all the same."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    target = Target((3, 13) if sys.version_info[:2] != (3, 13) else (3, 14), "aarch64")
    if target.version == "3.13":
        with_a_python(tmp_path, script)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert interpreter(target) is None
    settings = settings_from({}, stage="prod", year=2026, target=target)
    one, other = (build(settings, tmp_path / name, root=lean_sources) for name in ("one", "other"))
    assert not one.has_bytecode
    assert one.zip.read_bytes() == other.zip.read_bytes()


def test_zip_has_bytecode_for_every_module(runs_here: Bundle) -> None:
    with zipfile.ZipFile(runs_here.zip) as archive:
        names = set(archive.namelist())
    tag = sys.implementation.cache_tag
    for name in (name for name in names if name.startswith("chalicelib/") and name.endswith(".py")):
        path = Path(name)
        assert str(path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc") in names


def test_every_function_has_its_own_role_and_all_variables(resources: dict[str, Any]) -> None:
    found = functions(resources)
    roles = [json.dumps(function["Properties"]["Role"]) for function in found.values()]
    assert len(set(roles)) == len(found) >= 4
    for function in found.values():
        assert TABLE_ENVIRONMENT | {"POST_CHARGES_QUEUE_URL"} <= set(function["Properties"]["Environment"]["Variables"])


def test_no_policy_reaches_beyond_the_stack(resources: dict[str, Any]) -> None:
    for role, statement in statements(resources):
        assert "*" not in statement["Resource"], role
        assert not any(action.endswith("*") for action in statement["Action"]), role


def test_policies_name_only_resources_of_the_template(resources: dict[str, Any]) -> None:
    for role, statement in statements(resources):
        for resource in statement["Resource"]:
            assert "Fn::Sub" in resource or resource["Fn::GetAtt"][0] in resources, role


def test_the_api_is_regional_and_within_the_gateways_time(resources: dict[str, Any]) -> None:
    assert resources["RestAPI"]["Properties"]["EndpointConfiguration"] == "REGIONAL"
    assert resources["APIHandler"]["Properties"]["Timeout"] == 29


def test_consumers_report_partial_failures_and_give_up_after_ten_tries(resources: dict[str, Any]) -> None:
    consumers = [prefix for prefix in CONSUMERS.values() if prefix in resources]
    assert "PostCharges" in consumers
    for prefix in consumers:
        function, queue = resources[prefix]["Properties"], resources[f"{prefix}Queue"]["Properties"]
        (event,) = function["Events"].values()
        assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert event["Properties"]["Queue"] == {"Fn::Sub": f"${{{prefix}Queue.Arn}}"}
        assert queue["VisibilityTimeout"] == 6 * function["Timeout"]
        assert queue["RedrivePolicy"]["maxReceiveCount"] == 10


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"AUTH_MODE": "none"}, "would open"),
        ({"AUTH_MODE": "jwt"}, "AUTH_ISSUER"),
        ({"AUTH_MODE": "basic"}, "one of"),
    ],
)
def test_deployable_stages_are_never_open(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        settings_from(environ, stage="prod", year=2026)


REFUSED = [
    ("AUTH_MODE", "none"),
    ("AUTH_MODE", "jwt"),
    ("AUTH_MODE", "basic"),
    ("BILLING_TIMEZONE", "Mars/Olympus"),
    ("BILLING_TIMEZONE", "../etc/passwd"),
    ("BILLING_TIMEZONE", "Antarctica/Troll"),
    ("DEFAULT_CURRENCY", "usd"),
    ("ALLOW_FUTURE", "perhaps"),
    ("SWEEP_SEGMENTS", "many"),
    ("MAX_LINES_PER_CUSTOMER", "0"),
    ("CALL_RETENTION_DAYS", "-1"),
    ("HISTORY_DAYS", "0"),
    ("NOTICE_DAYS", "7 7"),
    ("TERM_NOTICE_DAYS", "0"),
    ("SERVE_DOCS", "maybe"),
]


@pytest.mark.parametrize(("variable", "value"), REFUSED)
def test_make_package_refuses_what_would_not_run_in_one_line_and_writes_nothing(sources: Path, variable: str, value: str) -> None:
    environ = os.environ | {variable: value}
    command = [sys.executable, "-m", "tools.package", "--stage", "prod"]
    done = subprocess.run(command, cwd=sources, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("make package: ")
    assert value in line
    assert not (sources / "dist").exists()


BAD_SETTINGS = [
    ({"api_burst": 0}, "api_burst must be a whole number from 1"),
    ({"queue_concurrency": 1}, "queue_concurrency must be a whole number from 2"),
    ({"firewall_requests": 9}, "firewall_requests must be 0, or a whole number from 10"),
    ({"warm_writes_per_second": 3999}, "warm_writes_per_second must be 0, or a whole number from 4000"),
    ({"charges_held": "no", "api_burst": 0}, "api_burst must be a whole number from 1, charges_held must be a whole number from 1"),
    ({"charges_held": True}, "charges_held must be"),
    ({"api_bursts": 5}, "api_bursts unknown or missing"),
]


@pytest.mark.parametrize(("settings", "message"), BAD_SETTINGS, ids=str)
def test_bad_stage_settings_are_named(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    config = json.loads((ROOT / stage.CONFIG).read_text())
    config["stages"]["prod"]["stack"] = settings
    (tmp_path / stage.CONFIG).parent.mkdir()
    (tmp_path / stage.CONFIG).write_text(json.dumps(config))
    with pytest.raises(stage.StageError, match=message):
        stage.read(tmp_path, "prod")
    assert stage.read(tmp_path, "dev").stack.api_requests_per_second == 20
