"""The template merged into what `chalice package` generates: tables, queues, names, environment, schedule.

Chalice describes functions and routes; everything else that the service stands on is described in tools/template.yaml, part
by part. Here are what is computed, and which parts a package has. Chalice's merging replaces lists and descends into dicts,
which is why the queue of an event source is overridden key by key.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib import config, metrics
from chalicelib.storage.keys import TABLES
from chalicelib.storage.work import RESULT_DAYS
from tools import gateway, parts, tables
from tools.cron import check_expression, schedule_expression
from tools.stage import Stage
from tools.targets import LAMBDA, Target, here
from tools.variables import faults

Resource = dict[str, Any]

LOCAL_STAGE = "local"
API = "api_handler"
SCHEDULED = "evaluate_due_charges"
CONSUMERS = {"post_charges": "PostCharges", "record_usage": "RecordUsage", "do_work": "DoWork", "apply_work": "ApplyWork"}
"""Functions fed by a queue, and what their queue's resources are called."""

CONTINUED = ("post_charges", "do_work", "apply_work")
"""The functions that send messages to their own queue."""
RESULTS = "ResultsBucket"
TELLS = "tell"
RECORD_SECONDS = 23 * 60 * 60
"""How long it is tried to tell of a record: a stream keeps it for an hour more."""
BATCH_SECONDS = 1
"""How long records may wait for others, so that few batches are small."""
LOCAL_RECORD_SECONDS, LOCAL_BATCH_SECONDS = 60, 0

RECEIVES_BEFORE_DEAD = 10
"""With the waits between them (`chalicelib.jobs.queue`) some 25 minutes."""
LOCAL_RECEIVES = 5
LOCAL_RETRY_SECONDS = 1
VISIBILITY_FACTOR = 6
"""Messages stay invisible for so many times the function's timeout, as AWS advises."""
LOCAL_VISIBILITY_SECONDS = 30
"""Long enough only that a retry can be watched."""
GRAPH_WIDTH, GRAPH_HEIGHT, GRAPH_SECONDS = 12, 6, 5 * 60
AUTH_MODES = ("iam", "jwt", "none")

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
    "HISTORY_DAYS": "3650",
    "SERVE_DOCS": "true",
    "OVERVIEW": "true",
    "EVENT_TYPES": "default",
    "NOTICE_DAYS": "",
    "TERM_NOTICE_DAYS": "",
    "BALANCE_NOTICES": "",
}
_LOCAL_DEFAULTS = {"AUTH_MODE": "none", "ALLOW_FUTURE": "true", "SWEEP_SEGMENTS": "2", "EVENTS_FILE": ""}


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


def environment(settings: Settings) -> dict[str, Any]:
    """Every function gets the same variables: one list to document, and nothing that only some of them know."""
    named: dict[str, Any] = {f"{name.upper()}_TABLE": tables.in_use(name) for name in TABLES}
    named |= {f"{name.upper()}_QUEUE_URL": {"Ref": f"{prefix}Queue"} for name, prefix in CONSUMERS.items()}
    named |= {"RESULTS_BUCKET": {"Ref": RESULTS}}
    named |= {"POWERTOOLS_SERVICE_NAME": {"Ref": "AWS::StackName"}}
    named |= {"EVENT_BUS": {"Ref": "EventBus"}, "TELL_DEAD_LETTERS_URL": {"Ref": "TellDeadLetters"}}
    local = {"RETRY_SECONDS": str(LOCAL_RETRY_SECONDS), "RAISE_UNTOLD": "true"} if settings.is_local else {}
    return named | local | dict(settings.variables)


def merge_template(settings: Settings, stage: Stage, *, handlers: set[str]) -> dict[str, Any]:
    """The whole template to merge. `handlers` are the names of app.py's functions."""
    functions = [API, *sorted(handlers & {SCHEDULED, *CONSUMERS, "run_package", TELLS})]
    consumers = [name for name in CONSUMERS if name in handlers]
    shared = {**stage.stack._asdict(), "namespace": metrics.NAMESPACE}
    pieces = [
        parts.filled("Stack", shared),
        *tables.pieces(stage.stack, is_local=settings.is_local),
        parts.filled("Results", {"days": RESULT_DAYS.days, **tables.fate(is_local=settings.is_local)}),
        *_functions(functions, settings, stage),
        *_consumers(consumers, settings, stage, shared),
        *_events(functions, is_local=settings.is_local),
    ]
    if settings.is_local:
        pieces.append({"Resources": gateway.local_gateway_responses(settings.variables["AUTH_MODE"])})
    else:
        pieces += _operations(functions, consumers, settings, stage, shared)
    return parts.together(pieces)


