"""Until the day of a replacement or transfer comes, its days are fixed; deleting what it made undoes it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..domain import editing, replacing
from ..domain.assignment import Assignment
from ..domain.errors import NotFound
from ..domain.history import assignment_change
from ..storage import accounts, assignments, did_tenures, finding, packages, progress
from ..storage.db import Action, Db
from . import backlog, dids
from .history import record_change
from .request_context import RequestContext


def undo(db: Db, context: RequestContext, new: Assignment) -> bool:
    """Undo the step that made an assignment, a transfer as a whole, if its day has not come; returns whether it was undone.

    The old ones are as before, the new ones are removed, or cancelled where something is charged already. Raises `Conflict`
    replaced when one of the new ones is to be replaced itself, did_in_use when somebody else has the DID by now.
    """
    if not new.replaces or new.cancelled:
        return False
    made = _made_with(db, new)
    begins = min(one.start_date for one in made)
    drawn_on = begins <= context.today and any(one.charged for one in made)
    if drawn_on or begins < backlog.find_first_open_day(db, context.today):
        return False
    further = next((one for one in made if one.replaced_by), None)
    if further:
        raise editing.replaced_refusal(further)
    before = _before(db, made)
    db.transact([*_undoing_actions(db, context, made, before), progress.not_begun(begins)])
    return True


def _made_with(db: Db, new: Assignment) -> list[Assignment]:
    """What the same step made: of a transfer all that was written with it."""
    if new.transferred_from is None or new.did is None:
        return [new]
    ids = [(tenure.customer_id, tenure.assignment_id) for tenure in did_tenures.find_tenures(db, new.did).all]
    found = assignments.find_assignments(db, [pair for pair in ids if pair[0] == new.customer_id])
    step = (new.transferred_from, new.created_at)
    return [one for one in found if (one.transferred_from, one.created_at) == step]


def _before(db: Db, made: Sequence[Assignment]) -> list[Assignment]:
    """The assignments that these go on from."""
    found = assignments.find_assignments(db, [(one.transferred_from or one.customer_id, one.replaces or "") for one in made])
    if len(found) != len(made):
        raise NotFound("the assignment that was replaced does not exist any more")
    return found


def _undoing_actions(db: Db, context: RequestContext, made: Sequence[Assignment], before: Sequence[Assignment]) -> list[Action]:
    written: dict[str, Any] = {"updated_at": context.timestamp, "updated_by": context.by}
    restored = [replacing.undo_handover(one)._replace(version=one.version + 1, **written) for one in before]
    removed = [one for one in made if not one.charged]
    kept = [(one, one._replace(cancelled=True, version=one.version + 1, **written)) for one in made if one.charged]
    changed: list[tuple[Assignment, Assignment | None]] = [*zip(before, restored, strict=True), *((one, None) for one in removed), *kept]
    actions = [
        *(assignments.update_assignment(old, new, uncharged=False) for old, new in zip(before, restored, strict=True)),
        *(assignments.remove_assignment(one) for one in removed),
        *(assignments.update_assignment(old, new, uncharged=False) for old, new in kept),
        *(action for old, new in changed for action in finding.ends_rewritten(old, new)),
        *(packages.uncount_assignment(name, count) for name, count in Counter(one.package_id for one in removed).items()),
        *dids.exchange_tenures(db, made, restored),
        *(record_change(context, assignment_change("assignment.restored", new, old)) for old, new in zip(before, restored, strict=True)),
        *(record_change(context, assignment_change("assignment.removed", one)) for one in removed),
        *(record_change(context, assignment_change("assignment.cancelled", new, old)) for old, new in kept),
    ]
    if removed:
        account = accounts.find_account(db, removed[0].customer_id)
        if account is None:
            raise NotFound("the customer is gone")
        actions.append(accounts.count_assignments(account, removed, -1))
    return actions
