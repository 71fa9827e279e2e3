"""Holds every answer of a running service against its own description, strictly: a field that is not described is a fault."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
from jsonschema_rs import Draft202012Validator, ValidationError

from chalicelib.api.reference import DOCUMENT

Json = dict[str, Any]
EMPTY = (204, 304)


class Operation(NamedTuple):
    """A method of a path, as described."""

    name: str
    path: str
    pattern: re.Pattern[str]
    told: Json


@cache
def document() -> Json:
    """The document as it is kept, answers without room for what is not described."""
    loaded: Json = json.loads(DOCUMENT.read_text())
    for name, schema in loaded["components"]["schemas"].items():
        if schema.get("type") == "object" and name != "Problem":
            schema.setdefault("additionalProperties", False)
    return loaded


@cache
def operations() -> tuple[tuple[str, Operation], ...]:
    """Every operation with its method; paths without parameters stand before those with."""
    found = []
    for path, methods in sorted(document()["paths"].items(), key=lambda item: item[0].count("{")):
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        found += [(method.upper(), Operation(told["operationId"], path, pattern, told)) for method, told in methods.items()]
    return tuple(found)


def operation_of(method: str, path: str) -> Operation | None:
    """The operation that a request asks for; None for no route of ours."""
    return next((one for known, one in operations() if known == method and one.pattern.fullmatch(path)), None)


@cache
def validator(pointer: str) -> Draft202012Validator:
    """What checks values against the schema that a JSON pointer leads to."""
    schema = {"$ref": f"#{quote(pointer, safe='/~')}"} | deepcopy({"components": document()["components"], "paths": document()["paths"]})
    return Draft202012Validator(schema, validate_formats=True)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def faults(response: httpx.Response, base_path: str) -> Iterator[str]:
    """What is not as described in an answer, and in the request if it was accepted."""
    request = response.request
    method, path = request.method, request.url.raw_path.decode().partition("?")[0].removeprefix(base_path)
    operation = operation_of(method, path)
    if operation is None:
        return
    status = str(response.status_code)
    if status not in operation.told["responses"]:
        yield f"{operation.name} does not answer {status}"
        return
    yield from _answer_faults(operation, status, response)
    if response.is_success and request.headers.get("content-type", "application/json").endswith("json") and request.content:
        body = f"/paths/{_escaped(operation.path)}/{method.lower()}/requestBody/content/application~1json/schema"
        yield from _value_faults(f"{operation.name} request", body, json.loads(request.content))


def _answer_faults(operation: Operation, status: str, response: httpx.Response) -> Iterator[str]:
    told, where = _at(operation, response.request.method, status)
    for name, header in told.get("headers", {}).items():
        if header.get("required") and name not in response.headers:
            yield f"{operation.name} {status} lacks {name}"
    if "ETag" in response.headers and "ETag" not in told.get("headers", {}):
        yield f"{operation.name} {status} has an ETag"
    if "content" not in told:
        yield from [f"{operation.name} {status} has a body"] if response.content else []
        return
    media = response.headers["content-type"].split(";")[0]
    described = next((one for one in told["content"] if re.fullmatch(one.replace("*", "[^/]+").replace("+", r"\+"), media)), None)
    if described is None:
        yield f"{operation.name} {status} is {media}"
    elif media.endswith("json"):
        value = response.json()
        yield from _value_faults(f"{operation.name} {status}", f"{where}/content/{_escaped(described)}/schema", value)
        if int(status) >= 400 and value.get("code") not in told["content"][described]["examples"]:
            yield f"{operation.name} {status} does not have the code {value.get('code')}"


def _at(operation: Operation, method: str, status: str) -> tuple[Json, str]:
    """What is said of an answer, and where."""
    told = operation.told["responses"][status]
    if "$ref" in told:
        pointer = told["$ref"].removeprefix("#")
        return document()["components"]["responses"][pointer.rpartition("/")[2]], pointer
    return told, f"/paths/{_escaped(operation.path)}/{method.lower()}/responses/{status}"


def _value_faults(what: str, pointer: str, value: Any) -> Iterator[str]:
    try:
        validator(pointer).validate(value)
    except ValidationError as error:
        yield f"{what}: {'/'.join(map(str, error.instance_path))}: {error.message[:600]}"


def hooks(base_url: str) -> Mapping[str, Any]:
    """The event hooks of a client whose every answer is held against the document."""
    base_path = httpx.URL(base_url).path.rstrip("/")

    def check(response: httpx.Response) -> None:
        response.read()
        found = list(faults(response, base_path))
        assert not found, found

    return {"response": [check]}
