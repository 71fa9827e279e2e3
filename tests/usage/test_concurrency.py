"""Calls that arrive at the same time never draw more than the allotment, nor less than they could (rules 4: Free Minutes)."""

from decimal import Decimal
from random import Random

import httpx

from tests.api.support import Json, a_customer, at_once, day, ok, unique_did

from .support import a_bundle, a_commitment, buckets, call, on, record, sending, spend


def send_all(api: httpx.Client, customer: str, batches: list[list[Json]]) -> list[list[Json]]:
    """What is answered to batches sent at once; a client each, as switches have."""

    def send(n: int) -> list[Json]:
        with httpx.Client(base_url=api.base_url, timeout=120, trust_env=False) as client:
            answers: list[Json] = ok(sending(client, customer, *batches[n]))["calls"]
            return answers

    return at_once(send, len(batches))


def test_sixty_requests_over_thirty_calls_share_ten_minutes(api: httpx.Client) -> None:
    """Exactly 600 free seconds; both requests of a call are answered the same."""
    customer = a_customer(api)
    a_bundle(api, customer, 10)
    calls = [call(f"{n}", 31 + n, f"{31 + n}.00") for n in range(30)]
    sent = [*calls, *calls]
    Random(1).shuffle(sent)
    answers = [answer for (answer,) in send_all(api, customer, [[one] for one in sent])]
    by_id = {answer["call_id"]: answer for answer in answers}
    assert all(by_id[answer["call_id"]] == answer for answer in answers)
    assert sum(answer["free_seconds"] for answer in by_id.values()) == 600
    assert all(answer["free_seconds"] + answer["billable_seconds"] == 31 + int(name) for name, answer in by_id.items())
    assert all(Decimal(answer["charge"]) == answer["billable_seconds"] for answer in by_id.values())
    assert sum(0 < answer["free_seconds"] < 31 + int(name) for name, answer in by_id.items()) <= 1
    assert [(one["used"], one["remaining"]) for one in buckets(api, customer)] == [(600, 0)]
    assert spend(api, customer) == {day(): f"{sum(31 + n for n in range(30)) - 600}.00"}
    assert record(api, customer, *calls) == [by_id[one["call_id"]] for one in calls]


def test_overlapping_batches_count_each_call_once(api: httpx.Client) -> None:
    """Switches that push the same records at least once, out of order, in bursts; over buckets that call for several draws."""
    customer, did = a_customer(api), unique_did()
    given = [a_bundle(api, customer, 2, did=did), a_bundle(api, customer, 3), a_bundle(api, customer, 1, sold={"destination": "^44"})]
    calls = [call(f"{n}", 20, "0.20", date=day(n % 3), did=did if n % 2 else None) for n in range(60)]
    chosen = Random(2)
    batches = [chosen.sample(calls, 25) for _ in range(16)]
    answers = [answer for batch in send_all(api, customer, batches) for answer in batch]
    by_id = {answer["call_id"]: answer for answer in [*answers, *record(api, customer, *calls)]}
    assert all(by_id[answer["call_id"]] == answer for answer in answers)
    free = sum(answer["free_seconds"] for answer in by_id.values())
    assert free == 6 * 60
    assert sum(one["used"] for one in buckets(api, customer)) == free
    drawn = {one["assignment_id"]: 0 for one in given}
    for answer in by_id.values():
        for draw in answer["drawn"]:
            drawn[draw["assignment_id"]] += draw["seconds"]
    assert list(drawn.values()) == [120, 180, 60]
    assert sum(map(Decimal, spend(api, customer).values())) == Decimal("12.00") - Decimal(free) / 100


def test_calls_while_the_assignment_changes(api: httpx.Client) -> None:
    """An edit while it is drawn from: both come through, the used part stays, and it is marked as drawn from."""
    customer = a_customer(api)
    bundle = a_bundle(api, customer, 10, start_date=on("05-01"))
    where = f"/customers/{customer}/assignments/{bundle['assignment_id']}"

    def work(n: int) -> int:
        with httpx.Client(base_url=api.base_url, timeout=120, trust_env=False) as client:
            if n % 3:
                return sending(client, customer, call(f"{n}", 10, "1", date=on("05-01"))).status_code
            return client.patch(where, json={"free_minutes": 10 + n}).status_code

    assert at_once(work, 18) == [200] * 18
    assert buckets(api, customer, on("05-01"))[0]["used"] == 120
    assert api.patch(where, json={"start_date": on("05-02")}).status_code == 409


def test_a_start_moves_or_is_drawn_from_never_both(api: httpx.Client) -> None:
    """rules 4: Edits: start_date only while nothing is drawn, whichever comes first."""
    for _ in range(3):
        customer = a_customer(api)
        bundle = a_bundle(api, customer, 1, start_date=on("05-01"))
        where = f"/customers/{customer}/assignments/{bundle['assignment_id']}"

        def work(n: int, customer: str = customer, where: str = where) -> httpx.Response:
            with httpx.Client(base_url=api.base_url, timeout=120, trust_env=False) as client:
                return (
                    client.patch(where, json={"start_date": on("05-02")}) if n else sending(client, customer, call("1", date=on("05-01")))
                )

        drew, moved = at_once(work, 2)
        free = ok(drew)["calls"][0]["free_seconds"]
        assert (free, moved.status_code) in ((60, 409), (0, 200)), moved.text


def test_a_settlement_while_calls_arrive(api: httpx.Client) -> None:
    """The charge takes the calls in that came before it, each wholly; the day has them all."""
    customer = a_customer(api)
    a_commitment(api, customer, "50", sold={"frequency": "weekly", "frequency_match": []}, start_date=day(-7))

    def work(n: int) -> int:
        with httpx.Client(base_url=api.base_url, timeout=120, trust_env=False) as client:
            if n == 6:
                return client.post("/runs", json={"customer": customer, "date": day(), "simulate": False}).status_code
            return sending(client, customer, call(f"{n}", 10, "1", date=day(-5))).status_code

    assert at_once(work, 12) == [200] * 12
    (charge,) = ok(api.get(f"/customers/{customer}/ledger"))["items"]
    assert Decimal(charge["spend"]) in range(12)
    assert Decimal(charge["retail"]) == 50 - Decimal(charge["spend"])
    assert spend(api, customer) == {day(-5): "11.00"}
