"""The messages of the queue of long work."""

from typing import Final, NamedTuple

from ...storage.keys import Key
from ..messages import MessageFormat, read_count, read_key, read_text


class BeginMessage(NamedTuple):
    """A work whose turn has come."""

    work_id: str


class PieceMessage(NamedTuple):
    """Segment `segment` of a work, from `cursor` on; `piece` counts the messages that one segment took."""

    work_id: str
    segment: int
    piece: int = 0
    cursor: Key | None = None


class MergeMessage(NamedTuple):
    """The files of a work, from file `number` on, once all its segments are through."""

    work_id: str
    number: int = 0


WorkMessage = BeginMessage | PieceMessage | MergeMessage

_WORK_MESSAGES: Final = MessageFormat[WorkMessage](
    {"begin": BeginMessage, "piece": PieceMessage, "merge": MergeMessage},
    {"work_id": read_text, "segment": read_count, "piece": read_count, "number": read_count, "cursor": read_key},
)
work_body = _WORK_MESSAGES.write
read_work_message = _WORK_MESSAGES.read
