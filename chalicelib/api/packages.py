"""`/packages`"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, Final, get_args

from chalice.app import Blueprint

from ..domain.errors import Fault, Invalid, NotFound
from ..domain.package import PRICE_FIELDS, Package, PackageType, package_warnings
from ..domain.price_lists import list_warnings
from ..domain.prices import in_force
from ..domain.schedule import FREQUENCIES
from ..usecases import packages, prices
from ..usecases.finding import PackagesAsked, find_packages
from ..wire import answers, csv_out, fields, views
from ..wire.bodies import NewPackageBody, PackageBody, merge_patch, parse
from ..wire.field_values import iso
from ..wire.prices import PriceListBody, price_lists_view
from .access import WRITE_SCOPE
from .call import Answer, Call
from .formats import CSV
from .query import DAY_NOT_BEFORE_FROM, LIST, OFF, OPTIONAL_DAY, REQUIRED_DAY, SOUGHT, OneOf, Parameter
from .routing import delete, get, patch, post, put, tagged

blueprint = Blueprint(__name__)
_PACKAGE_PATH = "/packages/{package_id}"
_PRICES_PATH = _PACKAGE_PATH + "/prices"
_FOUND_BY: Final = {
    "search": SOUGHT, "currency": Parameter(fields.currency), "type": Parameter(OneOf(get_args(PackageType))),
    "frequency": Parameter(OneOf(FREQUENCIES)), **LIST,
}  # fmt: skip
_SCHEDULE = {"start": REQUIRED_DAY, "from": OPTIONAL_DAY, "to": DAY_NOT_BEFORE_FROM._replace(required=True)}


@post(blueprint, "/packages", WRITE_SCOPE)
def create_package(call: Call) -> Answer[answers.SavedPackage]:
    """Define a package; with `copy_of`, fields that are left out are those of that package."""
    body = parse(NewPackageBody, _with_copied_fields(call))
    draft = body.applied(Package("", "", ""), call.services.default_currency)
    made = packages.create_package(call.services.db, call.context, draft)
    return tagged(_saved_package(call, made), 201, location=f"packages/{made.package_id}")


@get(blueprint, "/packages", _FOUND_BY, forms={CSV: csv_out.packages_csv})
def list_packages(call: Call) -> Answer[answers.Page[answers.ListedPackage]]:
    """All packages, oldest first, or those of a kind, or whose name or id is sought."""
    asked = PackagesAsked(**{name: call.query[name] for name in _FOUND_BY.keys() - LIST.keys() & call.query.keys()})

    def load(after: Any, limit: int) -> tuple[list[Package], Any]:
        found, last = find_packages(call.services.db, asked, after, limit)
        day = prices.shown_on(call.services.db, call.context.today, found)
        return [in_force(one, day) for one in found], last

    return call.page("packages" if asked == PackagesAsked() else f"packages {asked}", load, _listed)


def _listed(one: Package) -> answers.ListedPackage:
    return {**views.package_view(one), "assignments": one.assignments}


@get(blueprint, _PACKAGE_PATH)
def read_package(call: Call) -> Answer[answers.Package]:
    """One package."""
    return tagged(views.package_view(_as_of_open_day(call, packages.read_package(call.services.db, call.params["package_id"]))))


@put(blueprint, _PACKAGE_PATH, WRITE_SCOPE)
def replace_package(call: Call) -> Answer[answers.SavedPackage]:
    """Replace a package; fields left out go back to their defaults."""
    body = call.body(PackageBody, ignoring=PackageBody.read_only)
    return _apply(call, lambda old: body.applied(old, call.services.default_currency))


@patch(blueprint, _PACKAGE_PATH, WRITE_SCOPE)
def change_package(call: Call) -> Answer[answers.SavedPackage]:
    """Change some fields of a package."""

    def edit(old: Package) -> Package:
        return parse(PackageBody, merge_patch(_fields(old), call.json)).applied(old, call.services.default_currency)

    return _apply(call, edit, call.named(PRICE_FIELDS))


@delete(blueprint, _PACKAGE_PATH, WRITE_SCOPE)
def delete_package(call: Call) -> Answer[None]:
    """Hide a package that nobody has any more."""
    packages.delete_package(call.services.db, call.context, call.params["package_id"], call.version())
    return Answer(None, 204)


@get(blueprint, _PACKAGE_PATH + "/schedule", _SCHEDULE)
def package_schedule(call: Call) -> Answer[answers.DueDates]:
    """The due dates of an assignment that starts on `start`."""
    start, until = call.query["start"], call.query["to"]
    due = packages.schedule(call.services.db, call.params["package_id"], start, call.query.get("from", start), until)
    return Answer({"due_dates": [day.isoformat() for day in due]})


@get(blueprint, _PRICES_PATH)
def read_price_lists(call: Call) -> Answer[answers.PriceLists]:
    """The price lists of a package, and those that were replaced or removed."""
    return tagged(price_lists_view(prices.read_price_lists(call.services.db, call.context, call.params["package_id"])))


@put(blueprint, _PRICES_PATH + "/{from}", WRITE_SCOPE, {"correct": OFF})
def write_price_list(call: Call) -> Answer[answers.SavedPriceLists]:
    """Enter or replace the price list that begins on a day."""
    body, correct = call.body(PriceListBody, ignoring=PriceListBody.read_only), call.query["correct"]
    new = body.price_list(call.day("from"))
    if correct and not new.reason:
        raise Invalid([Fault("/reason", "is required with correct=true")])
    package_id = call.params["package_id"]
    done = prices.write_price_list(
        call.services.db, call.context, package_id, call.version(), new, correct=correct, confirm_backlog=body.confirm_backlog
    )
    warned = views.warnings_view(list_warnings(done.package, new))
    location = new.begins.isoformat() if done.created else None
    return tagged({**price_lists_view(done), "warnings": warned}, 201 if done.created else 200, location=location)


@delete(blueprint, _PRICES_PATH + "/{from}", WRITE_SCOPE)
def remove_price_list(call: Call) -> Answer[None]:
    """Remove the price list that begins on a day."""
    prices.remove_price_list(call.services.db, call.context, call.params["package_id"], call.version(), call.day("from"))
    return Answer(None, 204)


def _as_of_open_day(call: Call, package: Package) -> Package:
    return in_force(package, prices.shown_on(call.services.db, call.context.today, [package]))


def _with_copied_fields(call: Call) -> Any:
    """The body with what it leaves out to the package that it copies. Raises `Invalid` for a package that there is not."""
    copied = call.json.get("copy_of") if isinstance(call.json, dict) else None
    if not (isinstance(copied, str) and fields.ID_PATTERN.fullmatch(copied)):
        return call.json
    try:
        return merge_patch(_fields(_as_of_open_day(call, packages.read_package(call.services.db, copied))), call.json)
    except NotFound as error:
        raise Invalid([Fault("/copy_of", error.detail)]) from None


def _fields(shown: Package) -> dict[str, Any]:
    """The package as a body."""
    return PackageBody.of(views.package_view(shown))


def _apply(call: Call, edit: packages.PackageEdit, named: Collection[str] = ()) -> Answer[answers.SavedPackage]:
    changed = packages.change_package(call.services.db, call.context, call.params["package_id"], call.version(), edit, named)
    return tagged(_saved_package(call, changed.package, changed.effective_from))


def _saved_package(call: Call, package: Package, effective_from: date | None = None) -> answers.SavedPackage:
    shown = _as_of_open_day(call, package)
    warned = views.warnings_view(package_warnings(shown))
    return {**views.package_view(shown), "effective_from": iso(effective_from), "warnings": warned}
