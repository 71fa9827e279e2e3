"""`/customers`, their payments, ledger, features; `/held`"""

from datetime import date, datetime, time, timedelta
from typing import Any

from chalice.app import Blueprint

from .. import deployment
from ..domain.account import Account
from ..domain.errors import Fault, Invalid
from ..domain.ledger import is_closed, payment_warnings
from ..storage.ledger import Window
from ..usecases import customers
from ..wire import fields, tables, views
from ..wire.bodies import CustomerBody, PaymentBody, merged, parse
from .access import CHARGE, WRITE
from .call import Answer, Call
from .formats import CSV
from .query import DAY, LIST, Parameter
from .routing import route, tagged

blueprint = Blueprint(__name__)
_PATH = "/customers/{customer_id}"
_STANDING = frozenset({"balance", "held_charges", "parked"})
_ORDERED = (("from", "to"), ("posted_from", "posted_to"))
_RANGE = {"from": DAY, "to": DAY, "posted_from": DAY, "posted_to": DAY, **LIST}


@route(blueprint, "PUT", _PATH, scope=(WRITE,))
def write_customer(call: Call) -> Answer:
    """Create or replace a customer. The balance is not written."""
    body, customer_id = call.body(CustomerBody, ignoring=CustomerBody.read_only), call.params["customer_id"]

    def edit(old: Account | None) -> Account:
        return body.applied(old or Account(customer_id, ""), call.services.default_currency)

    account, created = customers.write(call.services.db, call.act, customer_id, call.version(), edit)
    return tagged(_saved(call, account), 201 if created else 200, location=customer_id if created else None)


@route(blueprint, "PATCH", _PATH, scope=(WRITE,))
def change_customer(call: Call) -> Answer:
    """Change some fields of a customer."""

    def edit(old: Account) -> Account:
        current = {name: value for name, value in views.customer(old).items() if name in CustomerBody.model_fields}
        return parse(CustomerBody, merged(current, call.json)).applied(old, call.services.default_currency)

    account = customers.change(call.services.db, call.act, call.params["customer_id"], call.version(), edit)
    return tagged(_saved(call, account))


@route(blueprint, "GET", _PATH)
def read_customer(call: Call) -> Answer:
    """One customer with the balance."""
    return tagged(views.customer(customers.read(call.services.db, call.params["customer_id"])))


@route(blueprint, "GET", "/customers", parameters={"prefix": Parameter(fields.beginning), **LIST})
def list_customers(call: Call) -> Answer:
    """All customers, by id, or those whose id begins with a prefix."""
    prefix, load = call.query.get("prefix", ""), customers.listed
    return call.page(f"customers {prefix}".rstrip(), lambda after, limit: load(call.services.db, after, limit, prefix), views.customer)


@route(blueprint, "DELETE", _PATH, scope=(WRITE,))
def delete_customer(call: Call) -> Answer:
    """Remove a customer without history."""
    customers.delete(call.services.db, call.params["customer_id"], call.version())
    return Answer(None, 204)


@route(blueprint, "POST", _PATH + "/payments", scope=(CHARGE,))
def pay(call: Call) -> Answer:
    """Book a payment, or a correction."""
    body = call.body(PaymentBody)
    entry = customers.pay(call.services.db, call.act, call.params["customer_id"], body.amount, body.reference)
    return Answer(views.entry(entry) | views.warnings(payment_warnings(entry)), 201)


@route(blueprint, "GET", _PATH + "/ledger", parameters=_RANGE, ordered=_ORDERED, forms={CSV: tables.entries})
def read_ledger(call: Call) -> Answer:
    """Charges, payments and reversals, oldest first; dated, or posted, in a range of days, both included."""
    customer_id, window = call.params["customer_id"], _window(call)
    scope, load = f"ledger {customer_id} {window}", customers.statement
    page = call.page(scope, lambda after, limit: load(call.services.db, customer_id, window, after, limit), views.entry)
    if window.posted_since is None and window.posted_until is None:
        return page
    return page._replace(body=page.body | {"closed": is_closed(window.posted_until, call.act.at)})


@route(blueprint, "GET", "/held", parameters={"customer": Parameter(fields.identifier), **LIST}, forms={CSV: tables.entries})
def list_held(call: Call) -> Answer:
    """Held charges, of one customer or of all."""
    customer_id = call.query.get("customer")
    load = customers.held
    return call.page(f"held {customer_id}", lambda after, limit: load(call.services.db, customer_id, after, limit), views.entry)


@route(blueprint, "POST", "/held/{entry_id}/cancellation", body=False, scope=(CHARGE,))
def cancel_held(call: Call) -> Answer:
    """Write off a held charge."""
    return Answer(views.entry(customers.cancel_held(call.services.db, call.act, call.params["entry_id"])))


@route(blueprint, "POST", _PATH + "/unpark", body=False, scope=(CHARGE,))
def unpark(call: Call) -> Answer:
    """Let the next daily run post a parked customer's charges."""
    return Answer(_saved(call, customers.unpark(call.services.db, call.act, call.params["customer_id"])))


@route(blueprint, "GET", _PATH + "/features", parameters={"date": DAY})
def read_features(call: Call) -> Answer:
    """The ConnexCS packages that are enabled on a date, by which assignments."""
    day = call.query.get("date", call.act.today)
    enabled = customers.features(call.services.db, call.params["customer_id"], day)
    features = [{"connexcs_package": name, "assignments": ids} for name, ids in enabled.items()]
    return Answer({"customer_id": call.params["customer_id"], "date": day.isoformat(), "features": features})


def _saved(call: Call, account: Account) -> dict[str, Any]:
    """The customer as written; what charges and payments make of them is told only to those who may read."""
    return {name: value for name, value in views.customer(account).items() if call.may_read or name not in _STANDING}


def _window(call: Call) -> Window:
    """The range asked for. Posting days are days of the billing time zone."""
    if {"from", "to"} & call.query.keys() and {"posted_from", "posted_to"} & call.query.keys():
        raise Invalid([Fault("/posted_from", "ask by date or by posting date, not by both")])
    since, until, posted_since, posted_until = (call.query.get(name) for name in ("from", "to", "posted_from", "posted_to"))
    zone = deployment.settings().zone

    def midnight(day: date) -> str:
        return datetime.combine(day, time(), zone).isoformat()

    return Window(
        since and since.isoformat(),
        until and until.isoformat(),
        posted_since and midnight(posted_since),
        posted_until and midnight(posted_until + timedelta(days=1)),
    )
