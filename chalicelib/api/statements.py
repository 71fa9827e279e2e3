"""`/customers/{id}/statement`"""

from __future__ import annotations

from chalice.app import Blueprint

from ..domain.ledger import is_closed
from ..wire import answers, views
from .call import Answer, Call
from .formats import CSV, HTML, statement_as_csv, statement_page
from .posting_days import posting_days
from .query import DAY_NOT_BEFORE_FROM, OFF, REQUIRED_DAY
from .routing import get

blueprint = Blueprint(__name__)
_DAYS = {"from": REQUIRED_DAY, "to": DAY_NOT_BEFORE_FROM._replace(required=True), "cost": OFF}


@get(blueprint, "/customers/{customer_id}/statement", _DAYS, forms={CSV: statement_as_csv, HTML: statement_page})
def read_customer_statement(call: Call) -> Answer[answers.Statement]:
    """A customer's account over some posting days: balances, charges, credits, payments, usage."""
    from ..usecases import statements  # not in cold starts
    from ..wire.statement_views import statement_usage_view, statement_view

    days = posting_days(call.query["from"], call.query["to"])
    found = statements.read_customer_statement(call.services.db, call.params["customer_id"], days)
    shown: answers.Statement = {
        "customer_id": found.account.customer_id, "name": found.account.name, "currency": found.account.currency,
        "from": days.first.isoformat(), "to": days.last.isoformat(), "closed": is_closed(days.until.isoformat(), call.context.at),
        "generated_at": call.context.timestamp, **statement_view(found.statement, cost=call.query["cost"]),
        "usage": statement_usage_view(found.days), "minutes": [views.minutes(one) for one in found.minutes],
    }  # fmt: skip
    return Answer(shown)
