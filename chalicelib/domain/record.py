"""The record of a live run: what was asked, how far it is, what came of it."""

from collections.abc import Iterable, Sequence
from datetime import date as Day  # noqa: N812 - `date` is a field here
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from .charging import Line
from .deciding import DecisionKind, IfCharged
from .ledger import Entry
from .report import LEFT_ALONE, HeldBefore, NotDue, Outcome, Report, Status, Summary, Totals, merge

RESULT_FAILURES_MAX: Final = 100
DAILY: Final = "daily:"
"""How the ids of daily runs begin; the day follows."""
RunKind = Literal["daily", "package"]
ReversalState = Literal["reversing", "reversed", "reversed_with_failures"]
RunState = Literal["running", "finished", "finished_with_failures"]


class Failure(NamedTuple):
    """What could not be posted and is kept for the next run, or for an operator."""

    customer_id: str
    assignment_id: str | None
    due_date: Day
    code: str
    detail: str


class Result(NamedTuple):
    """The result of one part of a run: totals by currency and failures (the first 100 of `failed`)."""

    totals: dict[str, Totals]
    failures: tuple[Failure, ...] = ()
    failed: int = 0


def state_of(result: Result) -> RunState:
    """How a run is that has finished with a result."""
    return "finished_with_failures" if result.failed else "finished"


class WorkResult(NamedTuple):
    """What one invocation did, for log and metrics, not stored: `held` lines, `parked` customers, and of a sweep how many
    assignments it saw (`swept`), how many it had to leave uncharged (`owed`), how many segments of the run are `left`.
    """

    result: Result
    held: int = 0
    parked: int = 0
    swept: int | None = None
    owed: int | None = None
    left: int | None = None

    @property
    def posted(self) -> int:
        """Lines posted."""
        return sum(totals.lines for totals in self.result.totals.values())

    @property
    def failed(self) -> int:
        """What could not be posted, parked customers apart."""
        return self.result.failed - self.parked


def summed_work(results: Sequence[WorkResult]) -> WorkResult:
    """The sum of the work done for several customers."""
    return WorkResult(merged_results([one.result for one in results]), sum(one.held for one in results))


def merged_results(results: Sequence[Result]) -> Result:
    """The sum of the pieces of a run."""
    totals: dict[str, Totals] = {}
    for result in results:
        for currency, more in result.totals.items():
            totals[currency] = merge(totals.get(currency, Totals()), more)
    failures = tuple(failure for result in results for failure in result.failures)
    return Result(totals, failures[:RESULT_FAILURES_MAX], sum(result.failed for result in results))


class Step(NamedTuple):
    """A decided line and, once carried out, its status. `charged` is the retail of the charge that stood for it."""

    line: Line
    kind: DecisionKind
    key: str
    status: Status | None = None
    charged: Decimal | None = None

    @property
    def outcome(self) -> Outcome:
        """The outcome of a step that was carried out."""
        status = self.status or LEFT_ALONE.get(self.kind, "no_longer_due")
        return Outcome(self.line, status, self.kind in ("repeat", "skip") or status == "already_charged", self.charged)


def each_once(steps: Iterable[Step]) -> Iterable[Step]:
    """The steps that several deliveries of one message reported, each charge once: as posted if one of them posted it."""
    once: dict[tuple[str, str], Step] = {}
    for step in steps:
        place = step.line.customer_id, step.key
        if place not in once or once[place].status == "held":
            once[place] = step
    return once.values()


def by_customer(steps: Iterable[Step]) -> list[list[Step]]:
    """The steps of each customer, in their order."""
    found: dict[str, list[Step]] = {}
    for step in steps:
        found.setdefault(step.line.customer_id, []).append(step)
    return list(found.values())


class Plan(NamedTuple):
    """What a run found at its first look at a customer, and what it decided. A release before digests recorded none."""

    customer_id: str
    currency: str
    balance: Decimal
    generated_at: str
    steps: tuple[Step, ...]
    not_due: tuple[NotDue, ...] = ()
    not_due_left_out: int = 0
    done: bool = False
    held_before: HeldBefore = HeldBefore()
    digest: str | None = None


class Undone(NamedTuple):
    """How much a reversal has done: entries posted, held charges cancelled, customers at which it failed."""

    posted: int = 0
    cancelled: int = 0
    failed: int = 0


class RunRecord(NamedTuple):
    """A live run. `done` of `segments` pieces have finished; `reversed_on` is the day of its reversal. `expect` names the kept
    simulation from which a run of all customers may not differ. `reopened` counts how often it went on after it had failed in part."""

    run_id: str
    kind: RunKind
    date: Day
    created_at: str
    created_by: str
    customer_id: str | None = None
    if_charged: IfCharged | None = None
    segments: int = 1
    done: frozenset[int] = frozenset()
    state: RunState = "running"
    finished_at: str | None = None
    result: Result | None = None
    reversed_on: Day | None = None
    reversed_at: str | None = None
    reversed_by: str | None = None
    reversal: ReversalState | None = None
    reversals: int = 0
    reversals_cancelled: int = 0
    reversals_failed: int = 0
    include_written_off: bool = False
    expect: str | None = None
    reopened: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing is charged under this run any more. One that finished with failures can be completed, until it is reversed."""
        return self.state == "finished" or self.reversed_on is not None


class RecordedRun(NamedTuple):
    """A live run as it stands: its record, what it brought so far and, once it is finished, its report or its summary."""

    record: RunRecord
    result: Result
    report: Report | None = None
    summary: Summary | None = None


class Reversal(NamedTuple):
    """A reversal: its run, the entries it posted, the held charges it cancelled. Those of one left to the queue are not listed."""

    run: RunRecord
    reversals: list[Entry]
    cancelled: list[Entry]
    is_queued: bool = False


class StartedEvaluation(NamedTuple):
    """What beginning an evaluation comes to: its run (None for a day that never had one), whether the day was evaluated before, and the
    last day that was."""

    run_id: str | None
    day: Day
    segments: int
    finished_before: bool
    last_evaluated: Day | None
