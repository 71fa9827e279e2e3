"""Files of customers."""

from collections.abc import Sequence
from functools import partial

from ...domain.account import Account
from ...domain.errors import RowFault
from ...domain.importing import ImportRow, MadeRow, RequestedCustomer
from ...storage import accounts
from ...storage.db import Action, Db
from ...storage.retry import retry_on_contention
from ..customers import account_actions, edited_account
from ..request_context import RequestContext
from .rows import Recording, RowOutcome, demand_right, demand_room, once, plan_rows, recorded_nowhere, repeated_rows, version_made


def write_customers(
    db: Db,
    context: RequestContext,
    rows: Sequence[RequestedCustomer],
    malformed: Sequence[RowFault],
    *,
    dry_run: bool,
    recording: Recording = recorded_nowhere,
) -> list[RowOutcome[Account]]:
    """Create or change customers; a dry run says what would be written.

    Raises `InvalidRows` for every row that can't be, those `malformed` as they came included, also too_many; `MayNotCharge`.
    """

    def attempt() -> list[RowOutcome[Account]]:
        standing = accounts.find_accounts(db, {row.customer_id for row in rows})
        planned, faults = plan_rows([(row.row, row) for row in rows], partial(_plan, context, standing))
        twice = repeated_rows([(row.row, row.customer_id) for row in rows], "customer_id")
        demand_right([*malformed, *faults, *twice])
        actions = [] if dry_run else _actions(context, planned)
        if actions:
            recorded = recording([made_customer(one) for one in planned])
            demand_room(planned, lambda some: len(_actions(context, some)), lambda one: one.row, len(recorded))
            db.transact([*actions, *recorded])
        return planned

    return retry_on_contention(attempt)


def _plan(context: RequestContext, standing: dict[str, Account], row: int, wanted: RequestedCustomer) -> RowOutcome[Account]:
    old = standing.get(wanted.customer_id)
    if once(context.import_row, old.version if old else 0, old.imported if old else None):
        was_new = context.import_row and context.import_row.made(old.imported if old else None) == 1
        return RowOutcome(row, old, old or Account(wanted.customer_id, ""), "created" if was_new else "changed")
    return RowOutcome(row, old, edited_account(context, old, wanted.edit(old)))


def write_customer_row(db: Db, context: RequestContext, row: RequestedCustomer) -> MadeRow:
    """Write a row by itself. Raises as `write_customers` does."""
    (one,) = write_customers(db, context, [row], [], dry_run=False)
    return made_customer(one, context.import_row)


def made_customer(one: RowOutcome[Account], row: ImportRow | None = None) -> MadeRow:
    """What an import keeps of a row, which may be applied by itself."""
    version = version_made(row, one.change, one.new.version, one.new.imported)
    return MadeRow(one.row, one.change, one.new.customer_id, version, one.new.customer_id)


def _actions(context: RequestContext, planned: Sequence[RowOutcome[Account]]) -> list[Action]:
    return [action for one in planned if one.new != one.old for action in account_actions(context, one.old, one.new)]
