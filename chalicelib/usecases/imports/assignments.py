"""Files of assignments."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Final, NamedTuple

from ...domain.account import Account
from ...domain.assigning import RequestedAssignment, plan_assignments
from ...domain.assignment import Assignment, first_day
from ...domain.charging import Line
from ...domain.detail import Detail
from ...domain.errors import InvalidRows, RowFault, row_fault
from ...domain.importing import AssignmentChange, FileOfAssignments, ImportRow, MadeRow, Named, RowChange
from ...domain.package import Package
from ...domain.schedule import DAY
from ...domain.warning import BillingWarning
from ...storage import accounts, packages
from ...storage.db import Action, Db
from ...storage.keys import Key
from ...storage.retry import retry_on_contention
from .. import backlog, loading, warnings
from ..assigning import LoadedForAssigning, creation_actions, load_for_assigning
from ..assignments import add_minutes, post_backlog
from ..edits import EditPlan, days_to_be_open, edit_actions, load, plan_edit, still_open, tenure_actions
from ..request_context import RequestContext
from .rows import Recording, RowOutcome, demand_right, demand_room, once, plan_rows, recorded_nowhere, repeated_rows, version_made

IMPORT_BACKLOG_MAX: Final = 2000
"""Due dates of backlog that one file may charge at once: what fits into the time of a request."""
_PACKAGES_AT_ONCE: Final = 1000


class Made(NamedTuple):
    """What became, or would become, of a row, what it charges at once, and what is odd about it. `owing`: it posts what is due."""

    row: int
    change: RowChange
    detail: Detail
    backlog: list[Line]
    warnings: Sequence[BillingWarning] = ()
    owing: bool = True


class _Planned(NamedTuple):
    """The rows of a file in the making. `due_dates`: how many of new ones are charged at once."""

    new: Sequence[tuple[int, Assignment]]
    edits: Sequence[tuple[int, "_PlannedEdit"]]
    due_dates: int = 0


class _PlannedEdit(NamedTuple):
    """An edit, what it does to the tenures of its DID, and what it charges at once. `was_made`: the same row has made it before."""

    plan: EditPlan
    tenures: list[Action]
    backlog: list[Line]
    was_made: bool = False

    @property
    def changes(self) -> bool:
        return self.plan.new != self.plan.old


def named_in(db: Db) -> Named:
    """What rows name, looked up in the tables."""
    return Named(partial(packages_by_name, db), partial(accounts.find_accounts, db))


def packages_by_name(db: Db, names: Iterable[str]) -> dict[str, list[Package]]:
    """The packages that have each of these names, exactly; deleted ones have none."""
    found: dict[str, list[Package]] = {name: [] for name in names}
    after: Key | None = None
    while found:
        listed, after = packages.list_packages(db, after, _PACKAGES_AT_ONCE)
        for one in listed:
            if one.name in found:
                found[one.name].append(one)
        if after is None:
            break
    return found


def assign(
    db: Db, context: RequestContext, file: FileOfAssignments, *, dry_run: bool, recording: Recording = recorded_nowhere
) -> list[Made]:
    """Make and change assignments and post their backlog; a dry run says what would be posted. A retry of the same request completes
    what it made; what a crash leaves unposted of a change, the next daily run posts.

    Raises `InvalidRows` for every row that can't be, also too_many; `MayNotCharge`.
    """
    owners, made = write_rows(db, context, file, dry_run=dry_run, recording=recording)
    details = {one.row: one.detail for one in made} if dry_run else post_rows(db, context, owners, made)
    return warned(db, [one._replace(detail=details[one.row]) for one in made])


def warned(db: Db, made: Sequence[Made]) -> list[Made]:
    """Rows with what is odd about them."""
    found = warnings.row_warnings(db, [(one.row, one.detail) for one in made])
    return [one._replace(warnings=found[one.row]) for one in made]


def confirmed(file: FileOfAssignments, everything: bool) -> FileOfAssignments:
    """A file whose backlog is confirmed as a whole, or as its rows say."""
    if not everything:
        return file
    new = [one._replace(confirm_backlog=True) for one in file.new]
    return file._replace(new=new, changes=[one._replace(confirm_backlog=True) for one in file.changes])


def write_rows(
    db: Db,
    context: RequestContext,
    file: FileOfAssignments,
    *,
    dry_run: bool,
    payable: int | None = IMPORT_BACKLOG_MAX,
    recording: Recording = recorded_nowhere,
) -> tuple[Mapping[str, Account], list[Made]]:
    """Write the rows without their backlog, of which a request can post `payable` due dates; with the customers. Raises as `assign`."""

    def attempt() -> tuple[Mapping[str, Account], list[Made]]:
        loaded = load_for_assigning(db, context, file.new)
        looking = context._replace(may_charge=context.may_charge or dry_run)
        facts, planned = loaded.facts, _planned(db, looking, file, loaded)
        if not loaded.made and payable is not None:
            _demand_payable(planned, facts.open_day, payable)
        if loaded.made or not dry_run:
            for _, one in planned.new:
                backlog.demand_may_charge_rest(db, context, one, facts.packages[one.package_id])
        last = facts.open_day - DAY
        made = [Made(row, "created", loaded.detail(one), _backlog(db, loaded.detail(one), last)) for row, one in planned.new]
        made += [_made_of_edit(row, one) for row, one in planned.edits]
        made.sort(key=lambda one: one.row)
        actions = [] if loaded.made or dry_run else _import_actions(context, loaded, planned)
        if actions:
            recorded = recording([made_row(one) for one in made])
            _demand_room(context, loaded, planned, len(recorded))
            db.transact([*actions, *recorded])
        owners = {**facts.accounts, **{one.plan.account.customer_id: one.plan.account for _, one in planned.edits}}
        return owners, made

    return retry_on_contention(attempt)


def made_row(made: Made, row: ImportRow | None = None) -> MadeRow:
    """What an import keeps of a row, which may be applied by itself."""
    one = made.detail.assignment
    return MadeRow(made.row, made.change, one.assignment_id, version_made(row, made.change, one.version, one.imported), one.customer_id)


def post_rows(db: Db, context: RequestContext, owners: Mapping[str, Account], made: Sequence[Made]) -> dict[int, Detail]:
    """Post what rows make due, and nothing that others wait for a run with; what stands of each row then."""
    owing, others = [one for one in made if one.owing], [one for one in made if not one.owing]
    details = [
        *post_backlog(db, context, owners, [one.detail for one in owing]), *add_minutes(db, [one.detail for one in others], context.today),
    ]  # fmt: skip
    return {one.row: detail for one, detail in zip((*owing, *others), details, strict=True)}


def _made_of_edit(row: int, edit: _PlannedEdit) -> Made:
    plan = edit.plan
    begins, warned = (plan.terms.begins, plan.terms.warnings) if plan.terms else (None, ())
    detail = Detail(plan.new, plan.package, None, plan.open_day, begins, warned)
    change = RowOutcome(row, plan.old, plan.new, "changed" if edit.was_made else None).change
    return Made(row, change, detail, edit.backlog, owing=edit.was_made or plan.owes_from is not None)


def _backlog(db: Db, detail: Detail, last: date) -> list[Line]:
    return loading.load_and_price(db, detail.assignment, detail.package, first_day(detail.assignment), last)


def _planned(db: Db, context: RequestContext, file: FileOfAssignments, loaded: LoadedForAssigning) -> _Planned:
    """The assignments, or those that an earlier attempt has made. Raises `InvalidRows` with the faults of all rows."""
    edits, faults = plan_rows([(row.row, row) for row in file.changes], partial(_plan_edit, db, context))
    if loaded.made:
        numbers = {row.draft.assignment_id: row.row for row in file.new}
        return _Planned([(numbers[one.assignment_id], one) for one in loaded.made], edits)
    planned, obstacles = plan_assignments(file.new, loaded.facts, context.timestamp, context.by)
    against = [row_fault(row, one.pointer.removeprefix("/"), one.detail) for row, found in obstacles.items() for one in found]
    twice = repeated_rows([(row.row, row.ids[1]) for row in file.changes], "assignment_id")
    demand_right([*file.malformed, *against, *faults, *twice, *_contested_dids(file.new, edits)])
    due_dates = sum(len(one.dates) for one in planned.values())
    return _Planned([(row, one.assignment) for row, one in planned.items()], edits, due_dates)


def _plan_edit(db: Db, context: RequestContext, row: int, wanted: AssignmentChange) -> tuple[int, _PlannedEdit]:
    """What a row changes. Raises what a PATCH does."""
    snapshot = load(db, wanted.ids)
    (old,) = snapshot.assignments
    if once(context.import_row, old.version, old.imported):
        made = EditPlan(snapshot.account, snapshot.packages[old.package_id], old, old, snapshot.first_open_day(context.today))
        return row, _PlannedEdit(made, [], [], was_made=True)
    plan = plan_edit(db, context, snapshot, None, wanted.edit)
    if plan.new == plan.old:
        return row, _PlannedEdit(plan, [], [])
    due: list[Line] = []
    if plan.owes_from:
        backlog.demand_confirmed(db, context, plan.account, plan.new, plan.package, plan.owes_from, confirmed=wanted.confirm_backlog)
        due = backlog.due_lines(db, plan.new, plan.package, plan.owes_from, plan.open_day - DAY)
    return row, _PlannedEdit(plan, tenure_actions(db, plan), due)


def _contested_dids(new: Sequence[RequestedAssignment], edits: Sequence[tuple[int, _PlannedEdit]]) -> list[RowFault]:
    """The rows that change when an assignment has its DID, while another row of the file is about the same DID."""
    moving = [(row, one.plan.new.did or "") for row, one in edits if one.tenures]
    rows = sorted([*moving, *((row.row, row.draft.did) for row in new if row.draft.did)])
    moved = {did for _, did in moving}
    return repeated_rows([(row, did) for row, did in rows if did in moved], "did")


def _demand_payable(planned: _Planned, open_day: date, payable: int) -> None:
    """Raise `InvalidRows` too_many for more backlog than a request can post."""
    due = planned.due_dates + sum(len(one.backlog) for _, one in planned.edits)
    if due > payable:
        detail = f"{due} due dates lie before {open_day}, more than {payable}: split the file, or use charge_from"
        raise InvalidRows([row_fault(max(row for row, _ in (*planned.new, *planned.edits)), "", detail)], code="too_many")


def _demand_room(context: RequestContext, loaded: LoadedForAssigning, planned: _Planned, others: int) -> None:
    rows = sorted(
        [*((row, one, None) for row, one in planned.new), *((row, None, one) for row, one in planned.edits)], key=lambda one: one[0]
    )

    def actions(some: Sequence[tuple[int, Assignment | None, _PlannedEdit | None]]) -> int:
        part = _Planned([(row, one) for row, one, _ in some if one], [(row, one) for row, _, one in some if one])
        return len(_import_actions(context, loaded, part))

    demand_room(rows, actions, lambda one: one[0], others)


def _import_actions(context: RequestContext, loaded: LoadedForAssigning, planned: _Planned) -> list[Action]:
    facts, new = loaded.facts, [one for _, one in planned.new]
    edits = [one for _, one in planned.edits if one.changes]
    days = [day for one in edits for day in days_to_be_open(one.plan)]
    return [
        *creation_actions(context, new, facts.accounts, facts.packages, loaded.tenures),
        *(action for one in edits for action in edit_actions(context, one.plan, "assignment.changed")),
        *(action for one in edits for action in one.tenures),
        *still_open(days),
    ]
