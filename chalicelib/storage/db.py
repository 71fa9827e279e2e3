"""The DynamoDB operations that the service uses: items are plain dicts, conditions expressions, errors those of the domain.

In expressions `#word` stands for the attribute `word`; `:word` for the value of that name. That way reserved words need no care.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple, cast

from ..domain.errors import BillingError, Malformed, Throttled
from .errors import translated
from .keys import Key
from .retry import pause_between_writers

Item = dict[str, Any]
Action = dict[str, Any]

_BATCH_KEYS_MAX: Final = 100
_ITEMS_READ_MAX: Final = 1000
_NAME_PLACEHOLDER = re.compile(r"#(\w+)")


class Page(NamedTuple):
    """Some items of a query or scan, and the key to go on after; None at the end."""

    items: list[Item]
    last: Key | None


def encode(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as DynamoDB writes it. Raises `TypeError` for floats."""
    return {name: {"S": value} if type(value) is str else _encoded(value) for name, value in item.items()}


def decode(item: Mapping[str, Any]) -> Item:
    """An item as plain values: numbers as `Decimal`, binary as `bytes`."""
    return {name: _plain_value(value) for name, value in item.items()}


def _encoded(value: Any) -> Any:
    """A value with its kind. Numbers go as their exact digits: DynamoDB keeps 38 of them and refuses more."""
    kind = type(value)
    if kind is str:  # almost every attribute is text or a number: no look-up for those
        return {"S": value}
    if kind is int or kind is Decimal:
        return {"N": format(value, "f") if kind is Decimal else str(value)}
    if kind not in _WRITERS:
        raise TypeError(f"no item holds a {kind.__name__}")
    return _WRITERS[kind](value)


def _plain_value(value: Any) -> Any:
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
    list: lambda parts: {"L": [_encoded(part) for part in parts]},
    dict: lambda parts: {"M": encode(parts)},
    set: lambda numbers: {"NS": [str(number) for number in numbers]},
}
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "BOOL": lambda flag: flag,
    "NULL": lambda _: None,
    "B": lambda packed: packed,
    "L": lambda parts: [_plain_value(part) for part in parts],
    "M": decode,
    "NS": lambda numbers: {Decimal(number) for number in numbers},
}


def _expressions(values: Mapping[str, Any] | None, **expressions: str | None) -> dict[str, Any]:
    """The expression arguments of a call, with the names and values that they use."""
    arguments: dict[str, Any] = {name: text for name, text in expressions.items() if text}
    if arguments:
        arguments["ExpressionAttributeNames"] = _attribute_names(*arguments.values()).copy()
    if values:
        arguments["ExpressionAttributeValues"] = encode({f":{name}": value for name, value in values.items()})
    return arguments


@lru_cache(maxsize=256)
def _attribute_names(*expressions: str) -> dict[str, str]:
    """The names that expressions use; cached, because there are a few dozen of them."""
    return {f"#{name}": name for text in expressions for name in _NAME_PLACEHOLDER.findall(text)}


def put(table: str, item: Item, *, condition: str | None = None, values: Mapping[str, Any] | None = None) -> Action:
    """Write the whole item."""
    return {"Put": {"TableName": table, "Item": encode(item)} | _expressions(values, ConditionExpression=condition)}


def put_new(table: str, item: Item) -> Action:
    """Write the item if its key is free."""
    return put(table, item, condition="attribute_not_exists(#pk)")


def update(table: str, key: Key, change: str, *, condition: str | None, values: Mapping[str, Any] | None = None) -> Action:
    """Change attributes. The SDK may send a write twice, so only an action beside a guarded one goes without condition."""
    expressions = _expressions(values, UpdateExpression=change, ConditionExpression=condition)
    return {"Update": {"TableName": table, "Key": encode(key)} | expressions}


def remove(table: str, key: Key, *, condition: str | None, values: Mapping[str, Any] | None = None) -> Action:
    """Remove the item; without condition as an update."""
    return {"Delete": {"TableName": table, "Key": encode(key)} | _expressions(values, ConditionExpression=condition)}


def check(table: str, key: Key, *, condition: str, values: Mapping[str, Any] | None = None) -> Action:
    """Change nothing: a transaction with it is carried out only while the condition holds."""
    return {"ConditionCheck": {"TableName": table, "Key": encode(key)} | _expressions(values, ConditionExpression=condition)}


class Budget(NamedTuple):
    """How many calls may be made, and what is raised in place of one more."""

    calls: int
    spent: BillingError


