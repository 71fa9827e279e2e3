"""Idempotency-Key: a request sent twice, or two dozen times at once, makes one thing and is answered the same."""

from collections import Counter
from typing import Any

import httpx
import pytest

from tests.api.support import (
    CONCURRENT,
    a_customer,
    a_package,
    an_assignment,
    assigning,
    at_once,
    charges,
    day,
    ledger,
    ok,
    pages,
    pay,
    problem,
    run,
    unique,
)

TOLD = ("etag", "location", "content-type")


def send(api: httpx.Client, where: str, body: Any, key: str | bytes) -> httpx.Response:
    return api.post(where, json=body, headers={b"Idempotency-Key": key.encode() if isinstance(key, str) else key})


def same(one: httpx.Response, other: httpx.Response) -> bool:
    """Whether two answers say the same, byte by byte."""
    told = [(answer.status_code, answer.content, [answer.headers.get(name) for name in TOLD]) for answer in (one, other)]
    return told[0] == told[1]


def test_the_same_key_and_body_answer_as_the_first_time(api: httpx.Client) -> None:
    """contract: POST honours Idempotency-Key."""
    customer, package, key = a_customer(api), a_package(api, retail="1", frequency="daily"), unique()
    posted = [
        ("/packages", {"name": key}),
        (f"/customers/{customer}/payments", {"amount": "5"}),
        (f"/customers/{customer}/adjustments", {"amount": "-5", "reason": "rounding"}),
        (f"/customers/{customer}/charges", {"description": "Visit", "retail": "5", "auto_decrement_credit": True}),
        (f"/customers/{customer}/assignments", {"package_id": package["package_id"], "start_date": day(-2)}),
        ("/runs", {"customer": customer, "date": day(9), "simulate": False}),
    ]
    for where, body in posted:
        first, second = (send(api, where, body, key) for _ in range(2))
        assert first.status_code in (200, 201)
        assert same(first, second)
    assert [one["name"] for one in pages(api, "/packages")].count(key) == 1
    assert len(pages(api, f"/customers/{customer}/assignments")) == 1
    kinds = [entry["kind"] for entry in ledger(api, customer)]
    assert [kinds.count(kind) for kind in ("payment", "adjustment", "one_off", "recurring")] == [1, 1, 1, 3]


def test_the_answer_stays_when_the_thing_has_changed(api: httpx.Client) -> None:
    """contract: the same key and body answer as the first time."""
    key = unique()
    first = send(api, "/packages", {"name": "Old"}, key)
    ok(api.patch(f"/packages/{first.json()['package_id']}", json={"name": "New"}))
    assert same(first, send(api, "/packages", {"name": "Old"}, key))


def test_another_body_is_refused(api: httpx.Client) -> None:
    """contract: with another body 422 idempotency_key_reused."""
    customer, key = a_customer(api), unique()
    where = f"/customers/{customer}/payments"
    ok(send(api, where, {"amount": "5"}, key), 201)
    for body in ({"amount": "6"}, {"amount": "5", "reference": "x"}, {"amount": 5}):
        problem(send(api, where, body, key), 422, "idempotency_key_reused")
    assert len(ledger(api, customer)) == 1


def test_the_order_of_fields_is_not_another_body(api: httpx.Client) -> None:
    """contract: the same body answers the same."""
    customer, headers = a_customer(api), {"Idempotency-Key": unique(), "Content-Type": "application/json"}
    where = f"/customers/{customer}/payments"
    first = api.post(where, content=b'{"amount": 1.50, "reference": "x"}', headers=headers)
    second = api.post(where, content=b'{ "reference":"x","amount":1.50 }', headers=headers)
    assert ok(first, 201)
    assert same(first, second)


def test_keys_are_per_route(api: httpx.Client) -> None:
    """contract: kept per caller and route."""
    key, one, other = unique(), a_customer(api), a_customer(api)
    for customer in (one, other):
        ok(send(api, f"/customers/{customer}/payments", {"amount": "5"}, key), 201)
    ok(send(api, "/packages", {"name": "x"}, key), 201)
    assert [len(ledger(api, customer)) for customer in (one, other)] == [1, 1]


def test_without_a_key_every_request_counts(api: httpx.Client) -> None:
    """contract: Idempotency-Key is what makes a retry a retry."""
    customer = a_customer(api)
    pay(api, customer, "5")
    pay(api, customer, "5")
    assert len(ledger(api, customer)) == 2


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_keys_have_1_to_255_characters(api: httpx.Client, key: str) -> None:
    """contract: 1..255 characters."""
    problem(send(api, "/packages", {"name": "x"}, key), 400, "malformed")
    ok(send(api, "/packages", {"name": "x"}, unique() + "x" * 200), 201)
    ok(send(api, "/packages", {"name": "x"}, unique("ü").encode()), 201)


def test_a_refusal_is_answered_the_same_too(api: httpx.Client) -> None:
    """contract: the same key and body answer as the first time."""
    key, customer, package = unique(), a_customer(api), a_package(api, minimum_days=5)
    body = {"package_id": package["package_id"], "start_date": day(), "end_date": day(1)}
    first, second = (send(api, f"/customers/{customer}/assignments", body, key) for _ in range(2))
    problem(first, 409, "minimum_days")
    assert same(first, second)
    assert pages(api, f"/customers/{customer}/assignments") == []


