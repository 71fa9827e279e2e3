"""What AWS's own DynamoDB does with the calls that storage makes, where an emulator could be kinder.

The behaviours are among those that the public suite at github.com/paritysuite/dynamodb-conformance has measured on AWS; the
tests are our own, and send raw calls. `LACKING` names what a backend is known to get wrong.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from chalicelib.storage.db import Db
from chalicelib.storage.keys import RUNS

from .backends import Case, expect_lacking

CASES: dict[str, Case] = {}
KEY: Final = {"pk": {"S": "p"}, "sk": {"S": "k"}}
NAMES: Final = {"#n": "n"}
LACKING: Final[dict[tuple[str, str], str]] = {
    ("moto", "an_expression_has_4096_bytes_at_most"): "takes expressions of any length",
    ("moto", "an_expression_that_is_too_long_refuses_the_whole_transaction"): "takes expressions of any length",
    ("moto", "an_unused_value_refuses_the_whole_transaction"): "does not look for unused values in a transaction",
    ("moto", "numbers_have_38_digits"): "keeps any number of digits",
    ("moto", "zeros_around_a_number_are_not_kept"): "gives numbers back as they were written",
    ("moto", "a_set_holds_each_member_once"): "takes a member twice",
    ("moto", "values_of_two_kinds_are_never_equal_and_never_in_order"): "compares numbers with texts",
    ("moto", "a_prefix_is_a_text"): "takes a number for a prefix",
    ("moto", "a_client_token_with_another_content_is_refused"): "knows no client tokens",
    ("ministack", "one_attribute_is_changed_once"): "takes paths that overlap",
}
"""(backend, case) -> what the backend gets wrong."""


def case(function: Case) -> Case:
    """One behaviour."""
    CASES[function.__name__] = function
    return function


def call(db: Db, method: str, **arguments: Any) -> Any:
    """A raw call about the table of runs."""
    return getattr(db.client, method)(TableName=db.tables[RUNS], **arguments)


def transact(db: Db, *actions: dict[str, Any], **more: Any) -> None:
    """A raw transaction on the table of runs."""
    table = db.tables[RUNS]
    items = [{verb: {"TableName": table, **arguments} for verb, arguments in action.items()} for action in actions]
    db.client.transact_write_items(TransactItems=items, **more)


def put(sk: str, **fields: Any) -> dict[str, Any]:
    """A put among the actions of a transaction."""
    return {"Put": {"Item": {"pk": {"S": "p"}, "sk": {"S": sk}} | fields}}


def code(work: Callable[[], Any]) -> str:
    """The error code of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        work()
    return str(caught.value.response["Error"]["Code"])


def stored(db: Db, sk: str = "k") -> Any:
    return call(db, "get_item", Key=KEY | {"sk": {"S": sk}}, ConsistentRead=True).get("Item")


def condition_of(length: int) -> dict[str, Any]:
    """A condition of so many bytes that holds for an item that is not there."""
    names = [f"#n{n:04}" for n in range(100)]
    shorter = len(" AND ".join(f"attribute_not_exists({name})" for name in names))
    names[-1] += "n" * (length - shorter)
    text = " AND ".join(f"attribute_not_exists({name})" for name in names)
    assert len(text) == length
    return {"ConditionExpression": text, "ExpressionAttributeNames": {name: name.removeprefix("#") for name in names}}


@case
def an_expression_has_4096_bytes_at_most(db: Db) -> None:
    call(db, "put_item", Item=KEY, **condition_of(4096))
    assert stored(db) == KEY
    other = KEY | {"sk": {"S": "other"}}
    assert code(lambda: call(db, "put_item", Item=other, **condition_of(4097))) == "ValidationException"


@case
def an_expression_that_is_too_long_refuses_the_whole_transaction(db: Db) -> None:
    over = {"Put": put("second")["Put"] | condition_of(4097)}
    assert code(lambda: transact(db, put("first"), over)) == "ValidationException"
    assert stored(db, "first") is None


@case
def an_unused_value_refuses_the_whole_transaction(db: Db) -> None:
    unused = {"Put": put("second")["Put"] | {"ExpressionAttributeValues": {":v": {"S": "x"}}}}
    assert code(lambda: transact(db, put("first"), unused)) == "ValidationException"
    assert stored(db, "first") is None


@case
def an_empty_key_refuses_the_whole_transaction(db: Db) -> None:
    assert code(lambda: transact(db, put("first"), put(""))) == "ValidationException"
    assert stored(db, "first") is None


@case
def a_missing_table_is_named_before_anything_is_written(db: Db) -> None:
    table = db.tables[RUNS]
    items = [{"Put": {"TableName": table, "Item": KEY}}, {"Put": {"TableName": "no-such-table", "Item": KEY}}]
    assert code(lambda: db.client.transact_write_items(TransactItems=items)) == "ResourceNotFoundException"
    assert stored(db) is None


