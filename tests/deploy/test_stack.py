"""The stack as AWS gets it: what is left of the template after the SAM transform, for each stage and way to call."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from samtranslator.translator.transform import transform

import app
from chalicelib.api.routing import ROUTES
from chalicelib.console.files import page_html
from chalicelib.storage.keys import TABLES
from chalicelib.storage.work import RESULT_DAYS
from tools import stage
from tools.bundle import ROOT, TEMPLATE, package_sources
from tools.stage import StackSettings
from tools.template import CONSUMERS, settings_from

pytestmark = pytest.mark.deploy

ZONE = {"BILLING_TIMEZONE": "Europe/Berlin"}
MODES = {"iam": {}, "jwt": {"AUTH_MODE": "jwt", "AUTH_ISSUER": "https://issuer.example", "AUTH_AUDIENCE": "billing"}}
FUNCTIONS = ("APIHandler", "ApplyWork", "DoWork", "EvaluateDueCharges", "PostCharges", "RecordUsage", "RunPackage", "Tell")
QUEUES = (*(f"{prefix}{kind}" for prefix in CONSUMERS.values() for kind in ("Queue", "DeadLetters")), "TellDeadLetters")
TABLE_NAMES = tuple(f"{name.capitalize()}Table" for name in TABLES)
INDEXES = {
    "AccountsTableByPackage": "by_package",
    "AccountsTableCustomers": "customers",
    "AccountsTableMinutes": "minutes",
    "LedgerTableHeld": "held",
}
"""What the indexes are called in alarms."""
MOST_RESOURCES = 500
"""CloudFormation's limit of a stack."""


class NoManagedPolicies:
    """The transform may ask AWS for managed policies; these templates name none."""

    def load(self) -> dict[str, str]:
        raise AssertionError("a managed policy is asked for")


class Built(NamedTuple):
    """A stage's package: its template before and after the transform."""

    stage: str
    template: Path
    resources: dict[str, Any]
    outputs: dict[str, Any]
    parameters: dict[str, Any]

    def of_type(self, kind: str) -> dict[str, Any]:
        return {name: resource["Properties"] for name, resource in self.resources.items() if resource["Type"] == kind}

    def properties(self, name: str) -> dict[str, Any]:
        return dict(self.resources[name]["Properties"])

    @property
    def settings(self) -> StackSettings:
        return stage.read(ROOT, self.stage).stack


