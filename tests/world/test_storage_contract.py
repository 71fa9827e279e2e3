"""What storage relies on, held against the deterministic DynamoDB, moto and MiniStack alike, so that none of them can lie.

`LACKING` is the one table of what each is known to lack; a gap that has closed fails here (strict).
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from chalicelib.domain.errors import Malformed
from chalicelib.storage import keys
from chalicelib.storage.db import Db, encode, put, put_new, remove, update
from chalicelib.storage.errors import Cancelled, ConditionFailed
from chalicelib.storage.keys import ACCOUNTS, LEDGER, RUNS

from .backends import Case, expect_lacking

CASES: dict[str, Case] = {}

LACKING: Final[dict[tuple[str, str], str]] = {
    ("moto", "values_come_back_as_they_were"): "gives numbers back as they were written, with zeros that AWS drops",
    ("moto", "an_item_of_more_than_400_kb_is_refused"): "counts the JSON of an item, and refuses smaller ones",
    ("moto", "an_invalid_update_cancels_a_transaction"): "answers ValidationException for the whole transaction",
    ("moto", "a_client_token_means_the_same_transaction"): "knows no client tokens",
    ("moto", "a_full_last_page_may_name_a_next_one"): "looks ahead: a last page that is full names no next one",
    ("moto", "bounds_the_wrong_way_round_are_refused"): "finds nothing between bounds that are the wrong way round",
    ("moto", "a_cursor_of_another_list_is_malformed"): "takes any cursor",
    ("ministack", "a_cursor_of_another_list_is_malformed"): "takes a cursor of another partition",
}
"""(backend, case) -> what the backend gets wrong."""


def case(function: Case) -> Case:
    """One thing that storage relies on."""
    CASES[function.__name__] = function
    return function


def refused(work: Callable[[], Any], code: str = "ValidationException") -> None:
    """AWS refuses the call itself, not for what is stored."""
    with pytest.raises((ClientError, ParamValidationError)) as caught:
        work()
    if isinstance(caught.value, ClientError):
        assert caught.value.response["Error"]["Code"] == code


def key(sk: str = "k", pk: str = "p") -> dict[str, str]:
    return {"pk": pk, "sk": sk}


def fill(db: Db, *sks: str, pk: str = "p", **fields: Any) -> None:
    for sk in sks:
        db.write(put_new(RUNS, key(sk, pk) | fields))


def raw(db: Db, method: str, table: str = RUNS, **arguments: Any) -> Any:
    """A call that storage itself would not make."""
    return getattr(db.client, method)(TableName=db.tables[table], **arguments)


# What expressions do


@case
def values_come_back_as_they_were(db: Db) -> None:
    stored: dict[str, Any] = {
        "text": "ä~€", "number": Decimal("12.340000"), "large": Decimal("9" * 38), "tiny": Decimal("0.000001"), "minus": Decimal("-7.50"),
        "whole": 100, "yes": True, "bytes": b"\x00\xff", "list": ["a", Decimal("1.10"), []], "map": {"x": ["c", "d"]}, "set": {1, 2},
        "empty": "",
    }  # fmt: skip
    db.write(put_new(RUNS, key() | stored))
    assert db.get(RUNS, key()) == key() | stored
    assert str(db.get(RUNS, key())["number"]) == "12.34"  # type: ignore[index]


@case
def a_key_is_taken_once(db: Db) -> None:
    fill(db, "k", n=1)
    with pytest.raises(ConditionFailed):
        db.write(put_new(RUNS, key() | {"n": 2}))
    assert db.get(RUNS, key()) == key() | {"n": 1}
    assert db.get(RUNS, key("other")) is None


@case
def updates_set_remove_and_add(db: Db) -> None:
    fill(db, "k", n=1, gone="x")
    written = db.write(
        update(RUNS, key(), "SET #n = #n + :one, #m = if_not_exists(#m, :ten) - :one REMOVE #gone ADD #s :s", condition=None,
               values={"one": 1, "ten": 10, "s": {3}})
    )  # fmt: skip
    assert written == key() | {"n": 2, "m": 9, "s": {3}} == db.get(RUNS, key())
    written = db.write(
        update(RUNS, key(), "ADD #s :s, #n :n", condition="attribute_exists(#pk)", values={"s": {3, 4}, "n": Decimal("0.5")})
    )
    assert written == key() | {"n": Decimal("2.5"), "m": 9, "s": {3, 4}}


@case
def an_update_makes_its_item(db: Db) -> None:
    assert db.write(update(RUNS, key(), "SET #n = :n", condition="attribute_not_exists(#n)", values={"n": 1})) == key() | {"n": 1}


@case
def adding_to_what_is_not_there_is_refused(db: Db) -> None:
    fill(db, "k")
    refused(lambda: db.write(update(RUNS, key(), "SET #n = #n + :one", condition=None, values={"one": 1})))


@case
def keys_are_never_updated(db: Db) -> None:
    refused(lambda: db.write(update(RUNS, key(), "SET #sk = :x", condition=None, values={"x": "y"})))


@case
def an_unused_value_is_refused(db: Db) -> None:
    refused(lambda: db.write(update(RUNS, key(), "SET #n = :n", condition=None, values={"n": 1, "more": 2})))


@case
def a_value_that_is_not_given_is_refused(db: Db) -> None:
    refused(lambda: db.write(update(RUNS, key(), "SET #n = :n, #m = :m", condition=None, values={"n": 1})))


@case
def an_empty_key_is_refused(db: Db) -> None:
    refused(lambda: db.write(put_new(RUNS, key(""))))


@case
def an_item_of_more_than_400_kb_is_refused(db: Db) -> None:
    db.write(put_new(RUNS, key("fits") | {"x": "x" * (400 * 1024 - 20)}))
    refused(lambda: db.write(put_new(RUNS, key() | {"x": "x" * 400 * 1024})))


@case
def conditions_bind_and_before_or(db: Db) -> None:
    fill(db, "k", n=5, d="2024-03-01")
    for holds, condition in (
        (True, "attribute_not_exists(#n) OR #n <= :five"),
        (True, "attribute_exists(#n) AND #d = :d OR attribute_exists(#no) AND #n = :nine"),
        (False, "(attribute_exists(#n) OR #d = :d) AND #n = :nine AND #n >= :five"),
        (False, "#no < :five AND #d = :d AND #n = :nine"),
        (False, "attribute_not_exists(#d) OR #d < :d AND #n <= :five AND #n >= :nine"),
    ):
        values = {name: value for name, value in {"five": 5, "nine": 9, "d": "2024-03-01"}.items() if f":{name}" in condition}
        action = update(RUNS, key(), "SET #seen = :yes", condition=condition, values=values | {"yes": True})
        if holds:
            db.write(action)
            continue
        with pytest.raises(ConditionFailed):
            db.write(action)


# Transactions


@case
def a_transaction_is_all_or_nothing_and_says_why(db: Db) -> None:
    fill(db, "a", "b", n=1)
    with pytest.raises(Cancelled) as caught:
        db.transact([
            put_new(RUNS, key("new")),
            put_new(RUNS, key("a")),
            update(RUNS, key("b"), "SET #n = :two", condition="#n = :one", values={"one": 1, "two": 2}),
            remove(RUNS, key("none"), condition="attribute_exists(#pk)"),
        ])  # fmt: skip
    assert caught.value.reasons == [None, "ConditionalCheckFailed", None, "ConditionalCheckFailed"]
    assert db.get(RUNS, key("new")) is None
    assert db.get(RUNS, key("b")) == key("b") | {"n": 1}


@case
def a_transaction_writes_everything(db: Db) -> None:
    fill(db, "a", "b", "c", n=1)
    db.transact([
        put_new(RUNS, key("new")),
        remove(RUNS, key("a"), condition="#n = :one", values={"one": 1}),
        update(RUNS, key("b"), "SET #n = #n + :one", condition="#n = :one", values={"one": 1}),
    ])  # fmt: skip
    assert db.get_many(RUNS, [key(sk) for sk in ("new", "a", "b", "c")]) == {
        ("p", "new"): key("new"), ("p", "b"): key("b") | {"n": 2}, ("p", "c"): key("c") | {"n": 1},
    }  # fmt: skip


@case
def a_transaction_takes_an_item_once(db: Db) -> None:
    refused(lambda: db.transact([put_new(RUNS, key()), update(RUNS, key(), "SET #n = :n", condition=None, values={"n": 1})]))


@case
def a_transaction_takes_100_actions(db: Db) -> None:
    db.transact([put_new(RUNS, key(f"{n:03}")) for n in range(100)])
    refused(lambda: db.transact([put_new(RUNS, key(f"x{n}")) for n in range(101)]))
    assert len(db.query(RUNS, "#pk = :pk", {"pk": "p"}).items) == 100


@case
def an_invalid_update_cancels_a_transaction(db: Db) -> None:
    fill(db, "k")
    with pytest.raises(ClientError) as caught:
        db.transact([put_new(RUNS, key("new")), update(RUNS, key(), "SET #n = #n + :one", condition=None, values={"one": 1})])
    assert caught.value.response["Error"]["Code"] == "TransactionCanceledException"
    assert [one["Code"] for one in caught.value.response["CancellationReasons"]] == ["None", "ValidationError"]


@case
def a_client_token_means_the_same_transaction(db: Db) -> None:
    fill(db, "k", n=1)
    adding = [update(db.tables[RUNS], key(), "SET #n = #n + :one", condition=None, values={"one": 1})]
    for _ in range(2):
        db.client.transact_write_items(TransactItems=adding, ClientRequestToken="token-1")
    assert db.get(RUNS, key()) == key() | {"n": 2}
    other = [update(db.tables[RUNS], key(), "SET #n = :nine", condition=None, values={"nine": 9})]
    refused(
        lambda: db.client.transact_write_items(TransactItems=other, ClientRequestToken="token-1"), "IdempotentParameterMismatchException"
    )


# Queries, scans, pages


@case
def queries_go_both_ways_page_by_page(db: Db) -> None:
    fill(db, "a1", "a2", "a3", "b1")
    fill(db, "a1", pk="other")
    for newest_first, wanted in ((False, ["a1", "a2", "a3", "b1"]), (True, ["b1", "a3", "a2", "a1"])):
        first = db.query(RUNS, "#pk = :pk", {"pk": "p"}, limit=3, newest_first=newest_first)
        assert first.last == key(wanted[2])
        rest = db.query(RUNS, "#pk = :pk", {"pk": "p"}, after=first.last, limit=3, newest_first=newest_first)
        assert [item["sk"] for item in first.items + rest.items] == wanted
        assert rest.last is None
    assert [i["sk"] for i in db.query_all(RUNS, "#pk = :pk AND begins_with(#sk, :a)", {"pk": "p", "a": "a"}, limit=2)] == ["a1", "a2", "a3"]


@case
def a_full_last_page_may_name_a_next_one(db: Db) -> None:
    fill(db, "a", "b")
    page = db.query(RUNS, "#pk = :pk", {"pk": "p"}, limit=2)
    assert page.last == key("b")
    assert db.query(RUNS, "#pk = :pk", {"pk": "p"}, after=page.last, limit=2) == ([], None)


@case
def bounds_are_inclusive_and_in_order(db: Db) -> None:
    fill(db, "DAY#2024-01-01", "DAY#2024-01-02", "DAY#2024-01-02#44", "DAY#2024-01-03", "DAY~")
    ask = "#pk = :pk AND #sk BETWEEN :since AND :until"
    found = db.query(RUNS, ask, {"pk": "p", "since": "DAY#2024-01-02", "until": "DAY#2024-01-03"})
    assert [item["sk"] for item in found.items] == ["DAY#2024-01-02", "DAY#2024-01-02#44", "DAY#2024-01-03"]


@case
def bounds_the_wrong_way_round_are_refused(db: Db) -> None:
    refused(lambda: db.query(RUNS, "#pk = :pk AND #sk BETWEEN :since AND :until", {"pk": "p", "since": "b", "until": "a"}))


@case
def keys_sort_by_their_bytes(db: Db) -> None:
    names = ["A", "Z", "a", "~", "é", "€", "\U0001f600"]
    fill(db, *reversed(names))
    assert [item["sk"] for item in db.query(RUNS, "#pk = :pk", {"pk": "p"}).items] == names


@case
def a_filter_leaves_pages_as_they_are(db: Db) -> None:
    fill(db, "a", "b", n=1)
    fill(db, "c", n=2)
    page = db.query(RUNS, "#pk = :pk", {"pk": "p", "two": 2}, having="#n = :two", limit=2)
    assert page == ([], key("b"))
    assert [i["sk"] for i in db.query_all(RUNS, "#pk = :pk", {"pk": "p", "two": 2}, having="#n = :two", limit=2)] == ["c"]


@case
def a_page_ends_at_a_megabyte(db: Db) -> None:
    for n in range(5):
        fill(db, f"{n}", x="x" * 300_000)
    page = db.query(RUNS, "#pk = :pk", {"pk": "p"})
    assert len(page.items) < 5
    assert page.last
    assert len(list(db.query_all(RUNS, "#pk = :pk", {"pk": "p"}))) == 5


@case
def a_cursor_of_another_list_is_malformed(db: Db) -> None:
    fill(db, "a", "b")
    for after in ({"pk": "other", "sk": "a"}, {"pk": "p"}, {"pk": "p", "sk": "a", "more": "x"}):
        with pytest.raises(Malformed):
            db.query(RUNS, "#pk = :pk", {"pk": "p"}, after=after)


@case
def segments_share_all_items_out(db: Db) -> None:
    for n in range(40):
        db.write(put_new(ACCOUNTS, key("ACCOUNT", f"c{n}")))
        db.write(put_new(ACCOUNTS, key("ASSIGNMENT#1", f"c{n}")))
    found: list[tuple[int, str, str]] = []
    for segment in range(3):
        after = None
        while True:
            page = db.scan(ACCOUNTS, segment=(segment, 3), after=after, limit=7)
            found += [(segment, item["pk"], item["sk"]) for item in page.items]
            after = page.last
            if after is None:
                break
    assert len(found) == len({one[1:] for one in found}) == 80
    assert len({(segment, pk) for segment, pk, _ in found}) == 40


@case
def a_scan_keeps_partitions_together(db: Db) -> None:
    for n in range(9):
        for sk in ("ACCOUNT", "ASSIGNMENT#1", "ASSIGNMENT#2"):
            db.write(put_new(ACCOUNTS, key(sk, f"c{n}")))
    seen = [item["pk"] for item in db.scan(ACCOUNTS).items]
    assert [pk for n, pk in enumerate(seen) if n == 0 or seen[n - 1] != pk] == list(dict.fromkeys(seen))


@case
def many_items_are_got_at_once(db: Db) -> None:
    fill(db, *(f"{n:03}" for n in range(120)))
    wanted = [key(f"{n:03}") for n in range(130)]
    assert sorted(db.get_many(RUNS, wanted + wanted[:3])) == [("p", f"{n:03}") for n in range(120)]
    assert db.get_many(RUNS, []) == {}


@case
def a_batch_takes_no_duplicates(db: Db) -> None:
    twice = {db.tables[RUNS]: {"Keys": [encode(key())] * 2}}
    refused(lambda: db.client.batch_get_item(RequestItems=twice))


@case
def indexes_are_sparse_and_hold_what_they_project(db: Db) -> None:
    for n in range(3):
        db.write(put_new(ACCOUNTS, key(f"ASSIGNMENT#{n}", "c") | {"package": "p1" if n else "p2", "qty": n}))
    db.write(put_new(ACCOUNTS, key("ACCOUNT", "c") | {"listed": "customer", "balance": 1}))
    found = db.query(ACCOUNTS, "#package = :p", {"p": "p1"}, index=keys.BY_PACKAGE, limit=1)
    assert found.items == [key("ASSIGNMENT#1", "c") | {"package": "p1"}]
    assert found.last == key("ASSIGNMENT#1", "c") | {"package": "p1"}
    rest = db.query(ACCOUNTS, "#package = :p", {"p": "p1"}, index=keys.BY_PACKAGE, after=found.last)
    assert [item["sk"] for item in rest.items] == ["ASSIGNMENT#2"]
    assert db.query(ACCOUNTS, "#listed = :l", {"l": "customer"}, index=keys.CUSTOMERS).items == [
        key("ACCOUNT", "c") | {"listed": "customer"}
    ]


@case
def an_index_forgets_what_left_it(db: Db) -> None:
    db.write(put_new(LEDGER, key("1", "c") | {"held_by": "c", "n": 1}))
    db.write(put_new(LEDGER, key("2", "c") | {"held_by": "c"}))
    db.write(update(LEDGER, key("1", "c"), "REMOVE #held_by", condition=None))
    assert db.scan(LEDGER, index=keys.HELD).items == [key("2", "c") | {"held_by": "c"}]
    db.write(update(LEDGER, key("1", "c"), "SET #held_by = :c", condition=None, values={"c": "c"}))
    assert db.scan(LEDGER, index=keys.HELD, limit=1).last is not None
    assert sorted(item["sk"] for item in db.query(LEDGER, "#held_by = :c", {"c": "c"}, index=keys.HELD).items) == ["1", "2"]


@case
def an_index_is_not_read_consistently(db: Db) -> None:
    refused(lambda: raw(db, "scan", LEDGER, IndexName=keys.HELD, ConsistentRead=True))


@case
def a_condition_on_what_is_not_there_does_not_hold(db: Db) -> None:
    for action in (
        put(RUNS, key(), condition="#n = :n", values={"n": 1}), remove(RUNS, key(), condition="#n = :n", values={"n": 1}),
        update(RUNS, key(), "SET #n = :n", condition="attribute_exists(#pk)", values={"n": date.max.isoformat()}),
    ):  # fmt: skip
        with pytest.raises(ConditionFailed):
            db.write(action)
    assert db.get(RUNS, key()) is None


@pytest.mark.parametrize("name", CASES)
def test_storage(name: str, backend: tuple[str, Db], request: pytest.FixtureRequest) -> None:
    expect_lacking(request, LACKING.get((backend[0], name)))
    CASES[name](backend[1])
