"""Undoes a live Run Package: the opposite of each of its charges, once; what it left held is cancelled.

The queue does it for a run of all customers or of many lines: a chain of messages in the order of customer ids, each with
the counts of what lies before it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from ..domain import ledger as entries
from ..domain import money
from ..domain.errors import Conflict, told
from ..domain.ledger import Entry
from ..domain.posting import MAX_ACTIONS
from ..domain.record import LISTED_FAILURES, Brought, Failure, Plan, Result, RunRecord, Step, Undone
from ..domain.run import LEFT_ALONE
from ..storage import accounts, ledger, plans, runs
from ..storage.db import Action, Db
from ..storage.retry import settle
from . import run_package
from .act import Act, Services
from .patience import STOP_SECONDS, patient
from .run_package import LARGEST_AT_ONCE

AT_ONCE: Final = 32
"""Customers whose lines are held in memory together."""
THREADS: Final = 8


class Reversal(NamedTuple):
    """A reversal: its run, the entries it posted, the held charges it cancelled. Those of one left to the queue are not listed."""

    run: RunRecord
    reversals: list[Entry]
    cancelled: list[Entry]
    is_queued: bool = False


def reverse(services: Services, act: Act, run_id: str) -> Reversal:
    """Reverse a finished Run Package, dated on the day of the first try; again, answer the same.

    A run of all customers, or of many lines, is left to the queue. Raises `Conflict` not_reversible for a daily run, running for
    one that is under way.
    """
    db = services.db
    run = run_package.read(db, run_id)
    if run.kind == "daily":
        raise Conflict("a daily run can't be reversed; end the assignments or book corrections", code="not_reversible")
    if run.state == "running":
        raise Conflict("the run is not finished", code="running")
    run = runs.begin_reversal(db, run_id, act.today, act.stamp, act.by)
    plan = plans.find(db, run_id, run.customer_id) if run.customer_id else None
    if plan is None or len(plan.steps) > LARGEST_AT_ONCE:
        if run.reversal != "reversed":
            services.send([_message(run_id, "", Undone())])
        return Reversal(run, [], [], is_queued=True)
    reversals, cancelled = _reverse_plan(db, act, run, plan)
    runs.note_reversal(db, run_id, Undone(len(reversals), len(cancelled)), "reversed")
    return Reversal(run, reversals, cancelled)


def work(services: Services, act: Act, run_id: str, after: str, undone: Undone, seconds_left: Callable[[], float]) -> Brought:
    """Reverse a run customer by customer, from behind `after` on; hand on what is left when time is short.

    `undone` is what was done up to there. A customer's reversal answers the same however often it comes, so do the counts.
    """
    services = patient(services, seconds_left)
    run = run_package.read(services.db, run_id)
    failures: list[Failure] = []
    rest = plans.after(services.db, run_id, after)
    with services.threads(THREADS) as pool:
        while some := list(islice(rest, AT_ONCE)):
            for done in pool.map(partial(_told, services.db, act._replace(by=run.reversed_by or act.by), run), some):
                failures += [done] if isinstance(done, Failure) else []
                undone = _plus(undone, done)
            if seconds_left() < STOP_SECONDS:
                runs.note_reversal(services.db, run_id, undone, "reversing")
                services.send([_message(run_id, some[-1].customer_id, undone)])
                return _brought(failures)
    runs.note_reversal(services.db, run_id, undone, "reversed_with_failures" if undone.failed else "reversed")
    return _brought(failures)


def _message(run_id: str, after: str, undone: Undone) -> dict[str, object]:
    return {"kind": "reversal", "run_id": run_id, "after": after, "undone": list(undone)}


def _brought(failures: Sequence[Failure]) -> Brought:
    return Brought(Result({}, tuple(failures[:LISTED_FAILURES]), len(failures)))


def _plus(undone: Undone, done: tuple[int, int] | Failure) -> Undone:
    if isinstance(done, Failure):
        return undone._replace(failed=undone.failed + 1)
    return Undone(undone.posted + done[0], undone.cancelled + done[1], undone.failed)


def _told(db: Db, act: Act, run: RunRecord, plan: Plan) -> tuple[int, int] | Failure:
    """How much was undone for one customer. A failure is told and stops no other; the reversal asked for again completes it."""
    try:
        reversals, cancelled = _reverse_plan(db, act, run, plan)
    except Exception as error:  # noqa: BLE001 - told, whatever it is
        return Failure(plan.customer_id, None, run.date, *told(error))
    return len(reversals), len(cancelled)


def _reverse_plan(db: Db, act: Act, run: RunRecord, plan: Plan) -> tuple[list[Entry], list[Entry]]:
    """The entries that undo a customer's charges, and the held ones that were cancelled."""
    own = [step for step in plan.steps if step.act not in LEFT_ALONE]
    batches = [own[start : start + MAX_ACTIONS - 1] for start in range(0, len(own), MAX_ACTIONS - 1)]
    done = [entry for batch in batches for entry in _reverse(db, act, run, plan.customer_id, batch)]
    return [entry for entry in done if entry.kind == "reversal"], [entry for entry in done if entry.kind != "reversal"]


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
