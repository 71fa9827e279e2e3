"""The template merged into what `chalice package` generates: tables, queues, names, environment, schedule.

Chalice describes functions and routes; everything else the service stands on is described here. Merging replaces
lists and descends into dicts, which is why the queue of an event source is overridden key by key.
"""

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib import config
from chalicelib.storage.keys import TABLES
from tools.alarms import alarms
from tools.cron import check_expression, schedule_expression
from tools.dashboard import dashboard
from tools.gateway import ADDRESS, LOGS_GO, access_log, firewall, gateway_responses, local_gateway_responses, stage_properties
from tools.stage import Stage
from tools.tables import conditions as table_conditions
from tools.tables import gone_with_the_stack, in_use, kept, tables
from tools.tables import outputs as table_outputs
from tools.tables import parameters as table_parameters
from tools.targets import LAMBDA, Target, here
from tools.variables import faults

Resource = dict[str, Any]

LOCAL_STAGE = "local"
API = "api_handler"
SCHEDULED = "evaluate_due_charges"
CONSUMERS = {"post_charges": "PostCharges", "record_usage": "RecordUsage"}
"""Functions fed by a queue, and what their queue's resources are called."""

CONTINUED = "post_charges"
"""The function that sends messages to its own queue."""

RECEIVES_BEFORE_DEAD = 10
"""With the waits between them (`chalicelib.jobs.queue`) some 25 minutes."""
LOCAL_RECEIVES = 5
LOCAL_RETRY_SECONDS = 1
VISIBILITY_FACTOR = 6
RETENTION_SECONDS = 14 * 24 * 60 * 60
LOCAL_VISIBILITY_SECONDS = 30
AUTH_MODES = ("iam", "jwt", "none")
SERVICE, RUNNING = "Service", "ServiceRuns"
"""The parameter that stops every function, and the condition that it does not."""

_SHARED_DEFAULTS = {
    "BILLING_TIMEZONE": "UTC",
    "DEFAULT_CURRENCY": "USD",
    "AUTH_MODE": "iam",
    "AUTH_ISSUER": "",
    "AUTH_AUDIENCE": "",
    "AUTH_SCOPE_PREFIX": "",
    "AUTH_ROLES_CLAIM": "",
    "AUTH_ROLES": "",
    "AUTH_CLIENT_ID": "",
    "AUTH_CLIENT_SCOPES": "",
    "AUTH_ORIGINS": "",
    "ALLOW_FUTURE": "false",
    "SWEEP_SEGMENTS": "64",
    "MAX_LINES_PER_CUSTOMER": "20000",
    "CALL_RETENTION_DAYS": "400",
    "SERVE_DOCS": "true",
}
_LOCAL_DEFAULTS = {"AUTH_MODE": "none", "ALLOW_FUTURE": "true", "SWEEP_SEGMENTS": "2"}


class SettingsError(ValueError):
    """A configuration that can't be packaged."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a package is made for: the stage, the variables its functions get, and what runs them."""

    stage: str
    variables: Mapping[str, str]
    year: int
    target: Target

    @property
    def is_local(self) -> bool:
        return self.stage == LOCAL_STAGE


def settings_from(environ: Mapping[str, str], *, stage: str, year: int, target: Target | None = None) -> Settings:
    """Takes each variable from the caller's environment where it is set there. Raises `SettingsError`.

    Without a `target`, the local stage is for this machine, and every other for Lambda.
    """
    defaults = _SHARED_DEFAULTS | (_LOCAL_DEFAULTS if stage == LOCAL_STAGE else {})
    variables = {name: environ.get(name) or default for name, default in defaults.items()}
    mode = variables["AUTH_MODE"]
    if mode not in AUTH_MODES:
        raise SettingsError(f"AUTH_MODE={mode}: one of {', '.join(AUTH_MODES)} is needed")
    if mode == "none" and stage != LOCAL_STAGE:
        raise SettingsError(f"AUTH_MODE=none would open stage {stage} to everybody: use iam or jwt")
    if mode == "jwt":
        demand_tokens_can_be_checked(variables, schemes=("https", "http") if stage == LOCAL_STAGE else ("https",))
    if wrong := faults(variables):
        raise SettingsError("; ".join(wrong))
    return Settings(stage=stage, variables=variables, year=year, target=target or (here() if stage == LOCAL_STAGE else LAMBDA))


def demand_tokens_can_be_checked(variables: Mapping[str, str], *, schemes: tuple[str, ...]) -> None:
    """Raises `SettingsError` unless the variables name an issuer and an audience, the issuer by a URL of one of `schemes`."""
    if not (variables["AUTH_ISSUER"] and variables["AUTH_AUDIENCE"].split()):
        raise SettingsError("AUTH_MODE=jwt needs AUTH_ISSUER and AUTH_AUDIENCE")
    issuer = variables["AUTH_ISSUER"]
    if not re.fullmatch(rf"({'|'.join(schemes)})://[A-Za-z0-9.\-\[\]:]+(/[!-~]*)?", issuer) or set("?#@\\") & set(issuer):
        raise SettingsError(f"AUTH_ISSUER={issuer}: a URL that begins with {' or '.join(f'{one}://' for one in schemes)} is needed")
    prefix = variables["AUTH_SCOPE_PREFIX"]
    if not re.fullmatch(r"[!#-\[\]-~]*", prefix):
        raise SettingsError(f"AUTH_SCOPE_PREFIX={prefix}: what stands before a scope has no spaces, quotes or backslashes")


