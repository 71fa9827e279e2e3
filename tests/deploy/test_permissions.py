"""Each function's role allows what the function needs and nothing else: one permission less, and exactly that breaks."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import client_of
from tests.deploy import features
from tests.deploy.applied import APPLY_WORK, RECORD_USAGE
from tests.deploy.features import FAILS, Feature, Sample, finish_a_day
from tools.embedded import REGION, EmbeddedStack
from tools.template import resource_name

pytestmark = pytest.mark.deploy

FEATURES = {**features.FEATURES, "apply_work": APPLY_WORK, "record_usage": RECORD_USAGE}

LETTERS = {
    "G": "dynamodb:GetItem",
    "B": "dynamodb:BatchGetItem",
    "C": "dynamodb:ConditionCheckItem",
    "Q": "dynamodb:Query",
    "S": "dynamodb:Scan",
    "P": "dynamodb:PutItem",
    "U": "dynamodb:UpdateItem",
    "D": "dynamodb:DeleteItem",
    "M": "sqs:SendMessage",
    "V": "sqs:ChangeMessageVisibility",
    "R": "s3:GetObject",
    "W": "s3:PutObject",
    "A": "s3:AbortMultipartUpload",
    "E": "events:PutEvents",
}
"""How a need is written: `accounts:GU` is GetItem and UpdateItem on that table."""
EVERY = bool(os.environ.get("EVERY_PERMISSION"))
"""`make permissions` takes each of some 90 away, which takes several minutes; without, some of each role are."""
SOME = 2
AWS_ITSELF = (
    "logs:", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
    "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
)  # fmt: skip
"""What Lambda does with a function's role, not the function: not asked for by the emulator."""


class Permission(NamedTuple):
    """One action on one resource; `place` is the table, table/index or queue, or `results` for the bucket."""

    action: str
    resource: str

    @property
    def place(self) -> str:
        if ":s3:" in self.resource:
            return "results"
        return self.resource.rpartition("packages-billing-local-")[2]

    @property
    def short(self) -> str:
        letter = next((letter for letter, action in LETTERS.items() if action == self.action), self.action)
        return f"{self.place}:{letter}"


class Role:
    """A function's role in the running stack."""

    def __init__(self, stack: EmbeddedStack, function: str) -> None:
        self._iam = stack.client("iam")
        kind = "ApiHandler" if function == "api_handler" else resource_name(function)
        self.name = next(role["RoleName"] for role in self._iam.list_roles()["Roles"] if f"-{kind}Role-" in role["RoleName"])
        (self._policy,) = self._iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        document = self._iam.get_role_policy(RoleName=self.name, PolicyName=self._policy)["PolicyDocument"]
        self.permissions = [
            Permission(action, resource)
            for statement in document["Statement"]
            for action in statement["Action"]
            for resource in statement["Resource"]
        ]

    @contextmanager
    def without(self, permission: Permission) -> Iterator[None]:
        self._put([one for one in self.permissions if one != permission])
        try:
            yield
        finally:
            self._put(self.permissions)

    def _put(self, permissions: list[Permission]) -> None:
        statements = [{"Effect": "Allow", "Action": [one.action], "Resource": [one.resource]} for one in permissions]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self._iam.put_role_policy(RoleName=self.name, PolicyName=self._policy, PolicyDocument=document)


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    """A stack of its own, whose queues rest: what is queued would be worked off by other roles meanwhile."""
    with EmbeddedStack(env={"SWEEP_SEGMENTS": "2"}) as running:
        running.set_consumers(enabled=False)
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    """A client; one day is evaluated before."""
    with client_of(stack) as client:
        finish_a_day(Sample(stack, client))
        yield client


def broken(features: Mapping[str, Feature], given: Sample) -> set[str]:
    """Which of these features fail."""
    failed = set()
    for name, feature in features.items():
        try:
            feature.work(given)
        except FAILS:
            failed.add(name)
    return failed


