"""`make smoke` on the embedded stack: what it can prove there, what it leaves open, and that it notices what is broken."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools.bundle import ROOT, cached
from tools.checks import FAILED, NOT_PROVEN, OK
from tools.embedded import BUILDS, STACK, EmbeddedStack
from tools.targets import here
from tools.template import CONSUMERS, settings_from

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(900)]

PROVEN = {
    "health", "unsigned", "signed", "bad messages", "story", "evaluation", "encoded ids", "conflicts", "sessions", "restore",
    "dead letters", "cleaning up",
}  # fmt: skip
OPEN = {"metric": "no metrics of log lines", "pages": "nothing was compressed here"}
"""What only AWS can show, and why."""


@pytest.fixture
def stack() -> Iterator[EmbeddedStack]:
    bundle = cached(settings_from({"SWEEP_SEGMENTS": "2"}, stage="dev", year=datetime.now(UTC).year, target=here()), BUILDS)
    with EmbeddedStack(bundle=bundle) as running:
        for name in CONSUMERS:  # ten tries take half an hour else
            few_tries(running, running.queue_url(name))
        yield running


@pytest.fixture
def role(stack: EmbeddedStack) -> str:
    """A role that may call the API."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
    may = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    iam, documents = stack.client("iam"), [json.dumps({"Version": "2012-10-17", "Statement": [one]}) for one in (trust, may)]
    made = iam.create_role(RoleName="billing-clerk", AssumeRolePolicyDocument=documents[0])["Role"]
    iam.put_role_policy(RoleName="billing-clerk", PolicyName="call", PolicyDocument=documents[1])
    return str(made["Arn"])


def few_tries(stack: EmbeddedStack, queue: str) -> None:
    """Have a queue's failed messages come back at once, and twice."""
    sqs = stack.client("sqs")
    redrive = json.loads(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"])
    tries = {"VisibilityTimeout": "1", "RedrivePolicy": json.dumps(redrive | {"maxReceiveCount": 2})}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=tries)


def smoke(stack: EmbeddedStack, *options: str) -> tuple[int, dict[str, tuple[str, str]], str]:
    """Exit status, what was found by check, and where it was written."""
    command = [sys.executable, "-m", "tools.smoke", "--stack", STACK, "--endpoint", stack.endpoint, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    *lines, last = done.stdout.splitlines()
    found = (re.split(r"  +", line, maxsplit=2) for line in lines)
    return done.returncode, {check: (status, detail) for status, check, detail in found}, last.rpartition(": ")[2]


def test_it_proves_what_can_be_proven_here(stack: EmbeddedStack, role: str) -> None:
    status, found, written = smoke(stack, "--patience", "120", "--role", role)
    assert {check: found[check] for check in PROVEN if found[check][0] != OK} == {}
    assert {check: found[check][0] for check in OPEN} == dict.fromkeys(OPEN, NOT_PROVEN)
    assert [why for check, why in OPEN.items() if why not in found[check][1]] == []
    assert set(found) == PROVEN | set(OPEN)
    assert status == 0
    told = json.loads(Path(written).read_text())
    assert len(told["seen"]) > 30
    assert "AWS4-HMAC-SHA256" not in json.dumps(told), "neither signatures nor tokens are kept"
    tables = stack.client("dynamodb").list_tables()["TableNames"]
    assert [name for name in tables if "smoke" in name] == [], "the restored copy is gone"


def test_it_fails_when_something_is_broken_and_cleans_up_all_the_same(stack: EmbeddedStack) -> None:
    stack.set_consumers(enabled=False)
    try:
        status, found, _ = smoke(stack, "--patience", "3", "--skip", "restore", "--skip", "dead letters", "--skip", "bad messages")
    finally:
        stack.set_consumers(enabled=True)
    assert (status, found["evaluation"][0]) == (1, FAILED)
    assert "was not charged" in found["evaluation"][1]
    assert found["restore"] == (NOT_PROVEN, "skipped")
    assert found["sessions"][0] == NOT_PROVEN
    assert found["cleaning up"][0] == OK