class Db:
    """A DynamoDB client and the real names of the logical tables of `keys`. Counts its `calls`, and keeps within a budget if it has one."""

    def __init__(self, client: Any, tables: Mapping[str, str], budget: Budget | None = None) -> None:
        self.client = client
        self.tables = tables
        self._budget = budget
        self.calls = 0

    def within(self, budget: Budget) -> "Db":
        """The same tables, counted anew."""
        return Db(self.client, self.tables, budget)

    def _call(self, operation: Callable[..., Any], arguments: Mapping[str, Any], *, refusing_after: bool = False) -> Any:
        self.calls += 1
        if self._budget and self.calls > self._budget.calls:
            raise self._budget.spent
        with translated(refusing_after=refusing_after):
            return operation(**arguments)

    def get(self, table: str, key: Key) -> Item | None:
        """The item, read consistently; None when there is none."""
        arguments = {"TableName": self.tables[table], "Key": encode(key), "ConsistentRead": True}
        answer = self._call(self.client.get_item, arguments)
        return decode(answer["Item"]) if "Item" in answer else None

    def get_many(self, table: str, keys: Sequence[Key]) -> dict[tuple[str, str], Item]:
        """The items that exist, by (pk, sk), read consistently."""
        return self.get_across([(table, key) for key in keys])

    def get_across(self, wanted: Sequence[tuple[str, Key]]) -> dict[tuple[str, str], Item]:
        """The same from several tables, which must not have a key in common."""
        found: dict[tuple[str, str], Item] = {}
        unique = list({(key["pk"], key["sk"]): (table, key) for table, key in wanted}.values())
        for start in range(0, len(unique), _BATCH_KEYS_MAX):
            for item in self._batch(unique[start : start + _BATCH_KEYS_MAX]):
                found[item["pk"], item["sk"]] = item
        return found

    def _batch(self, wanted: Sequence[tuple[str, Key]]) -> Iterator[Item]:
        pending: dict[str, Any] = {}
        for table, key in wanted:
            pending.setdefault(self.tables[table], {"Keys": [], "ConsistentRead": True})["Keys"].append(encode(key))
        for tries in range(12):
            answer = self._call(self.client.batch_get_item, {"RequestItems": pending})
            yield from map(decode, chain.from_iterable(answer["Responses"].values()))
            pending = answer.get("UnprocessedKeys", {})
            if not pending:
                return
            pause_between_writers(min(0.05 * 2**tries, 1.0))
        raise Throttled("the database is busy; try again")

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
        return self._page(self.client.query, table, after, limit, arguments | {"ScanIndexForward": not newest_first})

    def query_some(
        self, table: str, condition: str, values: Mapping[str, Any], wanted: Callable[[Item], bool], after: Key | None, limit: int
    ) -> Page:
        """Up to `limit` wanted items of the next 1,000 of a table: maybe fewer, or none, although there is a key to go on after."""
        page = self.query(table, condition, values, after=after, limit=max(limit, _ITEMS_READ_MAX))
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
        return self._page(self.client.scan, table, after, limit, arguments)

    def segment_pages(self, table: str, segment: tuple[int, int], after: Key | None) -> Iterator[Page]:
        """The pages of a segment `(number, count)` of a table, behind a key.

        A segment whose keys are not shared out any more as when `after` was given is read from its beginning.
        """
        try:
            page = self.scan(table, segment=segment, after=after)
        except Malformed:
            page = self.scan(table, segment=segment)
        yield page
        while page.last:
            page = self.scan(table, segment=segment, after=page.last)
            yield page

    def _page(self, call: Any, table: str, after: Key | None, limit: int | None, arguments: dict[str, Any]) -> Page:
        if after:
            arguments["ExclusiveStartKey"] = encode(after)
        if limit:
            arguments["Limit"] = limit
        answer = self._call(call, arguments | {"TableName": self.tables[table]}, refusing_after=after is not None)
        last = answer.get("LastEvaluatedKey")
        return Page([decode(item) for item in answer["Items"]], cast(Key, decode(last)) if last else None)

    def write(self, action: Action) -> Item:
        """Carry out one action by itself; the item as it is afterwards for an update. Raises `ConditionFailed`."""
        ((verb, arguments),) = action.items()
        call = {"Put": self.client.put_item, "Update": self.client.update_item, "Delete": self.client.delete_item}[verb]
        extra = {"ReturnValues": "ALL_NEW"} if verb == "Update" else {}
        answer = self._call(call, arguments | extra | {"TableName": self.tables[arguments["TableName"]]})
        return decode(answer.get("Attributes", {}))

    def transact(self, actions: Sequence[Action]) -> None:
        """Carry out all actions or none. Raises `Cancelled` with a reason for each."""
        named = [
            {verb: arguments | {"TableName": self.tables[arguments["TableName"]]} for verb, arguments in action.items()}
            for action in actions
        ]
        self._call(self.client.transact_write_items, {"TransactItems": named})
