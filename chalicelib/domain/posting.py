"""How decided charges meet the account's credit: which are posted, which are held, and what that does to the balance."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from . import account, money
from .account import Account
from .ledger import Entry, charge
from .run import REPEATS, Decision, Status

MAX_ACTIONS: Final = 100
"""What one transaction takes: the charges, the account, and the assignments that are charged for the first time."""


class Stamp(NamedTuple):
    """Who posts, when, for which run. `run_id` None: the backlog of an assignment."""

    run_id: str | None
    at: datetime
    by: str


class Move(NamedTuple):
    """One charge and what becomes of it. `entry` is None for a held charge that still does not fit: nothing is written."""

    decision: Decision
    status: Status
    entry: Entry | None


class Debit(NamedTuple):
    """What a set of moves does to the account: held charges more or less, and how many of them are held for the first time."""

    amount: Decimal
    held: int
    newly_held: int

    @property
    def exact(self) -> bool:
        """Whether it depends on the very balance that was read: a charge is held because of it."""
        return self.newly_held > 0


def moves(decisions: Sequence[Decision], credit: account.Credit | None, stamp: Stamp) -> list[Move]:
    """Post or hold each charge, in order. Without `credit` nothing is debited and all are posted."""
    verdicts = account.allot(credit, [d.line.debit for d in decisions])[0] if credit else [True] * len(decisions)
    return [_move(decision, fits, stamp) for decision, fits in zip(decisions, verdicts, strict=True)]


def _move(decision: Decision, fits: bool, stamp: Stamp) -> Move:
    if not fits and decision.act == "retry":
        return Move(decision, "held", None)
    repeat = decision.act in REPEATS
    entry = charge(decision.line, status="posted" if fits else "held", run_id=stamp.run_id, repeat=repeat, at=stamp.at, by=stamp.by)
    status: Status = "held" if not fits else "repeat" if repeat else "posted"
    return Move(decision, status, entry._replace(key=decision.key))


def debit(made: Sequence[Move]) -> Debit:
    """What the moves do to the account together."""
    written = [move for move in made if move.entry]
    newly_held = sum(move.status == "held" for move in written)
    released = sum(move.decision.act == "retry" for move in written)
    amount = money.total(move.decision.line.debit for move in written if move.status != "held")
    return Debit(amount, newly_held - released, newly_held)


def after(read: Account, change: Debit) -> Account:
    """The account once the debit is written."""
    return read._replace(
        balance=money.minus(read.balance, change.amount), held=read.held + change.held, holds=read.holds + change.newly_held
    )


def recorded_status(entry: Entry, run_id: str | None) -> Status:
    """What run `run_id` says of a charge that stands in the ledger already: its own, whose answer was lost, or another's."""
    if entry.status == "held":
        return "held"
    if entry.status == "cancelled":
        return "written_off"
    if run_id is None or entry.run_id != run_id:
        return "already_charged"
    return "repeat" if entry.repeat else "posted"


def batches(decisions: Sequence[Decision], unmarked: set[str], room: int) -> list[list[Decision]]:
    """Cut charges into transactions of at most `room` actions, counting a mark for each assignment charged for the first time."""
    cut: list[list[Decision]] = []
    to_mark, used = set(unmarked), room
    for decision in decisions:
        actions = 2 if decision.line.assignment_id in to_mark else 1
        if used + actions > room:
            cut.append([])
            used = 0
        cut[-1].append(decision)
        used += actions
        to_mark.discard(decision.line.assignment_id)
    return cut
