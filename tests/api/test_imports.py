"""Imports of packages and assignments: a dry run first, every faulty row named, all or nothing, once."""

import csv
import io
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from tests.api.support import (
    Json,
    a_customer,
    a_package,
    an_assignment,
    at_once,
    balance,
    charges,
    contents,
    day,
    due_dates,
    finished,
    ok,
    pages,
    problem,
    unique,
    unique_did,
)
from tools.embedded import EmbeddedStack

AS_CSV = {"Content-Type": "text/csv"}


def file_of(rows: Iterable[Json]) -> str:
    """Rows as a spreadsheet saves them."""
    listed = list(rows)
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, dict.fromkeys(name for row in listed for name in row), restval="")
    table.writeheader()
    table.writerows(listed)
    return text.getvalue()


def importing(
    api: httpx.Client, what: str, rows: Iterable[Json] | str, *, live: bool = True, key: str | None = None, **asked: str
) -> httpx.Response:
    """The answer to an import."""
    text = rows if isinstance(rows, str) else file_of(rows)
    headers = AS_CSV | ({"Idempotency-Key": key} if key else {})
    params = {"dry_run": str(not live).lower(), **asked}
    return api.post(f"/{what}/import", params=params, content=text.encode(), headers=headers)


def applied(api: httpx.Client, staged: Json) -> Json:
    """An import once its work is done."""
    finished(api, staged["work"]["work_id"], "work")
    return ok(api.get(f"/imports/{staged['import_id']}"))


def named(answer: httpx.Response, status: int = 422, code: str = "invalid") -> list[tuple[int, str]]:
    """The rows and columns that a refusal names."""
    errors = problem(answer, status, code)["errors"]
    assert all(error["pointer"].startswith(f"/rows/{error['row']}") and error["detail"] for error in errors)
    return [(error["row"], error["column"]) for error in errors]


def row(customer: str, package: Json, **fields: Any) -> Json:
    """A row of an assignment that starts today."""
    return {"customer_id": customer, "package_id": package["package_id"], "start_date": day()} | fields


def assigned(api: httpx.Client, customer: str) -> list[Json]:
    """A customer's assignments."""
    return pages(api, f"/customers/{customer}/assignments")


def test_packages_come_in_as_they_would_one_by_one(api: httpx.Client) -> None:
    rows = [
        {"name": "=Line", "retail": "12.50", "frequency": "monthly", "frequency_match": "15;31", "minimum_spend": "TRUE"},
        {"name": "Minutes", "retail": "4", "type": "free_minutes", "destination": "^44|^91", "minimum_days": "30"},
        {"name": "", "retail": ""},
        {
            "name": "Weekly",
            "currency": "EUR",
            "frequency": "weekly",
            "frequency_match": "mon;thu",
            "description": "two\r\nlines",
            "account_code": "0200",
            "tax_code": "-20%",
        },
    ]
    seen = ok(importing(api, "packages", rows, live=False))
    made = ok(importing(api, "packages", rows), 201)
    assert (seen["dry_run"], made["dry_run"], made["rows"]) == (True, False, 3)
    assert [item["row"] for item in made["items"]] == [2, 3, 5]
    for item, foreseen in zip(made["items"], seen["items"], strict=True):
        assert item["package"] == ok(api.get(f"/packages/{item['package']['package_id']}"))
        assert foreseen["package"]["package_id"] is None
        changing = ("package_id", "created_at", "updated_at")
        assert {**item["package"], **dict.fromkeys(changing)} == {**foreseen["package"], **dict.fromkeys(changing)}
    shown = [item["package"] for item in made["items"]]
    assert [(one["name"], one["frequency_match"], one["minimum_spend"], one["currency"]) for one in shown] == [
        ("=Line", [15, 31], True, "USD"), ("Minutes", [], False, "USD"), ("Weekly", ["mon", "thu"], False, "EUR"),
    ]  # fmt: skip
    assert [one["package_id"] for one in shown] == sorted(one["package_id"] for one in shown)


