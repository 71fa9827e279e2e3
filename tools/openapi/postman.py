"""The document as a Postman collection (v2.1): a folder a tag, a request an example, variables for the address and the token."""

import json
from collections.abc import Iterator
from typing import Any, Final

Json = dict[str, Any]
SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
JSON: Final = "application/json"
_ID: Final = "packages-billing"


def collection(document: Json) -> Json:
    """The collection. `baseUrl` and `token` are to be set by whoever imports it."""
    described = document["info"]
    return {
        "info": {"_postman_id": _ID, "name": described["title"], "description": described["description"], "schema": SCHEMA},
        "item": [_folder(document, tag) for tag in document["tags"]],
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
        "variable": [
            {"key": "baseUrl", "value": "http://127.0.0.1:8000", "description": "The API's address; no slash at its end"},
            {"key": "token", "value": "", "description": "A bearer token, where the service is deployed with AUTH_MODE=jwt"},
        ],
    }


def _folder(document: Json, tag: Json) -> Json:
    found = [
        item
        for path, methods in document["paths"].items()
        for method, told in methods.items()
        if tag["name"] in told["tags"]
        for item in _items(document, method.upper(), path, told)
    ]
    return {"name": tag["name"], "description": tag["description"], "item": found}


def _items(document: Json, method: str, path: str, told: Json) -> Iterator[Json]:
    """A request for each example of what is sent, or one where nothing is."""
    content = told.get("requestBody", {}).get("content", {}).get(JSON, {})
    for name, example in content.get("examples", {"": None}).items():
        headers, body = [], {}
        if example is not None:
            headers = [{"key": "Content-Type", "value": JSON}]
            body = {"body": {"mode": "raw", "raw": _pretty(example["value"]), "options": {"raw": {"language": "json"}}}}
        request = {"method": method, "header": headers, "url": _url(document, path, told), "description": _about(told), **body}
        open_ = {} if told["security"] else {"auth": {"type": "noauth"}}
        yield {"name": told["summary"] + (f": {example['summary']}" if name else ""), "request": request | open_, "response": []}


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _about(told: Json) -> str:
    return "\n\n".join(text for text in (told["summary"], told.get("description")) if text)


def _url(document: Json, path: str, told: Json) -> Json:
    known = document["components"]["parameters"]
    parameters = [known[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in told["parameters"]]
    segments = [f":{part.strip('{}')}" if part.startswith("{") else part for part in path.strip("/").split("/")]
    query = [_query(one) for one in parameters if one["in"] == "query"]
    places = [one for one in parameters if one["in"] == "path"]
    variables = [{"key": one["name"], "value": one.get("example", ""), "description": one["description"]} for one in places]
    return {"raw": "{{baseUrl}}/" + "/".join(segments), "host": ["{{baseUrl}}"], "path": segments, "query": query, "variable": variables}


def _query(parameter: Json) -> Json:
    """A parameter; switched off where it is optional and has no example."""
    value = parameter.get("example", "")
    return {
        "key": parameter["name"], "value": value, "description": parameter["description"],
        "disabled": not (parameter.get("required") or value),
    }  # fmt: skip
