"""Tests of the tests: mistakes that billing systems make, planted one at a time. Each is found within 2,000 seeds."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain import charging, schedule
from chalicelib.domain.account import Account
from chalicelib.domain.package import Package
from chalicelib.domain.posting import Debit
from chalicelib.storage import accounts, assignments, keys, ledger, progress
from chalicelib.storage.db import Action, Db, update
from chalicelib.storage.db import put as put_item
from chalicelib.storage.errors import Cancelled
from chalicelib.usecases import daily_run, posting
from chalicelib.usecases.act import Act, Services
from chalicelib.usecases.piece import Piece
from chalicelib.usecases.worker import Worker

from .simulation import run
from .watch import Broken

MOST_SEEDS = 2000
Plant = Callable[[pytest.MonkeyPatch], None]


def _table(action: Action) -> str:
    ((_, arguments),) = action.items()
    return str(arguments["TableName"])


def two_writes(patch: pytest.MonkeyPatch) -> None:
    """The charge first, the debit afterwards."""
    together = Db.transact

    def transact(self: Db, actions: Sequence[Action]) -> None:
        moves = [one for one in actions if ":amount" in str(one) and _table(one) == keys.ACCOUNTS]
        together(self, [one for one in actions if one not in moves] or actions)
        for move in moves if len(moves) < len(actions) else ():
            self.write(move)

    patch.setattr(Db, "transact", transact)


def token_for_condition(patch: pytest.MonkeyPatch) -> None:
    """A client token keeps charges from being posted twice, for ten minutes."""
    guarded = Db.transact

    def transact(self: Db, actions: Sequence[Action]) -> None:
        charges = [one["Put"]["Item"]["sk"]["S"] for one in actions if "Put" in one and _table(one) == keys.LEDGER]
        if not charges:
            guarded(self, actions)
            return
        token = hashlib.sha256(json.dumps(charges).encode()).hexdigest()[:36]
        try:
            self._client.transact_write_items(TransactItems=list(actions), ClientRequestToken=token)
        except ClientError as error:
            if error.response["Error"]["Code"] != "IdempotentParameterMismatchException":
                guarded(self, actions)

    patch.setattr(Db, "transact", transact)
    patch.setattr(ledger, "creation", lambda entry: put_item(keys.LEDGER, ledger._item(entry)))


def failed_means_done(patch: pytest.MonkeyPatch) -> None:
    """A cancelled transaction is taken to have been carried out by somebody else."""
    carry_out = posting._Batch.carry_out

    def careless(self: posting._Batch) -> None:
        try:
            carry_out(self)
        except Cancelled:
            self.statuses |= {posting.place(decision): "already_charged" for decision in self._pending}

    patch.setattr(posting._Batch, "carry_out", careless)


def counted_from_the_last(patch: pytest.MonkeyPatch) -> None:
    """The next monthly date is a month after the last one."""
    by_the_rule = schedule.due_dates

    def due_dates(frequency: Any, match: Any, start: date, since: date, until: date) -> tuple[date, ...]:
        if frequency != "monthly" or match:
            return by_the_rule(frequency, match, start, since, until)
        return tuple(day for day in _month_by_month(start, until) if day >= since)

    patch.setattr(charging, "due_dates", due_dates)


def _month_by_month(day: date, until: date) -> Iterator[date]:
    while day <= until:
        yield day
        after = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        day = after.replace(day=min(day.day, schedule.last_day(after.year, after.month)))


def progress_first(patch: pytest.MonkeyPatch) -> None:
    """A segment is noted as through before it is."""

    def work(services: Services, act: Act, piece: Piece, seconds_left: Callable[[], float]) -> Any:
        since = progress.read(services.db).since(piece.date, piece.segment, piece.segments, act.today)
        again = since > piece.date
        if not again:
            progress.finish_segment(services.db, piece.segment, piece.segments, piece.sweep)
        worker = Worker(services, act, piece, since, again)
        cursor = worker.sweep(seconds_left)
        brought = worker.keep(act.stamp)
        if cursor:
            services.send([piece._replace(piece=piece.piece + 1, cursor=cursor).message()])
        else:
            daily_run._finish(services.db, piece, act.stamp, brought.result)
        return brought

    patch.setattr(daily_run, "work", work)


def no_evaluate_from(patch: pytest.MonkeyPatch) -> None:
    """An assignment does not remember from when it may be uncharged."""
    item = assignments._item
    patch.setattr(assignments, "_item", lambda one: item(one._replace(evaluate_from=None)))


def unconditional_add(patch: pytest.MonkeyPatch) -> None:
    """The debit is an ADD that depends on nothing."""

    def debit(account: Account, change: Debit) -> Action:
        values = {"minus": -change.amount, "held": change.held}
        return update(keys.ACCOUNTS, keys.account(account.customer_id), "ADD #balance :minus, #held :held", condition=None, values=values)

    patch.setattr(accounts, "debit", debit)


def added_beside(patch: pytest.MonkeyPatch) -> None:
    """A payment's ADD goes by itself, and the SDK may send it twice."""
    together = Db.transact

    def transact(self: Db, actions: Sequence[Action]) -> None:
        if len(actions) != 2 or "3-payment" not in str(actions[0]):
            together(self, actions)
            return
        self.write(actions[0])
        given = actions[1]["Update"]
        with suppress(KeyError):
            del (
                given["ConditionExpression"],
                given["ExpressionAttributeNames"]["#currency"],
                given["ExpressionAttributeValues"][":currency"],
            )
        self.write(actions[1])

    patch.setattr(Db, "transact", transact)


def free_again(patch: pytest.MonkeyPatch) -> None:
    """A package may change its rules when its last assignment is removed."""
    patch.setattr(Package, "was_assigned", property(lambda self: self.assignments > 0))


PLANTED: dict[str, Plant] = {
    "charge, then debit, in two writes": two_writes,
    "a client token in place of a condition": token_for_condition,
    "a failed condition means done": failed_means_done,
    "due dates counted from the last one": counted_from_the_last,
    "progress recorded before posting": progress_first,
    "no evaluate_from": no_evaluate_from,
    "an unconditional debit": unconditional_add,
    "an unconditional payment": added_beside,
    "a package's rules change once it is free again": free_again,
}


def seeds_until_found() -> int:
    """How many worlds it takes until one is broken."""
    for seed in range(MOST_SEEDS):
        try:
            run(seed)
        except Broken:
            return seed + 1
    return MOST_SEEDS + 1


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]) -> None:
    PLANTED[name](monkeypatch)
    needed = seeds_until_found()
    record_property("seeds", needed)
    print(f"{name}: found after {needed} seeds")
    assert needed <= MOST_SEEDS
