"""Reports, ledger and lists in every form, from the deployed service."""

import csv
import io
from urllib.parse import parse_qs, urlencode

import httpx
import pytest

from tests.api.support import (
    PROBLEM,
    Json,
    a_customer,
    a_package,
    an_assignment,
    evaluate,
    finished,
    ledger,
    multiply,
    ok,
    pages,
    pay,
    problem,
    run,
    unique,
    unique_did,
)
from tools.embedded import EmbeddedStack

AS_CSV = {"Accept": "text/csv"}
AS_HTML = {"Accept": "text/html"}
NAMES = ('He said "x", twice; or so', "=HYPERLINK(1)", "<script>alert(1)</script>", "אבג 😀 ＝1")
ON = "2031-02-28"


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of an answer in CSV."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert answer.text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


def cells(value: Json, prefix: str = "") -> dict[str, str]:
    """A JSON object as its row should be, worked out without the service."""
    flat: dict[str, str] = {}
    for name, part in value.items():
        if isinstance(part, dict):
            flat |= cells(part, f"{prefix}{name}_")
        elif isinstance(part, bool):
            flat[prefix + name] = str(part).lower()
        elif isinstance(part, list):
            flat[prefix + name] = ";".join(map(str, part))
        else:
            text = "" if part is None else str(part)
            number = text.removeprefix("-").replace(".", "", 1).isdecimal()
            flat[prefix + name] = f"'{text}" if text.lstrip('"')[:1] in ("=", "-") and not number else text
    return flat


def assert_same(found: list[dict[str, str]], expected: list[Json]) -> None:
    """Row by row what JSON says; what JSON leaves out or has no value for is empty."""
    assert len(found) == len(expected)
    for row, item in zip(found, expected, strict=True):
        wanted = cells(item)
        assert {name: value for name, value in row.items() if value} == {name: value for name, value in wanted.items() if value}


@pytest.fixture(scope="module")
def customer(api: httpx.Client) -> str:
    """A customer with packages of nasty names, some debited, one not due."""
    customer = a_customer(api, debit_limit="60")
    for name in NAMES:
        package = a_package(api, name=name, retail="12.50", cost="7.25", frequency="monthly", frequency_match=[15, 31])
        an_assignment(api, customer, package, quantity=4, start_date="2031-01-15", auto_decrement_credit=name == NAMES[0], did=unique_did())
    an_assignment(api, customer, a_package(api, name="Later", retail="1", frequency="monthly"), start_date="2031-01-15")
    minutes = a_package(api, name="Minutes", retail="4", frequency="monthly", type="free_minutes", destination="^44")
    an_assignment(api, customer, minutes, start_date="2020-01-01", charge_from="2031-01-01", free_minutes=100)
    return customer


@pytest.fixture(scope="module")
def live(api: httpx.Client, customer: str) -> Json:
    """A live run of that customer."""
    return run(api, customer, ON, live=True, run_id=unique("r"))


def test_a_simulation_as_csv_has_the_lines_of_its_json(api: httpx.Client, customer: str) -> None:
    body = {"customer": customer, "date": "2031-03-31"}
    report = ok(api.post("/runs", json=body))
    answer = api.post("/runs", json=body, headers=AS_CSV)
    assert_same(rows(answer), report["lines"])
    assert len(report["lines"]) == len(NAMES)
    assert {row["package_name"] for row in rows(answer)} >= {"'=HYPERLINK(1)", NAMES[0]}


def test_a_live_run_as_csv_has_the_lines_of_its_json(api: httpx.Client, live: Json) -> None:
    where = f"/runs/{live['run_id']}"
    answer = api.get(where, headers=AS_CSV)
    assert_same(rows(answer), live["lines"])
    assert answer.headers["content-disposition"] == f'attachment; filename="runs-{live["run_id"]}.csv"'
    assert rows(api.get(f"{where}/lines", headers=AS_CSV)) == rows(answer)


