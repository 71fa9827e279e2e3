"""What a kind of long work does, and the records by which its pieces pass on to the merge what they found."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from ...domain.work import WorkFailure
from ...storage.keys import Key
from ..segment import Member, Unreadable


class Record(NamedTuple):
    """What is kept of a member. `key` orders records and tells them apart: of two with one key, which come when a page was read
    twice, one counts. Its parts are printable ASCII; the value is JSON."""

    key: tuple[str, ...]
    value: Any


def line_of(record: Record) -> bytes:
    """A record as a line. Lines sort as keys do: the tab between the parts comes before all that is printable."""
    return "\t".join((*record.key, json.dumps(record.value, separators=(",", ":")))).encode() + b"\n"


def record_of(line: bytes) -> Record:
    """What a line says."""
    *key, value = line.decode().split("\t")
    return Record(tuple(key), json.loads(value))


class Resort(Protocol):
    """Sorts what was merged by other keys, so that it is merged once more: in the order of what came of it, not of whom it is."""

    @property
    def depth(self) -> int:
        """How many parts of a key say which records belong together."""

    def records(self, number: int, groups: Iterator[Iterator[Record]]) -> Iterable[Record]:
        """The new records of some groups, in any order. `number` counts the calls, each of which has other groups."""


class Strategy(Protocol):
    """What a kind of work does: for whom, what it keeps of each, and what it makes of that."""

    @property
    def depth(self) -> int:
        """How many parts of a key say to which row a record belongs."""

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[Member]:
        """The members of a segment behind the cursor, in bounded parts."""

    def records(self, member: Any) -> Iterable[Record | WorkFailure]:
        """What is kept of a member, in any order, and what of it fails."""

    def counted(self, record: Record) -> str | None:
        """As what a record is counted while the work goes on; None if it is not."""

    @property
    def resort(self) -> Resort | None:
        """Sorts all records anew before rows are made of them; None if they are in the right order."""

    def row(self, records: Iterator[Record]) -> Mapping[str, Any] | None:
        """The row that all records of one row make, in the order of their keys; None for none."""

    @property
    def file_depth(self) -> int:
        """How many parts of a key say to which file a row belongs; 0 if all go into one."""

    def file_name(self, number: int, key: tuple[str, ...]) -> str:
        """How the file of this number, from 1, is called, whose keys begin with `key`."""

    def heading(self) -> bytes:
        """What a file begins with."""

    def line(self, row: Mapping[str, Any]) -> bytes:
        """A row as its line in a file."""


class Uncounted:
    """Most works tell of their pieces only, and count nothing."""

    def counted(self, _record: Record) -> str | None:
        """As nothing."""
        return None


class NamedFiles(Uncounted):
    """The files of most results: called by the first part of their rows' keys, several alike if there are very many rows. Each row says
    what it is."""

    def file_name(self, _number: int, key: tuple[str, ...]) -> str:
        """What its rows are."""
        return key[0] if key else ""

    def heading(self) -> bytes:
        """None."""
        return b""
