"""Undoes a live Run Package: the opposite of each of its charges, once; what it left held is cancelled."""

from collections.abc import Sequence
from typing import NamedTuple

from ..domain import ledger as entries
from ..domain import money
from ..domain.errors import Conflict
from ..domain.ledger import Entry
from ..domain.posting import MAX_ACTIONS
from ..domain.record import RunRecord, Step
from ..domain.run import LEFT_ALONE
from ..storage import accounts, ledger, plans, runs
from ..storage.db import Action, Db
from ..storage.retry import settle
from . import run_package
from .act import Act


class Reversal(NamedTuple):
    """What a reversal did: its run, the entries it posted, the held charges it cancelled."""

    run: RunRecord
    reversals: list[Entry]
    cancelled: list[Entry]


def reverse(db: Db, act: Act, run_id: str) -> Reversal:
    """Reverse a finished Run Package, dated on the day of the first try; again, answer the same.

    Raises `Conflict` not_reversible for a daily run, running for one that is under way.
    """
    run = run_package.read(db, run_id)
    if run.kind == "daily":
        raise Conflict("a daily run can't be reversed; end the assignments or book corrections", code="not_reversible")
    if run.state == "running":
        raise Conflict("the run is not finished", code="running")
    run = runs.begin_reversal(db, run_id, act.today, act.stamp, act.by)
    reversals: list[Entry] = []
    cancelled: list[Entry] = []
    for plan in plans.after(db, run_id):
        own = [step for step in plan.steps if step.act not in LEFT_ALONE]
        for start in range(0, len(own), MAX_ACTIONS - 1):
            done = _reverse(db, act, run, plan.customer_id, own[start : start + MAX_ACTIONS - 1])
            reversals += [entry for entry in done if entry.kind == "reversal"]
            cancelled += [entry for entry in done if entry.kind != "reversal"]
    return Reversal(run, reversals, cancelled)


def _reverse(db: Db, act: Act, run: RunRecord, customer_id: str, steps: Sequence[Step]) -> list[Entry]:
    """Undo some steps. A charge is the run's that posted it, or that holds it: one that the run held and another posted is not."""
    day = run.reversed_on or act.today

    def attempt() -> list[Entry]:
        undone = {step.key: entries.reversal_key(day, step.key) for step in steps}
        standing = ledger.find_many(db, [(customer_id, key) for pair in undone.items() for key in pair])
        done: list[Entry] = []
        actions: list[Action] = []
        give_back, released, now = money.ZERO, 0, act.clock()
        for key, reversal_key in undone.items():
            entry, reversed_ = standing.get((customer_id, key)), standing.get((customer_id, reversal_key))
            if entry is None or entry.run_id != run.run_id or entry.written_off:
                continue
            if entry.status == "posted" and reversed_ is None:
                reversed_ = entries.reversal(entry, at=now, day=day, by=act.by)
                actions.append(ledger.creation(reversed_))
                give_back = money.plus(give_back, reversed_.credit_change)
            elif entry.status == "held":
                entry = entry._replace(status="cancelled", cancelled_by=act.by, voided=True)
                actions.append(ledger.cancellation(customer_id, key, by=act.by, voided=True))
                released += 1
            done.append(reversed_ or entry)
        if give_back or released:
            actions.append(accounts.give_back(customer_id, give_back, held=-released))
        if actions:
            db.transact(actions)
        return done

    return settle(attempt)
