"""`/customers`, their payments, ledger, features; `/held`"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final, get_args

from chalice.app import Blueprint

from .. import deployment
from ..domain.account import Account
from ..domain.errors import Fault, Invalid
from ..domain.ledger import EntryKind, EntryStatus, is_closed, payment_warnings
from ..domain.one_off import one_off_warnings
from ..storage.ledger import Window
from ..usecases import crediting, customers, one_off
from ..usecases.finding import CustomersSought, find_customers
from ..wire import answers, csv_out, fields, views
from ..wire.bodies import merge_patch, parse
from ..wire.customer_bodies import CustomerBody
from ..wire.customer_views import customer_view
from ..wire.ledger_bodies import AdjustmentBody, CreditBody, OneOffBody, PaymentBody
from .access import CHARGE, WRITE_SCOPE
from .call import Answer, Call
from .formats import CSV
from .query import LIST, OFF, OPTIONAL_DAY, RANGE, SOUGHT, OneOf, Parameter, entry_id, flag, identifiers
from .routing import action, delete, get, patch, post, put, tagged

blueprint = Blueprint(__name__)
_CUSTOMER_PATH = "/customers/{customer_id}"
_FOUND_BY: Final = {
    "prefix": Parameter(fields.beginning), "search": SOUGHT, "held": Parameter(flag), "parked": Parameter(flag),
    "currency": Parameter(fields.currency), "ids": Parameter(identifiers), **LIST,
}  # fmt: skip
_SORTED: Final = {
    "sort": Parameter(OneOf(("due", "posted"))), "order": Parameter(OneOf(("asc", "desc"))), "kind": Parameter(OneOf(get_args(EntryKind))),
    "status": Parameter(OneOf(get_args(EntryStatus))), "package": Parameter(fields.identifier), "of": Parameter(entry_id),
}  # fmt: skip
_STATEMENT_PARAMETERS = {
    **RANGE, "posted_from": OPTIONAL_DAY, "posted_to": Parameter(fields.parse_date, not_before="posted_from"), **_SORTED, **LIST,
}  # fmt: skip


@put(blueprint, _CUSTOMER_PATH, WRITE_SCOPE)
def write_customer(call: Call) -> Answer[answers.SavedCustomer]:
    """Create or replace a customer. The balance is not written."""
    body, customer_id = call.body(CustomerBody, ignoring=CustomerBody.read_only), call.params["customer_id"]

    def edit(old: Account | None) -> Account:
        return body.applied(old or Account(customer_id, ""), call.services.default_currency)

    account, created = customers.write_customer(call.services.db, call.context, customer_id, call.version(), edit)
    return tagged(saved_customer(call, account), 201 if created else 200, location=customer_id if created else None)


@patch(blueprint, _CUSTOMER_PATH, WRITE_SCOPE)
def change_customer(call: Call) -> Answer[answers.SavedCustomer]:
    """Change some fields of a customer."""

    def edit(old: Account) -> Account:
        return parse(CustomerBody, merge_patch(CustomerBody.of(customer_view(old)), call.json)).applied(old, call.services.default_currency)

    account = customers.change_customer(call.services.db, call.context, call.params["customer_id"], call.version(), edit)
    return tagged(saved_customer(call, account))


@get(blueprint, _CUSTOMER_PATH)
def read_customer(call: Call) -> Answer[answers.Customer]:
    """One customer with the balance."""
    return tagged(customer_view(customers.read_customer(call.services.db, call.params["customer_id"])))


@get(blueprint, "/customers", _FOUND_BY, forms={CSV: csv_out.customers_csv})
def list_customers(call: Call) -> Answer[answers.Page[answers.Customer]]:
    """All customers, by id, or those whose id begins with a prefix, whose name or id is sought, or who are in a state."""
    asked = CustomersSought(**{name: call.query[name] for name in _FOUND_BY.keys() - LIST.keys() & call.query.keys()})
    scope = f"customers {asked if asked.narrows else asked.prefix}".rstrip()
    return call.page(scope, lambda after, limit: find_customers(call.services.db, asked, after, limit), customer_view)


@delete(blueprint, _CUSTOMER_PATH, WRITE_SCOPE)
def delete_customer(call: Call) -> Answer[None]:
    """Remove a customer without history."""
    customers.delete_customer(call.services.db, call.context, call.params["customer_id"], call.version())
    return Answer(None, 204)


@post(blueprint, _CUSTOMER_PATH + "/payments", CHARGE)
def pay(call: Call) -> Answer[answers.BookedPayment]:
    """Book a payment, or a correction."""
    body = call.body(PaymentBody)
    entry = customers.book_payment(call.services.db, call.context, call.params["customer_id"], body.amount, body.reference)
    return Answer({**views.entry_view(entry), "warnings": views.warnings_view(payment_warnings(entry))}, 201)


@post(blueprint, _CUSTOMER_PATH + "/adjustments", CHARGE)
def adjust(call: Call) -> Answer[answers.LedgerEntry]:
    """Move the balance by what is no payment."""
    body = call.body(AdjustmentBody)
    entry = customers.book_adjustment(call.services.db, call.context, call.params["customer_id"], body.amount, body.reason)
    return Answer(views.entry_view(entry), 201)


@post(blueprint, _CUSTOMER_PATH + "/charges", CHARGE)
def charge_one_off(call: Call) -> Answer[answers.PostedCharge]:
    """Charge a customer once, without a package."""
    asked = call.body(OneOffBody).request(call.context.today)
    entry = one_off.charge_one_off(call.services.db, call.context, call.params["customer_id"], asked)
    return Answer({**views.entry_view(entry), "warnings": views.warnings_view(one_off_warnings(asked, entry.currency))}, 201)


@get(blueprint, _CUSTOMER_PATH + "/ledger", _STATEMENT_PARAMETERS, forms={CSV: csv_out.ledger_csv})
def read_ledger(call: Call) -> Answer[answers.LedgerPage]:
    """Charges, payments, adjustments, reversals and credits; dated, or posted, in a range of days, both included."""
    customer_id, window = call.params["customer_id"], _window(call)
    if call.query.keys() & _SORTED.keys():
        found = _in_order(call, customer_id, window)
    else:
        from ..wire.ledger_views import listed_entry_view  # not in cold starts

        scope, load = f"ledger {customer_id} {window}", customers.read_statement
        page = call.page(scope, lambda after, limit: load(call.services.db, customer_id, window, after, limit), listed_entry_view)
        found = {"items": page.body["items"], "next_cursor": page.body["next_cursor"]}
    if window.is_of_posting:
        found["closed"] = is_closed(window.posted_until, call.context.at)
    return Answer(found)


def _in_order(call: Call, customer_id: str, window: Window) -> answers.LedgerPage:
    """The ledger in the order and narrowed as was asked, with balances, counts and sums."""
    from ..domain.sorted_ledger import LedgerAsked, LedgerRow, SortedLedger  # not in cold starts
    from ..usecases.statements import read_sorted_ledger
    from ..wire.ledger_views import ledger_row_view, ledger_sums_view

    given = {name: call.query[name] for name in _SORTED.keys() & call.query.keys()}
    given["descending"] = given.pop("order", "asc") == "desc"
    asked = LedgerAsked(**{"sort": "posted" if window.is_of_posting else "due", **given})
    pages: list[SortedLedger] = []

    def load(after: dict[str, str] | None, limit: int) -> tuple[list[LedgerRow], dict[str, str] | None]:
        place = (after["at"], after["key"]) if after else None
        pages.append(read_sorted_ledger(call.services.db, customer_id, asked, window, place, limit))
        return pages[-1].rows, pages[-1].last and {"at": pages[-1].last[0], "key": pages[-1].last[1]}

    page = call.page(f"ledger {customer_id} {window} {asked}", load, ledger_row_view)
    return {
        "items": page.body["items"], "next_cursor": page.body["next_cursor"], "count": pages[-1].total,
        "sums": ledger_sums_view(pages[-1].sums),
    }  # fmt: skip


@post(blueprint, _CUSTOMER_PATH + "/ledger/{entry_id}/credit", CHARGE)
def credit_entry(call: Call) -> Answer[answers.LedgerEntry]:
    """Credit a charge, in part or as a whole."""
    asked = call.body(CreditBody).request()
    credit = crediting.give_credit(call.services.db, call.context, call.params["customer_id"], call.params["entry_id"], asked)
    return Answer(views.entry_view(credit), 201)


@get(blueprint, "/held", {"customer": Parameter(fields.identifier), "sums": OFF, **LIST}, forms={CSV: csv_out.entries_csv})
def list_held(call: Call) -> Answer[answers.HeldPage]:
    """Held charges, of one customer or of all."""
    customer_id, db, load = call.query.get("customer"), call.services.db, customers.list_held
    page = call.page(f"held {customer_id}", lambda after, limit: load(db, customer_id, after, limit), views.entry_view)
    found: answers.HeldPage = {"items": page.body["items"], "next_cursor": page.body["next_cursor"]}
    if call.query["sums"]:
        from ..usecases import held  # not in cold starts
        from ..wire.ledger_views import held_sums_view

        found["sums"] = held_sums_view(held.held_sums(db, customer_id))
    return Answer(found)


@action(blueprint, "/held/{entry_id}/cancellation", CHARGE)
def cancel_held(call: Call) -> Answer[answers.LedgerEntry]:
    """Write off a held charge."""
    return Answer(views.entry_view(customers.write_off(call.services.db, call.context, call.params["entry_id"])))


@action(blueprint, "/held/{entry_id}/attempt", CHARGE)
def try_held(call: Call) -> Answer[answers.LedgerEntry]:
    """Try a held charge now."""
    from ..usecases import held  # not in cold starts

    return Answer(views.entry_view(held.try_held(call.services.db, call.context, call.params["entry_id"])))


@action(blueprint, _CUSTOMER_PATH + "/unpark", CHARGE)
def unpark(call: Call) -> Answer[answers.SavedCustomer]:
    """Let the next daily run post a parked customer's charges."""
    return tagged(saved_customer(call, customers.unpark_customer(call.services.db, call.context, call.params["customer_id"])))