def test_assignments_come_in_as_they_would_one_by_one(api: httpx.Client) -> None:
    one, other = a_customer(api), a_customer(api)
    line, phone = a_package(api, name="Line", retail="2"), a_package(api, name="Phone", retail="5", cost="1", frequency="daily")
    did = unique_did()
    rows = [
        row(one, line, quantity="3"), row(other, phone, did=did, minimum_days="30"), row(one, line, did=unique_did()),
        row(one, phone, start_date=day(-2), auto_decrement_credit="true"), row(other, line, did=did),
    ]  # fmt: skip
    before = ok(importing(api, "assignments", rows, live=False))
    assert assigned(api, one) == assigned(api, other) == []
    made = ok(importing(api, "assignments", rows), 201)
    assert [item["row"] for item in made["items"]] == [2, 3, 4, 5, 6]
    assert [item["backlog"] for item in made["items"]] == [item["backlog"] for item in before["items"]]
    assert [line["due_date"] for line in made["items"][3]["backlog"]] == [day(-2), day(-1)] == due_dates(charges(api, one))
    assert balance(api, one) == -10
    for customer in (one, other):
        mine = [item["assignment"] for item in made["items"] if item["assignment"]["customer_id"] == customer]
        assert assigned(api, customer) == mine
    assert [item["assignment_id"] for item in ok(api.get(f"/dids/{did}/assignments"))["items"]] == [
        made["items"][n]["assignment"]["assignment_id"] for n in (1, 4)
    ]
    assert [item["assignment"]["assignment_id"] for item in before["items"]] == [None] * 5


def test_a_dry_run_is_the_default_and_writes_nothing(own_stack: EmbeddedStack, own_api: httpx.Client) -> None:
    customer, package = a_customer(own_api), a_package(own_api, retail="1", frequency="daily")
    before = contents(own_stack)
    for what, rows in (("packages", [{"name": "Line"}]), ("assignments", [row(customer, package, start_date=day(-3), did=unique_did())])):
        keyed = AS_CSV | {"Idempotency-Key": unique("k")}
        answer = own_api.post(f"/{what}/import", content=file_of(rows), headers=keyed)
        assert ok(answer)["dry_run"] is True
        assert ok(own_api.post(f"/{what}/import?dry_run=true", content=file_of(rows), headers=keyed))["rows"] == 1
    assert contents(own_stack) == before


def world(api: httpx.Client) -> dict[str, Any]:
    """Things to be at fault with: customers, packages, a DID that is taken."""
    one, other, euro = a_customer(api), a_customer(api), a_customer(api, currency="EUR")
    did = unique_did()
    an_assignment(api, other, a_package(api), did=did, start_date=day(-10), end_date=day(10))
    gone = a_package(api)
    ok(api.delete(f"/packages/{gone['package_id']}"), 204)
    return {
        "one": one, "other": other, "euro": euro, "did": did, "gone": gone, "line": a_package(api, retail="1", frequency="daily"),
        "minutes": a_package(api, type="free_minutes"), "bound": a_package(api, minimum_days=30),
        "dear": a_package(api, retail="999999999999"),
    }  # fmt: skip


@pytest.fixture(scope="module")
def things(api: httpx.Client) -> dict[str, Any]:
    """The same for all faults."""
    return world(api)


FAULTS = {
    "customer": ({"customer_id": "nobody"}, "customer_id"),
    "package": ({"package_id": "none"}, "package_id"),
    "deleted": ({"package_id": "gone"}, "package_id"),
    "currency": ({"customer_id": "euro"}, "package_id"),
    "minutes-missing": ({"package_id": "minutes"}, "free_minutes"),
    "minutes-unasked": ({"free_minutes": "5"}, "free_minutes"),
    "days-other": ({"package_id": "bound", "minimum_days": "5", "did": "99000001"}, "minimum_days"),
    "days-without-did": ({"minimum_days": "5"}, "minimum_days"),
    "days-cut": ({"package_id": "bound", "end_date": day(5)}, "end_date"),
    "end-before-start": ({"end_date": day(-1)}, "end_date"),
    "amount": ({"package_id": "dear", "quantity": "1000000"}, "quantity"),
    "did-taken": ({"did": "did"}, "did"),
    "backlog": ({"start_date": day(-5)}, "confirm_backlog"),
    "backlog-too-long": ({"start_date": day(-500), "confirm_backlog": "true"}, "charge_from"),
    "field": ({"quantity": "many"}, "quantity"),
}


def test_a_file_of_far_too_old_dates_is_refused_at_once(api: httpx.Client) -> None:
    """The date that a spreadsheet makes of an empty one: 46,000 due dates a row would outlast the request."""
    customer, daily = a_customer(api), a_package(api, retail="1", frequency="daily")
    rows = [row(customer, daily, start_date="1900-01-01", confirm_backlog="true")] * 500
    refused = importing(api, "assignments", rows)
    assert named(refused) == [(n, "charge_from") for n in range(2, 202)]
    assert refused.json()["errors_left_out"] == 300


