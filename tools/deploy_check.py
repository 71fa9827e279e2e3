"""`make deploy-check STAGE=prod`: what would make a deployment fail, or leave it unprotected, asked of the account beforehand.

    python -m tools.deploy_check --stage prod --bucket packages-billing-artefacts-123456789012

It reads only. One line a check; the exit status is 1 when one failed.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.storage.keys import TABLES
from tools import stage as stages
from tools.aws import Aws
from tools.bundle import ROOT
from tools.checks import Failed, Finding, NotProven, found, status, told
from tools.package import DIST, deployable_stages
from tools.targets import LAMBDA
from tools.template import API, CONSUMERS, SCHEDULED, SettingsError, settings_from

FUNCTIONS = (API, SCHEDULED, *CONSUMERS, "run_package")
FUNCTION_NAME_CHARACTERS_MAX = 64
STACK_NAME_CHARACTERS_MAX = FUNCTION_NAME_CHARACTERS_MAX - max(len(f"-{name}") for name in FUNCTIONS)
UNRESERVED = 100
"""Concurrent executions that Lambda keeps for functions without a bound."""
SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


class Preflight:
    """The checks of one deployment."""

    def __init__(self, aws: Aws, *, stage: str, stack: str, bucket: str | None) -> None:
        self._aws, self._stage, self._name, self._bucket = aws, stage, stack, bucket
        self._reserved = stages.read(ROOT, stage).reserved
        self._stack: dict[str, Any] | None = None

    def findings(self) -> Iterator[Finding]:
        """Every check, in the order in which a deployment would come upon it."""
        yield found("credentials", self.credentials)
        yield found("region", self.region)
        yield found("stack's name", self.stack_name)
        yield found("settings", self.settings)
        yield found("package", self.package)
        yield found("bucket", self.bucket)
        yield found("API Gateway's log role", self.log_role)
        yield found("Lambda's concurrency", self.concurrency)
        yield found("stack", self.stack)
        yield found("leftovers", self.leftovers)
        yield found("protection", self.protection)
        yield found("time zone", self.time_zone)
        yield found("permissions", self.permissions)

    def credentials(self) -> str:
        if self._aws.credentials is None:
            raise Failed("there are none: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        who = self._aws.client("sts").get_caller_identity()
        return f"account {who['Account']}, {who['Arn']}"

    def region(self) -> str:
        if not self._aws.region:
            raise Failed("none is set: set AWS_REGION, or `aws configure set region ...`")
        return self._aws.region

    def stack_name(self) -> str:
        longest = STACK_NAME_CHARACTERS_MAX
        if len(self._name) > longest:
            raise Failed(f"{self._name} has {len(self._name)} characters; functions are named after it, so at most {longest} fit")
        return f"{self._name}, {len(self._name)} of {longest} characters"

    def settings(self) -> str:
        try:
            made = settings_from(os.environ, stage=self._stage, year=datetime.now(UTC).year)
        except SettingsError as error:
            raise Failed(str(error)) from error
        return f"AUTH_MODE={made.variables['AUTH_MODE']}, BILLING_TIMEZONE={made.variables['BILLING_TIMEZONE']}"

    def package(self) -> str:
        template = DIST / "sam.json"
        if not template.exists():
            raise Failed(f"dist/ is empty: make package STAGE={self._stage}")
        function = json.loads(template.read_text())["Resources"]["APIHandler"]["Properties"]
        made_for = dict(part.split("=") for part in function["Tags"]["aws-chalice"].split(":"))["stage"]
        if made_for != self._stage:
            raise Failed(f"dist/ was packaged for stage {made_for}: make package STAGE={self._stage}")
        return f"dist/ is for stage {made_for}, {LAMBDA.runtime}, {LAMBDA.architecture}"

    def bucket(self) -> str:
        if self._bucket is None:
            raise NotProven("name it: BUCKET=...")
        storage = self._aws.client("s3")
        where = storage.get_bucket_location(Bucket=self._bucket)["LocationConstraint"] or "us-east-1"
        if where != self._aws.region:
            raise Failed(f"{self._bucket} is in {where}; Lambda takes code from its own region only")
        if storage.get_bucket_versioning(Bucket=self._bucket).get("Status") != "Enabled":
            raise Failed(f"{self._bucket} keeps no versions, so that nothing can be rolled back to: switch versioning on")
        return f"{self._bucket}, with versions"

    def log_role(self) -> str:
        role = self._aws.client("apigateway").get_account().get("cloudwatchRoleArn")
        if not role:
            raise Failed("the account has none, and the stack would fail by it: docs/deploy.md, once for an account and region")
        return str(role)

    def concurrency(self) -> str:
        limits = self._aws.client("lambda").get_account_settings()["AccountLimit"]
        free = limits["UnreservedConcurrentExecutions"] + sum(map(self._reserved_now, FUNCTIONS))
        needed = sum(self._reserved.values()) + UNRESERVED
        if self._reserved and free < needed:
            raise Failed(f"{needed} are needed and {free} are free: ask for a quota of 1,000 (L-B99A9384), or deploy dev")
        return f"{sum(self._reserved.values())} to reserve, {free} free"

    def _reserved_now(self, function: str) -> int:
        """What a function of the stack has reserved already, which an update gives back."""
        try:
            told_ = self._aws.client("lambda").get_function_concurrency(FunctionName=f"{self._name}-{function}")
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return 0
            raise
        return int(told_.get("ReservedConcurrentExecutions", 0))

    def stack(self) -> str:
        self._stack = self._described()
        if self._stack is None:
            return f"{self._name} is not there yet: deploy with DeletionProtection=off first, then with DeletionProtection=on"
        state = self._stack["StackStatus"]
        if state in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
            raise Failed(f"its first deployment failed ({state}): aws cloudformation delete-stack --stack-name {self._name}")
        if state not in SETTLED:
            raise Failed(f"it is {state}: wait for it, or see its events")
        return f"{self._name} is {state}"

    def _described(self) -> dict[str, Any] | None:
        try:
            return dict(self._aws.client("cloudformation").describe_stacks(StackName=self._name)["Stacks"][0])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise

    def leftovers(self) -> str:
        if self._stack is not None and self._stack["StackStatus"] in SETTLED:
            return "the names are the stack's own"
        if left := sorted(self._taken()):
            raise Failed(f"a new stack can't be made while there are {', '.join(left)}: delete or import them, or name the stack otherwise")
        return "the names are free"

    def _taken(self) -> Iterator[str]:
        """Tables, queues and functions that have names of a stack that is not there."""
        wanted = {f"{self._name}-{name}" for name in TABLES}
        for page in self._aws.client("dynamodb").get_paginator("list_tables").paginate():
            yield from (f"table {name}" for name in page["TableNames"] if name in wanted)
        urls = self._aws.client("sqs").list_queues(QueueNamePrefix=f"{self._name}-").get("QueueUrls", [])
        wanted = {f"{self._name}-{name.replace('_', '-')}{kind}" for name in CONSUMERS for kind in ("", "-dead-letters")}
        yield from (f"queue {url.rsplit('/', 1)[1]}" for url in urls if url.rsplit("/", 1)[1] in wanted)
        groups = self._aws.client("logs").get_paginator("describe_log_groups")
        for prefix in (f"/aws/lambda/{self._name}-", f"/aws/apigateway/{self._name}"):
            wanted = {f"/aws/lambda/{self._name}-{name}" for name in FUNCTIONS} | {f"/aws/apigateway/{self._name}"}
            for page in groups.paginate(logGroupNamePrefix=prefix):
                yield from (f"log group {one['logGroupName']}" for one in page["logGroups"] if one["logGroupName"] in wanted)

    def protection(self) -> str:
        if self._stack is None:
            raise NotProven("there is no stack yet")
        describe = self._aws.client("dynamodb").describe_table
        tables = self._aws.tables_in_use(self._name).values()
        open_ = [name for name in tables if not describe(TableName=name)["Table"].get("DeletionProtectionEnabled")]
        if open_:
            raise Failed(f"{', '.join(open_)} can be deleted: deploy with DeletionProtection=on")
        if not self._stack.get("EnableTerminationProtection"):
            raise Failed("the stack can be deleted: aws cloudformation update-termination-protection, as docs/deploy.md has it")
        return "tables and stack are protected against deletion"

    def time_zone(self) -> str:
        wanted = os.environ.get("BILLING_TIMEZONE") or "UTC"
        if self._stack is None:
            return f"{wanted}: it can't be changed once there are tables"
        told_ = self._aws.client("lambda").get_function_configuration(FunctionName=f"{self._name}-{API}")
        if (has := told_["Environment"]["Variables"]["BILLING_TIMEZONE"]) != wanted:
            raise Failed(f"the stack's is {has}: package with BILLING_TIMEZONE={has}")
        return f"{wanted}, as the stack has it"

    def permissions(self) -> str:
        raise NotProven("whether these credentials may make all that the template has is seen by deploying")


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.deploy_check", description="Checks an account before a deployment.")
    parser.add_argument("--stage", required=True, choices=deployable_stages())
    parser.add_argument("--stack", help="the stack's name (packages-billing-STAGE)")
    parser.add_argument("--bucket", help="where the package is uploaded to")
    parser.add_argument("--endpoint", help="an embedded AWS")
    return parser.parse_args(arguments)


def main() -> int:
    asked = parsed(sys.argv[1:])
    stack = asked.stack or f"packages-billing-{asked.stage}"
    preflight = Preflight(Aws(asked.endpoint), stage=asked.stage, stack=stack, bucket=asked.bucket or None)
    return status(list(told(preflight.findings())))


if __name__ == "__main__":
    sys.exit(main())
