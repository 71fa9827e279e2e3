"""Events of an API Gateway REST API (proxy integration, payload 1.0) as AWS sends them, which is not always how the emulator does.

The fields are those of "Input format of a Lambda function for proxy integration":
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
The identities are those that `$context.identity` has for each kind of credentials:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""

import base64
import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import quote

import app

Event = dict[str, Any]
ACCOUNT: Final = "123456789012"
API: Final = "a1b2c3d4e5"
REQUEST_ID: Final = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
CONTEXT: Final = SimpleNamespace(
    function_name="packages-billing-prod-api_handler",
    function_version="$LATEST",
    invoked_function_arn=f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:packages-billing-prod-api_handler",
    memory_limit_in_mb="1024",
    aws_request_id="8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    log_group_name="/aws/lambda/packages-billing-prod-api_handler",
    log_stream_name="2026/11/28/[$LATEST]0123456789abcdef",
    get_remaining_time_in_millis=lambda: 29_000,
)
_COGNITO_FIELDS: Final = ("cognitoIdentityPoolId", "cognitoIdentityId", "cognitoAuthenticationType", "cognitoAuthenticationProvider")


def _identity(arn: str | None = None, unique_id: str | None = None, key: str = "ASIAEXAMPLE", **more: str) -> Event:
    """What the gateway tells of a caller. For a session, `user` and `caller` are the unique id and the session's name."""
    known = {"userArn": arn, "user": unique_id, "caller": unique_id, "accountId": arn and ACCOUNT, "accessKey": arn and key}
    return {
        "sourceIp": "198.51.100.7", "userAgent": "Boto3/1.40", "principalOrgId": None,
        **dict.fromkeys(_COGNITO_FIELDS), **known, **more,
    }  # fmt: skip


def role(name: str, session: str, *, partition: str = "aws") -> Event:
    """A session of a role, which is how programs and people with temporary credentials call."""
    return _identity(f"arn:{partition}:sts::{ACCOUNT}:assumed-role/{name}/{session}", f"AROAEXAMPLE{name.upper()}:{session}")


def user(name: str) -> Event:
    """An IAM user with a key for good."""
    return _identity(f"arn:aws:iam::{ACCOUNT}:user/{name}", "AIDAEXAMPLE", "AKIAEXAMPLE")


def federated(name: str) -> Event:
    """A session of GetFederationToken: whoever asks for it names the user."""
    return _identity(f"arn:aws:sts::{ACCOUNT}:federated-user/{name}", f"{ACCOUNT}:{name}")


def root() -> Event:
    """The account's root user, who should not."""
    return _identity(f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "AKIAEXAMPLE")


def cognito(identity_id: str) -> Event:
    """An identity of a Cognito identity pool: all of a pool are sessions of one role, of one name."""
    session = role("Cognito_billingAuth_Role", "CognitoIdentityCredentials")
    pool = {
        "cognitoIdentityPoolId": "eu-west-1:11111111-2222-3333-4444-555555555555", "cognitoIdentityId": identity_id,
        "cognitoAuthenticationType": "authenticated",
        "cognitoAuthenticationProvider": "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE",
    }  # fmt: skip
    return session | pool


def nobody() -> Event:
    """Who calls an open method without a signature."""
    return _identity()


CLERK: Final = role("billing", "session-1")


def as_given(value: str) -> str:
    """A value of a path as a client that encodes nothing sends it."""
    return value


def event(
    method: str,
    route: str,
    params: Mapping[str, str] | None = None,
    *,
    query: Mapping[str, list[str]] | None = None,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    encode: Callable[[str], str] = as_given,
    identity: Event = CLERK,
    base_path: str = "/api",
) -> Event:
    """One request. `encode` is how the client writes ids into the path: the gateway hands them over as they were written.

    `base_path` is the stage, or the base path of a custom domain name; `path` has it there, `resource` never.
    """
    encoded = {name: encode(value) for name, value in (params or {}).items()}
    path = route.format(**encoded)
    sent = {"Host": f"{API}.execute-api.eu-west-1.amazonaws.com", "X-Forwarded-Proto": "https", **(headers or {})}
    context = {
        "resourceId": "jdn4zf", "resourcePath": route, "httpMethod": method, "extendedRequestId": "TwPXyGYMjoEFUtg=",
        "requestTime": "28/Nov/2026:09:30:00 +0000", "requestTimeEpoch": 1_795_858_200_000, "path": base_path + path,
        "accountId": ACCOUNT, "protocol": "HTTP/1.1", "stage": "api", "domainPrefix": API, "domainName": sent["Host"],
        "deploymentId": "abc123", "requestId": REQUEST_ID, "apiId": API, "identity": identity,
    }  # fmt: skip
    return {
        "resource": route,
        "path": path if base_path == "/api" else base_path + path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} if query else None,
        "multiValueQueryStringParameters": dict(query) if query else None,
        "pathParameters": encoded or None,
        "stageVariables": None,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": False,
    }


def in_base64(sent: Event) -> Event:
    """The same request with its body as the gateway sends what may be binary."""
    if sent["body"] is None:
        return sent
    return sent | {"body": base64.b64encode(sent["body"].encode()).decode(), "isBase64Encoded": True}


def with_names(sent: Event, rename: Callable[[str], str]) -> Event:
    """The same request with its headers' names as another client writes them: over HTTP/2 they are in lower case."""
    headers = {rename(name): value for name, value in sent["headers"].items()}
    return sent | {"headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()}}


def fully_encoded(value: str) -> str:
    """Everything encoded but letters and digits, as some clients do."""
    return "".join(one if one.isalnum() else f"%{ord(one):02X}" for one in value)


def lower_case_encoded(value: str) -> str:
    """The same with small hexadecimal digits."""
    return "".join(one if one.isalnum() else f"%{ord(one):02x}" for one in value)


def strictly_encoded(value: str) -> str:
    """As `encodeURIComponent` and Python's `quote(..., safe="")` do: the colon, not the tilde."""
    return quote(value, safe="")


def answered(sent: Event) -> Event:
    """What the deployed function answers, by way of JSON, as on Lambda."""
    answer: Event = json.loads(json.dumps(app.app(json.loads(json.dumps(sent)), CONTEXT)))
    return answer