def _functions(names: list[str], settings: Settings, stage: Stage) -> Iterator[Resource]:
    shared = {"variables": environment(settings), "runtime": settings.target.runtime, "architecture": settings.target.architecture}
    for name in names:
        words = {"name": name, "function": resource_name(name), "reserved": stage.reserved.get(name, {"Ref": "AWS::NoValue"})}
        yield parts.filled("Function", shared | words)
        if name != API:
            yield parts.filled("Handler", words)
    if SCHEDULED in names:
        timezone, year = settings.variables["BILLING_TIMEZONE"], settings.year
        times = {"evaluated_at": schedule_expression(timezone, year=year), "checked_at": check_expression(timezone, year=year)}
        yield parts.filled("Schedule", times)


def _consumers(names: list[str], settings: Settings, stage: Stage, shared: Mapping[str, Any]) -> Iterator[Resource]:
    for name in names:
        words = {
            "consumer": CONSUMERS[name], "queue": name.replace("_", "-"),
            "visibility_seconds": LOCAL_VISIBILITY_SECONDS if settings.is_local else VISIBILITY_FACTOR * stage.timeouts[name],
            "receives": LOCAL_RECEIVES if settings.is_local else RECEIVES_BEFORE_DEAD,
        }  # fmt: skip
        yield parts.filled("Consumer", {**shared, **words, **tables.fate(is_local=settings.is_local)})
        if settings.is_local:
            yield parts.filled("LocalConsumer", words)
        if name in CONTINUED:
            yield parts.filled("Continued", words)


def _events(functions: list[str], *, is_local: bool) -> Iterator[Resource]:
    if TELLS in functions:
        seconds = (LOCAL_RECORD_SECONDS, LOCAL_BATCH_SECONDS) if is_local else (RECORD_SECONDS, BATCH_SECONDS)
        yield parts.filled("Events", {"record_seconds": seconds[0], "wait_seconds": seconds[1], **tables.fate(is_local=is_local)})


def _operations(
    functions: list[str], consumers: list[str], settings: Settings, stage: Stage, shared: Mapping[str, Any]
) -> Iterator[Resource]:
    """What deployable stages have besides, most of it for who operates them: bounds and logs of the API, alarms, the dashboard."""
    resources = [{"function": resource_name(name)} for name in functions]
    queues = [{"queue": f"{CONSUMERS[name]}{kind}"} for name in consumers for kind in ("Queue", "DeadLetters")]
    queues += [{"queue": "TellDeadLetters"}] * (TELLS in functions)
    computed = {
        "gateway_responses": gateway.gateway_responses(settings.variables["AUTH_MODE"]),
        "method_settings": gateway.method_settings(stage.stack, docs=config.read_config(settings.variables).serve_docs),
        "log_days": stage.log_days,
        "dashboard": dashboard(resources, queues),
    }
    yield parts.filled("Deployable", {**shared, **computed})
    for words in resources:
        yield parts.filled("DeployableFunction", {**shared, **words})
        if words["function"] != resource_name(TELLS):  # which waits for the tables whose streams it reads, because it names them
            yield parts.filled("UsesTables", {**words, "tables": [tables.resource(name) for name in TABLES]})
    for name in consumers:
        minutes = getattr(stage.stack, f"{name}_minutes")
        yield parts.filled("DeployableConsumer", {"consumer": CONSUMERS[name], "minutes": minutes, "seconds": minutes * 60})
    if TELLS in functions:
        minutes = stage.stack.tell_minutes
        yield parts.filled("DeployableEvents", {"minutes": minutes, "milliseconds": minutes * 60_000})
    for words in queues:
        yield parts.filled("DeployableQueue", words)
    yield parts.filled("DeployableResults", {})
    for words in tables.throttled():
        yield parts.filled("Throttling", {**shared, **words})
    if stage.stack.firewall_requests:
        yield parts.filled("Firewall", shared)


def dashboard(functions: list[dict[str, str]], queues: list[dict[str, str]]) -> str:
    """The dashboard's text: the graphs of the file, two in a row."""
    repeated: dict[str | None, list[dict[str, str]]] = {"function": functions, "queue": queues, "table": tables.named(), None: [{}]}
    widgets = []
    for n, graph in enumerate(parts.parts()["Graphs"]):
        lines = [
            parts.fill(line, {"namespace": metrics.NAMESPACE, **words})
            for words in repeated[graph.get("each")]
            for line in graph["metrics"]
        ]
        properties = {
            "title": graph["title"], "region": "${AWS::Region}", "view": "timeSeries", "stat": graph.get("stat", "Sum"),
            "period": graph.get("period", GRAPH_SECONDS), "metrics": lines,
        }  # fmt: skip
        place = {"x": n % 2 * GRAPH_WIDTH, "y": n // 2 * GRAPH_HEIGHT, "width": GRAPH_WIDTH, "height": GRAPH_HEIGHT}
        widgets.append({"type": "metric", **place, "properties": properties})
    return json.dumps({"start": "-P14D", "widgets": widgets})
