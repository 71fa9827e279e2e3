"""Everything that can be wrong with a request, in the domain's words.

The edges translate: `api/problems.py` to HTTP, `jobs/` to function errors. `code` is stable and part of the contract.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby, islice
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple

FAULTS_MAX = 100
"""Faults that one answer names; a body made of nothing but faults would be answered at many times its size."""
ROW_FAULTS_MAX = 20
"""Faults that are named of one row of a file, so that one row does not take the place of all others."""
FILE_FAULTS_MAX = 200
"""Faults that are named of a file; the others are counted."""
POINTER_CHARACTERS_MAX = 120
DETAIL_CHARACTERS_MAX = 1000
"""Characters of what a refusal repeats of a request: a caller's own field names may be as long as its body."""
NOTHING: Mapping[str, Any] = MappingProxyType({})
"""No further fields of a refusal."""


class Fault(NamedTuple):
    """One bad field: a JSON pointer (`/frequency_match/0`) and what is wrong with it."""

    pointer: str
    detail: str


class RowFault(NamedTuple):
    """What is wrong with a row of a file, counted as a spreadsheet does: the heading is row 1. `column` "" is the whole row."""

    row: int
    column: str
    pointer: str
    detail: str


def cut(text: str, longest: int = DETAIL_CHARACTERS_MAX) -> str:
    """The text, cut to at most `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


HEADING = 1
"""The row of a file that names its columns."""


def row_fault(row: int, column: str, detail: str, pointer: str = "") -> RowFault:
    """A fault of a cell, or of a part of it at `pointer` (`/frequency_match/0`)."""
    return RowFault(row, column, f"/rows/{row}{pointer or (column and f'/{column}')}", detail)


def faults_in_row(row: int, faults: Iterable[Fault | RowFault]) -> list[RowFault]:
    """What is wrong with the JSON that a row stands for, as faults of its cells."""
    return [row_fault(row, fault.pointer.partition("/")[2].partition("/")[0], fault.detail, fault.pointer) for fault in faults]


def _first_of_row(found: Sequence[RowFault]) -> Sequence[RowFault]:
    """The first faults of a row; the last of them says how many more there are."""
    more, last = len(found) - ROW_FAULTS_MAX, found[:ROW_FAULTS_MAX][-1]
    return found if more <= 0 else (*found[: ROW_FAULTS_MAX - 1], last._replace(detail=f"{last.detail}; and {more} more in this row"))


class BillingError(Exception):
    """A request that can't be carried out; nothing was written for it. `extra` are the fields that its answer has besides, `for_readers`
    those that only callers get who may read.
    """

    code = "error"

    def __init__(self, detail: str, *, code: str | None = None, for_readers: Mapping[str, Any] = NOTHING, **extra: Any) -> None:
        super().__init__(cut(detail))
        self.detail = cut(detail)
        self.code = code or self.code
        self.extra = extra
        self.for_readers = for_readers


class Malformed(BillingError):
    """Not JSON, or a cursor or parameter that no caller was given."""

    code = "malformed"


class Invalid(BillingError):
    """Fields that break a rule; `faults` names every one of them, up to a limit. The search stops at that limit."""

    code = "invalid"

    def __init__(self, faults: Iterable[Fault], *, code: str | None = None) -> None:
        found = tuple(Fault(cut(one.pointer, POINTER_CHARACTERS_MAX), cut(one.detail)) for one in islice(faults, FAULTS_MAX + 1))
        more = len(found) > FAULTS_MAX
        self.faults: Sequence[Fault | RowFault] = (*found[:FAULTS_MAX], Fault("", "and more")) if more else found
        super().__init__("; ".join(f"{f.pointer}: {f.detail}" if f.pointer else f.detail for f in self.faults), code=code)


class NotOpen(Invalid):
    """A day that something is to begin on has passed, or its evaluation has begun; `first_open_day` is the first that is open."""

    code = "not_open"

    def __init__(self, day: date, first_open_day: date) -> None:
        super().__init__([Fault("/from", f"{day} is past, or its evaluation has begun; the first open day is {first_open_day}")])
        self.extra = {"first_open_day": first_open_day.isoformat()}


def demand_open(day: date, first_open_day: date) -> None:
    """Raise `NotOpen` for a day before the first open one."""
    if day < first_open_day:
        raise NotOpen(day, first_open_day)


class InvalidRows(Invalid):
    """Rows of a file that break a rule, each with its first faults and the number of the others. Of many faults the first are named;
    `errors_left_out` says how many more there are."""

    def __init__(self, faults: Iterable[RowFault], *, code: str | None = None) -> None:
        named = sorted(
            RowFault(one.row, cut(one.column, POINTER_CHARACTERS_MAX), cut(one.pointer, POINTER_CHARACTERS_MAX), cut(one.detail))
            for one in faults
        )
        by_row = {row: tuple(found) for row, found in groupby(named, attrgetter("row"))}
        super().__init__((), code=code)
        found = [fault for faults_of_row in by_row.values() for fault in _first_of_row(faults_of_row)]
        self.faults = found[:FILE_FAULTS_MAX]
        self.extra = {"errors_left_out": len(found) - FILE_FAULTS_MAX} if len(found) > FILE_FAULTS_MAX else {}
        self.detail = f"{_rows_detail(named, code)}; nothing was written"


def _rows_detail(faults: Sequence[RowFault], code: str | None) -> str:
    """How many rows are not right; what is wrong with the file as a whole, its heading or its size, in its own words."""
    first, rows = faults[0], len({fault.row for fault in faults})
    if code == "too_many" or (first.row == HEADING and not first.column):
        return first.detail
    if first.row == HEADING:
        return "the heading is not right"
    return f"{rows} {'row is' if rows == 1 else 'rows are'} not right"


class Unauthenticated(BillingError):
    """The caller has not shown who it is; `tried` when it showed a token that doesn't count."""

    code = "unauthenticated"

    def __init__(self, detail: str, *, tried: bool = True) -> None:
        super().__init__(detail)
        self.tried = tried


