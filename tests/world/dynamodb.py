"""A DynamoDB for tests: in memory, deterministic, and exactly the shapes of request that `chalicelib.storage` sends.

It answers as boto3's low-level client does, `ClientError`s included, refuses what AWS refuses, and counts capacity units.
Nothing in it is random: time, the lag of indexes, the size of pages and every fault come from `Knobs` and the hook.
`test_storage_contract.py` holds it against moto and MiniStack.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from . import expressions
from .expressions import InvalidExpression, KeyCondition, Scope
from .sizes import MAX_ITEM, item_size, read_units, write_units
from .tables import Change, Index, Item, Place, Table, hash_of, place

Arguments = dict[str, Any]
Answer = dict[str, Any]
PAGE_BYTES = 1024 * 1024
TOKEN_SECONDS = 600.0
MOST_ACTIONS = 100
MOST_KEYS = 100
MOST_TRANSACTION_BYTES = 4 * 1024 * 1024
MOST_EXPRESSION_BYTES = 4096
CONDITION_FAILED = "The conditional request failed"
_KEY = {"pk", "sk"}
_REFUSED: Item = {}
"""Stands for the result of a write whose condition does not hold."""
_VERBS = ("Put", "Update", "Delete", "ConditionCheck")


class Request(NamedTuple):
    """One call of the client, as hooks see it."""

    operation: str
    arguments: Arguments

    @property
    def writes(self) -> bool:
        """Whether it means to change anything."""
        return self.operation in ("put_item", "update_item", "delete_item", "transact_write_items")


Hook = Callable[[Request, Callable[[], Answer]], Answer]
"""Carries out a call: calls its effect, never, once or again, before or after anything else. The default just calls it."""


@dataclass
class Knobs:
    """What AWS decides by itself: the time, how far indexes lag, how large pages are, how many keys of a batch are answered.

    `part(segment, count)` is the part of the keys that a segment of a parallel scan gets.
    """

    now: Callable[[], float] = lambda: 0.0
    index_lag: Callable[[], float] = lambda: 0.0
    page_bytes: Callable[[], int] = lambda: PAGE_BYTES
    batch_keys: Callable[[int], int] = lambda asked: asked
    part: Callable[[int, int], int] = lambda segment, _: segment


@dataclass
class Meter:
    """Requests by operation, and the units they consumed. Transactional writes cost twice, those of indexes included."""

    requests: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: int = 0
    bytes_read: int = 0

    @property
    def writes(self) -> int:
        """Requests that meant to write, refused ones included."""
        return sum(count for operation, count in self.requests.items() if Request(operation, {}).writes)


def error(code: str, message: str = "", operation: str = "", reasons: Sequence[str] | None = None) -> ClientError:
    """What boto3 raises; `reasons` are the codes of a cancelled transaction."""
    response: Any = {"Error": {"Code": code, "Message": message or code}}
    if reasons is not None:
        response["CancellationReasons"] = [{"Code": one} if one == "None" else {"Code": one, "Message": one} for one in reasons]
        response["Error"]["Message"] = (
            f"Transaction cancelled, please refer cancellation reasons for specific reasons [{', '.join(reasons)}]"
        )
    return ClientError(response, operation)


class _Write(NamedTuple):
    """A checked write on its way: its table, its item, what it makes of the item as it stands."""

    verb: str
    table: Table
    where: Place
    arguments: Arguments

    def holds(self) -> bool:
        """Whether its condition does."""
        text = self.arguments.get("ConditionExpression")
        return text is None or expressions.condition(text)(self._scope())

    def result(self) -> Item | None:
        """The item afterwards."""
        if self.verb == "Put":
            return _stored(self.arguments["Item"])
        if self.verb == "Delete":
            return None
        if self.verb == "ConditionCheck":
            return self.table.items.get(self.where)
        return self._updated()

    def _updated(self) -> Item:
        scope = self._scope()
        update = expressions.update(self.arguments["UpdateExpression"])
        new = {"pk": {"S": self.where[0]}, "sk": {"S": self.where[1]}} | self.table.items.get(self.where, {})
        for token, change in update.sets:
            new[scope.names[token]] = _stored_value(change(scope))
        for token in update.removes:
            new.pop(scope.names[token], None)
        return new

    def _scope(self) -> Scope:
        given = self.arguments
        return Scope(
            self.table.items.get(self.where, {}), given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
        )


class DynamoDb:
    """The client and the service in one. `tables` maps names to definitions as in `chalicelib.storage.keys.TABLES`."""

    def __init__(self, tables: Mapping[str, dict[str, Any]], knobs: Knobs | None = None) -> None:
        self.knobs = knobs or Knobs()
        self.meter = Meter()
        self.hook: Hook | None = None
        self.observers: list[Callable[[list[Change]], None]] = []
        self.tables = {name: Table(name, definition) for name, definition in tables.items()}
        self._tokens: dict[str, tuple[float, str]] = {}
        self._made_tokens = 0

    def items(self, table: str) -> list[Item]:
        """All items of a table, in order; for looking at what became of a world."""
        return [self.tables[table].items[where] for where in sorted(self.tables[table].items)]

    def take_over(self, other: "DynamoDb") -> None:
        """Have the items of another one."""
        self.tables = deepcopy(other.tables)

    def _call(self, operation: str, arguments: Arguments, effect: Callable[[Arguments], Answer]) -> Answer:
        def carry_out() -> Answer:
            self.meter.requests[operation] += 1
            try:
                return effect(arguments)
            except InvalidExpression as invalid:
                raise error("ValidationException", str(invalid), operation) from None

        return carry_out() if self.hook is None else self.hook(Request(operation, arguments), carry_out)

    def get_item(self, **arguments: Any) -> Answer:
        return self._call("get_item", arguments, self._get)

    def batch_get_item(self, **arguments: Any) -> Answer:
        return self._call("batch_get_item", arguments, self._batch_get)

    def query(self, **arguments: Any) -> Answer:
        return self._call("query", arguments, self._query)

    def scan(self, **arguments: Any) -> Answer:
        return self._call("scan", arguments, self._scan)

    def put_item(self, **arguments: Any) -> Answer:
        return self._call("put_item", arguments, lambda given: self._write_one("Put", given))

    def update_item(self, **arguments: Any) -> Answer:
        return self._call("update_item", arguments, lambda given: self._write_one("Update", given))

    def delete_item(self, **arguments: Any) -> Answer:
        return self._call("delete_item", arguments, lambda given: self._write_one("Delete", given))

    def transact_write_items(self, **arguments: Any) -> Answer:
        """As the SDK does, a call without a token gets one, and keeps it when it is sent again."""
        if "ClientRequestToken" not in arguments:
            self._made_tokens += 1
            arguments["ClientRequestToken"] = f"made-{self._made_tokens}"
        return self._call("transact_write_items", arguments, self._transact)

    def _table(self, name: str) -> Table:
        if name not in self.tables:
            raise error("ResourceNotFoundException", f"Requested resource not found: {name}")
        return self.tables[name]

    def _get(self, given: Arguments) -> Answer:
        _allow(given, "TableName", "Key", "ConsistentRead")
        found = self._table(given["TableName"]).items.get(_key(given["Key"]))
        self._count_read(item_size(found) if found else 0, consistent=given.get("ConsistentRead", False))
        return {"Item": dict(found)} if found else {}

    def _count_read(self, size: int, *, consistent: bool) -> None:
        self.meter.bytes_read += size
        self.meter.read_units += read_units(size, consistent=consistent)

    def _batch_get(self, given: Arguments) -> Answer:
        _allow(given, "RequestItems")
        asked = [(name, key) for name, request in given["RequestItems"].items() for key in request["Keys"]]
        places = [(name, _key(key)) for name, key in asked]
        if not 1 <= len(asked) <= MOST_KEYS or len(set(places)) != len(asked):
            raise InvalidExpression("Too many items requested for the BatchGetItem call, none, or duplicates")
        answered = self.knobs.batch_keys(len(asked))
        responses: dict[str, list[Item]] = {name: [] for name in given["RequestItems"]}
        # AWS answers in no particular order.
        for name, where in reversed(places[:answered]):
            item = self._table(name).items.get(where)
            responses[name] += [dict(item)] if item else []
            self._count_read(item_size(item or {}), consistent=given["RequestItems"][name].get("ConsistentRead", False))
        left: dict[str, Any] = {}
        for name, key in asked[answered:]:
            left.setdefault(name, given["RequestItems"][name] | {"Keys": []})["Keys"].append(key)
        return {"Responses": responses, "UnprocessedKeys": left}

    def _query(self, given: Arguments) -> Answer:
        _allow(
            given, "TableName", "IndexName", "KeyConditionExpression", "FilterExpression", "ExpressionAttributeNames",
            "ExpressionAttributeValues", "ConsistentRead", "ScanIndexForward", "ExclusiveStartKey", "Limit",
        )  # fmt: skip
        _demand_tokens(given, given["KeyConditionExpression"], given.get("FilterExpression"))
        table, index = self._source(given)
        wanted = _Range.of(expressions.key_condition(given["KeyConditionExpression"]), given, _key_names(index))
        backwards = not given.get("ScanIndexForward", True)
        after = _start(given, index)
        if after and (after[0] != wanted.partition or not wanted.has(after[1][0])):
            raise InvalidExpression("The provided starting key is outside query boundaries based on provided conditions")
        order = (index or table).order
        entries = order.of(wanted.partition, after[1] if after else None, backwards=backwards)
        return self._page(given, table, index, ((wanted.partition, one) for one in entries if wanted.has(one[0])))

    def _scan(self, given: Arguments) -> Answer:
        _allow(given, "TableName", "IndexName", "ConsistentRead", "Segment", "TotalSegments", "ExclusiveStartKey", "Limit")
        table, index = self._source(given)
        segment, count = given.get("Segment", 0), given.get("TotalSegments", 1)
        if ("Segment" in given) != ("TotalSegments" in given) or not 0 <= segment < count:
            raise InvalidExpression("The Segment parameter is zero-based and must be less than parameter TotalSegments")
        after, part = _start(given, index), self.knobs.part(segment, count)
        if after and hash_of(after[0]) * count >> 32 != part:
            raise InvalidExpression("The provided Exclusive start key does not map to the provided Segment and TotalSegments values.")
        return self._page(given, table, index, (index or table).order.all(part, count, after))

    def _source(self, given: Arguments) -> tuple[Table, Index | None]:
        table = self._table(given["TableName"])
        if "IndexName" not in given:
            return table, None
        if given.get("ConsistentRead"):
            raise InvalidExpression("Consistent reads are not supported on global secondary indexes")
        index = table.indexes.get(given["IndexName"])
        if index is None:
            raise InvalidExpression(f"The table does not have the specified index: {given['IndexName']}")
        index.catch_up(self.knobs.now())
        return table, index

    def _page(self, given: Arguments, table: Table, index: Index | None, entries: Iterable[tuple[str, tuple[str, ...]]]) -> Answer:
        """One page: up to `Limit` items or its bytes, read before the filter takes some away."""
        limit, room = given.get("Limit", 1 << 62), self.knobs.page_bytes()
        if limit < 1:
            raise InvalidExpression("Limit must be greater than or equal to 1")
        found: list[Item] = []
        size, more = 0, False
        for partition, entry in entries:
            item = index.item(entry) if index else table.items[partition, entry[0]]
            if found and size >= room:
                more = True
                break
            size += item_size(item)
            found.append(item)
            if len(found) >= limit:
                more = True
                break
        self._count_read(size, consistent=given.get("ConsistentRead", False))
        kept = [dict(item) for item in found if _passes(given, item)]
        answer: Answer = {"Items": kept, "Count": len(kept), "ScannedCount": len(found)}
        return answer | ({"LastEvaluatedKey": _last_key(found[-1], index)} if more else {})

    def _prepared(self, verb: str, given: Arguments, *allowed: str) -> _Write:
        own = {"Put": ("Item",), "Update": ("Key", "UpdateExpression")}.get(verb, ("Key",))
        names = ("TableName", "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")
        _allow(given, *names, *own, *allowed)
        _demand_tokens(given, given.get("ConditionExpression"), given.get("UpdateExpression"))
        where = _key({name: given["Item"][name] for name in _KEY if name in given["Item"]} if verb == "Put" else given["Key"])
        if verb == "Update" and not _KEY.isdisjoint(_updated_names(given)):
            raise InvalidExpression("One or more parameter values were invalid: Cannot update attribute. This attribute is part of the key")
        return _Write(verb, self._table(given["TableName"]), where, given)

    def _write_one(self, verb: str, given: Arguments) -> Answer:
        write = self._prepared(verb, given, *(("ReturnValues",) if verb == "Update" else ()))
        if not write.holds():
            self._count_write(write, write.table.items.get(write.where), 1)
            raise error("ConditionalCheckFailedException", CONDITION_FAILED, f"{verb}Item")
        new = _checked(write, write.result())
        self._count_write(write, new, 1)
        self._commit([(write, new)])
        return {"Attributes": dict(new)} if new and given.get("ReturnValues") == "ALL_NEW" else {}

    def _count_write(self, write: _Write, new: Item | None, factor: int) -> None:
        old = write.table.items.get(write.where)
        size = max(item_size(old) if old else 0, item_size(new) if new else 0)
        indexes = sum(index.write_cost(old, new) for index in write.table.indexes.values())
        self.meter.write_units += factor * (write_units(size) + indexes)

    def _commit(self, written: list[tuple[_Write, Item | None]]) -> None:
        shows_at = self.knobs.now() + self.knobs.index_lag()
        changes = [write.table.write(write.where, new, shows_at) for write, new in written]
        for observer in self.observers:
            observer(changes)

    def _transact(self, given: Arguments) -> Answer:
        _allow(given, "TransactItems", "ClientRequestToken")
        if self._sent_before(given):
            return {}
        writes = []
        for action in given["TransactItems"]:
            ((verb, arguments),) = action.items()
            if verb not in _VERBS:
                raise InvalidExpression(f"{verb} is no action of a transaction")
            writes.append(self._prepared(verb, arguments))
        if not 1 <= len(writes) <= MOST_ACTIONS:
            raise InvalidExpression("Member must have length less than or equal to 100")
        if len({(id(write.table), write.where) for write in writes}) < len(writes):
            raise InvalidExpression("Transaction request cannot include multiple operations on one item")
        results = self._results(writes)
        for write, new in results:
            self._count_write(write, new, 2)
        self._commit([one for one in results if one[0].verb != "ConditionCheck"])
        self._tokens[given["ClientRequestToken"]] = (self.knobs.now(), _fingerprint(given))
        return {}

    def _sent_before(self, given: Arguments) -> bool:
        """Whether the token stands for a transaction that was carried out less than ten minutes ago."""
        known = self._tokens.get(given["ClientRequestToken"])
        if known is None or self.knobs.now() - known[0] >= TOKEN_SECONDS:
            return False
        if known[1] != _fingerprint(given):
            raise error("IdempotentParameterMismatchException", "", "TransactWriteItems")
        return True

    def _results(self, writes: list[_Write]) -> list[tuple[_Write, Item | None]]:
        reasons: list[str] = []
        results: list[tuple[_Write, Item | None]] = []
        for write in writes:
            try:
                result = _checked(write, write.result()) if write.holds() else _REFUSED
            except InvalidExpression:
                reasons.append("ValidationError")
                continue
            reasons.append("None" if result is not _REFUSED else "ConditionalCheckFailed")
            if result is not _REFUSED:
                results.append((write, result))
        if len(results) < len(writes):
            for write in writes:
                self._count_write(write, write.table.items.get(write.where), 2)
            raise error("TransactionCanceledException", operation="TransactWriteItems", reasons=reasons)
        if sum(item_size(new) for _, new in results if new) > MOST_TRANSACTION_BYTES:
            raise InvalidExpression("Collection size of items in the transaction exceeds 4 MB")
        return results


class _Range(NamedTuple):
    """The part of a partition that a query asks for."""

    partition: str
    operator: str | None
    bounds: tuple[str, ...]

    @classmethod
    def of(cls, condition: KeyCondition, given: Arguments, key_names: tuple[str, str]) -> "_Range":
        names, values = given["ExpressionAttributeNames"], given["ExpressionAttributeValues"]
        asked = (names[f"#{condition.hash_name}"], names[f"#{condition.range_name}"] if condition.range_name else key_names[1])
        if asked != key_names:
            raise InvalidExpression("Query condition missed key schema element")
        if any("S" not in values[token] for token in condition.range_values):
            raise InvalidExpression("Incorrect operand type for operator or function")
        bounds = tuple(values[token]["S"] for token in condition.range_values)
        if condition.operator == "BETWEEN" and bounds[0] > bounds[1]:
            raise InvalidExpression("The BETWEEN operator requires upper bound to be greater than or equal to lower bound")
        return cls(values[condition.hash_value]["S"], condition.operator, bounds)

    def has(self, key: str) -> bool:
        if self.operator is None:
            return True
        if self.operator == "begins_with":
            return key.startswith(self.bounds[0])
        return self.bounds[0] <= key <= self.bounds[1]


def _allow(given: Arguments, *names: str) -> None:
    unknown = given.keys() - set(names)
    if unknown:
        raise AssertionError(f"storage sends {sorted(unknown)}, which this DynamoDB does not know")


def _key(key: Mapping[str, Any]) -> Place:
    if key.keys() != _KEY or not all(one.get("S") for one in key.values()):
        raise InvalidExpression("The provided key element does not match the schema")
    return place(key)  # type: ignore[arg-type]


def _key_names(index: Index | None) -> tuple[str, str]:
    return index.names if index else ("pk", "sk")


def _start(given: Arguments, index: Index | None) -> tuple[str, tuple[str, ...]] | None:
    """The partition and the entry to go on after."""
    key = given.get("ExclusiveStartKey")
    if key is None:
        return None
    if key.keys() != _KEY | set(_key_names(index)) or not all(one.get("S") for one in key.values()):
        raise InvalidExpression("The provided starting key is invalid")
    return index.entry(key) if index else (key["pk"]["S"], (key["sk"]["S"],))


def _last_key(item: Item, index: Index | None) -> Item:
    return {name: item[name] for name in sorted(_KEY | set(_key_names(index)))}


def _passes(given: Arguments, item: Item) -> bool:
    text = given.get("FilterExpression")
    scope = Scope(item, given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {}))
    return text is None or expressions.condition(text)(scope)


@lru_cache(maxsize=4096)
def _used(texts: tuple[str | None, ...]) -> frozenset[str]:
    return frozenset(expressions.used_tokens(*texts))


def _demand_tokens(given: Arguments, *texts: str | None) -> None:
    """Every name and value that is given is used, and the other way round. No expression is too long."""
    if any(text and len(text.encode()) > MOST_EXPRESSION_BYTES for text in texts):
        raise InvalidExpression("Expression size has exceeded the maximum allowed size")
    told = given.get("ExpressionAttributeNames", {}).keys() | given.get("ExpressionAttributeValues", {}).keys()
    used = _used(texts)
    if told != used:
        raise InvalidExpression(f"An expression attribute name or value is not defined, or unused: {sorted(told ^ used)}")


def _updated_names(given: Arguments) -> Iterator[str]:
    update = expressions.update(given["UpdateExpression"])
    return (given["ExpressionAttributeNames"][token] for token in (*(name for name, _ in update.sets), *update.removes))


def _checked(write: _Write, new: Item | None) -> Item | None:
    if new is not None and item_size(new) > MAX_ITEM:
        raise InvalidExpression("Item size has exceeded the maximum allowed size")
    for index in write.table.indexes.values():
        if new is not None and any(name in new and not new[name].get("S") for name in index.names):
            raise InvalidExpression("One or more parameter values are not valid for an index key")
    return new


def _stored(item: Item) -> Item:
    return {name: _stored_value(value) for name, value in item.items()}


def _stored_value(value: dict[str, Any]) -> dict[str, Any]:
    """A value as it comes back: numbers are normalised, everything else stays. A set has members, each once."""
    if "N" in value:
        return {"N": expressions.number(value["N"])}
    ((kind, members),) = value.items()
    if kind in ("NS", "SS") and not 0 < len(set(members)) == len(members):
        raise InvalidExpression("One or more parameter values were invalid: a set may not be empty, nor hold a member twice")
    if "L" in value:
        return {"L": [_stored_value(one) for one in value["L"]]}
    if "M" in value:
        return {"M": _stored(value["M"])}
    return value


def _fingerprint(given: Arguments) -> str:
    return json.dumps(given["TransactItems"], sort_keys=True, default=repr)