def test_a_ledger_as_csv_has_the_entries_of_its_json(api: httpx.Client, customer: str, live: Json) -> None:
    pay(api, customer, "-5")
    assert_same(rows(api.get(f"/customers/{customer}/ledger", headers=AS_CSV)), ledger(api, customer))
    assert {row["credit_change"] for row in rows(api.get(f"/customers/{customer}/ledger", headers=AS_CSV))} >= {"-5.00", "-50.00", "0.00"}


def test_lists_as_csv_have_the_items_of_their_json(api: httpx.Client, customer: str) -> None:
    where = f"/customers/{customer}/assignments"
    found, listed = rows(api.get(where, headers=AS_CSV)), pages(api, where)
    kept = ("total", "used", "remaining", "refills_on", "waiting_for_payment")
    for one in listed:
        one["minutes"] = one["minutes"] and {name: one["minutes"][name] for name in kept}
        one["package"] = {name: one["package"][name] for name in one["package"] if name not in _SAID_ONCE}
    assert_same(found, listed)
    assert_same(rows(api.get(f"/dids/{listed[0]['did']}/assignments", headers=AS_CSV)), listed[:1])


_SAID_ONCE = ("package_id", "version", "created_at", "created_by", "updated_at", "updated_by")


def test_packages_as_csv_have_the_prices_of_today(api: httpx.Client, customer: str) -> None:
    """Prices to come are in JSON only: a file to import sets the present ones."""
    package = a_package(api, name="Dearer soon", retail="10", frequency="monthly", notice_days=[7, 1])
    an_assignment(api, customer, package, start_date="2031-01-15")
    ok(api.put(f"/packages/{package['package_id']}/prices/2040-01-01", json={"retail": "12"}), 201)
    listed = pages(api, "/packages")
    coming = [one.pop("next_prices", None) for one in listed]
    assert any(prices and prices["retail"] == "12.00" for prices in coming)
    for one in listed:
        del one["assignments"]  # a count, which no file sets
    assert_same(rows(api.get("/packages", headers=AS_CSV)), listed)


def test_csv_comes_whole_or_page_by_page(api: httpx.Client, customer: str, live: Json) -> None:
    """Never less than was asked for without a word: whole, or with the way to the rest."""
    answer = api.get(f"/customers/{customer}/ledger?" + urlencode({"limit": 2, "from": "2031-01-01"}), headers=AS_CSV)
    paged = rows(answer)
    while link := answer.headers.get("link"):
        query = link.removeprefix("<?").removesuffix('>; rel="next"')
        answer = api.get(f"/customers/{customer}/ledger?{query}", headers=AS_CSV)
        paged += rows(answer)
    assert paged == rows(api.get(f"/customers/{customer}/ledger?from=2031-01-01", headers=AS_CSV))
    assert len(paged) > 2
    assert parse_qs(httpx.URL(str(answer.request.url)).query.decode())["from"] == ["2031-01-01"]


def test_more_lines_than_a_report_lists_are_all_in_its_csv(api: httpx.Client, stack: EmbeddedStack) -> None:
    """JSON lists 1,000 lines and says how many it left out; CSV has them all."""
    customer, package = a_customer(api), a_package(api, retail="1", frequency="monthly", setup_retail="1")
    multiply(stack, an_assignment(api, customer, package, start_date=ON), 510)
    made = [one["assignment_id"] for one in pages(api, f"/customers/{customer}/assignments")]
    body = {"customer": customer, "date": ON}
    report = ok(api.post("/runs", json=body))
    assert (len(report["lines"]), report["lines_left_out"]) == (1000, 20)
    assert "20 more lines are not listed here" in api.post("/runs", json=body, headers=AS_HTML).text
    found = rows(api.post("/runs", json=body, headers=AS_CSV))
    assert sorted(row["assignment_id"] for row in found) == sorted(made * 2)
    started = api.post("/runs", json={**body, "simulate": False, "run_id": unique("r")}, headers=AS_CSV)
    assert (started.status_code, started.headers["content-type"]) == (202, "application/json")
    run_id = started.json()["run_id"]
    assert finished(api, run_id)["lines_left_out"] == 20
    assert sorted(row["assignment_id"] for row in rows(api.get(f"/runs/{run_id}", headers=AS_CSV))) == sorted(made * 2)


