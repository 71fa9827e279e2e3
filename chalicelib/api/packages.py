"""`/packages`"""

from typing import Any

from chalice.app import Blueprint

from ..domain.errors import Fault, Invalid, NotFound
from ..domain.package import Package, warnings
from ..usecases import packages
from ..wire import tables, views
from ..wire.bodies import NewPackageBody, PackageBody, merged, parse
from .access import WRITE
from .call import ID, Answer, Call
from .formats import CSV
from .query import DAY, LIST, REQUIRED_DAY
from .routing import route, tagged

blueprint = Blueprint(__name__)
_PATH = "/packages/{package_id}"
_SCHEDULE = {"start": REQUIRED_DAY, "from": DAY, "to": REQUIRED_DAY}


@route(blueprint, "POST", "/packages", scope=(WRITE,))
def create_package(call: Call) -> Answer:
    """Define a package; with `copy_of`, fields that are left out are those of that package."""
    body = parse(NewPackageBody, _completed(call))
    draft = body.applied(Package("", "", ""), call.services.default_currency)
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
        return parse(PackageBody, merged(_fields(old), call.json)).applied(old, call.services.default_currency)

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


def _completed(call: Call) -> Any:
    """The body with what it leaves out to the package that it copies. Raises `Invalid` for a package that there is not."""
    copied = call.json.get("copy_of") if isinstance(call.json, dict) else None
    if not (isinstance(copied, str) and ID.fullmatch(copied)):
        return call.json
    try:
        return merged(_fields(packages.read(call.services.db, copied)), call.json)
    except NotFound as error:
        raise Invalid([Fault("/copy_of", error.detail)]) from None


def _fields(package: Package) -> dict[str, Any]:
    """The package as a body."""
    return {name: value for name, value in views.package(package).items() if name in PackageBody.model_fields}


def _change(call: Call, edit: packages.Edit) -> Answer:
    return tagged(_saved(packages.change(call.services.db, call.act, call.params["package_id"], call.version(), edit)))


def _saved(package: Package) -> dict[str, Any]:
    return views.package(package) | views.warnings(warnings(package))
