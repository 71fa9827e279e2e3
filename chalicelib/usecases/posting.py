"""Writes decided charges, as `domain.posting` says: the plan as transactions, planned again whenever another writer came first.

A charge that does not debit shares transactions with other customers'; a customer's debits go together with one update of
the account. A cancelled transaction is never taken to mean that somebody else has posted the charge: its reasons are read, and the ledger.

A negative line has a transaction of its own: with its entries it writes the credited sum of each charge that it takes from, on
condition of the version that was read.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from ..domain import posting, taking_back
from ..domain.account import Account, current_credit
from ..domain.assignment import Assignment
from ..domain.charging import Line, still_due
from ..domain.deciding import Decision
from ..domain.errors import Conflict, NotFound
from ..domain.ledger import Entry, is_part
from ..domain.posting import TRANSACTION_ACTIONS_MAX, Debit, Move
from ..domain.record import Step
from ..domain.report import Status
from ..domain.taking_back import Part
from ..domain.terms import same_terms
from ..storage import accounts, assignments, ledger
from ..storage.db import Action, Db
from ..storage.errors import Cancelled
from ..storage.retry import retry_on_contention
from . import loading
from .poster import Poster

PARTS_MAX: Final = 50
"""Negative entries that are held with one charge: they post, and are written off, in one transaction."""
ACCOUNT_ACTIONS_MAX: Final = 2
"""What a debit adds to a transaction: the update of the account, and what is told if it crosses a threshold."""
LedgerKey = tuple[str, str]
"""Customer id and ledger key."""


def ledger_key(decision: Decision) -> LedgerKey:
    """Where in the ledger the charge stands or will stand."""
    return decision.line.customer_id, decision.key


def post_decisions(
    db: Db,
    poster: Poster,
    decisions: Sequence[Decision],
    account: Account | None,
    uncharged: Mapping[str, Assignment],
    done: dict[LedgerKey, Step] | None = None,
) -> dict[LedgerKey, Step]:
    """Carry out charges, in order, and say what became of each, and of each part of a negative line. Each is dated when its
    transaction is sent.

    Debits, and negative lines, need the `account` of their one customer; without it nothing is debited. `uncharged` holds the
    assignments, by id, that had no charge when they were read: the first one marks them in its transaction. Raises `Contention` or
    `Throttled` when time runs out; what was posted by then stays posted and stands in `done`, and the same call again completes it.
    """
    done = {} if done is None else done
    left = dict(uncharged)
    room = TRANSACTION_ACTIONS_MAX - (ACCOUNT_ACTIONS_MAX if account else 0)
    book = _Book(decisions)
    for stretch in _by_direction(decisions):
        for batch in posting.batches(book.current(stretch), set(left), room):
            attempt = _attempt(db, poster, batch, account, left, book)
            retry_on_contention(attempt.carry_out)
            for place, step in attempt.done.items():
                done[place] = step._replace(kind=done[place].kind) if place in done else step
            account = attempt.account
            book.note(attempt.written)
            for decision in batch:
                left.pop(decision.line.assignment_id, None)
    return done


def _attempt(
    db: Db, poster: Poster, batch: list[Decision], account: Account | None, uncharged: Mapping[str, Assignment], book: "_Book"
) -> "ChargeBatch | _TakingBack":
    if batch[0].kind == "take_back":
        return _TakingBack(db, poster, batch[0], account, book.charges(batch[0].line))
    return ChargeBatch(db, poster, batch, account, uncharged)


def _by_direction(decisions: Sequence[Decision]) -> list[list[Decision]]:
    """The decisions in order, those that take back apart from others: after them, others may find less held."""
    return [list(some) for _, some in groupby(decisions, key=lambda one: one.kind == "take_back")]


class _Book:
    """The charges that negative lines of this call may take from, and what is held, as they stand."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self._takes_back = any(one.kind == "take_back" for one in decisions)
        known = [entry for one in decisions for entry in (*one.charges, *([one.held] if one.held else []))]
        self._entries = {(one.customer_id, one.key): one for one in known}

    def note(self, entries: Iterable[Entry]) -> None:
        """What was written, or found."""
        if self._takes_back:
            self._entries |= {(one.customer_id, one.key): one for one in entries}

    def charges(self, line: Line) -> tuple[Entry, ...]:
        """Those that a negative line may take from."""
        return taking_back.charges_of_period(line, self._entries.values())

    def current(self, decisions: Sequence[Decision]) -> list[Decision]:
        """The decisions with what is held as it stands, and with what came to be held with it."""
        return [later for one in decisions for later in self._with_parts(one)] if self._takes_back else list(decisions)

    def _with_parts(self, decision: Decision) -> list[Decision]:
        held = self._entries.get(ledger_key(decision)) if decision.held else None
        if decision.held is None or held is None:
            return [decision]
        new = [self._entries[held.customer_id, key] for key in held.parts if key not in decision.held.parts]
        return [decision._replace(held=held), *(Decision(one.line, "retry", one.key, one) for one in new if one.line)]