def of_world(things: dict[str, Any], fields: Json) -> Json:
    """Fields with the names of things in place of their ids."""
    known = {name: thing["package_id"] if isinstance(thing, dict) else thing for name, thing in things.items()}
    return {name: known.get(value, value) for name, value in fields.items()}


@pytest.mark.parametrize("live", [True, False], ids=["live", "dry"])
@pytest.mark.parametrize(("fields", "column"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_row_is_named_and_nothing_is_written(
    api: httpx.Client, things: dict[str, Any], fields: Json, column: str, live: bool
) -> None:
    good = row(things["one"], things["line"])
    answer = importing(api, "assignments", [good, good | of_world(things, fields), good], live=live)
    assert named(answer) == [(3, column)]
    assert assigned(api, things["one"]) == assigned(api, things["euro"]) == []


def test_all_faulty_rows_are_told_at_once(api: httpx.Client, things: dict[str, Any]) -> None:
    """Those that can't be read, and those that can't be because of what there is."""
    good = row(things["one"], things["line"])
    answer = importing(api, "assignments", [good | of_world(things, fields) for fields, _ in FAULTS.values()])
    assert named(answer) == [(number, column) for number, (_, column) in enumerate(FAULTS.values(), 2)]


def test_rows_of_one_file_may_not_share_a_did_between_customers(api: httpx.Client) -> None:
    one, other, package, did = a_customer(api), a_customer(api), a_package(api), unique_did()
    rows = [
        row(one, package, did=did, end_date=day(10)), row(other, package, did=did, start_date=day(10)),
        row(other, package, did=did, start_date=day(11)), row(one, package, did=did, start_date=day(20)),
    ]  # fmt: skip
    assert named(importing(api, "assignments", rows)) == [(3, "did"), (5, "did")]
    assert len(ok(importing(api, "assignments", [rows[0], rows[2]]), 201)["items"]) == 2


def test_backlog_is_posted_once_confirmed(api: httpx.Client) -> None:
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    rows = [row(customer, package, start_date=day(-5), confirm_backlog="true"), row(customer, package, start_date=day(-1))]
    made = ok(importing(api, "assignments", rows), 201)
    assert [len(item["backlog"]) for item in made["items"]] == [5, 1]
    assert len(charges(api, customer)) == 6
    assert [item["assignment"]["evaluate_from"] for item in made["items"]] == [day(), day()]


def test_more_backlog_than_fits_a_request_is_checked_in_the_background(api: httpx.Client) -> None:
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    rows = [row(customer, package, start_date=day(-390))] * 6
    checked = applied(api, ok(importing(api, "assignments", rows, live=False, confirm_backlog="true"), 202))
    assert checked["step"] == "check"
    assert checked["backlog"] == [{"currency": "USD", "lines": 6 * 390, "retail": "2340.00"}]
    assert checked["unconfirmed"] == 6
    assert assigned(api, customer) == []


def test_a_file_is_imported_once_unless_that_is_said(api: httpx.Client) -> None:
    customer, package = a_customer(api), a_package(api)
    first = ok(importing(api, "assignments", [row(customer, package)]), 201)
    again = importing(api, "assignments", [row(customer, package)])
    assert again.status_code == 409
    assert (again.json()["code"], again.json()["import_id"]) == ("imported_before", first["import_id"])
    assert ok(api.get(f"/imports/{first['import_id']}"))["counts"]["created"] == 1
    (made,) = ok(api.get(f"/imports/{first['import_id']}/rows"))["items"]
    assert made["assignment_id"] == first["items"][0]["assignment"]["assignment_id"]
    twice = ok(importing(api, "assignments", [row(customer, package)], again="true"), 201)
    assert [one["code"] for one in twice["items"][0]["warnings"]] == ["duplicate"]


def test_a_large_file_is_put_to_a_link(api: httpx.Client) -> None:
    customer, package = a_customer(api), a_package(api)
    announced = ok(api.post("/imports", json={"kind": "assignments"}), 201)
    path = f"/imports/{announced['import_id']}"
    assert api.post(f"{path}/check").json()["code"] == "not_uploaded"
    text = file_of([row(customer, package, did=unique_did()) for _ in range(3)])
    httpx.put(announced["upload"]["link"], content=text.encode()).raise_for_status()
    assert applied(api, ok(api.post(f"{path}/check"), 202))["counts"]["created"] == 3
    assert assigned(api, customer) == []
    assert applied(api, ok(api.post(f"{path}/application"), 202))["counts"]["created"] == 3
    assert len(assigned(api, customer)) == 3
    assert api.post(f"{path}/application").json()["code"] == "applied"


def test_a_did_that_is_taken_between_dry_run_and_import(api: httpx.Client) -> None:
    customer, rival, package = a_customer(api), a_customer(api), a_package(api)
    rows = [row(customer, package, did=unique_did()) for _ in range(30)]
    assert ok(importing(api, "assignments", rows, live=False))["rows"] == 30
    an_assignment(api, rival, package, did=rows[20]["did"])
    assert named(importing(api, "assignments", rows)) == [(22, "did")]
    assert assigned(api, customer) == []
    assert [len(pages(api, f"/dids/{one['did']}/assignments")) for one in rows] == [int(n == 20) for n in range(30)]


def test_an_import_repeated_with_its_key_is_made_once(api: httpx.Client) -> None:
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    rows = [row(customer, package, start_date=day(-2), auto_decrement_credit="true") for _ in range(3)]
    key = unique("k")
    answers = at_once(lambda _: importing(api, "assignments", rows, key=key), 4)
    assert len({answer.text for answer in answers}) == 1
    assert len(ok(answers[0], 201)["items"]) == len(assigned(api, customer)) == 3
    assert balance(api, customer) == -6
    problem(importing(api, "assignments", rows[:2], key=key), 422, "idempotency_key_reused")
    names = [{"name": unique("p")} for _ in range(3)]
    first, second = (importing(api, "packages", names, key=key) for _ in range(2))
    assert ok(first, 201) == ok(second, 201)


def test_an_import_whose_answer_was_lost_is_completed(stack: EmbeddedStack, api: httpx.Client) -> None:
    """The claim of a request that crashed after writing: another attempt finds what it made, and posts what it had not."""
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    rows, names, key = [row(customer, package, start_date=day(-2)) for _ in range(3)], [{"name": unique("p")}], unique("k")
    made = ok(importing(api, "assignments", rows, key=key), 201)
    defined = ok(importing(api, "packages", names, key=key), 201)
    forget_answers(stack, since=made["items"][0]["assignment"]["created_at"])
    assert ok(importing(api, "assignments", rows, key=key), 201) == made
    assert ok(importing(api, "packages", names, key=key), 201) == defined
    assert len(assigned(api, customer)) == 3
    assert len(charges(api, customer)) == 6


def forget_answers(stack: EmbeddedStack, since: str) -> None:
    """Make claims that were answered since then look as if their process had died before it could answer."""
    dynamodb, table = stack.client("dynamodb"), stack.table_name("runs")
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, FilterExpression="begins_with(pk, :pk)",
                                                        ExpressionAttributeValues={":pk": {"S": "IDEMPOTENCY#"}}):  # fmt: skip
        for item in page["Items"]:
            if item["begun"]["S"][:16] >= since[:16]:
                dynamodb.update_item(
                    TableName=table, Key={"pk": item["pk"], "sk": item["sk"]}, UpdateExpression="SET claimed_until = :past REMOVE answer",
                    ExpressionAttributeValues={":past": {"S": "2020-01-01T00:00:00+00:00"}},
                )  # fmt: skip


def test_of_imports_that_want_the_same_dids_at_once_one_wins(api: httpx.Client) -> None:
    package, dids = a_package(api), [unique_did() for _ in range(20)]
    customers = [a_customer(api) for _ in range(24)]
    answers = at_once(lambda n: importing(api, "assignments", [row(customers[n], package, did=did) for did in dids]))
    won = [customer for customer, answer in zip(customers, answers, strict=True) if answer.status_code == 201]
    assert len(won) == 1
    for customer, answer in zip(customers, answers, strict=True):
        if customer not in won:
            assert named(answer) == [(number, "did") for number in range(2, 22)]
            assert assigned(api, customer) == []
    assert {did: [one["customer_id"] for one in pages(api, f"/dids/{did}/assignments")] for did in dids} == dict.fromkeys(dids, won)
    assert ok(api.get(f"/packages/{package['package_id']}"))


@pytest.mark.parametrize(("with_did", "fits"), [(True, 24), (False, 48)], ids=["dids", "customers"])
def test_a_file_is_as_large_as_a_transaction(api: httpx.Client, with_did: bool, fits: int) -> None:
    """Two actions a row, one a DID, one a customer, one a package, two for the import: 100 in all. A larger file is staged."""
    customer, package = a_customer(api), a_package(api)
    rows = [row(customer, package) | ({"did": unique_did()} if with_did else {}) for _ in range(fits + 1)]
    assert len(ok(importing(api, "assignments", rows, live=False))["items"]) == fits + 1
    assert len(ok(importing(api, "assignments", rows[:fits]), 201)["items"]) == len(assigned(api, customer)) == fits
    larger = [row(customer, package) | ({"did": unique_did()} if with_did else {}) for _ in range(fits + 1)]
    staged = ok(importing(api, "assignments", larger), 202)
    assert applied(api, staged)["counts"] == {"created": fits + 1, "changed": 0, "unchanged": 0, "failed": 0, "faulty": 0}
    assert len(assigned(api, customer)) == 2 * fits + 1


def test_the_words_of_names_count(api: httpx.Client) -> None:
    """Two actions a package, one for its id, one for each word of its name, two for the import: 100 in all. A larger file is staged."""
    name = unique("p").replace("-", "")
    rows = [{"name": f"{name} {n}"} for n in range(20)]
    assert ok(importing(api, "packages", rows[:19]), 201)["rows"] == 19
    assert applied(api, ok(importing(api, "packages", rows), 202))["counts"]["created"] == 20
    found = pages(api, "/packages", search=name)
    assert len(found) == 39
    changes = [{"package_id": one["package_id"], "retail": "7"} for one in found]
    assert ok(importing(api, "packages", changes), 201)["rows"] == 39


def test_faults_of_the_middle_of_a_file_too_large_are_still_named(api: httpx.Client) -> None:
    rows = [{"name": "Line", "retail": "-1" if n % 100 == 50 else "1"} for n in range(1000)]
    assert named(importing(api, "packages", rows, live=False)) == [(n + 2, "retail") for n in range(50, 1000, 100)]


@pytest.mark.parametrize("what", ["packages", "assignments"])
@pytest.mark.parametrize(
    ("headers", "content", "status", "code"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415, "unsupported_media_type"),
        (AS_CSV, b'name\n"Line', 400, "malformed"), (AS_CSV, b"name\n" + b"x" * 4_194_304, 413, "too_large"), (AS_CSV, b"", 422, "invalid"),
    ],
    ids=["type", "quotes", "size", "empty"],
)  # fmt: skip
def test_what_is_no_file_of_rows_is_refused(
    api: httpx.Client, what: str, headers: dict[str, str], content: bytes, status: int, code: str
) -> None:
    problem(api.post(f"/{what}/import?dry_run=false", content=content, headers=headers), status, code)


