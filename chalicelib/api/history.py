"""`/packages/{package_id}/history`, `/customers/{customer_id}/history`"""

from __future__ import annotations

from chalice.app import Blueprint

from ..usecases import history
from ..wire import answers
from ..wire.history_views import history_view
from .call import Answer, Call
from .query import LIST
from .routing import get

blueprint = Blueprint(__name__)


@get(blueprint, "/packages/{package_id}/history", LIST)
def read_package_history(call: Call) -> Answer[answers.Page[answers.HistoryItem]]:
    """Who changed a package or its price lists, and what, newest first."""
    package_id, load = call.params["package_id"], history.read_package_history
    return call.page(f"history package {package_id}", lambda after, limit: load(call.services.db, package_id, after, limit), history_view)


@get(blueprint, "/customers/{customer_id}/history", LIST)
def read_customer_history(call: Call) -> Answer[answers.Page[answers.HistoryItem]]:
    """Who changed a customer or its assignments, and what, newest first."""
    customer_id, load = call.params["customer_id"], history.read_customer_history
    return call.page(
        f"history customer {customer_id}", lambda after, limit: load(call.services.db, customer_id, after, limit), history_view
    )
