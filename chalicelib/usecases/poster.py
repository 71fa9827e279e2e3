"""Who posts, and what a debit of theirs writes."""

from typing import NamedTuple

from ..domain import posting
from ..domain.account import Account
from ..domain.low_balance import watch
from ..domain.posting import Debit, Provenance
from ..storage import balances
from ..storage.db import Action
from .history import record_crossing
from .request_context import RequestContext


class Poster(NamedTuple):
    """Who posts, and for which run (None: the backlog of an assignment). The context's clock dates what is posted."""

    run_id: str | None
    context: RequestContext

    @property
    def provenance(self) -> Provenance:
        """What is posted now."""
        return Provenance(self.run_id, self.context.clock(), self.context.by)

    def debited(self, account: Account, change: Debit) -> "Debited":
        """A debit, with what is told if it crosses a threshold of a low balance."""
        watched = watch(account, self.context.thresholds, -change.amount) if change.amount else None
        actions = [balances.take_debit(account, change, watched), *record_crossing(self.context, account, watched)]
        return Debited(actions, posting.after_debit(account, change, watched))


class Debited(NamedTuple):
    """The actions of a debit, and the account once they are written."""

    actions: list[Action]
    account: Account