def test_a_file_in_another_encoding_is_refused_where_it_shows(api: httpx.Client) -> None:
    content = "name,retail\nLine,1\nCaf\xe9,1\n".encode("latin-1")
    refused = api.post("/packages/import?dry_run=false", content=content, headers=AS_CSV)
    assert named(refused) == [(3, "name")]
    assert "save it as CSV UTF-8" in refused.json()["errors"][0]["detail"]


def test_c_a_file_with_semicolons_of_a_spreadsheet_comes_in(api: httpx.Client) -> None:
    customer, package, did = a_customer(api), a_package(api), unique_did()
    rows = f"{customer};{package['package_id']};{day()} ;+{did[:2]} {did[2:]};;\r\n;;;;;\r\n"
    content = f"sep=;\r\ncustomer_id;package_id;start_date;did;;\r\n{rows}".encode("utf-8-sig")
    made = ok(api.post("/assignments/import?dry_run=false", content=content, headers=AS_CSV), 201)
    assert [(item["row"], item["assignment"]["did"]) for item in made["items"]] == [(2, did)]


@pytest.mark.parametrize("query", ["dry_run=yes", "dry_run=", "dry_run=true&dry_run=false", "dryrun=false"])
def test_whether_to_write_is_said_plainly_or_not_at_all(api: httpx.Client, query: str) -> None:
    problem(api.post(f"/packages/import?{query}", content="name\nLine\n", headers=AS_CSV), 422, "invalid")


def test_an_exported_file_that_was_edited_comes_in_again(api: httpx.Client) -> None:
    """Apostrophes that our own CSV adds don't become part of names."""
    name = f"=SUM({unique()})"
    a_package(api, name=name)
    exported = csv.DictReader(io.StringIO(api.get("/packages", headers={"Accept": "text/csv"}).text, newline=""))
    kept = [{"name": one["name"], "retail": "2"} for one in exported if name in one["name"]]
    assert kept == [{"name": f"'{name}", "retail": "2"}]
    assert ok(importing(api, "packages", kept), 201)["items"][0]["package"]["name"] == name
