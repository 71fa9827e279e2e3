"""The whole service on an embedded AWS, in one process of this machine: for the demo, `make serve` and the tests.

    with EmbeddedStack() as stack:
        httpx.get(stack.base_url + "/health")
        stack.invoke("run_package", {"customer": "acme"})
        stack.client("dynamodb").scan(TableName=stack.table_name("ledger"))

What runs is what `make package` makes, deployed by CloudFormation; only the stage differs.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tools.bundle import ROOT, Bundle, cached
from tools.emulator import HOST, PORT_TAKEN
from tools.targets import here
from tools.template import LOCAL_STAGE, settings_from

STACK = "packages-billing-local"
BUCKET = "packages-billing-deployments"
BUILDS = ROOT / ".local" / "build"
REGION = "us-east-1"
DUMMY_KEY = "test"
NOMINAL_PORT = "4566"
"""Appears in queue URLs, which are kept with the state; the ports that are listened on differ from start to start."""
START_SECONDS = 60
DEPLOY_SECONDS = 120
INVOKE_SECONDS = 910
BUILD_TAG = "build"
NEEDS_TLS = ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy")
"""What deployable stages have that would refuse every caller here, where nothing is encrypted on its way."""
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class EmbeddedStackError(Exception):
    """The embedded stack can't be started, deployed or stopped; the message says why."""


class FunctionError(Exception):
    """An invoked function raised; `payload` is what it answered: errorType, errorMessage, stackTrace."""

    def __init__(self, payload: Any) -> None:
        super().__init__(payload)
        self.payload = payload


def process_environment(temporary: Path, state: Path | None, *, enforce_iam: bool) -> dict[str, str]:
    """The emulator's environment, and the functions': of the caller's only what programs need to run."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")}
    settings = {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": NOMINAL_PORT,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": "0",
        "LOG_LEVEL": "WARNING",
        "AUTH": "true" if enforce_iam else "false",
        "TMPDIR": str(temporary),
        "STATE_DIR": str(state / "state" if state else temporary),
        "PYTHONPATH": str(ROOT),
        "AWS_ACCESS_KEY_ID": DUMMY_KEY,
        "AWS_SECRET_ACCESS_KEY": DUMMY_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    kept_state = {"PERSIST_STATE": "1", "S3_PERSIST": "1", "S3_DATA_DIR": str(state / "s3")} if state else {}
    return kept | settings | kept_state


def detached_session() -> Any:
    """An SDK session that reads neither the caller's AWS profile nor its files."""
    nowhere = (None, None, os.devnull, None)
    return botocore.session.Session(session_vars={"profile": (None, None, None, None), "config_file": nowhere, "credentials_file": nowhere})


