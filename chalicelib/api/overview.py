"""`/overview`, and `/customers/{id}/outlook`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from chalice.app import Blueprint

from ..domain.package import PackageType
from ..domain.schedule import FREQUENCIES
from ..wire import answers, fields
from .call import Answer, Call
from .formats import (
    CSV,
    announced_prices_as_csv,
    endings_as_csv,
    overview_as_csv,
    overview_customers_as_csv,
    overview_packages_as_csv,
)
from .query import LIST, SOUGHT, OneOf, Parameter, flag
from .routing import get

blueprint = Blueprint(__name__)
SORTS: Final = ("name", "balance", "value", "margin", "short_on")
"""As `domain.overview` has them, which cold starts do without."""
PACKAGE_SORTS: Final = ("name", "assignments", "units", "value", "margin")
_CUSTOMERS: Final[Mapping[str, Parameter]] = {
    "currency": Parameter(fields.currency),
    "sort": Parameter(OneOf(SORTS), default="name"),
    "order": Parameter(OneOf(("asc", "desc")), default="asc"),
    "search": SOUGHT,
    "held": Parameter(flag),
    "parked": Parameter(flag),
    **LIST,
}
_PACKAGES: Final[Mapping[str, Parameter]] = {
    "currency": Parameter(fields.currency),
    "sort": Parameter(OneOf(PACKAGE_SORTS), default="name"),
    "order": Parameter(OneOf(("asc", "desc")), default="asc"),
    "search": SOUGHT,
    "type": Parameter(OneOf(get_args(PackageType))),
    "frequency": Parameter(OneOf(FREQUENCIES)),
    **LIST,
}


@get(blueprint, "/overview", forms={CSV: overview_as_csv})
def read_overview(call: Call) -> Answer[answers.Overview]:
    """The newest overview, which is made after each daily run: what all customers come to, by currency."""
    from ..usecases import overviews  # not in cold starts
    from ..wire.overview_views import overview_view

    return Answer(overview_view(overviews.read_overview(call.services, call.context)))


@get(blueprint, "/overview/customers", _CUSTOMERS, forms={CSV: overview_customers_as_csv})
def list_overview_customers(call: Call) -> Answer[answers.Page[answers.OverviewCustomer]]:
    """Customers as the newest overview has them, by name, balance, monthly value or margin, or by when they run short; all, or
    those who are sought or in a state."""
    from ..usecases.overviews import OverviewAsked, overview_page  # not in cold starts
    from ..wire.overview_views import overview_customer_view

    given = _given(call, "sort", "currency", "search", "held", "parked")
    asked = OverviewAsked(**given, descending=call.query["order"] == "desc")
    return call.page(
        f"overview {asked}", lambda after, limit: overview_page(call.services, call.context, asked, after, limit), overview_customer_view
    )


def _given(call: Call, *names: str) -> dict[str, Any]:
    """What was asked for by these names; what was not asked for is left out."""
    return {name: call.query[name] for name in names if name in call.query}


@get(blueprint, "/overview/packages", _PACKAGES, forms={CSV: overview_packages_as_csv})
def list_overview_packages(call: Call) -> Answer[answers.Page[answers.OverviewPackage]]:
    """Packages as the newest overview has them, by name, assignments, units, monthly value or margin; all, or those that are sought or of a
    kind."""
    from ..usecases.overviews import OverviewPackagesAsked, packages_page  # not in cold starts
    from ..wire.overview_views import overview_package_view

    given = _given(call, "sort", "currency", "search", "type", "frequency")
    asked = OverviewPackagesAsked(**given, descending=call.query["order"] == "desc")
    return call.page(
        f"overview {asked}", lambda after, limit: packages_page(call.services, call.context, asked, after, limit), overview_package_view
    )


@get(blueprint, "/customers/{customer_id}/outlook")
def read_outlook(call: Call) -> Answer[answers.Outlook]:
    """A customer at a glance: the next charge, what a month is worth, how long the credit lasts, the last payment."""
    from ..usecases.outlooks import read_outlook  # not in cold starts
    from ..wire.outlook_views import outlook_view

    return Answer(outlook_view(read_outlook(call.services, call.context, call.params["customer_id"])))


@get(blueprint, "/overview/ending", LIST, forms={CSV: endings_as_csv})
def list_ending(call: Call) -> Answer[answers.Page[answers.EndingTerms]]:
    """Assignments and terms whose last day lies within the days of the newest overview, by that day."""
    from ..usecases.overviews import ending_page  # not in cold starts
    from ..wire.overview_views import ending_view

    return call.page("overview ending", lambda after, limit: ending_page(call.services, call.context, after, limit), ending_view)


@get(blueprint, "/overview/prices", LIST, forms={CSV: announced_prices_as_csv})
def list_announced_prices(call: Call) -> Answer[answers.Page[answers.AnnouncedPrice]]:
    """Price lists to come of packages that somebody has, by the day on which they begin."""
    from ..usecases.overviews import prices_page  # not in cold starts
    from ..wire.overview_views import announced_price_view

    return call.page("overview prices", lambda after, limit: prices_page(call.services, call.context, after, limit), announced_price_view)
