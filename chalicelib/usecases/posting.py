"""Posts decided charges: the plan as transactions, looked at again whenever another writer came first.

A charge that does not debit shares transactions with other customers'; a customer's debits go together with one update of
the account. A cancelled transaction is never taken as "somebody else did it": its reasons are read, and what stands.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from ..domain import posting
from ..domain.account import Account, credit
from ..domain.assignment import Assignment
from ..domain.charging import still_due
from ..domain.errors import NotFound
from ..domain.ledger import Entry
from ..domain.posting import MAX_ACTIONS, Debit, Move, Stamp
from ..domain.run import Decision, Status
from ..storage import accounts, assignments, ledger
from ..storage.db import Action, Db
from ..storage.errors import Cancelled
from ..storage.retry import settle

Place = tuple[str, str]
"""Customer id and ledger key."""


class Poster(NamedTuple):
    """Who posts, for which run (None: the backlog of an assignment), and the clock that dates what is posted."""

    run_id: str | None
    by: str
    clock: Callable[[], datetime]

    @property
    def stamp(self) -> Stamp:
        """What is posted now."""
        return Stamp(self.run_id, self.clock(), self.by)


def place(decision: Decision) -> Place:
    """Where in the ledger the charge stands or will stand."""
    return decision.line.customer_id, decision.key


def post(
    db: Db, poster: Poster, decisions: Sequence[Decision], account: Account | None, uncharged: Mapping[str, Assignment]
) -> dict[Place, Status]:
    """Carry out charges, in order, and say what became of each. Each is dated when its transaction is sent.

    Debits need the `account` of their one customer; without it nothing is debited. `uncharged` holds the assignments, by id,
    that had no charge when they were read: the first one marks them in its transaction. Raises `Contention` or `Throttled`
    when patience ends; what was posted by then stays posted, and the same call again completes it.
    """
    statuses: dict[Place, Status] = {}
    left = dict(uncharged)
    room = MAX_ACTIONS - (1 if account else 0)
    for batch in posting.batches(decisions, set(left), room):
        attempt = _Batch(db, poster, batch, account, left)
        settle(attempt.carry_out)
        statuses |= attempt.statuses
        account = attempt.account
        for decision in batch:
            left.pop(decision.line.assignment_id, None)
    return statuses


class _Batch:
    """The charges of one transaction, through as many looks as it takes."""

    def __init__(
        self, db: Db, poster: Poster, decisions: list[Decision], account: Account | None, uncharged: Mapping[str, Assignment]
    ) -> None:
        self._db = db
        self._poster = poster
        self._pending = decisions
        mine = {decision.line.assignment_id for decision in decisions if decision.act != "retry"}
        self._uncharged = {one: assignment for one, assignment in uncharged.items() if one in mine}
        self.account = account
        self.statuses: dict[Place, Status] = {}

    def carry_out(self) -> None:
        """Try once. Raises `Cancelled` after having looked at what is in the way."""
        made = posting.moves(self._pending, credit(self.account) if self.account else None, self._poster.stamp)
        written = [move for move in made if move.entry]
        if written:
            self._write(written, posting.debit(made))
        self.statuses |= {place(move.decision): move.status for move in made}

    def _write(self, written: list[Move], change: Debit) -> None:
        marked = self._marks(written)
        actions = [_action(move, move.entry) for move in written if move.entry] + [assignments.mark_charged(a) for a in marked]
        if self.account and any(change):
            actions.append(accounts.debit(self.account, change))
        try:
            self._db.transact(actions)
        except Cancelled as cancelled:
            self._look([m for n, m in enumerate(written) if cancelled.failed(n)])
            self._look_at_marks([a for n, a in enumerate(marked, len(written)) if cancelled.failed(n)])
            self._refresh_account()
            raise
        if self.account:
            self.account = posting.after(self.account, change)

    def _marks(self, written: list[Move]) -> list[Assignment]:
        charged = {move.decision.line.assignment_id for move in written if move.decision.act != "retry"}
        return [assignment for one, assignment in self._uncharged.items() if one in charged]

    def _refresh_account(self) -> None:
        if self.account:
            self.account = accounts.find(self._db, self.account.customer_id)
            if self.account is None:
                raise NotFound("the customer is gone")

    def _look(self, refused: list[Move]) -> None:
        """Settle the charges whose identity is taken, or that are no longer held."""
        standing = ledger.find_many(self._db, [place(move.decision) for move in refused])
        for move in refused:
            entry = standing.get(place(move.decision))
            if entry is not None:
                self._drop(move.decision, posting.recorded_status(entry, self._poster.run_id))

    def _look_at_marks(self, refused: list[Assignment]) -> None:
        """An assignment that was edited: go on with what is still due on it, leave the rest to the edit."""
        for old in refused:
            new = assignments.find(self._db, old.customer_id, old.assignment_id)
            self._uncharged[old.assignment_id] = new or old
            for decision in [d for d in self._pending if d.line.assignment_id == old.assignment_id and d.act != "retry"]:
                if new is None or not still_due(decision.line, new):
                    self._drop(decision, "no_longer_due")

    def _drop(self, decision: Decision, status: Status) -> None:
        self.statuses[place(decision)] = status
        self._pending = [one for one in self._pending if place(one) != place(decision)]


def _action(move: Move, entry: Entry) -> Action:
    return ledger.release(entry) if move.decision.act == "retry" else ledger.creation(entry)
