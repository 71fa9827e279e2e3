"""The document: routes, models and examples put together as OpenAPI 3.1."""

import inspect
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Final, get_args, get_type_hints

from typing_extensions import is_typeddict

import app
from chalicelib import __version__, logging_context
from chalicelib.api import access, call, query
from chalicelib.api import schedule as schedule_
from chalicelib.api.routing import ROUTES, WITH_BODY, Route, never
from chalicelib.domain import finding
from chalicelib.domain.schedule import WEEKDAYS
from chalicelib.wire import answers, fields

from .operations import NO_LOCATION, OPERATIONS, TAGS, Operation
from .parameters import PARAMETERS
from .refusals import REFUSALS
from .returned import returned
from .schemas import Json, Schemas

PROBLEM: Final = "application/problem+json"
CSV: Final = "text/csv"
JSON: Final = "application/json"
MERGE: Final = "application/merge-patch+json"
VERSIONED: Final = ("PUT", "PATCH", "DELETE")
DESCRIPTION: Final = """\
Packages are products that are priced once and assigned to customers or to their telephone numbers; this service charges what is due.

- Money goes out as decimal text. It comes in as text or a number, and is read exactly.
- Dates are `YYYY-MM-DD`, from 1900-01-01 to 2999-12-31; instants are RFC 3339 with offset.
- Unknown fields and unknown query parameters are refused. Every bad field is named at once. Bodies have at most 262,144 bytes.
- Lists take `limit` and `cursor`, and answer `items` and `next_cursor`.
- `PUT`, `PATCH` and `DELETE` honour `If-Match` with the `ETag` of what you saw.
- `POST` honours `Idempotency-Key`: the same key and body answer as the first time, for 7 days, per caller and route.
- `X-Correlation-Id` names what a request belongs to in the service's log; every answer carries it.
- Errors are problem documents (RFC 9457) with a `code` that does not change.

How callers sign in is decided when the service is deployed: with AWS credentials (SigV4), or with a bearer token whose
scopes say what it allows. Each operation names the scopes of which it needs one.
"""
_DAY_OR_WEEKDAY: Final = f"({'|'.join(WEEKDAYS)}|[0-9]{{1,2}})"
_ID: Final = r"[A-Za-z0-9._:\-]{1,64}"
_QUERY: Final[Mapping[Any, Json]] = {
    query.OPTIONAL_DAY.parse: fields.DAY_SCHEMA,
    query.LIST["limit"].parse: {"type": "integer", "minimum": 1, "maximum": query.PAGE_ITEMS_MAX, "default": query.DEFAULT_LIMIT},
    query.LIST["cursor"].parse: {"type": "string"},
    fields.identifier: {"type": "string", "pattern": f"^{fields.ID_PATTERN.pattern}$"},
    query.identifiers: {"type": "string", "pattern": f"^{_ID}(,{_ID}){{0,{query.IDS_MAX - 1}}}$"},
    query.entry_id: {"type": "string", "pattern": f"^{query.ENTRY_ID_PATTERN.pattern}$"},
    fields.currency: {"type": "string", "pattern": "^[A-Z]{3}$"},
    finding.sought: {"type": "string", "minLength": 1, "maxLength": finding.SOUGHT_CHARACTERS_MAX},
    fields.connexcs_package: {"type": "string", "minLength": 1, "maxLength": fields.CONNEXCS_CHARACTERS_MAX},
    fields.beginning: {"type": "string", "pattern": "^[A-Za-z0-9._:\\-]{1,64}$"},
    schedule_.match: {"type": "string", "pattern": f"^({_DAY_OR_WEEKDAY}(,{_DAY_OR_WEEKDAY})*)?$", "maxLength": 123},
    schedule_.count: {"type": "integer", "minimum": 1, "maximum": schedule_.SCHEDULE_DATES_MAX},
    query.flag: {"type": "string", "enum": ["true", "false"]},
    fields.known_did: fields.DID_SCHEMA,
    fields.first_digits: fields.FIRST_DIGITS_SCHEMA,
}
_PATH: Final = {"did": fields.DID_SCHEMA, "from": fields.DAY_SCHEMA}
NO_CONTENT: Final = 204
_SUCCESSES: Final = {200: "Done", 201: "Made", 202: "Begun; it goes on in the background"}
_IF_MATCH: Final = 'The `ETag` that was seen, such as `"1"`, or `*`. Another version now: 412.'
_KEY: Final = "Makes the request safe to send again: the same key and body answer as the first time."
_LIVE_KEY: Final = f"{_KEY} 1 to 255 characters. A simulation or a dry run stores nothing and does not look at it."
_CORRELATION: Final = (
    "What this request belongs to, 1 to 64 characters of `A-Z a-z 0-9 . _ : -`. "
    "It stands in the log, also in that of work in the background."
)
_COMMON: Final = ("IfMatch", "IdempotencyKey", "limit", "cursor")
_STATUS_NAMES: Final = {
    401: "Unauthenticated", 403: "Forbidden", 404: "NotFound", 412: "VersionMismatch", 413: "TooLarge", 415: "UnsupportedMediaType",
    429: "Throttled", 500: "Internal", 503: "Unavailable",
}  # fmt: skip
"""Answers that are the same wherever they occur."""
_ETAG: Final[Json] = {
    "description": "The version, for `If-Match`; of a file, for `If-None-Match`.",
    "required": True,
    "schema": {"type": "string"},
}
_ALWAYS: Final[Json] = {logging_context.CORRELATION_HEADER: {"$ref": "#/components/headers/CorrelationId"}}


