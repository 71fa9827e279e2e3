"""docs/operations.md gives commands that there are, and names things as they are called."""

import re
import shlex
from typing import get_args

import botocore.session
import pytest
from botocore import xform_name

from chalicelib.storage.keys import EXPIRES
from chalicelib.usecases import audit
from tools.alarms import alarms
from tools.balances import parsed
from tools.bundle import ROOT
from tools.template import CONSUMERS, stack_name

PAGE = (ROOT / "docs" / "operations.md").read_text()
SHELL = "\n".join(re.findall(r"^ *```sh\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)).replace("\\\n", " ")
OF_EVERY_COMMAND = {"query", "output", "cli-binary-format"}


def aws_commands() -> list[tuple[str, str, list[str]]]:
    """Service, operation and options of each AWS command."""
    found = re.findall(r"\baws ((?:[a-z0-9]+) (?:[a-z-]+).*)", SHELL)
    return [(words[0], words[1], re.findall(r"--([a-z-]+)", line)) for line in found if (words := line.split())]


@pytest.mark.parametrize(("service", "operation", "options"), aws_commands(), ids=lambda value: str(value)[:40])
def test_aws_commands_exist(service: str, operation: str, options: list[str]) -> None:
    model = botocore.session.get_session().get_service_model(service)
    by_command = {xform_name(name, "-"): name for name in model.operation_names}
    members = model.operation_model(by_command[operation]).input_shape.members
    known = {xform_name(name, "-") for name in members} | OF_EVERY_COMMAND
    assert {option.removeprefix("no-") for option in options} <= known


def test_there_are_commands() -> None:
    assert {("sqs", "start-message-move-task"), ("lambda", "invoke")} <= {command[:2] for command in aws_commands()}


def test_the_tools_options_exist() -> None:
    for line in re.findall(r"python -m tools\.balances (.*)", SHELL):
        assert parsed(shlex.split(line))


def test_every_finding_is_explained() -> None:
    told = re.findall(r"^\| `(\w+)` \| .* \| .* \|$", PAGE.split("## Checking balances")[1], re.MULTILINE)
    assert len(told) == len(set(told))
    assert set(told) == set(get_args(audit.Kind))


def test_alarms_queues_and_attributes_are_called_so() -> None:
    made = {name for name in alarms(list(CONSUMERS.values())) if name.endswith("Alarm")}
    assert set(re.findall(r"`(\w+Alarm)`", PAGE)) == made
    for name in CONSUMERS:
        assert stack_name(f"{name.replace('_', '-')}-dead-letters")["Fn::Sub"].replace("${AWS::StackName}", "<stack>") in PAGE
    assert f"`{EXPIRES}`" in PAGE


def test_links_within_the_page_lead_somewhere() -> None:
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^##+ (.*)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
