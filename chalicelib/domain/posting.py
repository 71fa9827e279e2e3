"""How decided charges meet the account's credit: which are posted or held, and what that does to the balance. Writes nothing."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from . import account, money
from .account import Account
from .charging import Line
from .deciding import REPEATS, Decision, fitting, retries_of
from .ledger import Entry, EntryStatus, RecordedDeduction, charge
from .low_balance import Watch, after_watch
from .report import HeldBefore, Status
from .taking_back import Part

TRANSACTION_ACTIONS_MAX: Final = 100
"""What one transaction takes: the charges, the account, and the assignments that are charged for the first time."""


class Provenance(NamedTuple):
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
    """What a set of moves does to the account: the balance falls by `amount`, `held` more charges are held (fewer, if negative), and
    `newly_held` of them were not held before."""

    amount: Decimal
    held: int
    newly_held: int

    @property
    def exact(self) -> bool:
        """Whether it depends on the very balance that was read: a charge is held because of it."""
        return self.newly_held > 0


def held_charges_before(held: Sequence[Entry], credit: account.Credit) -> HeldBefore:
    """What held charges come to, less what is held with them."""
    tried = retries_of(held)
    debits = (one.line.debit for one, fits in zip(tried, fitting(tried, credit), strict=True) if fits)
    return HeldBefore(sum(not one.line.takes_back for one in tried), money.total(one.line.retail for one in tried), money.total(debits))


def moves(decisions: Sequence[Decision], credit: account.Credit | None, provenance: Provenance) -> list[Move]:
    """Post or hold each charge, in order. Without `credit` nothing is debited and all are posted."""
    verdicts = fitting(decisions, credit) if credit else [True] * len(decisions)
    return [_move(decision, fits, provenance) for decision, fits in zip(decisions, verdicts, strict=True)]


def _move(decision: Decision, fits: bool, provenance: Provenance) -> Move:
    if not fits and decision.kind == "retry":
        return Move(decision, "held", None)
    repeat = decision.held.repeat if decision.held else decision.kind in REPEATS
    status: Status = "held" if not fits else "repeat" if repeat else "posted"
    if decision.held:
        return Move(decision, status, _posted_entry(decision.held, decision.line, provenance))
    entry = charge(
        decision.line, status="posted" if fits else "held", run_id=provenance.run_id, repeat=repeat, at=provenance.at, by=provenance.by
    )
    return Move(decision, status, entry._replace(key=decision.key))


def _posted_entry(held: Entry, line: Line, provenance: Provenance) -> Entry:
    """A held entry as it is posted."""
    return held._replace(
        status="posted", posted_at=provenance.at.isoformat(), run_id=provenance.run_id or held.run_id, line=line,
        credit_change=money.minus(money.ZERO, line.debit), version=held.version + 1,
    )  # fmt: skip


def part_entry(part: Part, provenance: Provenance) -> Entry:
    """The entry of a part of a negative line."""
    status: EntryStatus = "held" if part.held else "posted"
    made = charge(part.line, status=status, run_id=provenance.run_id, repeat=False, at=provenance.at, by=provenance.by)
    takes = tuple(RecordedDeduction(one.charge.key, one.retail, one.cost) for one in part.deductions)
    return made._replace(key=part.key, takes=takes)


def debit_of_parts(parts: Sequence[Part]) -> Debit:
    """What a negative line does to the account."""
    held = sum(part.held for part in parts)
    return Debit(money.total(part.line.debit for part in parts if not part.held), held, held)


def total_debit(made: Sequence[Move]) -> Debit:
    """What the moves do to the account together."""
    written = [move for move in made if move.entry]
    newly_held = sum(move.status == "held" for move in written)
    released = sum(move.decision.kind == "retry" for move in written)
    amount = money.total(move.decision.line.debit for move in written if move.status != "held")
    return Debit(amount, newly_held - released, newly_held)


def after_debit(read: Account, change: Debit, watched: Watch | None) -> Account:
    """The account once the debit is written."""
    return after_watch(read, watched)._replace(
        balance=money.minus(read.balance, change.amount), held=read.held + change.held, held_ever=read.held_ever + change.newly_held
    )


def recorded_status(entry: Entry, run_id: str | None) -> Status:
    """The status that run `run_id` reports for a charge that is already in the ledger: its own, whose answer was lost, or another run's."""
    if entry.status == "held":
        return "held"
    if entry.status == "cancelled":
        return "written_off"
    if run_id is None or entry.run_id != run_id:
        return "already_charged"
    return "repeat" if entry.repeat else "posted"


def batches(decisions: Sequence[Decision], unmarked: set[str], room: int) -> list[list[Decision]]:
    """Cut charges into transactions of at most `room` actions, counting a mark for each assignment charged for the first time.

    A held charge stays with what is held with it. A negative line stands alone: what it writes is known when it is tried.
    """
    cut: list[list[Decision]] = []
    to_mark, used = set(unmarked), room
    for one in _together(decisions):
        alone = one[0].kind == "take_back"
        actions = len(one) + (one[0].line.assignment_id in to_mark)
        if used + actions > room or alone:
            cut.append([])
            used = 0
        cut[-1] += one
        used = room if alone else used + actions
        to_mark.discard(one[0].line.assignment_id)
    return cut


def _together(decisions: Sequence[Decision]) -> list[list[Decision]]:
    """Each decision, a held charge with the entries that are held with it; in order."""
    places = {(one.line.customer_id, one.key): one for one in decisions if one.kind == "retry"}
    units = {
        place: [places[place[0], key] for key in (one.key, *(one.held.parts if one.held else ())) if (place[0], key) in places]
        for place, one in places.items()
    }
    follow = {(place[0], part.key) for place, unit in units.items() for part in unit[1:]}
    found = []
    for one in decisions:
        place = one.line.customer_id, one.key
        if place not in follow:
            found.append(units.get(place, [one]) if one.kind == "retry" else [one])
    return found
