"""The deployable package: what its template says, and that its zip is complete and always the same."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.bundle import ROOT, Bundle, build
from tools.template import CONSUMERS, SettingsError, settings_from

pytestmark = pytest.mark.deploy

LAMBDA_BRINGS = ("botocore", "jmespath", "urllib3")
MAKE_CLIENT = "from chalicelib import deployment; print(type(deployment.dynamodb()).__name__)"
TABLE_ENVIRONMENT = {"CATALOG_TABLE", "ACCOUNTS_TABLE", "LEDGER_TABLE", "USAGE_TABLE", "RUNS_TABLE"}


SETTINGS = settings_from({"BILLING_TIMEZONE": "Europe/Berlin"}, stage="prod", year=2026)


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


def test_cfn_lint_finds_nothing(bundle: Bundle) -> None:
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([linter, "--non-zero-exit-code", "informational", bundle.template], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_two_builds_are_the_same_bytes(bundle: Bundle, sources: Path, tmp_path: Path) -> None:
    again = build(SETTINGS, tmp_path, root=sources)
    assert again.zip.read_bytes() == bundle.zip.read_bytes()
    assert again.template.read_bytes() == bundle.template.read_bytes()


def test_zip_needs_only_what_lambda_brings(bundle: Bundle, tmp_path: Path) -> None:
    """Imports the app with the standard library, the zip's content and botocore: boto3 itself is too dear for a cold start."""
    code, brought = tmp_path / "code", tmp_path / "brought"
    brought.mkdir()
    with zipfile.ZipFile(bundle.zip) as archive:
        archive.extractall(code)
    site_packages = Path(pytest.__file__).parent.parent
    for name in LAMBDA_BRINGS:
        (brought / name).symlink_to(site_packages / name)
    script = f"import sys; sys.path[:0] = [{str(code)!r}, {str(brought)!r}]; import app; print(app.app.app_name); {MAKE_CLIENT}"
    environ = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, env=environ, check=False)
    assert (done.stdout.split(), done.stderr) == (["packages-billing", "DynamoDB"], "")


def test_zip_has_bytecode_for_every_module(bundle: Bundle) -> None:
    with zipfile.ZipFile(bundle.zip) as archive:
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


def test_tables_outlive_the_stack(resources: dict[str, Any]) -> None:
    tables = of_type(resources, "AWS::DynamoDB::Table")
    assert len(tables) == 5
    for table in tables.values():
        properties = table["Properties"]
        assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
        assert properties["DeletionProtectionEnabled"]
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["SSESpecification"] == {"SSEEnabled": True}
        assert properties["BillingMode"] == "PAY_PER_REQUEST"


def test_consumers_report_partial_failures_and_give_up_after_five_tries(resources: dict[str, Any]) -> None:
    consumers = [prefix for prefix in CONSUMERS.values() if prefix in resources]
    assert "PostCharges" in consumers
    for prefix in consumers:
        function, queue = resources[prefix]["Properties"], resources[f"{prefix}Queue"]["Properties"]
        (event,) = function["Events"].values()
        assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert event["Properties"]["Queue"] == {"Fn::Sub": f"${{{prefix}Queue.Arn}}"}
        assert queue["VisibilityTimeout"] == 6 * function["Timeout"]
        assert queue["RedrivePolicy"]["maxReceiveCount"] == 5


def test_what_no_caller_is_told_raises_an_alarm(resources: dict[str, Any]) -> None:
    found = of_type(resources, "AWS::CloudWatch::Alarm")
    expected = {"EvaluationFailedAlarm", "EvaluationMissingAlarm", "ParkedCustomersAlarm", "PostChargesDeadLettersAlarm"}
    assert expected <= set(found)
    assert all(alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}] for alarm in found.values())


def test_the_schedule_follows_the_billing_time_zone(resources: dict[str, Any]) -> None:
    (event,) = resources["EvaluateDueCharges"]["Properties"]["Events"].values()
    assert event["Properties"]["Schedule"] == "cron(30 1 * * ? *)"


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


def test_make_package_refuses_an_open_stage_before_it_writes() -> None:
    environ = os.environ | {"AUTH_MODE": "none"}
    command = [sys.executable, "-m", "tools.package", "--stage", "prod"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, "AUTH_MODE=none" in done.stderr) == (1, True)
