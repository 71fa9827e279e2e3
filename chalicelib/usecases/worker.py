"""The worker of the daily evaluation: sweeps one segment, posts what is due, marks what failed, clears what is through."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Final, NamedTuple

from ..domain import charging
from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.charging import Line, Spend, in_order
from ..domain.errors import Contention, Throttled, told
from ..domain.ledger import charge_key
from ..domain.package import Package
from ..domain.posting import MAX_ACTIONS
from ..domain.record import Brought, Failure, RunRecord, Step, merged
from ..domain.run import Decision, Status
from ..domain.schedule import DAY
from ..storage import accounts, assignments, progress, runs
from ..storage.db import Action
from ..storage.errors import ConditionFailed
from ..storage.keys import Key
from ..storage.retry import settle
from . import planning
from .act import Act, Services
from .bulk import Bulk
from .patience import STOP_SECONDS
from .piece import Piece
from .posting import Place, Poster, place
from .summary import Journal, sum_up
from .sweep import Catalog, Group, customers

ROUND_LINES: Final = 1600
"""Lines planned before they are posted: enough to fill the threads, little enough to hold."""
THREADS: Final = 8
PIECE_LINES: Final = 20_000
"""Lines that a piece keeps until its end, when it tells of them: the rest is handed on."""
POSTED: Final = ("posted", "held", "repeat")


class _Parked(NamedTuple):
    """A customer over the safety bound, and the first day that stays unposted."""

    account: Account
    since: date


class _Owed(NamedTuple):
    """What one customer is owed to be charged by this run, and since when each assignment may be uncharged."""

    group: Group
    decisions: list[Decision]
    parked: _Parked | None = None


class Worker:
    """One sweep of one segment: plans in rounds, posts each in threads, marks what failed, clears what is through."""

    def __init__(self, services: Services, act: Act, piece: Piece, since: date, again: bool) -> None:
        self._services = services
        self._db = services.db
        self._piece = piece
        self._since = since
        self._again = RunRecord(piece.again_id, "daily", piece.date, act.stamp, act.by, segments=piece.segments) if again else None
        self._run_id = piece.again_id if again else piece.run_id
        self._poster = Poster(self._run_id, piece.by, act.clock)
        self._catalog = Catalog(services.db)
        self._journal = Journal(services.db, self._run_id, piece.segment, act.id)
        self._failures: list[Failure] = []
        self._unplanned: dict[tuple[str, str], date] = {}
        self._own: set[Place] = set()
        self._seconds_left: Callable[[], float] = lambda: STOP_SECONDS
        self._through: tuple[Key | None, int] = None, 0
        """Where the last settled round ended, and how many failures were told by then."""

    def sweep(self, seconds_left: Callable[[], float]) -> Key | None:
        """Post what the segment owes; where to go on when time is short or the lines are many, None at the end.

        What is throttled although there was patience, or because there was no time for it, is left to the next piece.
        Raises `Throttled` when not one round was settled.
        """
        self._seconds_left = seconds_left
        try:
            return self._sweep()
        except Throttled:
            cursor, told_ = self._through
            if cursor is None:
                raise
            del self._failures[told_:]
            return cursor

    def _sweep(self) -> Key | None:
        groups = customers(self._db, self._piece.segment, self._piece.segments, self._piece.cursor, self._leave_out)
        with self._services.threads(THREADS) as pool:
            for round_ in self._rounds(groups):
                self._settle_round(round_, pool)
                self._through = round_[-1].group.last, len(self._failures)
                if self._seconds_left() < STOP_SECONDS or len(self._journal.steps) >= PIECE_LINES:
                    return round_[-1].group.last
        return None

    def _rounds(self, groups: Iterable[Group]) -> Iterator[list[_Owed]]:
        owed: list[_Owed] = []
        lines = 0
        for group in groups:
            try:
                owed.append(self._owed(group))
            except Throttled:
                raise
            except Exception as error:  # noqa: BLE001 - told and marked, whatever it is
                self._leave_out(group.account.customer_id, error)
                continue
            lines += len(owed[-1].decisions)
            if lines >= ROUND_LINES or len(owed) >= self._services.round_customers:
                yield owed
                owed, lines = [], 0
        if owed:
            yield owed

    def _leave_out(self, customer_id: str, error: Exception) -> None:
        """Tell of a customer who can't be planned, and have later runs begin here. If even that fails, the message is tried again."""
        since = min(self._since, self._piece.date)
        settle(partial(self._set_back, customer_id, since))
        self._failures.append(Failure(customer_id, None, since, *told(error)))

    def _set_back(self, customer_id: str, since: date) -> None:
        try:
            self._db.write(accounts.set_back(customer_id, since))
        except ConditionFailed:
            self._db.write(accounts.count_mark(customer_id, since))

    def _owed(self, group: Group) -> _Owed:
        """Plan one customer; one with more lines than the safety bound is to be parked."""
        account = group.account
        if account.parked:
            return _Owed(group, [])
        catalog = self._catalog.of(group.assignments)
        since = {one.assignment_id: self._uncharged_since(account, one) for one in group.assignments}
        spend = planning.spending(self._db, self._settled(group, catalog, since))
        lines = in_order(line for one in group.assignments for line in self._planned(one, catalog, since[one.assignment_id], spend))
        if len(lines) > self._services.max_lines and not account.oversize:
            return _Owed(group, [], _Parked(account, min(lines[0].due_date, account.evaluate_from or lines[0].due_date)))
        held = planning.held_charges(self._db, account, group.assignments)
        retries = [Decision(entry.line, "retry", entry.key) for entry in held if entry.line]
        charges = [Decision(line, "charge", charge_key(line.identity)) for line in lines]
        keys = {entry.key for entry in held}
        self._own |= {(entry.customer_id, entry.key) for entry in held if entry.run_id == self._run_id}
        return _Owed(group, retries + [charge for charge in charges if charge.key not in keys])

    def _uncharged_since(self, account: Account, one: Assignment) -> date:
        return min(filter(None, (self._since, one.evaluate_from, account.evaluate_from)))

    def _settled(self, group: Group, catalog: Mapping[str, Package], since: Mapping[str, date]) -> Iterator[planning.Settled]:
        """The minimum-spend periods of a customer. An assignment that they can't be found of is told when it is planned."""
        for one in group.assignments:
            with suppress(Exception):
                yield from planning.settled(one, catalog[one.package_id], since[one.assignment_id], self._piece.date)

    def _planned(self, one: Assignment, catalog: Mapping[str, Package], since: date, spend: Spend) -> list[Line]:
        """The assignment's lines. Whatever goes wrong with one assignment must not stop the others: it is marked and told."""
        if since > self._piece.date:
            return []
        try:
            return charging.lines(one, catalog[one.package_id], since, self._piece.date, spend)
        except Exception as error:  # noqa: BLE001 - told and marked, whatever it is
            self._unplanned[one.customer_id, one.assignment_id] = since
            self._failures.append(Failure(one.customer_id, one.assignment_id, since, *told(error)))
            return []

    def _settle_round(self, owed: list[_Owed], pool: Executor) -> None:
        decisions = [decision for customer in owed for decision in customer.decisions]
        bulk = Bulk(self._db, self._poster, [a for customer in owed for a in customer.group.assignments], self._seconds_left)
        statuses = bulk.post(decisions, [customer.group.account for customer in owed], pool)
        self._failures += bulk.failures
        failed = self._failed([d for d in decisions if place(d) not in statuses and d.act != "retry"])
        self._mark(failed)
        self._park([customer.parked for customer in owed if customer.parked])
        brought = [(d, status) for d in decisions if (status := statuses.get(place(d))) in POSTED and not self._held_before(d, status)]
        self._journal.steps += [Step(d.line, "charge" if place(d) in self._own else d.act, d.key, status) for d, status in brought]
        if any(d.act == "retry" for d, _ in brought):
            self._keep_lines()  # what is no longer held, the next attempt would not find
        self._clear(owed, {assignment_id for _, assignment_id in failed}, pool)
        self._journal.swept += sum(len(customer.group.assignments) for customer in owed)
        self._journal.owed += len(failed) + sum(len(c.group.assignments) for c in owed if c.parked or c.group.account.parked)

    def _held_before(self, decision: Decision, status: Status) -> bool:
        """Whether another run held the charge, and it is still held: nothing that this run brought."""
        return status == "held" and decision.act == "retry" and place(decision) not in self._own

    def _failed(self, unposted: list[Decision]) -> dict[tuple[str, str], date]:
        """The first day of each assignment, by (customer id, assignment id), that could not be planned or posted."""
        first, self._unplanned = self._unplanned, {}
        for decision in unposted:
            line = decision.line
            ids = (line.customer_id, line.assignment_id)
            first[ids] = min(line.due_date, first.get(ids, line.due_date))
        return first

    def _mark(self, failed: Mapping[tuple[str, str], date]) -> None:
        """Have later runs begin where this one failed. If even that fails, the message is tried again: progress stands still."""
        for ids, day in failed.items():
            settle(partial(self._mark_one, ids, day))

    def _mark_one(self, ids: tuple[str, str], day: date) -> None:
        current = assignments.find(self._db, *ids)
        if current:
            self._db.write(assignments.mark(current, day))

    def _park(self, oversize: list[_Parked]) -> None:
        for account, since in oversize:
            settle(partial(self._park_one, account, since))
            detail = f"more than {self._services.max_lines} lines are due; unpark the customer to post them"
            self._failures.append(Failure(account.customer_id, None, since, "parked", detail))

    def _park_one(self, account: Account, since: date) -> None:
        """Park, unless another worker has from that day. Otherwise the message is tried again: progress stands still."""
        try:
            self._db.write(accounts.park(account, since))
        except ConditionFailed:
            current = accounts.find(self._db, account.customer_id)
            if current and not (current.evaluate_from and current.evaluate_from <= since):
                raise

    def _clear(self, owed: list[_Owed], failed: set[str], pool: Executor) -> None:
        """Clear the marks of what is charged through this day. If a later day has begun meanwhile, move them behind
        this one instead: that day's sweep may have passed before they were seen."""
        through = [customer for customer in owed if not customer.parked and not customer.group.account.parked]
        marked = [a for customer in through for a in customer.group.assignments if self._is_through(a, failed)]
        caught_up = [
            customer.group.account
            for customer in through
            if customer.group.whole
            and customer.group.account.evaluate_from
            and failed.isdisjoint(a.assignment_id for a in customer.group.assignments)
        ]
        if not marked and not caught_up:
            return
        self._keep_lines()  # without its mark, the next attempt would not look for what is behind it
        latest = progress.latest_started(self._db)
        to = self._piece.date + DAY if latest and latest > self._piece.date else None
        actions = [assignments.move_evaluate_from(a, to) for a in marked if a.evaluate_from != to]
        actions += [accounts.catch_up(account, to) for account in caught_up]
        batches = [actions[n : n + MAX_ACTIONS] for n in range(0, len(actions), MAX_ACTIONS)]
        list(pool.map(self._write_unless_moved, batches))

    def _is_through(self, one: Assignment, failed: set[str]) -> bool:
        return one.evaluate_from is not None and one.evaluate_from <= self._piece.date and one.assignment_id not in failed

    def _write_unless_moved(self, actions: list[Action]) -> None:
        """Together, for few requests; each by itself where somebody was at one. A mark that stays costs a read, nothing else."""
        try:
            self._db.transact(actions)
        except Contention:
            for action in actions:
                with suppress(Contention):
                    self._db.write(action)

    @property
    def _has_brought(self) -> bool:
        return bool(self._journal.steps or self._failures)

    def _keep_lines(self) -> None:
        if self._again and self._has_brought:
            settle(partial(runs.record, self._db, self._again))
        self._failures += self._journal.keep()

    def keep(self, at: str) -> Brought:
        """Keep what this piece brought, if anything, and tell it."""
        if self._has_brought:
            self._keep_lines()
        brought = self._journal.brought(self._failures)
        if self._has_brought:
            runs.save_result(self._db, self._run_id, self._piece.segment, self._piece.piece, brought.result)
        if self._again and runs.find(self._db, self._run_id):
            sum_up(self._db, self._run_id, self._piece.segment)
            runs.finish(self._db, self._run_id, merged(runs.results(self._db, self._run_id)), at)
        return brought
