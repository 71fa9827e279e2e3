"""The embedded stack answers, many at a time, and `make serve` loses nothing when stopped."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from chalicelib import __version__
from tools.embedded import EmbeddedStack

pytestmark = pytest.mark.deploy

CONCURRENT = 24
START_SECONDS = 90
SLOW_ROUTE = '''

@app.route("/slow/{seconds}", methods=["PUT"])
def slow(seconds):
    """Works for a while and writes only then."""
    import os, time, boto3
    time.sleep(int(seconds))
    boto3.client("dynamodb").put_item(
        TableName=os.environ["USAGE_TABLE"], Item={"pk": {"S": "slow"}, "sk": {"S": "written"}}
    )
    return {"slept": seconds}
'''


def test_the_deployed_api_is_healthy(api: httpx.Client) -> None:
    answer = api.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "version": __version__})


def test_d10_the_deployed_api_says_on_every_answer_that_it_is_not_to_be_kept(api: httpx.Client) -> None:
    """The function's answers, and the gateway's own to a path that there is not."""
    for path, status in (("/packages", 200), ("/customers/nobody", 404), ("/no/such/path", 404)):
        answer = api.get(path)
        assert answer.status_code == status
        told = {name: answer.headers[name] for name in ("cache-control", "x-content-type-options", "x-frame-options", "referrer-policy")}
        assert told == {
            "cache-control": "no-store", "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
        }  # fmt: skip
        assert "frame-ancestors" in answer.headers["content-security-policy"]
        assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_two_dozen_requests_run_at_once(api: httpx.Client) -> None:
    with ThreadPoolExecutor(CONCURRENT) as threads:
        answers = list(threads.map(lambda _: api.get("/health").status_code, range(CONCURRENT)))
    assert answers == [200] * CONCURRENT


def test_functions_have_plain_names(stack: EmbeddedStack) -> None:
    names = {function["FunctionName"] for function in stack.client("lambda").list_functions()["Functions"]}
    assert {stack.function_name(name) for name in ("api_handler", "evaluate_due_charges", "post_charges", "run_package")} <= names


def test_tables_and_queues_have_plain_names(stack: EmbeddedStack) -> None:
    pages = stack.client("dynamodb").get_paginator("list_tables").paginate()
    tables = {name for page in pages for name in page["TableNames"]}
    assert {stack.table_name(name) for name in ("catalog", "accounts", "ledger", "usage", "runs")} <= tables
    assert stack.queue_url("post_charges").endswith("packages-billing-local-post-charges")


def test_callers_without_rights_are_refused(stack: EmbeddedStack) -> None:
    """What the functions of this stack do, their roles allow: the policies are tested by every test that uses it."""
    stranger = boto3.client(
        "dynamodb", endpoint_url=stack.endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with pytest.raises(ClientError, match=r"UnrecognizedClient|InvalidClientToken|AccessDenied"):
        stranger.list_tables()


@pytest.fixture(scope="module")
def project(copy_sources: Callable[[], Path]) -> Path:
    """A copy of the project with a route that takes its time: serving it leaves the developer's data alone."""
    copy = copy_sources()
    app = copy / "app.py"
    app.write_text(app.read_text() + SLOW_ROUTE)
    return copy


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def launch(project: Path, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tools.serve"],
        cwd=project,
        env=os.environ | {"PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def await_url(project: Path, process: subprocess.Popen[str]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if (project / ".local" / "url").exists():
            return (project / ".local" / "url").read_text().strip()
        time.sleep(0.05)
    process.kill()
    raise AssertionError(process.communicate())


@contextmanager
def served(project: Path, port: int) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = launch(project, port)
    try:
        yield await_url(project, process), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def send_to_group(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGINT)


def send_to_process(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("interrupt", [send_to_group, send_to_process])
def test_stopping_answers_what_is_under_way_and_keeps_it(project: Path, interrupt: Callable[[subprocess.Popen[str]], None]) -> None:
    shutil.rmtree(project / ".local" / "aws", ignore_errors=True)
    port = free_port()
    with served(project, port) as (url, process), ThreadPoolExecutor(1) as threads:
        assert httpx.get(f"{url}/health", timeout=30).status_code == 200
        slow: Future[httpx.Response] = threads.submit(httpx.put, f"{url}/slow/3", timeout=60)
        time.sleep(1.5)
        interrupt(process)
        time.sleep(0.7)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/health", timeout=2)
        assert slow.result().json() == {"slept": "3"}
        assert process.wait(timeout=60) == 0
    assert not (project / ".local" / "url").exists()
    with served(project, free_port()) as (url, _):
        origin = url.split("/restapis/")[0]
        assert kept_item(origin) == {"pk": {"S": "slow"}, "sk": {"S": "written"}}


def kept_item(origin: str) -> dict[str, Any]:
    client = boto3.client("dynamodb", endpoint_url=origin, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    key = {"pk": {"S": "slow"}, "sk": {"S": "written"}}
    return dict(client.get_item(TableName="packages-billing-local-usage", Key=key).get("Item", {}))


def test_changed_sources_are_deployed_over_the_kept_data(project: Path) -> None:
    app = project / "app.py"
    before = app.read_text()
    try:
        with served(project, free_port()) as (url, _):
            assert httpx.put(f"{url}/slow/0", timeout=30).json() == {"slept": "0"}
        app.write_text(before.replace('{"slept": seconds}', '{"waited": seconds}'))
        with served(project, free_port()) as (url, _):
            assert kept_item(url.split("/restapis/")[0])
            assert httpx.put(f"{url}/slow/0", timeout=30).json() == {"waited": "0"}
    finally:
        app.write_text(before)


def test_a_taken_port_is_said_so(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = launch(project, taken.getsockname()[1])
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, "is taken" in errors) == (1, True)


def test_a_second_service_on_the_same_data_is_refused(project: Path) -> None:
    with served(project, free_port()):
        second = launch(project, free_port())
        _, errors = second.communicate(timeout=60)
    assert (second.returncode, "another `make serve`" in errors) == (1, True)