def handler_names(app_py: Path) -> set[str]:
    """The functions defined in app.py: event handlers live nowhere else, so Chalice makes functions of these."""
    return {node.name for node in ast.parse(app_py.read_text()).body if isinstance(node, ast.FunctionDef)}


def resource_name(name: str) -> str:
    """A Lambda function's logical id, by Chalice's rule: run_package -> RunPackage."""
    return "APIHandler" if name == API else "".join(part.capitalize() for part in name.split("_"))


def stack_name(name: str) -> dict[str, str]:
    """A physical name that starts with the stack's, so that stacks of one account don't collide."""
    return {"Fn::Sub": f"${{AWS::StackName}}-{name}"}


def queue_pair(name: str, prefix: str, *, timeout_seconds: int, is_local: bool) -> dict[str, Resource]:
    """A function's queue, and the one where messages go after ten tries.

    Messages stay invisible for six times the function's timeout, as AWS advises; locally for long enough only that
    a retry can be watched.
    """
    visibility = LOCAL_VISIBILITY_SECONDS if is_local else VISIBILITY_FACTOR * timeout_seconds
    dashed = name.replace("_", "-")
    shared = {"MessageRetentionPeriod": RETENTION_SECONDS, "SqsManagedSseEnabled": True}
    redrive = {
        "deadLetterTargetArn": {"Fn::GetAtt": [f"{prefix}DeadLetters", "Arn"]},
        "maxReceiveCount": LOCAL_RECEIVES if is_local else RECEIVES_BEFORE_DEAD,
    }
    work = shared | {"QueueName": stack_name(dashed), "VisibilityTimeout": visibility, "RedrivePolicy": redrive}
    dead = shared | {"QueueName": stack_name(f"{dashed}-dead-letters")}
    fate = gone_with_the_stack() if is_local else kept()
    return {
        f"{prefix}Queue": {"Type": "AWS::SQS::Queue", "Properties": work} | fate,
        f"{prefix}DeadLetters": {"Type": "AWS::SQS::Queue", "Properties": dead} | fate,
    }


