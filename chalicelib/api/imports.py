"""`POST /packages/import` and `POST /assignments/import`: files, checked first (`dry_run`, the default), written whole or not at all.

`/check` behind each is the dry run at a path of its own, so that a policy can allow it alone.
"""

from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint

from .. import ids
from ..domain.package import Package, warnings
from ..usecases import backlog
from ..wire import views
from ..wire.bodies import AssignmentRow, PackageBody
from .access import READ, WRITE
from .call import Answer, Call
from .formats import CSV
from .query import Parameter
from .routing import never, route

if TYPE_CHECKING:
    from ..usecases.imports import Made

blueprint = Blueprint(__name__)


def flag(text: str) -> bool:
    """`true` or `false`. Raises `ValueError`."""
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


_DRY_RUN: Final = {"dry_run": Parameter(flag)}


def _is_live(sheet: Any) -> bool:
    """A dry run stores nothing, not even its answer."""
    return not sheet["dry_run"]


@route(blueprint, "POST", "/packages/import", parameters=_DRY_RUN, reads=CSV, scope=(WRITE, WRITE), live=_is_live)
def import_packages(call: Call) -> Answer:
    """Define the packages of a file, all or none; unless `dry_run=false`, say what would be defined."""
    from ..usecases import imports  # not in cold starts
    from ..wire import sheet

    rows, dry_run = sheet.read(call.json["csv"], PackageBody), not _is_live(call.json)
    blank, default = Package("", "", ""), call.services.default_currency
    named = zip(rows, ids.following(call.act.id, len(rows)), strict=True)
    drafts = [(number, body.applied(blank, default)._replace(package_id=made_id)) for (number, body), made_id in named]
    made = imports.define(call.services.db, call.act, drafts, dry_run=dry_run)
    return _answer(dry_run, [_defined(number, package, dry_run) for number, package in made])


@route(blueprint, "POST", "/packages/import/check", reads=CSV, scope=(READ,), live=never)
def check_packages(call: Call) -> Answer:
    """Say which packages a file would define; nothing is written."""
    return import_packages(call)


@route(blueprint, "POST", "/assignments/import", parameters=_DRY_RUN, reads=CSV, scope=(WRITE, WRITE), live=_is_live)
def import_assignments(call: Call) -> Answer:
    """Make the assignments of a file, all or none; unless `dry_run=false`, say what would be made, and charged at once."""
    from ..usecases import imports  # not in cold starts
    from ..wire import sheet

    (found, malformed), dry_run = sheet.sift(call.json["csv"], AssignmentRow), not _is_live(call.json)
    rows = [
        imports.Row(number, body.draft(body.customer_id)._replace(assignment_id=made_id), body.minimum_days, body.confirm_backlog)
        for (number, body), made_id in zip(found, ids.following(call.act.id, len(found)), strict=True)
    ]
    made = imports.assign(call.services.db, call.act, rows, malformed, dry_run=dry_run)
    return _answer(dry_run, [_assigned(one, dry_run) for one in made])


@route(blueprint, "POST", "/assignments/import/check", reads=CSV, scope=(READ,), live=never)
def check_assignments(call: Call) -> Answer:
    """Say which assignments a file would make, and what would be charged at once; nothing is written."""
    return import_assignments(call)


def _defined(number: int, package: Package, dry_run: bool) -> dict[str, Any]:
    shown = _shown(views.package(package), "package_id", dry_run)
    return {"row": number, "package": shown} | views.warnings(warnings(package))


def _assigned(made: "Made", dry_run: bool) -> dict[str, Any]:
    assignment = _shown(views.assignment(made.detail), "assignment_id", dry_run)
    return {"row": made.row, "assignment": assignment, "backlog": [backlog.told(line) for line in made.backlog]} | views.warnings(
        made.warnings
    )


def _shown(resource: dict[str, Any], id_name: str, dry_run: bool) -> dict[str, Any]:
    """A resource; what is not made has no id yet."""
    return resource | ({id_name: None} if dry_run else {})


def _answer(dry_run: bool, items: list[dict[str, Any]]) -> Answer:
    return Answer({"dry_run": dry_run, "rows": len(items), "items": items}, 200 if dry_run else 201)