@pytest.mark.parametrize("spelled", [True, "yes", "YES", "yEs", "true", "tRuE", None])
def test_a_simulation_ignores_the_key(api: httpx.Client, spelled: Any) -> None:
    """contract: a simulation stores nothing: it ignores Idempotency-Key."""
    customer, key = a_customer(api), unique()
    body = {"customer": customer} | ({} if spelled is None else {"simulate": spelled})
    assert ok(send(api, "/runs", body, key))["lines"] == []
    an_assignment(api, customer, a_package(api, retail="1"))
    assert len(ok(send(api, "/runs", body, key))["lines"]) == 1
    assert ok(send(api, "/runs", body | {"date": day(1)}, key))["date"] == day(1)


def test_a_key_makes_the_run_id(api: httpx.Client) -> None:
    """rules 6: a live run has a run_id, derived from the Idempotency-Key."""
    customer, key = a_customer(api), unique()
    body = {"customer": customer, "simulate": False}
    an_assignment(api, customer, a_package(api, retail="1"))
    first, second = (ok(send(api, "/runs", body, key)) for _ in range(2))
    third = run(api, customer, day(), live=True)
    assert first["run_id"] == second["run_id"] != third["run_id"]
    assert [entry["run_id"] for entry in charges(api, customer)] == [first["run_id"], third["run_id"]]


def test_two_dozen_at_once_make_one_package(api: httpx.Client) -> None:
    """contract: while the first is under way, wait."""
    key = unique()
    answers = at_once(lambda _: send(api, "/packages", {"name": key}, key))
    assert {answer.status_code for answer in answers} == {201}
    assert all(same(answers[0], answer) for answer in answers)
    assert [one["name"] for one in pages(api, "/packages")].count(key) == 1


def test_two_dozen_at_once_make_one_payment_and_one_assignment(api: httpx.Client) -> None:
    """contract: the same key and body answer as the first time."""
    customer, package, key = a_customer(api), a_package(api, retail="1", frequency="daily"), unique()
    body = {"package_id": package["package_id"], "start_date": day(-3), "auto_decrement_credit": True}
    given = at_once(lambda _: send(api, f"/customers/{customer}/assignments", body, key))
    paid = at_once(lambda _: send(api, f"/customers/{customer}/payments", {"amount": "5"}, key))
    for answers in (given, paid):
        assert {answer.status_code for answer in answers} == {201}
        assert all(same(answers[0], answer) for answer in answers)
    assert len(pages(api, f"/customers/{customer}/assignments")) == 1
    assert (len(charges(api, customer)), len(ledger(api, customer))) == (3, 4)


def test_64_at_once_make_one_charge_and_one_adjustment(api: httpx.Client) -> None:
    """contract: the same key and body answer as the first time."""
    customer, key = a_customer(api), unique()
    visit = {"description": "Visit", "retail": "5", "auto_decrement_credit": True}
    charged = at_once(lambda _: send(api, f"/customers/{customer}/charges", visit, key), 64)
    adjusted = at_once(lambda _: send(api, f"/customers/{customer}/adjustments", {"amount": "-2", "reason": "rounding"}, key), 64)
    for answers in (charged, adjusted):
        assert {answer.status_code for answer in answers} == {201}
        assert all(same(answers[0], answer) for answer in answers)
    assert sorted(one["kind"] for one in ledger(api, customer)) == ["adjustment", "one_off"]
    assert ok(api.get(f"/customers/{customer}"))["balance"] == "-7.00"


def test_64_charges_at_once_never_pass_the_limit(api: httpx.Client) -> None:
    """rules 4: a charge that would exceed the limit is held."""
    customer = a_customer(api, debit_limit="100")
    visit = {"description": "Visit", "retail": "3", "auto_decrement_credit": True}
    answers = at_once(lambda _: send(api, f"/customers/{customer}/charges", visit, unique()), 64)
    assert Counter(ok(answer, 201)["status"] for answer in answers) == {"posted": 33, "held": 31}
    stands = ok(api.get(f"/customers/{customer}"))
    assert (stands["balance"], stands["held_charges"]) == ("-99.00", 31)


def test_two_dozen_at_once_make_one_run(api: httpx.Client) -> None:
    """rules 6: the same run charges once."""
    customer, key = a_customer(api), unique()
    for _ in range(3):
        assigning(api, customer, a_package(api, retail="1", setup_retail="2"), auto_decrement_credit=True)
    answers = at_once(lambda _: send(api, "/runs", {"customer": customer, "simulate": "no"}, key))
    assert {answer.status_code for answer in answers} == {200}
    assert all(same(answers[0], answer) for answer in answers)
    assert len(charges(api, customer)) == 6
    assert ok(api.get(f"/customers/{customer}"))["balance"] == "-9.00"


def test_two_dozen_at_once_with_different_bodies_make_one_thing(api: httpx.Client) -> None:
    """contract: another body is refused, also while the first is under way."""
    customer, key = a_customer(api), unique()
    answers = at_once(lambda n: send(api, f"/customers/{customer}/payments", {"amount": f"{n + 1}"}, key))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * (CONCURRENT - 1)
    assert len(ledger(api, customer)) == 1
