"""A telephone number is one number, however it is written: in bodies, files, paths, queries and calls."""

from urllib.parse import quote

import httpx
import pytest

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.tenure import tenure_of
from chalicelib.storage import assignments, did_tenures
from chalicelib.storage.db import Db
from tests.api.support import (
    TABLES,
    Json,
    a_customer,
    a_package,
    an_assignment,
    assigning,
    day,
    ok,
    pages,
    path,
    pointers,
    problem,
    unique_did,
)
from tests.api.test_imports import importing, named, row
from tools.embedded import EmbeddedStack


def spellings(did: str) -> list[str]:
    """The same number, as people write it."""
    return [did, f"+{did[:2]} {did[2:6]} {did[6:]}", f"00{did}", f"({did[:3]})\u00a0{did[3:8]}.{did[8:]}-"]


def a_call(number: str, **fields: object) -> Json:
    return {"call_id": "one", "started_at": f"{day()}T00:00:00Z", "destination": number, "seconds": 60, "charge": "1"} | fields


def test_b3_spellings_of_a_did_are_one_did(api: httpx.Client) -> None:
    one, other, package, did = a_customer(api), a_customer(api), a_package(api), unique_did()
    made = an_assignment(api, one, package, did=spellings(did)[1])
    assert made["did"] == did
    for written in spellings(did):
        problem(assigning(api, other, package, did=written), 409, "did_in_use")
        assert named(importing(api, "assignments", [row(other, package, did=written)], live=False)) == [(2, "did")]
        assert [item["did"] for item in ok(api.get(f"/dids/{quote(written)}/assignments"))["items"]] == [did]
        assert ok(api.patch(path(made), json={"did": written, "quantity": 2}))["did"] == did


@pytest.mark.parametrize("odd", ["02079460901", "+02079460901", "0002079460901", "+44 (0)20 7946 0901", "44207946090x", "12", "1" * 21])
def test_b3_what_is_no_did_is_refused(api: httpx.Client, odd: str) -> None:
    customer, package = a_customer(api), a_package(api)
    assert pointers(assigning(api, customer, package, did=odd)) == {"/did"}
    assert named(importing(api, "assignments", [row(customer, package, did=odd)], live=False)) == [(2, "did")]
    assert pointers(api.post(f"/customers/{customer}/usage", json={"calls": [a_call("44", did=odd)]})) == {"/calls/0/did"}


@pytest.mark.parametrize("number", ["00442079460901", "+44 20 7946 0901", "442079460901"])
def test_b3_a_call_draws_from_the_minutes_of_its_number(api: httpx.Client, number: str) -> None:
    customer, did = a_customer(api), unique_did()
    an_assignment(api, customer, a_package(api, type="free_minutes", destination="^44"), did=did, free_minutes=1)
    (rated,) = ok(api.post(f"/customers/{customer}/usage", json={"calls": [a_call(number, did=f"+{did}")]}))["calls"]
    assert (rated["free_seconds"], rated["charge"]) == (60, "0.00")


def test_b3_a_call_sent_again_in_another_spelling_is_the_same_call(api: httpx.Client) -> None:
    customer, did, where = a_customer(api), unique_did(), "/customers/{}/usage"
    first = ok(api.post(where.format(customer), json={"calls": [a_call("442079460901", did=did)]}))
    for number in ("+44 20 7946-0901", "00442079460901"):
        assert ok(api.post(where.format(customer), json={"calls": [a_call(number, did=f"00{did}")]})) == first
    problem(api.post(where.format(customer), json={"calls": [a_call("02079460901", did=did)]}), 409, "call_id_reused")
    for written in spellings(did):
        assert [one["calls"] for one in pages(api, where.format(customer), did=written)] == [1]


def test_b3_a_did_with_0_that_was_assigned_before_is_read_called_and_ended(stack: EmbeddedStack, api: httpx.Client) -> None:
    customer, package = a_customer(api), a_package(api)
    old, did = an_assignment(api, customer, package), f"0{unique_did()}"
    db = Db(stack.client("dynamodb"), {name: stack.table_name(name) for name in TABLES})
    stack.client("dynamodb").update_item(
        TableName=stack.table_name("accounts"), Key={"pk": {"S": customer}, "sk": {"S": f"ASSIGNMENT#{old['assignment_id']}"}},
        UpdateExpression="SET did = :did", ExpressionAttributeValues={":did": {"S": did}},
    )  # fmt: skip
    stored = assignments.find_assignment(db, customer, old["assignment_id"])
    assert isinstance(stored, Assignment)
    db.transact(did_tenures.write_tenures(did_tenures.find_tenures(db, did), [tenure_of(stored)]))
    assert [one["did"] for one in pages(api, f"/dids/{did}/assignments")] == [did]
    ok(api.post(f"/customers/{customer}/usage", json={"calls": [a_call("44", did=did)]}))
    assert ok(api.patch(path(old), json={"end_date": day(3)}))["did"] == did
    api.delete(path(old)).raise_for_status()
