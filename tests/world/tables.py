"""Tables and indexes in memory: items in key order, partitions in the order of their hash, indexes that may lag behind."""

import zlib
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from .sizes import item_size, write_units

Item = dict[str, dict[str, Any]]
Place = tuple[str, str]
"""Partition and sort key."""


def place(item: Item) -> Place:
    """Where an item or its key lies."""
    return item["pk"]["S"], item["sk"]["S"]


def hash_of(text: str) -> int:
    """32 bits that spread partitions over segments."""
    return zlib.crc32(text.encode()) * 2654435761 & 0xFFFFFFFF


class Order:
    """Entries of partitions, each partition sorted; the partitions sorted by hash."""

    def __init__(self) -> None:
        self._partitions: dict[str, list[tuple[str, ...]]] = {}
        self._hashes: list[tuple[int, str]] = []

    def add(self, partition: str, entry: tuple[str, ...]) -> None:
        entries = self._partitions.get(partition)
        if entries is None:
            entries = self._partitions[partition] = []
            insort(self._hashes, (hash_of(partition), partition))
        insort(entries, entry)

    def remove(self, partition: str, entry: tuple[str, ...]) -> None:
        entries = self._partitions[partition]
        del entries[bisect_left(entries, entry)]
        if not entries:
            del self._partitions[partition]
            del self._hashes[bisect_left(self._hashes, (hash_of(partition), partition))]

    def of(self, partition: str, after: tuple[str, ...] | None, *, backwards: bool = False) -> Iterator[tuple[str, ...]]:
        """The partition's entries behind `after`, in the direction of reading."""
        entries = self._partitions.get(partition, [])
        if backwards:
            return reversed(entries[: len(entries) if after is None else bisect_left(entries, after)])
        return iter(entries[0 if after is None else bisect_right(entries, after) :])

    def all(self, segment: int, count: int, after: tuple[str, tuple[str, ...]] | None) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The entries of the partitions whose hash lies in the segment, behind `after` = (partition, entry)."""
        low = (1 << 32) * segment // count
        high = (1 << 32) * (segment + 1) // count
        start = bisect_left(self._hashes, (low,) if after is None else (hash_of(after[0]), after[0]))
        for number in range(start, len(self._hashes)):
            hashed, partition = self._hashes[number]
            if hashed >= high:
                return
            behind = after[1] if after and after[0] == partition else None
            for entry in self.of(partition, behind):
                yield partition, entry


class Index:
    """A global secondary index. Changes wait in a queue until their moment has come."""

    def __init__(self, schema: list[dict[str, str]], projection: str) -> None:
        self.names = (schema[0]["AttributeName"], schema[1]["AttributeName"])
        self._keys_only = projection == "KEYS_ONLY"
        self._pending: deque[tuple[float, Place, Item | None]] = deque()
        self._items: dict[Place, Item] = {}
        self.order = Order()

    def projected(self, item: Item | None) -> Item | None:
        """What the index keeps of an item; None when the item lacks its keys."""
        if item is None or any(name not in item for name in self.names):
            return None
        if not self._keys_only:
            return item
        return {name: item[name] for name in {"pk": None, "sk": None} | dict.fromkeys(self.names)}

    def write_cost(self, old: Item | None, new: Item | None) -> int:
        """The write units that a change of the table's item costs here."""
        before, after = self.projected(old), self.projected(new)
        if before == after:
            return 0
        if before and after and self.entry(before) == self.entry(after):
            return write_units(max(item_size(before), item_size(after)))
        return sum(write_units(item_size(one)) for one in (before, after) if one)

    def entry(self, item: Item) -> tuple[str, tuple[str, ...]]:
        """The partition and the sorted entry of an item here."""
        hash_name, range_name = self.names
        return item[hash_name]["S"], (item[range_name]["S"], *place(item))

    def change(self, at: float, where: Place, new: Item | None) -> None:
        """Take a change that shows from `at` on; changes show in their order."""
        if self._pending:
            at = max(at, self._pending[-1][0])
        self._pending.append((at, where, self.projected(new)))

    def catch_up(self, now: float) -> None:
        """Show what is due by now."""
        while self._pending and self._pending[0][0] <= now:
            _, where, new = self._pending.popleft()
            old = self._items.pop(where, None)
            if old is not None:
                self.order.remove(*self.entry(old))
            if new is not None:
                self._items[where] = new
                self.order.add(*self.entry(new))

    def item(self, entry: tuple[str, ...]) -> Item:
        return self._items[entry[1], entry[2]]


class Change(NamedTuple):
    """What a write did to one item of a logical table; None is no item."""

    table: str
    old: Item | None
    new: Item | None


class Table:
    """Items by their keys `pk` and `sk`."""

    def __init__(self, name: str, definition: dict[str, Any]) -> None:
        self.name = name
        self.items: dict[Place, Item] = {}
        self.order = Order()
        self.indexes = {
            one["IndexName"]: Index(one["KeySchema"], one["Projection"]["ProjectionType"])
            for one in definition.get("GlobalSecondaryIndexes", ())
        }

    def write(self, where: Place, new: Item | None, shows_at: float) -> Change:
        """Replace or remove an item."""
        old = self.items.get(where)
        if new is None:
            self.items.pop(where, None)
        else:
            self.items[where] = new
        if old is None and new is not None:
            self.order.add(where[0], (where[1],))
        elif old is not None and new is None:
            self.order.remove(where[0], (where[1],))
        for index in self.indexes.values():
            if index.projected(old) != index.projected(new):
                index.change(shows_at, where, new)
        return Change(self.name, old, new)
