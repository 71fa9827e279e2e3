"""Calls over HTTP: what is answered, what is refused and leaves nothing behind, what days and buckets show (rules 4: Free Minutes)."""

from typing import Any

import httpx
import pytest

from tests.api.support import Json, a_customer, an_assignment, day, ok, pages, path, pointers, problem, unique, unique_did

from .support import a_bundle, buckets, call, on, record, sending, spend, told


@pytest.fixture
def customer(api: httpx.Client) -> str:
    return a_customer(api)


def test_a_call_is_answered_with_what_is_free_and_what_it_costs(api: httpx.Client, customer: str) -> None:
    bundle = a_bundle(api, customer, 1)
    answers = record(api, customer, call("1", 45, "0.45"), call("2", 45, "0.45"), call("3", 45, 0.45), call("4", 0, "0.05"))
    assert answers == [
        {"call_id": "1", "free_seconds": 45, "billable_seconds": 0, "charge": "0.00", "drawn": [drawn(bundle, 45)]},
        {"call_id": "2", "free_seconds": 15, "billable_seconds": 30, "charge": "0.30", "drawn": [drawn(bundle, 15)]},
        {"call_id": "3", "free_seconds": 0, "billable_seconds": 45, "charge": "0.45", "drawn": []},
        {"call_id": "4", "free_seconds": 0, "billable_seconds": 0, "charge": "0.05", "drawn": []},
    ]


def drawn(bundle: Json, seconds: int) -> Json:
    return {"assignment_id": bundle["assignment_id"], "seconds": seconds}


@pytest.mark.parametrize(
    ("left", "seconds", "charge", "expected"),
    [(120, 480, "0.80", "120 360 0.60"), (10, 20, "0.02", "10 10 0.01")],
    ids=["PortaBilling: two minutes left, eight-minute call at 0.10", "A2Billing: ten seconds left, twenty-second call"],
)
def test_the_examples_of_comparable_systems(api: httpx.Client, customer: str, left: int, seconds: int, charge: str, expected: str) -> None:
    a_bundle(api, customer, 10)
    record(api, customer, call("before", 600 - left, "9"))
    assert told(record(api, customer, call("it", seconds, charge))[0]) == expected


def test_draws_follow_the_order_of_the_rules(api: httpx.Client, customer: str) -> None:
    """rules 4: Free Minutes: DID before customer-wide, longest prefix, earliest expiry with none last, lowest id; then billable."""
    did = unique_did()
    order = [
        a_bundle(api, customer, 1, did=did),
        a_bundle(api, customer, 1, sold={"destination": "^91|^441"}),
        a_bundle(api, customer, 1, sold={"destination": "^44"}),
        a_bundle(api, customer, 1, end_date=day(3)),
        a_bundle(api, customer, 1, sold={"frequency": "monthly"}, end_date=day(5)),
        a_bundle(api, customer, 1),
        a_bundle(api, customer, 1),
    ]
    a_bundle(api, customer, 1, sold={"destination": "^45"})
    a_bundle(api, customer, 1, did=unique_did())
    a_bundle(api, customer, 1, start_date=day(1))
    answer = record(api, customer, call("1", 500, "5.00", did=did))[0]
    assert answer["drawn"] == [drawn(bundle, 60) for bundle in order]
    assert told(answer) == "420 80 0.80"


@pytest.mark.parametrize("number", [1, 100])
def test_batches_of_one_to_a_hundred(api: httpx.Client, customer: str, number: int) -> None:
    """A hundred calls on as many days with DIDs of their own take more than one transaction."""
    a_bundle(api, customer, 50, start_date=on("01-01"))
    calls = [call(f"{n}", 60, "0.60", date=on(f"{1 + n // 25:02}-{1 + n % 25:02}"), did=f"4420{n:04}") for n in range(number)]
    answers = record(api, customer, *calls)
    assert [told(one) for one in answers] == (["60 0 0.00"] * 50 + ["0 60 0.60"] * 50)[:number]
    assert sending(api, customer, *reversed(calls)).json()["calls"] == answers[::-1]