class _Attempt:
    """What one transaction is to do, tried until it is written: what became of each charge, and the entries as written or found."""

    def __init__(self, db: Db, poster: Poster, account: Account | None) -> None:
        self._db = db
        self._poster = poster
        self.account = account
        self.done: dict[LedgerKey, Step] = {}
        self.written: list[Entry] = []

    def _note(self, decision: Decision, status: Status) -> None:
        self.done[ledger_key(decision)] = Step(decision.line, decision.kind, decision.key, status, decision.charged)

    def _refresh_account(self) -> None:
        if self.account:
            self.account = accounts.find_account(self._db, self.account.customer_id)
            if self.account is None:
                raise NotFound("the customer is gone")


class _TakingBack(_Attempt):
    """A negative line, with what it takes of which charges."""

    def __init__(self, db: Db, poster: Poster, decision: Decision, account: Account | None, charges: Sequence[Entry]) -> None:
        super().__init__(db, poster, account)
        self._decision = decision
        self._charges = charges

    def carry_out(self) -> None:
        """Try once. Raises `Cancelled` after reading what is in the way."""
        parts = taking_back.parts(self._decision.line, self._charges)
        if not parts:
            self._read_anew()
        if parts and not self.done:
            self._write(parts)
        if not self.done:
            self._note(self._decision, "no_longer_due")

    def _write(self, parts: Sequence[Part]) -> None:
        provenance, change = self._poster.provenance, posting.debit_of_parts(parts)
        made, less = [posting.part_entry(part, provenance) for part in parts], taking_back.after_deductions(parts)
        actions = [ledger.create_entry(one) for one in made] + [ledger.write_credit(one) for one in less]
        debited = self._poster.debited(self.account, change) if self.account and any(change) else None
        if debited:
            actions += debited.actions
        if len(actions) > TRANSACTION_ACTIONS_MAX or any(len(one.parts) > PARTS_MAX for one in less):
            detail = "the line would take back from more charges than fit into one transaction; credit these charges instead"
            raise Conflict(detail, code="too_many_charges")
        try:
            self._db.transact(actions)
        except Cancelled:
            self._read_anew()
            self._refresh_account()
            raise
        for part in parts:
            self._note(Decision(part.line, "take_back", part.key), "held" if part.held else "posted")
        self.written = [*made, *less]
        if debited:
            self.account = debited.account

    def _read_anew(self) -> None:
        """Read the charges anew. If the line is in the ledger, it is done."""
        line = self._decision.line
        found = loading.charges_behind(self._db, [line])
        self._charges = taking_back.charges_of_period(line, found)
        self.written = found
        for entry in found:
            if entry.line and is_part(entry.key, line.identity):
                self._note(Decision(entry.line, "take_back", entry.key), posting.recorded_status(entry, self._poster.run_id))


