"""Cold and warm starts of the packaged zip under Lambda's own runtime client, against the least that Chalice can do there.

A small Runtime API hands out events and takes the answers; it answers DynamoDB's calls too. What Lambda adds on top, such as
fetching the zip and starting a machine, is left out.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter
from typing import Any, Final

from tools.bundle import cached
from tools.embedded import BUILDS
from tools.template import LOCAL_STAGE, settings_from

from .report import Budget

WARM: Final = 50
_SETTINGS: Final = b'{"Item": {"billing_timezone": {"S": "UTC"}}}'
_FLOOR: Final = """
import botocore.session
from chalice import Chalice
app = Chalice(app_name="floor", configure_logs=False)
client = botocore.session.get_session().create_client("dynamodb")
@app.route("/health")
def health():
    client.get_item(TableName="catalog", Key={"pk": {"S": "SETTINGS"}, "sk": {"S": "DEPLOYMENT"}})
    return {"status": "ok"}
"""
_EVENT: Final = {
    "resource": "/health", "path": "/health", "httpMethod": "GET", "headers": {}, "multiValueHeaders": {}, "body": None,
    "queryStringParameters": None, "multiValueQueryStringParameters": None, "pathParameters": None, "stageVariables": None,
    "isBase64Encoded": False,
    "requestContext": {"resourcePath": "/health", "httpMethod": "GET", "requestId": "bench", "identity": {}, "stage": "api"},
}  # fmt: skip


class _Runtime(ThreadingHTTPServer):
    """Hands out `invocations` events one after the other, and notes when each was answered."""

    daemon_threads = True
    disable_nagle_algorithm = True

    def __init__(self, invocations: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.left = invocations
        self.handed = 0.0
        self.answered: list[tuple[float, float]] = []
        self.failures: list[bytes] = []
        self.done = Event()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Runtime

    def do_GET(self) -> None:
        if not self.server.left:
            self.server.done.set()
            Event().wait()  # as Lambda does: the process is frozen until there is work
        self.server.left -= 1
        headers = {
            "Lambda-Runtime-Aws-Request-Id": f"bench-{self.server.left}", "Lambda-Runtime-Deadline-Ms": "9999999999999",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:bench",
        }  # fmt: skip
        self.server.handed = perf_counter()
        self._answer(200, json.dumps(_EVENT).encode(), headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.path.startswith("/2018-06-01/"):
            self._answer(200, _SETTINGS, {})
            return
        self.server.answered.append((self.server.handed, perf_counter()))
        if not self.path.endswith("/response") or json.loads(body)["statusCode"] != 200:
            self.server.failures.append(body)
            self.server.done.set()
        self._answer(202, b"", {})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def starts(rounds: int) -> list[Budget]:
    """Medians of cold starts and warm answers of the service and of the floor, in turns, reported only."""
    with TemporaryDirectory() as place:
        task, floor = Path(place, "task"), Path(place, "floor")
        bundle = cached(settings_from({}, stage=LOCAL_STAGE, year=2026), BUILDS)
        for directory in (task, floor):
            with zipfile.ZipFile(bundle.zip) as archive:
                archive.extractall(directory)
        for ours in (floor / "chalicelib", floor / "__pycache__"):  # bytecode of our app.py would run in place of the floor's
            shutil.rmtree(ours)
        (floor / "app.py").write_text(_FLOOR)
        runs = [(_measured(task), _measured(floor)) for _ in range(rounds + 1)][1:]
    service, bare = (tuple(map(median, zip(*kind, strict=True))) for kind in zip(*runs, strict=True))
    refers = "one Chalice route with one botocore client"
    named = ("cold start of the zip: process start to answer", "the same, warm", "CPU of the process, one cold and the warm answers")
    return [Budget(what, own, "ms", floors, refers) for what, own, floors in zip(named, service, bare, strict=True)]


def _measured(task: Path) -> tuple[float, float, float]:
    """Milliseconds to the first answer, of a warm one, and of processor time in all."""
    runtime = _Runtime(WARM + 1)
    Thread(target=runtime.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{runtime.server_address[1]}"
    environment = {
        "PATH": os.defpath, "HOME": str(task), "PYTHONPATH": str(task), "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_RUNTIME_API": address, "AWS_ENDPOINT_URL": f"http://{address}", "LAMBDA_TASK_ROOT": str(task),
        "AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": "bench", "AWS_LAMBDA_LOG_STREAM_NAME": "bench", "_HANDLER": "app.app", "AUTH_MODE": "none",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
    }  # fmt: skip
    used, began = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "awslambdaric", "app.app"], cwd=task, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    finished = runtime.done.wait(60)
    process.kill()
    process.wait()
    runtime.shutdown()
    runtime.server_close()
    if runtime.failures or not finished:
        raise RuntimeError(f"the function does not answer: {runtime.failures}")
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    cold, warm = runtime.answered[0], runtime.answered[1:]
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return (cold[1] - began) * 1000, median(end - start for start, end in warm) * 1000, cpu * 1000