@case
def reasons_stand_at_the_place_of_their_action(db: Db) -> None:
    call(db, "put_item", Item=KEY)
    taken = {"Put": put("k")["Put"] | {"ConditionExpression": "attribute_not_exists(#pk)", "ExpressionAttributeNames": {"#pk": "pk"}}}
    with pytest.raises(ClientError) as caught:
        transact(db, put("new"), taken, put("newer"))
    assert [one["Code"] for one in caught.value.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed", "None"]
    assert stored(db, "new") is None


@case
def an_update_that_grows_an_item_beyond_400_kb_is_refused(db: Db) -> None:
    call(db, "put_item", Item=KEY | {"n": {"S": "x" * 300_000}})
    grown = {
        "Key": KEY, "UpdateExpression": "SET #m = :m", "ExpressionAttributeNames": {"#m": "m"},
        "ExpressionAttributeValues": {":m": {"S": "x" * 150_000}},
    }  # fmt: skip
    assert code(lambda: call(db, "update_item", **grown)) == "ValidationException"
    assert "m" not in stored(db)


@case
def an_items_size_is_counted_in_utf_8(db: Db) -> None:
    call(db, "put_item", Item=KEY | {"n": {"S": "語" * 130_000}})
    assert code(lambda: call(db, "put_item", Item=KEY | {"n": {"S": "語" * 140_000}})) == "ValidationException"


@case
def numbers_have_38_digits(db: Db) -> None:
    call(db, "put_item", Item=KEY | {"n": {"N": "1" * 38}})
    assert code(lambda: call(db, "put_item", Item=KEY | {"n": {"N": "1" * 39}})) == "ValidationException"


@case
def zeros_around_a_number_are_not_kept(db: Db) -> None:
    call(db, "put_item", Item=KEY | {"n": {"N": "-0010.500"}, "zero": {"N": "-0.00"}})
    assert (stored(db)["n"], stored(db)["zero"]) == ({"N": "-10.5"}, {"N": "0"})


@case
def a_set_is_never_empty(db: Db) -> None:
    assert code(lambda: call(db, "put_item", Item=KEY | {"n": {"NS": []}})) == "ValidationException"


@case
def a_set_holds_each_member_once(db: Db) -> None:
    assert code(lambda: call(db, "put_item", Item=KEY | {"n": {"NS": ["1", "1"]}})) == "ValidationException"


@case
def values_of_two_kinds_are_never_equal_and_never_in_order(db: Db) -> None:
    call(db, "put_item", Item=KEY | {"n": {"N": "5"}})
    for comparison in ("#n = :v", "#n < :v", "#n >= :v"):
        condition = {"ConditionExpression": comparison, "ExpressionAttributeNames": NAMES, "ExpressionAttributeValues": {":v": {"S": "5"}}}
        assert code(partial(call, db, "delete_item", Key=KEY, **condition)) == "ConditionalCheckFailedException"


@case
def adding_to_a_text_is_refused(db: Db) -> None:
    call(db, "put_item", Item=KEY | {"n": {"S": "text"}})
    added = {
        "Key": KEY,
        "UpdateExpression": "ADD #n :v",
        "ExpressionAttributeNames": NAMES,
        "ExpressionAttributeValues": {":v": {"N": "1"}},
    }
    assert code(lambda: call(db, "update_item", **added)) == "ValidationException"


@case
def one_attribute_is_changed_once(db: Db) -> None:
    twice = {
        "Key": KEY, "UpdateExpression": "SET #n = :v REMOVE #n", "ExpressionAttributeNames": NAMES,
        "ExpressionAttributeValues": {":v": {"N": "1"}},
    }  # fmt: skip
    assert code(lambda: call(db, "update_item", **twice)) == "ValidationException"


@case
def removing_what_is_not_there_is_no_error(db: Db) -> None:
    call(db, "put_item", Item=KEY)
    call(db, "update_item", Key=KEY, UpdateExpression="REMOVE #n", ExpressionAttributeNames=NAMES)
    assert stored(db) == KEY


@case
def a_refused_condition_changes_nothing_and_makes_no_item(db: Db) -> None:
    given = {
        "Key": KEY, "UpdateExpression": "SET #n = :v", "ConditionExpression": "attribute_exists(#n)", "ExpressionAttributeNames": NAMES,
        "ExpressionAttributeValues": {":v": {"N": "1"}},
    }  # fmt: skip
    assert code(lambda: call(db, "update_item", **given)) == "ConditionalCheckFailedException"
    assert stored(db) is None


@case
def a_query_names_its_partition(db: Db) -> None:
    condition = {"KeyConditionExpression": "#sk = :v", "ExpressionAttributeNames": {"#sk": "sk"}}
    assert code(lambda: call(db, "query", **condition, ExpressionAttributeValues={":v": {"S": "k"}})) == "ValidationException"


@case
def a_prefix_is_a_text(db: Db) -> None:
    condition = {
        "KeyConditionExpression": "#pk = :p AND begins_with(#sk, :v)", "ExpressionAttributeNames": {"#pk": "pk", "#sk": "sk"},
        "ExpressionAttributeValues": {":p": {"S": "p"}, ":v": {"N": "1"}},
    }  # fmt: skip
    assert code(lambda: call(db, "query", **condition)) == "ValidationException"


@case
def a_batch_asks_for_100_keys_at_most(db: Db) -> None:
    keys = [KEY | {"sk": {"S": str(n)}} for n in range(101)]
    assert code(lambda: db.client.batch_get_item(RequestItems={db.tables[RUNS]: {"Keys": keys}})) == "ValidationException"


@case
def a_client_token_with_another_content_is_refused(db: Db) -> None:
    token = str(uuid4())  # the emulator keeps tokens for all tables, as long as it runs
    transact(db, put("first"), ClientRequestToken=token)
    assert code(lambda: transact(db, put("second"), ClientRequestToken=token)) == "IdempotentParameterMismatchException"


@pytest.mark.parametrize("name", CASES)
def test_aws_behaviour(name: str, backend: tuple[str, Db], request: pytest.FixtureRequest) -> None:
    """C: the DynamoDB of the tests is held against what AWS does."""
    expect_lacking(request, LACKING.get((backend[0], name)))
    CASES[name](backend[1])