class ChargeBatch(_Attempt):
    """The charges of one transaction, tried until it is written."""

    def __init__(
        self, db: Db, poster: Poster, decisions: list[Decision], account: Account | None, uncharged: Mapping[str, Assignment]
    ) -> None:
        super().__init__(db, poster, account)
        self._pending = decisions
        mine = {decision.line.assignment_id for decision in decisions if decision.kind != "retry"}
        self._uncharged = {one: assignment for one, assignment in uncharged.items() if one in mine}

    def carry_out(self) -> None:
        """Try once. Raises `Cancelled` after reading what is in the way."""
        made = posting.moves(self._pending, current_credit(self.account) if self.account else None, self._poster.provenance)
        written = [move for move in made if move.entry]
        if written:
            self._write(written, posting.total_debit(made))
        for move in made:
            self._note(move.decision, move.status)
        self.written += [move.entry for move in written if move.entry]

    def _write(self, written: list[Move], change: Debit) -> None:
        marked = self._marks(written)
        actions = [_action_of_move(move, move.entry) for move in written if move.entry] + [assignments.mark_charged(a) for a in marked]
        debited = self._poster.debited(self.account, change) if self.account and any(change) else None
        if debited:
            actions += debited.actions
        try:
            self._db.transact(actions)
        except Cancelled as cancelled:
            self._sort_out([m for n, m in enumerate(written) if cancelled.failed(n)])
            self._sort_out_edited([a for n, a in enumerate(marked, len(written)) if cancelled.failed(n)])
            self._refresh_account()
            raise
        if debited:
            self.account = debited.account

    def _marks(self, written: list[Move]) -> list[Assignment]:
        charged = {move.decision.line.assignment_id for move in written if move.decision.kind != "retry"}
        return [assignment for one, assignment in self._uncharged.items() if one in charged]

    def _sort_out(self, refused: list[Move]) -> None:
        """Drop the charges whose key is taken, or that are no longer held; go on with the held ones as they are now."""
        standing = ledger.find_entries(self._db, [ledger_key(move.decision) for move in refused])
        self.written += standing.values()
        for move in refused:
            entry = standing.get(ledger_key(move.decision))
            if entry is not None and entry.status == "held" and move.decision.held:
                self._renew(move.decision, entry)
            elif entry is not None:
                status = posting.recorded_status(entry, self._poster.run_id)
                other = status == "already_charged"
                self._drop(move.decision._replace(charged=entry.nominal_retail) if other else move.decision, status)

    def _renew(self, decision: Decision, held: Entry) -> None:
        """Go on with a held charge as it stands, with what is held with it by now."""
        others = {ledger_key(one) for one in self._pending}
        new = [one for one in ledger.parts_of(self._db, held) if (one.customer_id, one.key) not in others]
        place = next(n for n, one in enumerate(self._pending) if ledger_key(one) == ledger_key(decision))
        debits = decision.line.auto_decrement_credit
        later = [Decision(one.line._replace(auto_decrement_credit=debits), "retry", one.key, one) for one in new if one.line]
        self._pending = [*self._pending[:place], decision._replace(held=held), *later, *self._pending[place + 1 :]]

    def _sort_out_edited(self, refused: list[Assignment]) -> None:
        """Of assignments that were edited, go on with what is still due at the same terms; the edit, or an evaluation, posts the rest."""
        for old in refused:
            new = assignments.find_assignment(self._db, old.customer_id, old.assignment_id)
            self._uncharged[old.assignment_id] = new or old
            for decision in [d for d in self._pending if d.line.assignment_id == old.assignment_id and d.kind != "retry"]:
                if new is None or not _goes_on(decision.line, old, new):
                    self._drop(decision, "no_longer_due")

    def _drop(self, decision: Decision, status: Status) -> None:
        self._note(decision, status)
        self._pending = [one for one in self._pending if ledger_key(one) != ledger_key(decision)]


def _goes_on(line: Line, planned: Assignment, now: Assignment) -> bool:
    """Whether a charge is due after an edit as it was planned before: on its due date and at the terms of its days."""
    first = line.period.since if line.period else line.due_date
    return still_due(line, now) and same_terms(planned, now, first, line.due_date)


def _action_of_move(move: Move, entry: Entry) -> Action:
    return ledger.post_held(entry) if move.decision.kind == "retry" else ledger.create_entry(entry)
