"""How many calls of the database each route makes: as many for much data as for little, and never more than a request has time for."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pytest

from chalicelib.api import routing
from chalicelib.api.routing import ROUTES
from chalicelib.domain import ledger as entries
from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.errors import Malformed
from chalicelib.domain.importing import ImportRecord
from chalicelib.domain.minutes import DayTotal
from chalicelib.domain.package import Package, PriceList
from chalicelib.domain.progress import Sweep
from chalicelib.domain.record import Result, RunRecord
from chalicelib.domain.tenure import tenure_of
from chalicelib.domain.work import ResultFile, Turns, WorkRecord
from chalicelib.storage import accounts, assignments, did_tenures, imports, ledger, packages, progress, runs, usage, work
from chalicelib.storage.db import Action, Budget, Db
from chalicelib.storage.did_tenures import DidTenures
from chalicelib.storage.work import FileResult
from tests.aws.conftest import World
from tests.harness import finish_a_run
from tests.world.stage import TODAY

BIG: Final = "big"
DID: Final = "449911"
AT: Final = datetime(2024, 3, 1, tzinfo=UTC)
SIZES: Final = (10, 1000, 20_000)
DAY: Final = TODAY.isoformat()


class Asked(NamedTuple):
    """One request of a route; `most` are the calls that it may take, whatever there is.

    A simulation looks at each assignment: it may take `a_thousand` more for each thousand, and `too_many` are refused.
    """

    params: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    body: Any = None
    most: int = 12
    content_type: str = "application/json"
    a_thousand: int = 0
    too_many: int = 10**9


def _assigned(row: str) -> str:
    return f"customer_id,package_id,start_date\n{BIG},line,{row}\n"


BIG_ONE: Final = {"customer_id": BIG}
ONE: Final = {"customer_id": BIG, "assignment_id": "a00001"}
LATER: Final = date(2031, 1, 1)
TERMED: Final = {"customer_id": BIG, "assignment_id": "a00002", "from": LATER.isoformat()}
CALL: Final = {"call_id": "c1", "started_at": f"{DAY}T09:00:00Z", "destination": "4412", "seconds": 60, "charge": "1"}
REPLACED: Final = {"package_id": "line", "from": "2024-03-02"}
MOVED: Final = {"customer_id": "k00001", "from": "2024-03-02"}
RICH: Final = {"customer_id": "rich"}
LEAVING: Final = {
    "on": "2024-03-02",
    "assignments": [{"assignment_id": name, "version": 1} for name in ("rich-line", "rich-mobile", "rich-minutes", "later")],
}
HELD: Final = "a held charge"
WORK: Final = "work-00001"
AUDIT: Final = "audit-1"
FORECAST: Final = "forecast-00001"
KEPT: Final = "simulation-00001"
RECONCILIATION: Final = "reconciliation-1"
IMPORT: Final = "1MPRT"
FAILED_IMPORT: Final = "1MPRTFA1XED"
CHANGE: Final = "change-1"
CHARGED: Final = {"customer_id": "rich", "entry_id": f"rich~{DAY}~1-recurring~rich-line~run:1"}
LISTED: Final = "2999-01-01"
"""The day on which a price list of the package `listed` begins."""
FAR: Final = {"posted_from": "2999-01-01"}
SIMULATED: Final = Asked(body={"customer": BIG, "date": "2024-03-02"}, most=5, a_thousand=10)
ASKED: Final[dict[str, list[Asked]]] = {
    "health": [Asked()],
    "list_packages": [Asked(), Asked(query={"limit": "200"}), Asked(query={"search": "x"}), Asked(query={"type": "free_minutes"})],
    "create_package": [Asked(body={"name": "New"}), Asked(body={"copy_of": "line"})],
    "replace_package": [
        Asked({"package_id": "line"}, body={"name": "line", "cost": "1", "retail": "9", "setup_retail": "2", "frequency": "daily"})
    ],
    "change_package": [Asked({"package_id": "line"}, body={"retail": "4"})],
    "read_price_lists": [Asked({"package_id": "listed"}, most=2)],
    "write_price_list": [Asked({"package_id": "line", "from": "2024-03-02"}, body={"retail": "4"}, most=4)],
    "remove_price_list": [Asked({"package_id": "listed", "from": LISTED}, most=4)],
    "delete_package": [Asked({"package_id": "x00000"})],
    "read_package": [Asked({"package_id": "line"})],
    "read_package_history": [Asked({"package_id": "line"}, most=2)],
    "package_schedule": [Asked({"package_id": "line"}, {"start": DAY, "to": "2030-01-01"})],
    "preview": [Asked(query={"frequency": "daily", "start": DAY, "count": "10"}, most=0)],
    "write_customer": [Asked({"customer_id": "new"}, body={"name": "New"})],
    "change_customer": [Asked(BIG_ONE, body={"name": "Big"})],
    "read_customer": [Asked(BIG_ONE)],
    "read_customer_statement": [Asked(BIG_ONE, {"from": "2024-04-01", "to": "2024-04-30"}, most=60)],
    "read_customer_history": [Asked({"customer_id": "rich"}, most=2)],
    "list_customers": [Asked(), Asked(query={"limit": "200"}), Asked(query={"prefix": "k"}), Asked(query={"search": "k"})],
    "delete_customer": [Asked({"customer_id": "k00003"})],
    "pay": [Asked(BIG_ONE, body={"amount": "1"})],
    "adjust": [Asked(BIG_ONE, body={"amount": "1", "reason": "rounding"}, most=2)],
    "charge_one_off": [Asked(BIG_ONE, body={"description": "Visit", "retail": "1", "auto_decrement_credit": True}, most=2)],
    "credit_entry": [Asked(CHARGED, body={"reason": "faulty"}, most=3)],
    "read_ledger": [Asked(BIG_ONE), Asked(BIG_ONE, FAR | {"limit": "1"}), Asked(BIG_ONE, {"posted_to": "2000-01-01", "limit": "200"}),
                    Asked(BIG_ONE, {"order": "desc", "sort": "posted"})],
    "list_held": [Asked(), Asked(query={"customer": BIG})],
    "cancel_held": [Asked({"entry_id": HELD})],
    "try_held": [Asked({"entry_id": HELD})],
    "unpark": [Asked({"customer_id": "parked"})],
    "read_features": [Asked(BIG_ONE)],
    "read_outlook": [Asked(RICH), Asked({"customer_id": "k00001"})],
    "create_assignment": [
        Asked(BIG_ONE, body={"package_id": "line", "start_date": DAY}),
        Asked(BIG_ONE, {"dry_run": "true"}, body={"package_id": "line", "start_date": DAY}, most=5),
    ],
    "list_assignments": [Asked(BIG_ONE), Asked(BIG_ONE, {"limit": "200"})],
    "read_assignment": [Asked(ONE)],
    "change_assignment": [Asked(ONE, body={"quantity": 2})],
    "read_terms": [Asked(ONE)],
    "write_terms": [Asked(ONE | {"from": "2031-01-01"}, body={"quantity": 2})],
    "remove_terms": [Asked(TERMED)],
    "end_assignment": [Asked(ONE)],
    "close_customer": [Asked(RICH, {"dry_run": "true"}, body={"on": "2024-03-02"}), Asked(RICH, body=LEAVING, most=25)],
    "replace_assignment": [Asked(ONE, {"dry_run": "true"}, body=REPLACED), Asked(ONE, body=REPLACED)],
    "transfer_did": [Asked({"did": "449922"}, {"dry_run": "true"}, body=MOVED), Asked({"did": "449922"}, body=MOVED)],
    "find_assignments": [Asked(query={"package": "line"}, most=9), Asked(query={"ends_from": DAY}), Asked(query={"did": DID})],
    "list_dids": [Asked(most=4), Asked(query={"search": "4499", "limit": "200"}, most=4), Asked(query={"free": "true"}, most=4)],
    "list_assignments_of_did": [Asked({"did": DID})],
    "list_assignments_of_package": [Asked({"package_id": "line"}), Asked({"package_id": "minutes"}, {"limit": "200"})],
    "import_packages": [Asked(body="name\nNew\n", query={"dry_run": "false"}, content_type="text/csv")],
    "import_customers": [Asked(body="customer_id,name\nfresh,New\nrich,Richer\n", query={"dry_run": "false"}, content_type="text/csv")],
    "import_assignments": [Asked(body=_assigned(DAY), query={"dry_run": "false"}, content_type="text/csv", most=20)],
    "record_usage": [Asked(BIG_ONE, body={"calls": [CALL]}, most=20)],
    "read_usage": [Asked(BIG_ONE), Asked(BIG_ONE, {"from": "2024-01-01", "limit": "200"})],
    "read_minutes": [Asked(BIG_ONE)],
    "request_export": [Asked(body={"what": "ledger", "posted_from": DAY, "posted_to": DAY}, most=3)],
    "read_export": [Asked({"work_id": WORK}, most=2)],
    "request_audit": [Asked(body={}, most=4)],
    "read_audit": [Asked({"work_id": AUDIT}, most=2)],
    "list_findings": [Asked({"work_id": AUDIT}, most=2), Asked({"work_id": AUDIT}, {"limit": "200"}, most=2)],
    "announce_import": [Asked(body={"kind": "packages"}, most=4)],
    "check_import": [Asked({"import_id": IMPORT}, most=11)],
    "apply_import": [Asked({"import_id": IMPORT}, most=12)],
    "retry_import": [Asked({"import_id": FAILED_IMPORT}, most=14)],
    "undo_import": [Asked({"import_id": FAILED_IMPORT}, most=13)],
    "read_import": [Asked({"import_id": IMPORT}, most=1), Asked({"import_id": FAILED_IMPORT}, most=5)],
    "list_imported_rows": [Asked({"import_id": FAILED_IMPORT}, {"limit": "200"}, most=4)],
    "request_reconciliation": [Asked(body="did\n4420\n", most=4, content_type="text/csv")],
    "read_reconciliation": [Asked({"work_id": RECONCILIATION}, most=2)],
    "list_discrepancies": [Asked({"work_id": RECONCILIATION}, most=2), Asked({"work_id": RECONCILIATION}, {"limit": "200"}, most=2)],
    "read_settings": [Asked(most=0)],
    "read_overview": [Asked(most=3)],
    "list_overview_packages": [Asked(most=3), Asked(query={"sort": "units", "order": "desc", "limit": "200"}, most=3)],
    "list_overview_customers": [Asked(most=3), Asked(query={"sort": "short_on", "order": "desc", "limit": "200"}, most=3)],
    "list_ending": [Asked(most=3)],
    "list_announced_prices": [Asked(most=3)],
    "read_forecast": [Asked({"work_id": FORECAST}, most=2)],
    "list_forecast_customers": [Asked({"work_id": FORECAST}, {"currency": "USD"}, most=2)],
    "list_forecast_short": [Asked({"work_id": FORECAST}, most=2)],
    "list_work": [Asked(most=2), Asked(query={"limit": "200"}, most=3)],
    "read_work": [Asked({"work_id": WORK}, most=1)],
    "request_reindex": [Asked(most=4)],
    "request_replay": [Asked(most=4, body={"from": "2024-02-01", "to": "2024-02-29"})],
    "request_change": [Asked(body={"what": "end", "where": {"packages": ["line"]}, "on": "2031-01-01"}, most=6)],
    "read_change": [Asked({"work_id": CHANGE}, most=2)],
    "list_changed_items": [Asked({"work_id": CHANGE}, {"limit": "200"}, most=2)],
    "apply_change": [Asked({"work_id": CHANGE}, most=7)],
    "undo_change": [Asked({"work_id": f"{CHANGE}:applied"}, most=7)],
    "cancel_work": [Asked({"work_id": WORK}, most=5)],
    "list_runs": [Asked(), Asked(query={"limit": "200"})],
    "read_run": [Asked({"run_id": "run:1"})],
    "list_run_lines": [Asked({"run_id": "run:1"})],
    "simulate": [SIMULATED, Asked(body={"keep": True}, most=5)],
    "read_simulation": [Asked({"work_id": KEPT}, most=2)],
    "list_simulated_customers": [Asked({"work_id": KEPT}, most=2)],
    "list_simulated_lines": [Asked({"work_id": KEPT}, most=2), Asked({"work_id": KEPT}, {"customer": BIG}, most=2)],
    "forecast": [
        Asked(body={"customer": BIG, "to": "2024-04-30"}, most=20, a_thousand=20, too_many=20_000),
        Asked(body={"to": "2024-04-30"}, most=6),
    ],
    "reverse_run": [Asked({"run_id": "run:1"}, most=40)],
    "check_packages": [Asked(body="name\nNew\n", content_type="text/csv")],
    "check_customers": [Asked(body="customer_id,name\nfresh,New\nrich,Richer\n", content_type="text/csv")],
    "check_assignments": [Asked(body=_assigned(DAY), content_type="text/csv", most=20)],
    "run": [SIMULATED, Asked(body={"date": "2024-03-02"}, most=20, a_thousand=20, too_many=20_000)],
}  # fmt: skip


def _furnish_imports(db: Db) -> None:
    """A file that was checked, and one of which rows failed."""
    asked = {"import": FAILED_IMPORT, "of": "packages", "size": "0"}
    applied = work.record_work(WorkRecord(FAILED_IMPORT, "import", asked, f"{AT}", "test", 2, state="finished_with_failures"))
    failed = ImportRecord(FAILED_IMPORT, "packages", f"{AT}", "test", 1, "f" * 64, applications=(FAILED_IMPORT,))
    checked = ImportRecord(IMPORT, "packages", f"{AT}", "test", 1, "0" * 64)
    db.transact([*applied, imports.write_import(failed), imports.write_import(checked)])
    file = FileResult(ResultFile("failed", "none", 0, 0, ""), (), is_last=True)
    work.keep_file(db, WorkRecord(FAILED_IMPORT, "import", asked, f"{AT}", "test", 2), work.FILES, 0, file)


def furnish(db: Db, size: int) -> None:
    """As many of everything: customers, packages of which two thirds are deleted, and a customer with assignments, entries and usage."""
    given = [_given(n, size) for n in range(size)]
    actions: list[Action] = [accounts.create_account(Account(BIG, "USD"))]
    actions += (accounts.create_account(Account(f"k{n:05}", "USD")) for n in range(size))
    actions += (packages.create_package(Package(f"x{n:05}", "X", "USD", deleted=n % 3 > 0)) for n in range(size))
    actions += map(assignments.create_assignment, given)
    actions += (usage.add_to_day(BIG, (TODAY - timedelta(days=n), None), DayTotal(Decimal(1), 1, 0, 1)) for n in range(size))
    actions += _entries(size)
    sold = [Assignment("k00002", f"b{n:05}", "line", TODAY - timedelta(days=9), "449922") for n in range(3)]
    actions += map(assignments.create_assignment, sold)
    actions += did_tenures.write_tenures(DidTenures("449922", 0, ()), [tenure_of(one) for one in sold])
    actions += did_tenures.write_tenures(DidTenures(DID, 0, ()), [tenure_of(one) for one in given if one.did])
    for start in range(0, len(actions), 100):
        db.transact(actions[start : start + 100])
    db.write(accounts.count_assignments(Account(BIG, "USD"), given))
    dearer = PriceList(date.fromisoformat(LISTED), retail=Decimal(4))
    db.write(packages.create_package(Package("listed", "Listed", "USD", price_lists=(dearer,))))
    db.write(accounts.create_account(Account("parked", "USD")))
    db.write(accounts.park(Account("parked", "USD", parked=True, version=2), TODAY))
    ids = [f"work-{n:05}" for n in range(size)]
    for n, work_id in enumerate(ids):
        asked = {"what": "ledger", "format": "csv", "posted_from": DAY, "posted_to": DAY, "since": f"{AT}", "until": f"{AT}"}
        db.transact(work.record_work(WorkRecord(work_id, "export", asked, f"{AT - timedelta(minutes=n)}", "test", 2, started_at=f"{AT}")))
    db.transact(work.record_work(WorkRecord(AUDIT, "audit", {"to": DAY}, f"{AT}", "test", 2, started_at=f"{AT}", state="finished")))
    days = {"from": DAY, "to": DAY, "first_open_day": DAY, "today": DAY}
    db.transact(work.record_work(WorkRecord(FORECAST, "forecast", days, f"{AT}", "test", 2, state="finished")))
    overview = f"overview:{DAY}"
    days |= {"overview": DAY, "packages": "yes"}
    db.transact(work.record_work(WorkRecord(overview, "forecast", days, f"{AT}", "test", 3, state="finished")))
    kept = {"date": DAY, "if_charged": "skip", "include_written_off": "no", "today": DAY}
    db.transact(work.record_work(WorkRecord(KEPT, "simulation", kept, f"{AT}", "test", 2, state="finished")))
    asked = {"date": DAY, "size": "0"}
    db.transact(work.record_work(WorkRecord(RECONCILIATION, "reconciliation", asked, f"{AT}", "test", 3, state="finished")))
    _furnish_imports(db)
    end = {"change": '{"what": "end", "where": {"packages": ["line"]}, "on": "2031-01-01"}'}
    db.transact(work.record_work(WorkRecord(CHANGE, "change", end, f"{AT}", "test", 3, state="finished")))
    done = WorkRecord(f"{CHANGE}:applied", "change_application", end | {"of": CHANGE}, f"{AT}", "test", 1, state="finished")
    db.transact(work.record_work(done))
    db.write(work.write_turns(Turns(tuple(ids[:5]), tuple(ids[5:55]), version=1)))
    evaluated = Sweep(TODAY - timedelta(days=1))
    progress.start_sweep(db, evaluated, None)
    progress.finish_sweep(db, 0, 1, evaluated)
    for n in range(size):
        runs.record_run(db, RunRecord(f"r{n:05}", "package", TODAY, f"2024-02-01T00:{n:05}", "test", "rich", "skip", 1))


def _given(n: int, size: int) -> Assignment:
    """A tenth of the assignments gives minutes, and a twentieth is of one DID, but no more than a hundred each."""
    package_id, free_minutes = ("minutes", 5) if n % max(10, size // 100) == 0 else ("line", None)
    did = DID if n % max(20, size // 50) == 1 else None
    terms = (TermsEntry(LATER, None, {"quantity": 3}),) if n == 2 else ()
    return Assignment(BIG, f"a{n:05}", package_id, TODAY - timedelta(days=9), did, free_minutes=free_minutes, terms=terms)


def _entries(size: int) -> Iterable[Action]:
    for n in range(size):
        paid = entries.payment(BIG, "USD", Decimal(1), "", payment_id=f"p{n:05}", at=AT, day=TODAY, by="test")
        yield ledger.create_entry(paid)


def calls(world: World, work: Callable[[], Any]) -> tuple[Any, int]:
    """What some work brings, and how many calls of the database it made."""
    before = world.stage.store.meter.requests.total()
    return work(), world.stage.store.meter.requests.total() - before


def asking(world: World, name: str, asked: Asked) -> Callable[[], Any]:
    (route,) = (one for one in ROUTES if one.view.__name__ == name)
    body = asked.body if asked.body is None or isinstance(asked.body, str) else json.dumps(asked.body)
    query = {key: [value] for key, value in asked.query.items()} or None
    headers = {"Content-Type": asked.content_type} if body else {}
    params = dict(asked.params) | ({"entry_id": world.held} if HELD in asked.params.values() else {})
    return lambda: world.ask(route.method, route.path, params, query=query, body=body, headers=headers)


def above(world: World, name: str, size: int) -> list[tuple[str, Any]]:
    """What a route does otherwise than it should: the calls of a request beyond its most, or its refusal."""
    found: list[tuple[str, Any]] = []
    for asked in ASKED[name]:
        answer, made = calls(world, asking(world, name, asked))
        is_refused = (answer["statusCode"], json.loads(answer["body"] or "{}").get("code")) == (422, "too_many")
        if is_refused != (size >= asked.too_many) or not (is_refused or 200 <= answer["statusCode"] < 300):
            found.append((name, answer["body"]))
        elif made > asked.most + asked.a_thousand * size // 1000:
            found.append((name, made))
    return found


@pytest.fixture
def roomy(world: World) -> World:
    """Pages of the database as large as AWS's."""
    world.stage.store.knobs.page_bytes = lambda: 1024 * 1024
    return world


