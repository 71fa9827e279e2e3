"""What can go wrong with a store call, and how often: a hook for `DynamoDb` that a seed decides."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError, ReadTimeoutError

from .dynamodb import Answer, Request, error
from .scheduler import Crashed, Process, Scheduler

Effect = Callable[[], Answer]
Fault = Callable[["Faults", Request, Effect], Answer]
LATE_SECONDS: Final = 8.0


class Event(NamedTuple):
    """A line of a trace."""

    now: float
    process: str
    operation: str
    about: str
    fault: str | None


class Faults:
    """Switches actors before every call, and lets one call in so many go wrong."""

    def __init__(self, scheduler: Scheduler, chance: random.Random, rate: float, kinds: tuple[str, ...]) -> None:
        self.scheduler = scheduler
        self.chance = chance
        self.rate = rate
        self.injected: Counter[str] = Counter()
        self.trace: list[Event] | None = None
        self.calls = 0
        self.crash_at: int | None = None
        """Crash at this call (from 1), before its effect or, if negative, after it; for one after the other."""
        self.posting_fails = 0.0
        """How often a worker of the daily evaluation fails to post, beside all else, while there are faults."""
        self._kinds = kinds

    def __call__(self, request: Request, effect: Effect) -> Answer:
        self.scheduler.switch()
        self.calls += 1
        kind = self._chosen(request)
        if self.trace is not None:
            self.trace.append(Event(self.scheduler.now, self.scheduler.process.name, request.operation, _about(request), kind))
        if kind is None:
            return effect()
        self.injected[kind] += 1
        return _ALL[kind](self, request, effect)

    def _chosen(self, request: Request) -> str | None:
        if self.crash_at is not None:
            return {self.calls: "crash before", -self.calls: "crash after"}.get(self.crash_at)
        if not self.rate:
            return None
        if self.posting_fails and self._posts_a_day(request) and self.chance.random() < self.posting_fails:
            return "posting fails"
        if self.chance.random() >= self.rate:
            return None
        kind = self._kinds[int(self.chance.random() * len(self._kinds))]
        return kind if request.writes or kind in ("crash before", "throttled", "no answer before") else None

    def _posts_a_day(self, request: Request) -> bool:
        """Whether a worker of the daily evaluation writes charges."""
        actions = request.arguments.get("TransactItems", ())
        return self.scheduler.process.name.startswith("daily ") and any(
            given["TableName"] == "ledger" for action in actions for given in action.values()
        )

    def crash(self) -> None:
        """The process that runs is gone."""
        self.scheduler.process.crashed = True
        raise Crashed


def _crash_before(faults: Faults, request: Request, effect: Effect) -> Answer:
    faults.crash()
    return effect()


def _crash_after(faults: Faults, request: Request, effect: Effect) -> Answer:
    answer = effect()
    faults.crash()
    return answer


def _throttled(faults: Faults, request: Request, effect: Effect) -> Answer:
    """The SDK has tried often enough."""
    codes = ("ProvisionedThroughputExceededException", "ThrottlingException", "InternalServerError", "RequestLimitExceeded")
    code = codes[int(faults.chance.random() * len(codes))]
    if request.operation == "transact_write_items" and faults.chance.random() < 0.5:
        raise error("TransactionCanceledException", reasons=_one_reason(faults, request, "ThrottlingError"))
    raise error(code)


def _posting_fails(faults: Faults, request: Request, effect: Effect) -> Answer:
    """For a reason that nobody has thought of, and that no patience helps against."""
    raise error("SomethingElseException")


def _conflict(faults: Faults, request: Request, effect: Effect) -> Answer:
    """Another transaction is at one of the items."""
    if request.operation == "transact_write_items":
        raise error("TransactionCanceledException", reasons=_one_reason(faults, request, "TransactionConflict"))
    raise error("TransactionConflictException")


def _one_reason(faults: Faults, request: Request, code: str) -> list[str]:
    reasons = ["None"] * len(request.arguments["TransactItems"])
    reasons[int(faults.chance.random() * len(reasons))] = code
    return reasons


def _no_answer_before(faults: Faults, request: Request, effect: Effect) -> Answer:
    raise ReadTimeoutError(endpoint_url="dynamodb")


def _no_answer_after(faults: Faults, request: Request, effect: Effect) -> Answer:
    with suppress(ClientError):
        effect()
    raise ReadTimeoutError(endpoint_url="dynamodb")


def _sent_again(faults: Faults, request: Request, effect: Effect) -> Answer:
    """The first answer got lost, and the SDK sends the call once more."""
    faults.scheduler.process.doubted = True
    with suppress(ClientError):
        effect()
    faults.scheduler.switch(faults.chance.random() * 0.2)
    return effect()


def _late(faults: Faults, request: Request, effect: Effect) -> Answer:
    """The first sending is on its way for long; the second is answered before the first arrives."""

    def arrive() -> None:
        with suppress(ClientError):
            effect()

    faults.scheduler.process.doubted = True
    faults.scheduler.spawn(Process("late"), arrive, faults.chance.random() * LATE_SECONDS)
    return effect()


KINDS: Final[dict[str, Fault]] = {
    "crash before": _crash_before,
    "crash after": _crash_after,
    "throttled": _throttled,
    "conflict": _conflict,
    "no answer before": _no_answer_before,
    "no answer after": _no_answer_after,
    "sent again": _sent_again,
    "late": _late,
}
_ALL: Final = KINDS | {"posting fails": _posting_fails}


def _about(request: Request) -> str:
    """What a call is about, in a line."""
    given = request.arguments
    if request.operation == "transact_write_items":
        return "; ".join(f"{verb} {_target(one)}" for action in given["TransactItems"] for verb, one in action.items())
    if request.operation == "batch_get_item":
        return "; ".join(f"{table} {[_key(key) for key in keys['Keys']]}" for table, keys in given["RequestItems"].items())
    return _target(given)


def _target(given: dict[str, Any]) -> str:
    key = given.get("Key") or given.get("Item")
    return f"{given['TableName']} {_key(key) if key else _values(given)} {given.get('UpdateExpression', '')}".rstrip()


def _key(key: dict[str, Any]) -> str:
    return "/".join(key[name]["S"] for name in ("pk", "sk"))


def _values(given: dict[str, Any]) -> str:
    found = [next(iter(value.values())) for value in given.get("ExpressionAttributeValues", {}).values()]
    return " ".join([given.get("IndexName", ""), *map(str, found), f"segment {given['Segment']}" if "Segment" in given else ""]).strip()
