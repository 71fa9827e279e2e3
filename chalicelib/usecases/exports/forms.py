"""What all exports have in common: how their rows are made and written, and how their files are called."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from ...domain.account import Account
from ...domain.detail import Detail
from ...domain.ledger import Entry
from ...domain.package import Package
from ...domain.work import WorkRecord
from ..request_context import Services
from ..work.strategy import Uncounted

Row = Mapping[str, Any]


class ExportForms(NamedTuple):
    """How rows are written: what a file begins with, and each row, of what is exported and in which format. The others make the row of
    one thing."""

    heading: Callable[[str, str], bytes]
    line: Callable[[str, str, Row], bytes]
    entry: Callable[[Entry], Row]
    customer: Callable[[Account], Row]
    assignment: Callable[[Detail], Row]
    package: Callable[[Package], Row]


class Export(Uncounted):
    """An export, as far as it does not matter what is exported."""

    resort: Final = None
    file_depth: Final = 0

    def __init__(self, services: Services, found: WorkRecord, forms: ExportForms) -> None:
        self._db, self._segments, self._asked, self._forms = services.db, found.segments, found.asked, forms

    def file_name(self, number: int, _key: tuple[str, ...]) -> str:
        """Says what it is, of which days, and which file."""
        days = [self._asked[name] for name in ("posted_from", "posted_to") if name in self._asked]
        return "-".join([self._asked["what"], *(days or [self._asked["today"]]), f"{number}.{self._asked['format']}"])

    def heading(self) -> bytes:
        """What a file begins with."""
        return self._forms.heading(self._asked["what"], self._asked["format"])

    def line(self, row: Row) -> bytes:
        """A row as its line in a file."""
        return self._forms.line(self._asked["what"], self._asked["format"], row)
