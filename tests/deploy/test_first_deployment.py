"""A first deployment that fails leaves nothing behind that the next one would run into."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.storage.keys import TABLES
from tools.bundle import Bundle, cached
from tools.embedded import BUILDS, STACK, EmbeddedStack, EmbeddedStackError, Emulator
from tools.targets import here
from tools.template import settings_from

pytestmark = pytest.mark.deploy

FAILS = {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": "nobody", "AuthType": "AWS_IAM"}}
"""What can't be made, as a function may not for want of concurrency; after everything that would be kept."""


class EmptyAccount(EmbeddedStack):
    """An embedded AWS to which nothing is deployed yet."""

    def start(self) -> None:
        self._emulator = Emulator(port=0, state_dir=None, enforce_iam=True)
        self._await_emulator()

    def wait_until_deleted(self) -> None:
        """Until the stack is gone."""
        self._poll(lambda: self._describe() is None)


@pytest.fixture
def account() -> Iterator[EmptyAccount]:
    with EmptyAccount() as running:
        yield running


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return cached(settings_from({"SWEEP_SEGMENTS": "2"}, stage="dev", year=datetime.now(UTC).year, target=here()), BUILDS)


@pytest.fixture
def failing(bundle: Bundle, tmp_path: Path) -> Bundle:
    template = json.loads(bundle.template.read_text())
    kept = [name for name, one in template["Resources"].items() if one["Type"] in ("AWS::DynamoDB::Table", "AWS::SQS::Queue")]
    template["Resources"]["Fails"] = FAILS | {"DependsOn": kept}
    (tmp_path / bundle.template.name).write_text(json.dumps(template))
    (tmp_path / bundle.zip.name).write_bytes(bundle.zip.read_bytes())
    return Bundle(directory=tmp_path, fingerprint="failing")


def left(account: EmptyAccount) -> list[str]:
    return [*account.client("dynamodb").list_tables()["TableNames"], *account.client("sqs").list_queues().get("QueueUrls", [])]


def protected(account: EmptyAccount) -> set[bool]:
    told = (account.client("dynamodb").describe_table(TableName=account.table_name(name))["Table"] for name in TABLES)
    return {bool(table.get("DeletionProtectionEnabled")) for table in told}


def test_b10_a_first_deployment_that_fails_leaves_no_names_taken(account: EmptyAccount, failing: Bundle, bundle: Bundle) -> None:
    with pytest.raises(EmbeddedStackError, match="ROLLBACK_COMPLETE"):
        account.deploy(failing, DeletionProtection="off")
    assert left(account) == []
    account.client("cloudformation").delete_stack(StackName=STACK)
    account.deploy(bundle, DeletionProtection="off")
    assert protected(account) == {False}
    account.deploy(bundle, DeletionProtection="on")
    assert protected(account) == {True}
    account.client("cloudformation").delete_stack(StackName=STACK)
    account.wait_until_deleted()
    assert len(left(account)) == len(TABLES) + 9, "tables, queues and their dead letters are kept"