def test_a_replay_answers_the_same_and_changes_nothing(api: httpx.Client, customer: str) -> None:
    """rules 4: the same call_id again changes nothing, whatever was drawn since; however its instant and amount are written."""
    a_bundle(api, customer, 1)
    calls = [call("1", 40, "0.40", at="12:00:00Z"), call("2", 40, "0.40", at="12:00:30.5Z")]
    first = record(api, customer, calls[0])
    both = record(api, customer, *calls)
    before = spend(api, customer), buckets(api, customer)
    assert both[0] == first[0]
    assert record(api, customer, *calls) == both
    assert record(api, customer, calls[1], calls[0], calls[1]) == [both[1], both[0], both[1]]
    rewritten = calls[0] | {"started_at": f"{day()}T14:00:00.000+02:00", "charge": 0.4, "did": None}
    assert record(api, customer, rewritten) == first
    assert (spend(api, customer), buckets(api, customer)) == before


OTHER: list[tuple[str, Any]] = [
    ("seconds", 61), ("charge", "1.000001"), ("destination", "441234568"), ("started_at", f"{day()}T12:00:01Z"), ("did", "4420123"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), OTHER, ids=[name for name, _ in OTHER])
def test_a_call_id_with_other_content_is_refused_and_nothing_written(api: httpx.Client, customer: str, name: str, value: Any) -> None:
    """rules 4: refused, and the good calls around it are not applied either."""
    a_bundle(api, customer, 10)
    record(api, customer, call("1"))
    before = spend(api, customer), buckets(api, customer)
    refusal = problem(sending(api, customer, call("0"), call("1") | {name: value}, call("2")), 409, "call_id_reused")
    assert [error["pointer"] for error in refusal["errors"]] == ["/calls/1/call_id"]
    assert (spend(api, customer), buckets(api, customer)) == before
    assert told(record(api, customer, call("0", 7, "3"))[0]) == "7 0 0.00"


def test_a_call_id_twice_in_a_batch(api: httpx.Client, customer: str) -> None:
    """The same call twice is one call; two calls of one id are refused, whichever is meant."""
    assert record(api, customer, call("1"), call("2"), call("1"))[2] == record(api, customer, call("1"))[0]
    assert spend(api, customer) == {day(): "2.00"}
    problem(sending(api, customer, call("3"), call("3", 61)), 409, "call_id_reused")
    assert spend(api, customer) == {day(): "2.00"}


def test_a_call_id_is_the_customers_own(api: httpx.Client, customer: str) -> None:
    """contract 1: call_id is per customer."""
    record(api, customer, call("1", 60, "1.00"))
    other = a_customer(api)
    assert told(record(api, other, call("1", 30, "0.25"))[0]) == "0 30 0.25"
    assert (spend(api, customer), spend(api, other)) == ({day(): "1.00"}, {day(): "0.25"})


BAD: list[tuple[str, Any]] = [
    ("call_id", ""), ("call_id", "a b"), ("call_id", "x" * 65), ("call_id", 7), ("call_id", None),
    ("started_at", "2026-01-01"), ("started_at", "2026-01-01T00:00:00"), ("started_at", "2026-02-30T00:00:00Z"), ("started_at", 1767225600),
    ("started_at", "2026-01-01T24:00:00Z"), ("started_at", "2026-01-01T00:00:00+25:00"), ("started_at", "3000-01-01T00:00:00Z"),
    ("destination", ""), ("destination", "44+"), ("destination", "4" * 33), ("destination", "44/1"), ("destination", "٤٤"),
    ("destination", 44), ("destination", None),
    ("seconds", -1), ("seconds", 1_000_001), ("seconds", 1.5), ("seconds", "60"), ("seconds", True), ("seconds", None),
    ("charge", "-0.01"), ("charge", "0.0000001"), ("charge", "1e2"), ("charge", "1,5"), ("charge", "NaN"), ("charge", True),
    ("charge", "1000000000000"), ("charge", None), ("did", "12"), ("did", "4" * 21), ("did", "44+20"), ("did", 4420), ("surplus", 1),
]  # fmt: skip


def test_every_bad_field_is_told_by_its_place(api: httpx.Client, customer: str) -> None:
    """contract 1: every bad field at once; nothing of the batch is written, the good call in it neither."""
    calls = [call("good"), *(call(f"{n}") | {name: value} for n, (name, value) in enumerate(BAD))]
    assert pointers(sending(api, customer, *calls)) == {f"/calls/{n}/{name}" for n, (name, _) in enumerate(BAD, 1)}
    assert spend(api, customer) == {}


