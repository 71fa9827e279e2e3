"""The deterministic DynamoDB counts write units as the embedded one does, which is right about them."""

import pytest

from chalicelib.storage.db import Action, Db, put, put_new, remove, update
from chalicelib.storage.keys import ACCOUNTS, LEDGER, RUNS, TABLES
from tools.embedded import EmbeddedStack

from .backends import ministack
from .dynamodb import DynamoDb
from .sizes import item_size, read_units


def _text(size: int) -> str:
    return "x" * size


KEY = {"pk": "customer", "sk": "ACCOUNT"}
INDEXED = KEY | {"package": "p1"}
WRITES: dict[str, tuple[list[Action], list[Action]]] = {
    "small": ([], [put_new(RUNS, KEY)]),
    "1 KB": ([], [put_new(RUNS, KEY | {"x": _text(1003)})]),
    "a byte more": ([], [put_new(RUNS, KEY | {"x": _text(1010)})]),
    "shrinking": ([put_new(RUNS, KEY | {"x": _text(2500)})], [put(RUNS, KEY)]),
    "growing": ([put_new(RUNS, KEY)], [update(RUNS, KEY, "SET #x = :x", condition=None, values={"x": _text(2500)})]),
    "removing": ([put_new(RUNS, KEY | {"x": _text(2500)})], [remove(RUNS, KEY, condition="attribute_exists(#pk)")]),
    "into an index": ([], [put_new(ACCOUNTS, INDEXED)]),
    "beside an index": ([put_new(ACCOUNTS, INDEXED)], [update(ACCOUNTS, KEY, "SET #n = :n", condition=None, values={"n": 1})]),
    "out of an index": ([put_new(LEDGER, KEY | {"held_by": "c"})], [update(LEDGER, KEY, "REMOVE #held_by", condition=None)]),
    "a transaction": ([], [put_new(RUNS, KEY | {"sk": str(n), "x": _text(n)}) for n in (1, 1500)]),
}


def _units(db: Db, actions: list[Action]) -> float:
    """What the embedded DynamoDB says that the actions cost."""
    items = [{verb: given | {"TableName": db.tables[given["TableName"]]} for verb, given in action.items()} for action in actions]
    if len(items) > 1:
        answer = db.client.transact_write_items(TransactItems=items, ReturnConsumedCapacity="TOTAL")
        return sum(one["CapacityUnits"] for one in answer["ConsumedCapacity"])
    ((verb, given),) = items[0].items()
    answer = getattr(db.client, f"{verb.lower()}_item")(**given, ReturnConsumedCapacity="TOTAL")
    return float(answer["ConsumedCapacity"]["CapacityUnits"])


def _metered(actions: list[Action], before: list[Action]) -> int:
    client = DynamoDb(TABLES)
    db = Db(client, {name: name for name in TABLES})
    for action in before:
        db.write(action)
    start = client.meter.write_units
    if len(actions) > 1:
        db.transact(actions)
    else:
        db.write(actions[0])
    return client.meter.write_units - start


@pytest.mark.parametrize("name", WRITES)
def test_write_units_are_those_of_the_embedded_one(name: str, stack: EmbeddedStack) -> None:
    before, actions = WRITES[name]
    with ministack(lambda: stack) as db:
        for action in before:
            db.write(action)
        assert _metered(actions, before) == _units(db, actions)


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"name": {"S": "é"}}, 6),
        ({"n": {"N": "12345"}}, 1 + 4),
        ({"n": {"N": "-1200"}}, 1 + 3),
        ({"n": {"BOOL": True}}, 2),
        ({"n": {"B": b"123"}}, 4),
        ({"n": {"L": [{"S": "ab"}, {"L": []}]}}, 1 + 3 + (1 + 2) + (1 + 3)),
        ({"n": {"M": {"ab": {"N": "1"}}}}, 1 + 3 + (1 + 2 + 2)),
        ({"n": {"NS": ["1", "22"]}}, 1 + 2 + 2),
    ],
)
def test_sizes_are_the_documented_ones(item: dict[str, dict[str, object]], size: int) -> None:
    assert item_size(item) == size


def test_reads_are_counted_in_steps_of_4_kb() -> None:
    assert [read_units(size, consistent=True) for size in (0, 1, 4096, 4097)] == [1, 1, 1, 2]
    assert read_units(4097, consistent=False) == 1
