"""`POST /packages/import` and `POST /assignments/import`: files, checked first (`dry_run`, the default), written whole or not at all.

`/check` behind each is the dry run at a path of its own, so that a policy can allow it alone.
"""

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from .. import ids
from ..domain.assigning import RequestedAssignment
from ..domain.package import Package, package_warnings
from ..wire import answers, views
from ..wire.assignment_bodies import AssignmentRow
from ..wire.bodies import PackageBody
from .access import WRITE_SCOPE
from .call import Answer, Call
from .routing import check_route, file_route

if TYPE_CHECKING:
    from ..usecases.imports import Made

blueprint = Blueprint(__name__)


@file_route(blueprint, "/packages/import", WRITE_SCOPE)
def import_packages(call: Call) -> Answer[answers.ImportedPackages]:
    """Define the packages of a file, all or none; unless `dry_run=false`, say what would be defined."""
    from ..usecases import imports  # not in cold starts
    from ..wire import csv_in

    rows, dry_run = csv_in.read_rows(call.csv or "", PackageBody), call.query.get("dry_run", True)
    blank, default = Package("", "", ""), call.services.default_currency
    named = zip(rows, ids.following(call.context.id, len(rows)), strict=True)
    drafts = [(number, body.applied(blank, default)._replace(package_id=made_id)) for (number, body), made_id in named]
    made = imports.define(call.services.db, call.context, drafts, dry_run=dry_run)
    items = [_defined(number, package, dry_run) for number, package in made]
    return Answer({"dry_run": dry_run, "rows": len(items), "items": items}, _status(dry_run))


@check_route(blueprint, "/packages/import/check")
def check_packages(call: Call) -> Answer[answers.ImportedPackages]:
    """Say which packages a file would define; nothing is written."""
    return import_packages(call)


@file_route(blueprint, "/assignments/import", WRITE_SCOPE)
def import_assignments(call: Call) -> Answer[answers.ImportedAssignments]:
    """Make the assignments of a file, all or none; unless `dry_run=false`, say what would be made, and charged at once."""
    from ..usecases import imports  # not in cold starts
    from ..wire import csv_in

    (found, malformed), dry_run = csv_in.sift(call.csv or "", AssignmentRow), call.query.get("dry_run", True)
    rows = [
        RequestedAssignment(number, body.draft(body.customer_id)._replace(assignment_id=made_id), body.minimum_days, body.confirm_backlog)
        for (number, body), made_id in zip(found, ids.following(call.context.id, len(found)), strict=True)
    ]
    made = imports.assign(call.services.db, call.context, rows, malformed, dry_run=dry_run)
    items = [_assigned_view(one, dry_run) for one in made]
    return Answer({"dry_run": dry_run, "rows": len(items), "items": items}, _status(dry_run))


@check_route(blueprint, "/assignments/import/check")
def check_assignments(call: Call) -> Answer[answers.ImportedAssignments]:
    """Say which assignments a file would make, and what would be charged at once; nothing is written."""
    return import_assignments(call)


def _defined(number: int, package: Package, dry_run: bool) -> answers.ImportedPackage:
    shown: answers.PlannedPackage = {**views.package_view(package), "package_id": None if dry_run else package.package_id}
    return {"row": number, "package": shown, "warnings": views.warnings_view(package_warnings(package))}


def _assigned_view(made: "Made", dry_run: bool) -> answers.ImportedAssignment:
    made_id = None if dry_run else made.detail.assignment.assignment_id
    shown: answers.PlannedAssignment = {**views.assignment_view(made.detail), "assignment_id": made_id}
    due = [views.due_before(line) for line in made.backlog]
    return {"row": made.row, "assignment": shown, "backlog": due, "warnings": views.warnings_view(made.warnings)}


def _status(dry_run: bool) -> int:
    """What is not made yet has no id, and is no answer to a creation."""
    return 200 if dry_run else 201
