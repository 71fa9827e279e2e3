"""Undoes a live Run Package: the opposite of each of its charges, once; what it left held is cancelled.

The queue does it for a run of all customers or of many lines: a chain of messages in the order of customer ids, each with
the counts of what lies before it.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from ...domain import ledger as entries
from ...domain import money
from ...domain.errors import Conflict, code_and_detail
from ...domain.history import run_reversed
from ...domain.ledger import Entry
from ...domain.posting import TRANSACTION_ACTIONS_MAX
from ...domain.record import RESULT_FAILURES_MAX, Failure, Plan, Result, Reversal, RunRecord, Step, Undone, WorkResult
from ...domain.report import LEFT_ALONE
from ...storage import balances, ledger, plans, runs
from ...storage.db import Action, Db
from ...storage.retry import retry_on_contention
from ..customers import read_customer
from ..history import move_balance, record_change
from ..request_context import RequestContext, Services
from ..segment import SecondsLeft
from ..time_budget import STOP_SECONDS, within_time_budget
from . import reports
from .messages import ReversalMessage, body_of
from .on_demand import SYNCHRONOUS_LINES_MAX

REVERSED_AT_ONCE: Final = 32
"""Customers whose lines are held in memory together."""
REVERSAL_THREADS: Final = 8
REVERSED_TOGETHER: Final = (TRANSACTION_ACTIONS_MAX - 1) // 2
"""Charges that one transaction reverses: of each it writes the reversal and the credited sum, and once the account."""


def reverse(services: Services, context: RequestContext, run_id: str) -> Reversal:
    """Reverse a finished Run Package, dated on the day of the first try; again, answer the same.

    A run of all customers, or of many lines, is left to the queue. Raises `Conflict` not_reversible for a daily run, running for
    one that is under way.
    """
    db = services.db
    run = reports.read_run(db, run_id)
    if run.kind == "daily":
        raise Conflict("a daily run can't be reversed; credit its charges", code="not_reversible")
    told = record_change(context, run_reversed(run, context.today))
    run = retry_on_contention(partial(runs.begin_reversal, db, run_id, context.today, context.timestamp, context.by, [told]))
    if run.reversed_on is None:
        raise Conflict("the run is not finished", code="running")
    plan = plans.find_plan(db, run_id, run.customer_id) if run.customer_id else None
    if plan is None or len(plan.steps) > SYNCHRONOUS_LINES_MAX:
        if run.reversal != "reversed":
            services.send([body_of(ReversalMessage(run_id, "", Undone()))])
        return Reversal(run, [], [], is_queued=True)
    reversals, cancelled = _reverse_plan(db, context, run, plan)
    runs.note_reversal(db, run_id, Undone(len(reversals), len(cancelled)), "reversed")
    return Reversal(run, reversals, cancelled)


def work_reversal(services: Services, context: RequestContext, message: ReversalMessage, seconds_left: SecondsLeft) -> WorkResult:
    """Reverse a run customer by customer, from behind `after` on; hand on what is left when time is short.

    `undone` is what was done up to there. A customer's reversal answers the same however often it comes, so do the counts.
    """
    services = within_time_budget(services, seconds_left)
    run = reports.read_run(services.db, message.run_id)
    context = context._replace(by=run.reversed_by or context.by)
    failures: list[Failure] = []
    undone = message.undone
    rest = plans.plans_after(services.db, run.run_id, message.after)
    with services.threads(REVERSAL_THREADS) as pool:
        while some := list(islice(rest, REVERSED_AT_ONCE)):
            for done in pool.map(partial(_reverse_customer, services.db, context, run), some):
                failures += [done] if isinstance(done, Failure) else []
                undone = _add_undone(undone, done)
            if seconds_left() < STOP_SECONDS:
                runs.note_reversal(services.db, run.run_id, undone, "reversing")
                services.send([body_of(message._replace(after=some[-1].customer_id, undone=undone))])
                return _work_of_failures(failures)
    runs.note_reversal(services.db, run.run_id, undone, "reversed_with_failures" if undone.failed else "reversed")
    return _work_of_failures(failures)


def _work_of_failures(failures: Sequence[Failure]) -> WorkResult:
    return WorkResult(Result({}, tuple(failures[:RESULT_FAILURES_MAX]), len(failures)))


def _add_undone(undone: Undone, done: tuple[int, int] | Failure) -> Undone:
    if isinstance(done, Failure):
        return undone._replace(failed=undone.failed + 1)
    return Undone(undone.posted + done[0], undone.cancelled + done[1], undone.failed)


def _reverse_customer(db: Db, context: RequestContext, run: RunRecord, plan: Plan) -> tuple[int, int] | Failure:
    """How much was undone for one customer. A failure is told and stops no other; the reversal asked for again completes it."""
    try:
        reversals, cancelled = _reverse_plan(db, context, run, plan)
    except Exception as error:  # noqa: BLE001 - told, whatever it is
        return Failure(plan.customer_id, None, run.date, *code_and_detail(error))
    return len(reversals), len(cancelled)


def _reverse_plan(db: Db, context: RequestContext, run: RunRecord, plan: Plan) -> tuple[list[Entry], list[Entry]]:
    """The entries that undo a customer's charges, and the held ones that were cancelled."""
    own = [step for step in plan.steps if step.kind not in LEFT_ALONE]
    batches = [own[start : start + REVERSED_TOGETHER] for start in range(0, len(own), REVERSED_TOGETHER)]
    done = [entry for batch in batches for entry in _reverse(db, context, run, plan.customer_id, batch)]
    return [entry for entry in done if entry.kind == "reversal"], [entry for entry in done if entry.kind != "reversal"]


