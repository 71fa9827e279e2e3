"""docs/events.md and docs/events: the schemas are those of the code, every type is listed, the templates can be deployed."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta

from chalicelib.domain.events import EVENT_TYPES, EventType
from tests.docs.events_page import PAGE, templates
from tools.events import FOLDER, MEANINGS, path, schema, text
from tools.parts import read

TEXT = PAGE.read_text(encoding="utf-8")
ATTACHED = ("queue", "function", "webhook", "mail", "archive")


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_each_type_has_the_schema_that_the_code_makes(type_: EventType) -> None:
    """`make events` writes them."""
    assert path(type_).read_text(encoding="utf-8") == text(type_)
    assert meta.is_valid(schema(type_))


def test_the_page_lists_every_type_and_no_other() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*")) == sorted(EVENT_TYPES) == sorted(MEANINGS)
    assert re.findall(r"^\| \[`(.+?)`\]", TEXT, re.MULTILINE) == list(EVENT_TYPES)


def test_the_example_is_an_event() -> None:
    (example,) = re.findall(r"^```json\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    event = json.loads(example)
    assert event["detail-type"] == event["detail"]["type"]
    Draft202012Validator(schema(event["detail"]["type"])).validate(event["detail"])


def test_cfn_lint_finds_nothing_in_the_templates(tmp_path: Path) -> None:
    assert tuple(templates()) == ATTACHED
    for name, content in templates().items():
        (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [linter, "--non-zero-exit-code", "informational", *tmp_path.glob("*.yaml")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", [name for name in ATTACHED if name != "archive"])
def test_what_is_attached_tries_for_a_day_and_keeps_what_it_could_not_deliver(name: str) -> None:
    """The emulator can't show it: it tries once."""
    resources: Any = read(templates()[name])["Resources"]
    (target,) = resources["Rule"]["Properties"]["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["Undelivered", "Arn"]}}
    (policy,) = (one for one in resources.values() if one["Type"] == "AWS::SQS::QueuePolicy")
    assert {"Ref": "Undelivered"} in policy["Properties"]["Queues"]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}}
    assert resources["Rule"]["Properties"]["EventPattern"]["source"] == ["packages-billing"]


def test_the_webhook_and_the_mail_hand_on_nothing_of_the_providers() -> None:
    for name in ("webhook", "mail"):
        (target,) = read(templates()[name])["Resources"]["Rule"]["Properties"]["Targets"]
        paths = target["InputTransformer"]["InputPathsMap"].values()
        assert paths
        assert all(one.startswith("$.detail.") and not one.startswith("$.detail.provider") for one in paths)
