"""DynamoDB in a dozen shapes: items as plain dicts in and out, conditions as expressions, errors as the domain's.

In expressions `#word` stands for the attribute `word`; `:word` for the value of that name. So no reserved word matters.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

from ..domain.errors import BillingError, Throttled
from .errors import translated
from .keys import Key
from .retry import pause_between_writers

Item = dict[str, Any]
Action = dict[str, Any]

_BATCH_KEYS: Final = 100
_LOOKED_THROUGH: Final = 1000
_NAME = re.compile(r"#(\w+)")


class Page(NamedTuple):
    """Some items of a query or scan, and the key to go on after; None at the end."""

    items: list[Item]
    last: Key | None


def encode(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as DynamoDB writes it. Raises `TypeError` for floats."""
    return {name: {"S": value} if type(value) is str else _written(value) for name, value in item.items()}


def decode(item: Mapping[str, Any]) -> Item:
    """An item as plain values: numbers as `Decimal`, binary as `bytes`."""
    return {name: _read(value) for name, value in item.items()}


def _written(value: Any) -> Any:
    """A value with its kind. Numbers go as their exact digits: DynamoDB keeps 38 of them and refuses more."""
    kind = type(value)
    if kind is str:  # almost every attribute is text or a number: no look-up for those
        return {"S": value}
    if kind is int or kind is Decimal:
        return {"N": format(value, "f") if kind is Decimal else str(value)}
    if kind not in _WRITERS:
        raise TypeError(f"no item holds a {kind.__name__}")
    return _WRITERS[kind](value)


def _read(value: Any) -> Any:
    if "S" in value:
        return value["S"]
    if "N" in value:
        return Decimal(value["N"])
    ((kind, plain),) = value.items()
    return _READERS[kind](plain)


# The other kinds that items have. boto3 could do it, but takes three times as long, and a tenth of a cold start to import.
_WRITERS: Final[Mapping[type, Callable[[Any], Any]]] = {
    bool: lambda flag: {"BOOL": flag},
    type(None): lambda _: {"NULL": True},
    bytes: lambda packed: {"B": packed},
    list: lambda parts: {"L": [_written(part) for part in parts]},
    dict: lambda parts: {"M": encode(parts)},
    set: lambda numbers: {"NS": [str(number) for number in numbers]},
}
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "BOOL": lambda flag: flag,
    "NULL": lambda _: None,
    "B": lambda packed: packed,
    "L": lambda parts: [_read(part) for part in parts],
    "M": decode,
    "NS": lambda numbers: {Decimal(number) for number in numbers},
}


def _expressions(values: Mapping[str, Any] | None, **expressions: str | None) -> dict[str, Any]:
    """The expression arguments of a call, with the names and values that they use."""
    arguments: dict[str, Any] = {name: text for name, text in expressions.items() if text}
    if arguments:
        arguments["ExpressionAttributeNames"] = _names(*arguments.values()).copy()
    if values:
        arguments["ExpressionAttributeValues"] = encode({f":{name}": value for name, value in values.items()})
    return arguments


@lru_cache(maxsize=256)
def _names(*expressions: str) -> dict[str, str]:
    """The names that expressions use; cached, because there are a few dozen of them."""
    return {f"#{name}": name for text in expressions for name in _NAME.findall(text)}


def put(table: str, item: Item, *, condition: str | None = None, values: Mapping[str, Any] | None = None) -> Action:
    """Write the whole item."""
    return {"Put": {"TableName": table, "Item": encode(item)} | _expressions(values, ConditionExpression=condition)}


def create(table: str, item: Item) -> Action:
    """Write the item if its key is free."""
    return put(table, item, condition="attribute_not_exists(#pk)")


def update(table: str, key: Key, change: str, *, condition: str | None, values: Mapping[str, Any] | None = None) -> Action:
    """Change attributes. The SDK may send a write twice, so only an action beside a guarded one goes without condition."""
    expressions = _expressions(values, UpdateExpression=change, ConditionExpression=condition)
    return {"Update": {"TableName": table, "Key": encode(key)} | expressions}


def delete(table: str, key: Key, *, condition: str, values: Mapping[str, Any] | None = None) -> Action:
    """Remove the item."""
    return {"Delete": {"TableName": table, "Key": encode(key)} | _expressions(values, ConditionExpression=condition)}


class Budget(NamedTuple):
    """How many calls may be made, and what is raised in place of one more."""

    calls: int
    spent: BillingError


