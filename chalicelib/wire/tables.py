"""Answers as CSV (RFC 4180): the JSON's names as headings, the JSON's values as cells, a field within a field as `package_name`.

Amounts stand as in JSON. Nothing is the empty cell, a list is `15;31`. A text that a spreadsheet would take for a formula
gets an apostrophe before it, also behind `;`; `plain` takes it away again. No byte order mark: programs read these files too.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from ..domain.errors import Fault, Invalid

Json = dict[str, Any]
Columns = Sequence[str]

_FORMULA: Final = r"'*(?:[^\S\t\r\n]|[\x00-\x08\x0b\x0c\x0e-\x1f\ufeff\u200b\"])*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]"
"""What a spreadsheet may compute (OWASP, CSV injection), behind any apostrophes, so that adding one can be undone."""
_COMPUTED: Final = rf"^(?={_FORMULA}|'*[\t\r\n])|(?<=[;\t\r\n])(?={_FORMULA})"
"""Where it may begin: a program that splits at semicolons, as in most of Europe, or at tabs makes several cells of one of ours."""
_PROTECTED: Final = rf"^'(?={_FORMULA}|'*[\t\r\n])|(?<=[;\t\r\n])'(?={_FORMULA})"
_NUMBER: Final = r"-?[0-9]+(\.[0-9]+)?"

_WRITTEN: Final = ("version", "created_at", "created_by", "updated_at", "updated_by")
_PRICES: Final = ("currency", "cost", "retail", "setup_cost", "setup_retail")
_COMPUTED_FROM: Final = (
    "assignment_id", "package_id", "package_name", "did", "period_from", "period_to", "period_through", "quantity", "unit_cost",
    "unit_retail", "spend", "margin", "auto_decrement_credit", "explanation",
)  # fmt: skip
PACKAGE: Final = (
    "package_id", "name", "description", *_PRICES, "frequency", "frequency_match", "connexcs_package", "minimum_days", "type",
    "destination", "minimum_spend", *_WRITTEN,
)  # fmt: skip
_MINUTES: Final = ("total", "used", "remaining", "refills_on", "waiting_for_payment")
_OF_PACKAGE: Final = tuple(name for name in PACKAGE if name not in ("package_id", *_WRITTEN))
ASSIGNMENT: Final = (
    "assignment_id", "customer_id", "package_id", "package_name", "did", "quantity", "start_date", "end_date",
    "auto_decrement_credit", "free_minutes", "minimum_days", "charge_from", "cancelled", "evaluate_from", *_WRITTEN,
    *(f"package_{name}" for name in _OF_PACKAGE if name != "name"), *(f"minutes_{name}" for name in _MINUTES),
)  # fmt: skip
ENTRY: Final = (
    "entry_id", "customer_id", "kind", "date", "posted_at", "recorded_at", "recorded_by", "currency", "retail", "cost",
    "credit_change", "status", "repeat", "run_id", *_COMPUTED_FROM, "reference", "reverses", "cancelled_by",
)  # fmt: skip
LINE: Final = ("customer", "kind", "due_date", "currency", "cost", "retail", "status", "already_charged", *_COMPUTED_FROM)
SUM: Final = (
    "group", "package_id", "package_name", "customer", "currency", "cost", "retail", "margin", "credit_debited", "held", "lines",
)  # fmt: skip


def packages(body: Json) -> str:
    """A list of packages."""
    return written(PACKAGE, body["items"])


def assignments(body: Json) -> str:
    """A list of assignments, each with its package, and with its minutes in seconds."""
    return written(ASSIGNMENT, (_assigned(one) for one in body["items"]))


def _assigned(row: Json) -> Json:
    """What is said once only: who wrote the package, and what the minutes repeat of the assignment, is left out."""
    minutes = row["minutes"] or dict.fromkeys(_MINUTES)
    package = row["package"]
    return row | {"package": {name: package[name] for name in _OF_PACKAGE}, "minutes": {name: minutes[name] for name in _MINUTES}}


def entries(body: Json) -> str:
    """A list of ledger entries."""
    return written(ENTRY, body["items"])


def lines(body: Json) -> str:
    """A list of a run's lines."""
    return written(LINE, body["items"])


def report(body: Json) -> str:
    """A Run Package: its lines, or of all customers its sums. Raises `Invalid` too_many rather than leave something out."""
    left_out = sum(body.get(name) or 0 for name in ("lines_left_out", "by_package_left_out", "by_customer_left_out"))
    if left_out:
        raise Invalid([Fault("", f"{left_out} rows too many for one answer: ask for less")], code="too_many")
    return written(LINE, body["lines"]) if "lines" in body else written(SUM, _sums(body))


def _sums(body: Json) -> Iterator[Json]:
    for group in ("package", "customer"):
        yield from ({"group": group, **one} for one in body[f"by_{group}"])


def written(columns: Columns, rows: Iterable[Json]) -> str:
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


def _flat(row: Json, prefix: str = "") -> Iterator[tuple[str, str]]:
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
        return safe(";".join(str(part) for part in value))
    return safe(value) if isinstance(value, str) else str(value)


def safe(text: str) -> str:
    """A text that no spreadsheet computes; numbers stay numbers, negative ones too."""
    return text if re.fullmatch(_NUMBER, text) else re.sub(_COMPUTED, "'", text)


def plain(text: str) -> str:
    """What `safe` was given."""
    return re.sub(_PROTECTED, "", text)