@pytest.mark.parametrize("name", ["call_id", "started_at", "destination", "seconds", "charge"])
def test_what_a_call_needs(api: httpx.Client, customer: str, name: str) -> None:
    calls = [call(f"{n}") for n in range(4)]
    del calls[3][name]
    assert pointers(sending(api, customer, *calls)) == {f"/calls/3/{name}"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"/calls"}),
        ({"calls": []}, {"/calls"}),
        ({"calls": [call(f"{n}") for n in range(101)]}, {"/calls"}),
        ({"calls": {}}, {"/calls"}),
        ({"calls": None}, {"/calls"}),
        ({"calls": [1, []]}, {"/calls/0", "/calls/1"}),
        ({"calls": [call("1")], "customer": "c"}, {"/customer"}),
        ([], {""}),
    ],
    ids=["nothing", "no calls", "101 calls", "an object", "null", "no objects", "an unknown field", "a list"],
)
def test_bodies_that_are_no_batch(api: httpx.Client, customer: str, body: Any, expected: set[str]) -> None:
    assert pointers(api.post(f"/customers/{customer}/usage", json=body)) == expected
    assert spend(api, customer) == {}


def test_calls_older_than_their_records_are_kept_are_refused(api: httpx.Client, customer: str) -> None:
    """rules 4: 400 days back is the last day that is taken; the future is not refused."""
    calls = [call("1", date=day(-401)), call("2", date=day(-400)), call("3", date=day(-5000)), call("4", date="2999-12-31")]
    assert pointers(sending(api, customer, *calls)) == {"/calls/0/started_at", "/calls/2/started_at"}
    assert spend(api, customer) == {}
    record(api, customer, calls[1], calls[3])
    assert spend(api, customer) == {day(-400): "1.00", "2999-12-31": "1.00"}


def test_there_is_no_usage_without_a_customer(api: httpx.Client) -> None:
    nobody = unique()
    problem(sending(api, nobody, call("1")), 404, "not_found")
    problem(api.get(f"/customers/{nobody}/usage"), 404, "not_found")
    problem(api.get(f"/customers/{nobody}/minutes"), 404, "not_found")
    assert ok(api.put(f"/customers/{nobody}", json={}), 201)
    assert spend(api, nobody) == {}


def test_days_and_dids(api: httpx.Client, customer: str) -> None:
    """contract 2: spend and seconds a day, both ends included, of all calls or of one DID's; a DID need not be assigned."""
    a_bundle(api, customer, 1, start_date=on("03-01"))
    one, two = unique_did(), unique_did()
    record(
        api, customer,
        call("1", 30, "0.30", date=on("03-01"), did=one), call("2", 60, "0.60", date=on("03-01"), did=two),
        call("3", 10, "0.100001", date=on("03-01")), call("4", 5, "2", date=on("03-03"), did=one), call("5", 0, "0", date=on("03-05")),
    )  # fmt: skip
    usage = f"/customers/{customer}/usage"
    assert pages(api, usage) == [
        {"date": on("03-01"), "did": None, "spend": "0.400001", "seconds": 100, "free_seconds": 60, "calls": 3},
        {"date": on("03-03"), "did": None, "spend": "2.00", "seconds": 5, "free_seconds": 0, "calls": 1},
        {"date": on("03-05"), "did": None, "spend": "0.00", "seconds": 0, "free_seconds": 0, "calls": 1},
    ]
    assert pages(api, usage, limit=1) == pages(api, usage)
    assert pages(api, usage, did=one) == [
        {"date": on("03-01"), "did": one, "spend": "0.00", "seconds": 30, "free_seconds": 30, "calls": 1},
        {"date": on("03-03"), "did": one, "spend": "2.00", "seconds": 5, "free_seconds": 0, "calls": 1},
    ]
    assert pages(api, usage, limit=1, did=one) == pages(api, usage, did=one)
    assert spend(api, customer, did=two) == {on("03-01"): "0.30"}
    assert spend(api, customer, did=unique_did()) == {}
    assert list(spend(api, customer, **{"from": on("03-03"), "to": on("03-05")})) == [on("03-03"), on("03-05")]
    assert list(spend(api, customer, **{"from": on("03-02")})) == [on("03-03"), on("03-05")]
    assert list(spend(api, customer, to=on("03-03"), did=one)) == [on("03-01"), on("03-03")]
    assert spend(api, customer, **{"from": on("03-04"), "to": on("03-04")}) == {}


BAD_QUERIES = [
    ({"from": "x"}, {"/from"}), ({"to": "2026-02-30", "did": "12"}, {"/to", "/did"}),
    ({"surplus": "1", "limit": "0"}, {"/surplus", "/limit"}),
    ({"from": "2026-02-02", "to": "2026-02-01"}, {"/to"}),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), BAD_QUERIES, ids=[str(query) for query, _ in BAD_QUERIES])