class Forbidden(BillingError):
    """The caller's token lacks a scope; `scope` names it as the issuer does, several with spaces between."""

    code = "forbidden"

    def __init__(self, detail: str, *, scope: str = "") -> None:
        super().__init__(detail)
        self.scope = scope


class MayNotCharge(Forbidden):
    """A change would charge a customer or give more credit, and whoever asks for it may change things but not charge."""


class MayNotWrite(Forbidden):
    """Something would change, and whoever asks for it may only read."""


class NotFound(BillingError):
    """No such thing, or no longer visible."""

    code = "not_found"


class Conflict(BillingError):
    """The request is well-formed, but the state of things forbids it; `code` names the conflict."""

    code = "conflict"


class VersionMismatch(BillingError):
    """`If-Match` names a version that is not the current one."""

    code = "version_mismatch"


class TooLarge(BillingError):
    """A body over the limit."""

    code = "too_large"


class UnsupportedMediaType(BillingError):
    """A body that is not JSON by its own word."""

    code = "unsupported_media_type"


class Throttled(BillingError):
    """The database is busy; try again after `retry_after_seconds`."""

    code = "throttled"
    retry_after_seconds = 2


class IssuerUnreachable(BillingError):
    """No token can be checked: the keys of their issuer are not known yet and can't be fetched."""

    code = "issuer_unreachable"


class Contention(BillingError):
    """Another writer came first: look again and decide again. Callers see it only when retries ran out."""

    code = "contention"


class Misconfigured(BillingError):
    """The deployment contradicts what its tables were made for."""

    code = "misconfigured"


def code_and_detail(error: Exception) -> tuple[str, str]:
    """The code and the sentence that an operator reads. Only its beginning: what it repeats may be of any length."""
    code, detail = (error.code, error.detail) if isinstance(error, BillingError) else ("internal", f"{type(error).__name__}: {error}")
    return code, cut(detail)
