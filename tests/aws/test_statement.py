"""The statement over HTTP: its three forms, what it leaves out, what it refuses, and that closed days stay as they were."""

import json
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.usecases import statements
from tests.aws.conftest import World
from tests.world.stage import TODAY

PATH = "/customers/{customer_id}/statement"
RICH = {"customer_id": "rich"}
DAYS = {"from": ["2024-02-28"], "to": ["2024-03-01"]}


def asked(world: World, accept: str = "application/json", **query: str) -> Any:
    return world.ask("GET", PATH, RICH, query=DAYS | {name: [value] for name, value in query.items()}, headers={"Accept": accept})


def read(world: World, **query: str) -> Any:
    answer = asked(world, **query)
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])


def without_moment(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("generated_at", "usage", "minutes")}


def test_a_statement_agrees_with_the_ledger_and_the_balance(world: World) -> None:
    world.read("POST", "/customers/{customer_id}/payments", RICH, body='{"amount": "25"}', headers={"Content-Type": "application/json"})
    body = read(world)
    world.stage.store.knobs.page_bytes = lambda: 1024 * 1024
    entries = world.read("GET", "/customers/{customer_id}/ledger", RICH, query={"limit": ["200"]})["items"]
    charges = [one for one in entries if one["kind"] != "payment"]
    assert Decimal(body["closing_balance"]) == Decimal(world.read("GET", "/customers/{customer_id}", RICH)["balance"])
    assert Decimal(body["totals"]["retail"]) == sum(Decimal(one["retail"]) for one in entries)
    assert Decimal(body["to_be_invoiced"]) == sum(Decimal(one["retail"]) + Decimal(one["credit_change"]) for one in charges)
    assert sum(line["times"] for group in body["charges"] for line in group["lines"]) == len(charges)
    assert [(one["kind"], one["credit_change"]) for one in body["sections"]] == [("payment", "25.00")]
    assert (body["closed"], body["usage"]["days"], body["minutes"][0]["free_minutes"]) == (False, [], 2)


def test_costs_are_told_only_when_asked_for(world: World) -> None:
    for accept in ("application/json", "text/csv", "text/html"):
        plain = asked(world, accept)["body"].rpartition("</style>")[2]
        assert "cost" not in plain.lower()
        assert "margin" not in plain.lower()
    group = read(world, cost="true")["charges"][0]
    assert Decimal(group["margin"]) == Decimal(group["retail"]) - Decimal(group["cost"])
    assert "Margin" in asked(world, "text/html", cost="true")["body"]


def test_a_file_and_a_page_say_the_same(world: World) -> None:
    body = read(world)
    rows = asked(world, "text/csv")["body"].splitlines()
    assert rows[0].startswith("section,package_id,package_name,did,kind,quantity")
    assert rows[1].startswith("opening_balance,")
    assert sum(row.startswith("charges,") for row in rows) == sum(len(group["lines"]) for group in body["charges"])
    page = asked(world, "text/html")["body"]
    assert f"closing balance: {body['closing_balance']} USD" in page
    assert all(group["package_name"] in page for group in body["charges"])


def test_closed_days_stay_as_they_were(world: World) -> None:
    """Whatever comes later: a payment, a run of another day, a reversal."""
    eve = {"to": ["2024-02-29"]}
    before = json.loads(world.ask("GET", PATH, RICH, query=DAYS | eve)["body"])
    assert before["closed"] is True
    world.read("POST", "/customers/{customer_id}/payments", RICH, body='{"amount": "25"}', headers={"Content-Type": "application/json"})
    world.read("POST", "/runs/{run_id}/reversal", {"run_id": "run:1"})
    world.stage.next_day()
    world.stage.evaluate("later")
    after = json.loads(world.ask("GET", PATH, RICH, query=DAYS | eve)["body"])
    assert without_moment(after) == without_moment(before)


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ({"from": ["2024-01-01"], "to": ["2025-02-04"]}, "/to", "invalid"),
        ({"from": ["2024-01-02"], "to": ["2024-01-01"]}, "/to", "invalid"),
        ({"from": ["2024-01-01"]}, "/to", "invalid"),
    ],
    ids=["401 days", "the wrong way round", "no end"],
)
def test_days_that_are_refused(world: World, query: dict[str, list[str]], pointer: str, code: str) -> None:
    answer = world.ask("GET", PATH, RICH, query=query)
    told = json.loads(answer["body"])
    assert (answer["statusCode"], told["code"], told["errors"][0]["pointer"]) == (422, code, pointer)


def test_400_days_are_taken_and_nobody_is_not_found(world: World) -> None:
    query = {"from": ["2024-01-01"], "to": ["2025-02-03"]}
    assert world.ask("GET", PATH, RICH, query=query)["statusCode"] == 200
    assert world.ask("GET", PATH, {"customer_id": "nobody"}, query=query)["statusCode"] == 404
    assert TODAY.isoformat() < "2025-02-03"


@pytest.mark.parametrize("limit", ["STATEMENT_ENTRIES_MAX", "STATEMENT_ROWS_MAX"])
def test_what_is_too_much_for_a_request_is_refused(world: World, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(statements, limit, 2)
    answer = asked(world)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (422, "too_many")