def test_bad_questions_about_usage(api: httpx.Client, customer: str, query: dict[str, str], expected: set[str]) -> None:
    assert pointers(api.get(f"/customers/{customer}/usage", params=query)) == expected


def test_a_cursor_belongs_to_its_question(api: httpx.Client, customer: str) -> None:
    did = unique_did()
    record(api, customer, *(call(f"{n}", date=on(f"01-0{n + 1}"), did=did) for n in range(3)))
    cursor = ok(api.get(f"/customers/{customer}/usage", params={"limit": "1"}))["next_cursor"]
    problem(api.get(f"/customers/{customer}/usage", params={"limit": "1", "cursor": cursor, "did": did}), 400, "malformed")
    problem(api.get(f"/customers/{a_customer(api)}/usage", params={"limit": "1", "cursor": cursor}), 400, "malformed")


def test_minutes_by_date(api: httpx.Client, customer: str) -> None:
    """contract 2: each bucket: total, used, remaining, refills on; nothing is written to refill it."""
    sold = {"frequency": "monthly", "frequency_match": [10], "destination": "^44|^91"}
    bundle = a_bundle(api, customer, 2, sold=sold, start_date=on("01-05"), end_date=on("03-20"))
    record(api, customer, call("1", 30, date=on("01-09")), call("2", 50, date=on("02-09")), call("3", 500, date=on("03-20")))
    assert buckets(api, customer, on("01-04")) == []
    assert buckets(api, customer, on("01-05")) == [
        {
            "assignment_id": bundle["assignment_id"], "package_id": bundle["package_id"], "package_name": "Bundle", "did": None,
            "destination": "^44|^91", "free_minutes": 2, "unit": "seconds", "total": 120, "used": 30, "remaining": 90,
            "began_on": on("01-05"), "refills_on": on("01-10"), "ends_on": on("03-20"),
            "waiting_for_payment": False,
        }
    ]  # fmt: skip
    shown = {date: buckets(api, customer, on(date))[0] for date in ("01-09", "01-10", "02-09", "02-10", "03-10", "03-20")}
    assert {date: (one["used"], one["remaining"], one["began_on"][5:], (one["refills_on"] or "")[5:]) for date, one in shown.items()} == {
        "01-09": (30, 90, "01-05", "01-10"),
        "01-10": (50, 70, "01-10", "02-10"),
        "02-09": (50, 70, "01-10", "02-10"),
        "02-10": (0, 120, "02-10", "03-10"),
        "03-10": (120, 0, "03-10", ""),
        "03-20": (120, 0, "03-10", ""),
    }
    assert buckets(api, customer, on("03-21")) == []
    assert pointers(api.get(f"/customers/{customer}/minutes", params={"date": "soon"})) == {"/date"}


def test_used_and_total_are_in_the_assignments_details(api: httpx.Client, customer: str) -> None:
    """contract 2: destination and minutes included; of today's bucket."""
    did = unique_did()
    bundle = a_bundle(api, customer, 10, sold={"frequency": "daily", "destination": "^44"}, did=did)
    record(api, customer, call("1", 90, did=did), call("2", 60, date=day(1), did=did))
    shown = ok(api.get(path(bundle)))
    assert (shown["package"]["destination"], shown["free_minutes"]) == ("^44", 10)
    assert {name: shown["minutes"][name] for name in ("total", "used", "remaining", "refills_on")} == {
        "total": 600, "used": 90, "remaining": 510, "refills_on": day(1),
    }  # fmt: skip
    assert pages(api, f"/customers/{customer}/assignments") == [shown]
    assert ok(api.get(f"/dids/{did}/assignments"))["items"] == [shown]
    assert bundle["minutes"]["used"] == 0
    assert a_bundle(api, customer, 10, start_date=day(1))["minutes"] is None


def test_a_changed_allotment_changes_the_running_bucket(api: httpx.Client, customer: str) -> None:
    """rules 4: Edits: the allotment changes, the used part stays; below what is used nothing is left, and nothing is taken back."""
    bundle = a_bundle(api, customer, 10)
    first = record(api, customer, call("1", 300, "3"))
    ok(api.patch(path(bundle), json={"free_minutes": 1}))
    assert [(one["total"], one["used"], one["remaining"]) for one in buckets(api, customer)] == [(60, 300, 0)]
    assert told(record(api, customer, call("2", 60, "1"))[0]) == "0 60 1.00"
    assert record(api, customer, call("1", 300, "3")) == first
    ok(api.patch(path(bundle), json={"free_minutes": 6}))
    assert told(record(api, customer, call("3", 100, "1"))[0]) == "60 40 0.40"
    for bad in (0, -1, None, 1.5, "6"):
        assert pointers(api.patch(path(bundle), json={"free_minutes": bad})) == {"/free_minutes"}


