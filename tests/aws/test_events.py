"""Every route, asked by the events that API Gateway really sends: however a request is written, its answer is the same.

The emulator decodes ids of the path before it calls the function; AWS does not. Nothing else tests that.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from chalicelib.api.routing import ROUTES
from chalicelib.console import files
from tests.aws import gateway
from tests.aws.conftest import CUSTOMER, World
from tests.aws.gateway import Event
from tests.world.stage import TODAY

CSV = {"Content-Type": "text/csv"}
JSON = {"Content-Type": "application/json; charset=utf-8"}
KEY = {"Idempotency-Key": "8f1c0c1e"}
DAY = TODAY.isoformat()
COMING = (TODAY + timedelta(days=30)).isoformat()
DAILY = f"daily:{DAY}"
HELD = "the customer's held charge"
ASSIGNMENT = {"customer_id": "rich", "assignment_id": "rich-line"}
ENTRY = ASSIGNMENT | {"from": "2031-01-01"}
OF_CUSTOMER = {"customer_id": CUSTOMER}
REPEAT = {"customer_id": "rich", "entry_id": f"rich~{DAY}~1-recurring~rich-line~run:1"}


class Asked(NamedTuple):
    """A request of a route, and the status of its answer."""

    status: int
    params: Mapping[str, str] = {}
    query: Mapping[str, list[str]] = {}
    body: Any = None
    headers: Mapping[str, str] = {}


CALL = {"call_id": "switch:1", "started_at": f"{DAY}T09:00:00Z", "destination": "4412", "seconds": 60, "charge": "0.5"}
NEW = {"package_id": "line", "start_date": DAY, "did": "4421"}
REQUESTS = {
    "GET /health": Asked(200),
    "GET /openapi.json": Asked(200),
    "GET /docs": Asked(200),
    "GET /docs/{file}": Asked(200, {"file": "swagger-ui.css"}),
    "GET /console": Asked(200),
    "GET /console/settings.json": Asked(200),
    "GET /console/{version}/{name}": Asked(200, {"version": files.version(), "name": "package-form.js"}),
    "GET /schedule": Asked(200, query={"frequency": ["weekly"], "frequency_match": ["mon,fri"], "start": [DAY], "count": ["3"]}),
    "GET /packages": Asked(200, query={"limit": ["2"]}),
    "POST /packages": Asked(201, body={"name": "Fähre ✓", "retail": "1.10"}),
    "POST /packages/import": Asked(200, body="name,retail\r\nFähre,3.00\r\n", headers=CSV),
    "POST /packages/import/check": Asked(200, body="name,retail\r\nFähre,3.00\r\n", headers=CSV),
    "GET /packages/{package_id}": Asked(200, {"package_id": "line"}),
    "GET /packages/{package_id}/history": Asked(200, {"package_id": "line"}, {"limit": ["1"]}),
    "PUT /packages/{package_id}": Asked(200, {"package_id": "empty"}, body={"name": "new", "retail": "2"}),
    "PATCH /packages/{package_id}": Asked(200, {"package_id": "line"}, body={"description": "new"}),
    "DELETE /packages/{package_id}": Asked(204, {"package_id": "empty"}),
    "GET /packages/{package_id}/prices": Asked(200, {"package_id": "line"}),
    "PUT /packages/{package_id}/prices/{from}": Asked(201, {"package_id": "line", "from": COMING}, body={"retail": "3.00"}),
    "DELETE /packages/{package_id}/prices/{from}": Asked(404, {"package_id": "line", "from": COMING}),
    "GET /packages/{package_id}/schedule": Asked(200, {"package_id": "line"}, {"start": [DAY], "to": [DAY]}),
    "GET /packages/{package_id}/assignments": Asked(200, {"package_id": "line"}),
    "GET /customers": Asked(200, query={"search": ["Fähre"]}),
    "GET /customers/{customer_id}": Asked(200, OF_CUSTOMER),
    "PUT /customers/{customer_id}": Asked(201, {"customer_id": "new:1"}, body={"name": "New"}),
    "PATCH /customers/{customer_id}": Asked(200, OF_CUSTOMER, body={"name": "Acme"}),
    "DELETE /customers/{customer_id}": Asked(409, OF_CUSTOMER),
    "POST /customers/{customer_id}/payments": Asked(201, OF_CUSTOMER, body={"amount": "5", "reference": "bank"}),
    "POST /customers/{customer_id}/adjustments": Asked(201, OF_CUSTOMER, body={"amount": "-5", "reason": "rounding"}),
    "POST /customers/{customer_id}/charges": Asked(201, OF_CUSTOMER, body={"description": "Fähre ✓", "retail": "5"}),
    "POST /customers/{customer_id}/ledger/{entry_id}/credit": Asked(201, REPEAT, body={"retail": "1", "reason": "faulty"}),
    "POST /customers/{customer_id}/unpark": Asked(409, OF_CUSTOMER),
    "POST /customers/{customer_id}/closing": Asked(200, OF_CUSTOMER, {"dry_run": ["true"]}, body={"on": "2024-04-01"}),
    "GET /customers/{customer_id}/ledger": Asked(200, OF_CUSTOMER, {"posted_from": [DAY]}),
    "GET /customers/{customer_id}/history": Asked(200, OF_CUSTOMER, {"limit": ["1"]}),
    "GET /customers/{customer_id}/statement": Asked(200, OF_CUSTOMER, {"from": [DAY], "to": [DAY]}),
    "GET /customers/{customer_id}/outlook": Asked(200, OF_CUSTOMER),
    "GET /customers/{customer_id}/features": Asked(200, OF_CUSTOMER, {"date": [DAY]}),
    "GET /customers/{customer_id}/minutes": Asked(200, {"customer_id": "rich"}),
    "GET /customers/{customer_id}/usage": Asked(200, OF_CUSTOMER),
    "POST /customers/{customer_id}/usage": Asked(200, OF_CUSTOMER, body={"calls": [CALL]}),
    "GET /customers/{customer_id}/assignments": Asked(200, OF_CUSTOMER),
    "POST /customers/{customer_id}/assignments": Asked(201, OF_CUSTOMER, body=NEW),
    "POST /customers/import": Asked(200, body="customer_id,name\r\nfresh,Fähre\r\n", headers=CSV),
    "POST /customers/import/check": Asked(200, body="customer_id,name\r\nfresh,Fähre\r\n", headers=CSV),
    "POST /assignments/import": Asked(
        200, body=f"customer_id,package_id,start_date\r\n{CUSTOMER},line,{DAY}\r\n", headers=CSV
    ),
    "POST /assignments/import/check": Asked(200, body=f"customer_id,package_id,start_date\r\n{CUSTOMER},line,{DAY}\r\n", headers=CSV),
    "GET /customers/{customer_id}/assignments/{assignment_id}": Asked(200, ASSIGNMENT),
    "PATCH /customers/{customer_id}/assignments/{assignment_id}": Asked(200, ASSIGNMENT, body={"quantity": 2}),
    "DELETE /customers/{customer_id}/assignments/{assignment_id}": Asked(204, ASSIGNMENT),
    "POST /customers/{customer_id}/assignments/{assignment_id}/replacement": Asked(
        201, ASSIGNMENT, body={"package_id": "line", "from": "2024-03-02"}
    ),
    "POST /dids/{did}/transfer": Asked(201, {"did": "4420"}, body={"customer_id": CUSTOMER, "from": "2024-03-02"}),
    "GET /customers/{customer_id}/assignments/{assignment_id}/terms": Asked(200, ASSIGNMENT),
    "PUT /customers/{customer_id}/assignments/{assignment_id}/terms/{from}": Asked(201, ENTRY, body={"quantity": 2}),
    "DELETE /customers/{customer_id}/assignments/{assignment_id}/terms/{from}": Asked(404, ENTRY),
    "GET /dids": Asked(200, query={"search": ["+44 2"]}),
    "GET /dids/{did}/assignments": Asked(200, {"did": "4420"}),
    "GET /assignments": Asked(200, query={"did": ["4420"]}),
    "GET /held": Asked(200, query={"customer": [CUSTOMER]}),
    "POST /held/{entry_id}/attempt": Asked(200, {"entry_id": HELD}),
    "POST /held/{entry_id}/cancellation": Asked(200, {"entry_id": HELD}),
    "GET /work": Asked(200, query={"limit": ["1"]}),
    "GET /work/{work_id}": Asked(404, {"work_id": "none"}),
    "DELETE /work/{work_id}": Asked(404, {"work_id": "none"}),
    "POST /reindex": Asked(202),
    "POST /events/replay": Asked(202, body={"from": "2024-02-01", "to": "2024-02-29"}),
    "POST /changes": Asked(202, body={"what": "end", "where": {"packages": ["line"]}, "on": "2024-04-01"}),
    "GET /changes/{work_id}": Asked(404, {"work_id": "none"}),
    "GET /changes/{work_id}/items": Asked(404, {"work_id": "none"}),
    "POST /changes/{work_id}/application": Asked(404, {"work_id": "none"}),
    "POST /changes/{work_id}/undo": Asked(404, {"work_id": "none"}),
    "POST /exports": Asked(202, body={"what": "ledger", "posted_from": DAY, "posted_to": DAY}),
    "GET /exports/{work_id}": Asked(404, {"work_id": "none"}),
    "POST /audits": Asked(202, body={"to": DAY}),
    "GET /audits/{work_id}": Asked(404, {"work_id": "none"}),
    "GET /audits/{work_id}/findings": Asked(404, {"work_id": "none"}),
    "POST /imports": Asked(201, body={"kind": "assignments"}),
    "POST /imports/{import_id}/check": Asked(404, {"import_id": "none"}),
    "POST /imports/{import_id}/application": Asked(404, {"import_id": "none"}),
    "POST /imports/{import_id}/retry": Asked(404, {"import_id": "none"}),
    "POST /imports/{import_id}/undo": Asked(404, {"import_id": "none"}),
    "GET /imports/{import_id}": Asked(404, {"import_id": "none"}),
    "GET /imports/{import_id}/rows": Asked(404, {"import_id": "none"}),
    "POST /reconciliations": Asked(202, query={"date": [DAY]}, body="did;cost\r\n+44 20;1.20\r\n", headers=CSV),
    "GET /reconciliations/{work_id}": Asked(404, {"work_id": "none"}),
    "GET /reconciliations/{work_id}/discrepancies": Asked(404, {"work_id": "none"}),
    "GET /runs": Asked(200, query={"limit": ["1"]}),
    "POST /runs": Asked(200, body={"customer": CUSTOMER, "date": DAY, "simulate": "no", "run_id": "run:2"}),
    "POST /runs/simulations": Asked(200, body={"customer": CUSTOMER, "date": DAY}),
    "POST /forecasts": Asked(200, body={"customer": CUSTOMER, "to": "2024-12-31"}),
    "GET /settings": Asked(200),
    "GET /overview": Asked(404),
    "GET /overview/customers": Asked(404, query={"sort": ["value"]}),
    "GET /overview/ending": Asked(404),
    "GET /overview/packages": Asked(404, query={"sort": ["units"]}),
    "GET /overview/prices": Asked(404),
    "GET /forecasts/{work_id}": Asked(404, {"work_id": "none"}),
    "GET /forecasts/{work_id}/customers": Asked(404, {"work_id": "none"}, {"currency": ["USD"]}),
    "GET /forecasts/{work_id}/short": Asked(404, {"work_id": "none"}),
    "GET /runs/simulations/{work_id}": Asked(404, {"work_id": "none"}),
    "GET /runs/simulations/{work_id}/customers": Asked(404, {"work_id": "none"}),
    "GET /runs/simulations/{work_id}/lines": Asked(404, {"work_id": "none"}),
    "GET /runs/{run_id}": Asked(200, {"run_id": DAILY}),
    "GET /runs/{run_id}/lines": Asked(200, {"run_id": DAILY}),
    "POST /runs/{run_id}/reversal": Asked(200, {"run_id": "run:1"}),
}  # fmt: skip


def sent(world: World, row: str, **options: Any) -> Event:
    """The event of a request, with ids and bodies as they are."""
    method, route = row.split()
    asked = REQUESTS[row]
    params = {name: world.held if value == HELD else value for name, value in asked.params.items()}
    body = asked.body if isinstance(asked.body, str | None) else json.dumps(asked.body)
    headers = (JSON if body else {}) | dict(asked.headers) | (KEY if method == "POST" else {})
    return gateway.event(method, route, params, query=asked.query, body=body, headers=headers, **options)


def no_maps(event: Event) -> Event:
    """Maps without entries as null, which they are, and as empty maps, which other senders of such events make of them."""
    names = ("pathParameters", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables")
    return event | {name: event[name] or {} for name in names}


VARIANTS: Mapping[str, Callable[[World, str], Event]] = {
    "encoded as encodeURIComponent does": lambda world, row: sent(world, row, encode=gateway.strictly_encoded),
    "all encoded": lambda world, row: sent(world, row, encode=gateway.fully_encoded),
    "in small hexadecimal digits": lambda world, row: sent(world, row, encode=gateway.lower_case_encoded),
    "body in base64": lambda world, row: gateway.in_base64(sent(world, row)),
    "headers in lower case": lambda world, row: gateway.with_names(sent(world, row), str.lower),
    "headers in upper case": lambda world, row: gateway.with_names(sent(world, row), str.upper),
    "maps empty, not null": lambda world, row: no_maps(sent(world, row)),
    "a custom domain's base path": lambda world, row: sent(world, row, base_path="/billing"),
}


def test_every_route_is_asked() -> None:
    console = {"GET /console", "GET /console/settings.json", "GET /console/{version}/{name}"}
    assert set(REQUESTS) == {f"{route.method} {route.path}" for route in ROUTES} | console


@pytest.mark.parametrize("row", REQUESTS)
def test_b8_a_request_has_one_answer_however_it_is_written(row: str, world: World) -> None:
    event, before = sent(world, row), world.kept()
    plain = gateway.answered(event)
    assert plain["statusCode"] == REQUESTS[row].status, plain
    outcome = world.stage.state()
    for name, variant in VARIANTS.items():
        world.put_back(before)
        assert gateway.answered(variant(world, row)) == plain, name
        assert world.stage.state() == outcome, name


NO_IDS = ("daily%253A2024-03-01", "a%2Fb", "a%20b", "a+b", "100%", "%zz", "%00", "%C3%28", "%c3%a9", "%2E%2E%2Frun:1", "")


@pytest.mark.parametrize("written", NO_IDS)
def test_b8_what_is_no_id_once_decoded_is_not_found(written: str, world: World) -> None:
    answer = world.ask("GET", "/runs/{run_id}", {"run_id": written})
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "not_found")


@pytest.mark.parametrize("written", NO_IDS)
def test_b8_what_is_no_id_once_decoded_can_not_be_made(written: str, world: World) -> None:
    before = world.stage.state()
    answer = world.ask("PUT", "/customers/{customer_id}", {"customer_id": written}, body="{}", headers=JSON)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (422, "invalid")
    assert world.stage.state() == before


@pytest.mark.parametrize("written", ["4420", "+44-20", "%2B44%2020", "%28%2B44%29%2020", "+44%2E20"])
def test_b8_a_did_is_decoded_before_it_is_read_as_a_number(written: str, world: World) -> None:
    found = world.read("GET", "/dids/{did}/assignments", {"did": written})
    assert [one["assignment_id"] for one in found["items"]] == ["rich-mobile"]


def test_query_parameters_come_decoded_and_are_not_decoded_again(world: World) -> None:
    """`?prefix=acme%3A` arrives as `acme:`; what still holds a percent sign is no prefix of an id."""
    assert [one["customer_id"] for one in world.read("GET", "/customers", query={"prefix": ["acme:"]})["items"]] == [CUSTOMER]
    assert world.ask("GET", "/customers", query={"prefix": ["acme%3A"]})["statusCode"] == 422


def test_a_query_parameter_that_is_given_twice_is_refused(world: World) -> None:
    answer = world.ask("GET", "/customers", query={"limit": ["1", "2"]})
    assert json.loads(answer["body"])["errors"] == [{"pointer": "/limit", "detail": "is given twice"}]


def test_the_test_button_of_the_gateways_console_sends_no_headers(world: World) -> None:
    event = gateway.event("GET", "/packages/{package_id}", {"package_id": "line"}, identity=gateway.user("ada"))
    bare = gateway.answered(event | {"headers": None, "multiValueHeaders": None})
    assert bare == gateway.answered(event)


def test_a_path_with_a_slash_at_its_end_is_seen_behind_a_stage_and_behind_a_domain(world: World) -> None:
    for base_path in ("/api", "/billing", ""):
        event = gateway.event("GET", "/docs", base_path=base_path)
        event["requestContext"]["path"] += "/"
        answer = gateway.answered(event)
        assert (answer["statusCode"], answer["headers"]["Location"]) == (308, "../docs")
