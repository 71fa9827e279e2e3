"""What is exported, and what entries deduct from charges (rules: Exports)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal

from .ledger import Entry, RecordedDeduction, split_entry_id

ExportWhat = Literal["ledger", "journal", "assignments", "customers", "packages"]
POSTED_EXPORTS: Final[tuple[ExportWhat, ...]] = ("ledger", "journal")
"""Those of some posting days; the others are of what there is now."""
ExportFormat = Literal["csv", "jsonl"]


def deductions_of(entry: Entry) -> Iterator[RecordedDeduction]:
    """What a posted entry takes of which charges of its customer: a reversal or credit of one, a negative line of several."""
    undone = entry.reverses or entry.credits
    if undone:
        yield RecordedDeduction(split_entry_id(undone)[1], -entry.retail, -entry.cost)
    yield from entry.takes


def posted_at(entry: Entry) -> datetime | None:
    """The instant at which an entry took effect; None for one that is held, or was cancelled."""
    return datetime.fromisoformat(entry.posted_at) if entry.posted_at else None
