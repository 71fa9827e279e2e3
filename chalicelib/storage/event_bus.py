"""The bus of events. It takes a few at once and may refuse some of them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

SOURCE: Final = "packages-billing"
_AT_ONCE: Final = 10
_BYTES_AT_ONCE: Final = 240_000
"""EventBridge takes 262,144 of all events of a request together."""


class BusEvent(NamedTuple):
    """An event as the bus takes it: its type, and its JSON."""

    type: str
    detail: str

    @property
    def size(self) -> int:
        """Its bytes, as EventBridge counts them."""
        return len(SOURCE) + len(self.type) + len(self.detail.encode())


class EventBus:
    """An EventBridge client and the name of the bus."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def send(self, events: Sequence[BusEvent]) -> list[str | None]:
        """Send events, in requests as large as may be. For each the code with which it was refused, None if it was taken."""
        codes: list[str | None] = []
        for together in _requests(events):
            entries = [
                {"EventBusName": self._name, "Source": SOURCE, "DetailType": event.type, "Detail": event.detail} for event in together
            ]
            codes += [one.get("ErrorCode") for one in self._client.put_events(Entries=entries)["Entries"]]
        return codes


def _requests(events: Sequence[BusEvent]) -> Iterator[list[BusEvent]]:
    together: list[BusEvent] = []
    for event in events:
        if together and (len(together) == _AT_ONCE or sum(one.size for one in together) + event.size > _BYTES_AT_ONCE):
            yield together
            together = []
        together.append(event)
    if together:
        yield together
