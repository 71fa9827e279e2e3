"""Long work that sends events again, of what stands in the ledger and in the history, for a receiver that lost some or is new.

An event is made of its item alone, so it is the one that was sent before, with the same id. A part that is done again after a crash sends
its events once more, which whoever receives them has to expect anyway.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from ..domain.events import EventType
from ..domain.posting_days import PostingDays
from ..domain.work import WorkFailure, WorkRecord
from ..storage.db import Item
from ..storage.event_bus import BusEvent
from ..storage.keys import HISTORY, LEDGER, Key
from .request_context import RequestContext, Services
from .segment import Unreadable
from .work import turns
from .work.strategy import NamedFiles, Record

_TOGETHER: Final = 100
"""Items whose events are sent before the next look at the time."""
_FIRST_VERSION: Final = 1


class ReplayForms(NamedTuple):
    """How the item of a table becomes an event, None if nobody is told of it, and how a row becomes a line."""

    event: Callable[[str, Item], BusEvent | None]
    line: Callable[[Mapping[str, Any]], bytes]


class ItemsSlice(NamedTuple):
    """Some items of a table; they may be of several customers."""

    table: str
    items: Sequence[Item]
    last: Key
    customer_id: str = ""


def request_replay(services: Services, context: RequestContext, days: PostingDays, types: Iterable[EventType]) -> WorkRecord:
    """Have the events of some days sent again, of these types. Raises `Conflict` too_much_work."""
    asked = {"since": days.since.isoformat(), "until": days.until.isoformat(), "types": " ".join(sorted(types))}
    segments = 2 * services.segments  # first those of the ledger, then those of the history
    return turns.begin_work(services, WorkRecord(context.id, "replay", asked, context.timestamp, context.by, segments))


class ReplayStrategy(NamedFiles):
    """Sends the events of each slice, and keeps how many of each type it sent."""

    depth: Final = 1
    file_depth: Final = 0
    resort: Final = None

    def __init__(self, services: Services, found: WorkRecord, forms: ReplayForms) -> None:
        self._services, self._work, self._forms = services, found, forms
        self._since, self._until = (datetime.fromisoformat(found.asked[name]) for name in ("since", "until"))
        self._types = frozenset(found.asked["types"].split())

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[ItemsSlice]:  # noqa: ARG002 - see `records`
        """The items of a segment, so many at a time."""
        half = self._work.segments // 2
        table = LEDGER if segment < half else HISTORY
        for page in self._services.db.segment_pages(table, (segment % half, half), cursor):
            for start in range(0, len(page.items), _TOGETHER):
                items = page.items[start : start + _TOGETHER]
                yield ItemsSlice(table, items, {name: items[-1][name] for name in ("pk", "sk")})

    def records(self, member: ItemsSlice) -> Iterator[Record | WorkFailure]:
        """How many events were sent of a slice, by type, and which items' could not be."""
        events: list[tuple[Item, BusEvent]] = []
        for item in filter(_WITHIN[member.table](self._since, self._until), member.items):
            try:
                event = self._forms.event(member.table, item)
            except Exception as error:  # noqa: BLE001 - the others are sent all the same
                yield _failed_item(item, "unreadable", str(error))
            else:
                events += [(item, event)] if event and event.type in self._types else []
        codes = self._services.event_bus().send([event for _, event in events]) if events else []
        yield from (_failed_item(item, "refused", code) for (item, _), code in zip(events, codes, strict=True) if code)
        sent = Counter(event.type for (_, event), code in zip(events, codes, strict=True) if not code)
        yield from (Record((type_, member.table, member.last["pk"], member.last["sk"]), count) for type_, count in sent.items())

    def row(self, records: Iterator[Record]) -> Mapping[str, Any]:
        """How many events of a type were sent."""
        first = next(records)
        return {"type": first.key[0], "events": first.value + sum(record.value for record in records)}

    def file_name(self, number: int, _: tuple[str, ...]) -> str:
        """There is one."""
        return f"sent-{number}"

    def line(self, row: Mapping[str, Any]) -> bytes:
        """A row as its line in a file."""
        return self._forms.line(row)


def _failed_item(item: Item, code: str, detail: str) -> WorkFailure:
    return WorkFailure(str(item["pk"]), code, f"{item['sk']}: {detail}")


def _recorded_within(since: datetime, until: datetime) -> Callable[[Item], bool]:
    """Entries that were recorded then, and those recorded before that have changed: an entry does not say when."""

    def is_wanted(item: Item) -> bool:
        recorded = datetime.fromisoformat(item["recorded"])
        return recorded < until and (recorded >= since or item.get("version", _FIRST_VERSION) > _FIRST_VERSION)

    return is_wanted


def _written_within(since: datetime, until: datetime) -> Callable[[Item], bool]:
    return lambda item: since <= datetime.fromisoformat(item["at"]) < until


_WITHIN: Final[Mapping[str, Callable[[datetime, datetime], Callable[[Item], bool]]]] = {
    LEDGER: _recorded_within, HISTORY: _written_within,
}  # fmt: skip
"""Which items of a table are of some days."""
