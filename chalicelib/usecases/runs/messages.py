"""The messages of the queue of charges: what each kind says."""

from datetime import date as Day  # noqa: N812 - `date` is a field here
from typing import Any, Final, NamedTuple

from ...domain.progress import Sweep
from ...domain.record import Undone
from ...storage.keys import Key
from ..messages import MessageFormat, read_count, read_key, read_text


class SegmentMessage(NamedTuple):
    """Segment `segment` of `segments` of a daily run, from `cursor` on; `piece` counts the messages that one segment took.

    `again_id` names the run that keeps what a segment brings that has finished the sweep of this day already; `on` is the day of the
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


class RunPackageSegmentMessage(NamedTuple):
    """Segment `segment` of a live Run Package of all customers, from `cursor` on."""

    run_id: str
    segment: int
    piece: int = 0
    cursor: Key | None = None


class KeptRunSegmentMessage(NamedTuple):
    """The same of a run that expects a kept simulation. A release that knows of none refuses it: it would post what nobody saw."""

    run_id: str
    segment: int
    piece: int = 0
    cursor: Key | None = None


class CustomerMessage(NamedTuple):
    """A live Run Package of one customer."""

    run_id: str


class ReversalMessage(NamedTuple):
    """The reversal of a live Run Package, for the customers after `after`; `undone` is what was done for those before."""

    run_id: str
    after: str
    undone: Undone


Message = SegmentMessage | RunPackageSegmentMessage | KeptRunSegmentMessage | CustomerMessage | ReversalMessage


def _read_undone(value: Any) -> Undone:
    return Undone(*map(read_count, value))


_CHARGE_MESSAGES: Final = MessageFormat[Message](
    {
        "daily": SegmentMessage, "run": RunPackageSegmentMessage, "kept_run": KeptRunSegmentMessage, "customer_run": CustomerMessage,
        "reversal": ReversalMessage,
    },
    {
        "run_id": read_text, "again_id": read_text, "by": read_text, "after": read_text, "date": Day.fromisoformat, "on": Day.fromisoformat,
        "segment": read_count, "segments": read_count, "piece": read_count, "cursor": read_key, "undone": _read_undone,
    },
)  # fmt: skip
body_of = _CHARGE_MESSAGES.write
read_message = _CHARGE_MESSAGES.read
