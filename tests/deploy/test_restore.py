"""A drill on the embedded AWS: tables are spoilt, restored beside, checked, and the service goes over to them and back.

What is not AWS here: the emulator restores what a table holds now, whatever moment is asked for. Of a stack's template it
passes over point-in-time recovery, which is switched on here, and reserved concurrency, so that a stopped service takes no
messages but answers requests.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.storage.keys import TABLES
from tests.api.support import (
    Json,
    a_customer,
    a_package,
    an_assignment,
    balance,
    charges,
    day,
    due_dates,
    evaluate,
    ok,
    pay,
    queue_is_empty,
)
from tests.deploy.signed import signing
from tools.bundle import ROOT, Bundle, cached
from tools.embedded import BUILDS, STACK, EmbeddedStack
from tools.targets import here
from tools.template import settings_from

pytestmark = pytest.mark.deploy

SUFFIX = "-restored"
OVER = {f"{name.capitalize()}TableSuffix": SUFFIX for name in TABLES}
BACK = dict.fromkeys(OVER, "")


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return cached(settings_from({"SWEEP_SEGMENTS": "2"}, stage="dev", year=datetime.now(UTC).year, target=here()), BUILDS)


@pytest.fixture(scope="module")
def stack(bundle: Bundle) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(bundle=bundle) as running:
        for name in set(TABLES):
            running.client("dynamodb").update_continuous_backups(
                TableName=running.table_name(name), PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
        yield running


def tool(stack: EmbeddedStack, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"tools.{name}", "--stack", STACK, "--endpoint", stack.endpoint, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def spoil(stack: EmbeddedStack, customer: str) -> None:
    """Takes the customer's ledger away, as a bad script would."""
    client, table = stack.client("dynamodb"), stack.table_name("ledger")
    found = client.query(TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": customer}})
    for item in found["Items"]:
        client.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})


def described(stack: EmbeddedStack, name: str) -> Json:
    return dict(stack.client("dynamodb").describe_table(TableName=stack.table_name(name) + SUFFIX)["Table"])


def environment(stack: EmbeddedStack, function: str) -> dict[str, str]:
    told = stack.client("lambda").get_function_configuration(FunctionName=stack.function_name(function))
    return dict(told["Environment"]["Variables"])


def sources_enabled(stack: EmbeddedStack) -> set[str]:
    """Of queues: what reads streams is made anew here (`tools.embedded`), so the template does not reach it."""
    found = stack.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return {one["State"] for one in found if ":sqs:" in one["EventSourceArn"]}


def test_a6_the_service_goes_over_to_restored_tables_and_nothing_is_deleted(stack: EmbeddedStack, bundle: Bundle) -> None:
    with signing(stack) as api:
        customer, package = a_customer(api), a_package(api, retail="2", frequency="daily")
        an_assignment(api, customer, package, start_date=day(), auto_decrement_credit=True)
        pay(api, customer, "10")
        evaluate(stack, api, day())
        queue_is_empty(stack)
        assert balance(api, customer) == 8

    restored = tool(stack, "restore", f"--suffix={SUFFIX}")
    assert (restored.returncode, restored.stderr) == (0, "")
    again = tool(stack, "restore", f"--suffix={SUFFIX}")
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    assert tool(stack, "restore", f"--suffix={SUFFIX}", "--resume").returncode == 0

    spoil(stack, customer)
    assert tool(stack, "balances").returncode == 1, "the tables in use are spoilt"
    assert tool(stack, "balances", f"--suffix={SUFFIX}").returncode == 0, "the restored ones are sound"

    stack.deploy(bundle, Service="stopped")
    assert sources_enabled(stack) == {"Disabled"}
    stack.deploy(bundle, Service="running", **OVER)
    assert sources_enabled(stack) == {"Enabled"}
    assert environment(stack, "post_charges")["LEDGER_TABLE"] == stack.table_name("ledger") + SUFFIX
    with signing(stack) as api:
        assert due_dates(charges(api, customer)) == [day()]
        pay(api, customer, "1")
        assert evaluate(stack, api, day())["run_id"]
        queue_is_empty(stack)
        assert balance(api, customer) == 9
    assert tool(stack, "balances").returncode == 0, "asked of the stack, the tool looks at what the stack uses"

    assert stack.client("dynamodb").describe_table(TableName=stack.table_name("ledger"))["Table"]["TableStatus"] == "ACTIVE"
    stack.deploy(bundle, **BACK)
    with signing(stack) as api:
        assert ok(api.get(f"/customers/{customer}/ledger"))["items"] == [], "the spoilt table is still there to be looked at"


@pytest.mark.parametrize("name", TABLES)
def test_a_restored_table_has_what_the_stacks_own_has(stack: EmbeddedStack, name: str) -> None:
    """Point-in-time recovery, protection, expiry, stream and indexes: DynamoDB restores only the last."""
    client, table = stack.client("dynamodb"), described(stack, name)
    backups: dict[str, Any] = client.describe_continuous_backups(TableName=table["TableName"])["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert table["DeletionProtectionEnabled"] is True
    assert {one["IndexName"] for one in table.get("GlobalSecondaryIndexes", [])} == {
        one["IndexName"] for one in TABLES[name].get("GlobalSecondaryIndexes", [])
    }
    assert table.get("StreamSpecification") == TABLES[name].get("StreamSpecification")
    expiry = client.describe_time_to_live(TableName=table["TableName"])["TimeToLiveDescription"]
    assert expiry.get("AttributeName") == TABLES[name].get("TimeToLive")


def test_the_stacks_answers_name_the_tables_in_use(stack: EmbeddedStack, bundle: Bundle) -> None:
    """The stream is of the stack's own ledger, so it is told only while that is in use."""

    def told() -> dict[str, str]:
        (found,) = stack.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}

    assert told()["LedgerTableName"] == stack.table_name("ledger")
    assert f":table/{stack.table_name('ledger')}/stream/" in told()["LedgerStreamArn"]
    stack.deploy(bundle, LedgerTableSuffix=SUFFIX)
    assert told()["LedgerTableName"] == stack.table_name("ledger") + SUFFIX
    assert "LedgerStreamArn" not in told()
    stack.deploy(bundle, LedgerTableSuffix="")


def test_roles_of_a_restored_stack_reach_the_restored_tables_only(bundle: Bundle) -> None:
    resources = json.loads(bundle.template.read_text())["Resources"]
    roles = {name: json.dumps(one) for name, one in resources.items() if one["Type"] == "AWS::IAM::Role"}
    for name, text in roles.items():
        for table in TABLES:
            assert f"{table.capitalize()}Table.Arn" not in text, name
            assert f'["{table.capitalize()}Table", "Arn"]' not in text, name