@get(blueprint, _CUSTOMER_PATH + "/features", {"date": OPTIONAL_DAY})
def read_features(call: Call) -> Answer[answers.Features]:
    """The ConnexCS packages that are enabled on a date, by which assignments."""
    day = call.query.get("date", call.context.today)
    enabled = customers.features(call.services.db, call.params["customer_id"], day)
    features: list[answers.Feature] = [{"connexcs_package": name, "assignments": ids} for name, ids in enabled.items()]
    return Answer({"customer_id": call.params["customer_id"], "date": day.isoformat(), "features": features})


def saved_customer(call: Call, account: Account) -> answers.SavedCustomer:
    """The customer as written; what charges and payments make of them is told only to those who may read."""
    saved: answers.SavedCustomer = {**customer_view(account)}
    if not call.may_read:
        del saved["balance"], saved["held_charges"], saved["parked"]
    return saved


def _window(call: Call) -> Window:
    """The range asked for. Posting days are days of the billing time zone."""
    if {"from", "to"} & call.query.keys() and {"posted_from", "posted_to"} & call.query.keys():
        raise Invalid([Fault("/posted_from", "ask by date or by posting date, not by both")])
    first, last, posted_first, posted_last = (call.query.get(name) for name in ("from", "to", "posted_from", "posted_to"))
    zone = deployment.configuration().zone

    def midnight(day: date) -> str:
        return datetime.combine(day, time(), zone).isoformat()

    return Window(
        first and first.isoformat(),
        last and last.isoformat(),
        posted_first and midnight(posted_first),
        posted_last and midnight(posted_last + timedelta(days=1)),
    )