def test_d6_every_route_is_asked() -> None:
    """All but those of files, which ask no table."""
    files = {"read_document", "read_docs", "read_docs_file"}
    known = {route.view.__name__ for route in ROUTES if not route.path.startswith("/console")} - files
    assert known == ASKED.keys()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", SIZES)
def test_d6_a_route_makes_as_many_calls_however_much_there_is(roomy: World, size: int) -> None:
    furnish(roomy.stage.db, size)
    kept = roomy.kept()
    found = []
    for name in ASKED:
        found += above(roomy, name, size)
        roomy.put_back(kept)
    assert found == []


JOURNEYS: Final = {
    "change_assignment": (4, Asked(ONE, body={"quantity": 2})),
    "create_assignment": (5, Asked(BIG_ONE, body={"package_id": "line", "start_date": "2024-03-02"})),
    "record_usage": (5, Asked(BIG_ONE, body={"calls": [CALL]})),
    "run": (8, Asked(body={"customer": BIG, "date": "2024-03-02", "simulate": False, "run_id": "journey"})),
}
"""What people do most, and how many requests of the database it may take: a batch and a transaction are one each. Without an
Idempotency-Key, which takes three more, and for a customer whose assignments fit one page."""


@pytest.mark.parametrize("name", JOURNEYS)
def test_what_is_done_most_loads_once(roomy: World, name: str) -> None:
    furnish(roomy.stage.db, 10)
    most, asked = JOURNEYS[name]
    before = roomy.stage.store.meter.requests.copy()
    answer, made = calls(roomy, asking(roomy, name, asked))
    assert answer["statusCode"] in (200, 201), answer
    assert made <= most, roomy.stage.store.meter.requests - before
    body = json.loads(answer["body"])
    if name == "run":
        assert body["status"] == "finished"
        assert len(body["lines"]) == 10
    if name == "record_usage":
        assert body["calls"][0]["free_seconds"] == 60


