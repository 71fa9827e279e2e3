"""Files of packages."""

from collections.abc import Sequence
from datetime import date
from functools import partial

from ...domain.errors import NotFound, RowFault
from ...domain.importing import ImportRow, MadeRow, RequestedPackage
from ...domain.package import Package
from ...domain.prices import in_force
from ...storage import packages
from ...storage.db import Action, Db
from ...storage.retry import retry_on_contention
from ..backlog import find_first_open_day
from ..packages import change_actions, creation_of_package, edited_package, new_package, next_version, while_open
from ..request_context import RequestContext
from .rows import Recording, RowOutcome, demand_right, demand_room, once, plan_rows, recorded_nowhere, repeated_rows, version_made

_BLANK = Package("", "", "")


def define(
    db: Db,
    context: RequestContext,
    rows: Sequence[RequestedPackage],
    malformed: Sequence[RowFault],
    *,
    dry_run: bool,
    recording: Recording = recorded_nowhere,
) -> list[RowOutcome[Package]]:
    """Write packages as they are shown on the first open day; a dry run says what would be written. A retry of the same request answers
    what it made.

    Raises `InvalidRows` for every row that can't be, those `malformed` as they came included, also too_many.
    """

    def attempt() -> list[RowOutcome[Package]]:
        wanted = [row.package_id for row in rows if not (row.is_new and dry_run)]
        standing, day = packages.find_packages(db, wanted), find_first_open_day(db, context.today)
        if any(row.is_new and row.package_id in standing for row in rows):
            return [_as_shown(_standing(row, standing), day) for row in rows]
        plan = partial(_plan, context, standing, day)
        planned, faults = plan_rows([(row.row, row) for row in rows], plan)
        twice = repeated_rows([(row.row, row.package_id) for row in rows], "package_id")
        demand_right([*malformed, *faults, *twice])
        actions = [] if dry_run else _definitions(context, planned, day)
        if actions:
            recorded = recording([made_package(one) for one in planned])
            demand_room(planned, lambda some: len(_definitions(context, some, day)), lambda one: one.row, len(recorded))
            db.transact([*actions, *recorded])
        return [_as_shown(one, day) for one in planned]

    return retry_on_contention(attempt)


def _standing(row: RequestedPackage, standing: dict[str, Package]) -> RowOutcome[Package]:
    """What an earlier attempt has made of a row; what it changed is as it left it."""
    package = standing[row.package_id]
    return RowOutcome(row.row, None if row.is_new else package, package)


def _as_shown(one: RowOutcome[Package], day: date) -> RowOutcome[Package]:
    return one._replace(old=one.old and in_force(one.old, day), new=in_force(one.new, day))


def _plan(context: RequestContext, standing: dict[str, Package], day: date, row: int, wanted: RequestedPackage) -> RowOutcome[Package]:
    if wanted.is_new:
        return RowOutcome(row, None, new_package(context, wanted.edit(_BLANK)._replace(package_id=wanted.package_id)))
    old = standing.get(wanted.package_id)
    if old is None or old.deleted:
        raise NotFound(f"there is no package {wanted.package_id}")
    if once(context.import_row, old.version, old.imported):
        return RowOutcome(row, old, old, "changed")
    new = edited_package(old, wanted.edit, day, context.timestamp)
    return RowOutcome(row, old, old if new == old else next_version(context, old, new))


def define_row(db: Db, context: RequestContext, row: RequestedPackage) -> MadeRow:
    """Write a row by itself. Raises as `define` does."""
    (one,) = define(db, context, [row], [], dry_run=False)
    return made_package(one, context.import_row)


def made_package(one: RowOutcome[Package], row: ImportRow | None = None) -> MadeRow:
    """What an import keeps of a row, which may be applied by itself."""
    return MadeRow(one.row, one.change, one.new.package_id, version_made(row, one.change, one.new.version, one.new.imported))


def _definitions(context: RequestContext, planned: Sequence[RowOutcome[Package]], day: date) -> list[Action]:
    changed = [(one.old, one.new) for one in planned if one.old and one.new != one.old]
    still_open = [while_open(old, new, day) for old, new in changed]
    return [
        *(action for one in planned if one.old is None for action in creation_of_package(context, one.new)),
        *(action for old, new in changed for action in change_actions(context, old, new)),
        *next((condition for condition in still_open if condition), []),
    ]
