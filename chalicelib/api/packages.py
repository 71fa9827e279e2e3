"""`/packages`"""

from typing import Any

from chalice.app import Blueprint

from ..domain.package import Package, warnings
from ..usecases import packages
from ..wire import tables, views
from ..wire.bodies import PackageBody, merged, parse
from .access import WRITE
from .call import Answer, Call
from .formats import CSV
from .query import DAY, LIST, REQUIRED_DAY
from .routing import route, tagged

blueprint = Blueprint(__name__)
_PATH = "/packages/{package_id}"
_SCHEDULE = {"start": REQUIRED_DAY, "from": DAY, "to": REQUIRED_DAY}


@route(blueprint, "POST", "/packages", scope=(WRITE,))
def create_package(call: Call) -> Answer:
    """Define a package."""
    draft = call.body(PackageBody).applied(Package("", "", ""), call.services.default_currency)
    made = packages.create(call.services.db, call.act, draft)
    return tagged(_saved(made), 201, location=f"packages/{made.package_id}")


@route(blueprint, "GET", "/packages", parameters=LIST, forms={CSV: tables.packages})
def list_packages(call: Call) -> Answer:
    """All packages, oldest first."""
    return call.page("packages", lambda after, limit: packages.listed(call.services.db, after, limit), views.package)


@route(blueprint, "GET", _PATH)
def read_package(call: Call) -> Answer:
    """One package."""
    return tagged(views.package(packages.read(call.services.db, call.params["package_id"])))


@route(blueprint, "PUT", _PATH, scope=(WRITE,))
def replace_package(call: Call) -> Answer:
    """Replace a package; fields left out go back to their defaults."""
    body = call.body(PackageBody, ignoring=PackageBody.read_only)
    return _change(call, lambda old: body.applied(old, call.services.default_currency))


@route(blueprint, "PATCH", _PATH, scope=(WRITE,))
def change_package(call: Call) -> Answer:
    """Change some fields of a package."""

    def edit(old: Package) -> Package:
        current = {name: value for name, value in views.package(old).items() if name in PackageBody.model_fields}
        return parse(PackageBody, merged(current, call.json)).applied(old, call.services.default_currency)

    return _change(call, edit)


@route(blueprint, "DELETE", _PATH, scope=(WRITE,))
def delete_package(call: Call) -> Answer:
    """Hide a package that nobody has any more."""
    packages.delete(call.services.db, call.act, call.params["package_id"], call.version())
    return Answer(None, 204)


@route(
    blueprint, "GET", _PATH + "/schedule", parameters={"start": REQUIRED_DAY, "from": DAY, "to": REQUIRED_DAY}, ordered=(("from", "to"),)
)
def package_schedule(call: Call) -> Answer:
    """The due dates of an assignment that starts on `start`."""
    start, until = call.query["start"], call.query["to"]
    due = packages.schedule(call.services.db, call.params["package_id"], start, call.query.get("from", start), until)
    return Answer({"due_dates": [day.isoformat() for day in due]})


def _change(call: Call, edit: packages.Edit) -> Answer:
    return tagged(_saved(packages.change(call.services.db, call.act, call.params["package_id"], call.version(), edit)))


def _saved(package: Package) -> dict[str, Any]:
    return views.package(package) | views.warnings(warnings(package))