def encrypted_transport(queue: str) -> Resource:
    """Refuses who talks to the queue without TLS. Each queue has its own: SQS takes one resource in a statement, no list."""
    statement = {
        "Sid": "OnlyEncrypted",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": {"Fn::GetAtt": [queue, "Arn"]},
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": queue}], "PolicyDocument": document}}


def queue_event(prefix: str, *, concurrency: int) -> Resource:
    """Overrides Chalice's event source: our queue, bounded concurrency, partial failures, which it can't ask for."""
    return {
        f"{prefix}SqsEventSource": {
            "Properties": {
                "Queue": {"Fn::Sub": f"${{{prefix}Queue.Arn}}"},
                "Enabled": {"Fn::If": [RUNNING, True, False]},
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": {"MaximumConcurrency": concurrency},
            }
        }
    }


def environment(settings: Settings) -> dict[str, Any]:
    """Every function gets the same variables: one list to document, and nothing that only some of them know."""
    tables: dict[str, Any] = {f"{name.upper()}_TABLE": in_use(name) for name in TABLES}
    named = {f"{name.upper()}_QUEUE_URL": {"Ref": f"{prefix}Queue"} for name, prefix in CONSUMERS.items()}
    named |= {"POWERTOOLS_SERVICE_NAME": {"Ref": "AWS::StackName"}}
    local = {"RETRY_SECONDS": str(LOCAL_RETRY_SECONDS)} if settings.is_local else {}
    return tables | named | local | dict(settings.variables)


def scheduled_events(settings: Settings) -> Resource:
    """When the day is evaluated, and when it is asked whether that is finished."""
    timezone = settings.variables["BILLING_TIMEZONE"]
    check = {"Schedule": check_expression(timezone, year=settings.year), "Input": json.dumps({"check": True})}
    return {
        "EvaluateDueChargesEvent": {"Properties": {"Schedule": schedule_expression(timezone, year=settings.year)}},
        "CheckDayEvent": {"Type": "Schedule", "Properties": check},
    }


def function(name: str, settings: Settings, stage: Stage) -> Resource:
    """What is merged into a function that Chalice generated.

    A message that goes on with a segment is sent by the function that took the one before: meant, and no runaway loop,
    which Lambda would take it for after 16 messages.
    """
    properties: dict[str, Any] = {"FunctionName": stack_name(name), "Environment": {"Variables": environment(settings)}}
    properties |= {"Runtime": settings.target.runtime, "Architectures": [settings.target.architecture]}
    resource: Resource = {"Properties": properties}
    if name == SCHEDULED:
        properties["Events"] = scheduled_events(settings)
    if prefix := CONSUMERS.get(name):
        properties["Events"] = queue_event(prefix, concurrency=stage.stack.queue_concurrency)
        if settings.is_local:  # the emulator doesn't see that the references to the queue order the two; AWS does
            resource["DependsOn"] = [f"{prefix}Queue"]
    if name == CONTINUED:
        properties["RecursiveLoop"] = "Allow"
    bound: Any = stage.reserved.get(name, {"Ref": "AWS::NoValue"})
    properties["ReservedConcurrentExecutions"] = {"Fn::If": [RUNNING, bound, 0]}
    return resource


def parameters(*, is_local: bool) -> dict[str, Any]:
    """What an update of the stack can change without a new package."""
    service = {
        "Type": "String",
        "Default": "running",
        "AllowedValues": ["running", "stopped"],
        "Description": "stopped while tables are restored: no function runs, messages wait in their queues",
    }
    return table_parameters(is_local=is_local) | {SERVICE: service}


def conditions(*, is_local: bool) -> dict[str, Any]:
    return table_conditions(is_local=is_local) | {RUNNING: {"Fn::Equals": [{"Ref": SERVICE}, "running"]}}


def outputs(functions: list[str], queues: list[str], *, is_local: bool) -> dict[str, Any]:
    """Names a person or a script needs after the deployment; every table and queue included."""
    named = {f"{prefix}{kind}Url": f"{prefix}{kind}" for prefix in queues for kind in ("Queue", "DeadLetters")}
    named |= {f"{resource_name(name)}FunctionName": resource_name(name) for name in functions if name != API}
    made: dict[str, Any] = {key: {"Value": {"Ref": resource}} for key, resource in named.items()}
    return table_outputs() | made | ({} if is_local else {"EndpointURL": {"Value": {"Fn::Sub": ADDRESS}}})


def operations(functions: list[str], consumers: list[str], stage: Stage) -> dict[str, Resource]:
    """What deployable stages have for who operates them: alarms, dashboard, the log of requests, queues' policies."""
    names = [resource_name(name) for name in functions]
    queues = [f"{prefix}{kind}" for prefix in consumers for kind in ("Queue", "DeadLetters")]
    minutes = {prefix: getattr(stage.stack, f"{name}_minutes") for name, prefix in CONSUMERS.items() if prefix in consumers}
    made = alarms(stage.stack, functions=names, queues=minutes)
    made |= dashboard(function_names=names, queue_names=queues)
    made |= access_log(days=stage.log_days) | firewall(stage.stack)
    return made | {f"{queue}Policy": encrypted_transport(queue) for queue in queues}


def rest_api(settings: Settings, stage: Stage) -> Resource:
    """What is merged into the API: its name, by which its metrics are found, its answers, and its stage."""
    body = {
        "info": {"title": {"Ref": "AWS::StackName"}},
        "x-amazon-apigateway-gateway-responses": gateway_responses(settings.variables["AUTH_MODE"]),
    }
    docs = config.read(settings.variables).serve_docs
    return {"Properties": {"DefinitionBody": body} | stage_properties(stage.stack, docs=docs)}


def log_groups(functions: list[str]) -> dict[str, Resource]:
    """The functions' logs. Chalice names the API's after a resource that its template doesn't have (aws/chalice#2079)."""
    groups: dict[str, Resource] = {f"{resource_name(name)}LogGroup": dict(LOGS_GO) for name in functions if name != API}
    return groups | {"ApiHandlerLogGroup": {"Properties": {"LogGroupName": {"Fn::Sub": "/aws/lambda/${APIHandler}"}}} | LOGS_GO}


def merge_template(settings: Settings, stage: Stage, *, handlers: set[str]) -> dict[str, Any]:
    """The whole template to merge. `handlers` are the names of app.py's functions."""
    functions = [API, *sorted(handlers & {SCHEDULED, *CONSUMERS, "run_package"})]
    consumers = {name: prefix for name, prefix in CONSUMERS.items() if name in handlers}
    resources: dict[str, Any] = {resource_name(name): function(name, settings, stage) for name in functions}
    resources |= tables(stage.stack, is_local=settings.is_local)
    for name, prefix in consumers.items():
        resources |= queue_pair(name, prefix, timeout_seconds=stage.timeouts[name], is_local=settings.is_local)
    if settings.is_local:
        resources |= local_gateway_responses(settings.variables["AUTH_MODE"])
    else:
        resources |= operations(functions, list(consumers.values()), stage) | {"RestAPI": rest_api(settings, stage)}
    resources |= log_groups(functions)
    return {
        "Parameters": parameters(is_local=settings.is_local),
        "Conditions": conditions(is_local=settings.is_local),
        "Resources": resources,
        "Outputs": outputs(functions, list(consumers.values()), is_local=settings.is_local),
    }