def transformed(template: Mapping[str, Any]) -> dict[str, Any]:
    """What CloudFormation makes of a template whose code was uploaded."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}
    return dict(transform(template, {}, NoManagedPolicies()))


@pytest.fixture(scope="module", params=[(name, mode) for name in ("dev", "prod") for mode in MODES], ids="-".join)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, copy_sources: Callable[[], Path]) -> Built:
    name, mode = request.param
    settings = settings_from(ZONE | MODES[mode], stage=name, year=2026)
    template = package_sources(settings, tmp_path_factory.mktemp(f"{name}-{mode}"), root=copy_sources()) / TEMPLATE
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        after = transformed(json.loads(template.read_text()))
    return Built(name, template, after["Resources"], after["Outputs"], after["Parameters"])


def test_cfn_lint_finds_nothing(built: Built) -> None:
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([linter, "--non-zero-exit-code", "informational", built.template], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_stack_fits(built: Built) -> None:
    assert len(built.resources) < MOST_RESOURCES


def test_the_one_stage_of_the_api_is_bounded_and_logged(built: Built) -> None:
    ((_, properties),) = built.of_type("AWS::ApiGateway::Stage").items()
    assert [deployment.get("StageName") for deployment in built.of_type("AWS::ApiGateway::Deployment").values()] == [None]
    everywhere = properties["MethodSettings"][0]
    assert (everywhere["HttpMethod"], everywhere["ResourcePath"]) == ("*", "/*")
    assert everywhere["ThrottlingRateLimit"] == built.settings.api_requests_per_second
    assert everywhere["ThrottlingBurstLimit"] == built.settings.api_burst
    assert (everywhere["LoggingLevel"], everywhere["DataTraceEnabled"]) == ("OFF", False)
    assert properties["AccessLogSetting"]["DestinationArn"] == {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}
    assert not properties.get("TracingEnabled")


def test_d12_each_method_that_is_open_to_all_has_low_bounds(built: Built) -> None:
    """What the gateway checks nobody for, in either mode: no more and no less."""
    (properties,) = built.of_type("AWS::ApiGateway::Stage").values()
    opened = {one["ResourcePath"]: one for one in properties["MethodSettings"][1:]}
    routes = app.app.routes.items()
    public = {path for path, methods in routes for method in methods if is_open(path, method)}
    assert {path.removeprefix("/").replace("~1", "/") for path in opened} == public
    for one in opened.values():
        assert (one["HttpMethod"], one["LoggingLevel"], one["DataTraceEnabled"]) == ("GET", "OFF", False)
        assert one["ThrottlingRateLimit"] == built.settings.open_requests_per_second < built.settings.api_requests_per_second
        assert one["ThrottlingBurstLimit"] == built.settings.open_burst <= built.settings.api_burst
    first_view = page_html("/").count('"modulepreload"')
    assert built.settings.open_burst > first_view + 5 > 15, (
        "a browser asks for the modules of the first page, the style and the like at once"
    )


def is_open(path: str, method: str) -> bool:
    """Whether a route asks for no scope, or is no route of the API but a file of the console."""
    return next((one.public for one in ROUTES if (one.path, one.method) == (path, method)), True)


def test_the_access_log_is_json_without_what_callers_send(built: Built) -> None:
    (properties,) = built.of_type("AWS::ApiGateway::Stage").values()
    line = json.loads(properties["AccessLogSetting"]["Format"])
    assert {"request_id", "caller", "method", "route", "status", "latency_ms"} <= set(line)
    assert "\n" not in properties["AccessLogSetting"]["Format"]
    for value in line.values():
        assert not any(word in value for word in ("path}", "context.path", "querystring", "header", "body", "accessKey", "claims"))


def test_the_gateways_own_answers_are_json_whatever_its_message_says(built: Built) -> None:
    message = 'The signature does not match: "GET\n/api/packages\n"'
    answers = built.properties("RestAPI")["Body"]["x-amazon-apigateway-gateway-responses"]
    for kind, answer in answers.items():
        template = answer["responseTemplates"]["application/json"]
        filled = template.replace("$context.error.messageString", json.dumps(message)).replace("$context.error.message", message)
        assert json.loads(filled)["detail"] in (message, "there is no such route", "the call is not signed, or there is no such route"), (
            kind
        )


def test_the_gateways_own_answers_say_when_to_try_again(built: Built) -> None:
    """Also server errors: when all of a function's concurrency is taken, the gateway says no more than that."""
    answers = built.properties("RestAPI")["Body"]["x-amazon-apigateway-gateway-responses"]
    waiting = {kind for kind, answer in answers.items() if answer["responseParameters"].get("gatewayresponse.header.Retry-After") == "'2'"}
    assert waiting == {"THROTTLED", "QUOTA_EXCEEDED", "DEFAULT_5XX"}