class Db:
    """A DynamoDB client and the real names of the logical tables of `keys`. Counts its `calls`, and keeps within a budget if it has one."""

    def __init__(self, client: Any, tables: Mapping[str, str], budget: Budget | None = None) -> None:
        self._client = client
        self._tables = tables
        self._budget = budget
        self.calls = 0

    def within(self, budget: Budget) -> "Db":
        """The same tables, counted anew."""
        return Db(self._client, self._tables, budget)

    def _call(self, operation: Callable[..., Any], arguments: Mapping[str, Any], *, refusing_after: bool = False) -> Any:
        self.calls += 1
        if self._budget and self.calls > self._budget.calls:
            raise self._budget.spent
        with translated(refusing_after=refusing_after):
            return operation(**arguments)

    def get(self, table: str, key: Key) -> Item | None:
        """The item, read consistently; None when there is none."""
        arguments = {"TableName": self._tables[table], "Key": encode(key), "ConsistentRead": True}
        answer = self._call(self._client.get_item, arguments)
        return decode(answer["Item"]) if "Item" in answer else None

    def get_many(self, table: str, keys: Sequence[Key]) -> dict[tuple[str, str], Item]:
        """The items that exist, by (pk, sk), read consistently."""
        found: dict[tuple[str, str], Item] = {}
        unique = list({(key["pk"], key["sk"]): key for key in keys}.values())
        for start in range(0, len(unique), _BATCH_KEYS):
            for item in self._batch(table, unique[start : start + _BATCH_KEYS]):
                found[item["pk"], item["sk"]] = item
        return found

    def _batch(self, table: str, keys: Sequence[Key]) -> Iterator[Item]:
        pending: list[Any] = [encode(key) for key in keys]
        for tries in range(12):
            request = {self._tables[table]: {"Keys": pending, "ConsistentRead": True}}
            answer = self._call(self._client.batch_get_item, {"RequestItems": request})
            yield from map(decode, answer["Responses"].get(self._tables[table], ()))
            pending = answer.get("UnprocessedKeys", {}).get(self._tables[table], {}).get("Keys", [])
            if not pending:
                return
            pause_between_writers(min(0.05 * 2**tries, 1.0))
        raise Throttled("the database asks for patience; try again")

    def query(
        self,
        table: str,
        condition: str,
        values: Mapping[str, Any],
        *,
        index: str | None = None,
        having: str | None = None,
        after: Key | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Page:
        """One page. An index is read as it is, possibly a moment behind; a table consistently."""
        arguments = _expressions(values, KeyConditionExpression=condition, FilterExpression=having)
        arguments |= {"IndexName": index} if index else {"ConsistentRead": True}
        return self._page(self._client.query, table, after, limit, arguments | {"ScanIndexForward": not newest_first})

    def query_some(
        self, table: str, condition: str, values: Mapping[str, Any], wanted: Callable[[Item], bool], after: Key | None, limit: int
    ) -> Page:
        """Up to `limit` wanted items of the next 1,000 of a table: maybe fewer, or none, although there is a key to go on after."""
        page = self.query(table, condition, values, after=after, limit=max(limit, _LOOKED_THROUGH))
        found = [item for item in page.items if wanted(item)]
        if len(found) <= limit:
            return Page(found, page.last)
        return Page(found[:limit], {name: found[limit - 1][name] for name in ("pk", "sk")})

    def query_all(self, table: str, condition: str, values: Mapping[str, Any], **options: Any) -> Iterator[Item]:
        """All items of a query, page by page."""
        page = self.query(table, condition, values, **options)
        yield from page.items
        while page.last:
            page = self.query(table, condition, values, after=page.last, **options)
            yield from page.items

    def scan(
        self,
        table: str,
        *,
        index: str | None = None,
        segment: tuple[int, int] | None = None,
        after: Key | None = None,
        limit: int | None = None,
    ) -> Page:
        """One page of everything, or of segment `(number, count)`. A table is read consistently."""
        arguments: dict[str, Any] = {"IndexName": index} if index else {"ConsistentRead": True}
        if segment:
            arguments |= {"Segment": segment[0], "TotalSegments": segment[1]}
        return self._page(self._client.scan, table, after, limit, arguments)

    def _page(self, call: Any, table: str, after: Key | None, limit: int | None, arguments: dict[str, Any]) -> Page:
        if after:
            arguments["ExclusiveStartKey"] = encode(after)
        if limit:
            arguments["Limit"] = limit
        answer = self._call(call, arguments | {"TableName": self._tables[table]}, refusing_after=after is not None)
        last = answer.get("LastEvaluatedKey")
        return Page([decode(item) for item in answer["Items"]], cast(Key, decode(last)) if last else None)

    def write(self, action: Action) -> Item:
        """Carry out one action by itself; the item as it is afterwards for an update. Raises `ConditionFailed`."""
        ((verb, arguments),) = action.items()
        call = {"Put": self._client.put_item, "Update": self._client.update_item, "Delete": self._client.delete_item}[verb]
        extra = {"ReturnValues": "ALL_NEW"} if verb == "Update" else {}
        answer = self._call(call, arguments | extra | {"TableName": self._tables[arguments["TableName"]]})
        return decode(answer.get("Attributes", {}))

    def transact(self, actions: Sequence[Action]) -> None:
        """Carry out all actions or none. Raises `Cancelled` with a reason for each."""
        named = [
            {verb: arguments | {"TableName": self._tables[arguments["TableName"]]} for verb, arguments in action.items()}
            for action in actions
        ]
        self._call(self._client.transact_write_items, {"TransactItems": named})
