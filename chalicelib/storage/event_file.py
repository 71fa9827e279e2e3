"""The latest events in a file, for `make serve`: what was told can be looked at without attaching anything.

A line an event, oldest first. Several processes append; whoever finds the file too long shortens it.
"""

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

KEPT_EVENTS: Final = 10_000
_SHORTENED_AT: Final = 2 * KEPT_EVENTS
"""The file is shortened rarely, because all of it is written anew."""
KeptEvent = dict[str, Any]
"""An event, with the instant at which it was sent as `told_at`."""


class EventFile:
    """The file at a path."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def append(self, events: Sequence[Mapping[str, Any]], clock: Callable[[], datetime]) -> None:
        """Keep events that were sent, and forget the oldest."""
        lines = [json.dumps({"told_at": clock().isoformat(), **event}) for event in events]
        with self._path.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.writelines(f"{line}\n" for line in lines)
            file.seek(0)
            kept = file.readlines()
            if len(kept) > _SHORTENED_AT:
                file.truncate(0)
                file.writelines(kept[-KEPT_EVENTS:])

    def newest(
        self, wanted: Callable[[KeptEvent], bool], after: Mapping[str, str] | None, limit: int
    ) -> tuple[list[KeptEvent], dict[str, str] | None]:
        """Up to `limit` of the latest events that are wanted, newest first, and where to go on."""
        before = after["told_at"] if after else "~"
        found = (one for one in self._latest() if one["told_at"] < before and wanted(one))
        page = list(islice(found, limit))
        return page, {"told_at": page[-1]["told_at"]} if len(page) == limit else None

    def _latest(self) -> Iterator[KeptEvent]:
        if not self._path.exists():
            return
        for line in reversed(self._path.read_text(encoding="utf-8").splitlines()[-KEPT_EVENTS:]):
            yield json.loads(line)
