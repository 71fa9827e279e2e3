"""What API Gateway does by itself, before a function is asked: throttle, and answer like the service does.

Where it checks no signature, "missing authentication token" is how it says that there is no such route; where it does, it
may also mean that the call carries none.
"""

import json
from typing import Any

from chalicelib.api import guards
from tools import parts
from tools.stage import StackSettings

PROBLEM = "application/problem+json"
DOCS = ("/docs", "/docs/{file}")
OPEN_ROUTES = ("/health", "/openapi.json", *DOCS, "/console", "/console/settings.json", "/console/{version}/{name}")
"""What anybody may GET. A page load asks for some thirty files at once."""

_OWN_WORDS = "$context.error.messageString"
"""The gateway's message with its quotes. Without them, a wrong signature's, which has several lines, would make no JSON."""

_POLICY = f"{guards.HEADERS['Content-Security-Policy']}; {guards.FRAMES}"
_GUARDS = {**guards.HEADERS, "Content-Security-Policy": _POLICY.replace(" 'none'", "")}
"""The headers of the service's own answers. Values stand in single quotes here, so the policy has none: no source means `'none'`."""


def _response(status: int | None, code: str, title: str, *, detail: str | None = None, retry_after: bool = False) -> dict[str, Any]:
    """One gateway response; `status` None keeps the gateway's own, and so does `detail`."""
    body: dict[str, Any] = {"type": f"urn:packages-billing:problem:{code}", "title": title, "code": code, "detail": detail or _OWN_WORDS}
    text = json.dumps(body | ({"status": status} if status else {})).replace(f'"{_OWN_WORDS}"', _OWN_WORDS)
    headers = _GUARDS | {"Content-Type": PROBLEM} | ({"Retry-After": "2"} if retry_after else {})
    parameters = {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()}
    answer: dict[str, Any] = {"responseTemplates": {"application/json": text}, "responseParameters": parameters}
    return answer | ({"statusCode": str(status)} if status else {})


def gateway_responses(auth_mode: str) -> dict[str, Any]:
    """The gateway's answers by type, in the form of its OpenAPI extension."""
    nobody = _response(404, "not_found", "There is no such thing", detail="there is no such route")
    if auth_mode == "iam":
        nobody = _response(401, "unauthenticated", "The call is not signed", detail="the call is not signed, or there is no such route")
    return {
        "MISSING_AUTHENTICATION_TOKEN": nobody,
        "UNAUTHORIZED": _response(401, "unauthenticated", "The call is not signed"),
        "ACCESS_DENIED": _response(403, "forbidden", "The caller may not do this"),
        "REQUEST_TOO_LARGE": _response(413, "too_large", "The body is too large"),
        "THROTTLED": _response(429, "throttled", "Busy", retry_after=True),
        "QUOTA_EXCEEDED": _response(429, "throttled", "Busy", retry_after=True),
        "DEFAULT_4XX": _response(None, "refused", "The gateway refuses the request"),
        "DEFAULT_5XX": _response(None, "internal", "Something went wrong here", retry_after=True),
    }


def local_gateway_responses(auth_mode: str) -> dict[str, Any]:
    """The same as resources, for the emulator, whose importer does not read the extension."""
    return {
        "".join(word.title() for word in kind.split("_")) + "Response": {
            "Type": "AWS::ApiGateway::GatewayResponse",
            "Properties": {
                "RestApiId": {"Ref": "RestAPI"},
                "ResponseType": kind,
                "ResponseTemplates": answer["responseTemplates"],
                "ResponseParameters": answer["responseParameters"],
                **({"StatusCode": answer["statusCode"]} if "statusCode" in answer else {}),
            },
        }
        for kind, answer in gateway_responses(auth_mode).items()
    }


def method_settings(settings: StackSettings, *, docs: bool) -> list[dict[str, Any]]:
    """The bounds of the API's methods. What is open to all has low bounds of its own, for it takes what callers need.

    API Gateway bounds each method by itself: so many requests of one path and method, not of all together.
    `docs`: whether there is a page at /docs; a bound of a method that there is not is refused.
    """
    every = {"path": "/*", "method": "*", "rate": settings.api_requests_per_second, "burst": settings.api_burst}
    opened = {"method": "GET", "rate": settings.open_requests_per_second, "burst": settings.open_burst}
    paths = ["/" + path.replace("/", "~1") for path in OPEN_ROUTES if docs or path not in DOCS]
    return [parts.filled("Method", words) for words in (every, *(opened | {"path": path} for path in paths))]
