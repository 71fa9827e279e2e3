"""`make deploy-check`: each thing that would make a deployment fail is found beforehand, on an embedded account."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.deploy.test_first_deployment import EmptyAccount
from tools import deploy_check
from tools.aws import Aws
from tools.bundle import Bundle, cached
from tools.checks import FAILED, NOT_PROVEN, OK, Failed, Finding, status
from tools.deploy_check import FUNCTIONS, STACK_NAME_CHARACTERS_MAX, Preflight, parsed
from tools.embedded import BUILDS, REGION, STACK
from tools.targets import here
from tools.template import settings_from

pytestmark = pytest.mark.deploy

BUCKET = "artefacts"
NEW, THERE = "packages-billing-prod", STACK


@pytest.fixture(scope="module")
def account() -> Iterator[EmptyAccount]:
    """An account as docs/deploy.md makes it, once for all."""
    with EmptyAccount() as running:
        storage = running.client("s3")
        storage.create_bucket(Bucket=BUCKET)
        storage.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        role = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::000000000000:role/logs"}]
        running.client("apigateway").update_account(patchOperations=role)
        yield running


@pytest.fixture(autouse=True)
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dist/ with what `make package STAGE=prod` writes, as far as it is looked at."""
    tags = {"aws-chalice": "version=1.34.0:stage=prod:app=packages-billing"}
    (tmp_path / "sam.json").write_text(json.dumps({"Resources": {"APIHandler": {"Properties": {"Tags": tags}}}}))
    monkeypatch.setattr(deploy_check, "DIST", tmp_path)
    return tmp_path


def checked(account: EmptyAccount, *, stage: str = "prod", stack: str = NEW, bucket: str | None = BUCKET) -> dict[str, Finding]:
    found = list(Preflight(Aws(account.endpoint), stage=stage, stack=stack, bucket=bucket).findings())
    assert status(found) == int(any(one.status == FAILED for one in found))
    return {one.check: one for one in found}


def failures(found: dict[str, Finding]) -> dict[str, str]:
    return {check: one.detail for check, one in found.items() if one.status == FAILED}


def test_an_account_that_is_ready_passes(account: EmptyAccount) -> None:
    found = checked(account)
    assert failures(found) == {}
    assert {check for check, one in found.items() if one.status == NOT_PROVEN} == {"protection", "permissions"}
    assert "DeletionProtection=off first" in found["stack"].detail


def test_c_a_name_that_is_too_long_is_found_before_the_deployment(account: EmptyAccount) -> None:
    assert STACK_NAME_CHARACTERS_MAX == 43
    assert max(len(f"{'x' * STACK_NAME_CHARACTERS_MAX}-{name}") for name in FUNCTIONS) == 64
    assert "44 characters" in failures(checked(account, stack="x" * 44))["stack's name"]
    assert failures(checked(account, stack="x" * 43)) == {}


def test_what_lies_about_under_the_stacks_names_is_listed(account: EmptyAccount) -> None:
    key = {"AttributeName": "pk", "KeyType": "HASH"}
    account.client("dynamodb").create_table(
        TableName="left-ledger",
        KeySchema=[key],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    account.client("sqs").create_queue(QueueName="left-record-usage-dead-letters")
    account.client("sqs").create_queue(QueueName="left-something-else")
    account.client("logs").create_log_group(logGroupName="/aws/lambda/left-run_package")
    told = failures(checked(account, stack="left"))["leftovers"]
    assert "log group /aws/lambda/left-run_package, queue left-record-usage-dead-letters, table left-ledger:" in told


def test_a_package_of_another_stage_is_refused(account: EmptyAccount, dist: Path) -> None:
    assert "packaged for stage prod" in failures(checked(account, stage="dev"))["package"]
    (dist / "sam.json").unlink()
    assert "make package STAGE=prod" in failures(checked(account))["package"]


def test_a_bucket_must_be_there_with_versions(account: EmptyAccount) -> None:
    account.client("s3").create_bucket(Bucket="forgetful")
    assert "versioning on" in failures(checked(account, bucket="forgetful"))["bucket"]
    assert "nobodys" in failures(checked(account, bucket="nobodys"))["bucket"] or failures(checked(account, bucket="nobodys"))["bucket"]
    assert checked(account, bucket=None)["bucket"].status == NOT_PROVEN


def test_too_little_concurrency_is_told_with_what_is_needed(account: EmptyAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(account.endpoint)
    limits = {"AccountLimit": {"UnreservedConcurrentExecutions": 10, "ConcurrentExecutions": 10}}
    monkeypatch.setattr(aws.client("lambda"), "get_account_settings", lambda: limits)
    told = Preflight(aws, stage="prod", stack=NEW, bucket=None)
    with pytest.raises(Failed, match="307 are needed and 10 are free"):
        told.concurrency()
    assert Preflight(aws, stage="dev", stack=NEW, bucket=None).concurrency() == "0 to reserve, 10 free"


def test_an_account_without_a_log_role_is_told(account: EmptyAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(account.endpoint)
    monkeypatch.setattr(aws.client("apigateway"), "get_account", dict)
    with pytest.raises(Failed, match="the account has none"):
        Preflight(aws, stage="prod", stack=NEW, bucket=None).log_role()


def test_settings_that_can_not_be_packaged_are_told(account: EmptyAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_MODE", "none")
    assert "would open stage prod" in failures(checked(account))["settings"]


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return cached(settings_from({"SWEEP_SEGMENTS": "2"}, stage="dev", year=datetime.now(UTC).year, target=here()), BUILDS)


def test_b10_a_stack_whose_tables_can_be_deleted_is_told(account: EmptyAccount, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    account.deploy(bundle, DeletionProtection="off")
    assert "DeletionProtection=on" in failures(checked(account, stack=THERE))["protection"]
    account.deploy(bundle, DeletionProtection="on")
    assert "update-termination-protection" in failures(checked(account, stack=THERE))["protection"]
    account.client("cloudformation").update_termination_protection(StackName=STACK, EnableTerminationProtection=True)
    found = checked(account, stack=THERE)
    assert (failures(found), found["leftovers"].status) == ({}, OK)
    monkeypatch.setenv("BILLING_TIMEZONE", "Europe/Berlin")
    assert "BILLING_TIMEZONE=UTC" in failures(checked(account, stack=THERE))["time zone"]


def test_its_command_line() -> None:
    asked = parsed(["--stage", "prod", "--bucket", "b"])
    assert (asked.stage, asked.stack, asked.bucket, asked.endpoint) == ("prod", None, "b", None)
    with pytest.raises(SystemExit):
        parsed(["--stage", "local"])
    assert Aws("http://127.0.0.1:1").region == REGION