@pytest.mark.parametrize("name", ["record_usage", "read_minutes"])
def test_b12_minutes_are_found_by_as_few_calls_among_many_assignments(roomy: World, name: str) -> None:
    """Three assignments give minutes, whatever else there is; no call reads more than the first hundred of those."""
    db = roomy.stage.db
    roomy.stage.store.knobs.page_bytes = lambda: 20_000
    made: dict[int, int] = {}
    units: dict[int, float] = {}
    for size in (10, 1_000, 20_000):
        customer = f"{BIG}{size}"
        given = [_given(n, size)._replace(customer_id=customer, package_id="line", free_minutes=None) for n in range(size)]
        given += [Assignment(customer, f"z{n}", "minutes", TODAY, free_minutes=5) for n in range(3)]
        db.write(accounts.create_account(Account(customer, "USD")))
        for start in range(0, len(given), 100):
            db.transact([*map(assignments.create_assignment, given[start : start + 100])])
        db.write(accounts.count_assignments(Account(customer, "USD"), given))
        before = roomy.stage.store.meter.read_units
        (asked,) = ASKED[name]
        answer, made[size] = calls(roomy, asking(roomy, name, asked._replace(params={"customer_id": customer})))
        units[size] = roomy.stage.store.meter.read_units - before
        told = json.loads(answer["body"])["calls" if name == "record_usage" else "items"]
        assert answer["statusCode"] == 200
        assert told[0]["free_seconds"] == 60 if name == "record_usage" else len(told) == 3
    assert made[10] + 2 == made[1_000] == made[20_000]
    assert units[1_000] == units[20_000] <= units[10] + 15


