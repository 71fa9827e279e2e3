"""Undoes a live Run Package: the opposite of each of its charges, once; what it left held is cancelled."""

from collections.abc import Sequence
from typing import NamedTuple

from ..domain import ledger as entries
from ..domain import money
from ..domain.errors import Conflict
from ..domain.ledger import Entry
from ..domain.record import RunRecord, Step
from ..storage import accounts, ledger, runs
from ..storage.db import MAX_ACTIONS, Action, Db
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
    for plan in runs.plans(db, run_id):
        own = [step for step in plan.steps if _is_own(step)]
        for start in range(0, len(own), MAX_ACTIONS - 1):
            done = _reverse(db, act, run, plan.customer_id, own[start : start + MAX_ACTIONS - 1])
            reversals += [entry for entry in done if entry.kind == "reversal"]
            cancelled += [entry for entry in done if entry.kind != "reversal"]
    return Reversal(run, reversals, cancelled)


def _is_own(step: Step) -> bool:
    """Whether the run made the charge: posted it, or held it first."""
    return step.status in ("posted", "repeat") or (step.status == "held" and step.act != "retry")


def _reverse(db: Db, act: Act, run: RunRecord, customer_id: str, steps: Sequence[Step]) -> list[Entry]:
    day = run.reversed_on or act.today

    def attempt() -> list[Entry]:
        undone = [entries.reversal_key(day, step.key) for step in steps]
        standing = ledger.find_many(db, [(customer_id, key) for key in [step.key for step in steps] + undone])
        done: list[Entry] = []
        actions: list[Action] = []
        give_back, released = money.ZERO, 0
        for step, key in zip(steps, undone, strict=True):
            entry = standing[customer_id, step.key]
            if entry.status == "posted" and (customer_id, key) not in standing:
                new = entries.reversal(entry, at=act.at, day=day, by=act.by)
                actions.append(ledger.creation(new))
                give_back = money.plus(give_back, new.credit_change)
                done.append(new)
            elif entry.status == "held":
                actions.append(ledger.cancellation(customer_id, step.key, by=act.by))
                released += 1
                done.append(entry._replace(status="cancelled", cancelled_by=act.by))
            else:
                done.append(standing.get((customer_id, key), entry))
        if give_back or released:
            actions.append(accounts.give_back(customer_id, give_back, held=-released))
        if actions:
            db.transact(actions)
        return done

    return settle(attempt)
