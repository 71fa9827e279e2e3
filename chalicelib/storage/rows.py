"""Named tuples as rows: lists of their values in the order of columns. Packed items hold many of them in few bytes.

The columns are storage's own, and what is stored relies on their order for good: none is moved or removed. A new one is appended,
with the format that begins with it and the value that its absence means. A row has it only if its value is another one; so the
former release reads all rows that say nothing new.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

from .codec import REQUIRED, demand_all_stored

T = TypeVar("T", bound=tuple[Any, ...])
FIRST: Final = 1
"""The format of rows as the first release wrote them."""
LATEST: Final = 3
"""The format that begins with the newest columns."""
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Column(NamedTuple):
    """Where a row has a field: how its value is written (None: as it is) and read, what a row that ends before it means, and since
    which format it is there. `format` is the format that a value needs, such as one with rows of its own."""

    field: str
    read: Callable[[Any], Any] | None = None
    write: Callable[[Any], Any] | None = None
    format: Callable[[Any], int] | None = None
    absent: Any = REQUIRED
    since: int = FIRST


def plain_column(field: str, absent: Any = REQUIRED, since: int = FIRST) -> Column:
    """Text, flags, whole numbers."""
    return Column(field, absent=absent, since=since)


def word_column(field: str, stored_as: Mapping[str, str]) -> Column:
    """A word, some of which are stored as other words."""
    read = {stored: word for word, stored in stored_as.items()}
    return Column(field, lambda stored: read.get(stored, stored), lambda word: stored_as.get(word, word))


def integer_column(field: str, absent: Any = REQUIRED, since: int = FIRST) -> Column:
    """Whole numbers, also where the database reads them as `Decimal`."""
    return Column(field, int, absent=absent, since=since)


def amount_column(field: str, absent: Any = REQUIRED, since: int = FIRST) -> Column:
    """Amounts, some of which may be None."""
    return Column(field, lambda stored: None if stored is None else Decimal(stored), absent=absent, since=since)


def date_column(field: str, absent: Any = REQUIRED, since: int = FIRST) -> Column:
    """Dates, some of which may be None."""
    return Column(field, lambda stored: None if stored is None else date.fromisoformat(stored), absent=absent, since=since)


def dates_column(field: str, absent: Any = REQUIRED, since: int = FIRST) -> Column:
    """Tuples of dates."""
    return Column(field, lambda stored: tuple(map(date.fromisoformat, stored)), absent=absent, since=since)


def numbers_column(field: str, absent: Any = REQUIRED, since: int = FIRST) -> Column:
    """Tuples of whole numbers."""
    return Column(field, tuple, absent=absent, since=since)


class RowFormat(Generic[T]):
    """Writes and reads one kind of named tuple as rows. `unstored` are fields that rows don't have, with the values that they get."""

    def __init__(self, kind: type[T], *columns: Column, unstored: Mapping[str, Any] = NOTHING) -> None:
        demand_all_stored(kind, [*(one.field for one in columns), *unstored])
        formats = [one.since for one in columns]
        if formats != sorted(formats) or formats[-1] > LATEST:
            raise TypeError(f"a column of {kind.__name__} is not appended, or later than the latest format")
        self._kind = cast(Any, kind)
        self._unstored: Final = list(unstored.values())
        self._columns: Final = columns
        self._places: Final = [self._kind._fields.index(one.field) for one in columns]
        self._all: Final = itemgetter(*self._places)
        self._first: Final = formats.count(FIRST)
        self._writers: Final = [(n, one.write) for n, one in enumerate(columns) if one.write]
        self._readers: Final = [(n, one.read) for n, one in enumerate(columns) if one.read]
        stored = [*(one.field for one in columns), *unstored]
        self._in_order: Final = itemgetter(*(stored.index(field) for field in self._kind._fields))
        self._later: Final = [(place, one) for place, one in zip(self._places, columns, strict=True) if one.since > FIRST or one.format]

    def write(self, value: T) -> list[Any]:
        """The row of a value."""
        length = len(self._columns)
        while length > self._first and value[self._places[length - 1]] == self._columns[length - 1].absent:
            length -= 1
        cells = list(self._all(value))[:length]
        for n, write in self._writers:
            if n < length:
                cells[n] = write(cells[n])
        return cells

    def read(self, cells: list[Any]) -> T:
        """The value of a row. Raises `TypeError` for one that ends too early, or goes on where no column is."""
        values, missing = cells.copy(), self._columns[len(cells) :]
        if len(cells) > len(self._columns) or any(column.absent is REQUIRED for column in missing):
            raise TypeError(f"a row of {self._kind.__name__} has {len(cells)} cells")
        for n, read in self._readers:
            if n < len(cells):
                values[n] = read(values[n])
        values += [column.absent for column in missing] + self._unstored
        value: T = self._kind._make(self._in_order(values))
        return value

    def format(self, value: T) -> int:
        """The earliest format that can say all of a value."""
        needed = FIRST
        for place, column in self._later:
            if column.since == FIRST or value[place] != column.absent:
                needed = max(needed, column.since, column.format(value[place]) if column.format else FIRST)
        return needed

    def format_of_all(self, values: Iterable[T]) -> int:
        """The earliest format that can say all of some values."""
        return max(map(self.format, values), default=FIRST) if self._later else FIRST


def row_column(field: str, row: RowFormat[Any], absent: Any = REQUIRED, since: int = FIRST) -> Column:
    """A value that has a row of its own, or None."""
    return Column(
        field,
        lambda cells: None if cells is None else row.read(cells),
        lambda value: None if value is None else row.write(value),
        lambda value: FIRST if value is None else row.format(value),
        absent,
        since,
    )


def rows_column(
    field: str, row: RowFormat[Any], kind: Callable[[Iterable[Any]], Any] = tuple, absent: Any = REQUIRED, since: int = FIRST
) -> Column:
    """Values that have a row each, in a collection of this kind."""
    return Column(
        field, lambda stored: kind(map(row.read, stored)), lambda values: [*map(row.write, values)], row.format_of_all, absent, since
    )


def by_key(field: str, row: RowFormat[Any], absent: Any = REQUIRED, since: int = FIRST) -> Column:
    """Values by a text, with a row each."""
    return Column(
        field,
        lambda stored: {key: row.read(cells) for key, cells in stored.items()},
        lambda values: {key: row.write(value) for key, value in values.items()},
        lambda values: row.format_of_all(values.values()),
        absent,
        since,
    )
