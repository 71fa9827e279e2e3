"""Simulations and checks at paths of their own: they answer as the others do, and can't be made to write."""

from typing import Any

import httpx
import pytest

from tests.api.support import a_customer, a_package, an_assignment, contents, day, ok, pointers, problem, unique
from tools.embedded import EmbeddedStack

WHERE = "/runs/simulations"
AS_CSV = {"Content-Type": "text/csv"}
MOMENTS = ("generated_at", "created_at", "updated_at", "package_version")


def timeless(value: Any) -> Any:
    """Without when it was asked."""
    if isinstance(value, dict):
        return {name: timeless(part) for name, part in value.items() if name not in MOMENTS}
    return [timeless(part) for part in value] if isinstance(value, list) else value


@pytest.fixture
def customer(api: httpx.Client) -> str:
    name = a_customer(api)
    an_assignment(api, name, a_package(api, retail="3", setup_retail="1", frequency="daily"), quantity=2)
    return name


@pytest.mark.parametrize("simulate", [{}, {"simulate": True}, {"simulate": "yes"}, {"simulate": "TRUE"}], ids=str)
@pytest.mark.parametrize("of_all", [False, True], ids=["D8-one", "D8-all"])
def test_d8_a_simulation_answers_as_runs_does(api: httpx.Client, customer: str, simulate: dict[str, Any], of_all: bool) -> None:
    body = {"date": day(1), "if_charged": "skip", "run_id": unique()} | ({} if of_all else {"customer": customer})
    there = ok(api.post("/runs", json=body))
    assert timeless(ok(api.post(WHERE, json=body | simulate))) == timeless(there)


@pytest.mark.parametrize("form", ["text/csv", "text/html"])
def test_d8_a_simulation_has_the_forms_of_runs(api: httpx.Client, customer: str, form: str) -> None:
    answers = [api.post(path, json={"customer": customer}, headers={"Accept": form}) for path in ("/runs", WHERE)]
    assert answers[0].headers["content-type"] == answers[1].headers["content-type"] == f"{form}; charset=utf-8"
    if form == "text/csv":
        assert answers[0].text == answers[1].text


@pytest.mark.parametrize("simulate", [False, "no", "false", "maybe", None, 0])
def test_d8_a_live_run_is_refused_there(api: httpx.Client, stack: EmbeddedStack, customer: str, simulate: Any) -> None:
    before = contents(stack)
    answer = api.post(WHERE, json={"customer": customer, "simulate": simulate, "run_id": unique()}, headers={"Idempotency-Key": unique()})
    assert pointers(answer) == {"/simulate"}
    assert contents(stack) == before


def test_d8_a_simulation_writes_nothing_and_knows_no_key(api: httpx.Client, stack: EmbeddedStack, customer: str) -> None:
    before, key = contents(stack), {"Idempotency-Key": "simulating"}
    for body in ({"customer": customer}, {"customer": customer, "date": day(1)}, {"date": day(1)}):
        ok(api.post(WHERE, json=body, headers=key))
    assert contents(stack) == before


def test_d8_a_run_is_never_called_as_the_route_is(api: httpx.Client, customer: str) -> None:
    """Nobody could read it again."""
    assert pointers(api.post("/runs", json={"customer": customer, "simulate": False, "run_id": "simulations"})) == {"/run_id"}
    problem(api.get(WHERE), 404)


FILES = {
    "packages": "name,retail\nFax,3.00\n",
    "assignments": "customer_id,package_id,start_date,confirm_backlog\n{customer},{package},2026-01-31,true\n",
}


@pytest.mark.parametrize("what", FILES)
def test_d8_a_check_answers_as_the_dry_run_does(api: httpx.Client, stack: EmbeddedStack, customer: str, what: str) -> None:
    file = FILES[what].format(customer=customer, package=a_package(api, retail="9", frequency="monthly")["package_id"]).encode()
    before, key = contents(stack), {"Idempotency-Key": unique()}
    dry, checked = (ok(api.post(f"/{what}/import{end}", content=file, headers=AS_CSV | key)) for end in ("", "/check"))
    assert timeless(checked) == timeless(dry)
    assert checked["dry_run"] is True
    assert contents(stack) == before


@pytest.mark.parametrize("what", FILES)
def test_d8_a_check_can_not_be_made_to_write(api: httpx.Client, what: str) -> None:
    answer = api.post(f"/{what}/import/check?dry_run=false", content=b"name\nFax\n", headers=AS_CSV)
    assert pointers(answer) == {"/dry_run"}
    named = api.post(f"/{what}/import/check", content=b"nme\nFax\n", headers=AS_CSV)
    assert problem(named, 422, "invalid")["errors"]