def test_the_api_is_found_by_the_stacks_name(built: Built) -> None:
    assert built.properties("RestAPI")["Body"]["info"]["title"] == {"Ref": "AWS::StackName"}
    assert built.properties("RestAPI")["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    dimensions = {one["Name"]: one["Value"] for one in built.properties("ApiErrorsAlarm")["Dimensions"]}
    assert dimensions == {"ApiName": {"Ref": "AWS::StackName"}, "Stage": {"Ref": "RestAPIapiStage"}}
    assert built.properties("RestAPIapiStage")["StageName"] == "api"


RESERVED: dict[str, dict[str, int | None]] = {
    "dev": dict.fromkeys(FUNCTIONS),
    "prod": {**dict.fromkeys(FUNCTIONS, 20), "APIHandler": 100, "EvaluateDueCharges": 2, "RunPackage": 5},
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_bounded(built: Built, name: str) -> None:
    properties = built.properties(name)
    bound = RESERVED[built.stage][name] or {"Ref": "AWS::NoValue"}
    assert properties["ReservedConcurrentExecutions"] == {"Fn::If": ["ServiceRuns", bound, 0]}
    assert properties.get("RecursiveLoop") == ("Allow" if name in ("PostCharges", "DoWork", "ApplyWork") else None)
    assert properties["TracingConfig"] == {"Mode": "PassThrough"}


@pytest.mark.parametrize("prefix", CONSUMERS.values())
def test_consumers_take_no_more_than_their_share(built: Built, prefix: str) -> None:
    (source,) = [one for one in built.of_type("AWS::Lambda::EventSourceMapping").values() if one["FunctionName"] == {"Ref": prefix}]
    most = source["ScalingConfig"]["MaximumConcurrency"]
    assert most == built.settings.queue_concurrency
    assert most <= (RESERVED[built.stage][prefix] or most)
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["Enabled"] == {"Fn::If": ["ServiceRuns", True, False]}


@pytest.mark.parametrize("table", ["LedgerTable", "HistoryTable"])
def test_streams_are_told_until_they_are_about_to_be_lost(built: Built, table: str) -> None:
    """The emulator names no record as failed, and gives none up: here is what AWS is told."""
    stream = {"Fn::GetAtt": [table, "StreamArn"]}
    (source,) = [one for one in built.of_type("AWS::Lambda::EventSourceMapping").values() if one["EventSourceArn"] == stream]
    assert source["FunctionName"] == {"Ref": "Tell"}
    assert source["StartingPosition"] == "TRIM_HORIZON", "what happens while the stack is updated is told"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BisectBatchOnFunctionError"] is True
    assert "MaximumRetryAttempts" not in source
    assert 6 * 3600 < source["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert source["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": ["TellDeadLetters", "Arn"]}}}
    assert source["Enabled"] == {"Fn::If": ["ServiceRuns", True, False]}
    assert built.properties(table)["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}


def test_the_bus_is_the_stacks(built: Built) -> None:
    assert built.properties("EventBus") == {"Name": {"Fn::Sub": "${AWS::StackName}-events"}}
    variables = built.properties("Tell")["Environment"]["Variables"]
    assert variables["EVENT_BUS"] == {"Ref": "EventBus"}
    assert variables["TELL_DEAD_LETTERS_URL"] == {"Ref": "TellDeadLetters"}
    assert "RAISE_UNTOLD" not in variables


@pytest.mark.parametrize("name", [*FUNCTIONS, "Access"])
def test_every_log_group_is_the_stacks_and_forgets(built: Built, name: str) -> None:
    logical = {"APIHandler": "ApiHandlerLogGroup", "Access": "AccessLogGroup"}.get(name, f"{name}LogGroup")
    group = built.resources[logical]
    assert group["Properties"]["RetentionInDays"] == {"dev": 14, "prod": 90}[built.stage]
    assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == ("Delete", "Delete")
    told = group["Properties"]["LogGroupName"]["Fn::Sub"]
    assert told == ("/aws/apigateway/${AWS::StackName}" if name == "Access" else f"/aws/lambda/${{{name}}}")


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_tables_are_kept_and_can_be_restored(built: Built, name: str) -> None:
    """B10: a first deployment that fails takes them away again; B16: encrypted by DynamoDB's own key, which costs nothing."""
    table, properties = built.resources[name], built.properties(name)
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["TablesAreProtected", True, False]}
    assert built.parameters["DeletionProtection"]["Default"] == "on", "who forgets the first step loses nothing by it"
    assert not {"SSESpecification", "WarmThroughput"} & set(properties)
    assert properties.get("TableClass") == ("STANDARD_INFREQUENT_ACCESS" if name == "UsageTable" else None), "B16: calls are kept long"


@pytest.mark.parametrize("name", QUEUES)
def test_queues_are_kept_encrypted_and_refuse_what_is_not(built: Built, name: str) -> None:
    queue, properties = built.resources[name], built.properties(name)
    assert (queue["DeletionPolicy"], queue["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert properties["SqsManagedSseEnabled"] is True
    assert properties["MessageRetentionPeriod"] == 14 * 24 * 3600
    (policy,) = [one for one in built.of_type("AWS::SQS::QueuePolicy").values() if {"Ref": name} in one["Queues"]]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert policy["Queues"] == [{"Ref": name}]
    assert statement["Resource"] == {"Fn::GetAtt": [name, "Arn"]}, "SQS refuses a statement with several resources"
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_the_bucket_of_results_is_private_encrypted_and_forgets(built: Built) -> None:
    bucket, properties = built.resources["ResultsBucket"], built.properties("ResultsBucket")
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert "BucketName" not in properties
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (expiry,) = properties["LifecycleConfiguration"]["Rules"]
    assert (expiry["Status"], expiry["ExpirationInDays"]) == ("Enabled", RESULT_DAYS.days)
    assert expiry["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    (uploads,) = properties["CorsConfiguration"]["CorsRules"]
    assert (uploads["AllowedMethods"], uploads["AllowedOrigins"]) == (["PUT"], ["*"])
    assert "AllowedHeaders" not in uploads
    (statement,) = built.properties("ResultsBucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": ["ResultsBucket", "Arn"]}, {"Fn::Sub": "${ResultsBucket.Arn}/*"}]


@pytest.mark.parametrize(
    ("name", "schedule", "given"),
    [("EvaluateDueChargesEvent", "cron(30 1 * * ? *)", None), ("CheckDayEvent", "cron(0 4 * * ? *)", {"check": True})],
)
def test_the_schedules_follow_the_billing_time_zone(built: Built, name: str, schedule: str, given: Any) -> None:
    rule = built.properties(f"EvaluateDueCharges{name}")
    (target,) = rule["Targets"]
    assert rule["ScheduleExpression"] == schedule
    assert target["Arn"] == {"Fn::GetAtt": ["EvaluateDueCharges", "Arn"]}
    assert (json.loads(target["Input"]) if "Input" in target else None) == given


class Watched(NamedTuple):
    """What an alarm looks at."""

    metric: str
    statistic: str
    threshold: str | int = 1
    period: int = 300
    missing: str = "notBreaching"


ALARMS = {
    "ApiErrorsAlarm": Watched("AWS/ApiGateway 5XXError", "Sum", "api_errors"),
    **{f"{name}ErrorsAlarm": Watched("AWS/Lambda Errors", "Sum", "function_errors") for name in FUNCTIONS},
    **{f"{name}ThrottlesAlarm": Watched("AWS/Lambda Throttles", "Sum", "function_throttles") for name in FUNCTIONS},
    **{f"{name}ReadThrottlesAlarm": Watched("AWS/DynamoDB ReadThrottleEvents", "Sum", "table_throttles") for name in TABLE_NAMES},
    **{f"{name}WriteThrottlesAlarm": Watched("AWS/DynamoDB WriteThrottleEvents", "Sum", "table_throttles") for name in TABLE_NAMES},
    **{f"{name}ReadThrottlesAlarm": Watched("AWS/DynamoDB ReadThrottleEvents", "Sum", "table_throttles") for name in INDEXES},
    **{f"{name}WriteThrottlesAlarm": Watched("AWS/DynamoDB WriteThrottleEvents", "Sum", "table_throttles") for name in INDEXES},
    "PostChargesLateAlarm": Watched("AWS/SQS ApproximateAgeOfOldestMessage", "Maximum", 60 * 60),
    "RecordUsageLateAlarm": Watched("AWS/SQS ApproximateAgeOfOldestMessage", "Maximum", 15 * 60),
    "ApplyWorkLateAlarm": Watched("AWS/SQS ApproximateAgeOfOldestMessage", "Maximum", 60 * 60),
    "ApplyWorkDeadLettersAlarm": Watched("AWS/SQS ApproximateNumberOfMessagesVisible", "Maximum"),
    "DoWorkLateAlarm": Watched("AWS/SQS ApproximateAgeOfOldestMessage", "Maximum", 60 * 60),
    "DoWorkDeadLettersAlarm": Watched("AWS/SQS ApproximateNumberOfMessagesVisible", "Maximum"),
    "PostChargesDeadLettersAlarm": Watched("AWS/SQS ApproximateNumberOfMessagesVisible", "Maximum"),
    "RecordUsageDeadLettersAlarm": Watched("AWS/SQS ApproximateNumberOfMessagesVisible", "Maximum"),
    "TellLateAlarm": Watched("AWS/Lambda IteratorAge", "Maximum", 6 * 3600 * 1000),
    "TellDeadLettersAlarm": Watched("AWS/SQS ApproximateNumberOfMessagesVisible", "Maximum"),
    "DayLateAlarm": Watched("PackagesBilling DaysLate", "Maximum", missing="ignore"),
    "EvaluationMissingAlarm": Watched("PackagesBilling DaysLate", "SampleCount", period=3600, missing="breaching"),
    "ChargesFailedAlarm": Watched("PackagesBilling ChargesFailed", "Sum"),
    "ChargesHeldAlarm": Watched("PackagesBilling ChargesHeld", "Sum", "charges_held", period=24 * 3600),
    "ParkedCustomersAlarm": Watched("PackagesBilling CustomersParked", "Sum"),
}


def test_these_are_the_alarms(built: Built) -> None:
    assert set(built.of_type("AWS::CloudWatch::Alarm")) == set(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_c_alarms_watch_what_they_say(built: Built, name: str) -> None:
    properties, watched = built.properties(name), ALARMS[name]
    threshold = getattr(built.settings, watched.threshold) if isinstance(watched.threshold, str) else watched.threshold
    told = Watched(
        f"{properties['Namespace']} {properties['MetricName']}",
        properties["Statistic"],
        threshold,
        properties["Period"],
        properties["TreatMissingData"],
    )
    assert told == watched._replace(threshold=threshold)
    assert properties["Threshold"] == threshold
    assert properties["AlarmActions"] == properties["OKActions"] == [{"Ref": "AlarmTopic"}]
    assert properties["Dimensions"]
    assert properties["AlarmDescription"]


@pytest.mark.parametrize("name", [*TABLE_NAMES, *INDEXES])
def test_c_throttles_are_counted_of_the_table_in_use(built: Built, name: str) -> None:
    table = next(one for one in TABLES if name.startswith(one.capitalize()))
    wanted: dict[str, Any] = {"TableName": {"Fn::Sub": f"${{AWS::StackName}}-{table}${{{table.capitalize()}TableSuffix}}"}}
    wanted |= {"GlobalSecondaryIndexName": INDEXES[name]} if name in INDEXES else {}
    for way in ("Read", "Write"):
        assert {one["Name"]: one["Value"] for one in built.properties(f"{name}{way}ThrottlesAlarm")["Dimensions"]} == wanted


def test_a_day_without_a_word_is_breaching(built: Built) -> None:
    properties = built.properties("EvaluationMissingAlarm")
    assert properties["ComparisonOperator"] == "LessThanThreshold"
    assert properties["EvaluationPeriods"] == properties["DatapointsToAlarm"]
    assert 24 * 3600 < properties["EvaluationPeriods"] * properties["Period"] <= 7 * 24 * 3600


def resolved(value: str) -> str:
    """The text of a Fn::Sub with names for what is substituted."""
    return value.replace("${AWS::StackName}", "stack").replace("${AWS::Region}", "us-east-1")


def test_the_dashboard_shows_metrics_of_this_stack(built: Built) -> None:
    body = json.loads(resolved(built.properties("Dashboard")["DashboardBody"]["Fn::Sub"]))
    lines = [line for widget in body["widgets"] for line in widget["properties"]["metrics"]]
    shown = {line[1] for line in lines if isinstance(line[0], str)}
    assert {
        "ChargesPosted", "ChargesHeld", "DaysLate", "Count", "5XXError", "Errors", "ApproximateAgeOfOldestMessage",
        "ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits",
    } <= shown  # fmt: skip
    assert any("Retail" in line[0].get("expression", "") for line in lines if isinstance(line[0], dict))
    for widget in body["widgets"]:
        assert widget["x"] + widget["width"] <= 24
    named = {part.strip("${}").split(".")[0] for line in lines for part in line if isinstance(part, str) and part.startswith("${")}
    assert named <= set(built.resources)
    assert {*FUNCTIONS, *QUEUES} <= named
    tables = {line[3] for line in lines if line[0] == "AWS/DynamoDB"}
    assert tables == {f"stack-{name}${{{name.capitalize()}TableSuffix}}" for name in TABLES}


def test_outputs_name_what_the_service_uses(built: Built) -> None:
    """B15: paths can be written behind the address. C: the ledger's stream is told only while the ledger is the stack's own."""
    assert built.outputs["EndpointURL"]["Value"] == {"Fn::Sub": "https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}/api"}
    assert built.outputs["LedgerStreamArn"]["Condition"] == "LedgerTableIsOwn"
    assert built.outputs["LedgerStreamArn"]["Value"] == {"Fn::GetAtt": ["LedgerTable", "StreamArn"]}
    for name in TABLES:
        told = built.outputs[f"{name.capitalize()}TableName"]["Value"]
        assert told == {"Fn::Sub": f"${{AWS::StackName}}-{name}${{{name.capitalize()}TableSuffix}}"}


def test_nothing_of_the_stack_is_named_without_the_stack(built: Built) -> None:
    names = [
        properties[key]
        for resource in built.resources.values()
        for properties in [resource["Properties"]]
        for key in ("TableName", "QueueName", "FunctionName", "TopicName", "DashboardName")
        if key in properties and resource["Type"] not in ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission")
    ]
    assert len(names) == len(FUNCTIONS) + len(QUEUES) + len(TABLE_NAMES) + 2
    assert all("AWS::StackName" in json.dumps(name) for name in names)


def test_functions_are_changed_after_the_tables_that_they_use_are_made(built: Built) -> None:
    """An update that brings a table: the new code would come before it."""
    for name in built.of_type("AWS::Lambda::Function").keys() - {"Tell"}:
        assert set(built.resources[name]["DependsOn"]) >= set(TABLE_NAMES)