@pytest.mark.parametrize("query", [{"posted_from": "2999-01-01"}, {"posted_to": "2000-01-01"}])
def test_d6_a_ledger_that_matches_little_is_answered_page_by_page(roomy: World, query: dict[str, str]) -> None:
    """20,000 entries: 20 pages, of two calls each."""
    db = roomy.stage.db
    db.write(accounts.create_account(Account(BIG, "USD")))
    actions = list(_entries(20_000))
    for start in range(0, len(actions), 100):
        db.transact(actions[start : start + 100])
    asked, pages, cursor = Asked(BIG_ONE, query | {"limit": "1"}), 0, None
    while True:
        more: dict[str, str] = {"cursor": cursor} if cursor else {}
        answer, made = calls(roomy, asking(roomy, "read_ledger", asked._replace(query=dict(asked.query) | more)))
        body = json.loads(answer["body"])
        assert (made, body["items"]) == (2, [])
        pages, cursor = pages + 1, body["next_cursor"]
        if cursor is None:
            break
    assert pages in (20, 21)


def test_d6_pages_of_a_filtered_ledger_miss_nothing(roomy: World) -> None:
    db = roomy.stage.db
    db.write(accounts.create_account(Account(BIG, "USD")))
    for n in range(30):
        at = AT + timedelta(days=n % 3)
        db.write(ledger.create_entry(entries.payment(BIG, "USD", Decimal(n + 1), "", payment_id=f"p{n:05}", at=at, day=TODAY, by="test")))
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"posted_from": ["2024-03-02"], "posted_to": ["2024-03-02"], "limit": ["3"]} | ({"cursor": [cursor]} if cursor else {})
        page = roomy.read("GET", "/customers/{customer_id}/ledger", BIG_ONE, query=query)
        assert len(page["items"]) <= 3
        found, cursor = found + page["items"], page["next_cursor"]
    assert [int(Decimal(one["credit_change"])) for one in found] == [n + 1 for n in range(30) if n % 3 == 1]


