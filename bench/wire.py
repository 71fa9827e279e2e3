"""botocore, whole, without a network: requests are built, signed and serialised, answers parsed, and HTTP is answered from memory.

The processor time that answering takes is kept apart, so that it can be left out.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterator
from threading import Lock
from time import process_time, thread_time
from typing import Any, Final

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from chalicelib import deployment

Answer = Callable[[str, bytes], bytes]
NOBODYS: Final[dict[str, Any]] = {"region_name": "us-east-1", "aws_access_key_id": "bench", "aws_secret_access_key": "bench"}


class _Raw:
    """A body as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def deployed() -> Any:
    """A client as the service makes it."""
    return deployment.dynamodb(**NOBODYS)


def plain() -> Any:
    """A client as boto3 makes it."""
    return boto3.client("dynamodb", **NOBODYS)


class Wire:
    """A real client, and what answers it."""

    def __init__(self, answer: Answer, client: Any) -> None:
        self.answer = answer
        self.client = client
        self.client.meta.events.register("before-send.dynamodb", self._respond)
        self.requests = 0
        self._spent = 0.0
        self._lock = Lock()

    def cpu(self, job: Callable[[], object]) -> float:
        """Seconds of processor time that a job takes, in all threads, answering left out."""
        self._spent = 0.0
        begun = process_time()
        job()
        return process_time() - begun - self._spent

    def _respond(self, request: Any, **_: Any) -> AWSResponse:
        begun = thread_time()
        status = 200
        try:
            body = self.answer(_operation(request), request.body)
        except ClientError as error:
            status, body = 400, _refusal(error)
        response = AWSResponse(request.url, status, _headers(body), _Raw(body))
        with self._lock:
            self.requests += 1
            self._spent += thread_time() - begun
        return response


def _headers(body: bytes) -> HTTPHeaders:
    headers = HTTPHeaders()
    headers["content-type"] = "application/x-amz-json-1.0"
    headers["x-amz-crc32"] = str(zlib.crc32(body))
    return headers


def _operation(request: Any) -> str:
    target = request.headers["X-Amz-Target"]
    return str(target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]


def _refusal(error: ClientError) -> bytes:
    response: Any = error.response
    told = {"__type": f"com.amazonaws.dynamodb.v20120810#{response['Error']['Code']}", "message": response["Error"]["Message"]}
    return json.dumps(told | {name: response[name] for name in ("CancellationReasons",) if name in response}).encode()


def snake(operation: str) -> str:
    """`PutItem` -> `put_item`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


class Memory:
    """Answers from stores, but scans from pages that lie ready, and writes to the ledger by agreeing.

    So answering costs next to nothing, and nothing that the service wrote is held in memory.
    """

    def __init__(self, stores: Any) -> None:
        self._stores = stores
        self._pages: dict[str, bytes] = {}
        self._lock = Lock()

    @property
    def pages(self) -> list[bytes]:
        """The pages of the scan, in order."""
        return list(self._pages.values())

    def prepare(self) -> None:
        """Lay the pages of the accounts ready."""
        self._pages = {}
        after: Any = None
        while True:
            more: dict[str, Any] = {"ExclusiveStartKey": after} if after else {}
            answer = self._stores.scan(TableName="accounts", ConsistentRead=True, **more)
            self._pages[_cursor(after)] = json.dumps(answer, separators=(",", ":")).encode()
            after = answer.get("LastEvaluatedKey")
            if after is None:
                return

    def __call__(self, operation: str, body: bytes) -> bytes:
        if operation in ("TransactWriteItems", "PutItem") and b'"ledger"' in body:
            return b"{}"
        arguments = json.loads(body)
        if operation == "Scan":
            return self._pages[_cursor(arguments.get("ExclusiveStartKey"))]
        with self._lock:
            return json.dumps(getattr(self._stores, snake(operation))(**arguments)).encode()


def _cursor(key: Any) -> str:
    return json.dumps(key, sort_keys=True)