class Emulator:
    """The emulator's process: started, asked for its ports, stopped."""

    def __init__(self, *, port: int, state_dir: Path | None, enforce_iam: bool) -> None:
        self._temporary = Path(tempfile.mkdtemp(prefix="packages-billing-"))
        if state_dir is not None:
            state_dir.mkdir(parents=True, exist_ok=True)
        self._log = self._open_log(state_dir)
        # A session of its own: a signal to the caller's process group must not reach functions that still work.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.emulator", str(port)],
            cwd=self._temporary,
            env=process_environment(self._temporary, state_dir, enforce_iam=enforce_iam),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        self.port, self.inner_port = self._ports(port)

    def _open_log(self, state_dir: Path | None) -> Any:
        directory = self._temporary if state_dir is None else state_dir
        self.log_path = directory / "emulator.log"
        return self.log_path.open("wb")

    def _ports(self, wanted: int) -> tuple[int, int]:
        line = self._process.stdout.readline() if self._process.stdout else b""
        if line:
            ports = json.loads(line)
            return ports["public"], ports["inner"]
        code = self._process.wait()
        message = f"port {wanted} of {HOST} is taken" if code == PORT_TAKEN else f"the emulator ended with {code}:\n{self.log()}"
        self._clean_up()
        raise EmbeddedStackError(message)

    def log(self) -> str:
        """The last lines of the emulator's log."""
        self._log.flush()
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-40:])

    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Ends it in order: answers what is under way, saves, exits."""
        if self.is_running():
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()
        self._clean_up()

    def _clean_up(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                stream.close()
        shutil.rmtree(self._temporary, ignore_errors=True)


class EmbeddedStack:
    """The service, packaged, deployed and reachable from when the context is entered until it is left.

    `port` 0 takes a free one. With `state_dir` the data outlives an orderly stop, and a later start reuses the stack,
    updated if the sources changed. `env` are variables as for packaging, over the caller's environment; `root` is the
    project to deploy, `stage` what it is packaged for; or `bundle` what to deploy. With `enforce_iam` a function is
    refused what its role doesn't allow, and so is who calls without the credentials of `client`; without it everything
    passes.
    """

    def __init__(
        self,
        port: int = 0,
        state_dir: Path | None = None,
        env: Mapping[str, str] | None = None,
        *,
        root: Path = ROOT,
        enforce_iam: bool = True,
        stage: str = LOCAL_STAGE,
        bundle: Bundle | None = None,
    ) -> None:
        self._port = port
        self._state_dir = state_dir
        self._root = root
        self._bundle = bundle
        self._enforce_iam = enforce_iam
        self._settings = settings_from(os.environ | dict(env or {}), stage=stage, year=datetime.now(UTC).year, target=here())
        self._outputs: dict[str, str] = {}
        self._clients: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the emulator and deploys. Raises `EmbeddedStackError`, with nothing left running."""
        bundle = self._bundle or cached(self._settings, BUILDS, root=self._root)
        self._emulator = Emulator(port=self._port, state_dir=self._state_dir, enforce_iam=self._enforce_iam)
        try:
            self._await_emulator()
            self.deploy(bundle)
            self._begin_streams_anew()
            self.set_consumers(enabled=True)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops taking requests, lets those under way end, saves."""
        if self._outputs and self._state_dir is not None and self._emulator.is_running():
            self.set_consumers(enabled=False)
        self._emulator.stop()
        self._clients.clear()

    def is_running(self) -> bool:
        return self._emulator.is_running()

    def log(self) -> str:
        """The last lines of the emulator's log, for messages about failures."""
        return self._emulator.log()

    @property
    def ports(self) -> dict[str, int]:
        """Where it listens: for callers, and behind what guards it."""
        return {"public": self._emulator.port, "inner": self._emulator.inner_port}

    @property
    def endpoint(self) -> str:
        """Where the embedded AWS answers: `aws --endpoint-url`."""
        return f"http://{HOST}:{self._emulator.port}"

    @property
    def base_url(self) -> str:
        """The API's address, without a slash at the end. As on AWS it has the gateway's stage in it."""
        return f"{self.endpoint}/restapis/{self._outputs['RestAPIId']}/api/_user_request_"

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS; one per service."""
        if service not in self._clients:
            self._clients[service] = detached_session().create_client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id=DUMMY_KEY,
                aws_secret_access_key=DUMMY_KEY,
                config=Config(read_timeout=INVOKE_SECONDS, proxies={}, retries={"total_max_attempts": 1}),
            )
        return self._clients[service]

    def function_name(self, name: str) -> str:
        """A function's name for `aws lambda invoke`: packages-billing-local-run_package."""
        return f"{STACK}-{name}"

    def table_name(self, logical: str) -> str:
        """A table's name: `ledger` is packages-billing-local-ledger."""
        return f"{STACK}-{logical}"

    def queue_url(self, name: str) -> str:
        """A queue's URL: of `post_charges` or `record_usage`, or of `post_charges-dead-letters`."""
        return str(self.client("sqs").get_queue_url(QueueName=f"{STACK}-{name.replace('_', '-')}")["QueueUrl"])

    def invoke(self, name: str, payload: Any) -> Any:
        """Invokes a function and returns what it returns. Raises `FunctionError` when it raised."""
        answer = self.client("lambda").invoke(FunctionName=self.function_name(name), Payload=json.dumps(payload).encode())
        result = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise FunctionError(result)
        return result

    def function_log(self, name: str) -> str:
        """Everything a function has logged since the start, tracebacks included."""
        group = f"/aws/lambda/{self.function_name(name)}"
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return "\n".join(event["message"].rstrip() for page in pages for event in page["events"])

    def _await_emulator(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                self.client("s3").list_buckets()
            except (BotoCoreError, ClientError):
                time.sleep(0.05)
            else:
                return
        raise EmbeddedStackError(f"the emulator does not answer:\n{self.log()}")

    def deploy(self, bundle: Bundle, **parameters: str) -> list[dict[str, Any]]:
        """Creates or updates the stack; the changes that were made, none if it was deployed from the same build.

        `parameters` are those of the template, as `--parameter-overrides` of the AWS CLI takes them.
        """
        current = self._describe()
        if current and current["StackStatus"].endswith("_COMPLETE") and _tag(current) == bundle.fingerprint and not parameters:
            self._outputs = _outputs(current)
            return []
        self._upload(bundle)
        changes = self._change(bundle, parameters, kind="UPDATE" if current else "CREATE")
        deployed = self._settled()
        if deployed["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise EmbeddedStackError(f"deployment ended as {deployed['StackStatus']}: {deployed.get('StackStatusReason')}\n{self.log()}")
        self._outputs = _outputs(deployed)
        return changes

    def _describe(self) -> dict[str, Any] | None:
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return next(
            (stack for stack in stacks if stack["StackName"] == STACK and stack["StackStatus"] != "DELETE_COMPLETE"),
            None,
        )

    def _upload(self, bundle: Bundle) -> None:
        storage = self.client("s3")
        storage.create_bucket(Bucket=BUCKET)
        code = {"Bucket": BUCKET, "Key": f"{bundle.fingerprint}.zip"}
        storage.put_object(**code, Body=bundle.zip.read_bytes())
        template = json.loads(bundle.template.read_text())
        template["Resources"] = {name: one for name, one in template["Resources"].items() if one["Type"] not in NEEDS_TLS}
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = code
        storage.put_object(Bucket=BUCKET, Key=f"{bundle.fingerprint}.json", Body=json.dumps(template).encode())

    def _change(self, bundle: Bundle, parameters: Mapping[str, str], *, kind: str) -> list[dict[str, Any]]:
        """Deploys by a change set, as `aws cloudformation deploy` does; what the change set says."""
        formation = self.client("cloudformation")
        names = {"StackName": STACK, "ChangeSetName": f"build-{bundle.fingerprint}-{time.time_ns()}"}
        formation.create_change_set(
            **names,
            ChangeSetType=kind,
            TemplateURL=f"{self.endpoint}/{BUCKET}/{bundle.fingerprint}.json",
            Capabilities=CAPABILITIES,
            Parameters=self._parameters(bundle, parameters),
            Tags=[{"Key": BUILD_TAG, "Value": bundle.fingerprint}],
        )
        self._poll(lambda: formation.describe_change_set(**names)["Status"] in ("CREATE_COMPLETE", "FAILED"))
        changes = [change["ResourceChange"] for change in formation.describe_change_set(**names)["Changes"]]
        formation.execute_change_set(**names)
        return changes

    def _parameters(self, bundle: Bundle, given: Mapping[str, str]) -> list[dict[str, Any]]:
        """Those that are given, and the others as they were."""
        declared = json.loads(bundle.template.read_text()).get("Parameters", {})
        before = {one["ParameterKey"] for one in (self._describe() or {}).get("Parameters", [])}
        kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in declared if name in before and name not in given]
        return kept + [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]

    def _settled(self) -> dict[str, Any]:
        """The stack once nothing is in progress."""
        self._poll(lambda: (current := self._describe()) is not None and not current["StackStatus"].endswith("_IN_PROGRESS"))
        return self._describe() or {}

    def _poll(self, is_done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEPLOY_SECONDS
        while not is_done():
            if time.monotonic() > deadline:
                raise EmbeddedStackError(f"deploying takes more than {DEPLOY_SECONDS} s:\n{self.log()}")
            time.sleep(0.03)

    def _begin_streams_anew(self) -> None:
        """Makes anew what reads streams. The emulator keeps how far it was, but not the streams: it would pass over as many records."""
        functions = self.client("lambda")
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            if ":dynamodb:" in mapping["EventSourceArn"]:
                found.setdefault((mapping["FunctionArn"], mapping["EventSourceArn"]), []).append(mapping)
        for (function, source), mappings in found.items():
            for mapping in mappings:
                functions.delete_event_source_mapping(UUID=mapping["UUID"])
            kept = {name: mappings[0][name] for name in ("BatchSize", "MaximumRecordAgeInSeconds") if name in mappings[0]}
            functions.create_event_source_mapping(
                FunctionName=function, EventSourceArn=source, StartingPosition="TRIM_HORIZON", Enabled=False, **kept
            )

    def set_consumers(self, *, enabled: bool) -> None:
        """Lets queues rest, or not. They rest while the stack stops: no message is taken whose work would be cut off."""
        functions = self.client("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


def _tag(stack: dict[str, Any]) -> str | None:
    return next((tag["Value"] for tag in stack.get("Tags", []) if tag["Key"] == BUILD_TAG), None)


def _outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