def _reverse(db: Db, context: RequestContext, run: RunRecord, customer_id: str, steps: Sequence[Step]) -> list[Entry]:
    """Undo some steps. A charge is the run's that posted it, or that holds it: one that the run held and another posted is not.

    Negative lines are left alone: what they took is no longer left of their charges.
    """
    day = run.reversed_on or context.today

    def attempt() -> list[Entry] | None:
        keys = {step.key: entries.reversal_key(day, step.key) for step in steps}
        standing = ledger.find_entries(db, [(customer_id, key) for pair in keys.items() for key in pair])
        found = ((standing.get((customer_id, key)), standing.get((customer_id, reversal))) for key, reversal in keys.items())
        own = [pair for pair in found if pair[0] and pair[0].run_id == run.run_id and not (pair[0].written_off or pair[0].takes_back)]
        account = read_customer(db, customer_id) if own else None
        undone = [_undo_charge(db, context, day, entry, reversed_) for entry, reversed_ in own if entry]
        actions = [action for one in undone for action in one.actions]
        give_back, released = money.total(one.give_back for one in undone), sum(one.released for one in undone)
        if account and (give_back or released):  # nothing is given back of nothing
            undo = partial(balances.undo_debits, account, give_back, held=-released)
            actions += move_balance(context, account, give_back, undo)
        if len(actions) > TRANSACTION_ACTIONS_MAX:
            return None
        if actions:
            db.transact(actions)
        return [one.entry for one in undone if one.entry]

    done = retry_on_contention(attempt)
    if done is not None:
        return done
    half = len(steps) // 2
    return _reverse(db, context, run, customer_id, steps[:half]) + _reverse(db, context, run, customer_id, steps[half:])


class _ReversedCharge(NamedTuple):
    """What undoes a charge, and what that does to the account. `entry` is the reversal, or the charge that was cancelled."""

    entry: Entry | None
    actions: Sequence[Action] = ()
    give_back: Decimal = money.ZERO
    released: int = 0


def _undo_charge(db: Db, context: RequestContext, day: date, entry: Entry, reversed_: Entry | None) -> _ReversedCharge:
    """How a charge is undone that is `reversed_` already, if it is."""
    if entry.status == "held":
        voided = [one.cancelled(context.by, voided=True) for one in (entry, *ledger.parts_of(db, entry))]
        return _ReversedCharge(voided[0], [ledger.cancel_held_entry(one) for one in voided], released=len(voided))
    if reversed_ or entry.status == "cancelled":
        return _ReversedCharge(reversed_ or entry)
    if not (entry.left_retail or entry.left_cost):
        voiding = ledger.write_credit(entry.after_credit(money.ZERO, money.ZERO, voided=True))
        return _ReversedCharge(None, [] if entry.voided else [voiding])
    new = entries.reversal_of(entry, at=context.clock(), day=day, by=context.by)
    actions = [ledger.create_entry(new), ledger.write_credit(entry.after_credit(entry.left_retail, entry.left_cost, voided=True))]
    return _ReversedCharge(new, actions, new.credit_change)
