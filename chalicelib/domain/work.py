"""Long work: asked for once, cut into pieces, done by a queue, and whose turn it is (architecture: Long work)."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from .errors import Conflict

WorkKind = Literal[
    "export", "forecast", "audit", "simulation", "reconciliation", "reindex", "import_check", "import", "import_undo_check", "import_undo",
    "replay", "change", "change_application", "change_undo",
]  # fmt: skip
APPLIED_KINDS: Final[frozenset[WorkKind]] = frozenset({"reindex", "import", "import_undo", "change_application", "change_undo"})
"""Work that writes what it is about, and not only a result: `apply_work` does it, all other work `do_work`."""
SLOW_KINDS: Final = APPLIED_KINDS | {"replay", "import_check", "import_undo_check"}
"""Work that takes long for each member, because something is written or sent for it, or each of its rows is checked."""
KINDS_IN_STEPS: Final[frozenset[WorkKind]] = frozenset(("import",))
"""Work whose segments are steps: one is begun when the one before it is through."""
WorkState = Literal["running", "finished", "finished_with_failures", "cancelled"]
WORKS_AT_ONCE: Final = 5
WORKS_WAITING_MAX: Final = 100
WORK_FAILURES_MAX: Final = 100
"""Failures that are named; all are counted."""


class WorkFailure(NamedTuple):
    """A customer, or a part of one, that a result lacks, and why."""

    customer_id: str
    code: str
    detail: str


class WorkRecord(NamedTuple):
    """Work that somebody asked for. `asked` says what, as its kind writes it; `done` are the segments that are through.

    `started_at` is None while it waits for its turn. `rows` and `failed` are counted when it is finished.
    """

    work_id: str
    kind: WorkKind
    asked: Mapping[str, str]
    created_at: str
    created_by: str
    segments: int
    started_at: str | None = None
    done: frozenset[int] = frozenset()
    state: WorkState = "running"
    finished_at: str | None = None
    rows: int = 0
    failures: tuple[WorkFailure, ...] = ()
    failed: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing is done for it any more."""
        return self.state != "running"

    @property
    def pieces(self) -> int:
        """Its segments, and the merging of what they bring."""
        return self.segments + 1

    @property
    def pieces_done(self) -> int:
        """How many of the pieces are through."""
        return self.pieces if self.state in ("finished", "finished_with_failures") else len(self.done)


class ResultFile(NamedTuple):
    """A file of a result: how it is called, where it lies, how many rows and bytes it has, and their SHA-256 in hexadecimal."""

    name: str
    key: str
    rows: int
    size: int
    sha256: str


class Turns(NamedTuple):
    """Whose turn it is: ids of works that run, and of those that wait, oldest first. `unseen` are those that run, but whose first
    message no worker is known to have seen. `version` grows with each change."""

    running: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    version: int = 0

    def joined(self, work_id: str) -> "Turns":
        """Turns with one more work, which runs at once if few do. Raises `Conflict` when too many wait."""
        if len(self.waiting) >= WORKS_WAITING_MAX:
            detail = f"{WORKS_WAITING_MAX} works wait for their turn already: wait until some are finished, or cancel some"
            raise Conflict(detail, code="too_much_work")
        return _filled(self._replace(waiting=(*self.waiting, work_id)))

    def left(self, work_id: str) -> "Turns":
        """Turns without a work, whose place the one that has waited longest takes."""
        running, waiting, unseen = (tuple(one for one in ids if one != work_id) for ids in (self.running, self.waiting, self.unseen))
        return _filled(Turns(running, waiting, unseen, self.version))

    def seen(self, work_id: str) -> "Turns":
        """Turns once a worker has seen the first message of a work."""
        return self._replace(unseen=tuple(one for one in self.unseen if one != work_id), version=self.version + 1)


def _filled(turns: Turns) -> Turns:
    """The next version: those that have waited longest take the free places."""
    free = max(WORKS_AT_ONCE - len(turns.running), 0)
    begun = turns.waiting[:free]
    return Turns((*turns.running, *begun), turns.waiting[free:], (*turns.unseen, *begun), turns.version + 1)