@pytest.mark.parametrize(("limit", "sizes"), [(200, [13, 12, 5]), (12, [12, 12, 6]), (4, [4] * 7 + [2])])
def test_d6_pages_of_runs_miss_nothing(roomy: World, limit: int, sizes: list[int]) -> None:
    """30 runs of which two of three are under way; a page has at most eight of those."""
    db, ids = roomy.stage.db, [f"r{n:02}" for n in range(30)]
    for n, run_id in enumerate(ids):
        runs.record_run(db, RunRecord(run_id, "package", TODAY, f"2999-02-01T00:{n:02}", "test", "rich", "skip", 1))
        if n % 3 == 2:
            finish_a_run(db, run_id, Result({}), f"2999-02-01T01:{n:02}")
    found: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = roomy.read("GET", "/runs", {}, query={"limit": [str(limit)]} | ({"cursor": [cursor]} if cursor else {}))
        found.append([one["run_id"] for one in page["items"] if one["run_id"] in ids])
        cursor = page["next_cursor"]
    assert [run_id for page in found for run_id in page] == ids[::-1]
    assert [len(page) for page in found if page] == sizes


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/customers/{customer_id}", 422, "too_many"), ("PATCH", "/customers/{customer_id}", 503, "throttled")],
    ids=["D6-reads", "D6-changes"],
)
def test_d6_over_its_budget_a_request_is_refused(
    roomy: World, monkeypatch: pytest.MonkeyPatch, method: str, path: str, status: int, code: str
) -> None:
    monkeypatch.setattr(routing, "DATABASE_CALLS_MAX", 0)
    answer = roomy.ask(method, path, {"customer_id": "rich"}, body=None if method == "GET" else '{"name": "x"}',
                       headers={"Content-Type": "application/json"})  # fmt: skip
    told = json.loads(answer["body"])
    assert (answer["statusCode"], told["code"]) == (status, code)
    assert "calls of the database" in told["detail"]


def test_d6_a_database_keeps_within_its_budget(roomy: World) -> None:
    db = roomy.stage.db.within(Budget(2, Malformed("spent")))
    for _ in range(2):
        accounts.find_account(db, "rich")
    with pytest.raises(Malformed, match="spent"):
        accounts.find_account(db, "rich")
    assert db.calls == 3
    roomy.stage.db.get("accounts", {"pk": "rich", "sk": "ACCOUNT"})
