"""What API Gateway does by itself, before a function is asked: throttle, log, and answer like the service does.

Where it checks no signature, "missing authentication token" is how it says that there is no such route; where it does, it
may also mean that the call carries none.
"""

import json
from typing import Any

from chalicelib.api import guards
from tools.stage import StackSettings

PROBLEM = "application/problem+json"
ADDRESS = "https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}/api"
"""The API's address without a slash at its end, so that paths can be written behind it."""
DOCS = ("/docs", "/docs/{file}")
OPEN_ROUTES = ("/health", "/openapi.json", *DOCS, "/console", "/console/settings.json", "/console/{version}/{name}")
"""What anybody may GET. A page load asks for some thirty files at once."""
FIREWALL_SECONDS = 300

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


ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "caller": "$context.identity.userArn",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "function_ms": "$context.integrationLatency",
    "bytes": "$context.responseLength",
    "refused": "$context.error.responseType",
}
"""One line of JSON a request. No query, no body, no header, no path with a customer's name: the route is its template.

The service logs the same `request_id`, and the messages it sends carry it. `caller` is a signature's; a token's is in the
service's own line, for the gateway reads no tokens. `refused` says which of the gateway's own answers was given.
"""


LOGS_GO = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
"""Logs go with the stack: they are kept for days, not for good, and a stack made again has groups of these names."""


def access_log(*, days: int) -> dict[str, Any]:
    """The log group of the API's requests."""
    properties = {"LogGroupName": {"Fn::Sub": "/aws/apigateway/${AWS::StackName}"}, "RetentionInDays": days}
    return {"AccessLogGroup": {"Type": "AWS::Logs::LogGroup", "Properties": properties} | LOGS_GO}


def bounded(path: str, method: str, *, rate: int, burst: int) -> dict[str, Any]:
    """The settings of a method of the stage. Neither execution logs, which hold bodies, nor metrics by method, which cost."""
    return {
        "HttpMethod": method,
        "ResourcePath": path,
        "ThrottlingRateLimit": rate,
        "ThrottlingBurstLimit": burst,
        "LoggingLevel": "OFF",
        "DataTraceEnabled": False,
        "MetricsEnabled": False,
    }


def stage_properties(settings: StackSettings, *, docs: bool) -> dict[str, Any]:
    """The API's stage: its bounds, its log. What is open to all has low bounds of its own, for it takes what callers need.

    API Gateway bounds each method by itself: so many requests of one path and method, not of all together.
    `docs`: whether there is a page at /docs; a bound of a method that there is not is refused.
    With the version of its document named, SAM makes no second stage, which would have no bounds.
    """
    rate, burst = settings.open_requests_per_second, settings.open_burst
    methods = [bounded("/*", "*", rate=settings.api_requests_per_second, burst=settings.api_burst)]
    methods += [bounded("/" + path.replace("/", "~1"), "GET", rate=rate, burst=burst) for path in OPEN_ROUTES if docs or path not in DOCS]
    log = {"DestinationArn": {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}, "Format": json.dumps(ACCESS_LOG)}
    return {"OpenApiVersion": "2.0", "MethodSettings": methods, "AccessLogSetting": log}


def firewall(settings: StackSettings) -> dict[str, Any]:
    """What refuses an address that asks for more than the setting allows; nothing where it is 0."""
    if not settings.firewall_requests:
        return {}
    name = {"Ref": "AWS::StackName"}
    busy = {"type": "urn:packages-billing:problem:throttled", "title": "Busy", "code": "throttled", "status": 429}
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
    limit = {"Limit": settings.firewall_requests, "EvaluationWindowSec": FIREWALL_SECONDS, "AggregateKeyType": "IP"}
    rule = {
        "Name": "TooManyRequests",
        "Priority": 0,
        "Action": {"Block": {"CustomResponse": {"ResponseCode": 429, "CustomResponseBodyKey": "busy"}}},
        "Statement": {"RateBasedStatement": limit},
        "VisibilityConfig": seen,
    }
    rules = {
        "Name": name,
        "Scope": "REGIONAL",
        "DefaultAction": {"Allow": {}},
        "CustomResponseBodies": {"busy": {"ContentType": "APPLICATION_JSON", "Content": json.dumps(busy)}},
        "Rules": [rule],
        "VisibilityConfig": seen,
    }
    stage = {"Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${RestAPI}/stages/${RestAPI.Stage}"}
    association = {"ResourceArn": stage, "WebACLArn": {"Fn::GetAtt": ["Firewall", "Arn"]}}
    return {
        "Firewall": {"Type": "AWS::WAFv2::WebACL", "Properties": rules},
        "FirewallOfApi": {"Type": "AWS::WAFv2::WebACLAssociation", "Properties": association},
    }
