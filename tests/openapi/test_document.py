"""The API's description: valid, as the code makes it, with examples that the service really answers."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

import app
from chalicelib.api.reference import DOCUMENT
from tests.openapi import conformance
from tools.bundle import ROOT
from tools.openapi import __main__ as writing
from tools.openapi.document import build
from tools.openapi.operations import OPERATIONS
from tools.openapi.refusals import REFUSALS

Json = dict[str, Any]
KEPT: Json = json.loads(DOCUMENT.read_text())
EXAMPLES: Json = json.loads(writing.EXAMPLES.read_text())


def operations() -> Iterator[tuple[str, str, Json]]:
    for path, methods in KEPT["paths"].items():
        for method, told in methods.items():
            yield method.upper(), path, told


def named(schema: Any, name: str = "") -> Iterator[tuple[str, Json]]:
    """Every property in a schema, with where it is."""
    if isinstance(schema, dict):
        for field, part in schema.get("properties", {}).items():
            yield f"{name}.{field}", part
        for key, part in schema.items():
            yield from named(part, f"{name}.{key}")
    elif isinstance(schema, list):
        for n, part in enumerate(schema):
            yield from named(part, f"{name}.{n}")


@pytest.mark.parametrize("path", writing.files(), ids=lambda path: path.name)
def test_what_is_generated_is_what_is_kept(path: Any) -> None:
    assert path.read_text() == writing.files()[path], "run make openapi"


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(KEPT).validate()


def test_every_route_is_described_and_nothing_else() -> None:
    """The console's page and its files are no part of the API."""
    served = {(method, path) for path, methods in app.app.routes.items() for method in methods if not path.startswith("/console")}
    assert {(method, path) for method, path, _ in operations()} == served
    assert set(OPERATIONS) == {told["operationId"] for _, _, told in operations()}


def test_every_field_and_parameter_says_what_it_means() -> None:
    fields = dict(named(KEPT["components"]["schemas"]))
    assert len(fields) > 200
    assert [where for where, field in fields.items() if len(field.get("description", "")) < 5] == []
    parameters = [one for _, _, told in operations() for one in told["parameters"] if "$ref" not in one]
    assert [one["name"] for one in [*parameters, *KEPT["components"]["parameters"].values()] if len(one["description"]) < 5] == []


def test_every_operation_can_be_found_and_called() -> None:
    tags = {tag["name"] for tag in KEPT["tags"]}
    for method, path, told in operations():
        where = f"{method} {path}"
        assert told["summary"], where
        assert set(told["tags"]) <= tags, where
        assert "security" in told, where
        assert {"500", "503", "429"} <= told["responses"].keys(), where


def test_what_a_parameter_is_when_it_is_left_out() -> None:
    found = {
        (told["operationId"], one["name"]): one["schema"].get("default")
        for _, _, told in operations()
        for one in told["parameters"]
        if "schema" in one
    }
    assert {where: default for where, default in found.items() if default is not None} == {
        **{(f"import_{what}", name): default for what in ("packages", "customers", "assignments")
           for name, default in (("dry_run", "true"), ("confirm_backlog", "false"), ("again", "false"))},
        ("apply_import", "confirm_backlog"): "false", ("apply_import", "again"): "false", ("retry_import", "confirm_backlog"): "false",
        ("list_imported_rows", "outcome"): "made", ("undo_import", "dry_run"): "false",
        ("list_changed_items", "refused"): "false", ("list_held", "sums"): "false",
        ("replace_assignment", "dry_run"): "false", ("transfer_did", "dry_run"): "false",
        ("close_customer", "dry_run"): "false", ("create_assignment", "dry_run"): "false",
        ("write_price_list", "correct"): "false", ("write_terms", "correct"): "false",
        ("read_customer_statement", "cost"): "false",
        ("list_overview_customers", "sort"): "name", ("list_overview_customers", "order"): "asc",
        ("list_overview_packages", "sort"): "name", ("list_overview_packages", "order"): "asc",
        ("preview", "every"): 1,
    }  # fmt: skip


def test_text_that_callers_send_is_limited() -> None:
    """A string that is sent has a pattern, a format, an enumeration or a greatest length."""
    bodies = {name: schema for name, schema in KEPT["components"]["schemas"].items() if name.endswith(("Body", "Changes", "Replacement"))}
    for where, field in named(bodies):
        for part in field.get("anyOf", [field]):
            if part.get("type") == "string":
                assert {"pattern", "format", "enum", "maxLength"} & part.keys(), where
            if part.get("type") in ("integer", "number"):
                assert "minimum" in part, where
                assert {"maximum", "exclusiveMaximum"} & part.keys(), where