def build(examples: Mapping[str, Json]) -> Json:
    """The document. `examples` are recorded ones by operation: name -> {request, response, parameters}."""
    app.app.routes.keys()  # the import of the service has registered its routes
    schemas = Schemas()
    schemas.answer(answers.Problem)
    paths: Json = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas, examples)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Packages billing",
            "version": __version__,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": ".", "description": "Where this document comes from, stage and all"}],
        "tags": [{"name": name, "description": about} for name, about in TAGS.items()],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.named.items())),
            "parameters": _common_parameters(),
            "headers": {"CorrelationId": _correlation_header()},
            "responses": {_STATUS_NAMES[status]: _refusal(status, codes) for status, codes in _common_refusals().items()},
            "examples": {code: {"summary": refusal.when, "value": refusal.example} for code, refusal in sorted(REFUSALS.items())},
            "securitySchemes": _security_schemes(),
        },
    }


def _security_schemes() -> Json:
    scopes = "; ".join(f"`{scope}`: {what}" for scope, what in access.SCOPES.items())
    signed: Json = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return {
        "sigv4": signed | {"description": "AWS Signature Version 4, where the service is deployed with AUTH_MODE=iam."},
        "bearer": bearer | {"description": f"A token of the configured issuer, where it is deployed with AUTH_MODE=jwt. {scopes}."},
    }


def _operation(route: Route, schemas: Schemas, examples: Mapping[str, Json]) -> Json:
    name = route.view.__name__
    told, shown = OPERATIONS[name], examples.get(name, {})
    summary = (inspect.getdoc(route.view) or "").split("\n", maxsplit=1)[0].removesuffix(".")
    operation: Json = {"operationId": name, "summary": summary, "tags": [told.tag]}
    if told.notes:
        operation["description"] = told.notes
    operation["security"] = _security(route)
    operation["parameters"] = list(_parameters(route, shown))
    if told.body:
        media = {"schema": schemas.body(told.body, route.method)} | _examples(shown, "request")
        types = (MERGE, JSON) if route.method == "PATCH" else (JSON,)
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(types, media)}
    if route.reads is call.file_sent:
        operation["requestBody"] = {"required": True, "content": {CSV: {"schema": {"type": "string"}} | _examples(shown, "request")}}
    operation["responses"] = _successes(route, told, schemas, shown) | _refusals(route, told)
    return operation


def _security(route: Route) -> list[Json]:
    return [] if route.public else [{"sigv4": []}, *({"bearer": [scope]} for scope in route.scopes)]


def _parameters(route: Route, shown: Mapping[str, Json]) -> Iterator[Json]:
    operation = route.view.__name__
    given: Mapping[str, str] = next((one["parameters"] for one in shown.values() if one.get("parameters")), {})
    for part in route.path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            id_schema = {"type": "string", "pattern": f"^{call.OTHER_IDS.get(name, fields.ID_PATTERN).pattern}$"}
            yield _parameter("path", name, _PATH.get(name, id_schema), given, required=True)
    for name, parameter in route.query.items():
        common = name in _COMMON
        required = {"required": True} if parameter.required else {}
        schema = _schema_of(parameter) | _default(parameter)
        yield _component("parameters", name) if common else _parameter("query", name, schema, given, operation, **required)
    yield _component("parameters", "CorrelationId")
    if route.method in VERSIONED:
        yield _component("parameters", "IfMatch")
    if _takes_key(route):
        yield _component("parameters", "IdempotencyKeyOfLive" if route.live else "IdempotencyKey")


def _schema_of(parameter: query.Parameter) -> Json:
    read = parameter.parse
    return {"type": "string", "enum": list(read.names)} if isinstance(read, query.OneOf) else _QUERY[read]


def _default(parameter: query.Parameter) -> Json:
    default = parameter.default
    return {} if default is None else {"default": str(default).lower() if isinstance(default, bool) else default}


def _takes_key(route: Route) -> bool:
    """Whether an Idempotency-Key counts, at least sometimes."""
    return route.method == "POST" and route.live is not never


def _parameter(where: str, name: str, schema: Json, given: Mapping[str, str], operation: str = "", **more: bool) -> Json:
    shown = {"example": given[name]} if name in given else {}
    meaning = PARAMETERS.get(f"{operation}.{name}") or PARAMETERS[name]
    return {"name": name, "in": where, "description": meaning, **more, "schema": schema, **shown}


