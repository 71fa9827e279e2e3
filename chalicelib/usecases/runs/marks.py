"""The marks that say from when somebody may be uncharged: set where a run failed, cleared where it caught up.

A mark that can't be set fails the whole message, which comes back: progress stands still. One that can't be cleared costs
a read at the next run, nothing else.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from datetime import date
from functools import partial

from ...domain.account import Account
from ...domain.assignment import Assignment
from ...domain.errors import Contention
from ...domain.history import customer_change
from ...domain.posting import TRANSACTION_ACTIONS_MAX
from ...domain.schedule import DAY
from ...storage import accounts, assignments, finding, progress
from ...storage.db import Action, Db
from ...storage.errors import Cancelled, ConditionFailed
from ...storage.retry import retry_on_contention
from ..history import record_change
from ..request_context import RequestContext
from .rounds import ToPark


def set_back_customer(db: Db, customer_id: str, since: date) -> None:
    """Have later runs begin with a customer on that day."""

    def attempt() -> None:
        try:
            db.write(accounts.set_back(customer_id, since))
        except ConditionFailed:
            db.write(accounts.count_mark(customer_id, since))

    retry_on_contention(attempt)


def mark_assignments(db: Db, marks: Mapping[tuple[str, str], date]) -> None:
    """Have later runs begin with these assignments, by (customer id, assignment id), on these days."""
    for ids, day in marks.items():
        retry_on_contention(partial(_mark_assignment, db, ids, day))


def _mark_assignment(db: Db, ids: tuple[str, str], day: date) -> None:
    current = assignments.find_assignment(db, *ids)
    if current:
        db.write(assignments.mark(current, day))


def park_customers(db: Db, context: RequestContext, to_park: Sequence[ToPark]) -> None:
    """Park customers, and have later runs begin where this one stopped, once they are unparked."""
    for account, since in to_park:
        retry_on_contention(partial(_park_account, db, context, account, since))


def _park_account(db: Db, context: RequestContext, account: Account, since: date) -> None:
    """Park, unless another worker has from that day. An account that was edited meanwhile is parked as it is by now."""
    parked = account._replace(parked=True, version=account.version + 1, updated_at=context.timestamp, updated_by=context.by)
    try:
        found_by = finding.rewritten((), finding.parked_items(parked))
        told = record_change(context, customer_change("customer.parked", parked, account))
        db.transact([accounts.park(parked, since), *found_by, told])
    except Cancelled:
        current = accounts.find_account(db, account.customer_id)
        if current is None or (current.evaluate_from and current.evaluate_from <= since):
            return
        if current.version == account.version or current.parked or current.oversize:
            raise
        _park_account(db, context, current, since)


def clear_marks(db: Db, pool: Executor, charged: Sequence[Assignment], caught_up: Sequence[Account], day: date) -> None:
    """Clear the marks of what is charged through `day`. If a later day has begun meanwhile, move them behind `day` instead: that
    day's segments may have finished before they were seen."""
    latest = progress.latest_started(db)
    to = day + DAY if latest and latest > day else None
    actions = [assignments.move_evaluate_from(one, to) for one in charged if one.evaluate_from != to]
    actions += [accounts.catch_up(account, to) for account in caught_up]
    batches = [actions[n : n + TRANSACTION_ACTIONS_MAX] for n in range(0, len(actions), TRANSACTION_ACTIONS_MAX)]
    list(pool.map(partial(_write_unless_moved, db), batches))


def _write_unless_moved(db: Db, actions: Sequence[Action]) -> None:
    """Together, for few requests; each by itself where somebody was at one."""
    try:
        db.transact(actions)
    except Contention:
        for action in actions:
            with suppress(Contention):
                db.write(action)
