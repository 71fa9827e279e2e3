"""What others are told: which entries of the ledger and which items of history are events, of which type (rules: Events).

Pure, and of the stored thing alone: what is sent again later is the same. An event's id is its subject, type and version, so whoever
gets it twice can tell.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, get_args

from .history import ChangeType, HistoryItem
from .ledger import Entry, EntryKind

EventType = Literal[
    "charge.posted", "charge.held", "charge.released", "charge.cancelled", "charge.credited", "credit.recorded", "payment.recorded",
    "adjustment.recorded", "customer.parked", "assignment.created", "assignment.changed", "assignment.replaced", "package.changed",
    "price.announced", "balance.low", "balance.restored", "run.finished", "work.finished", "charge.upcoming", "term.ending",
    "assignment.ended", "minutes.used", "feature.enabled", "feature.disabled",
]  # fmt: skip
EVENT_TYPES: Final[tuple[EventType, ...]] = get_args(EventType)
TOLD_BY_DEFAULT: Final = frozenset(EVENT_TYPES) - {"charge.posted"}
"""To tell of each charge costs about as much as to post it."""

_OF_BALANCE: Final[Mapping[EntryKind, EventType]] = {
    "payment": "payment.recorded",
    "adjustment": "adjustment.recorded",
    "credit": "credit.recorded",
    "reversal": "credit.recorded",
}
_OF_CHANGES: Final[Mapping[ChangeType, EventType]] = {
    "package.created": "package.changed",
    "package.changed": "package.changed",
    "package.deleted": "package.changed",
    "package.prices_written": "price.announced",
    "package.prices_removed": "price.announced",
    "customer.parked": "customer.parked",
    "assignment.created": "assignment.created",
    "assignment.changed": "assignment.changed",
    "assignment.terms_written": "assignment.changed",
    "assignment.terms_removed": "assignment.changed",
    "assignment.ended": "assignment.changed",
    "assignment.cancelled": "assignment.changed",
    "assignment.removed": "assignment.changed",
    "assignment.restored": "assignment.changed",
    "assignment.replaced": "assignment.replaced",
    "assignment.transferred": "assignment.replaced",
    "balance.low": "balance.low",
    "balance.restored": "balance.restored",
    "run.finished": "run.finished",
    "work.finished": "work.finished",
    "charge.upcoming": "charge.upcoming",
    "term.ending": "term.ending",
    "assignment.over": "assignment.ended",
    "minutes.used": "minutes.used",
    "feature.enabled": "feature.enabled",
    "feature.disabled": "feature.disabled",
}
"""What a change is told as. The others are told otherwise (a written-off charge by its entry) or to nobody."""


class EventKey(NamedTuple):
    """What an event is about: of which thing, what was done, as its how-many-th version."""

    subject: str
    type: EventType
    version: int

    @property
    def event_id(self) -> str:
        """Names the event for good, however often it is sent."""
        return f"{self.subject}~{self.type}~{self.version}"


def entry_event(entry: Entry) -> EventKey:
    """The event of an entry as it stands."""
    return EventKey(entry.entry_id, _OF_BALANCE.get(entry.kind) or _charge_event(entry), entry.version)


def _charge_event(charge: Entry) -> EventType:
    """A posted charge of a later version was released if nothing was taken of it yet: only the entry is known, not what it was before."""
    if charge.status == "held":
        return "charge.held"
    if charge.status == "cancelled":
        return "charge.cancelled"
    if charge.version == 1:
        return "charge.posted"
    return "charge.credited" if charge.credited_retail or charge.credited_cost or charge.voided else "charge.released"


def change_event(item: HistoryItem) -> EventKey | None:
    """The event of a change; None if nobody is told of it."""
    type_ = _OF_CHANGES.get(item.change.type)
    return EventKey(item.change.subject, type_, item.change.version) if type_ else None


def chosen_types(text: str) -> frozenset[EventType]:
    """The types that a deployment tells: those named, `all`, or by default all but charges that are posted. Raises `ValueError`."""
    names = frozenset(text.split())
    if names == {"default"}:
        return TOLD_BY_DEFAULT
    if names == {"all"}:
        return frozenset(EVENT_TYPES)
    if unknown := names - frozenset(EVENT_TYPES):
        raise ValueError(f"{', '.join(sorted(unknown))}: no type of event")
    return frozenset(one for one in EVENT_TYPES if one in names)
