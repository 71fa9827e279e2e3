"""What the queue carries of a daily run."""

from collections.abc import Mapping
from datetime import date as Day  # noqa: N812 - `date` is a field here
from typing import Any, NamedTuple

from ..storage.keys import Key
from ..storage.progress import Sweep


class Piece(NamedTuple):
    """A message: segment `segment` of `segments` of a run, from `cursor` on; `piece` counts the pieces that one segment was cut into.

    `again_id` names the run that keeps what a segment brings that had finished this day already; `on` is the day of the
    calendar on which the evaluation was begun, `date.min` in messages of former releases.
    """

    run_id: str
    date: Day
    segment: int
    segments: int
    again_id: str
    by: str
    piece: int = 0
    cursor: Key | None = None
    on: Day = Day.min

    @property
    def sweep(self) -> Sweep:
        """The sweep that it belongs to."""
        return Sweep(self.date, self.on)

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> "Piece":
        """What a message means; keys that only later releases know are left alone."""
        days = {name: Day.fromisoformat(message[name]) for name in ("date", "on") if name in message}
        return cls(**{name: value for name, value in message.items() if name in cls._fields} | days)

    def message(self) -> dict[str, object]:
        """The message that means this."""
        return {"kind": "daily", **self._asdict(), "date": self.date.isoformat(), "on": self.on.isoformat()}
