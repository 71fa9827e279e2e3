"""Answers as CSV (RFC 4180): the JSON's names as headings, the JSON's values as cells, a field within a field as `package_name`.

Amounts stand as in JSON. Nothing is the empty cell, a list is `15;31`, one whose members have fields `20/50;5/5`. A text that a
spreadsheet would take for a formula gets an apostrophe before it, also behind `;`; `unprotected` removes it again. No byte order
mark: programs read these files too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, get_args, get_type_hints

from typing_extensions import is_typeddict

from ..domain.errors import Fault, Invalid
from . import answers

Json = dict[str, Any]
Columns = Sequence[str]

_FORMULA: Final = r"'*(?:[^\S\t\r\n]|[\x00-\x08\x0b\x0c\x0e-\x1f\ufeff\u200b\"])*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]"
"""What a spreadsheet may compute (OWASP, CSV injection), behind any apostrophes, so that adding one can be undone."""
_COMPUTED: Final = rf"^(?={_FORMULA}|'*[\t\r\n])|(?<=[;\t\r\n])(?={_FORMULA})"
"""Where it may begin: a program that splits at semicolons, as in most of Europe, or at tabs makes several cells of one of ours."""
_PROTECTED: Final = rf"^'(?={_FORMULA}|'*[\t\r\n])|(?<=[;\t\r\n])'(?={_FORMULA})"
_NUMBER: Final = r"-?[0-9]+(\.[0-9]+)?"

_MINUTES_FIELDS: Final = ("total", "used", "remaining", "refills_on", "waiting_for_payment")
"""What an assignment's row says of its minutes; the rest of them is said by the assignment."""


@cache
def columns(kind: Any, prefix: str = "") -> Columns:
    """A column for each field of an answer, in its order; a field within a field is `package_name`."""
    found: list[str] = []
    for name, hint in get_type_hints(kind).items():
        parts = [part for part in (hint, *get_args(hint)) if is_typeddict(part)]
        found += columns(parts[0], f"{prefix}{name}_") if parts else [prefix + name]
    return tuple(found)


def assignment_columns() -> Columns:
    """Whose it is and what it is called stand first, its package and its minutes last."""
    first = ("assignment_id", "customer_id", "package_id", "package_name")
    own = (*columns(answers.AssignmentFields), *columns(answers.Written))
    last = (*columns(answers.PackageFields, "package_"), *(f"minutes_{name}" for name in _MINUTES_FIELDS))
    return tuple(dict.fromkeys((*first, *own, *last)))


def _of_sums() -> Columns:
    return "group", "package_id", "package_name", "customer", "currency", *columns(answers.Totals)[:-1], "lines", "below_cost"


def package_columns() -> Columns:
    """Those of a package with its present prices: those to come are no columns of a file to import."""
    return [name for name in columns(answers.Package) if not name.startswith("next_prices_")]


def package_row(row: Mapping[str, Any]) -> Json:
    """A package without the prices to come."""
    return {name: value for name, value in row.items() if name not in ("next_prices", "assignments")}


def packages_csv(body: Json) -> str:
    """A list of packages with their present prices."""
    return to_csv(package_columns(), map(package_row, body["items"]))


def customers_csv(body: Json) -> str:
    """A list of customers."""
    return to_csv(columns(answers.Customer), body["items"])


def assignments_csv(body: Json) -> str:
    """A list of assignments, each with its package, and with its minutes in seconds."""
    return to_csv(assignment_columns(), (assignment_row(one) for one in body["items"]))


def assignment_row(row: Mapping[str, Any]) -> Json:
    """An assignment with its package and minutes, each thing said once only: not who wrote the package, nor what the minutes repeat."""
    minutes = row["minutes"] or dict.fromkeys(_MINUTES_FIELDS)
    package = {name: row["package"][name] for name in columns(answers.PackageFields)}
    return {**row, "package": package, "minutes": {name: minutes[name] for name in _MINUTES_FIELDS}}


def entries_csv(body: Json) -> str:
    """A list of ledger entries."""
    return to_csv(columns(answers.LedgerEntry), body["items"])


def ledger_csv(body: Json) -> str:
    """A customer's ledger, with balances where it was asked for in an order."""
    return to_csv(columns(answers.ListedEntry), body["items"]) if "count" in body else entries_csv(body)


def lines_csv(body: Json) -> str:
    """A list of a run's lines."""
    return to_csv(columns(answers.Line), body["items"])


def report_csv(body: Json) -> str:
    """A Run Package: its lines, or of all customers its sums. Raises `Invalid` too_many rather than leave something out."""
    demand_whole(body)
    return to_csv(columns(answers.Line), body["lines"]) if "lines" in body else to_csv(_of_sums(), _group_rows(body))


def demand_whole(body: Json) -> None:
    """Raise `Invalid` too_many for an answer that leaves something out."""
    left_out = sum(body.get(name) or 0 for name in ("lines_left_out", "by_package_left_out", "by_customer_left_out"))
    if left_out:
        raise Invalid([Fault("", f"{left_out} rows too many for one answer: ask for less")], code="too_many")


def _group_rows(body: Json) -> Iterator[Json]:
    for group in ("package", "customer"):
        yield from ({"group": group, **one} for one in body[f"by_{group}"])


def to_csv(columns: Columns, rows: Iterable[Json]) -> str:
    """A table with a heading. A value that has no column yet gets one at the end, so that none is lost."""
    import csv  # not in cold starts
    import io

    flat = [dict(_flat(row)) for row in rows]
    more = dict.fromkeys(name for row in flat for name in row if name not in columns)
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, [*columns, *more], restval="", lineterminator="\r\n")
    table.writeheader()
    table.writerows(flat)
    return text.getvalue()


class CsvLines:
    """A table that is written line by line, by the same rules. Raises `ValueError` for a value that has no column."""

    def __init__(self, columns: Columns) -> None:
        import csv  # not in cold starts
        import io

        self._text = io.StringIO(newline="")
        self._table = csv.DictWriter(self._text, columns, restval="", lineterminator="\r\n")

    def heading(self) -> str:
        """The line of the headings."""
        self._table.writeheader()
        return self._written()

    def line(self, row: Mapping[str, Any]) -> str:
        """The line of a row."""
        self._table.writerow(dict(_flat(row)))
        return self._written()

    def _written(self) -> str:
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text


def _flat(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        elif value is not None:
            yield prefix + name, cell(value)


def cell(value: Any) -> str:
    """One value as a spreadsheet may safely read it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return protected(";".join("/".join(part.values()) if isinstance(part, dict) else str(part) for part in value))
    return protected(value) if isinstance(value, str) else str(value)


def protected(text: str) -> str:
    """A text that no spreadsheet computes; numbers stay numbers, negative ones too."""
    return text if re.fullmatch(_NUMBER, text) else re.sub(_COMPUTED, "'", text)


def unprotected(text: str) -> str:
    """What `safe` was given."""
    return re.sub(_PROTECTED, "", text)