def test_a_run_of_all_customers_as_csv_has_its_sums(api: httpx.Client, customer: str) -> None:
    body = {"date": "2031-08-31"}
    report = ok(api.post("/runs", json=body))
    found = rows(api.post("/runs", json=body, headers=AS_CSV))
    for group in ("package", "customer"):
        mine, listed = [row for row in found if row["group"] == group], report[f"by_{group}"]
        assert len(mine) == len(listed) + report[f"by_{group}_left_out"]
        assert_same(mine[: len(listed)], [{"group": group, **one} for one in listed])


def test_a_daily_run_reads_in_every_form(own_stack: EmbeddedStack, own_api: httpx.Client) -> None:
    customer = a_customer(own_api)
    an_assignment(own_api, customer, a_package(own_api, name=NAMES[2], retail="1", frequency="daily"), start_date="2032-01-01")
    run_id = evaluate(own_stack, own_api, "2032-01-01")["run_id"]
    assert_same(rows(own_api.get(f"/runs/{run_id}", headers=AS_CSV)), pages(own_api, f"/runs/{run_id}/lines"))
    assert "Daily run of" in own_api.get(f"/runs/{run_id}", headers=AS_HTML).text


def test_a_run_under_way_is_no_file_yet(stack: EmbeddedStack, api: httpx.Client, live: Json) -> None:
    """A CSV of half a run would look like a whole one."""
    dynamodb, table = stack.client("dynamodb"), stack.table_name("runs")
    run_id = unique("r")
    item = dynamodb.get_item(TableName=table, Key={"pk": {"S": f"RUN#{live['run_id']}"}, "sk": {"S": "RUN"}})["Item"]
    dynamodb.put_item(TableName=table, Item=item | {"pk": {"S": f"RUN#{run_id}"}, "run_id": {"S": run_id}, "run_state": {"S": "running"}})
    refused = api.get(f"/runs/{run_id}", headers=AS_CSV)
    problem(refused, 409, "in_progress")
    assert refused.headers["vary"] == "Accept"
    assert refused.headers["retry-after"]
    assert "still under way" in api.get(f"/runs/{run_id}", headers=AS_HTML).text


@pytest.mark.parametrize("path", ["/runs/none", "/customers/none/ledger", "/customers/none/assignments", "/customers/c/ledger?limit=0"])
@pytest.mark.parametrize("headers", [AS_CSV, AS_HTML], ids=["csv", "html"])
def test_errors_are_problems_whatever_was_asked_for(api: httpx.Client, path: str, headers: dict[str, str]) -> None:
    answer = api.get(path, headers=headers)
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["status"] == answer.status_code >= 400


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/json"), ("image/png", "application/json"),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("text/csv;q=0.9,text/html;q=0.8", "text/csv; charset=utf-8"),
    ],
)  # fmt: skip
def test_the_form_follows_accept(api: httpx.Client, live: Json, accept: str, expected: str) -> None:
    answer = api.get(f"/runs/{live['run_id']}", headers={"Accept": accept})
    assert (answer.headers["content-type"], answer.headers["vary"]) == (expected, "Accept")


def test_a_repeated_request_may_ask_for_another_form(api: httpx.Client, customer: str) -> None:
    """An Idempotency-Key keeps what was answered, not how it was written."""
    body = {"customer": customer, "date": "2031-05-15", "simulate": False}
    key = {"Idempotency-Key": unique("k")}
    first = ok(api.post("/runs", json=body, headers=key))
    assert_same(rows(api.post("/runs", json=body, headers=key | AS_CSV)), first["lines"])
    assert ok(api.post("/runs", json=body, headers=key)) == first


def test_a_page_is_safe_and_says_what_json_says(api: httpx.Client, live: Json) -> None:
    answer = api.get(f"/runs/{live['run_id']}", headers=AS_HTML)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script" not in answer.text
    for line in live["lines"]:
        assert line["retail"] in answer.text
        assert line["did"] in answer.text
    assert "next due 2031-03-15" in answer.text
    assert "×" not in answer.text  # amounts are spelt as JSON spells them
    assert live["balance_after"] in answer.text
