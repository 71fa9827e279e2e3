"""Requests signed as API Gateway wants them (SigV4)."""

from collections.abc import Generator

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TRANSPORT_HEADERS = ("connection", "accept-encoding", "accept", "user-agent")
"""Not signed: whatever carries the request may change them."""


class SigV4(httpx.Auth):
    """Signs requests to an API of API Gateway."""

    requires_request_body = True

    def __init__(self, credentials: Credentials, region: str) -> None:
        self._credentials, self._region = credentials, region

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in TRANSPORT_HEADERS}
        signed = AWSRequest(request.method, str(request.url), headers=headers, data=request.content)
        SigV4Auth(self._credentials.get_frozen_credentials(), "execute-api", self._region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request