def _common_parameters() -> Json:
    etag = {"type": "string", "pattern": r'^(\*|"[0-9]{1,18}")$'}
    listed = {name: _parameter("query", name, _QUERY[query.LIST[name].parse], {}) for name in query.LIST}
    key = {"type": "string", "minLength": 1, "maxLength": 255}
    return listed | {
        "CorrelationId": {
            "name": logging_context.CORRELATION_HEADER,
            "in": "header",
            "description": _CORRELATION,
            "schema": {"type": "string"},
        },
        "IfMatch": {"name": "If-Match", "in": "header", "description": _IF_MATCH, "schema": etag},
        "IdempotencyKey": {"name": "Idempotency-Key", "in": "header", "description": _KEY, "schema": key},
        "IdempotencyKeyOfLive": {"name": "Idempotency-Key", "in": "header", "description": _LIVE_KEY, "schema": {"type": "string"}},
    }


def _correlation_header() -> Json:
    description = (
        f"The request's `{logging_context.CORRELATION_HEADER}`; without a good one, an id that was made for it. "
        "Not in the gateway's own answers."
    )
    return {"description": description, "schema": {"type": "string"}}


def _component(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


def _successes(route: Route, told: Operation, schemas: Schemas, shown: Mapping[str, Json]) -> Json:
    done: Json = {"description": "Done", "headers": _ALWAYS}
    kind, may_be_empty = returned(route.view, as_json=told.media == JSON)
    if kind is None:
        return {str(NO_CONTENT): done}
    content = {told.media: {"schema": schemas.answer(kind)} | _examples(shown, "response")}
    forms: Json = {form: {"schema": {"type": "string"}} for form in route.forms}
    found: Json = {"304": {"description": "Not changed since", "headers": {"ETag": _ETAG} | _ALWAYS}} if told.tagged_text else {}
    for status in (told.status, *told.also):
        headers = _headers(route, told, kind, status)
        found[str(status)] = {
            "description": _SUCCESSES[status],
            "headers": headers | _ALWAYS,
            "content": content | (forms if status == 200 else {}),
        }
    return found | ({str(NO_CONTENT): done} if may_be_empty else {})


def _headers(route: Route, told: Operation, kind: Any, status: int) -> Json:
    headers: Json = {}
    made = get_args(kind)[0] if isinstance(kind, UnionType) and status == told.status else kind  # of several the first is what was made
    named = get_type_hints(made) if is_typeddict(made) else {}
    if told.tagged_text or (named.get("version") is int and "entry_id" not in named):
        headers["ETag"] = _ETAG
    if status in (201, 202) and route.view.__name__ not in NO_LOCATION:
        description = "Where it lives, relative to the URL of the request."
        headers["Location"] = {"description": description, "required": True, "schema": {"type": "string"}}
    return headers


def _examples(shown: Mapping[str, Json], part: str) -> Json:
    found = {name: {"summary": name.replace("_", " "), "value": one[part]} for name, one in shown.items() if one.get(part) is not None}
    return {"examples": found} if found else {}


# Refusals


def codes(route: Route, told: Operation) -> Iterator[str]:
    """The codes of every refusal that an operation can end in."""
    posts, writes = _takes_key(route), route.method in WITH_BODY
    yield from () if route.public else ("unauthenticated", "forbidden", "issuer_unreachable")
    yield from ("malformed",) if writes or "cursor" in route.query else ()
    yield from ("not_found",) if ("{" in route.path if told.seeks is None else told.seeks) else ()
    yield from (*told.conflicts, "in_progress") if posts else told.conflicts
    yield from ("version_mismatch",) if route.method in VERSIONED else ()
    yield from ("too_large", "unsupported_media_type") if writes else ()
    yield from () if route.public else ("too_many",)
    yield from ("invalid", *told.invalid, "idempotency_key_reused") if posts else ("invalid", *told.invalid)
    yield from ("throttled", "internal", "contention", "misconfigured")


def _refusals(route: Route, told: Operation) -> Json:
    by_status: dict[int, list[str]] = {429: ["throttled"]}
    for code in sorted(set(codes(route, told)), key=list(REFUSALS).index):
        by_status.setdefault(REFUSALS[code].status, []).append(code)
    common = _common_refusals()
    return {
        str(status): _component("responses", _STATUS_NAMES[status]) if common.get(status) == given else _refusal(status, given)
        for status, given in sorted(by_status.items())
    }


def _common_refusals() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {429: ["throttled"]}
    for code, refusal in REFUSALS.items():
        if refusal.status in _STATUS_NAMES:
            found.setdefault(refusal.status, []).append(code)
    return found


def _refusal(status: int, given: list[str]) -> Json:
    described = "\n".join(f"- `{code}`: {REFUSALS[code].when}" for code in given)
    media = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {code: _component("examples", code) for code in given}}
    wait = {"Retry-After": {"description": "Seconds to wait before trying again.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}}
    headers = (wait if status in (409, 429, 500, 503) else {}) | _ALWAYS
    return {"description": described, "headers": headers, "content": {PROBLEM: media}}
