"""Requests signed as AWS wants them, for stacks whose callers API Gateway checks."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.conftest import REQUEST_SECONDS
from tools.embedded import DUMMY_KEY, REGION, EmbeddedStack

TRANSPORT_HEADERS = ("connection", "accept-encoding", "accept", "user-agent")
"""Not signed: whatever carries the request may change them."""


class SigV4(httpx.Auth):
    """Signs requests to an API of API Gateway."""

    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in TRANSPORT_HEADERS}
        signed = AWSRequest(request.method, str(request.url), headers=headers, data=request.content)
        SigV4Auth(Credentials(DUMMY_KEY, DUMMY_KEY), "execute-api", REGION).add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


@contextmanager
def signing(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    """A client whose requests are signed with the stack owner's credentials."""
    with httpx.Client(base_url=stack.base_url, timeout=REQUEST_SECONDS, trust_env=False, auth=SigV4()) as client:
        client.get("/health").raise_for_status()
        yield client
