"""What the queue carries of a daily run."""

from datetime import date
from typing import NamedTuple

from ..storage.keys import Key


class Piece(NamedTuple):
    """A message: segment `segment` of `segments` of a run, from `cursor` on; `piece` counts the pieces that one segment was cut into.

    `again_id` names the run that keeps what a segment brings that had finished this day already.
    """

    run_id: str
    date: date
    segment: int
    segments: int
    again_id: str
    by: str
    piece: int = 0
    cursor: Key | None = None

    def message(self) -> dict[str, object]:
        """The message that means this."""
        return {"kind": "daily", **self._asdict(), "date": self.date.isoformat()}