def test_every_error_code_is_described_with_a_real_problem() -> None:
    schema = conformance.validator("/components/schemas/Problem")
    for code, refusal in REFUSALS.items():
        schema.validate(refusal.example)
        assert (refusal.example["code"], refusal.example["status"]) == (code, refusal.status)
    page = (ROOT / "docs" / "reference" / "errors.md").read_text()
    assert {code for code in REFUSALS if f"| `{code}` |" not in page} == set()
    assert set(KEPT["components"]["examples"]) == set(REFUSALS)


OF_FILES = {
    *(f"{does}_{what}" for does in ("check", "import") for what in ("packages", "customers", "assignments")), "request_reconciliation",
}  # fmt: skip


WITHOUT_EXAMPLE = {"read_document", "read_docs", "read_docs_file"}
"""The description itself, and its page."""


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - WITHOUT_EXAMPLE))
def test_every_operation_has_an_example(name: str) -> None:
    assert EXAMPLES[name]
    for example in EXAMPLES[name].values():
        assert (example["request"] is not None) == (OPERATIONS[name].body is not None or name in OF_FILES)


def test_the_examples_are_what_the_service_answers() -> None:
    """The story is told to a service of its own: every request of it succeeds, and is answered as the document says."""
    assert json.loads(writing.record()) == EXAMPLES, "run make openapi ARGS=--record"


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_as_the_schemas_say(name: str) -> None:
    method, path, told = next(one for one in operations() if one[2]["operationId"] == name)
    status = next(status for status in told["responses"] if status.startswith("2"))
    escaped = path.replace("/", "~1")
    for example in EXAMPLES[name].values():
        if example["response"] is None:
            assert "204" in told["responses"]
            continue
        schema = f"/paths/{escaped}/{method.lower()}/responses/{status}/content/application~1json/schema"
        conformance.validator(schema).validate(example["response"])


def test_a_field_that_is_not_described_is_noticed() -> None:
    request = httpx.Request("GET", "http://here/api/health")
    good = {"status": "ok", "version": "1.0.0"}
    more: dict[str, str] = good | {"mood": "fine"}
    less: dict[str, str] = {}
    found = [list(conformance.faults(httpx.Response(200, json=body, request=request), "/api")) for body in (good, more, less)]
    assert [len(faults) for faults in found] == [0, 1, 1]
    assert "mood" in found[1][0]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [(404, "not_found", 0), (404, "backlog", 1), (422, "not_found", 1), (418, "teapot", 1)],
)
def test_a_code_that_is_not_described_is_noticed(status: int, code: str, expected: int) -> None:
    request = httpx.Request("GET", "http://here/customers/acme")
    problem = {"type": "urn:x", "title": "x", "status": status, "code": code}
    response = httpx.Response(status, json=problem, headers={"Content-Type": "application/problem+json"}, request=request)
    assert len(list(conformance.faults(response, ""))) == expected


@pytest.mark.parametrize(("tag", "expected"), [({"ETag": '"1"'}, 1), ({}, 0)])
def test_an_etag_that_is_not_described_is_noticed(tag: dict[str, str], expected: int) -> None:
    response = httpx.Response(
        200, json={"status": "ok", "version": "1.0.0"}, headers=tag, request=httpx.Request("GET", "http://here/health")
    )
    assert len(list(conformance.faults(response, ""))) == expected


def test_what_has_a_version_comes_with_its_etag() -> None:
    """Pages list resources without; a single one says what to send as `If-Match`."""
    versioned = {
        f"#/components/schemas/{name}" for name, told in KEPT["components"]["schemas"].items() if "updated_at" in told["properties"]
    }
    found = {}
    for _, _, told in operations():
        for status, answer in told["responses"].items():
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if schema.get("$ref") in versioned:
                found[told["operationId"], status] = "ETag" in answer.get("headers", {})
    assert len(found) >= 12
    assert [where for where, has_tag in found.items() if not has_tag] == []


class TestServed:
    """As the deployed API answers it."""

    def test_the_document_comes_as_it_is_kept(self, api: httpx.Client) -> None:
        answer = api.get("/openapi.json")
        assert answer.json() == KEPT
        assert answer.headers["content-type"] == "application/json"

    def test_who_has_it_gets_no_second_copy(self, api: httpx.Client) -> None:
        tag = api.get("/openapi.json").headers["etag"]
        again = api.get("/openapi.json", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert api.get("/openapi.json", headers={"If-None-Match": '"other"'}).status_code == 200

    def test_its_page_is_found_with_a_slash_too(self, api: httpx.Client) -> None:
        answer = api.get("/docs/")
        assert (answer.status_code, answer.headers["location"]) == (308, "../docs")
        page = api.get(str(answer.url.join(answer.headers["location"])))
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")

    def test_its_server_is_where_it_came_from(self, api: httpx.Client) -> None:
        answer = api.get("/openapi.json")
        base = answer.url.join(answer.json()["servers"][0]["url"])
        assert str(base).rstrip("/") == str(api.base_url).rstrip("/")


def test_the_document_is_made_without_examples_too() -> None:
    assert build({})["paths"].keys() == KEPT["paths"].keys()
