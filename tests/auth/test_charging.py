"""Changes that charge at once, or give a customer more credit, need `billing:charge` beside `billing:write`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import httpx
import pytest

from tests.api.support import contents, problem, unique_did
from tests.auth.local_issuer import CHARGE, READ, WRITE, LocalIssuer
from tools.embedded import EmbeddedStack

NUMBERS = count(1)
TODAY = datetime.now(UTC).date()
Ask = Callable[..., httpx.Response]


def day(offset: int) -> str:
    return (TODAY + timedelta(days=offset)).isoformat()


class World(NamedTuple):
    """A customer with a daily package, and ways to ask: as a clerk who may write, and as one who may charge too."""

    stack: EmbeddedStack
    clerk: Ask
    charging: Ask
    customer: str
    package: str
    free: str

    def assigned(self, **fields: Any) -> str:
        """Where a new assignment that charges nothing yet lives."""
        answer = self.clerk("POST", f"/customers/{self.customer}/assignments", json=self.body(**{"start_date": day(0)} | fields))
        assert answer.status_code == 201, answer.text
        return f"/customers/{self.customer}/assignments/{answer.json()['assignment_id']}"

    def body(self, **fields: Any) -> dict[str, Any]:
        return {"package_id": self.package, "auto_decrement_credit": True} | fields

    def charges(self) -> int:
        return len(self.charging("GET", f"/customers/{self.customer}/ledger").json()["items"])


@pytest.fixture
def world(guarded: EmbeddedStack, client: httpx.Client, issuer: LocalIssuer) -> World:
    def asking(scope: str) -> Ask:
        headers = {"Authorization": f"Bearer {issuer.token(sub='clerk', scope=scope)}"}
        return lambda method, path, **more: client.request(method, path, **more | {"headers": headers | more.get("headers", {})})

    clerk, charging = asking(WRITE), asking(f"{READ} {WRITE} {CHARGE}")
    customer = f"charging-{next(NUMBERS)}"
    assert clerk("PUT", f"/customers/{customer}", json={"debit_limit": "10"}).status_code == 201
    daily = {"name": "Support", "retail": "100000.00", "frequency": "daily"}
    package = clerk("POST", "/packages", json=daily).json()["package_id"]
    free = clerk("POST", "/packages", json=daily | {"retail": "0"}).json()["package_id"]
    return World(guarded, clerk, charging, customer, package, free)


def refused_and_nothing_written(world: World, ask: Callable[[Ask], httpx.Response]) -> None:
    """As the clerk: 403 that names the scope. As who may charge too: done."""
    before = contents(world.stack)
    answer = ask(world.clerk)
    body = problem(answer, 403, "forbidden")
    assert "the token lacks the scope billing:charge" in body["detail"]
    assert 'scope="billing:charge"' in answer.headers["www-authenticate"]
    assert contents(world.stack) == before
    assert ask(world.charging).is_success


@pytest.mark.parametrize(
    "fields",
    [{"start_date": day(-2)}, {"start_date": day(-200), "confirm_backlog": True}, {"start_date": day(-200), "charge_from": day(-1)}],
    ids=["D4-a few days", "D4-confirmed", "D4-charge_from yesterday"],
)
def test_d4_an_assignment_with_a_backlog(fields: dict[str, Any], world: World) -> None:
    where = f"/customers/{world.customer}/assignments"
    refused_and_nothing_written(world, lambda ask: ask("POST", where, json=world.body(**fields)))
    assert world.charges() > 0


def test_d4_an_edit_that_makes_days_due(world: World) -> None:
    where = world.assigned()
    refused_and_nothing_written(world, lambda ask: ask("PATCH", where, json={"start_date": day(-3)}))
    assert world.charges() == 3


def test_d4_terms_that_make_past_days_due(world: World) -> None:
    where = world.assigned(start_date=day(-2), discount="100")
    refused_and_nothing_written(world, lambda ask: ask("PUT", f"{where}/terms/{day(-2)}", json={"discount": "0"}))
    assert world.charges() == 2


def test_d4_an_import_with_a_backlog(world: World) -> None:
    rows = (
        f"customer_id,package_id,start_date\r\n{world.customer},{world.package},{day(0)}\r\n{world.customer},{world.package},{day(-1)}\r\n"
    )
    send = {"content": rows, "headers": {"Content-Type": "text/csv"}}
    dry = world.clerk("POST", "/assignments/import", **send)
    assert dry.status_code == 200
    refused_and_nothing_written(world, lambda ask: ask("POST", "/assignments/import?dry_run=false", **send))
    assert world.charges() == 1


@pytest.mark.parametrize("limit", ["10.01", None], ids=["D4-raised", "D4-removed"])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_d4_more_credit(method: str, limit: str | None, world: World) -> None:
    where = f"/customers/{world.customer}"
    refused_and_nothing_written(world, lambda ask: ask(method, where, json={"debit_limit": limit}))


def test_d4_a_put_that_leaves_the_limit_out_removes_it(world: World) -> None:
    refused_and_nothing_written(world, lambda ask: ask("PUT", f"/customers/{world.customer}", json={"name": "Acme"}))


def test_d4_what_charges_nothing_needs_to_write_only(world: World) -> None:
    """Assigning from today on, edits, ends, a backlog of nothing, a lower limit."""
    where = world.assigned()
    customer, of_customer = f"/customers/{world.customer}", f"/customers/{world.customer}/assignments"
    asked = [
        ("PATCH", where, {"quantity": 2}),
        ("PATCH", where, {"start_date": day(1)}),
        ("PATCH", where, {"end_date": day(40)}),
        ("DELETE", where, None),
        ("POST", of_customer, {"package_id": world.free, "start_date": day(-2)}),
        ("PATCH", customer, {"debit_limit": "9.99"}),
        ("PATCH", customer, {"name": "Acme", "debit_limit": "9.99"}),
        ("PUT", customer, {"name": "Acme", "debit_limit": "0"}),
    ]
    answers = [world.clerk(method, path, json=body).status_code for method, path, body in asked]
    assert answers == [200, 200, 200, 204, 201, 200, 200, 200]
    assert world.charges() == 0


def test_d4_the_refusal_is_not_kept_for_the_key(world: World) -> None:
    """It says nothing of the request: the same one with the scope is carried out, and then answered to both."""
    where, key = f"/customers/{world.customer}/assignments", {"Idempotency-Key": f"key-{world.customer}"}
    send: dict[str, Any] = {"json": world.body(start_date=day(-1)), "headers": key}
    problem(world.clerk("POST", where, **send), 403, "forbidden")
    made = world.charging("POST", where, **send)
    assert made.status_code == 201
    assert world.clerk("POST", where, **send).json() == made.json()
    assert world.charges() == 1


STANDING = {"balance", "held_charges", "parked"}


@pytest.mark.parametrize("scope", [WRITE, f"{WRITE} {READ}"])
@pytest.mark.parametrize(("method", "body"), [("PUT", {"debit_limit": "10"}), ("PATCH", {}), ("PATCH", {"name": "Ann"})])
def test_d13_who_may_not_read_is_told_no_balance(scope: str, method: str, body: Any, world: World, issuer: LocalIssuer) -> None:
    headers = {"Authorization": f"Bearer {issuer.token(sub='clerk', scope=scope)}"}
    answer = world.clerk(method, f"/customers/{world.customer}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["customer_id"] == world.customer
    assert answer.json().keys() & STANDING == (STANDING if READ in scope else set())


@pytest.mark.parametrize("scope", [WRITE, f"{WRITE} {READ}"])
def test_d13_who_has_a_number_and_what_is_still_due_is_told_only_to_who_may_read(scope: str, world: World, issuer: LocalIssuer) -> None:
    headers = {"Authorization": f"Bearer {issuer.token(sub='clerk', scope=scope)}"}
    did, other = unique_did(), f"{world.customer}-other"
    assert world.clerk("PUT", f"/customers/{other}", json={}).status_code == 201
    body = world.body(start_date=day(1)) | {"did": did}
    assert world.clerk("POST", f"/customers/{other}/assignments", json=body).status_code == 201
    taken = problem(world.clerk("POST", f"/customers/{world.customer}/assignments", json=body, headers=headers), 409, "did_in_use")
    assert (taken.get("customer_id"), other in taken["detail"]) == (other if READ in scope else None, False)
    closing = world.clerk("POST", f"/customers/{other}/closing", json={"on": day(5)}, params={"dry_run": "true"}, headers=headers)
    assert closing.status_code == 200, closing.text
    assert ("still_due" in closing.json()) == (READ in scope)


def test_d13_a_new_customer_is_answered_without_balance(world: World) -> None:
    answer = world.clerk("PUT", f"/customers/{world.customer}-new", json={})
    assert (answer.status_code, answer.json().keys() & STANDING) == (201, set())
    assert world.clerk("DELETE", f"/customers/{world.customer}-new").content == b""


@pytest.mark.parametrize("scope", [WRITE, f"{WRITE} {READ}"])
def test_d13_used_minutes_are_told_only_to_who_may_read(scope: str, world: World, issuer: LocalIssuer) -> None:
    headers = {"Authorization": f"Bearer {issuer.token(sub='clerk', scope=scope)}"}
    giving = {"name": "Minutes", "type": "free_minutes", "frequency": "monthly"}
    package = world.clerk("POST", "/packages", json=giving).json()["package_id"]
    body = {"package_id": package, "free_minutes": 10, "start_date": day(0)}
    made = world.clerk("POST", f"/customers/{world.customer}/assignments", json=body, headers=headers)
    assert made.status_code == 201, made.text
    path = f"/customers/{world.customer}/assignments/{made.json()['assignment_id']}"
    call = {"call_id": "1", "started_at": datetime.now(UTC).isoformat(), "destination": "442071", "seconds": 60, "charge": "1"}
    assert world.clerk("POST", f"/customers/{world.customer}/usage", json={"calls": [call]}).status_code == 200
    changed = world.clerk("PATCH", path, json={}, headers=headers)
    assert changed.status_code == 200, changed.text
    assert [answer.json().get("minutes", {}).get("used") for answer in (made, changed)] == ([0, 60] if READ in scope else [None, None])


@pytest.mark.parametrize("scope", [CHARGE, f"{CHARGE} {READ}"])
def test_d13_unparking_tells_the_balance_only_to_who_may_read(scope: str, world: World, issuer: LocalIssuer) -> None:
    world.stack.client("dynamodb").update_item(
        TableName=world.stack.table_name("accounts"), Key={"pk": {"S": world.customer}, "sk": {"S": "ACCOUNT"}},
        UpdateExpression="SET parked = :yes", ExpressionAttributeValues={":yes": {"BOOL": True}},
    )  # fmt: skip
    headers = {"Authorization": f"Bearer {issuer.token(sub='clerk', scope=scope)}"}
    answer = world.clerk("POST", f"/customers/{world.customer}/unpark", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() & STANDING == (STANDING if READ in scope else set())


def test_an_import_is_stopped_by_those_who_may_begin_it(world: World, client: httpx.Client, issuer: LocalIssuer) -> None:
    announced = world.clerk("POST", "/imports", json={"kind": "packages"}).json()
    httpx.put(announced["upload"]["link"], content="name\nLine\n").raise_for_status()
    world.stack.set_consumers(enabled=False)
    begun = world.clerk("POST", f"/imports/{announced['import_id']}/application").json()
    where, reader = f"/work/{begun['work']['work_id']}", {"Authorization": f"Bearer {issuer.token(sub='reader', scope=READ)}"}
    refused = client.delete(where, headers=reader)
    assert "the token lacks the scope billing:write" in problem(refused, 403, "forbidden")["detail"]
    assert world.charging("DELETE", where).is_success
    world.stack.set_consumers(enabled=True)
