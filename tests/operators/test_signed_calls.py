"""The calls of docs/deploy.md and docs/operations.md run as they stand there, with signatures that AWS would accept (B15).

A server of this test takes each request and computes its signature anew with the SDK's own signer.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tools.bundle import ROOT

PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("deploy", "operations")}
SHELLS = [shell for shell in ("bash", "dash", "zsh") if shutil.which(shell)]
KEY, SECRET, REGION = "AKIDEXAMPLE", "secret/with+signs", "eu-central-1"
FUNCTION = re.search(r"^api\(\) \{\n.*?^\}$", PAGES["deploy"], re.MULTILINE | re.DOTALL)
JSON_TYPE = "Content-Type: application/json"


def commands() -> list[str]:
    """Every call by `api`, on one line each."""
    shell = "\n".join(block for page in PAGES.values() for block in re.findall(r"^ *```sh\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL))
    return [line.strip() for line in shell.replace("\\\n", " ").splitlines() if re.match(r" *api (?!\(\))", line)]


class Verifier(ThreadingHTTPServer):
    """Answers each request and keeps whether it was signed rightly."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.right: dict[str, bool] = {}


class _Handler(BaseHTTPRequestHandler):
    server: Verifier

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.right[f"{self.command} {self.path}"] = self._is_signed(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = do_GET  # noqa: N815 - what http.server looks for

    def _is_signed(self, body: bytes) -> bool:
        authorization = self.headers["Authorization"] or ""
        named = re.search("SignedHeaders=([^,]*)", authorization)
        if not named or any(self.headers[name] is None for name in named[1].split(";")):
            return False
        headers = {name: self.headers[name] for name in named[1].split(";")}
        request = AWSRequest(self.command, f"http://{self.headers['Host']}{self.path}", headers=headers, data=body)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        signer = SigV4Auth(Credentials(KEY, SECRET), "execute-api", REGION)
        signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        return authorization.endswith(f"Signature={signature}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def verifier() -> Iterator[Verifier]:
    with Verifier() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def called(verifier: Verifier, shell: str, command: str, token: str) -> dict[str, bool]:
    assert FUNCTION
    variables = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": token, "AWS_REGION": REGION}
    environ = variables | {"BASE": f"http://127.0.0.1:{verifier.server_address[1]}/api", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([shell, "-c", f"{FUNCTION[0]}\n{command}"], env=environ, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    return verifier.right


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("token", ["", "session+token/="], ids=["a user's key", "a session"])
@pytest.mark.parametrize("command", commands(), ids=lambda command: command[-40:])
def test_b15_the_documented_calls_are_signed_as_aws_wants_it(verifier: Verifier, command: str, token: str, shell: str) -> None:
    right = called(verifier, shell, command, token)
    assert len(right) == 1
    assert all(right.values()), right


def test_no_documented_call_is_of_a_kind_that_curl_signs_wrongly() -> None:
    """Until a version that not everybody has, curl signs neither a path with a colon nor parameters out of order."""
    assert len(commands()) >= 7
    for command in commands():
        path, _, query = (re.search(r'"\$BASE([^"]*)"', command) or ["", ""])[1].partition("?")
        assert path
        assert ":" not in path
        assert query.split("&") == sorted(query.split("&"))


def test_nothing_is_called_without_a_signature() -> None:
    blocks = (block for page in PAGES.values() for block in re.findall(r"^ *```sh\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL))
    assert [line for block in blocks for line in block.splitlines() if "curl " in line and "--aws-sigv4" not in line] == []
