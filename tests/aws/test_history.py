"""What each route leaves in the history: one item for each thing that it changes, also when it is asked again; or nothing, and why."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import pytest

from chalicelib.api.routing import ROUTES
from tests.aws.conftest import World
from tests.aws.test_call_budget import ASKED, BIG, HELD, Asked, furnish

LIVE: Final = {"date": "2024-03-02", "simulate": False, "if_charged": "skip"}
CHANGED: Final[Mapping[str, list[tuple[Asked, Mapping[str, int]]]]] = {
    "create_package": [(asked, {"package.created": 1}) for asked in ASKED["create_package"]],
    "replace_package": [(ASKED["replace_package"][0], {"package.changed": 1})],
    "change_package": [(ASKED["change_package"][0], {"package.changed": 1})],
    "delete_package": [(ASKED["delete_package"][0], {"package.deleted": 1})],
    "write_price_list": [(ASKED["write_price_list"][0], {"package.prices_written": 1})],
    "remove_price_list": [(ASKED["remove_price_list"][0], {"package.prices_removed": 1})],
    "import_packages": [
        (ASKED["import_packages"][0], {"package.created": 1}),
        (ASKED["import_packages"][0]._replace(body="name\nOne\nTwo\n"), {"package.created": 2}),
        (ASKED["import_packages"][0]._replace(query={"dry_run": "true"}), {}),
    ],
    "write_customer": [
        (ASKED["write_customer"][0], {"customer.created": 1}),
        (Asked({"customer_id": BIG}, body={"name": "Bigger"}), {"customer.changed": 1}),
    ],
    "change_customer": [(ASKED["change_customer"][0], {"customer.changed": 1})],
    "delete_customer": [(ASKED["delete_customer"][0], {"customer.deleted": 1})],
    "unpark": [(ASKED["unpark"][0], {"customer.unparked": 1})],
    "cancel_held": [(ASKED["cancel_held"][0], {"charge.written_off": 1})],
    "create_assignment": [(ASKED["create_assignment"][0], {"assignment.created": 1})],
    "change_assignment": [(ASKED["change_assignment"][0], {"assignment.changed": 1})],
    "write_terms": [(ASKED["write_terms"][0], {"assignment.terms_written": 1})],
    "remove_terms": [(ASKED["remove_terms"][0], {"assignment.terms_removed": 1})],
    "end_assignment": [
        (ASKED["end_assignment"][0], {"assignment.ended": 1}),
        (Asked({"customer_id": "rich", "assignment_id": "later"}), {"assignment.removed": 1}),
    ],
    "replace_assignment": [
        (ASKED["replace_assignment"][0], {}),
        (ASKED["replace_assignment"][1], {"assignment.replaced": 1, "assignment.created": 1}),
    ],
    "close_customer": [
        (ASKED["close_customer"][0], {}),
        (ASKED["close_customer"][1], {"assignment.ended": 3, "assignment.removed": 1}),
    ],
    "transfer_did": [
        (ASKED["transfer_did"][0], {}),
        (ASKED["transfer_did"][1], {"assignment.transferred": 3, "assignment.created": 3}),
    ],
    "import_customers": [
        (ASKED["import_customers"][0], {"customer.created": 1, "customer.changed": 1}),
        (ASKED["import_customers"][0]._replace(query={"dry_run": "true"}), {}),
    ],
    "import_assignments": [(ASKED["import_assignments"][0], {"assignment.created": 1})],
    "run": [
        (ASKED["run"][0], {}),
        (Asked(body=LIVE | {"customer": "rich", "run_id": "one"}), {"run.started": 1, "run.finished": 1}),
        (Asked(body=LIVE | {"run_id": "all"}), {"run.started": 1}),
    ],
    "cancel_work": [(ASKED["cancel_work"][0], {"work.finished": 1})],
    "reverse_run": [(ASKED["reverse_run"][0], {"run.reversed": 1})],
}
"""By route: requests, and the items that each leaves."""
SILENT: Final = {
    "pay": "the entry in the ledger says who booked it",
    "adjust": "the entry in the ledger says who adjusted the balance, and why",
    "charge_one_off": "the entry in the ledger says who charged it",
    "credit_entry": "the entry in the ledger says who gave it, and why",
    "try_held": "as when the daily run tries it: the entry is posted, which is told as charge.released",
    "record_usage": "a call is no change of anything that somebody decides",
    "simulate": "stores nothing, or the record of the work says who asked for it",
    "forecast": "the record of the work says who asked for it, if it is of all customers",
    "request_reconciliation": "as an audit",
    "announce_import": "the import says who announced it",
    "check_import": "the record of the work says who asked for it",
    "apply_import": "each row leaves its item when it is applied",
    "retry_import": "as above",
    "undo_import": "what is taken back of each row leaves its item",
    "request_audit": "the record of the work says who asked for it",
    "request_export": "the record of the work says who asked for it",
    "request_replay": "the record of the work says who asked for it",
    "request_change": "the record of the work says who asked for it; it changes nothing yet",
    "apply_change": "the work writes an item for each thing that it changes, as the request for one does",
    "undo_change": "as its application",
    "request_reindex": "what is found by words stays what it is",
    "check_packages": "stores nothing",
    "check_customers": "stores nothing",
    "check_assignments": "stores nothing",
}
KEY: Final = {"Idempotency-Key": "one request"}


def items(world: World) -> list[dict[str, Any]]:
    return world.stage.store.items("history")


def ask(world: World, name: str, asked: Asked) -> int:
    """The status of the answer to a request, which has an Idempotency-Key where that counts."""
    (route,) = (one for one in ROUTES if one.view.__name__ == name)
    body = asked.body if asked.body is None or isinstance(asked.body, str) else json.dumps(asked.body)
    query = {key: [value] for key, value in asked.query.items()} or None
    headers = ({"Content-Type": asked.content_type} if body else {}) | (KEY if route.method == "POST" else {})
    params = {key: STANDING if value == HELD else value for key, value in asked.params.items()}
    return int(world.ask(route.method, route.path, params, query=query, body=body, headers=headers)["statusCode"])


STANDING: Final = "acme:uk_1.b-2~2024-03-01~1-recurring~acme:uk_1.b-2-line"


@pytest.fixture
def roomy(world: World) -> World:
    world.stage.store.knobs.page_bytes = lambda: 1024 * 1024
    furnish(world.stage.db, 4)
    return world


def test_every_route_that_writes_says_what_it_leaves() -> None:
    writing = {route.view.__name__ for route in ROUTES if route.method != "GET"}
    assert writing == CHANGED.keys() | SILENT.keys()
    assert CHANGED.keys().isdisjoint(SILENT)


@pytest.mark.parametrize("name", CHANGED)
def test_a_route_leaves_an_item_for_each_thing_that_it_changes_once(roomy: World, name: str) -> None:
    kept, before = roomy.kept(), items(roomy)
    known = {item["sk"]["S"] for item in before}
    for asked, wanted in CHANGED[name]:
        roomy.put_back(kept)
        assert ask(roomy, name, asked) in (200, 201, 202, 204)
        left = items(roomy)
        assert len(left) - len(before) == sum(wanted.values())
        ask(roomy, name, asked)
        assert items(roomy) == left, "asked again, nothing is added"
        assert Counter(item["type"]["S"] for item in left if item["sk"]["S"] not in known) == wanted


@pytest.mark.parametrize("name", SILENT)
def test_other_routes_leave_nothing(roomy: World, name: str) -> None:
    before = items(roomy)
    for asked in ASKED[name]:
        assert ask(roomy, name, asked) in (200, 201, 202)
    assert items(roomy) == before


def test_an_item_says_who_did_what_and_expires(roomy: World) -> None:
    ask(roomy, "change_package", Asked({"package_id": "line"}, body={"description": "desk phone"}))
    page = roomy.read("GET", "/packages/{package_id}/history", {"package_id": "line"}, query={"limit": ["1"]})
    (item,) = page["items"]
    assert item["type"] == "package.changed"
    assert item["by"].startswith("arn:aws")
    assert (item["package_id"], item["customer_id"], item["version"]) == ("line", None, 2)
    assert item["changes"] == [{"field": "description", "from": None, "before": "", "after": "desk phone"}]
    (stored,) = (one for one in items(roomy) if one["sk"]["S"] == item["history_id"])
    assert (stored["format"]["N"], stored["pk"]["S"]) == ("1", "PACKAGE#line")
    assert int(stored["expires"]["N"]) == 1_709_294_400 + 3650 * 86_400


def test_a_history_is_read_page_by_page_newest_first(roomy: World) -> None:
    for number in range(5):
        roomy.stage.today = roomy.stage.today.replace(day=2 + number)
        roomy.stage.assign(f"one-{number}", "rich", "line", 1)
    found: list[str] = []
    cursor = None
    while True:
        query = {"limit": ["2"]} | ({"cursor": [cursor]} if cursor else {})
        page = roomy.read("GET", "/customers/{customer_id}/history", {"customer_id": "rich"}, query=query)
        assert len(page["items"]) <= 2
        found += [item["assignment_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found[:5] == [f"one-{number}" for number in (4, 3, 2, 1, 0)]
    assert len(found) == len(items_of(roomy, "CUSTOMER#rich"))


def items_of(world: World, partition: str) -> list[dict[str, Any]]:
    return [item for item in items(world) if item["pk"]["S"] == partition]


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/customers/{customer_id}/history", {"customer_id": "nobody"}, 404),
        ("/packages/{package_id}/history", {"package_id": "none"}, 404),
        ("/customers/{customer_id}/history", {"customer_id": BIG}, 200),
        ("/packages/{package_id}/history", {"package_id": "listed"}, 200),
    ],
    ids=["no customer", "no package", "a customer from before there was a history", "a package from before"],
)
def test_what_has_no_history_is_told_from_what_does_not_exist(roomy: World, path: str, params: dict[str, str], status: int) -> None:
    answer = roomy.ask("GET", path, params)
    assert answer["statusCode"] == status
    if status == 200:
        assert json.loads(answer["body"]) == {"items": [], "next_cursor": None}


def test_what_is_gone_keeps_its_history(roomy: World) -> None:
    roomy.ask("PUT", "/customers/{customer_id}", {"customer_id": "new"}, body="{}", headers={"Content-Type": "application/json"})
    roomy.ask("DELETE", "/customers/{customer_id}", {"customer_id": "new"})
    assert roomy.ask("GET", "/customers/{customer_id}", {"customer_id": "new"})["statusCode"] == 404
    found = roomy.read("GET", "/customers/{customer_id}/history", {"customer_id": "new"})["items"]
    assert [(item["type"], item["version"]) for item in found] == [("customer.deleted", 2), ("customer.created", 1)]
    gone = [(one["field"], one["before"], one["after"]) for one in found[0]["changes"]]
    assert gone == [("currency", "USD", None)]
    roomy.ask("DELETE", "/packages/{package_id}", {"package_id": "x00000"})
    (last,) = roomy.read("GET", "/packages/{package_id}/history", {"package_id": "x00000"})["items"]
    assert last["changes"] == [{"field": "deleted", "from": None, "before": False, "after": True}]