RARELY = {
    "api_handler": {"runs:D": "a customer who is unparked is not found among the parked any more"},
    "post_charges": {
        "accounts:B": "where NOTICE_DAYS is set, the balances of those who are told of charges are read after those of the day",
        "ledger:Q": "an index of held charges that is behind is not believed",
        "runs:B": "the plan of a live run with more than 1,000 lines is stored in parts",
        "post-charges:V": "a message that fails comes back sooner than its queue would give it out",
        "do-work:M": "where OVERVIEW is true, a daily run that is over has the overview made",
        "post-charges:M": "a segment or a reversal that takes longer than the function may run is handed on",
    },
    "record_usage": {"record-usage:V": "as above"},
    "do_work": {
        "do-work:V": "as above",
        "apply-work:M": "the pieces of work that writes are done by `apply_work`",
        "history:Q": "a dry run of undoing an import looks up what a row has changed",
        "ledger/index/held:Q": "a forecast of all, or a kept simulation, tries what customers have held, if any does",
        "usage:Q": "a forecast of all, an audit, or a kept simulation looks up the calls of a minimum spend, if there is one",
        "accounts:G": "a customer in the middle of whose assignments a message ends is read again by the next",
        "results:A": "a large file that is not finished is given up at once, not by the bucket's lifecycle",
    },
    "apply_work": {
        "apply-work:V": "as above",
        "catalog:D": "what gets another name is not found by the words of the former one any more",
        "accounts:G": "an account that somebody else changes meanwhile is read again",
        "accounts:C": "a reindex writes what is missing, if that which it finds still stands",
        "catalog:C": "as above",
        "results:A": "as above",
        "usage:Q": "the backlog of a minimum spend looks up its calls",
    },
    "run_package": {
        "accounts:G": "an account that somebody else changes meanwhile is read again",
        "ledger:Q": "as above",
        "runs:B": "as above",
    },
}
"""What is needed in cases that no feature here comes upon; tests of those cases run under the same roles."""


def needed(feature: Feature) -> set[str]:
    """The permissions of a feature, one by one."""
    places = (need.split(":") for need in feature.needs.split())
    return {f"{place}:{letter}" for place, letters in places for letter in letters}


def allowed(role: Role) -> list[Permission]:
    return [one for one in role.permissions if not one.action.startswith(AWS_ITSELF)]


@pytest.mark.parametrize("function", FEATURES)
def test_a_role_allows_what_is_needed_and_no_more(stack: EmbeddedStack, function: str) -> None:
    needs = {need for feature in FEATURES[function].values() for need in needed(feature)}
    assert needs.isdisjoint(RARELY.get(function, {}))
    assert {one.short for one in allowed(Role(stack, function))} == needs | set(RARELY.get(function, {}))


@pytest.mark.parametrize("function", FEATURES)
def test_every_feature_works_with_its_role(stack: EmbeddedStack, api: httpx.Client, function: str) -> None:
    given = Sample(stack, api)
    given.prepare(function)
    assert broken(FEATURES[function], given) == set()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("function", FEATURES)
