"""docs/operations.md and docs/deploy.md give commands that there are, and name things as they are called."""

import json
import re
import shlex
from typing import get_args

import botocore.session
import pytest
from botocore import xform_name

from chalicelib.storage.keys import EXPIRES
from chalicelib.usecases import balance_check
from tools import restore, stage
from tools.balances import parsed
from tools.bundle import ROOT
from tools.template import CONSUMERS, handler_names, merge_template, settings_from

PAGE = (ROOT / "docs" / "operations.md").read_text()
DEPLOYING = (ROOT / "docs" / "deploy.md").read_text()
SHELL = "\n".join(re.findall(r"^ *```sh\n(.*?)^ *```$", PAGE + DEPLOYING, re.MULTILINE | re.DOTALL)).replace("\\\n", " ")
OF_EVERY_COMMAND = {"query", "output", "cli-binary-format"}
RENAMED = {"notification-endpoint": "endpoint"}
OF_THE_CLI = {
    ("configure", "export-credentials"): {"format"},
    ("cloudformation", "package"): {"template-file", "s3-bucket", "output-template-file"},
    ("cloudformation", "deploy"): {
        "template-file",
        "s3-bucket",
        "stack-name",
        "capabilities",
        "no-execute-changeset",
        "parameter-overrides",
    },
}
"""Commands that are no operation of a service, as the reference of version 2 of the AWS CLI has them."""
RESOURCES = merge_template(settings_from({}, stage="prod", year=2026), stage.read(ROOT, "prod"), handlers=handler_names(ROOT / "app.py"))


def aws_commands() -> list[tuple[str, str, list[str]]]:
    """Service, operation and options of each AWS command."""
    found = re.findall(r"\baws ((?:[a-z0-9-]+) (?:[a-z-]+).*)", SHELL)
    return [(words[0], words[1], re.findall(r" --([a-z0-9-]+)", line)) for line in found if (words := line.split())]


@pytest.mark.parametrize(("service", "operation", "options"), aws_commands(), ids=lambda value: str(value)[:40])
def test_aws_commands_exist(service: str, operation: str, options: list[str]) -> None:
    if own := OF_THE_CLI.get((service, operation)):
        assert set(options) <= own
        return
    model = botocore.session.get_session().get_service_model({"s3api": "s3"}.get(service, service))
    by_command = {xform_name(name, "-"): name for name in model.operation_names}
    members = model.operation_model(by_command[operation]).input_shape
    assert members is not None
    known = {xform_name(name, "-") for name in members.members} | OF_EVERY_COMMAND
    given = {RENAMED.get(option, option.removeprefix("no-")) for option in options}
    assert {xform_name(name, "-") for name in members.required_members} <= given <= known


def test_documents_in_commands_are_documents() -> None:
    documents = re.findall(r"--(?:payload|policy-document|assume-role-policy-document)\s+'([^']*)'", SHELL)
    assert len(documents) >= 6
    assert all(isinstance(json.loads(document), dict) for document in documents)


def test_what_packaging_prints_is_what_the_page_says() -> None:
    printed = re.findall(r"aws cloudformation \w+", (ROOT / "tools" / "package.py").read_text())
    assert printed == ["aws cloudformation package", "aws cloudformation deploy"]
    assert all(command in DEPLOYING for command in printed)


def test_the_stages_settings_are_told_with_their_values() -> None:
    rows = [[cell.strip(" `") for cell in line.split("|")[1:4]] for line in DEPLOYING.splitlines() if line.startswith("| `")]
    prod, dev = (stage.read(ROOT, name).stack._asdict() for name in ("prod", "dev"))
    assert rows == [[name, json.dumps(prod[name]), json.dumps(dev[name])] for name in prod]


SWEPT = {1_000: 1_211, 10_000: 3_341, 100_000: 9_022, 1_000_000: 65_986}
"""Assignments -> read units of a day of which 3 % are due, as docs/benchmarks.md has them."""


def cost(assignments: int, calls: int) -> list[float]:
    """The costs of a month, by the assumptions and prices of the page, a part each."""
    writes, reads, second, request, message = 0.625e-6, 0.125e-6, 0.0000133334, 0.2e-6, 0.4e-6
    lambda_seconds = 30 * (64 + assignments * 0.0002) * 1_769 / 1_024
    daily = 30 * SWEPT[assignments] * reads + 4 * assignments * writes + lambda_seconds * second
    batches = assignments * calls / 50
    recorded = assignments * calls * 2.2 * 1.25 * writes + batches * (0.1 * second + request + 3 * message)
    charges, records = assignments * 12 * 1_000 / 1e9, assignments * calls * 12 * 500 / 1e9
    fixed = 0.10 * len(alarms_made()) + 3 + 0.30 * 11
    return [round(part, 2) for part in (daily, recorded, charges * (0.25 + 0.20), records * (0.10 + 0.20), fixed)]


def test_b16_the_costs_are_those_of_the_assumptions_by_calls() -> None:
    lines = [line.split("|")[1:-1] for line in DEPLOYING.splitlines() if re.match(r"\| [\d,]+ \|", line)]
    rows = [[float(cell.replace(",", "")) for cell in line] for line in lines]
    assert [(assignments, calls) for assignments, calls, *_ in rows] == [(count, calls) for count in SWEPT for calls in (10, 300)]
    for assignments, calls, *parts, together in rows:
        assert parts == cost(int(assignments), int(calls))
        assert together == round(sum(parts))
    curve = (ROOT / "docs" / "benchmarks.md").read_text()
    assert all(f"| {count:,}" in curve and f"| {units:,} " in curve for count, units in SWEPT.items())


def alarms_made() -> set[str]:
    return {name for name in RESOURCES["Resources"] if name.endswith("Alarm")}


def test_there_are_commands() -> None:
    assert {("sqs", "start-message-move-task"), ("lambda", "invoke")} <= {command[:2] for command in aws_commands()}


def test_the_tools_options_exist() -> None:
    for line in re.findall(r"python -m tools\.balances (.*)", SHELL):
        parsed(shlex.split(line))  # or exits
    for line in re.findall(r"python -m tools\.restore (.*)", SHELL):
        restore.parsed(shlex.split(line))


def test_parameters_in_commands_are_the_templates() -> None:
    given = dict(pair.split("=") for line in re.findall(r"--parameter-overrides (.*)", SHELL) for pair in line.split())
    assert {"DeletionProtection", "Service", "LedgerTableSuffix"} <= set(given) <= set(RESOURCES["Parameters"])
    for name, value in given.items():
        allowed = RESOURCES["Parameters"][name]
        assert value in allowed.get("AllowedValues", [value])
        assert re.fullmatch(allowed.get("AllowedPattern", ".*"), value)


def test_every_finding_is_explained() -> None:
    told = re.findall(r"^\| `(\w+)` \| .* \| .* \|$", PAGE.split("## Checking balances")[1], re.MULTILINE)
    assert len(told) == len(set(told))
    assert set(told) == set(get_args(balance_check.FlawKind))


def test_alarms_queues_and_attributes_are_called_so() -> None:
    told = set(re.findall(r"`(\w+Alarm)`", PAGE))
    kinds = tuple(re.findall(r"`\.\.\.(\w+Alarm)`", PAGE))
    assert kinds
    assert told <= alarms_made()
    assert {name for name in alarms_made() - told if not name.endswith(kinds)} == set()
    for name in CONSUMERS:
        assert f"<stack>-{name.replace('_', '-')}-dead-letters" in PAGE
    assert f"`{EXPIRES}`" in PAGE


def test_links_within_the_page_lead_somewhere() -> None:
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^##+ (.*)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