def test_once_drawn_the_start_stays(api: httpx.Client, customer: str) -> None:
    """rules 4: Edits: start_date only while nothing is charged or drawn."""
    bundle = a_bundle(api, customer, start_date=on("05-01"))
    assert ok(api.patch(path(bundle), json={"start_date": on("05-02")}))["start_date"] == on("05-02")
    assert told(record(api, customer, call("before", date=on("05-01")))[0]) == "0 60 1.00"
    ok(api.patch(path(bundle), json={"start_date": on("05-03")}))
    record(api, customer, call("drawn", 1, date=on("05-03")))
    for name in ("start_date", "charge_from"):
        assert problem(api.patch(path(bundle), json={name: on("05-04")}), 409, "charged")["fields"] == [name]
    assert ok(api.patch(path(bundle), json={"free_minutes": 20}))["free_minutes"] == 20
    assert ok(api.get(path(bundle)))["start_date"] == on("05-03")


def test_deleting_what_has_not_begun(api: httpx.Client, customer: str) -> None:
    """rules 4: Deleting: removed while nothing is drawn; once drawn, cancelled: its minutes are gone, its history and DID are not held."""
    did = unique_did()
    fresh, used = (a_bundle(api, customer, 10, start_date=on("05-01"), did=did) for _ in range(2))
    assert record(api, customer, call("1", 60, date=on("05-01"), did=did))[0]["drawn"] == [drawn(fresh, 60)]
    fresh, used = used, fresh
    for one in (fresh, used):
        ok(api.delete(path(one)), 204)
    problem(api.get(path(fresh)), 404, "not_found")
    kept = ok(api.get(path(used)))
    assert (kept["cancelled"], kept["minutes"]) == (True, None)
    assert buckets(api, customer, on("05-01")) == []
    answers = record(api, customer, call("1", 60, date=on("05-01"), did=did), call("2", 60, date=on("05-01"), did=did))
    assert [told(one) for one in answers] == ["60 0 0.00", "0 60 1.00"]
    ok(api.delete(path(used)), 204)
    other = a_customer(api)
    an_assignment(api, other, kept["package"], did=did, start_date=on("05-01"), free_minutes=1)


def test_ended_today_minutes_last_until_midnight(api: httpx.Client, customer: str) -> None:
    """rules 3: both dates are inclusive."""
    bundle = a_bundle(api, customer, sold={"frequency": "daily"}, start_date=day(-1))
    ok(api.delete(path(bundle)), 204)
    answers = record(api, customer, call("1", 10), call("2", 10, date=day(1)))
    assert [one["free_seconds"] for one in answers] == [10, 0]
    assert [(one["refills_on"], one["ends_on"]) for one in buckets(api, customer)] == [(None, day())]


def test_calls_never_move_the_balance(api: httpx.Client, customer: str) -> None:
    """rules 4: Auto Decrement Credit: calls never move the balance, and are no entries of the ledger."""
    a_bundle(api, customer, auto_decrement_credit=True)
    record(api, customer, call("1", 1200, "12"))
    assert ok(api.get(f"/customers/{customer}"))["balance"] == "0.00"
    assert pages(api, f"/customers/{customer}/ledger") == []


def test_a_customer_with_calls_has_history(api: httpx.Client) -> None:
    """contract 2: DELETE only without history."""
    customer = a_customer(api)
    record(api, customer, call("1"))
    assert api.delete(f"/customers/{customer}").status_code == 409


def test_an_idempotency_key_answers_again(api: httpx.Client, customer: str) -> None:
    key = {"Idempotency-Key": unique()}
    body = {"calls": [call("1")]}
    first, second = (api.post(f"/customers/{customer}/usage", json=body, headers=key) for _ in range(2))
    assert ok(first) == ok(second)
    problem(api.post(f"/customers/{customer}/usage", json={"calls": [call("2")]}, headers=key), 422, "idempotency_key_reused")
    assert spend(api, customer) == {day(): "1.00"}
