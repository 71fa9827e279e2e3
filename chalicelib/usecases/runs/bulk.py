"""Posts the charges of many customers at once, in threads: what debits nothing in shared transactions, debits by customer."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor

from ...domain import posting
from ...domain.account import Account
from ...domain.assignment import Assignment
from ...domain.deciding import Decision
from ...domain.errors import Throttled, code_and_detail
from ...domain.posting import TRANSACTION_ACTIONS_MAX
from ...domain.record import Failure, Step
from ...storage.db import Db
from ..poster import Poster
from ..posting import LedgerKey, ledger_key, post_decisions
from ..time_budget import STOP_SECONDS

Job = tuple[list[Decision], Account | None]
"""Charges of one transaction or several, and the account of their one customer if something is debited, or taken back: a negative
line may take from what is posted just before it."""


class BulkPoster:
    """Posts one round. What fails stands in no status and among the `failures`."""

    def __init__(self, db: Db, poster: Poster, found: Iterable[Assignment], seconds_left: Callable[[], float]) -> None:
        self.failures: list[Failure] = []
        self._db = db
        self._poster = poster
        self._uncharged = {one.assignment_id: one for one in found if not one.charged}
        self._seconds_left = seconds_left

    def post(self, decisions: Sequence[Decision], accounts: Iterable[Account], pool: Executor) -> dict[LedgerKey, Step]:
        """What became of each decision. Raises `Throttled` when the database is busy and there is no time to wait."""
        statuses: dict[LedgerKey, Step] = {}
        throttled = []
        jobs = self._jobs(decisions, accounts)
        for job, done in zip(jobs, pool.map(self._post_job, jobs), strict=True):
            if isinstance(done, Throttled):
                throttled.append(job)
            else:
                statuses |= done
        for job, done in zip(throttled, pool.map(self._post_job, throttled), strict=True):
            statuses |= self._fail(job[0], done) if isinstance(done, Throttled) else done
        return statuses

    def _jobs(self, decisions: Sequence[Decision], accounts: Iterable[Account]) -> list[Job]:
        free: list[Decision] = []
        debits: dict[str, list[Decision]] = {}
        in_order = {decision.line.customer_id for decision in decisions if decision.kind == "take_back"}
        for decision in decisions:
            apart = decision.moves_account or decision.line.customer_id in in_order
            (debits.setdefault(decision.line.customer_id, []) if apart else free).append(decision)
        jobs: list[Job] = [(batch, None) for batch in posting.batches(free, set(self._uncharged), TRANSACTION_ACTIONS_MAX)]
        return jobs + [(debits[account.customer_id], account) for account in accounts if account.customer_id in debits]

    def _post_job(self, job: Job) -> dict[LedgerKey, Step] | Throttled:
        """Post one job. What can't be posted takes no other customer's charges with it."""
        decisions, account = job
        mine = {d.line.assignment_id for d in decisions}
        uncharged, done = {k: v for k, v in self._uncharged.items() if k in mine}, dict[LedgerKey, Step]()
        try:
            return post_decisions(self._db, self._poster, decisions, account, uncharged, done)
        except Throttled as throttled:
            if self._seconds_left() < STOP_SECONDS:
                raise
            return throttled
        except Exception as error:  # noqa: BLE001 - told and marked, whatever it is
            customers = sorted({d.line.customer_id for d in decisions})
            if len(customers) > 1:
                return self._post_apart(decisions, customers)
            return done | self._fail([d for d in decisions if ledger_key(d) not in done], error)

    def _post_apart(self, decisions: Sequence[Decision], customers: Iterable[str]) -> dict[LedgerKey, Step] | Throttled:
        statuses: dict[LedgerKey, Step] = {}
        for customer in customers:
            done = self._post_job(([d for d in decisions if d.line.customer_id == customer], None))
            if isinstance(done, Throttled):
                return done
            statuses |= done
        return statuses

    def _fail(self, decisions: Iterable[Decision], error: Exception) -> dict[LedgerKey, Step]:
        reason = code_and_detail(error)
        self.failures += [Failure(d.line.customer_id, d.line.made_by, d.line.due_date, *reason) for d in decisions]
        return {}