def test_without_one_permission_exactly_what_needs_it_fails(stack: EmbeddedStack, api: httpx.Client, function: str) -> None:
    """Each permission is taken away in turn. This also says that none is there for nothing."""
    role, found = Role(stack, function), {}
    permissions = allowed(role)
    for permission in permissions if EVERY else permissions[:: max(1, len(permissions) // SOME)]:
        tried = {name: one for name, one in FEATURES[function].items() if not one.is_slow or permission.short in needed(one)}
        expected = {name for name, one in tried.items() if permission.short in needed(one)}
        given = Sample(stack, api)
        given.prepare(function)
        with role.without(permission):
            failed = broken(tried, given)
        slow = {name: one for name, one in tried.items() if one.is_slow}
        assert broken(slow, given) == set(), "allowed again, it works again"
        stop_works(api)
        if failed != expected:
            found[permission.short] = {"failed": sorted(failed - expected), "went on": sorted(expected - failed)}
    assert found == {}, json.dumps(found)


def stop_works(api: httpx.Client) -> None:
    """Stop what goes on no more without a permission, so that the works of the next one need not wait for it."""
    for one in api.get("/work", params={"limit": "200"}).raise_for_status().json()["items"]:
        if one["status"] == "running":
            api.delete(f"/work/{one['work_id']}")


class Forbidden(NamedTuple):
    """A call that no function's role allows."""

    service: str
    operation: str
    arguments: dict[str, Any]


KEY = {"pk": {"S": "x"}, "sk": {"S": "y"}}
TABLE = "packages-billing-local-ledger"
NOBODYS = [
    Forbidden("dynamodb", "delete_table", {"TableName": TABLE}),
    Forbidden("dynamodb", "update_table", {"TableName": TABLE, "DeletionProtectionEnabled": False}),
    Forbidden("dynamodb", "describe_table", {"TableName": TABLE}),
    Forbidden("dynamodb", "list_tables", {}),
    Forbidden("dynamodb", "scan", {"TableName": "packages-billing-local-usage"}),
    Forbidden("dynamodb", "delete_item", {"TableName": TABLE, "Key": KEY}),
    Forbidden("dynamodb", "batch_write_item", {"RequestItems": {TABLE: [{"PutRequest": {"Item": KEY}}]}}),
    Forbidden("dynamodb", "get_item", {"TableName": "another-stack-ledger", "Key": KEY}),
    Forbidden("sqs", "purge_queue", {"QueueUrl": "post-charges"}),
    Forbidden("sqs", "delete_queue", {"QueueUrl": "post-charges"}),
    Forbidden("sqs", "receive_message", {"QueueUrl": "post-charges-dead-letters"}),
    Forbidden("sqs", "send_message", {"QueueUrl": "record-usage", "MessageBody": "{}"}),
    Forbidden("s3", "list_buckets", {}),
    Forbidden("s3", "get_object", {"Bucket": "packages-billing-deployments", "Key": "x"}),
    Forbidden("iam", "list_roles", {}),
    Forbidden("iam", "create_user", {"UserName": "intruder"}),
    Forbidden("lambda", "invoke", {"FunctionName": "packages-billing-local-run_package"}),
    Forbidden("lambda", "list_functions", {}),
    Forbidden("secretsmanager", "list_secrets", {}),
    Forbidden("cloudformation", "delete_stack", {"StackName": "packages-billing-local"}),
]
SETTINGS = Forbidden("dynamodb", "get_item", {"TableName": "packages-billing-local-catalog", "Key": KEY})
OWN = Forbidden(
    "events",
    "put_events",
    {"Entries": [{"Source": "x", "DetailType": "x", "Detail": "{}", "EventBusName": "packages-billing-local-events"}]},
)
SCAN = Forbidden("dynamodb", "scan", {"TableName": TABLE})
SOMEBODYS = {
    "evaluate_due_charges": [
        SCAN,
        Forbidden("dynamodb", "get_item", {"TableName": "packages-billing-local-accounts", "Key": KEY}),
        Forbidden(
            "dynamodb", "query", {"TableName": TABLE, "KeyConditionExpression": "pk = :x", "ExpressionAttributeValues": {":x": {"S": "x"}}}
        ),
        Forbidden("dynamodb", "put_item", {"TableName": "packages-billing-local-usage", "Item": KEY}),
    ],
    "record_usage": [
        SCAN,
        Forbidden("dynamodb", "put_item", {"TableName": TABLE, "Item": KEY}),
        Forbidden("dynamodb", "get_item", {"TableName": "packages-billing-local-runs", "Key": KEY}),
        Forbidden("dynamodb", "scan", {"TableName": "packages-billing-local-accounts"}),
        Forbidden("sqs", "send_message", {"QueueUrl": "post-charges", "MessageBody": "{}"}),
    ],
    "post_charges": [
        SCAN,
        Forbidden("dynamodb", "put_item", {"TableName": "packages-billing-local-usage", "Item": KEY}),
        Forbidden("dynamodb", "put_item", {"TableName": "packages-billing-local-catalog", "Item": KEY}),
        Forbidden("dynamodb", "delete_item", {"TableName": "packages-billing-local-accounts", "Key": KEY}),
    ],
    "do_work": [
        Forbidden("dynamodb", "put_item", {"TableName": TABLE, "Item": KEY}),
        Forbidden("dynamodb", "put_item", {"TableName": "packages-billing-local-accounts", "Item": KEY}),
        Forbidden("dynamodb", "update_item", {"TableName": "packages-billing-local-catalog", "Key": KEY}),
        Forbidden("sqs", "send_message", {"QueueUrl": "post-charges", "MessageBody": "{}"}),
    ],
    "apply_work": [
        SCAN,
        Forbidden("dynamodb", "put_item", {"TableName": "packages-billing-local-usage", "Item": KEY}),
        Forbidden("sqs", "send_message", {"QueueUrl": "post-charges", "MessageBody": "{}"}),
    ],
    "run_package": [
        SCAN,
        Forbidden("dynamodb", "put_item", {"TableName": "packages-billing-local-usage", "Item": KEY}),
        Forbidden("dynamodb", "delete_item", {"TableName": "packages-billing-local-accounts", "Key": KEY}),
        Forbidden("sqs", "receive_message", {"QueueUrl": "post-charges"}),
    ],
    "tell": [
        SCAN,
        Forbidden("dynamodb", "get_item", {"TableName": TABLE, "Key": KEY}),
        Forbidden("dynamodb", "get_item", {"TableName": "packages-billing-local-catalog", "Key": KEY}),
        Forbidden("events", "put_events", {"Entries": [{"Source": "x", "DetailType": "x", "Detail": "{}", "EventBusName": "default"}]}),
        Forbidden("events", "put_rule", {"Name": "x", "EventPattern": "{}"}),
    ],
    "api_handler": [SCAN, Forbidden("sqs", "receive_message", {"QueueUrl": "post-charges"})],
}


@pytest.fixture(scope="module")
def as_function(stack: EmbeddedStack) -> Callable[[str], Any]:
    """A session with a function's role, which for that lets the stack's owner take it as well."""

    def session(function: str) -> Any:
        iam, name = stack.client("iam"), Role(stack, function).name
        trusts = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
        document = {"Version": "2012-10-17", "Statement": [trusts]}
        role = iam.get_role(RoleName=name)["Role"]
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document))
        given = stack.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="probe")["Credentials"]
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]))
        return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], REGION)

    return session


def refusal(stack: EmbeddedStack, session: Any, call: Forbidden) -> str:
    """What a call is refused with; `allowed` if it is not."""
    arguments = dict(call.arguments)
    if "QueueUrl" in arguments:
        arguments["QueueUrl"] = stack.queue_url(arguments["QueueUrl"])
    client = session.client(call.service, endpoint_url=stack.endpoint, config=Config(retries={"total_max_attempts": 1}, proxies={}))
    try:
        getattr(client, call.operation)(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "allowed"


@pytest.mark.parametrize("function", FEATURES)
def test_what_a_role_does_not_allow_is_refused(stack: EmbeddedStack, as_function: Callable[[str], Any], function: str) -> None:
    session = as_function(function)
    assert refusal(stack, session, OWN if function == "tell" else SETTINGS) == "allowed"
    answers = {f"{call.service} {call.operation} {call.arguments}": refusal(stack, session, call) for call in NOBODYS + SOMEBODYS[function]}
    assert {call: answer for call, answer in answers.items() if not answer.startswith("AccessDenied")} == {}
