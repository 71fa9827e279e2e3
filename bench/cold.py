"""The cold start: importing `app` with its clients made, against importing chalice and making one botocore client.

Each is measured in processes of its own, in turns, everything precompiled and the interpreter's own start left out.
"""

import compileall
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from .report import Budget

ROOT: Final = Path(__file__).resolve().parent.parent
_TIMED: Final = """
import json, time
begun = time.perf_counter(), time.process_time()
{work}
print(json.dumps([time.perf_counter() - begun[0], time.process_time() - begun[1]]))
"""
_REFERENCE: Final = """
import chalice
import botocore.session
botocore.session.get_session().create_client("dynamodb")
"""
_APP: Final = """
import app
from chalicelib import deployment
def answer(request, **_):
    from botocore.awsrequest import AWSResponse
    body = b'{"Item": {"billing_timezone": {"S": "UTC"}}}'
    raw = type("Raw", (), {"stream": lambda self: iter([body])})()
    return AWSResponse(request.url, 200, {"content-type": "application/x-amz-json-1.0"}, raw)
client = deployment.dynamodb()
client.meta.events.register("before-send.dynamodb", answer)
deployment.dynamodb = lambda: client
deployment.services()
"""
_ENVIRONMENT: Final = {
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}  # fmt: skip


def cold_start(rounds: int) -> list[Budget]:
    """The medians of processor time, and of the time that passes. `services` makes the client and reads the tables' time zone."""
    with TemporaryDirectory() as place:
        _precompiled(Path(place))
        runs = [(_milliseconds(_APP, place), _milliseconds(_REFERENCE, place)) for _ in range(rounds + 1)][1:]
    (wall, cpu), (bare_wall, bare_cpu) = ([median(one) for one in zip(*kind, strict=True)] for kind in zip(*runs, strict=True))
    refers = "chalice and one botocore client"
    return [
        Budget("cold start: importing app, clients made (CPU)", cpu, "ms", bare_cpu, refers, 1.8, of_ratio=True),
        Budget("the same, time that passes", wall, "ms", bare_wall, refers),
    ]


def _precompiled(place: Path) -> None:
    """A copy of what is deployed, with its bytecode, as a Lambda bundle can have it."""
    shutil.copy(ROOT / "app.py", place)
    shutil.copytree(ROOT / "chalicelib", place / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(place, quiet=2)


def _milliseconds(work: str, place: str) -> tuple[float, float]:
    """Wall and processor time of some code in a process of its own, run where the copy is."""
    command = [sys.executable, "-c", _TIMED.format(work=work)]
    environment = {"PATH": os.defpath, "HOME": place} | _ENVIRONMENT
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=True)
    wall, cpu = json.loads(done.stdout)
    return wall * 1000, cpu * 1000
