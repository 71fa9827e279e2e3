"""What an audit tells of, and in how many words (rules: Audit)."""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from .audit_figures import Amounts
from .charging import Line
from .finding_kinds import FINDING_KINDS, FindingKind
from .schedule import DAY

NOTES: Final[tuple[FindingKind, ...]] = ("late_usage", "repeated", "corrected", "voided", "goodwill")
"""What calls for a look, and leaves an audit clean."""
NO_HELP: Final = "look into it: no request of this service makes such an entry"


class Finding(NamedTuple):
    """What an audit found: about a ledger entry or about a charge that is not there, by the `key` that it has or would have; about the
    account where that is empty. `there` is what the ledger has, `due` what should be; `helps` says what to do."""

    kind: FindingKind
    customer_id: str
    key: str
    detail: str
    helps: str
    currency: str = ""
    line: Line | None = None
    there: Amounts | None = None
    due: Amounts | None = None

    @property
    def is_note(self) -> bool:
        """Whether an audit with it is clean all the same."""
        return self.kind in NOTES


def is_clean(counts: Mapping[str, int]) -> bool:
    """Whether counts by kind of finding, and of what was compared, have none that calls for more than a look."""
    return not any(counts.get(kind, 0) for kind in FINDING_KINDS if kind not in NOTES)


def certificate(counts: Mapping[str, int], first: date | None, last: date) -> str:
    """What was compared and found, in one sentence. It says what was not compared, and how many of what is not clean."""
    whole = [f"{counts.get('due_lines', 0):,} due lines of {counts.get('assignments', 0):,} assignments", *_said(counts, _COMPARED)]
    zero_told = [f"{counts.get('missing', 0):,} missing", f"{counts.get('double', 0):,} double"]
    own = counts.get("own_figures", 0)
    recomputed = "every amount re-computed" + (f", {own:,} by their own figures alone" if own else "")
    return f"{_days_text(first, last)}: {', '.join([*whole, *zero_told, *_said(counts, _UNCLEAN), recomputed])}."


_COMPARED: Final[Mapping[str, str]] = {
    "posted": "posted", "held_lines": "held", "written_off": "written off", "reversed": "reversed and not charged again",
}  # fmt: skip
_UNCLEAN: Final[Mapping[str, str]] = {
    "marked": "not posted yet", "unexpected": "not due and charged", "amount": "of another amount",
    "balance": "balances that are not the sum of their ledgers", "held": "wrong counts of held charges", "not_compared": "not compared",
}  # fmt: skip


def _said(counts: Mapping[str, int], words: Mapping[str, str]) -> list[str]:
    return [f"{counts[name]:,} {text}" for name, text in words.items() if counts.get(name)]


def _days_text(first: date | None, last: date) -> str:
    if first is None:
        return f"Through {last}"
    if first.day == 1 and (last + DAY).day == 1 and (first.year, first.month) == (last.year, last.month):
        return f"{first:%B %Y}"
    return f"{first} to {last}" if first < last else f"{first}"
